/** HTTP that does not serve, for seconds or hours, and sums that are wrong: after the end all is whole. */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../../src/testing/index.ts";
import { startFeed, type FeedWorld } from "./feed-world.ts";
import { spokenVenues, type SpokenVenue } from "./venues.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const snapshotVenues = spokenVenues.filter(({ way }) => way === "snapshot");

/** The book of one instrument. */
function startBook(venue: SpokenVenue) {
  const [first] = venue.instruments;
  return startFeed(venue, {
    topics: [venue.book(first)],
    exchange: { market: { symbols: [first], tradesPerSecond: 0, bookTickersPerSecond: 0 } },
  });
}

async function expectWholeBook(world: FeedWorld): Promise<void> {
  const [instrument] = world.venue.instruments;
  const theirs = world.exchange.book(instrument);
  await world.passes(1);
  const ours = world.books.get(instrument);
  expect(ours?.isValid).toBe(true);
  expect(ours?.view.bids).toEqual(theirs?.bids);
  expect(ours?.view.asks).toEqual(theirs?.asks);
}

const outages: readonly [string, Extract<Fault, { readonly kind: "http-out" }>][] = [
  ["refused", { kind: "http-out" }],
  ["503", { kind: "http-out", status: 503 }],
  ["503 and Retry-After", { kind: "http-out", status: 503, retryAfterSeconds: 5 }],
  ["429", { kind: "http-out", status: 429 }],
  ["429 and Retry-After", { kind: "http-out", status: 429, retryAfterSeconds: 20 }],
  ["418", { kind: "http-out", status: 418 }],
];

describe("snapshots over HTTP that cannot be had", () => {
  describe.each(outages)("(%s)", (_, outage) => {
    it.each(snapshotVenues)(
      "for 32 s are had within two minutes of the end: $id",
      async (venue) => {
        const world = startBook(venue);
        await world.passes(15_000);
        world.exchange.inject({ ...outage, durationMs: 32_000 });
        world.exchange.inject({ kind: "skip", count: 4 });
        await world.passes(32_000);
        expect(world.exchange.ledger.met.get("http-out")).toBeGreaterThan(0);
        await world.passes(2 * MINUTE_MS, 200);
        await expectWholeBook(world);
      },
    );
  });

  // Two hours of a book take seconds to tell: one venue stands for all of them.
  it.each(
    snapshotVenues.map((venue) => ({
      venue,
      id: venue.id,
      minutes: venue.id === "binance-spot" ? 120 : 10,
    })),
  )("for $minutes minutes bring an alert, and are had then: $id", async ({ venue, minutes }) => {
    const world = startBook(venue);
    await world.passes(15_000);
    world.exchange.inject({ kind: "http-out", durationMs: minutes * MINUTE_MS });
    world.exchange.inject({ kind: "skip", count: 4 });
    await world.passes(minutes * MINUTE_MS, 1_000);
    expect(world.heard("alert").length).toBeGreaterThan(0);
    await world.passes(2 * MINUTE_MS, 200);
    await expectWholeBook(world);
  });
});

describe("sums that are wrong for an hour", () => {
  it.each(spokenVenues.filter(({ id }) => id === "kraken" || id === "bitfinex"))(
    "bring an alert and no storm, and are forgotten when they hold again: $id",
    async (venue) => {
      const world = startBook(venue);
      await world.passes(10_000);
      world.exchange.inject({ kind: "wrong-checksum", durationMs: HOUR_MS });
      await world.passes(2 * MINUTE_MS, 200);
      expect(world.heard("alert").length).toBeGreaterThan(0);
      await world.passes(HOUR_MS - 2 * MINUTE_MS, 500);
      // Each subscription shows it once.
      expect(world.heard("mismatch").length).toBeLessThanOrEqual(31);
      expect(world.heard("alert")).toMatchObject([{ alert: { kind: "recovery-failed" } }]);
      // A slow try within three minutes, and three in which the sums hold.
      await world.passes(6 * MINUTE_MS + 10_000, 500);
      const [first] = world.books.values();
      expect(first?.isValid).toBe(true);
      const mismatches = world.heard("mismatch").length;
      await world.passes(MINUTE_MS);
      expect(world.heard("mismatch")).toHaveLength(mismatches);
    },
  );
});
