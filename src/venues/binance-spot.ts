/**
 * Binance spot, public market data: trades, depth, book ticker.
 *
 * Combined streams are used (`/stream`), so every message names its stream. Sources, read 2026-11-22:
 * [docs] binance/binance-spot-api-docs@a5e0bc3 `web-socket-streams.md` (2026-07-21); [rec] recorded
 * traffic of 2024-08-08 (`recordings/README.md`); [issues] binance-connector-js#530, -go#90.
 */
import type { SequencePoint } from "../sequence/point.ts";
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import type { VenueProfile } from "./venue.ts";

/** A trade; `t` counts by one per symbol. [docs] */
export interface BinanceTrade {
  readonly e: "trade";
  readonly E: number;
  readonly s: string;
  readonly t: number;
  /** Price and quantity are decimal strings. */
  readonly p: string;
  readonly q: string;
  readonly T: number;
  readonly m: boolean;
}

/** A change of the book; the next one's `U` is this one's `u + 1`. [docs, rec: 3,450 of 3,450] */
export interface BinanceDepthUpdate {
  readonly e: "depthUpdate";
  readonly E: number;
  readonly s: string;
  readonly U: number;
  readonly u: number;
  readonly b: readonly (readonly [price: string, quantity: string])[];
  readonly a: readonly (readonly [price: string, quantity: string])[];
}

/** Best bid and ask; `u` grows and jumps freely. [docs, rec] */
export interface BinanceBookTicker {
  readonly e?: undefined;
  readonly u: number;
  readonly s: string;
  readonly b: string;
  readonly B: string;
  readonly a: string;
  readonly A: string;
}

/**
 * A frame of a combined stream, as it comes. Streams without a type here (klines, tickers, ...) are
 * delivered as they are, unjudged.
 */
export interface BinanceStreamMessage {
  readonly stream: string;
  readonly data: BinanceTrade | BinanceDepthUpdate | BinanceBookTicker;
}

/** An answer to a request, in the documented shape or the nested one seen in the field. [docs, issues] */
interface BinanceAnswer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly code?: unknown;
  readonly msg?: unknown;
  readonly error?: { readonly code?: unknown; readonly msg?: unknown };
}

export interface BinanceSpotOptions {
  /**
   * Scheme, host and port. `wss://data-stream.binance.vision` serves market data only.
   * @defaultValue "wss://stream.binance.com:9443"
   */
  readonly endpoint?: string | undefined;
}

// `<symbol>@<stream>`: symbols are lower case in stream names [docs]. An upper-case one would be
// acknowledged and then stay silent for ever.
const STREAM = /^[a-z0-9]+@[A-Za-z0-9_@+:-]+$|^![A-Za-z0-9_@]+$/;

/** The profile of Binance spot. */
export function binanceSpot(options: BinanceSpotOptions = {}): VenueProfile<BinanceStreamMessage> {
  const endpoint = (options.endpoint ?? "wss://stream.binance.com:9443").replace(/\/+$/, "");
  return {
    id: "binance-spot",
    url: `${endpoint}/stream`,
    limits: {
      // 5 inbound messages a second, PING and PONG counted, else close 1008 "Too many requests"
      // [docs, issues]. Two of the five are kept for our ping and pong; the window is stretched by a
      // tenth because the venue counts on arrival.
      pacing: [{ frames: 3, perMs: 1_100 }],
      countsControlFrames: true,
      topicsPerConnection: 1_024, // [docs]
    },
    // The server pings every 20 s and cuts after 60 s without a pong [docs]: 20 s of silence is odd.
    heartbeat: { intervalMs: 25_000, timeoutMs: 5_000 },
    verdict: [
      {
        // Public data has no credentials: 403 is the web firewall's, and it passes. [docs rest-api.md]
        name: "binance-waf",
        when: { class: "http-refusal", status: 403 },
        ruling: { action: "slow", floorMs: 60_000, alerts: true },
      },
      {
        // The message limit was exceeded; those who go on are banned by IP. [docs, issues]
        name: "binance-too-many-requests",
        when: { class: "closed-by-peer", closeCode: 1008 },
        ruling: { action: "slow", floorMs: 10_000, alerts: true },
      },
    ],
    subscriptions: {
      topicsPerFrame: 100,
      subscribe: (topics, id) => ({ method: "SUBSCRIBE", params: topics, id }),
      unsubscribe: (topics, id) => ({ method: "UNSUBSCRIBE", params: topics, id }),
      acknowledge,
    },
    decode,
    sequence,
    checkTopic: (topic) =>
      STREAM.test(topic)
        ? undefined
        : "a Binance stream name with its symbol in lower case, such as btcusdt@trade",
  };
}

function decode(data: Buffer): BinanceStreamMessage {
  const message: unknown = JSON.parse(data.toString("utf8"));
  if (typeof message === "object" && message !== null) {
    if ("stream" in message && "data" in message) return message as BinanceStreamMessage;
    // An answer; `acknowledge` takes it from here.
    if ("result" in message || "error" in message || "code" in message) {
      return message as unknown as BinanceStreamMessage;
    }
  }
  throw new Error("neither a message of a combined stream nor an answer to a request");
}

/** One answer per request: `{"result":null,"id":1}`. Errors may come without an id. [docs] */
function acknowledge(message: BinanceStreamMessage): Acknowledgement | undefined {
  if ("stream" in message) return undefined;
  const answer: BinanceAnswer = message;
  const { id } = answer;
  const failure = answer.error ?? (answer.code === undefined ? undefined : answer);
  if (typeof id !== "number") return { unmatched: true };
  if (failure === undefined) return { id };
  return { id, error: `${String(failure.code)}: ${String(failure.msg)}` };
}

/** The number rule of each stream. What is not numbered, or not known, is delivered unjudged. */
function sequence({ stream, data }: BinanceStreamMessage): SequencePoint | undefined {
  switch (data.e) {
    case "trade":
      return { stream, first: data.t, last: data.t, scope: "stream" };
    case "depthUpdate":
      return { stream, first: data.U, last: data.u, scope: "stream" };
    case undefined:
      return stream.endsWith("@bookTicker")
        ? { stream, first: data.u, last: data.u, scope: "stream", rule: "monotonic" }
        : undefined;
  }
}
