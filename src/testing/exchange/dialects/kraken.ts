/**
 * Kraken spot v2, as its server speaks: one answer for each symbol, a heartbeat in every silent second,
 * and books whose messages are proven by a CRC-32 alone.
 *
 * Facts: venues.md §3.4, read 2026-11-22, and docs.kraken.com's guide to the checksum (2026-11-25). How a
 * channel that is none is refused is not known; "Already subscribed" is a client's report.
 */
import { crc32 } from "node:zlib";
import type { Desk, Dialect, Notice, Said, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { notNow } from "../not-now.ts";
import {
  showPrice,
  showQuantity,
  type BookView,
  type Feed,
  type Level,
  type MarketEvent,
  type Quote,
  type Trade,
} from "../market-event.ts";

/** What is told on each channel; undefined for one that is known and has nothing to tell here. */
const channels: ReadonlyMap<string, Feed | undefined> = new Map([
  ["book", "book"],
  ["trade", "trades"],
  ["ticker", "quotes"],
  ["ohlc", undefined],
  ["instrument", undefined],
]);
/** What a channel takes besides symbols, and what it takes when not told. */
const options: Readonly<Record<string, readonly [key: string, usual: number]>> = {
  book: ["depth", 10],
  ohlc: ["interval", 1],
};
const DEPTHS = [10, 25, 100, 500, 1_000];

/** @see {@link https://docs.kraken.com/exchange/guides/general/errors} read 2026-11-30 */
const NOT_NOW = [
  ["EService:Unavailable", "EService:Unavailable"],
  ["EService:Busy", "EService:Busy"],
  ["EGeneral:Internal error", "EGeneral:Internal error"],
] as const;

const HEARTBEAT_MS = 1_000;
const IDLE_CUT_MS = 60_000;

export const krakenDialect: Dialect = {
  id: "kraken",
  paths: ["/v2"],
  symbols: ["BTC/USD", "ETH/USD", "SOL/USD"],
  numbering: "range",
  limits: {
    inbound: [],
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
      case "book":
        return { stream: `book:${event.instrument}`, showsLoss: true };
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/v2\/?(\?|$)/.test(path) ? (desk) => new KrakenTalk(desk) : 404),
};

class KrakenTalk implements Talk {
  readonly #desk: Desk;
  /** Topics by channel and symbol: data names no more than these. */
  readonly #held = new Map<string, string>();

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#status(desk.isPaused ? "maintenance" : "online");
    whenIdle(desk, "lastHeardAtMs", IDLE_CUT_MS, () => {
      if (desk.topics.size === 0) desk.drop("idle");
    });
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    const { method, params, req_id } = isObject(request) ? request : ({} as JsonObject);
    if (method === "ping") this.#answer({ method: "pong", req_id });
    else if ((method === "subscribe" || method === "unsubscribe") && isObject(params)) {
      this.#request(method, params, req_id);
    } else {
      this.#answer({ error: "Unsupported method", method, req_id, success: false });
    }
  }

  tell(event: MarketEvent): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [push("trade", "update", writeTrade(event))];
      case "quotes":
        return [push("ticker", "update", writeQuote(event))];
      case "book": {
        const book = this.#desk.market.book(event.instrument);
        if (book === undefined) return [];
        return [push("book", "update", this.#writeBook(event, event.instrument, book, event.atMs))];
      }
      case "slow-book":
        return [];
    }
  }

  announce(notice: Notice): void {
    if (notice === "pause") this.#status("maintenance");
    if (notice === "resume") this.#status("online");
  }

  #request(method: "subscribe" | "unsubscribe", params: JsonObject, req_id: unknown): void {
    const { channel, symbol } = params;
    const isListed = Array.isArray(symbol) && symbol.every((each) => typeof each === "string");
    if (typeof channel !== "string" || !channels.has(channel)) {
      this.#answer({ error: "Unsupported channel", method, req_id, success: false });
      return;
    }
    const [key, usual = 0] = options[channel] ?? [];
    const option = key === undefined ? undefined : Number(params[key] ?? usual);
    if (channel === "book" && !DEPTHS.includes(option ?? 0)) {
      this.#answer({ error: "Depth not supported", method, req_id, success: false });
      return;
    }
    const wanted = channel === "instrument" ? [undefined] : isListed ? symbol : [];
    if (wanted.length === 0) {
      this.#answer({ error: "Symbol(s) missing", method, req_id, success: false });
    }
    for (const each of wanted) {
      const asked = { channel, symbol: each, ...(key === undefined ? {} : { [key]: option }) };
      const isUsual = option === undefined || option === usual;
      const topic = `${channel}${each === undefined ? "" : `:${each}`}${isUsual ? "" : `:${option}`}`;
      if (method === "subscribe") this.#subscribe(topic, asked, req_id);
      else this.#unsubscribe(topic, asked, req_id);
    }
  }

  #subscribe(topic: string, asked: Asked, req_id: unknown): void {
    const { channel, symbol } = asked;
    const { market, limits } = this.#desk;
    const refuse = (error: string): void => {
      this.#answer({ error, method: "subscribe", req_id, success: false, symbol });
    };
    if (symbol !== undefined && !market.knows(symbol)) {
      refuse(`Currency pair not supported ${symbol}`);
      return;
    }
    if (this.#held.has(keyOf(asked))) {
      refuse(`Already subscribed to one ${channel} on this symbol`);
      return;
    }
    const refusal = this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      refuse(notNow(NOT_NOW, refusal.code).text);
      return;
    }
    if (this.#held.size >= limits.maxStreams) {
      this.#desk.violation("topics per connection");
      refuse("Too many subscriptions");
      return;
    }
    const feed = channels.get(channel);
    this.#held.set(keyOf(asked), topic);
    this.#desk.hold(
      topic,
      feed === undefined || symbol === undefined ? undefined : { feed, instrument: symbol },
    );
    const result = { ...asked, ...(channel === "trade" ? {} : { snapshot: true }) };
    this.#answer({ method: "subscribe", req_id, result, success: true });
    if (symbol !== undefined && !this.#desk.isMute(topic)) this.#begin(topic, channel, symbol);
    this.#beat();
  }

  #unsubscribe(topic: string, asked: Asked, req_id: unknown): void {
    const method = "unsubscribe";
    if (!this.#desk.release(topic)) {
      const error = "Subscription Not Found";
      this.#answer({ error, method, req_id, success: false, symbol: asked.symbol });
      return;
    }
    this.#held.delete(keyOf(asked));
    this.#answer({ method, req_id, result: asked, success: true });
  }

  /** A book comes whole at once, and so does a ticker; trades only when asked for, or by a fault. */
  #begin(topic: string, channel: string, symbol: string): void {
    const { market, nowMs } = this.#desk;
    const [book, quote] = [market.book(symbol), market.quote(symbol, nowMs)];
    const past = channel === "trade" ? this.#desk.pastTrades(topic, symbol, 0) : [];
    if (past.length > 0) {
      this.#desk.say(push("trade", "snapshot", past.map(writeTrade).join(",")));
    } else if (channel === "book" && book !== undefined) {
      this.#desk.say(push("book", "snapshot", this.#writeBook(book, symbol, book)));
    } else if (channel === "ticker" && quote !== undefined) {
      this.#desk.say(push("ticker", "snapshot", writeQuote(quote)));
    }
  }

  /** In every second in which nothing else was said, as soon as anything is subscribed. */
  #beat(): void {
    this.#desk.after("heartbeat", HEARTBEAT_MS, () => {
      const quietMs = this.#desk.nowMs - this.#desk.lastSaidAtMs;
      if (quietMs >= HEARTBEAT_MS && this.#desk.topics.size > 0) {
        this.#desk.say(JSON.stringify({ channel: "heartbeat" }));
      }
      this.#beat();
    });
  }

  #writeBook(
    { bids, asks }: Pick<BookView, "bids" | "asks">,
    symbol: string,
    book: BookView,
    atMs?: number,
  ): string {
    const timestamp = atMs === undefined ? "" : `,"timestamp":"${timeOf(atMs)}"`;
    const checksum = this.#desk.checksum(krakenChecksum(book)) >>> 0;
    return (
      `{"symbol":"${symbol}","bids":[${bids.map(writeLevel).join(",")}],` +
      `"asks":[${asks.map(writeLevel).join(",")}],"checksum":${checksum}${timestamp}}`
    );
  }

  #status(system: string): void {
    const row = { version: "2.0.10", system, api_version: "v2", connection_id: 9_471_984_923 };
    this.#desk.say(JSON.stringify({ channel: "status", type: "update", data: [row] }));
  }

  #answer(answer: object): void {
    const time = timeOf(this.#desk.nowMs);
    this.#desk.say(JSON.stringify({ ...answer, time_in: time, time_out: time }));
  }
}

/** What one subscription asks for, as its answer repeats it. */
interface Asked {
  readonly channel: string;
  readonly symbol: string | undefined;
}

function keyOf({ channel, symbol = "" }: Asked): string {
  return `${channel} ${symbol}`;
}

/** Numbers stand as text in `row`: their zeros count in the checksum, and would not survive JSON. */
function push(channel: string, type: "snapshot" | "update", row: string): string {
  return `{"channel":"${channel}","type":"${type}","data":[${row}]}`;
}

function writeLevel([price, quantity]: Level): string {
  return `{"price":${showPrice(price)},"qty":${showQuantity(quantity, 8)}}`;
}

/** Over the digits of the best 10 asks, then of the best 10 bids, without zeros before them. */
export function krakenChecksum({ bids, asks }: BookView): number {
  const levels = [...asks.slice(0, 10), ...bids.slice(0, 10)];
  const digits = levels.flatMap(([price, quantity]) => [
    showPrice(price),
    showQuantity(quantity, 8),
  ]);
  return crc32(digits.map((text) => text.replace(".", "").replace(/^0+/, "")).join(""));
}

function writeTrade({ id, atMs, instrument, price, quantity, taker }: Trade): string {
  const side = taker === "buyer" ? "buy" : "sell";
  return (
    `{"symbol":"${instrument}","side":"${side}","price":${showPrice(price)},` +
    `"qty":${showQuantity(quantity, 8)},"ord_type":"limit","trade_id":${id},` +
    `"timestamp":"${timeOf(atMs)}"}`
  );
}

function writeQuote({ instrument, atMs, bid, ask, lastPrice }: Quote): string {
  const last = lastPrice / 10;
  return JSON.stringify({
    symbol: instrument,
    bid: bid[0] / 10,
    bid_qty: bid[1] / 1_000,
    ask: ask[0] / 10,
    ask_qty: ask[1] / 1_000,
    last,
    volume: 1,
    vwap: last,
    low: last,
    high: last,
    change: 0,
    change_pct: 0,
    trades: 1,
    timestamp: timeOf(atMs),
  });
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "000Z");
}
