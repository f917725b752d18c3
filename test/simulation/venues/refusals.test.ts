/**
 * A venue that says "not now" to subscriptions and logins, and later serves them: asked again until then,
 * with an alert meanwhile.
 */
import { describe, expect, it } from "vitest";
import { deribit } from "../../../src/venues/index.ts";
import { startFeed } from "./feed-world.ts";
import { spokenVenues, type SpokenVenue } from "./venues.ts";

const MINUTE_MS = 60_000;

/** Trades of two instruments, one a second each: what is asked for is the matter here, not what comes. */
function startTrades(venue: SpokenVenue) {
  return startFeed(venue, {
    topics: venue.instruments.map(venue.trades),
    exchange: {
      market: {
        symbols: [...venue.instruments],
        tradesPerSecond: 1,
        bookTickersPerSecond: 0,
        books: false,
      },
    },
  });
}

/** The venues, each with every code with which it may say it. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  "binance-spot": ["-1008", "-1001"],
  bybit: ["10016", "10000"],
  deribit: ["13028", "11051", "10047", "10028"],
  kraken: ["EService:Unavailable", "EService:Busy", "EGeneral:Internal error"],
  kucoin: ["503", "500"],
  okx: ["50001", "50026", "63999", "64007"],
};
const refusing = spokenVenues.flatMap((venue) =>
  (CODES[venue.id] ?? [undefined]).map((code) => ({ venue, id: venue.id, code })),
);

describe("subscriptions that are refused for now", () => {
  it.each(refusing)(
    "for ten minutes are confirmed within two minutes of their end: $id $code",
    async ({ venue, code }) => {
      const world = startTrades(venue);
      await world.passes(5_000);
      world.exchange.inject({ kind: "refuse-for-now", code, durationMs: 10 * MINUTE_MS });
      world.exchange.inject({ kind: "reset" });
      await world.passes(10 * MINUTE_MS, 500);
      const refused = world.exchange.ledger.met.get("refuse-for-now") ?? 0;
      expect(refused).toBeGreaterThan(0);
      // One each at first, then 10 a minute in all.
      expect(refused).toBeLessThanOrEqual(2 + 10 * 11);
      expect(world.heard("alert").length).toBeGreaterThan(0);
      expect(world.feed.status().isReady && world.feed.status().topics["confirmed"] === 2).toBe(
        false,
      );
      await world.passes(2 * MINUTE_MS, 500);
      expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
      expect(world.exchange.ledger.violations).toEqual(new Map());
    },
  );
});

describe("logins that are refused for now", () => {
  const found = spokenVenues.find(({ id }) => id === "deribit");
  if (found === undefined) throw new Error("no Deribit");
  const credentials = { clientId: "id", clientSecret: "secret" };
  const venue: SpokenVenue = {
    ...found,
    profile: ({ endpoint }) => deribit({ endpoint, credentials }),
  };

  it.each(["13028", "11051", "10047", "10028"])(
    "for ten minutes with %s succeed within two minutes of their end",
    async (code) => {
      const world = startTrades(venue);
      await world.passes(5_000);
      expect(world.feed.status().isReady).toBe(true);
      world.exchange.inject({
        kind: "refuse-for-now",
        of: "logins",
        code,
        durationMs: 10 * MINUTE_MS,
      });
      world.exchange.inject({ kind: "reset" });
      await world.passes(10 * MINUTE_MS, 500);
      expect(world.feed.status().isReady).toBe(false);
      expect(world.heard("alert").length).toBeGreaterThan(0);
      await world.passes(2 * MINUTE_MS, 500);
      expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    },
  );

  it("are no trouble where they are served", async () => {
    const world = startTrades(venue);
    await world.passes(60_000, 200);
    expect(world.heard("down")).toEqual([]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
  });
});
