/**
 * OKX v5, as its server speaks: one acknowledgement per argument, text pings, books whose numbers are
 * linked (`prevSeqId` to `seqId`), and a cut when nothing has been pushed for 30 s.
 *
 * Facts: venues.md §3.5, read 2026-11-22. How many topics a connection may hold is not published.
 */
import type { Desk, Dialect, Notice, Said, Subject, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { SlidingWindow } from "../limits.ts";
import { notNow } from "../not-now.ts";
import {
  showPrice,
  showQuantity,
  type BookChange,
  type BookView,
  type Feed,
  type Level,
  type MarketEvent,
  type Quote,
  type Trade,
} from "../market-event.ts";

/** What is told on each channel; undefined for one that is known and has nothing to tell here. */
const channels: Readonly<Record<string, Readonly<Record<string, Feed | undefined>>>> = {
  "/ws/v5/public": {
    books: "book",
    "books-l2-tbt": "book",
    "books50-l2-tbt": "book",
    books5: "book",
    "bbo-tbt": "quotes",
    trades: "trades",
    tickers: "quotes",
    instruments: undefined,
    status: undefined,
  },
  "/ws/v5/business": { "trades-all": "trades", candle1m: undefined, candle1D: undefined },
};

/**
 * 63999 as OKX's own list for sockets has it; 50001 and 50026 are named by clients, and their texts here
 * are not the venue's; 64007 is in venues.md §3.5.
 * @see {@link https://web3.okx.com/onchainos/dev-docs/market/websocket-error-code} read 2026-11-30
 * @see {@link https://github.com/chislovMax/OKEx.Net/blob/master/Okex.Net/Enums/OkexApiErrorCodes.cs}
 *   read 2026-11-30
 */
const NOT_NOW = [
  ["50001", "Service temporarily unavailable. Please try again later."],
  ["50026", "System error. Please try again later."],
  ["63999", "Login failed due to internal error. Please try again later."],
  ["64007", "Operation failed due to WebSocket internal error. Please try again later."],
] as const;

const REQUEST_BYTES = 64 * 1024;
const REQUESTS_PER_HOUR = 480;
const IDLE_CUT_MS = 30_000;
/** A book that doesn't change says so. */
const ALIVE_MS = 60_000;

export const okxDialect: Dialect = {
  id: "okx",
  paths: Object.keys(channels),
  symbols: ["BTC-USDT", "ETH-USDT", "SOL-USDT"],
  numbering: "linked",
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
        const numbers = { first: event.id, last: event.id, isContiguous: false };
        return { stream: `trades:${event.instrument}`, numbers };
      }
      case "quotes": {
        const numbers = { first: event.position, last: event.position, isContiguous: false };
        return { stream: `bbo-tbt:${event.instrument}`, numbers };
      }
      case "book": {
        const { first, last, previous } = event;
        const numbers = { first, last, previous, isContiguous: false };
        return { stream: `books:${event.instrument}`, numbers };
      }
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => {
    const [pathname = ""] = path.split("?", 1);
    const served = channels[pathname];
    return served === undefined ? 404 : (desk) => new OkxTalk(desk, served);
  },
};

class OkxTalk implements Talk {
  readonly #desk: Desk;
  readonly #channels: Readonly<Record<string, Feed | undefined>>;
  readonly #requests = new SlidingWindow(REQUESTS_PER_HOUR, 3_600_000);
  readonly #connId: string;
  /** When each book last changed. */
  readonly #changedAtMs = new Map<string, number>();

  constructor(desk: Desk, served: Readonly<Record<string, Feed | undefined>>) {
    this.#desk = desk;
    this.#channels = served;
    this.#connId = (0xa4d3ae00 + desk.sessionId).toString(16);
    whenIdle(desk, "lastSaidAtMs", IDLE_CUT_MS, () => {
      desk.violation("idle for 30 s");
      desk.close(4004, "No data received in 30s.");
    });
  }

  hear(frame: string): void {
    if (frame === "ping") this.#desk.say("pong");
    else if (frame.length > REQUEST_BYTES) {
      this.#desk.violation("64 KB per request");
      this.#desk.close(1009, "Request message exceeds the maximum frame length");
    } else this.#serve(frame);
  }

  tell(event: MarketEvent, topic: string): readonly Said[] {
    const arg = argOf(topic);
    switch (event.feed) {
      case "trades":
        return [JSON.stringify({ arg, data: [writeTrade(event)] })];
      case "quotes":
        return [JSON.stringify({ arg, data: [this.#writeQuote(event, arg.channel)] })];
      case "book": {
        if (arg.channel === "books5") return [this.#writeTopFive(topic)];
        this.#changedAtMs.set(topic, event.atMs);
        return [JSON.stringify({ arg, action: "update", data: [writeChange(event)] })];
      }
      case "slow-book":
        return [];
    }
  }

  announce(notice: Notice): void {
    if (notice !== "shutdown") return;
    const msg = "The connection will soon be closed for a service upgrade. Please reconnect.";
    this.#desk.say(JSON.stringify({ event: "notice", code: "64008", msg, connId: this.#connId }));
  }

  #serve(frame: string): void {
    const request = parseJson(frame);
    const id = isObject(request) ? request["id"] : undefined;
    const op = isObject(request) ? request["op"] : undefined;
    const args = isObject(request) ? request["args"] : undefined;
    const isRequest =
      (op === "subscribe" || op === "unsubscribe") &&
      Array.isArray(args) &&
      args.length > 0 &&
      args.every(isObject);
    if (!isRequest) {
      this.#refuse(id, "60012", `Invalid request: ${frame}`);
      return;
    }
    if (!this.#requests.admits(this.#desk.nowMs)) {
      this.#desk.violation("480 requests per hour");
      this.#refuse(id, "60014", "Requests too frequent");
      return;
    }
    for (const arg of args) {
      if (op === "subscribe") this.#subscribe(id, arg);
      else this.#unsubscribe(id, arg);
    }
  }

  #subscribe(id: unknown, arg: JsonObject): void {
    const { channel, instId, topic } = readArg(arg);
    const { market, topics, limits } = this.#desk;
    if (channel === undefined || !Object.hasOwn(this.#channels, channel)) {
      this.#refuse(id, "60018", `Wrong URL or channel:${channel ?? ""} doesn't exist. ${REFER}`);
      return;
    }
    if (instId !== undefined && !market.knows(instId)) {
      const what = `channel:${channel},instId:${instId}`;
      this.#refuse(id, "60018", `Wrong URL or ${what} doesn't exist. ${REFER}`);
      return;
    }
    const refusal = this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      const { code, text } = notNow(NOT_NOW, refusal.code);
      this.#refuse(id, code, text);
      return;
    }
    if (!topics.has(topic) && topics.size >= limits.maxStreams) {
      this.#desk.violation("topics per connection");
      this.#desk.close(4008, "The total number of subscribed channels exceeds the maximum limit");
      return;
    }
    const isNew = !topics.has(topic);
    const feed = this.#channels[channel];
    const subject =
      feed === undefined || instId === undefined ? undefined : { feed, instrument: instId };
    this.#desk.hold(topic, subject);
    this.#acknowledge(id, "subscribe", arg);
    if (isNew && subject !== undefined) this.#begin(topic, subject);
  }

  #unsubscribe(id: unknown, arg: JsonObject): void {
    const { topic } = readArg(arg);
    this.#desk.release(topic);
    this.#desk.cancel(`alive ${topic}`);
    this.#acknowledge(id, "unsubscribe", arg);
  }

  /** What comes at once on a new subscription: a book whole, of the rest the latest. */
  #begin(topic: string, { feed, instrument }: Subject): void {
    const { market, nowMs } = this.#desk;
    const arg = argOf(topic);
    if (this.#desk.isMute(topic)) return;
    const [book, quote] = [market.book(instrument), market.quote(instrument, nowMs)];
    if (feed === "trades") {
      for (const trade of this.#desk.pastTrades(topic, instrument, 1)) {
        this.#desk.say(JSON.stringify({ arg, data: [writeTrade(trade)] }));
      }
    } else if (feed === "quotes" && quote !== undefined) {
      this.#desk.say(JSON.stringify({ arg, data: [this.#writeQuote(quote, arg.channel)] }));
    } else if (feed === "book" && book !== undefined) {
      if (arg.channel === "books5") this.#desk.say(this.#writeTopFive(topic));
      else {
        const data = [writeBook(book, -1, nowMs)];
        this.#desk.say(JSON.stringify({ arg, action: "snapshot", data }));
        this.#changedAtMs.set(topic, nowMs);
        this.#stayAlive(topic, instrument, ALIVE_MS);
      }
    }
  }

  /** Without a change for a minute, an empty one goes from where the book is to where it is. */
  #stayAlive(topic: string, instrument: string, delayMs: number): void {
    this.#desk.after(`alive ${topic}`, delayMs, () => {
      if (this.#desk.topics.get(topic) === undefined) return; // it was lost
      const { nowMs, market } = this.#desk;
      const quietMs = nowMs - (this.#changedAtMs.get(topic) ?? nowMs);
      const book = market.book(instrument);
      if (quietMs >= ALIVE_MS && book !== undefined) {
        const empty = { ...book, bids: [], asks: [] };
        const data = [writeBook(empty, book.position, nowMs)];
        this.#desk.say(JSON.stringify({ arg: argOf(topic), action: "update", data }));
        this.#changedAtMs.set(topic, nowMs);
      }
      this.#stayAlive(topic, instrument, quietMs >= ALIVE_MS ? ALIVE_MS : ALIVE_MS - quietMs);
    });
  }

  #writeTopFive(topic: string): string {
    const arg = argOf(topic);
    const { market, nowMs } = this.#desk;
    const { position = 0, bids = [], asks = [] } = market.book(arg.instId) ?? {};
    const data = {
      asks: writeLevels(asks.slice(0, 5)),
      bids: writeLevels(bids.slice(0, 5)),
      instId: arg.instId,
      ts: String(nowMs),
      seqId: position,
    };
    return JSON.stringify({ arg, data: [data] });
  }

  #writeQuote(quote: Quote, channel: string): object {
    const { instrument, bid, ask, atMs, position, lastPrice } = quote;
    const ts = String(atMs);
    if (channel === "bbo-tbt") {
      return { asks: writeLevels([ask]), bids: writeLevels([bid]), ts, seqId: position };
    }
    return {
      instType: "SPOT",
      instId: instrument,
      last: showPrice(lastPrice),
      lastSz: "1",
      askPx: showPrice(ask[0]),
      askSz: showQuantity(ask[1]),
      bidPx: showPrice(bid[0]),
      bidSz: showQuantity(bid[1]),
      ts,
    };
  }

  #acknowledge(id: unknown, event: string, arg: JsonObject): void {
    this.#desk.say(JSON.stringify({ id, event, arg, connId: this.#connId }));
  }

  #refuse(id: unknown, code: string, msg: string): void {
    this.#desk.say(JSON.stringify({ id, event: "error", code, msg, connId: this.#connId }));
  }
}

const REFER = "Please use the correct URL, channel and parameters referring to API document.";

interface Arg {
  readonly channel: string;
  readonly instId: string;
}

/** The argument of a topic such as `books:BTC-USDT`. */
function argOf(topic: string): Arg {
  const [channel = "", instId = ""] = topic.split(":", 2);
  return { channel, instId };
}

function readArg({ channel, instId }: JsonObject) {
  const [name, instrument] = [toText(channel), toText(instId)];
  return {
    channel: name,
    instId: instrument,
    topic: instrument === undefined ? (name ?? "") : `${name}:${instrument}`,
  };
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function writeTrade({ instrument, id, price, quantity, taker, atMs }: Trade): object {
  return {
    instId: instrument,
    tradeId: String(id),
    px: showPrice(price),
    sz: showQuantity(quantity),
    side: taker === "buyer" ? "buy" : "sell",
    ts: String(atMs),
    count: "1",
  };
}

function writeChange({ bids, asks, previous, last, atMs }: BookChange): object {
  return writeBook({ bids, asks, position: last }, previous, atMs);
}

/** The checksum has been a fixed 0 since 2026-06. */
function writeBook({ bids, asks, position }: BookView, prevSeqId: number, atMs: number): object {
  return {
    asks: writeLevels(asks),
    bids: writeLevels(bids),
    ts: String(atMs),
    checksum: 0,
    prevSeqId,
    seqId: position,
  };
}

/** Price, size, a field that is always "0", orders at this price. */
function writeLevels(levels: readonly Level[]): string[][] {
  return levels.map(([price, quantity]) => [
    showPrice(price),
    quantity === 0 ? "0" : showQuantity(quantity),
    "0",
    quantity === 0 ? "0" : "1",
  ]);
}
