import { describe, expect, it } from "vitest";
import { bybit, type BybitMessage, type BybitService } from "../../../src/venues/index.ts";
import { holesOf, startExchangeWorld, type ExchangeWorld } from "./exchange-world.ts";

const BOOK = "orderbook.50.BTCUSDT";
const BEST = "orderbook.1.BTCUSDT";
const TRADES = "publicTrade.BTCUSDT";

type ExchangeOptions = Omit<Parameters<typeof startExchangeWorld>[1], "venue">;

function start(
  topics: readonly string[],
  options: ExchangeOptions = {},
  service: BybitService = "linear",
): ExchangeWorld<BybitMessage> {
  return startExchangeWorld(bybit({ service }), { venue: "bybit", ...options }, { topics });
}

describe("Bybit's profile at a simulated Bybit", () => {
  it("subscribes, and takes what comes for a quarter of an hour without a complaint on either side", () => {
    const world = start([BOOK, BEST, TRADES, "tickers.ETHUSDT"]);
    world.clock.advance(900_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 4 },
      inbound: { gaps: 0, invalid: 0, duplicates: 0, resets: 0 },
    });
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });

  it("stays connected without any topic, and where its only topic says nothing", () => {
    const world = start([], { market: { tradesPerSecond: 0 } });
    world.clock.advance(1_800_000);
    world.feed.subscribe(TRADES);
    world.clock.advance(1_800_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it.each(["linear", "spot", "option"] as const)(
    "has the unknown topics refused, and all others of the request subscribed: %s",
    (service) => {
      const book = service === "option" ? "publicTrade.BTCUSDT" : BOOK;
      const [one, other] =
        service === "option"
          ? ["tickers.BTC-6JAN23-1-C", "tickers.BTC-6JAN23-2-C"]
          : ["tickers.NOPEUSDT", "orderbook.50.NOPEUSDT"];
      const world = start([one, book, other, TRADES], {}, service);
      // Options give no reason: nobody knows whether it passes.
      const refused = service === "option" ? "refused" : "rejected";
      world.clock.advance(1_000);
      expect(world.topics()).toEqual({
        [book]: "confirmed",
        [TRADES]: "confirmed",
        [one]: refused,
        [other]: refused,
      });
      expect(world.feed.status().isReady).toBe(true);
    },
  );

  it("has forty unknown topics of one request rejected, however far away the venue is", () => {
    const unknown = Array.from({ length: 40 }, (_, index) => `tickers.NOPE${index}USDT`);
    const world = start([...unknown, BOOK, TRADES], { latencyMs: 150 });
    world.clock.advance(120_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 2, rejected: 40, pending: 0 },
    });
    expect(
      world
        .heard("topic.rejected")
        .map(({ topic }) => topic)
        .toSorted(),
    ).toEqual(unknown.toSorted());
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("finds lost changes, and says which", () => {
    const world = start([BOOK], { market: { bookTickersPerSecond: 0 } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip", count: 3 });
    world.clock.advance(500);
    const holes = holesOf(world.exchange, 1, BOOK);
    expect(holes).toHaveLength(1);
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, ...holes[0] }]);
  });

  it("gets a book anew after a gap, by a second subscription", () => {
    const world = start([BOOK], { market: { bookTickersPerSecond: 0 } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip" });
    world.clock.advance(10_000);
    const snapshots = world.items.filter((item) => item.kind === "message" && item.isSnapshot);
    expect(snapshots).toHaveLength(2);
    expect(world.feed.status()).toMatchObject({
      topics: { confirmed: 1 },
      inbound: { gaps: 1, resets: 1 },
      recovery: { started: 1, recovered: 1, failed: 0 },
    });
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("begins a book anew with every subscription", () => {
    const world = start([BOOK]);
    world.clock.advance(5_000);
    world.feed.unsubscribe(BOOK);
    world.clock.advance(5_000);
    world.feed.subscribe(BOOK);
    world.clock.advance(5_000);
    const snapshots = world.items.filter((item) => item.kind === "message" && item.isSnapshot);
    expect(snapshots).toHaveLength(2);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0 });
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("takes the venue's restart of a book as a reset", () => {
    const world = start([BOOK]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "renumber" });
    world.clock.advance(5_000);
    expect(world.feed.status().inbound).toMatchObject({ resets: 1, gaps: 0, duplicates: 0 });
  });

  it("takes repeats of level 1 for signs of life", () => {
    const world = start([BEST], { market: { bookTickersPerSecond: 0, books: false } });
    world.clock.advance(60_000);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0, delivered: 20 });
    expect(world.heard("down")).toEqual([]);
  });

  it("comes back after a reset, and after a silence, with all its topics", () => {
    const world = start([BOOK, TRADES]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "reset" });
    world.clock.advance(20_000);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    world.exchange.inject({ kind: "silence" });
    world.clock.advance(60_000);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "dropped" } },
      { loss: { class: "silent" } },
    ]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it.each(["spot", "linear"] as const)(
    "replays 500 topics after a loss without breaking a rule: %s",
    (service) => {
      const symbols = Array.from({ length: 500 }, (_, index) => `S${index}USDT`);
      const market = { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
      const topics = symbols.map((symbol) => `tickers.${symbol}`);
      const world = start(topics, { market }, service);
      for (let round = 0; round < 2; round += 1) {
        world.clock.advance(60_000);
        expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 500 } });
        world.exchange.inject({ kind: "reset" });
      }
      world.clock.advance(60_000);
      expect(world.feed.status().topics.confirmed).toBe(500);
      expect(world.exchange.ledger.sessions.size).toBe(3);
      expect(world.exchange.ledger.violations.size).toBe(0);
    },
  );
});
