/** HTTP that does not serve, for seconds or hours, and sums that are wrong: after the end all is whole. */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../../src/testing/index.ts";
import { awaits } from "./awaits.ts";
import { startFeed, type FeedWorld } from "./feed-world.ts";
import { spokenVenues } from "./venues.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const snapshotVenues = spokenVenues.filter(({ way }) => way === "snapshot");

async function expectWholeBooks(world: FeedWorld): Promise<void> {
  expect([...world.books.values()].map(({ isValid }) => isValid)).toEqual([true, true]);
  const { ours, theirs } = await world.compareBooks();
  expect(ours).toEqual(theirs);
}

const outages: readonly [string, Fault][] = [
  ["refused", { kind: "http-out" }],
  ["503", { kind: "http-out", status: 503 }],
  ["503 and Retry-After", { kind: "http-out", status: 503, retryAfterSeconds: 5 }],
  ["429", { kind: "http-out", status: 429 }],
  ["429 and Retry-After", { kind: "http-out", status: 429, retryAfterSeconds: 20 }],
  ["418", { kind: "http-out", status: 418 }],
];

describe.skipIf(awaits.has("snapshots"))("snapshots over HTTP that cannot be had", () => {
  describe.each([
    ["32 s", 32_000],
    ["two hours", 2 * HOUR_MS],
  ] as const)("for %s", (_, durationMs) => {
    describe.each(outages)("(%s)", (__, outage) => {
      it.each(snapshotVenues)("are had within two minutes of the end: $id", async (venue) => {
        const world = startFeed(venue);
        await world.passes(15_000);
        world.exchange.inject({ ...outage, durationMs } as Fault);
        world.exchange.inject({ kind: "skip", count: 4 });
        await world.passes(durationMs, durationMs > MINUTE_MS ? 1_000 : 50);
        expect(world.exchange.ledger.met.get("http-out")).toBeGreaterThan(0);
        await world.passes(2 * MINUTE_MS);
        await expectWholeBooks(world);
        if (durationMs > MINUTE_MS) expect(world.heard("alert").length).toBeGreaterThan(0);
      });
    });
  });
});

describe.skipIf(awaits.has("checksums"))("sums that are wrong for an hour", () => {
  it.each(spokenVenues.filter(({ id }) => id === "kraken" || id === "bitfinex"))(
    "bring an alert and no storm, and are forgotten when they hold again: $id",
    async (venue) => {
      const topics = [venue.book(venue.instruments[0])];
      const market = { tradesPerSecond: 0, bookTickersPerSecond: 0 };
      const world = startFeed(venue, {
        topics,
        exchange: { market: { ...market, symbols: [...venue.instruments] } },
      });
      await world.passes(10_000);
      world.exchange.inject({ kind: "wrong-checksum", durationMs: HOUR_MS });
      await world.passes(2 * MINUTE_MS, 200);
      expect(world.heard("alert").length).toBeGreaterThan(0);
      await world.passes(HOUR_MS - 2 * MINUTE_MS, 500);
      // Each subscription shows it once.
      expect(world.heard("mismatch").length).toBeLessThanOrEqual(31);
      await world.passes(2 * MINUTE_MS);
      const [first] = world.books.values();
      expect(first?.isValid).toBe(true);
      const mismatches = world.heard("mismatch").length;
      await world.passes(MINUTE_MS);
      expect(world.heard("mismatch")).toHaveLength(mismatches);
    },
  );
});
