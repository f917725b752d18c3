/**
 * Binance USD-M and COIN-M futures, as their servers speak: as spot does, but that a depth event says
 * where the one before ended (`pu`), its own numbers jump, and USD-M serves streams by their class.
 *
 * Facts: venues.md §3.2, read 2026-11-22. Undocumented, and so not simulated: a notice before shutdown.
 */
import type { Dialect, StreamNumbers } from "../dialect.ts";
import type { MarketEvent, MarketView } from "../market-event.ts";
import { showPrice, showQuantity } from "../market-event.ts";
import { createBinance, topOf, writeLevels, type BinanceFlavour } from "./binance.ts";

/** What the high-frequency route serves; the rest is `/market`'s. A stream on the wrong one is silent. */
const isPublic = (stream: string): boolean => /@(depth|bookTicker|trade|rpiDepth)/.test(stream);

export const binanceUsdmDialect: Dialect = createFutures({
  id: "binance-usdm",
  routes: { "/public": isPublic, "/market": (stream) => !isPublic(stream), "": isPublic },
  symbols: ["BTCUSDT", "ETHUSDT", "SOLUSDT"],
  depthPath: "/fapi/v1/depth",
  price: (tenths) => showPrice(tenths, 2),
  quantity: (thousandths) => showQuantity(thousandths, 3),
  pairOf: (symbol) => symbol,
  /** Since mid-2026: which of the two markets, as both may come mixed. */
  st: 1,
});

export const binanceCoinmDialect: Dialect = createFutures({
  id: "binance-coinm",
  routes: { "": () => true },
  symbols: ["BTCUSD_PERP", "ETHUSD_PERP", "SOLUSD_PERP"],
  depthPath: "/dapi/v1/depth",
  price: (tenths) => showPrice(tenths, 1),
  quantity: String, // contracts
  pairOf: (symbol) => symbol.replace(/_.*/, ""),
  st: 2,
});

interface Futures extends Pick<BinanceFlavour, "id" | "routes" | "symbols" | "depthPath"> {
  readonly price: (tenths: number) => string;
  readonly quantity: (thousandths: number) => string;
  readonly pairOf: (symbol: string) => string;
  readonly st: 1 | 2;
}

function createFutures(futures: Futures): Dialect {
  const { id, routes, symbols, depthPath } = futures;
  return createBinance({
    id,
    paths: Object.keys(routes).flatMap((prefix) => [`${prefix}/stream`, `${prefix}/ws`]),
    routes,
    symbols,
    depthPath,
    numbering: "linked",
    limits: {
      inbound: [{ frames: 10, perMs: 1_000, countsControlFrames: true }],
      maxStreams: 1_024,
      pingIntervalMs: 180_000,
      pongTimeoutMs: 600_000,
      takesUnsolicitedPongs: true,
      maxAgeMs: 86_400_000,
    },
    account,
    payload: (event, stream, market) => writePayload(futures, event, stream, market),
    snapshot: ({ position, bids, asks }, nowMs) => ({
      lastUpdateId: position,
      E: nowMs,
      T: nowMs,
      bids: writeLevels(bids, futures.price, futures.quantity),
      asks: writeLevels(asks, futures.price, futures.quantity),
    }),
  });
}

function account(event: MarketEvent): StreamNumbers {
  const symbol = event.instrument.toLowerCase();
  switch (event.feed) {
    case "trades": {
      const numbers = { first: event.id, last: event.id, isContiguous: true };
      return { stream: `${symbol}@trade`, numbers };
    }
    case "quotes": {
      const numbers = { first: event.position, last: event.position, isContiguous: false };
      return { stream: `${symbol}@bookTicker`, numbers };
    }
    case "book":
    case "slow-book": {
      const { first, last, previous } = event;
      const stream = event.feed === "book" ? `${symbol}@depth@100ms` : `${symbol}@depth`;
      return { stream, numbers: { first, last, previous, isContiguous: false } };
    }
  }
}

function writePayload(
  { price, quantity, pairOf, st }: Futures,
  event: MarketEvent,
  stream: string,
  market: MarketView,
): object {
  const s = event.instrument;
  const [E, T] = [event.atMs, event.atMs];
  switch (event.feed) {
    case "trades": {
      const [p, q] = [price(event.price), quantity(event.quantity)];
      const m = event.taker === "seller";
      return stream.endsWith("@aggTrade")
        ? { e: "aggTrade", E, a: event.id, s, p, q, f: event.id, l: event.id, T, m, st }
        : { e: "trade", E, T, s, t: event.id, p, q, X: "MARKET", m };
    }
    case "quotes": {
      const [b, B] = [price(event.bid[0]), quantity(event.bid[1])];
      const [a, A] = [price(event.ask[0]), quantity(event.ask[1])];
      return { e: "bookTicker", u: event.position, s, b, B, a, A, T, E };
    }
    case "book":
    case "slow-book": {
      const shown = topOf(event, stream, market) ?? event;
      const [b, a] = [
        writeLevels(shown.bids, price, quantity),
        writeLevels(shown.asks, price, quantity),
      ];
      const { first: U, last: u, previous: pu } = event;
      return { e: "depthUpdate", E, T, s, ps: pairOf(s), st, U, u, pu, b, a };
    }
  }
}
