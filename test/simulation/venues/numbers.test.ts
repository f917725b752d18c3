/**
 * Numbers that do what they should not: they begin again lower, are absurd for one message, stay as they
 * are, or are told again. Every message is delivered, or told as a gap or a reset, and nothing is doubled.
 */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../../src/testing/index.ts";
import { accountOf } from "./account.ts";
import { startFeed, type FeedWorld } from "./feed-world.ts";
import { deliveredMessages, deliveredRuns, writtenFrames, writtenRuns } from "./runs.ts";
import { spokenVenues, type SpokenVenue } from "./venues.ts";

const WARM_UP_MS = 5_000;
const SETTLE_MS = 20_000;

/** Whose trades the profile judges by their numbers. */
const NUMBERED_TRADES = [
  "binance-spot",
  "binance-usdm",
  "binance-coinm",
  "deribit",
  "coinbase-exchange",
  "kraken",
  "kraken-futures",
];
const tradeVenues = spokenVenues.filter(({ id }) => NUMBERED_TRADES.includes(id));
const bookVenues = spokenVenues.filter(({ numbers }) => numbers === "stream");
const countingVenues = spokenVenues.filter(({ numbers }) => numbers === "connection");

/** Puts those that tell several trades in one frame aside. */
const BATCHING = ["deribit", "kraken", "kraken-futures"];

interface TradesWorld extends FeedWorld {
  readonly stream: string;
}

/** One stream of trades, and nothing else that has a number. */
function startTrades(venue: SpokenVenue, tradesPerSecond = 10): TradesWorld {
  const [first] = venue.instruments;
  const world = startFeed(venue, {
    topics: [venue.trades(first)],
    exchange: {
      market: { symbols: [first], books: false, bookTickersPerSecond: 0, tradesPerSecond },
    },
    options: { backoff: () => 200 },
  });
  return { ...world, stream: venue.trades(first) };
}

/** What was written by now is here, and nothing of later. */
async function writtenByNow(world: TradesWorld) {
  const written = writtenRuns(world.exchange, world.stream);
  await world.passes(1);
  return written;
}

const resetsOf = (world: FeedWorld, stream: string) =>
  world.heard("reset").filter((fact) => fact.stream === stream);

async function expectWholeBooks(world: FeedWorld): Promise<void> {
  expect([...world.books.values()].map(({ isValid }) => isValid)).toEqual([true, true]);
  const { ours, theirs } = await world.compareBooks();
  expect(ours).toEqual(theirs);
}

describe("trades whose numbers begin again lower", () => {
  const faults: readonly [string, Fault][] = [
    ["on the same socket", { kind: "renumber", of: "trades" }],
    ["at 1, on the same socket", { kind: "renumber", of: "trades", to: 0 }],
    ["between two sockets", { kind: "renumber", of: "trades", offline: true }],
    ["at 1, between two sockets", { kind: "renumber", of: "trades", to: 0, offline: true }],
  ];
  describe.each(faults)("%s", (_, fault) => {
    it.each(tradeVenues)("are all delivered behind one reset: $id", async (venue) => {
      const world = startTrades(venue);
      await world.passes(WARM_UP_MS);
      world.exchange.inject(fault);
      await world.passes(SETTLE_MS);

      const [before, after] = await writtenByNow(world);
      const [delivered, renumbered, ...others] = deliveredRuns(world.items, world.stream);
      expect(others).toEqual([]);
      // What the venue tells of the past may come before what it wrote.
      expect(delivered?.first).toBeLessThanOrEqual(before?.first ?? NaN);
      expect(delivered?.last).toBe(before?.last);
      expect(renumbered?.first).toBeLessThanOrEqual(after?.first ?? NaN);
      expect(renumbered?.last).toBe(after?.last);
      expect(resetsOf(world, world.stream)).toHaveLength(1);
      expect(world.feed.status().inbound).toMatchObject({ gaps: 0, invalid: 0 });
    });
  });

  it.each(tradeVenues)("are told within seconds when they stop behind it: $id", async (venue) => {
    const world = startTrades(venue, 0.2);
    await world.passes(60_000);
    world.exchange.inject({ kind: "renumber", of: "trades", offline: true });
    await world.passes(60_000);
    const written = await writtenByNow(world);
    expect(deliveredRuns(world.items, world.stream).at(-1)?.last).toBe(written.at(-1)?.last);
  });
});

describe("books whose numbers begin again without a word", () => {
  describe.each([
    ["on the same socket", false],
    ["between two sockets", true],
  ] as const)("%s", (_, offline) => {
    it.each(bookVenues)("are reset and made whole: $id", async (venue) => {
      const world = startFeed(venue);
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "renumber", unannounced: true, offline });
      await world.passes(SETTLE_MS);
      await expectWholeBooks(world);
      const { faults } = accountOf(world.items, venue.profile({}), venue.tellsAgain);
      expect(faults).toEqual([]);
      for (const instrument of venue.instruments) {
        expect(resetsOf(world, venue.book(instrument)).length).toBeLessThanOrEqual(2);
      }
    });
  });

  it.each(countingVenues)("are made whole where each frame is numbered: $id", async (venue) => {
    const world = startFeed(venue);
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "renumber", of: "connection" });
    await world.passes(SETTLE_MS);
    expect(resetsOf(world, "connection")).toHaveLength(1);
    await expectWholeBooks(world);
  });

  it("go on where the clock numbers them and steps back: hyperliquid", async () => {
    const venue = spokenVenues.find(({ id }) => id === "hyperliquid");
    if (venue === undefined) throw new Error("no Hyperliquid");
    const [first] = venue.instruments;
    const topic = venue.book(first);
    const world = startFeed(venue, { topics: [topic], exchange: { market: { symbols: [first] } } });
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "renumber", unannounced: true });
    const before = deliveredMessages(world.items, topic);
    await world.passes(SETTLE_MS);
    expect(resetsOf(world, topic)).toHaveLength(1);
    // One every 540 ms.
    expect(deliveredMessages(world.items, topic) - before).toBeGreaterThanOrEqual(36);
  });
});

describe("one absurd number", () => {
  describe.each([1, Number.MAX_SAFE_INTEGER])("%d", (number) => {
    it.each(tradeVenues)("costs no trade: $id", async (venue) => {
      const world = startTrades(venue);
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "absurd-number", number });
      await world.passes(SETTLE_MS);
      const [from] = deliveredRuns(world.items, world.stream);
      const frames = writtenFrames(world.exchange, world.stream);
      const written = writtenRuns(world.exchange, world.stream);
      await world.passes(1);
      // A subscription may have begun with what was before it.
      const past = (written[0]?.first ?? 0) - (from?.first ?? 0);
      expect(past).toBeGreaterThanOrEqual(0);
      const begun = past === 0 ? 0 : 1;
      // A low one that nothing follows cannot be told from a late copy: it is counted, not delivered.
      const late = number === 1 ? 1 : 0;
      const delivered = deliveredMessages(world.items, world.stream);
      expect(delivered).toBeGreaterThanOrEqual(frames + begun - late);
      // A subscription may also have begun with a frame that tells the first trades.
      expect(delivered).toBeLessThanOrEqual(frames + 1);
      expect(resetsOf(world, world.stream).length).toBeLessThanOrEqual(2);
      for (const { from: first, to } of world.heard("gap")) {
        expect(Number(to) - Number(first)).toBeLessThan(2 ** 31);
      }
    });

    it.each(bookVenues)("breaks a book for a moment at most: $id", async (venue) => {
      const market = { tradesPerSecond: 0, bookTickersPerSecond: 0 };
      const topics = venue.instruments.map(venue.book);
      const world = startFeed(venue, {
        topics,
        exchange: { market: { ...market, symbols: [...venue.instruments] } },
      });
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "absurd-number", number });
      await world.passes(SETTLE_MS);
      await expectWholeBooks(world);
      expect(world.feed.status().inbound.resets).toBeLessThanOrEqual(3);
    });

    it.each(countingVenues)(
      "breaks a connection's books for a moment at most: $id",
      async (venue) => {
        const world = startFeed(venue);
        await world.passes(WARM_UP_MS);
        world.exchange.inject({ kind: "absurd-number", number });
        await world.passes(SETTLE_MS);
        await expectWholeBooks(world);
        expect(world.exchange.ledger.sessions.size).toBeLessThanOrEqual(2);
      },
    );
  });
});

describe("numbers that stay as they are", () => {
  it.each(tradeVenues)("are a fact, and cost three trades at most: $id", async (venue) => {
    const world = startTrades(venue);
    await world.passes(WARM_UP_MS);
    const before = deliveredMessages(world.items, world.stream);
    const writtenBefore = writtenFrames(world.exchange, world.stream);
    world.exchange.inject({ kind: "constant-number", durationMs: 10_000 });
    await world.passes(SETTLE_MS);
    const written = writtenFrames(world.exchange, world.stream) - writtenBefore;
    await world.passes(1);
    const delivered = deliveredMessages(world.items, world.stream) - before;
    expect(written - delivered).toBeLessThanOrEqual(3);
    expect(world.heard("numbering-stuck" as "reset")).toMatchObject([{ stream: world.stream }]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, resets: 0 });
  });
});

describe("trades that are told again on a new socket", () => {
  it.each(tradeVenues)("are no reset, and are not doubled: $id", async (venue) => {
    const world = startTrades(venue);
    world.exchange.inject({ kind: "retell", count: 30 });
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "reset" });
    await world.passes(SETTLE_MS);

    const written = await writtenByNow(world);
    expect(world.exchange.ledger.sessions.get(2)?.retold.get(world.stream)).toMatchObject({
      frames: 30,
    });
    expect(resetsOf(world, world.stream)).toEqual([]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, resets: 0 });
    const runs = deliveredRuns(world.items, world.stream);
    expect(runs.at(-1)?.last).toBe(written.at(-1)?.last);
    // A frame that holds old and new may double the old ones, until a frame is judged row by row.
    if (BATCHING.includes(venue.id)) expect(runs.length).toBeLessThanOrEqual(2);
    else expect(runs).toHaveLength(1);
  });

  it.each(tradeVenues)("and hold nothing new are not delivered: $id", async (venue) => {
    const world = startTrades(venue, 1);
    world.exchange.inject({ kind: "retell", count: 5 });
    await world.passes(WARM_UP_MS);
    // No trade comes before the next socket is served.
    const delivered = deliveredMessages(world.items, world.stream);
    const [last] = deliveredRuns(world.items, world.stream).slice(-1);
    world.exchange.inject({ kind: "reset" });
    await world.passes(210);
    const [now] = deliveredRuns(world.items, world.stream).slice(-1);
    if (now?.last === last?.last) {
      expect(deliveredMessages(world.items, world.stream)).toBe(delivered);
    }
    await world.passes(SETTLE_MS);
    expect(resetsOf(world, world.stream)).toEqual([]);
  });
});

describe("a mirror that is behind", () => {
  it.each(tradeVenues)("by less than a second tells trades again: $id", async (venue) => {
    const world = startTrades(venue);
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "lag", lagMs: 700 });
    await world.passes(SETTLE_MS);
    const written = await writtenByNow(world);
    expect(world.exchange.ledger.met.get("lag")).toBe(1);
    expect(resetsOf(world, world.stream)).toEqual([]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0 });
    const runs = deliveredRuns(world.items, world.stream);
    expect(runs.at(-1)?.last).toBe(written.at(-1)?.last);
    expect(runs.length).toBeLessThanOrEqual(BATCHING.includes(venue.id) ? 2 : 1);
  });

  it.each(tradeVenues)("by seconds is one reset, and all that it tells: $id", async (venue) => {
    const world = startTrades(venue);
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "lag", lagMs: 4_000 });
    await world.passes(SETTLE_MS);
    const [before, after] = await writtenByNow(world);
    const [delivered, again, ...others] = deliveredRuns(world.items, world.stream);
    expect(others).toEqual([]);
    expect(delivered?.last).toBe(before?.last);
    expect(again?.first).toBeLessThanOrEqual(after?.first ?? NaN);
    expect(again?.last).toBe(after?.last);
    expect(resetsOf(world, world.stream)).toHaveLength(1);
  });
});
