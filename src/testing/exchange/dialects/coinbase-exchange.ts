/**
 * Coinbase Exchange (`ws-feed`), as its server speaks: several channels in a request, an answer that is the
 * whole state, trades counted by product, and books without a number.
 *
 * Facts: venues.md §3.3, read 2026-11-22. Nobody can log in here, so `level2`, `level3` and `full` are
 * refused as the venue refuses who has not. Unverified there: that a request with one wrong product is
 * refused as a whole, how the first five seconds end (here: without a close frame), and how often `status`
 * is told.
 */
import type { Desk, Dialect, Said, Subject, Talk } from "../dialect.ts";
import { isObject, parseJson } from "../json.ts";
import { notNow } from "../not-now.ts";
import {
  showPrice,
  showQuantity,
  type BookView,
  type MarketEvent,
  type Quote,
  type Trade,
} from "../market-event.ts";

const FIRST_SUBSCRIBE_MS = 5_000;

/** What a channel is about, or how often it is told. */
const channels = {
  level2_batch: { feed: "book" },
  matches: { feed: "trades" },
  ticker: { feed: "quotes" },
  ticker_batch: { everyMs: 5_000 },
  heartbeat: { everyMs: 1_000 },
  status: { everyMs: 5_000 },
} as const;

type ChannelName = keyof typeof channels;

/**
 * An error with a reason, as for what fails otherwise; the words of one that passes are not known.
 * @see {@link https://docs.rs/barter-data/0.10.0/src/barter_data/exchange/coinbase/subscription.rs.html}
 *   read 2026-11-30
 */
const NOT_NOW = [["", "internal server error"]] as const;

const NEED_LOGIN = new Set<unknown>(["level2", "level3", "full"]);

export const coinbaseExchangeDialect: Dialect = {
  id: "coinbase-exchange",
  paths: ["/"],
  symbols: ["BTC-USD", "ETH-USD", "SOL-USD"],
  numbering: "range",
  limits: {
    inbound: [{ frames: 100, perMs: 1_000, countsControlFrames: false }],
    maxStreams: Infinity,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades": {
        const numbers = { first: event.id, last: event.id, isContiguous: true };
        return { stream: `matches:${event.instrument}`, numbers };
      }
      case "quotes":
        return { stream: `ticker:${event.instrument}` };
      case "book":
        return { stream: `level2_batch:${event.instrument}` };
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/?(\?|$)/.test(path) ? (desk) => new CoinbaseExchangeTalk(desk) : 404),
};

/** A channel and one product of it; none of `status`. */
type Wish = readonly [channel: ChannelName, product: string];

class CoinbaseExchangeTalk implements Talk {
  readonly #desk: Desk;
  readonly #held = new Map<string, Wish>();

  constructor(desk: Desk) {
    this.#desk = desk;
    desk.after("first subscribe", FIRST_SUBSCRIBE_MS, () => {
      desk.violation("first subscribe within 5 s");
      desk.drop("no subscription within 5 s");
    });
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    const { type, product_ids: common, channels: named } = isObject(request) ? request : {};
    if (type !== "subscribe" && type !== "unsubscribe") {
      this.#refuse("Malformed JSON", "type must be subscribe or unsubscribe");
      return;
    }
    if (!Array.isArray(named) || named.length === 0) {
      this.#refuse(`Failed to ${type}`, "No channels provided");
      return;
    }
    const wishes: Wish[] = [];
    for (const channel of named as readonly unknown[]) {
      const { name, product_ids = common } = isObject(channel) ? channel : { name: channel };
      const read = this.#read(name, product_ids);
      if (typeof read === "string") {
        this.#refuse(`Failed to ${type}`, read);
        return;
      }
      wishes.push(...read);
    }
    if (type === "subscribe") this.#subscribe(wishes);
    else this.#unsubscribe(wishes);
  }

  tell(event: MarketEvent): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [this.#match("match", event)];
      case "quotes":
        return [this.#ticker(event)];
      case "book": {
        const { instrument, bids, asks, atMs } = event;
        const changes = [
          ...bids.map((level) => ["buy", ...written(level)]),
          ...asks.map((level) => ["sell", ...written(level)]),
        ];
        const time = stampOf(atMs);
        return [JSON.stringify({ type: "l2update", product_id: instrument, changes, time })];
      }
      case "slow-book":
        return [];
    }
  }

  exceeded(): void {
    this.#refuse("Rate limit exceeded");
  }

  /** What is asked of one channel, or why it cannot be had. */
  #read(name: unknown, products: unknown): readonly Wish[] | string {
    if (NEED_LOGIN.has(name)) {
      return (
        "level2, level3, and full channels now require authentication. " +
        "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
      );
    }
    if (!isChannelName(name)) return `${showJson(name)} is not a valid channel`;
    if (name === "status") return [[name, ""]];
    if (!Array.isArray(products) || products.length === 0) {
      return `You need to specify at least one product ID for channel ${name}`;
    }
    const wishes: Wish[] = [];
    for (const product of products as readonly unknown[]) {
      const isKnown = typeof product === "string" && this.#desk.market.knows(product);
      if (!isKnown) return `${showJson(product)} is not a valid product`;
      wishes.push([name, product]);
    }
    return wishes;
  }

  #subscribe(wishes: readonly Wish[]): void {
    this.#desk.cancel("first subscribe");
    const refusal = this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      this.#refuse("Failed to subscribe", notNow(NOT_NOW, refusal.code).text);
      return;
    }
    const begun = wishes.filter((wish) => !this.#held.has(topicOf(wish)));
    for (const wish of begun) {
      this.#held.set(topicOf(wish), wish);
      this.#desk.hold(topicOf(wish), subjectOf(wish));
    }
    this.#acknowledge();
    for (const wish of begun) this.#begin(wish);
  }

  #unsubscribe(wishes: readonly Wish[]): void {
    for (const wish of wishes) {
      this.#held.delete(topicOf(wish));
      this.#desk.release(topicOf(wish));
      this.#desk.cancel(topicOf(wish));
    }
    this.#acknowledge();
  }

  /** The whole state: whoever asked finds there what holds now. */
  #acknowledge(): void {
    const state = new Map<string, string[]>();
    for (const [name, product] of this.#held.values()) {
      state.set(name, [...(state.get(name) ?? []), ...(product === "" ? [] : [product])]);
    }
    const entries = [...state].map(([name, product_ids]) => ({ name, product_ids }));
    this.#desk.say(JSON.stringify({ type: "subscriptions", channels: entries }));
  }

  /** Every channel begins with what there is. */
  #begin(wish: Wish): void {
    const [channel, product] = wish;
    const { market, nowMs } = this.#desk;
    const isMute = this.#desk.isMute(topicOf(wish));
    const book = isMute ? undefined : market.book(product);
    const quote = isMute ? undefined : market.quote(product, nowMs);
    if (channel === "matches") {
      for (const trade of this.#desk.pastTrades(topicOf(wish), product, 1)) {
        this.#desk.say(this.#match("last_match", trade));
      }
    } else if (channel === "level2_batch" && book !== undefined) {
      this.#desk.say(writeBook(product, book));
    } else if (channel.startsWith("ticker") && quote !== undefined) {
      this.#desk.say(this.#ticker(quote));
    }
    this.#beat(wish);
  }

  /** Channels that the market does not tell tell themselves. */
  #beat(wish: Wish): void {
    const [channel, product] = wish;
    const facts = channels[channel];
    if (!("everyMs" in facts)) return;
    this.#desk.after(topicOf(wish), facts.everyMs, () => {
      const quote = this.#desk.market.quote(product, this.#desk.nowMs);
      const isMute = this.#desk.isMute(topicOf(wish));
      if (channel === "heartbeat") this.#desk.say(this.#heartbeat(product));
      else if (isMute) {
        // Nothing is told.
      } else if (channel === "status") {
        this.#desk.say(JSON.stringify({ type: "status", products: [], currencies: [] }));
      } else if (quote !== undefined && !this.#desk.isPaused) this.#desk.say(this.#ticker(quote));
      this.#beat(wish);
    });
  }

  /** All that happens to a product counts, told or not: between two matches it jumps. */
  #sequenceOf(product: string): number {
    return this.#desk.market.liveBook(product)?.position ?? 0;
  }

  #heartbeat(product_id: string): string {
    const last_trade_id = this.#desk.market.trades(product_id).at(-1)?.id ?? 0;
    const sequence = this.#sequenceOf(product_id);
    const time = stampOf(this.#desk.nowMs);
    return JSON.stringify({ type: "heartbeat", last_trade_id, product_id, sequence, time });
  }

  #match(type: "match" | "last_match", trade: Trade): string {
    const { id, instrument, price, quantity, taker, atMs } = trade;
    return JSON.stringify({
      type,
      trade_id: id,
      maker_order_id: `m-${id}`,
      taker_order_id: `t-${id}`,
      side: makerSide(taker),
      size: showQuantity(quantity),
      price: showPrice(price, 2),
      product_id: instrument,
      sequence: this.#sequenceOf(instrument),
      time: stampOf(atMs),
    });
  }

  #ticker({ instrument, position, bid, ask, lastPrice, atMs }: Quote): string {
    const price = showPrice(lastPrice, 2);
    const trade = this.#desk.market.trades(instrument).at(-1);
    return JSON.stringify({
      type: "ticker",
      sequence: position,
      product_id: instrument,
      price,
      open_24h: price,
      volume_24h: "1",
      low_24h: price,
      high_24h: price,
      volume_30d: "1",
      best_bid: showPrice(bid[0], 2),
      best_ask: showPrice(ask[0], 2),
      side: makerSide(trade?.taker ?? "buyer"),
      time: stampOf(atMs),
      trade_id: trade?.id ?? 0,
      last_size: showQuantity(trade?.quantity ?? 0),
    });
  }

  #refuse(message: string, reason?: string): void {
    this.#desk.say(JSON.stringify({ type: "error", message, reason }));
  }
}

function showJson(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function topicOf([channel, product]: Wish): string {
  return product === "" ? channel : `${channel}:${product}`;
}

function subjectOf([channel, instrument]: Wish): Subject | undefined {
  const facts = channels[channel];
  return "feed" in facts ? { feed: facts.feed, instrument } : undefined;
}

function isChannelName(name: unknown): name is ChannelName {
  return typeof name === "string" && Object.hasOwn(channels, name);
}

/** Whoever bought as a taker met a maker who sold. */
function makerSide(taker: Trade["taker"]): "buy" | "sell" {
  return taker === "buyer" ? "sell" : "buy";
}

function writeBook(product_id: string, { bids, asks }: BookView): string {
  const sides = { asks: asks.map(written), bids: bids.map(written) };
  return JSON.stringify({ type: "snapshot", product_id, ...sides });
}

function written([price, quantity]: BookView["bids"][number]): readonly [string, string] {
  return [showPrice(price, 2), showQuantity(quantity, 8)];
}

function stampOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
