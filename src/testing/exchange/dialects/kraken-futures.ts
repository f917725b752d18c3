/**
 * Kraken Futures (`/ws/v1`), as its server speaks: one answer per product and no ids, a book told level by
 * level, each with the next `seq`, and a client that must ping.
 *
 * Facts: venues.md §3.4, read 2026-11-22; errors, snapshots and the heartbeat as docs.kraken.com shows them,
 * read 2026-11-25. Unverified: that the other products of a request with a wrong one are taken, that
 * any frame counts as the ping that is due within 60 s, and how a connection without one ends (here:
 * without a close frame). What the venue says when it begins numbering anew is not documented: here the
 * whole book. `ticker` is told in the shape of `ticker_lite`.
 */
import type { Desk, Dialect, Said, Subject, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson } from "../json.ts";
import { notNow } from "../not-now.ts";
import type { BookChange, BookView, Level, MarketEvent, Quote, Trade } from "../market-event.ts";

/** How a subscription is refused for now is not documented. An error names no request. [docs: "error"] */
const NOT_NOW = [["", "Service Unavailable"]] as const;

/** With which a subscription begins. */
const SHOWN_TRADES = 10;
const PING_WITHIN_MS = 60_000;
/** "At timed intervals", the documentation says. */
const HEARTBEAT_MS = 10_000;

const feeds = {
  book: "book",
  trade: "trades",
  ticker: "quotes",
  ticker_lite: "quotes",
} as const;

type FeedName = keyof typeof feeds;

export const krakenFuturesDialect: Dialect = {
  id: "kraken-futures",
  paths: ["/ws/v1"],
  symbols: ["PF_XBTUSD", "PF_ETHUSD", "PF_SOLUSD"],
  numbering: "range",
  limits: {
    inbound: [{ frames: 100, perMs: 1_000, countsControlFrames: false }],
    maxConnections: 100,
    maxStreams: Infinity,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades": {
        const numbers = { first: event.id, last: event.id, isContiguous: true };
        return { stream: `trade:${event.instrument}`, numbers };
      }
      case "quotes":
        return { stream: `ticker:${event.instrument}` };
      case "book": {
        const { first, last } = event;
        const numbers = { first, last, isContiguous: true };
        return { stream: `book:${event.instrument}`, numbers };
      }
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/ws\/v1\/?(\?|$)/.test(path) ? (desk) => new KrakenFuturesTalk(desk) : 404),
};

class KrakenFuturesTalk implements Talk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
    desk.say(JSON.stringify({ event: "info", version: 1 }));
    whenIdle(desk, "lastHeardAtMs", PING_WITHIN_MS, () => {
      desk.violation("a ping within 60 s");
      desk.drop("no ping within 60 s");
    });
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    const { event, feed, product_ids: products } = isObject(request) ? request : {};
    if (event !== "subscribe" && event !== "unsubscribe") {
      this.#refuse("Json Error");
    } else if (feed === "heartbeat") {
      this.#desk.say(JSON.stringify({ event: `${event}d`, feed }));
      if (event === "subscribe") this.#beat();
      else this.#desk.cancel("heartbeat");
    } else if (!isFeedName(feed)) {
      this.#refuse("Invalid feed");
    } else if (!Array.isArray(products) || products.length === 0) {
      this.#refuse("Invalid product id");
    } else {
      for (const product of products as readonly unknown[]) this.#hear(event, feed, product);
    }
  }

  tell(event: MarketEvent, topic: string): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [JSON.stringify(writeTrade(event))];
      case "quotes":
        return [writeQuote(event, topic.startsWith("ticker_lite:") ? "ticker_lite" : "ticker")];
      case "book": {
        if (!event.restarts) return writeChange(event);
        const book = this.#desk.market.book(event.instrument);
        return book === undefined ? [] : [writeBook(event.instrument, book, event.atMs)];
      }
      case "slow-book":
        return [];
    }
  }

  #hear(event: "subscribe" | "unsubscribe", feed: FeedName, given: unknown): void {
    const { market, topics } = this.#desk;
    // Whatever the case, the answer is in upper case.
    const instrument = String(given).toUpperCase();
    const topic = `${feed}:${instrument}`;
    if (typeof given !== "string" || !market.knows(instrument)) {
      this.#refuse("Invalid product id");
    } else if (event === "unsubscribe") {
      const isHeld = this.#desk.release(topic);
      this.#answer(isHeld ? "unsubscribed" : "unsubscribed_failed", feed, instrument);
    } else {
      const refusal = this.#desk.refusalOf("subscriptions");
      if (refusal !== undefined) {
        this.#refuse(notNow(NOT_NOW, refusal.code).text);
        return;
      }
      if (topics.has(topic)) {
        const message = "Already subscribed to feed, re-requesting";
        this.#desk.say(JSON.stringify({ event: "alert", message }));
      }
      const subject: Subject = { feed: feeds[feed], instrument };
      this.#desk.hold(topic, subject);
      this.#answer("subscribed", feed, instrument);
      if (!this.#desk.isMute(topic)) this.#begin(topic, feed, instrument);
    }
  }

  /** Every feed begins with what there is. */
  #begin(topic: string, feed: FeedName, instrument: string): void {
    const { market, nowMs } = this.#desk;
    const [book, quote] = [market.book(instrument), market.quote(instrument, nowMs)];
    if (feed === "trade") {
      const past = this.#desk.pastTrades(topic, instrument, SHOWN_TRADES);
      const trades = past.toReversed().map(writeTrade);
      const snapshot = { feed: "trade_snapshot", product_id: instrument, trades };
      this.#desk.say(JSON.stringify(snapshot));
    } else if (feed === "book") {
      if (book !== undefined) this.#desk.say(writeBook(instrument, book, nowMs));
    } else if (quote !== undefined) this.#desk.say(writeQuote(quote, feed));
  }

  #beat(): void {
    this.#desk.after("heartbeat", HEARTBEAT_MS, () => {
      this.#desk.say(JSON.stringify({ feed: "heartbeat", time: this.#desk.nowMs }));
      this.#beat();
    });
  }

  #answer(event: string, feed: FeedName, product: string): void {
    this.#desk.say(JSON.stringify({ event, feed, product_ids: [product] }));
  }

  #refuse(message: string): void {
    this.#desk.say(JSON.stringify({ event: "error", message }));
  }
}

function isFeedName(feed: unknown): feed is FeedName {
  return typeof feed === "string" && Object.hasOwn(feeds, feed);
}

/**
 * A message holds one level and has one number. A level that changed twice counts twice, and is told as it
 * is now each time.
 */
function writeChange({ instrument, first, last, bids, asks, atMs }: BookChange): readonly string[] {
  const levels = [
    ...bids.map((level) => ["buy", level] as const),
    ...asks.map((level) => ["sell", level] as const),
  ];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const [side, level = [0, 0]] = levels[Math.min(index, levels.length - 1)] ?? [];
    return JSON.stringify({
      feed: "book",
      product_id: instrument,
      side,
      seq: first + index,
      ...written(level),
      timestamp: atMs,
    });
  });
}

function writeBook(product_id: string, { position, bids, asks }: BookView, atMs: number): string {
  return JSON.stringify({
    feed: "book_snapshot",
    product_id,
    timestamp: atMs,
    seq: position,
    tickSize: null,
    bids: bids.map(written),
    asks: asks.map(written),
  });
}

function writeTrade({ id, instrument, price, quantity, taker, atMs }: Trade): object {
  return {
    feed: "trade",
    product_id: instrument,
    uid: `trade-${id}`,
    side: taker === "buyer" ? "buy" : "sell",
    type: "fill",
    seq: id,
    time: atMs,
    ...written([price, quantity]),
  };
}

function writeQuote({ instrument, bid, ask }: Quote, feed: "ticker" | "ticker_lite"): string {
  return JSON.stringify({
    feed,
    product_id: instrument,
    bid: written(bid).price,
    ask: written(ask).price,
    change: 0,
    premium: 0,
    volume: 1,
    tag: "perpetual",
    pair: instrument.slice(3).replace(/USD$/, ":USD"),
    dtm: 0,
    maturityTime: 0,
  });
}

function written([price, quantity]: Level): { readonly price: number; readonly qty: number } {
  return { price: price / 10, qty: quantity / 1_000 };
}
