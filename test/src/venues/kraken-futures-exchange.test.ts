import { describe, expect, it } from "vitest";
import {
  krakenFutures,
  type KrakenFuturesLevel,
  type KrakenFuturesMessage,
} from "../../../src/venues/index.ts";
import { ClientBook } from "../testing/dialects/client-book.ts";
import { holesOf, startExchangeWorld, type ExchangeWorld } from "./exchange-world.ts";

const BOOK = "book:PF_XBTUSD";
const TRADES = "trade:PF_XBTUSD";

type ExchangeOptions = Omit<Parameters<typeof startExchangeWorld>[1], "venue">;

function start(
  topics: readonly string[],
  options: ExchangeOptions = {},
): ExchangeWorld<KrakenFuturesMessage> {
  return startExchangeWorld(krakenFutures(), { venue: "kraken-futures", ...options }, { topics });
}

/** The book as a consumer holds it who believes every message. */
function bookOf({ items }: ExchangeWorld<KrakenFuturesMessage>): ClientBook {
  const book = new ClientBook();
  for (const item of items) {
    if (item.kind !== "message") continue;
    const { data } = item;
    if (data.feed === "book_snapshot") {
      book.clear();
      book.apply(data.seq, data.bids.map(levelOf), data.asks.map(levelOf));
    } else if (data.feed === "book") {
      const levels = [levelOf(data)];
      book.apply(data.seq, data.side === "buy" ? levels : [], data.side === "sell" ? levels : []);
    }
  }
  return book;
}

const levelOf = ({ price, qty }: KrakenFuturesLevel) => [price, qty] as const;

describe("Kraken Futures' profile at a simulated one", () => {
  it("subscribes to every feed, and is told of nothing odd in five minutes", () => {
    const topics = [BOOK, TRADES, "ticker:PF_ETHUSD", "ticker_lite:PF_SOLUSD"];
    const world = start(topics);
    world.clock.advance(300_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 4 },
      inbound: { gaps: 0, invalid: 0, duplicates: 0, unclaimed: 0 },
    });
    const heard = world.items.map((item) => (item.kind === "message" ? item.topic : item.kind));
    expect(new Set(heard)).toEqual(new Set(topics));
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });

  it("pings, so that a connection without a topic lives, and one that only listens", () => {
    const world = start([]);
    world.clock.advance(600_000);
    world.feed.subscribe(TRADES);
    world.clock.advance(600_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("has the others of a request subscribed where one is unknown, which is given up in the end", () => {
    const world = start(["book:PF_NOBODY", BOOK, TRADES]);
    world.clock.advance(1_000);
    expect(world.topics()).toEqual({
      "book:PF_NOBODY": "pending",
      [BOOK]: "confirmed",
      [TRADES]: "confirmed",
    });
    expect(world.heard("notice")).toMatchObject([{ detail: "error: Invalid product id" }]);
    world.clock.advance(300_000);
    expect(world.topics()).toMatchObject({ "book:PF_NOBODY": "timed-out", [BOOK]: "confirmed" });
  });

  it("finds lost changes of a book, says which, and gets a new book", () => {
    const world = start([BOOK], { market: { tradesPerSecond: 0, bookTickersPerSecond: 0 } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "skip" });
    world.clock.advance(300);
    const [hole] = holesOf(world.exchange, 1, BOOK);
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, ...hole }]);
    world.clock.advance(10_000);
    expect(world.heard("reset")).toMatchObject([{ stream: BOOK }]); // with a snapshot
    expect(bookOf(world).view).toEqual(world.exchange.book("PF_XBTUSD", bookOf(world).position));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 1, duplicates: 0, invalid: 0 });
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

  it("takes numbers that begin anew for what they are", () => {
    const world = start([BOOK]);
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "renumber" });
    world.clock.advance(5_000);
    expect(world.heard("reset")).toHaveLength(1);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0 });
  });

  it("comes back after a reset, and after a silence, with all that fits into a snapshot of trades", () => {
    const world = start([BOOK, TRADES], { market: { tradesPerSecond: 1 } });
    world.clock.advance(5_000);
    world.exchange.inject({ kind: "reset" });
    world.clock.advance(5_000);
    expect(world.feed.status()).toMatchObject({ isReady: true, inbound: { gaps: 0 } });
    world.exchange.inject({ kind: "silence" });
    world.clock.advance(60_000);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "dropped" } },
      { loss: { class: "silent" } },
    ]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    // The snapshot holds ten trades: of twenty seconds or more some are lost.
    expect(world.heard("gap")).toMatchObject([{ stream: TRADES }]);
  });

  it("replays 500 topics after a loss without breaking a rule", () => {
    const symbols = Array.from({ length: 250 }, (_, index) => `PF_S${index}USD`);
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
