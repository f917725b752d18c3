/**
 * Hyperliquid, as its server speaks: one subscription a frame, answered with its defaults filled in;
 * whole books by the clock, changed or not; and nothing but the end of the socket for an unknown coin.
 *
 * Facts: venues.md §3.9, read 2026-11-22, and the probe it stands on (arbitrage-observatory, 2026-09-24).
 * Whether frames behind a deadly one are still answered is not known: here they are not. How too many
 * subscriptions or messages are punished is not known either: here they are counted, and taken.
 */
import type { Desk, Dialect, Said, Talk } from "../dialect.ts";
import { whenIdle } from "../idle.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { notNow } from "../not-now.ts";
import {
  showPrice,
  showQuantity,
  type Feed,
  type Level,
  type MarketEvent,
  type Quote,
  type Trade,
} from "../market-event.ts";

/** What is told on each type that takes a coin; undefined for what is told by the clock, or not here. */
const ofCoin: ReadonlyMap<string, Feed | undefined> = new Map([
  ["l2Book", undefined],
  ["trades", "trades"],
  ["bbo", "quotes"],
  ["activeAssetCtx", undefined],
  ["candle", undefined],
]);
const ofAll = new Set(["allMids", "allDexsAssetCtxs", "fastAssetCtxs"]);

/** No words for this are documented or known; an error repeats what was asked. [venues.md §3.9] */
const NOT_NOW = [["", "Internal error, please try again later"]] as const;

const DIES_AFTER_MS = 100;
const IDLE_CUT_MS = 60_000;
/** Of books, and of those that are `fast`: how often, and how deep. */
const SLOW = { everyMs: 5_400, levels: 20 };
const FAST = { everyMs: 540, levels: 5 };
/** How old the trades of the first message may be. */
const REPLAYED_MS = 20_000;

export const hyperliquidDialect: Dialect = {
  id: "hyperliquid",
  paths: ["/ws"],
  symbols: ["BTC", "ETH", "SOL"],
  numbering: "range",
  limits: {
    inbound: [{ frames: 2_000, perMs: 60_000, countsControlFrames: false }],
    maxConnections: 10,
    maxStreams: 1_000,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades":
        return { stream: `trades:${event.instrument}` };
      case "quotes": {
        const numbers = { first: event.stamp, last: event.stamp, isContiguous: false };
        return { stream: `bbo:${event.instrument}`, numbers };
      }
      case "book":
        return { stream: `l2Book:${event.instrument}` };
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/ws\/?(\?|$)/.test(path) ? (desk) => new HyperliquidTalk(desk) : 404),
};

class HyperliquidTalk implements Talk {
  readonly #desk: Desk;
  /** Books by their topics. */
  readonly #books = new Map<string, { readonly coin: string; readonly isFast: boolean }>();
  #isDying = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    whenIdle(desk, "lastSaidAtMs", IDLE_CUT_MS, () => {
      desk.violation("nothing to say for 60 s");
      desk.drop("idle");
    });
    this.#push(true);
    this.#push(false);
  }

  hear(frame: string): void {
    if (this.#isDying) return;
    const request = parseJson(frame);
    const { method, subscription } = isObject(request) ? request : ({} as JsonObject);
    if (method === "ping") this.#say({ channel: "pong" });
    else if ((method === "subscribe" || method === "unsubscribe") && isWellFormed(subscription)) {
      this.#serve(method, subscription);
    } else this.#fail(`Error parsing JSON into valid websocket request: ${frame}`);
  }

  tell(event: MarketEvent): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [JSON.stringify({ channel: "trades", data: [writeTrade(event)] })];
      case "quotes":
        return [JSON.stringify({ channel: "bbo", data: writeQuote(event) })];
      case "book":
      case "slow-book":
        return [];
    }
  }

  #serve(method: "subscribe" | "unsubscribe", given: Subscription): void {
    const desk = this.#desk;
    const { coin } = given;
    if (coin !== undefined && !(desk.market.knows(coin) && isDigestible(given))) {
      this.#die();
      return;
    }
    const subscription = withDefaults(given);
    const topic = topicOf(subscription);
    const isHeld = desk.topics.has(topic);
    if (isHeld === (method === "subscribe")) {
      this.#fail(`Already ${method}d: ${JSON.stringify(subscription)}`);
      return;
    }
    const refusal = method === "subscribe" ? desk.refusalOf("subscriptions") : undefined;
    if (refusal !== undefined) {
      const { text } = notNow(NOT_NOW, refusal.code);
      this.#fail(`${text}: ${JSON.stringify(subscription)}`);
      return;
    }
    this.#say({ channel: "subscriptionResponse", data: { method, subscription } });
    if (method === "unsubscribe") {
      desk.release(topic);
      this.#books.delete(topic);
      return;
    }
    if (desk.topics.size >= desk.limits.maxStreams) desk.violation("topics per connection");
    const feed = ofCoin.get(subscription.type);
    desk.hold(
      topic,
      feed === undefined || coin === undefined ? undefined : { feed, instrument: coin },
    );
    if (coin !== undefined) this.#begin(subscription, coin, topic);
  }

  /** A book comes at once and then by the clock; trades begin with those just past. */
  #begin({ type, fast }: Subscription, coin: string, topic: string): void {
    const { market, nowMs } = this.#desk;
    if (type === "l2Book") {
      this.#books.set(topic, { coin, isFast: fast === true });
      if (!this.#desk.isMute(topic)) this.#sayBook(coin, fast === true);
    }
    if (type !== "trades") return;
    const recent = market.trades(coin).filter(({ atMs }) => nowMs - atMs <= REPLAYED_MS);
    const past = this.#desk.pastTrades(topic, coin, recent.length);
    if (past.length > 0) this.#say({ channel: "trades", data: past.map(writeTrade) });
  }

  /** One clock for all books. */
  #push(isFast: boolean): void {
    const { everyMs } = isFast ? FAST : SLOW;
    this.#desk.after(isFast ? "fast books" : "books", everyMs, () => {
      if (!this.#desk.isPaused) {
        for (const [topic, book] of this.#books) {
          if (book.isFast === isFast && !this.#desk.isMute(topic)) this.#sayBook(book.coin, isFast);
        }
      }
      this.#push(isFast);
    });
  }

  #sayBook(coin: string, isFast: boolean): void {
    const book = this.#desk.market.book(coin);
    if (book === undefined) return;
    const depth = isFast ? FAST.levels : SLOW.levels;
    const levels = [book.bids, book.asks].map((side) => side.slice(0, depth).map(writeLevel));
    const time = this.#desk.market.stamp(this.#desk.nowMs);
    this.#say({ channel: "l2Book", data: { coin, time, levels } });
  }

  /** Without a word, and with all that is on it. */
  #die(): void {
    this.#isDying = true;
    this.#desk.after("death", DIES_AFTER_MS, () => this.#desk.drop("unknown coin"));
  }

  #fail(text: string): void {
    this.#say({ channel: "error", data: text });
  }

  #say(frame: object): void {
    this.#desk.say(JSON.stringify(frame));
  }
}

/** What of a subscription is looked at. */
interface Subscription {
  readonly type: string;
  readonly coin?: string | undefined;
  readonly interval?: unknown;
  readonly dex?: unknown;
  readonly nSigFigs?: unknown;
  readonly mantissa?: unknown;
  readonly fast?: unknown;
}

function isWellFormed(value: unknown): value is Subscription {
  if (!isObject(value)) return false;
  const { type, coin } = value;
  if (typeof type !== "string") return false;
  return ofAll.has(type) ? coin === undefined : ofCoin.has(type) && typeof coin === "string";
}

const FIGURES: readonly unknown[] = [null, 2, 3, 4, 5];
const MANTISSAS: readonly unknown[] = [null, 1, 2, 5];

/** What else is deadly. */
function isDigestible({ nSigFigs = null, mantissa = null }: Subscription): boolean {
  if (!FIGURES.includes(nSigFigs) || !MANTISSAS.includes(mantissa)) return false;
  return mantissa === null || nSigFigs === 5;
}

function withDefaults(given: Subscription): Subscription {
  if (given.type !== "l2Book") return given;
  const { type, coin, nSigFigs = null, mantissa = null, fast = false } = given;
  return { type, coin, nSigFigs, mantissa, fast };
}

/** As the profile writes it. */
function topicOf({ type, coin, interval, dex, nSigFigs, mantissa, fast }: Subscription): string {
  const options = Object.entries({ interval, dex, nSigFigs, mantissa, fast })
    .filter(([, value]) => value !== undefined && value !== null && value !== false)
    .map(([key, value]) => `${key}=${String(value)}`);
  const bare = coin === undefined ? type : `${type}:${coin}`;
  return options.length === 0 ? bare : `${bare}?${options.join("&")}`;
}

function writeLevel([price, quantity]: Level) {
  return { px: showPrice(price), sz: showQuantity(quantity), n: 1 };
}

function writeQuote({ instrument, stamp, bid, ask }: Quote): object {
  return { coin: instrument, time: stamp, bbo: [writeLevel(bid), writeLevel(ask)] };
}

function writeTrade({ id, atMs, instrument, price, quantity, taker }: Trade): object {
  return {
    coin: instrument,
    side: taker === "buyer" ? "B" : "A",
    px: showPrice(price),
    sz: showQuantity(quantity),
    time: Math.floor(atMs),
    hash: `0x${id.toString(16).padStart(64, "0")}`,
    // It identifies, and has no order: neighbours are far apart.
    tid: (id * 618_033_988_749) % 2 ** 50,
    users: [address(1), address(2)],
  };
}

function address(number: number): string {
  return `0x${number.toString(16).padStart(40, "0")}`;
}
