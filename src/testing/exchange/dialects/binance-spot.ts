/**
 * Binance spot, as its server speaks: updates of a book are numbered one by one, each event covers
 * `U` to `u` and begins where the one before ended.
 *
 * Facts: venues.md §3.1, read 2026-11-22.
 */
import type { Dialect } from "../dialect.ts";
import { showPrice, showQuantity } from "../market-event.ts";
import { createBinance, topOf, writeLevels } from "./binance.ts";

const price = (tenths: number): string => showPrice(tenths, 8);
const quantity = (thousandths: number): string => showQuantity(thousandths, 8);

export const binanceSpotDialect: Dialect = createBinance({
  id: "binance-spot",
  paths: ["/stream", "/ws"],
  routes: { "": () => true },
  symbols: ["BTCUSDT", "ETHUSDT", "SOLUSDT"],
  numbering: "range",
  limits: {
    inbound: [{ frames: 5, perMs: 1_000, countsControlFrames: true }],
    maxStreams: 1_024,
    pingIntervalMs: 20_000,
    pongTimeoutMs: 60_000,
    maxAgeMs: 86_400_000,
  },
  depthPath: "/api/v3/depth",
  shutdownEvent: "serverShutdown",

  account: (event) => {
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
        const { first, last } = event;
        const stream = event.feed === "book" ? `${symbol}@depth@100ms` : `${symbol}@depth`;
        return { stream, numbers: { first, last, isContiguous: true } };
      }
    }
  },

  payload: (event, stream, market) => {
    const s = event.instrument;
    const E = event.atMs;
    switch (event.feed) {
      case "trades": {
        const [p, q] = [price(event.price), quantity(event.quantity)];
        const m = event.taker === "seller";
        return stream.endsWith("@aggTrade")
          ? { e: "aggTrade", E, s, a: event.id, p, q, f: event.id, l: event.id, T: E, m, M: true }
          : { e: "trade", E, s, t: event.id, p, q, T: E, m, M: true };
      }
      case "quotes": {
        const [bid, bidSize] = event.bid;
        const [ask, askSize] = event.ask;
        const [b, B, a, A] = [price(bid), quantity(bidSize), price(ask), quantity(askSize)];
        return { u: event.position, s, b, B, a, A };
      }
      case "book":
      case "slow-book": {
        const top = topOf(event, stream, market);
        if (top !== undefined) {
          return {
            lastUpdateId: top.position,
            bids: writeLevels(top.bids, price, quantity),
            asks: writeLevels(top.asks, price, quantity),
          };
        }
        const b = writeLevels(event.bids, price, quantity);
        const a = writeLevels(event.asks, price, quantity);
        return { e: "depthUpdate", E, s, U: event.first, u: event.last, b, a };
      }
    }
  },

  snapshot: (book) => ({
    lastUpdateId: book.position,
    bids: writeLevels(book.bids, price, quantity),
    asks: writeLevels(book.asks, price, quantity),
  }),
});
