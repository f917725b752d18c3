import { describe, expect, it } from "vitest";
import { kraken, type KrakenMessage } from "../../../src/venues/index.ts";
import { holesOf, startExchangeWorld, type ExchangeWorld } from "./exchange-world.ts";

const BOOK = "book:BTC/USD";
const TRADES = "trade:BTC/USD";

type ExchangeOptions = Omit<Parameters<typeof startExchangeWorld>[1], "venue">;

function start(
  topics: readonly string[],
  options: ExchangeOptions = {},
): ExchangeWorld<KrakenMessage> {
  return startExchangeWorld(kraken(), { venue: "kraken", ...options }, { topics });
}

describe("Kraken's profile at a simulated Kraken", () => {
  it("subscribes, and finds every checksum right for five minutes", () => {
    const world = start([BOOK, "book:ETH/USD:100", TRADES, "ticker:SOL/USD"]);
    world.clock.advance(300_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 4 },
      inbound: { mismatches: 0, gaps: 0, invalid: 0, duplicates: 0 },
    });
    const books = world.items.filter((item) => item.kind === "message" && item.topic === BOOK);
    expect(books.length).toBeGreaterThan(2_500);
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });

  it("stays connected without any topic, and where its only topic says nothing", () => {
    const world = start([], { market: { tradesPerSecond: 0 } });
    world.clock.advance(600_000);
    world.feed.subscribe(TRADES);
    world.clock.advance(600_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.feed.status().topics.confirmed).toBe(1);
  });

  it("has unknown symbols rejected, and all others of the request subscribed", () => {
    const world = start(["book:NOPE/USD", BOOK, "book:FAKE/EUR", "book:ETH/USD"]);
    world.clock.advance(1_000);
    expect(world.topics()).toEqual({
      "book:NOPE/USD": "rejected",
      [BOOK]: "confirmed",
      "book:FAKE/EUR": "rejected",
      "book:ETH/USD": "confirmed",
    });
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: "book:NOPE/USD", reason: "Currency pair not supported NOPE/USD" },
      { topic: "book:FAKE/EUR" },
    ]);
  });

  it("finds a lost change of a book by its checksum, once, and gets the book anew", () => {
    const world = start([BOOK], { market: { tradesPerSecond: 0, bookTickersPerSecond: 0 } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip" });
    world.clock.advance(60_000);
    expect(world.heard("mismatch")).toMatchObject([{ stream: BOOK }]);
    const snapshots = world.items.filter((item) => item.kind === "message" && item.isSnapshot);
    expect(snapshots).toHaveLength(2);
    expect(world.feed.status()).toMatchObject({
      topics: { confirmed: 1 },
      inbound: { mismatches: 1, invalid: 0 },
      recovery: { started: 1, recovered: 1, failed: 0 },
    });
  });

  it("finds lost trades, and says which", () => {
    const world = start([TRADES], { market: { books: false } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip", count: 4 });
    world.clock.advance(10_000);
    const holes = holesOf(world.exchange, 1, TRADES);
    expect(holes.length).toBeGreaterThan(0);
    expect(world.heard("gap").map(({ from, to }) => ({ from, to }))).toEqual(holes);
  });

  it("says what the system's status is", () => {
    const world = start([BOOK, TRADES]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "pause", durationMs: 2_000 });
    world.clock.advance(5_000);
    expect(world.heard("notice").map(({ detail }) => detail)).toEqual([
      "system: maintenance",
      "system: online",
    ]);
    expect(world.heard("down")).toEqual([]);
  });

  it("comes back after a reset, and after a silence, with all its topics", () => {
    const world = start([BOOK, TRADES]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "reset" });
    world.clock.advance(20_000);
    world.exchange.inject({ kind: "silence" });
    world.clock.advance(60_000);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "dropped" } },
      { loss: { class: "silent" } },
    ]);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 2 },
      inbound: { mismatches: 0 },
    });
  });

  it("replays 500 topics after a loss without breaking a rule", () => {
    const symbols = Array.from({ length: 250 }, (_, index) => `S${index}/USD`);
    const market = { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
    const topics = symbols.flatMap((symbol) => [`book:${symbol}`, `trade:${symbol}`]);
    const world = start(topics, { market });
    for (let round = 0; round < 2; round += 1) {
      world.clock.advance(60_000);
      expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 500 } });
      world.exchange.inject({ kind: "reset" });
    }
    world.clock.advance(60_000);
    expect(world.feed.status().topics.confirmed).toBe(500);
    expect(world.exchange.ledger.sessions.size).toBe(3);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });
});
