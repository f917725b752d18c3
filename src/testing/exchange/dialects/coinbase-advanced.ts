/**
 * Coinbase Advanced Trade, as its server speaks: no request ids, an acknowledgement is the whole state,
 * heartbeats are a channel, and `sequence_num` counts every frame of the connection.
 *
 * Facts: venues.md §3.3, read 2026-11-22. Unverified there: the shape of errors, and how the first
 * five seconds and idleness end (here: without a close frame).
 */
import { ConnectionCounter } from "../connection-counter.ts";
import type { Desk, Dialect, Said, Subject, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson } from "../json.ts";
import { notNow } from "../not-now.ts";
import {
  showPrice,
  showQuantity,
  type BookView,
  type MarketEvent,
  type MarketView,
  type Quote,
  type Trade,
} from "../market-event.ts";

const FIRST_SUBSCRIBE_MS = 5_000;
/** With which a subscription begins. */
const SHOWN_TRADES = 10;
const HEARTBEAT_MS = 1_000;
/** Documented: between 60 and 90 s. */
const IDLE_CUT_MS = 75_000;

/** What a client subscribes to; data of `level2` comes as `l2_data`. */
const feeds = {
  level2: "book",
  market_trades: "trades",
  ticker: "quotes",
  heartbeats: undefined,
} as const;

type ChannelName = keyof typeof feeds;

export const coinbaseAdvancedDialect: Dialect = {
  id: "coinbase-advanced",
  paths: ["/"],
  symbols: ["BTC-USD", "ETH-USD", "SOL-USD"],
  numbering: "range",
  limits: {
    inbound: [{ frames: 8, perMs: 1_000, countsControlFrames: false }],
    maxStreams: Infinity,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades": {
        const numbers = { first: event.id, last: event.id, isContiguous: false };
        return { stream: `market_trades:${event.instrument}`, numbers, showsLoss: true };
      }
      case "quotes":
        return { stream: `ticker:${event.instrument}`, showsLoss: true };
      case "book":
        return { stream: `level2:${event.instrument}`, showsLoss: true };
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/?(\?|$)/.test(path) ? (desk) => new CoinbaseTalk(desk) : 404),
};

/** No words for this are documented; an error names no request. [venues.md §3.3] */
const NOT_NOW = [["", "Internal error. Please try again later."]] as const;

class CoinbaseTalk implements Talk {
  readonly counter = new ConnectionCounter(0);
  readonly #desk: Desk;
  /** Products by channel, as they were asked for. */
  readonly #state = new Map<ChannelName, Set<string>>();
  #heartbeats = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    desk.after("first subscribe", FIRST_SUBSCRIBE_MS, () => {
      desk.violation("first subscribe within 5 s");
      desk.drop("no subscription within 5 s");
    });
    whenIdle(desk, "lastSaidAtMs", IDLE_CUT_MS, () => desk.drop("idle"));
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    const { type, channel, product_ids: asked = [] } = isObject(request) ? request : {};
    if (type !== "subscribe" && type !== "unsubscribe") {
      this.#refuse("unknown message type");
      return;
    }
    if (!isChannelName(channel)) {
      this.#refuse(`channel ${String(channel)} does not exist`);
      return;
    }
    if (!Array.isArray(asked) || !asked.every((product) => typeof product === "string")) {
      this.#refuse("product_ids must be an array of strings");
      return;
    }
    const products: readonly string[] = channel === "heartbeats" ? ["heartbeats"] : asked;
    if (products.length === 0) this.#refuse("no product_ids");
    else if (type === "subscribe") this.#subscribe(channel, products);
    else this.#unsubscribe(channel, products);
  }

  tell(event: MarketEvent): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [this.#frame("market_trades", { type: "update", trades: [writeTrade(event)] })];
      case "quotes":
        return [this.#frame("ticker", { type: "update", tickers: [writeQuote(event)] })];
      case "book":
        return [
          this.#frame("l2_data", writeBook("update", event.instrument, event, stampOf(event.atMs))),
        ];
      case "slow-book":
        return [];
    }
  }

  exceeded(): void {
    this.#refuse("rate limit exceeded");
  }

  #subscribe(channel: ChannelName, products: readonly string[]): void {
    const { market, topics } = this.#desk;
    const unknown = products.find(
      (product) => channel !== "heartbeats" && !market.knows(productOf(product, market)),
    );
    if (unknown !== undefined) {
      this.#refuse(`${unknown} is not a valid product`);
      return;
    }
    this.#desk.cancel("first subscribe");
    // Heartbeats are the connection's own.
    const refusal = channel === "heartbeats" ? undefined : this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      this.#refuse(notNow(NOT_NOW, refusal.code).text);
      return;
    }
    const begun = products.filter((product) => !topics.has(topicOf(channel, product)));
    for (const product of begun) this.#hold(channel, product);
    this.#acknowledge();
    for (const product of begun) this.#begin(channel, productOf(product, market));
  }

  #unsubscribe(channel: ChannelName, products: readonly string[]): void {
    for (const product of products) {
      this.#desk.release(topicOf(channel, product));
      this.#state.get(channel)?.delete(product);
    }
    if (channel === "heartbeats") this.#desk.cancel("heartbeat");
    if (this.#state.get(channel)?.size === 0) this.#state.delete(channel);
    this.#acknowledge();
  }

  #hold(channel: ChannelName, product: string): void {
    const feed = feeds[channel];
    const subject: Subject | undefined =
      feed === undefined ? undefined : { feed, instrument: productOf(product, this.#desk.market) };
    this.#desk.hold(topicOf(channel, product), subject);
    const products = this.#state.get(channel) ?? new Set();
    this.#state.set(channel, products.add(product));
  }

  /** The whole state: whoever asked finds there what holds now. */
  #acknowledge(): void {
    const state = [...this.#state].map(([channel, products]) => [channel, [...products]] as const);
    this.#desk.say(this.#frame("subscriptions", { subscriptions: Object.fromEntries(state) }));
  }

  /** Every channel begins with what there is. */
  #begin(channel: ChannelName, instrument: string): void {
    const { market, nowMs } = this.#desk;
    const [book, quote] = [market.book(instrument), market.quote(instrument, nowMs)];
    if (channel === "heartbeats") this.#beat();
    else if (this.#desk.isMute(topicOf(channel, instrument))) return;
    else if (channel === "market_trades") {
      const topic = topicOf(channel, instrument);
      const past = this.#desk.pastTrades(topic, instrument, SHOWN_TRADES);
      const trades = past.toReversed().map(writeTrade);
      this.#desk.say(this.#frame("market_trades", { type: "snapshot", trades }));
    } else if (channel === "ticker" && quote !== undefined) {
      this.#desk.say(this.#frame("ticker", { type: "snapshot", tickers: [writeQuote(quote)] }));
    } else if (channel === "level2" && book !== undefined) {
      const snapshot = writeBook("snapshot", instrument, book, "1970-01-01T00:00:00Z");
      this.#desk.say(this.#frame("l2_data", snapshot));
    }
  }

  #beat(): void {
    this.#desk.after("heartbeat", HEARTBEAT_MS, () => {
      this.#heartbeats += 1;
      const current_time = `${stampOf(this.#desk.nowMs).replace("T", " ").replace("Z", "")} +0000 UTC`;
      const heartbeat_counter = String(this.#heartbeats);
      this.#desk.say(this.#frame("heartbeats", { current_time, heartbeat_counter }));
      this.#beat();
    });
  }

  #frame(channel: string, event: object): Said {
    const number = this.counter.take();
    const timestamp = stampOf(this.#desk.nowMs);
    const events = [event];
    const frame = { channel, client_id: "", timestamp, sequence_num: number, events };
    return { text: JSON.stringify(frame), number };
  }

  /** As the Exchange feed does it: not numbered. */
  #refuse(message: string): void {
    this.#desk.say(JSON.stringify({ type: "error", message }));
  }
}

/** A product in USDC gives the data, and the name, of the one in USD. */
function productOf(asked: string, market: MarketView): string {
  return market.instruments.includes(asked) ? asked : asked.replace(/-USDC$/, "-USD");
}

function topicOf(channel: ChannelName, product: string): string {
  return channel === "heartbeats" ? channel : `${channel}:${product}`;
}

function isChannelName(channel: unknown): channel is ChannelName {
  return typeof channel === "string" && Object.hasOwn(feeds, channel);
}

function writeBook(
  type: "snapshot" | "update",
  product_id: string,
  { bids, asks }: Pick<BookView, "bids" | "asks">,
  event_time: string,
): object {
  const write = (side: "bid" | "offer", levels: BookView["bids"]): object[] =>
    levels.map(([price, quantity]) => ({
      side,
      event_time,
      price_level: showPrice(price, 2),
      new_quantity: showQuantity(quantity, 8),
    }));
  return { type, product_id, updates: [...write("bid", bids), ...write("offer", asks)] };
}

function writeTrade({ id, instrument, price, quantity, taker, atMs }: Trade): object {
  return {
    trade_id: String(id),
    product_id: instrument,
    price: showPrice(price, 2),
    size: showQuantity(quantity),
    side: taker === "buyer" ? "BUY" : "SELL",
    time: stampOf(atMs),
  };
}

function writeQuote({ instrument, bid, ask, lastPrice }: Quote): object {
  const price = showPrice(lastPrice, 2);
  return {
    type: "ticker",
    product_id: instrument,
    price,
    volume_24_h: "1",
    low_24_h: price,
    high_24_h: price,
    low_52_w: price,
    high_52_w: price,
    price_percent_chg_24_h: "0",
    best_bid: showPrice(bid[0], 2),
    best_bid_quantity: showQuantity(bid[1]),
    best_ask: showPrice(ask[0], 2),
    best_ask_quantity: showQuantity(ask[1]),
  };
}

function stampOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
