import { describe, expect, it } from "vitest";
import { coinbaseExchange, type CoinbaseExchangeMessage } from "../../../src/venues/index.ts";
import { holesOf, startExchangeWorld, type ExchangeWorld } from "./exchange-world.ts";

const BOOK = "level2_batch:BTC-USD";
const MATCHES = "matches:BTC-USD";
const HEARTBEAT = "heartbeat:BTC-USD";

type ExchangeOptions = Omit<Parameters<typeof startExchangeWorld>[1], "venue">;

function start(
  topics: readonly string[],
  options: ExchangeOptions = {},
): ExchangeWorld<CoinbaseExchangeMessage> {
  return startExchangeWorld(
    coinbaseExchange(),
    { venue: "coinbase-exchange", ...options },
    { topics },
  );
}

describe("Coinbase Exchange's profile at a simulated one", () => {
  it("subscribes to every channel and is told of nothing odd in five minutes", () => {
    const channels = ["ticker", "ticker_batch", "matches", "level2_batch", "heartbeat"];
    const topics = [...channels.map((channel) => `${channel}:BTC-USD`), "status"];
    const world = start(topics);
    world.clock.advance(300_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 6 },
      inbound: { gaps: 0, invalid: 0, duplicates: 0, unclaimed: 0 },
    });
    const heard = world.items.map((item) => (item.kind === "message" ? item.topic : item.kind));
    // Tickers of both channels look alike: they are told as the quicker one's.
    expect(new Set(heard)).toEqual(
      new Set(topics.filter((topic) => !/batch:/.test(topic)).concat(BOOK)),
    );
    expect(world.heard("topic.stale")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });

  it("has what is unknown rejected, and all else subscribed at once", () => {
    const world = start(["matches:NO-BODY", MATCHES, "full:BTC-USD", "ticker:ETH-USD"]);
    world.clock.advance(1_000);
    expect(world.topics()).toEqual({
      "matches:NO-BODY": "rejected",
      "full:BTC-USD": "rejected",
      [MATCHES]: "confirmed",
      "ticker:ETH-USD": "confirmed",
    });
  });

  it("finds lost matches, and says which", () => {
    const world = start([MATCHES], { market: { books: false } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip", count: 4 });
    world.clock.advance(10_000);
    const holes = holesOf(world.exchange, 1, MATCHES);
    expect(holes.length).toBeGreaterThan(0);
    expect(world.heard("gap").map(({ from, to }) => ({ from, to }))).toEqual(holes);
  });

  it("drops matches that come twice", () => {
    const world = start([MATCHES]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "repeat", count: 3 });
    world.clock.advance(10_000);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 3, gaps: 0 });
  });

  it("comes back after a reset, and after a silence, and says which matches it missed", () => {
    const world = start([BOOK, MATCHES, HEARTBEAT]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "reset" });
    world.clock.advance(20_000);
    world.exchange.inject({ kind: "silence" });
    world.clock.advance(60_000);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "dropped" } },
      { loss: { class: "silent" } },
    ]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 3 } });

    const written = [1, 2, 3].map(
      (id) => world.exchange.ledger.sessions.get(id)?.written.get(MATCHES)?.runs ?? [],
    );
    const [first, second, third] = written.map(([run]) => run);
    // The last match repeats, on each socket, the one before the first: that one is no loss.
    expect(world.heard("gap").map(({ from, to }) => [from, to])).toEqual([
      [(first?.last ?? NaN) + 1, (second?.first ?? NaN) - 2],
      [(second?.last ?? NaN) + 1, (third?.first ?? NaN) - 2],
    ]);
  });

  it("stays connected where its only topic says nothing, and is cut with none", () => {
    const market = { tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
    const quiet = start([MATCHES], { market });
    quiet.clock.advance(600_000);
    expect(quiet.heard("down")).toEqual([]);
    const idle = start([], { market });
    idle.clock.advance(5_010);
    expect(idle.heard("down")).toMatchObject([{ loss: { class: "dropped" } }]);
  });

  it("lets matches be quiet for as long as they like, while heartbeats come", () => {
    const world = start([HEARTBEAT, MATCHES]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "mute", topic: MATCHES });
    world.clock.advance(60_000);
    expect(world.heard("topic.stale")).toEqual([]);
    expect(world.feed.status().topics).toMatchObject({ confirmed: 2 });
  });

  it("replays 500 topics after a loss without breaking a rule", () => {
    const symbols = Array.from({ length: 250 }, (_, index) => `S${index}-USD`);
    const market = { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
    const topics = symbols.flatMap((symbol) => [`matches:${symbol}`, `level2_batch:${symbol}`]);
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
