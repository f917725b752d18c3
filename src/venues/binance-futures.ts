/**
 * Binance futures: USD-M (`/public`: books and tickers of the best prices; `/market`: the rest) and
 * COIN-M (one endpoint), public market data.
 *
 * Sources, read 2026-11-22 (venues.md §3.2): [docs] developers.binance.com USD-M "Websocket Market
 * Streams" (routed URLs), [book] "How to manage a local order book correctly", [urls] announcement
 * "USDⓈ-M Futures WebSocket URL architecture" (2026-03-06), [ao] arbitrage-observatory's notes
 * (2026-07-26), [rec] recorded traffic of 2024-08-08 and 2021.
 */
import { bridgeLinked } from "../sequence/bridge.ts";
import { sequenceRules } from "../sequence/rule.ts";
import {
  binanceLimits,
  createBinance,
  growing,
  type BinanceNumbers,
  type BinanceOptions,
} from "./binance-common.ts";
import type {
  BinanceAggregateTrade,
  BinanceBookTicker,
  BinanceDepthUpdate,
  BinanceTrade,
} from "./binance-spot.ts";
import type { VenueProfile, VenueSource } from "./venue.ts";

/** A change of the book; its `pu` is the `u` of the one before. Numbers jump. [book, rec: 6,550 of 6,550] */
export interface BinanceFuturesDepthUpdate extends BinanceDepthUpdate {
  readonly T: number;
  readonly pu: number;
}

/** Best bid and ask. [docs] */
export interface BinanceFuturesBookTicker extends Omit<BinanceBookTicker, "e"> {
  readonly e: "bookTicker";
  readonly T: number;
  readonly E: number;
}

/** A frame of a combined stream. Streams without a type here are delivered as they are, unjudged. */
export interface BinanceFuturesMessage {
  readonly stream: string;
  readonly data:
    BinanceTrade | BinanceAggregateTrade | BinanceFuturesDepthUpdate | BinanceFuturesBookTicker;
}

export interface BinanceFuturesOptions extends BinanceOptions {
  /** Scheme, host and port. @defaultValue the venue's */
  readonly endpoint?: string | undefined;
  /** Where book snapshots are fetched after a gap. @defaultValue the venue's; none with another `endpoint` */
  readonly restEndpoint?: string | undefined;
}

export interface BinanceUsdmOptions extends BinanceFuturesOptions {
  /** @defaultValue "public": books, best prices, trades */
  readonly service?: "public" | "market" | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "developers.binance.com USD-M Websocket Market Streams",
    readOn: "2026-11-22",
  },
  {
    tag: "book",
    what: "developers.binance.com How to manage a local order book correctly",
    readOn: "2026-11-22",
  },
  { tag: "urls", what: "Binance announcement of routed URLs (2026-03-06)", readOn: "2026-11-22" },
  { tag: "ao", what: "arbitrage-observatory, Binance notes (2026-07-26)", readOn: "2026-11-22" },
  { tag: "rec", what: "recorded traffic of 2024-08-08 and of 2021", readOn: "2026-11-22" },
];

/** What `/public` serves; a stream asked for at the other endpoint is silent, not refused. [ao] */
const PUBLIC = /@(depth|rpiDepth|bookTicker|trade)|^!bookTicker/;

/** 10 inbound messages a second [docs]; two are kept for our ping and pong. */
const limits = {
  ...binanceLimits,
  pacing: [{ frames: 8, perMs: 1_100 }],
  topicsPerConnection: 200, // 1,024 by the newer page, 200 by the older: the safe one [docs]
} as const;

/** The server pings only every 3 minutes [docs]: a silent feed is probed long before. */
const heartbeat = { intervalMs: 25_000, timeoutMs: 5_000 } as const;

/** The profile of Binance USD-M futures. */
export function binanceUsdm(options: BinanceUsdmOptions = {}): VenueProfile<BinanceFuturesMessage> {
  const { endpoint, restEndpoint, service = "public", fetch } = options;
  return createBinance<BinanceFuturesMessage>({
    id: "binance-usdm",
    sources,
    endpoint: endpoint ?? "wss://fstream.binance.com",
    path: `/${service}/stream`,
    service,
    services: ["public", "market"],
    serviceOf: (stream) => (PUBLIC.test(stream) ? "public" : "market"),
    rest: restEndpoint ?? (endpoint === undefined ? "https://fapi.binance.com" : undefined),
    restPath: "/fapi/v1/depth",
    snapshotLimit: 1_000, // [book]
    fetch,
    limits,
    heartbeat,
    numbersOf,
    bridge: bridgeLinked,
  });
}

/** The profile of Binance COIN-M futures. */
export function binanceCoinm(
  options: BinanceFuturesOptions = {},
): VenueProfile<BinanceFuturesMessage> {
  const { endpoint, restEndpoint, fetch } = options;
  return createBinance<BinanceFuturesMessage>({
    id: "binance-coinm",
    sources,
    endpoint: endpoint ?? "wss://dstream.binance.com",
    path: "/stream",
    service: "default",
    services: ["default"],
    rest: restEndpoint ?? (endpoint === undefined ? "https://dapi.binance.com" : undefined),
    restPath: "/dapi/v1/depth",
    snapshotLimit: 1_000,
    fetch,
    limits,
    heartbeat,
    numbersOf,
    bridge: bridgeLinked,
  });
}

/** Named, so that a change that lacks its `pu` is never judged by its numbers alone. */
const LINKS = sequenceRules.linked();

/** `U == u + 1` is no rule here: it would report 6,391 false gaps in 345 s of one symbol. [rec] */
function numbersOf({ stream, data }: BinanceFuturesMessage): BinanceNumbers | undefined {
  switch (data.e) {
    case "trade":
      return { first: data.t, last: data.t };
    case "aggTrade":
      return { first: data.a, last: data.a };
    case "depthUpdate":
      // Partial books (`depth5`) bear the same fields and are whole each time.
      if (/@depth\d/.test(stream)) return growing(data.u);
      return { first: data.U, last: data.u, previous: data.pu, rule: LINKS };
    case "bookTicker":
      return growing(data.u);
    default:
      return undefined;
  }
}
