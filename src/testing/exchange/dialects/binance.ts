/**
 * Binance's public streams, as the server speaks them: what spot, USD-M and COIN-M have in common.
 *
 * @see {@link https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md}
 *   paths, requests, error texts; read 2026-11-22 (venues.md §3.1, §3.2)
 */
import type { Desk, Dialect, HttpAnswer, HttpRequest, Subject, Talk } from "../dialect.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { notNow } from "../not-now.ts";
import type { BookChange, BookView, Level, MarketEvent, MarketView } from "../market-event.ts";

/** In what one of Binance's markets differs from the others. */
export interface BinanceFlavour extends Omit<Dialect, "enter" | "serve"> {
  /** The prefixes of its paths, each with the streams that are served below it; all others stay silent. */
  readonly routes: Readonly<Record<string, (stream: string) => boolean>>;
  /** The payload of an event on `stream`. */
  payload(event: MarketEvent, stream: string, market: MarketView): object;
  /** Where the depth snapshot is, over HTTP. */
  readonly depthPath: string;
  snapshot(book: BookView, nowMs: number): object;
  /** What it says before it goes away; undefined when it says nothing. */
  readonly shutdownEvent?: string | undefined;
}

export function createBinance(flavour: BinanceFlavour): Dialect {
  return {
    ...flavour,
    enter: (path, limits) => {
      for (const [prefix, serves] of Object.entries(flavour.routes)) {
        const entrance = path.startsWith(prefix)
          ? parseEntrance(path.slice(prefix.length))
          : undefined;
        if (entrance === undefined) continue;
        if (entrance.streams.length > limits.maxStreams) return 400;
        return (desk) => new BinanceTalk(desk, flavour, entrance, serves);
      }
      return 404;
    },
    serve: (request, market, nowMs) => serveDepth(flavour, request, market, nowMs),
  };
}

class BinanceTalk implements Talk {
  readonly #desk: Desk;
  readonly #flavour: BinanceFlavour;
  readonly #serves: (stream: string) => boolean;
  #isCombined: boolean;
  /** Streams that the request under way has subscribed. */
  readonly #begun: string[] = [];

  constructor(
    desk: Desk,
    flavour: BinanceFlavour,
    { streams, isCombined }: Entrance,
    serves: (stream: string) => boolean,
  ) {
    this.#desk = desk;
    this.#flavour = flavour;
    this.#serves = serves;
    this.#isCombined = isCombined;
    for (const stream of streams) this.#hold(stream);
  }

  hear(frame: string): void {
    this.#desk.say(this.#answer(frame));
    for (const stream of this.#begun.splice(0)) this.#begin(stream);
  }

  tell(event: MarketEvent, stream: string): readonly string[] {
    const payload = JSON.stringify(this.#flavour.payload(event, stream, this.#desk.market));
    return [this.#isCombined ? wrap(stream, payload) : payload];
  }

  exceeded(): void {
    this.#desk.close(1008, "Too many requests"); // observed: venues.md §3.1
  }

  announce(notice: string): void {
    const { shutdownEvent } = this.#flavour;
    if (notice !== "shutdown" || shutdownEvent === undefined) return;
    const payload = JSON.stringify({ e: shutdownEvent, E: Math.floor(this.#desk.nowMs) });
    this.#desk.say(this.#isCombined ? wrap(`!${shutdownEvent}`, payload) : payload);
  }

  /** Serves one request and gives the frame to answer with. */
  #answer(frame: string): string {
    const request = parseJson(frame);
    if (!isObject(request) || Array.isArray(request)) {
      return JSON.stringify({ code: 3, msg: "Invalid JSON: expected value at line 1 column 1" });
    }
    const id = parseId(request["id"]);
    const outcome =
      id === undefined
        ? invalid("request ID must be an unsigned integer")
        : this.#serve(request, frame.length);
    return JSON.stringify(id === undefined ? outcome : { ...outcome, id });
  }

  #serve(request: JsonObject, column: number): Outcome {
    const method = request["method"];
    const params = request["params"] ?? [];
    if (method === undefined) return invalid(`missing field \`method\` at line 1 column ${column}`);
    if (!isString(method)) return invalid("method must be a string");
    if (!Array.isArray(params)) return invalid("params must be an array");
    switch (method) {
      case "SUBSCRIBE":
        if (!params.every(isString)) return invalid("stream name must be a string");
        return this.#subscribe(params);
      case "UNSUBSCRIBE":
        if (!params.every(isString)) return invalid("stream name must be a string");
        for (const stream of params) this.#desk.release(stream);
        return { result: null };
      case "LIST_SUBSCRIPTIONS":
        return params.length > 0
          ? invalid("too many parameters")
          : { result: [...this.#desk.topics.keys()] };
      case "SET_PROPERTY": {
        const refusal = refuseProperty(params, 2);
        if (refusal !== undefined) return refusal;
        const value: unknown = params[1];
        if (typeof value !== "boolean") {
          return { code: 1, msg: "Invalid value type: expected Boolean" };
        }
        this.#isCombined = value;
        return { result: null };
      }
      case "GET_PROPERTY":
        return refuseProperty(params, 1) ?? { result: this.#isCombined };
    }
    const known = METHODS.map((name) => `\`${name}\``).join(", ");
    return invalid(`unknown variant \`${method}\`, expected one of ${known} at line 1 column 1`);
  }

  /** An unknown stream is acknowledged like any other, and nothing comes of it. */
  #subscribe(streams: readonly string[]): Outcome {
    const { topics, limits } = this.#desk;
    if (new Set([...topics.keys(), ...streams]).size > limits.maxStreams) {
      this.#desk.violation("topics per connection");
      return invalid("too many subscriptions");
    }
    const refusal = this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      const { code, text } = notNow(NOT_NOW, refusal.code);
      return { code: Number(code), msg: text };
    }
    this.#begun.push(...streams.filter((stream) => !topics.has(stream)));
    for (const stream of streams) this.#hold(stream);
    return { result: null };
  }

  /** The past is told of no stream, but by a fault. */
  #begin(stream: string): void {
    const { feed, instrument = "" } = this.#desk.topics.get(stream) ?? {};
    if (feed !== "trades") return;
    for (const trade of this.#desk.pastTrades(stream, instrument, 0)) {
      for (const frame of this.tell(trade, stream)) this.#desk.say(frame);
    }
  }

  #hold(stream: string): void {
    this.#desk.hold(stream, this.#serves(stream) ? subjectOf(stream) : undefined);
  }
}

/** What a stream is about; undefined for one that is never told. */
function subjectOf(stream: string): Subject | undefined {
  const [symbol = "", kind = "", speed] = stream.split("@");
  if (symbol !== symbol.toLowerCase()) return undefined; // acknowledged, and silent for ever
  const instrument = symbol.toUpperCase();
  if (kind === "trade" || kind === "aggTrade") return { feed: "trades", instrument };
  if (kind === "bookTicker") return { feed: "quotes", instrument };
  if (!/^depth(5|10|20)?$/.test(kind)) return undefined;
  const isFast = speed === "100ms" || speed === "0ms";
  return { feed: isFast ? "book" : "slow-book", instrument };
}

/** `GET <depthPath>?symbol=BTCUSDT&limit=1000`. */
function serveDepth(
  flavour: BinanceFlavour,
  { method, path }: HttpRequest,
  market: MarketView,
  nowMs: number,
): HttpAnswer | undefined {
  const [pathname, query] = path.split("?", 2);
  if (method !== "GET" || pathname !== flavour.depthPath) return undefined;
  const book = market.liveBook(new URLSearchParams(query).get("symbol") ?? "");
  return book === undefined
    ? { status: 400, body: JSON.stringify({ code: -1121, msg: "Invalid symbol." }) }
    : { status: 200, body: JSON.stringify(flavour.snapshot(book, nowMs)) };
}

/** The best levels of both sides, on a partial depth stream such as `btcusdt@depth5`; else undefined. */
export function topOf(event: BookChange, stream: string, market: MarketView): BookView | undefined {
  const depth = /@depth(\d+)/.exec(stream)?.[1];
  const book = depth === undefined ? undefined : market.book(event.instrument);
  if (depth === undefined || book === undefined) return undefined;
  const { position, bids, asks } = book;
  return { position, bids: bids.slice(0, Number(depth)), asks: asks.slice(0, Number(depth)) };
}

/** How levels are written in payloads. */
export function writeLevels(
  levels: readonly Level[],
  price: (price: number) => string,
  quantity: (quantity: number) => string,
): [string, string][] {
  return levels.map((level) => [price(level[0]), quantity(level[1])]);
}

/** Where a client came in. */
interface Entrance {
  /** Streams named in the URL; they get no acknowledgement. */
  readonly streams: readonly string[];
  readonly isCombined: boolean;
}

/**
 * `/ws`, `/ws/<stream>/<stream>`, `/stream` and `/stream?streams=<stream>/<stream>`; undefined for
 * any other path.
 */
function parseEntrance(path: string): Entrance | undefined {
  const [pathname = "", query = ""] = path.split("?", 2);
  if (pathname === "/ws" || pathname.startsWith("/ws/")) {
    return { streams: splitStreams(decode(pathname.slice("/ws/".length))), isCombined: false };
  }
  if (pathname === "/stream" || pathname === "/stream/") {
    const streams = new URLSearchParams(query).get("streams") ?? "";
    return { streams: splitStreams(streams), isCombined: true };
  }
  return undefined;
}

/** A combined event carries its stream's name. */
function wrap(stream: string, payload: string): string {
  return `{"stream":"${stream}","data":${payload}}`;
}

/**
 * Documented for the APIs, and not for streams, whose errors of this kind are not known.
 * @see {@link https://developers.binance.com/docs/margin_trading/error-code} read 2026-11-30
 */
const NOT_NOW = [
  [
    "-1008",
    "Spot server is currently overloaded with other requests. Please try again in a few minutes.",
  ],
  ["-1001", "Internal error; unable to process your request. Please try again."],
] as const;

type RequestId = number | string | null;
type Outcome = { readonly result: unknown } | { readonly code: number; readonly msg: string };

const METHODS = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"];

/** `combined` is the only property there is. */
function refuseProperty(params: readonly unknown[], most: number): Outcome | undefined {
  const [name] = params;
  if (typeof name !== "string") return invalid("property name must be a string");
  if (params.length > most) return invalid("too many parameters");
  return name === "combined" ? undefined : { code: 0, msg: "Unknown property" };
}

function invalid(why: string): Outcome {
  return { code: 2, msg: `Invalid request: ${why}` };
}

/** An integer, a short word or null; undefined when it is none of these. */
function parseId(id: unknown): RequestId | undefined {
  if (id === null || (typeof id === "number" && Number.isInteger(id))) return id;
  return typeof id === "string" && /^[A-Za-z0-9]{1,36}$/.test(id) ? id : undefined;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function splitStreams(list: string): readonly string[] {
  return [...new Set(list.split("/").filter((stream) => stream !== ""))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
