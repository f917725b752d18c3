/**
 * KuCoin's classic spot socket, as its server speaks: a token from HTTP, a welcome, acknowledgements for
 * whatever is asked, and changes of books that cover a range of numbers and want a snapshot from HTTP.
 *
 * Facts: venues.md §3.10, read 2026-11-22, and kucoin.com/docs-new (2026-11-25). How a socket without a
 * token is refused is not known, nor what is said of an unknown symbol over HTTP.
 */
import type { Desk, Dialect, HttpAnswer, HttpRequest, Said, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { notNow } from "../not-now.ts";
import {
  showPrice,
  showQuantity,
  type BookChange,
  type Feed,
  type Level,
  type MarketEvent,
  type MarketView,
  type Quote,
  type Trade,
} from "../market-event.ts";

/** What is told on each channel; undefined for one that is known and has nothing to tell here. */
const channels: ReadonlyMap<string, Feed | undefined> = new Map([
  ["/market/level2", "book"],
  ["/market/match", "trades"],
  ["/market/ticker", "quotes"],
  ["/market/snapshot", undefined],
  ["/market/candles", undefined],
  ["/spotMarket/level2Depth5", undefined],
  ["/spotMarket/level2Depth50", undefined],
]);

/** How a socket says it is not documented: the codes and texts of HTTP stand here for it. */
const NOT_NOW = [
  ["503", "Service Unavailable"],
  ["500", "Internal Server Error"],
] as const;

const TOPICS_PER_REQUEST = 100;
const IDLE_CUT_MS = 60_000;
const TOKEN = "2neAiuYvAU61ZDXANAGAsiL4-iAExhsBXZxftpOeh_55i3Ysy2q2LEsEWU64mdzU";
const SNAPSHOT_LEVELS = 100;

export const kucoinDialect: Dialect = {
  id: "kucoin",
  paths: [`/endpoint?token=${TOKEN}`],
  symbols: ["BTC-USDT", "ETH-USDT", "SOL-USDT"],
  numbering: "range",
  limits: {
    inbound: [{ frames: 100, perMs: 10_000, countsControlFrames: false }],
    maxStreams: 300,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: 86_400_000,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades":
        return { stream: `/market/match:${event.instrument}` };
      case "quotes":
        return { stream: `/market/ticker:${event.instrument}` };
      case "book": {
        const numbers = { first: event.first, last: event.last, isContiguous: true };
        return { stream: `/market/level2:${event.instrument}`, numbers };
      }
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => {
    const [pathname, query] = path.split("?", 2);
    if (pathname !== "/endpoint") return 404;
    const isAdmitted = new URLSearchParams(query).get("token") === TOKEN;
    return isAdmitted ? (desk) => new KucoinTalk(desk) : 401;
  },
  serve,
};

class KucoinTalk implements Talk {
  readonly #desk: Desk;
  /** Numbers of trades are the book's, so they skip. */
  #matched = 1_612_701_563_868;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#say({ id: `session${desk.sessionId}`, type: "welcome" });
    whenIdle(desk, "lastHeardAtMs", IDLE_CUT_MS, () => {
      desk.violation("no ping for 60 s");
      this.#say({ type: "error", code: 400, data: "ping timeout" });
      desk.close(1_000, "Bye");
    });
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    const { id, type, topic, response } = isObject(request) ? request : ({} as JsonObject);
    const isRequest = (type === "subscribe" || type === "unsubscribe") && typeof topic === "string";
    if (type === "ping") {
      this.#say({ id: textOf(id), type: "pong", timestamp: Math.floor(this.#desk.nowMs * 1_000) });
    } else if (isRequest) {
      const problem = this.#serve(type, topic);
      if (problem !== undefined) this.#say({ id: textOf(id), type: "error", ...problem });
      else if (response === true) this.#say({ id: textOf(id), type: "ack" });
      if (problem === undefined && type === "subscribe") this.#begin(topic);
    } else {
      const data = `Unrecognized token: ${frame}`;
      this.#say({ id: `error${this.#desk.sessionId}`, type: "error", code: 400, data });
    }
  }

  tell(event: MarketEvent, topic: string): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [push(topic, "trade.l3match", this.#writeTrade(event))];
      case "quotes":
        return [push(topic, "trade.ticker", writeQuote(event))];
      case "book":
        return [push(topic, "trade.l2update", writeChange(event))];
      case "slow-book":
        return [];
    }
  }

  /** Unknown symbols are taken like any other, and nothing comes of them. */
  #serve(type: "subscribe" | "unsubscribe", topic: string): Problem | undefined {
    const desk = this.#desk;
    const cut = topic.indexOf(":");
    const channel = cut < 0 ? topic : topic.slice(0, cut);
    const symbols = cut < 0 ? [] : topic.slice(cut + 1).split(",");
    if (!channels.has(channel) || symbols.length === 0) {
      return { code: 404, data: "topic does not exist" };
    }
    const topics = symbols.map((symbol) => `${channel}:${symbol}`);
    if (type === "unsubscribe") {
      for (const each of topics) desk.release(each);
      return undefined;
    }
    if (symbols.length > TOPICS_PER_REQUEST) {
      desk.violation("topics per request");
      const data = `exceed max subscription count limitation of ${TOPICS_PER_REQUEST} per time`;
      return { code: 509, data };
    }
    const { maxStreams } = desk.limits;
    if (new Set([...desk.topics.keys(), ...topics]).size > maxStreams) {
      desk.violation("topics per connection");
      const data = `exceed max subscription count limitation of ${maxStreams} per session`;
      return { code: 509, data };
    }
    const refusal = desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      const { code, text } = notNow(NOT_NOW, refusal.code);
      return { code: Number(code), data: text };
    }
    const feed = channels.get(channel);
    for (const instrument of symbols) {
      const isTold = feed !== undefined && desk.market.knows(instrument);
      desk.hold(`${channel}:${instrument}`, isTold ? { feed, instrument } : undefined);
    }
    return undefined;
  }

  /** Nothing of the past is told, but trades by a fault. */
  #begin(request: string): void {
    const [channel = "", symbols = ""] = request.split(":", 2);
    if (channels.get(channel) !== "trades") return;
    for (const instrument of symbols.split(",")) {
      const topic = `${channel}:${instrument}`;
      for (const trade of this.#desk.pastTrades(topic, instrument, 0)) {
        for (const frame of this.tell(trade, topic)) this.#desk.say(frame);
      }
    }
  }

  #writeTrade({ id, atMs, instrument, price, quantity, taker }: Trade): object {
    this.#matched += 2;
    return {
      symbol: instrument,
      sequence: String(this.#matched),
      side: taker === "buyer" ? "buy" : "sell",
      size: showQuantity(quantity),
      price: showPrice(price),
      takerOrderId: `6085c097587c2000${String(id).padStart(8, "0")}`,
      time: `${Math.floor(atMs)}000000`,
      type: "match",
      makerOrderId: `6085c06144b37900${String(id).padStart(8, "0")}`,
      tradeId: `6085c09769bc5069${String(id).padStart(8, "0")}`,
    };
  }

  #say(frame: object): void {
    this.#desk.say(JSON.stringify(frame));
  }
}

interface Problem {
  readonly code: number;
  readonly data: string;
}

/** `POST /api/v1/bullet-public`, and `GET /api/v1/market/orderbook/level2_100?symbol=BTC-USDT`. */
function serve(
  { method, path, host }: HttpRequest,
  market: MarketView,
  nowMs: number,
): HttpAnswer | undefined {
  const [pathname, query] = path.split("?", 2);
  if (method === "POST" && pathname === "/api/v1/bullet-public") {
    const server = { endpoint: `ws://${host}/endpoint`, encrypt: false, protocol: "websocket" };
    const instanceServers = [{ ...server, pingInterval: 18_000, pingTimeout: 10_000 }];
    return answer({ token: TOKEN, instanceServers });
  }
  if (method !== "GET" || pathname !== "/api/v1/market/orderbook/level2_100") return undefined;
  const book = market.liveBook(new URLSearchParams(query).get("symbol") ?? "");
  if (book === undefined) {
    return { status: 400, body: JSON.stringify({ code: "400100", msg: "symbol not exists" }) };
  }
  const [bids, asks] = [book.bids, book.asks].map((side) =>
    side.slice(0, SNAPSHOT_LEVELS).map(writeLevel),
  );
  return answer({ time: Math.floor(nowMs), sequence: String(book.position), bids, asks });
}

function answer(data: object): HttpAnswer {
  return { status: 200, body: JSON.stringify({ code: "200000", data }) };
}

function push(topic: string, subject: string, data: object): string {
  return JSON.stringify({ data, subject, topic, type: "message" });
}

/** Each level with a number of its own, as far as the change has numbers. */
function writeChange({ instrument, first, last, bids, asks }: BookChange): object {
  const number = (level: Level, index: number) => [
    ...writeLevel(level),
    String(Math.min(first + index, last)),
  ];
  const changes = {
    asks: asks.map(number),
    bids: bids.map((level, index) => number(level, asks.length + index)),
  };
  return { sequenceStart: first, symbol: instrument, changes, sequenceEnd: last };
}

function writeLevel([price, quantity]: Level): [price: string, size: string] {
  return [showPrice(price), quantity === 0 ? "0" : showQuantity(quantity)];
}

function writeQuote({ atMs, position, bid, ask, lastPrice }: Quote): object {
  return {
    sequence: String(position),
    bestAsk: showPrice(ask[0]),
    size: "0.001",
    bestBidSize: showQuantity(bid[1]),
    price: showPrice(lastPrice),
    time: Math.floor(atMs),
    bestAskSize: showQuantity(ask[1]),
    bestBid: showPrice(bid[0]),
  };
}

/** Ids come back as text, whatever they were. */
function textOf(id: unknown): string {
  return typeof id === "string" ? id : (JSON.stringify(id) ?? "");
}
