/**
 * Bybit v5, as its server speaks: one answer for a request, which a single bad topic refuses as a whole;
 * books that begin with a snapshot and count their changes one by one; level 1 that repeats itself.
 *
 * Facts: venues.md §3.6, read 2026-11-22. Options and spreads answer in another shape. That a refusal
 * leaves all topics of its request unsubscribed is what clients report. Which words refuse too many
 * characters is not known, nor whether quotation marks count among them (here they don't).
 */
import type { Desk, Dialect, Said, Subject, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
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

/** What a category allows, and how it answers. */
interface Category {
  /** Arguments of one request. */
  readonly args: number;
  readonly topics: number;
  readonly isCommand: boolean;
  /** Depths of its books, without level 1. */
  readonly depths: readonly string[];
}

const contract: Category = {
  args: Infinity,
  topics: Infinity,
  isCommand: false,
  depths: ["50", "200", "1000"],
};

const categories: Readonly<Record<string, Category>> = {
  "/v5/public/spot": { ...contract, args: 10 },
  "/v5/public/linear": contract,
  "/v5/public/inverse": contract,
  "/v5/public/option": { ...contract, topics: 2_000, isCommand: true, depths: ["25", "100"] },
  "/v5/public/spread": { ...contract, isCommand: true, depths: ["25"] },
};

/**
 * Texts of the API's error codes; how a public socket says it is not documented. It names no topic.
 * @see {@link https://bybit-exchange.github.io/docs/v5/error} read 2026-11-30
 */
const NOT_NOW = [
  ["10016", "Internal server error"],
  ["10000", "Server Timeout"],
] as const;

const ARGS_CHARS = 21_000;
/** A socket that has subscribed to nothing, and says nothing. */
const UNUSED_CUT_MS = 61_000;
/** Neither a ping nor data for this long. */
const IDLE_CUT_MS = 600_000;
/** Level 1 without a change. */
const REPEAT_MS = 3_000;

export const bybitDialect: Dialect = {
  id: "bybit",
  paths: Object.keys(categories),
  symbols: ["BTCUSDT", "ETHUSDT", "SOLUSDT"],
  numbering: "single",
  limits: {
    inbound: [],
    maxStreams: Infinity,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades":
        return { stream: `publicTrade.${event.instrument}` };
      case "quotes": {
        const numbers = { first: event.stamp, last: event.stamp, isContiguous: false };
        return { stream: `orderbook.1.${event.instrument}`, numbers };
      }
      case "book": {
        const numbers = { first: event.last, last: event.last, isContiguous: true };
        return { stream: `orderbook.50.${event.instrument}`, numbers };
      }
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => {
    const [pathname = ""] = path.split("?", 1);
    const category = categories[pathname];
    return category === undefined ? 404 : (desk) => new BybitTalk(desk, category);
  },
};

class BybitTalk implements Talk {
  readonly #desk: Desk;
  readonly #category: Category;
  readonly #connId: string;
  readonly #isSpot: boolean;
  #seq = 800_000_000_000;

  constructor(desk: Desk, category: Category) {
    this.#desk = desk;
    this.#category = category;
    this.#isSpot = Number.isFinite(category.args);
    this.#connId = `da7tmhs21nld3jk6lb70-${desk.sessionId}`;
    whenIdle(desk, "lastHeardAtMs", UNUSED_CUT_MS, () => {
      if (desk.topics.size === 0) desk.drop("idle");
      const saidMs = desk.nowMs - desk.lastSaidAtMs;
      const heardMs = desk.nowMs - desk.lastHeardAtMs;
      if (Math.min(saidMs, heardMs) < IDLE_CUT_MS) return;
      desk.violation("no ping for 10 minutes");
      desk.drop("no ping");
    });
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    if (!isObject(request)) {
      this.#answer({}, `Failed to decode incoming data:${frame}`);
      return;
    }
    const { op, args, req_id: id = "" } = request;
    if (op === "ping") this.#pong(id);
    else if ((op === "subscribe" || op === "unsubscribe") && isListOfTexts(args)) {
      if (this.#category.isCommand) this.#command(op, args);
      else this.#request(op, args, request);
    } else this.#answer(request, "error:invalid op");
  }

  tell(event: MarketEvent, topic: string): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [push(topic, "snapshot", event.atMs, [this.#writeTrade(event)])];
      case "quotes": {
        const frame = this.#writeQuote(event, topic);
        if (topic.startsWith("orderbook.")) this.#repeatLater(topic, frame);
        return [frame];
      }
      case "book": {
        // Numbered anew: the venue sends all of it.
        const book = event.restarts ? this.#desk.market.book(event.instrument) : undefined;
        const type = book === undefined ? "delta" : "snapshot";
        return [this.#writeBook(topic, type, event.atMs, event.instrument, book ?? event)];
      }
      case "slow-book":
        return [];
    }
  }

  /** All of it, or nothing. */
  #request(op: "subscribe" | "unsubscribe", args: readonly string[], request: JsonObject): void {
    if (op === "unsubscribe") {
      for (const topic of args) this.#release(topic);
      this.#answer(request);
      return;
    }
    const refusal = this.#desk.refusalOf("subscriptions");
    const problem =
      refusal === undefined ? this.#problemOf(args) : notNow(NOT_NOW, refusal.code).text;
    if (problem !== undefined) {
      this.#answer(request, problem);
      return;
    }
    for (const topic of args) this.#desk.hold(topic, this.#subjectOf(topic));
    this.#answer(request);
    for (const topic of args) this.#begin(topic);
  }

  /** Each topic by itself. */
  #command(op: "subscribe" | "unsubscribe", args: readonly string[]): void {
    const refusal = op === "subscribe" ? this.#desk.refusalOf("subscriptions") : undefined;
    const successTopics = args.filter(
      (topic) => op === "unsubscribe" || (refusal === undefined && this.#takes([topic])),
    );
    for (const topic of successTopics) {
      if (op === "subscribe") this.#desk.hold(topic, this.#subjectOf(topic));
      else this.#release(topic);
    }
    const failTopics = args.filter((topic) => !successTopics.includes(topic));
    const data = { failTopics, successTopics };
    this.#say({ success: true, conn_id: this.#connId, data, type: "COMMAND_RESP" });
    if (op === "subscribe") for (const topic of successTopics) this.#begin(topic);
  }

  #takes(args: readonly string[]): boolean {
    return this.#problemOf(args) === undefined;
  }

  /** Why a request is refused, in the venue's words. */
  #problemOf(args: readonly string[]): string | undefined {
    const broken = this.#broken(args);
    if (broken !== undefined) {
      this.#desk.violation(broken.rule);
      return broken.reason;
    }
    for (const topic of args) {
      if (this.#desk.topics.has(topic)) return `error:already subscribed,topic:${topic}`;
      if (this.#feedOf(topic) === "unknown") return `error:handler not found,topic:${topic}`;
      if (this.#subjectOf(topic) !== undefined) continue;
      return this.#isSpot ? `Invalid symbol :[${topic}]` : `error:handler not found,topic:${topic}`;
    }
    return undefined;
  }

  /** Which limit a request would break. */
  #broken(args: readonly string[]): { readonly rule: string; readonly reason: string } | undefined {
    const { args: perRequest, topics: perConnection } = this.#category;
    const all = new Set([...this.#desk.topics.keys(), ...args]);
    if (args.length > perRequest) {
      return { rule: "args per request", reason: `args size >${perRequest}` };
    }
    if (all.size > Math.min(perConnection, this.#desk.limits.maxStreams)) {
      return { rule: "topics per connection", reason: "args size exceeded" };
    }
    if ([...all].join("").length > ARGS_CHARS) {
      return { rule: "characters per connection", reason: "args length exceeded" };
    }
    return undefined;
  }

  #subjectOf(topic: string): Subject | undefined {
    const feed = this.#feedOf(topic);
    const instrument = topic.slice(topic.lastIndexOf(".") + 1);
    return feed !== "unknown" && this.#desk.market.knows(instrument)
      ? { feed, instrument }
      : undefined;
  }

  #feedOf(topic: string): Feed | "unknown" {
    const [channel = "", depth = ""] = topic.split(".");
    if (channel === "publicTrade") return "trades";
    if (channel === "tickers") return "quotes";
    if (channel !== "orderbook") return "unknown";
    if (depth === "1" && !this.#category.isCommand) return "quotes";
    return this.#category.depths.includes(depth) ? "book" : "unknown";
  }

  /** A book comes whole at once, and so does a ticker. */
  #begin(topic: string): void {
    if (this.#desk.isMute(topic)) return;
    const { market, nowMs, topics } = this.#desk;
    const { feed, instrument = "" } = topics.get(topic) ?? {};
    // Of trades nothing is told again, but by a fault.
    const past = feed === "trades" ? this.#desk.pastTrades(topic, instrument, 0) : [];
    if (past.length > 0) {
      const rows = past.map((trade) => this.#writeTrade(trade));
      this.#desk.say(push(topic, "snapshot", nowMs, rows));
    }
    const [book, quote] = [market.book(instrument), market.quote(instrument, nowMs)];
    if (feed === "book" && book !== undefined) {
      this.#desk.say(this.#writeBook(topic, "snapshot", nowMs, instrument, book));
    } else if (feed === "quotes" && quote !== undefined) {
      const frame = this.#writeQuote(quote, topic);
      this.#desk.say(frame);
      if (topic.startsWith("orderbook.")) this.#repeatLater(topic, frame);
    }
  }

  #release(topic: string): void {
    this.#desk.release(topic);
    this.#desk.cancel(`repeat ${topic}`);
  }

  /** The same level 1 under the same number. */
  #repeatLater(topic: string, frame: string): void {
    this.#desk.after(`repeat ${topic}`, REPEAT_MS, () => {
      if (this.#desk.topics.get(topic) === undefined) return; // it was lost
      if (!this.#desk.isPaused) this.#desk.say(frame);
      this.#repeatLater(topic, frame);
    });
  }

  #writeBook(
    topic: string,
    type: "snapshot" | "delta",
    atMs: number,
    instrument: string,
    book: BookView | BookChange,
  ): string {
    const u = "position" in book ? book.position : book.last;
    const [b, a] = [writeLevels(book.bids), writeLevels(book.asks)];
    return push(topic, type, atMs, { s: instrument, b, a, u, seq: this.#nextSeq() }, atMs);
  }

  /** Level 1 is all of it each time; its number is the time here, as it need only grow. */
  #writeQuote({ instrument, atMs, stamp, bid, ask, lastPrice }: Quote, topic: string): string {
    if (topic.startsWith("orderbook.")) {
      const [b, a] = [writeLevels([bid]), writeLevels([ask])];
      const data = { s: instrument, b, a, u: stamp, seq: this.#nextSeq() };
      return push(topic, "snapshot", atMs, data, atMs);
    }
    const data = {
      symbol: instrument,
      lastPrice: showPrice(lastPrice, 2),
      bid1Price: showPrice(bid[0], 2),
      bid1Size: showQuantity(bid[1]),
      ask1Price: showPrice(ask[0], 2),
      ask1Size: showQuantity(ask[1]),
    };
    return JSON.stringify({ topic, type: "snapshot", data, cs: this.#nextSeq(), ts: atMs });
  }

  #writeTrade({ id, atMs, instrument, price, quantity, taker }: Trade): object {
    return {
      T: atMs,
      s: instrument,
      S: taker === "buyer" ? "Buy" : "Sell",
      v: showQuantity(quantity),
      p: showPrice(price, 2),
      L: "PlusTick",
      i: `20f43950-d8dd-5b31-9112-${String(id).padStart(12, "0")}`,
      BT: false,
      seq: this.#nextSeq(),
    };
  }

  /** The engine's own: it grows, and skips. */
  #nextSeq(): number {
    this.#seq += 7;
    return this.#seq;
  }

  #pong(id: unknown): void {
    if (this.#category.isCommand) {
      this.#say({ args: [String(this.#desk.nowMs)], op: "pong" });
      return;
    }
    this.#say({ success: true, ret_msg: "pong", conn_id: this.#connId, req_id: id, op: "ping" });
  }

  /** Success is silent, but for spot; a refusal says what is wrong. */
  #answer({ op = "", req_id: id = "" }: JsonObject, problem?: string): void {
    const done = this.#isSpot ? op : "";
    this.#say({
      success: problem === undefined,
      ret_msg: problem ?? done,
      conn_id: this.#connId,
      req_id: id,
      op,
    });
  }

  #say(frame: object): void {
    this.#desk.say(JSON.stringify(frame));
  }
}

function push(topic: string, type: string, ts: number, data: object, cts?: number): string {
  return JSON.stringify({ topic, type, ts, data, cts });
}

function writeLevels(levels: readonly Level[]): readonly [price: string, size: string][] {
  return levels.map(([price, quantity]) => [
    showPrice(price, 2),
    quantity === 0 ? "0" : showQuantity(quantity),
  ]);
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
