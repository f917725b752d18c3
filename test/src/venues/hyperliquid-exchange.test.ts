import { describe, expect, it } from "vitest";
import { hyperliquid, type HyperliquidMessage } from "../../../src/venues/index.ts";
import { startExchangeWorld, type ExchangeWorld } from "./exchange-world.ts";

const BOOK = "l2Book:BTC";
const TRADES = "trades:BTC";

type ExchangeOptions = Omit<Parameters<typeof startExchangeWorld>[1], "venue">;

function start(
  topics: readonly string[],
  options: ExchangeOptions = {},
): ExchangeWorld<HyperliquidMessage> {
  return startExchangeWorld(hyperliquid(), { venue: "hyperliquid", ...options }, { topics });
}

/** Coins of a market in which nothing happens but the clock's pushes. */
function quietCoins(count: number) {
  const symbols = Array.from({ length: count }, (_, index) => `C${index}`);
  return { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
}

describe("Hyperliquid's profile at a simulated Hyperliquid", () => {
  it("subscribes, and takes what comes for an hour without a complaint on either side", () => {
    const world = start([BOOK, "l2Book:ETH?fast=true", TRADES, "bbo:SOL", "allMids"]);
    world.clock.advance(3_600_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 5 },
      inbound: { gaps: 0, invalid: 0, duplicates: 0, resets: 0 },
    });
    const books = world.items.filter((item) => item.kind === "message" && item.topic === BOOK);
    expect(books.length).toBeGreaterThan(660);
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });

  it("stays connected without any topic, and where its only topic says nothing", () => {
    const world = start([], { market: { tradesPerSecond: 0 } });
    world.clock.advance(600_000);
    world.feed.subscribe(TRADES);
    world.clock.advance(600_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it.each([
    [0, 1],
    [7, 80],
    [20, 1],
  ])(
    "isolates the one topic that kills its sockets, and all 20 others live: in place %i, %i ms away",
    (place, latencyMs) => {
      const good = quietCoins(20);
      const topics = good.symbols.map((coin) => `l2Book:${coin}`);
      const bad = "l2Book:NOPE";
      const world = start(topics.toSpliced(place, 0, bad), { market: good, latencyMs });
      world.clock.advance(120_000);
      expect(world.heard("topic.quarantined").map(({ topic }) => topic)).toEqual([bad]);
      expect(world.topics()).toEqual({
        ...Object.fromEntries(topics.map((topic) => [topic, "confirmed"])),
        [bad]: "quarantined",
      });
      expect(world.feed.status()).toMatchObject({
        isReady: true,
        topics: { confirmed: 20, quarantined: 1 },
      });
      const { size } = world.exchange.ledger.sessions;
      const itemsSoFar = world.items.length;
      world.clock.advance(400_000);
      expect(world.exchange.ledger.sessions.size).toBe(size);
      expect(world.items.length).toBeGreaterThan(itemsSoFar + 20 * 70);
      expect(world.exchange.ledger.violations.size).toBe(0);
    },
  );

  it("asks again for what it has isolated when the quarantine is over, at the price of one socket", () => {
    const good = quietCoins(20);
    const world = start([...good.symbols.map((coin) => `l2Book:${coin}`), "l2Book:NOPE"], {
      market: good,
    });
    world.clock.advance(120_000);
    const { size } = world.exchange.ledger.sessions;
    world.clock.advance(620_000);
    expect(world.heard("topic.quarantined")).toHaveLength(2);
    expect(world.exchange.ledger.sessions.size).toBe(size + 1);
    expect(world.feed.status().topics).toMatchObject({ confirmed: 20, quarantined: 1 });
  });

  it("isolates a bad topic that is wanted later, while the others are told on", () => {
    const world = start([BOOK, TRADES]);
    world.clock.advance(60_000);
    world.feed.subscribe("bbo:btc");
    world.clock.advance(60_000);
    expect(world.topics()).toEqual({
      [BOOK]: "confirmed",
      [TRADES]: "confirmed",
      "bbo:btc": "quarantined",
    });
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
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    expect(world.heard("topic.quarantined")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("claims no gap where nothing shows one: what was skipped is in the next book", () => {
    const world = start([BOOK, "bbo:BTC"]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip", count: 3 });
    world.clock.advance(20_000);
    expect(world.heard("gap")).toEqual([]);
    expect(world.heard("down")).toEqual([]);
  });

  it("subscribes a book anew that has stopped, which is answered as any other", () => {
    const world = start([BOOK, TRADES]);
    world.clock.advance(10_000);
    world.exchange.inject({ kind: "pause", durationMs: 40_000 });
    world.clock.advance(60_000);
    expect(world.heard("topic.stale")).toMatchObject([{ topic: BOOK, action: "resubscribe" }]);
    expect(world.heard("topic.fresh")).toMatchObject([{ topic: BOOK }]);
    expect(world.feed.status().topics.confirmed).toBe(2);
  });

  it("replays 500 topics after a loss without breaking a rule", () => {
    const market = quietCoins(500);
    const topics = market.symbols.map((coin) => `l2Book:${coin}`);
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
