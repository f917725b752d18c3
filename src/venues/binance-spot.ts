/**
 * Binance spot, public market data.
 *
 * Combined streams are used (`/stream`), so every message names its stream. Sources, read 2026-11-22:
 * [docs] binance/binance-spot-api-docs@a5e0bc3 `web-socket-streams.md` (2026-07-21), [rest]
 * `rest-api.md` of the same; [rec] recorded traffic of 2024-08-08 (`recordings/README.md`); [issues]
 * binance-connector-js#530, -go#90.
 */
import { bridgeRange } from "../sequence/bridge.ts";
import {
  binanceLimits,
  binanceSources,
  createBinance,
  growing,
  type BinanceNumbers,
  type BinanceOptions,
} from "./binance-common.ts";
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

/** Trades of one taker at one price; `a` counts by one per symbol. [docs] */
export interface BinanceAggregateTrade {
  readonly e: "aggTrade";
  readonly E: number;
  readonly s: string;
  readonly a: number;
  readonly p: string;
  readonly q: string;
  readonly f: number;
  readonly l: number;
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

/** The best levels of a book, whole each time (`depth5`, `depth10`, `depth20`). [docs] */
export interface BinancePartialDepth {
  readonly e?: undefined;
  readonly lastUpdateId: number;
  readonly bids: readonly (readonly [price: string, quantity: string])[];
  readonly asks: readonly (readonly [price: string, quantity: string])[];
}

/** What `GET /api/v3/depth` answers. [rest] */
export type BinanceDepthSnapshot = BinancePartialDepth;

/**
 * A frame of a combined stream, as it comes. Streams without a type here (klines, tickers, ...) are
 * delivered as they are, unjudged.
 */
export interface BinanceStreamMessage {
  readonly stream: string;
  readonly data:
    | BinanceTrade
    | BinanceAggregateTrade
    | BinanceDepthUpdate
    | BinanceBookTicker
    | BinancePartialDepth;
}

export interface BinanceSpotOptions extends BinanceOptions {
  /**
   * Scheme, host and port. `wss://data-stream.binance.vision` serves market data only.
   * @defaultValue "wss://stream.binance.com:9443"
   */
  readonly endpoint?: string | undefined;
  /**
   * Where book snapshots are fetched after a gap: scheme, host and port.
   * @defaultValue "https://api.binance.com"; with another `endpoint` none, and gaps are only reported
   */
  readonly restEndpoint?: string | undefined;
}

/** Best known: 5,000 levels a side, for 250 of the 6,000 weight that an address has a minute. [rest] */
const SNAPSHOT_LIMIT = 5_000;

/** The profile of Binance spot. */
export function binanceSpot(options: BinanceSpotOptions = {}): VenueProfile<BinanceStreamMessage> {
  const { endpoint, restEndpoint, fetch } = options;
  return createBinance<BinanceStreamMessage>({
    id: "binance-spot",
    sources: binanceSources,
    endpoint: endpoint ?? "wss://stream.binance.com:9443",
    path: "/stream",
    service: "default",
    services: ["default"],
    rest: restEndpoint ?? (endpoint === undefined ? "https://api.binance.com" : undefined),
    restPath: "/api/v3/depth",
    snapshotLimit: SNAPSHOT_LIMIT,
    fetch,
    // 5 inbound messages a second, PING and PONG counted, else close 1008 "Too many requests"
    // [docs, issues]. Two of the five are kept for our ping and pong.
    limits: { ...binanceLimits, pacing: [{ frames: 3, perMs: 1_100 }], topicsPerConnection: 1_024 },
    // The server pings every 20 s and cuts after 60 s without a pong [docs]: 20 s of silence is odd.
    heartbeat: { intervalMs: 25_000, timeoutMs: 5_000 },
    numbersOf,
    // `u <= lastUpdateId` is in it; the first to follow has `U <= lastUpdateId + 1 <= u`. [docs]
    bridge: bridgeRange,
  });
}

/** The number rule of each stream. What is not numbered, or not known, is delivered unjudged. */
function numbersOf({ stream, data }: BinanceStreamMessage): BinanceNumbers | undefined {
  switch (data.e) {
    case "trade":
      return { first: data.t, last: data.t };
    case "aggTrade":
      return { first: data.a, last: data.a };
    case "depthUpdate":
      return { first: data.U, last: data.u };
    case undefined:
      return "u" in data && stream.endsWith("@bookTicker") ? growing(data.u) : undefined;
  }
}
