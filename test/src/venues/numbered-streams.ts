/**
 * Every numbered stream of every profile: how to make its message number n, its snapshot, and what the
 * venue answers to requests. One table for all tests that must hold for each of them.
 *
 * Messages of these streams that the profiles do not judge are not here: Kraken's books (a checksum),
 * trades of OKX, Bybit, KuCoin and Hyperliquid (ids without an order), Binance's `depth20` of spot, and
 * Coinbase Exchange's `level2`, `ticker` and `heartbeat`.
 */
import {
  binanceCoinm,
  binanceSpot,
  binanceUsdm,
  bitfinex,
  bybit,
  coinbaseAdvanced,
  coinbaseExchange,
  deribit,
  hyperliquid,
  kraken,
  krakenFutures,
  kucoin,
  kucoinUta,
  okx,
  type BybitService,
  type Fetch,
  type KucoinService,
} from "../../../src/venues/index.ts";
import {
  binanceFrames,
  bitfinexFrames,
  bybitFrames,
  coinbaseAdvancedFrames,
  coinbaseExchangeFrames,
  deribitFrames,
  hyperliquidFrames,
  krakenFrames,
  krakenFuturesFrames,
  kucoinFrames,
  kucoinUtaFrames,
  okxFrames,
} from "./numbered-frames.ts";
import { streamsOf, type NumberedStream, type StreamGiven } from "./numbered-stream.ts";

export type { NumberedStream };

/** KuCoin's token, and book snapshots of Binance and KuCoin at `position`. */
function httpAt(position: () => number): Fetch {
  return (url) => {
    const { hostname, pathname } = new URL(url);
    const isSpot = hostname === "api.kucoin.com";
    const at = position();
    const bullet = { token: "t", instanceServers: [{ endpoint: "wss://ws-api.kucoin.com/" }] };
    const book = { sequence: isSpot ? String(at) : at, bids: [], asks: [] };
    const answer = hostname.endsWith("kucoin.com")
      ? { code: "200000", data: pathname.endsWith("bullet-public") ? bullet : book }
      : { lastUpdateId: at, bids: [["100", "1"]], asks: [] };
    const text = () => Promise.resolve(JSON.stringify(answer));
    return Promise.resolve({ ok: true, status: 200, text });
  };
}

const atZero = (): number => 0;

const spotStreams: Readonly<Record<string, StreamGiven>> = {
  "btcusdt@trade": { kind: "range", frame: binanceFrames.trade("btcusdt@trade") },
  "btcusdt@aggTrade": { kind: "range", frame: binanceFrames.aggTrade("btcusdt@aggTrade") },
  "btcusdt@depth@100ms": {
    kind: "range",
    way: "snapshot",
    frame: binanceFrames.depth("btcusdt@depth@100ms"),
  },
  "btcusdt@bookTicker": {
    kind: "monotonic",
    frame: binanceFrames.spotTicker("btcusdt@bookTicker"),
  },
};

const futuresPublic: Readonly<Record<string, StreamGiven>> = {
  "btcusdt@trade": { kind: "range", frame: binanceFrames.trade("btcusdt@trade") },
  "btcusdt@depth": {
    kind: "linked",
    equal: "alive",
    way: "snapshot",
    frame: binanceFrames.linkedDepth("btcusdt@depth"),
  },
  "btcusdt@depth5": { kind: "monotonic", frame: binanceFrames.linkedDepth("btcusdt@depth5") },
  "btcusdt@bookTicker": {
    kind: "monotonic",
    frame: binanceFrames.futuresTicker("btcusdt@bookTicker"),
  },
};

const futuresMarket: Readonly<Record<string, StreamGiven>> = {
  "btcusdt@aggTrade": { kind: "range", frame: binanceFrames.aggTrade("btcusdt@aggTrade") },
};

function bybitStreams(service: BybitService, symbol: string): NumberedStream[] {
  const isDerived = service === "option" || service === "spread";
  const books = (depth: string) => {
    const topic = `orderbook.${depth}.${symbol}`;
    return {
      topic,
      ...{ snapshot: bybitFrames.book(topic, "snapshot") },
      frame: bybitFrames.book(topic, "delta"),
    };
  };
  const [whole, counted, grown, full] = [books("1"), books("50"), books("rpi"), books("full")];
  return streamsOf(
    {
      name: `bybit/${service}`,
      profile: () => bybit({ service }),
      answer: isDerived ? bybitFrames.answerByTopic : bybitFrames.answer,
    },
    {
      [whole.topic]: { kind: "monotonic", equal: "alive", frame: whole.snapshot },
      [counted.topic]: {
        kind: "contiguous",
        way: "resubscribe",
        frame: counted.frame,
        snapshot: counted.snapshot,
      },
      [grown.topic]: {
        kind: "monotonic",
        equal: "alive",
        frame: grown.frame,
        snapshot: grown.snapshot,
      },
      [full.topic]: { kind: "contiguous", frame: full.frame },
    },
  );
}

function kucoinUtaStreams(service: KucoinService, symbol: string): NumberedStream[] {
  const market = service === "spot" ? "SPOT" : "FUTURES";
  return streamsOf(
    {
      name: `kucoin-uta/${service}`,
      profile: () => kucoinUta({ service }),
      greeting: kucoinUtaFrames.greeting,
      answer: kucoinUtaFrames.answer,
    },
    {
      [`obu:${symbol}:increment@10ms`]: {
        kind: "range",
        way: "reconnect",
        frame: kucoinUtaFrames.book(market, symbol, "increment@10ms", "delta"),
        snapshot: kucoinUtaFrames.book(market, symbol, "increment@10ms", "snapshot"),
      },
      [`obu:${symbol}:50`]: {
        kind: "monotonic",
        equal: "alive",
        frame: kucoinUtaFrames.book(market, symbol, "50", "snapshot"),
      },
    },
  );
}

export const numberedStreams: readonly NumberedStream[] = [
  ...streamsOf(
    {
      name: "binance-spot",
      profile: (position = atZero) => binanceSpot({ fetch: httpAt(position) }),
      answer: binanceFrames.answer,
    },
    spotStreams,
  ),
  ...streamsOf(
    {
      name: "binance-usdm/public",
      profile: (position = atZero) => binanceUsdm({ fetch: httpAt(position) }),
      answer: binanceFrames.answer,
    },
    futuresPublic,
  ),
  ...streamsOf(
    {
      name: "binance-usdm/market",
      profile: () => binanceUsdm({ service: "market" }),
      answer: binanceFrames.answer,
    },
    futuresMarket,
  ),
  ...streamsOf(
    {
      name: "binance-coinm",
      profile: (position = atZero) => binanceCoinm({ fetch: httpAt(position) }),
      answer: binanceFrames.answer,
    },
    { ...futuresPublic, ...futuresMarket },
  ),
  ...streamsOf(
    {
      name: "bitfinex",
      profile: () => bitfinex(),
      greeting: bitfinexFrames.greeting,
      answer: bitfinexFrames.answer,
    },
    {
      "trades:tBTCUSD": {
        kind: "connection",
        stream: "connection",
        way: "reconnect",
        frame: bitfinexFrames.trade,
      },
    },
  ),
  ...bybitStreams("spot", "BTCUSDT"),
  ...bybitStreams("linear", "BTCUSDT"),
  ...bybitStreams("inverse", "BTCUSD"),
  ...bybitStreams("option", "BTC-6JAN23-18000-C"),
  ...bybitStreams("spread", "SOLUSDT_SOL/USDT"),
  ...streamsOf(
    {
      name: "coinbase-advanced",
      profile: () => coinbaseAdvanced(),
      answer: coinbaseAdvancedFrames.answer,
    },
    {
      "level2:BTC-USD": {
        kind: "connection",
        stream: "connection",
        way: "reconnect",
        frame: coinbaseAdvancedFrames.frame("l2_data"),
      },
      "market_trades:BTC-USD": {
        kind: "connection",
        stream: "connection",
        way: "reconnect",
        frame: coinbaseAdvancedFrames.frame("market_trades"),
      },
    },
  ),
  ...streamsOf(
    {
      name: "coinbase-exchange",
      profile: () => coinbaseExchange(),
      answer: coinbaseExchangeFrames.answer,
    },
    {
      "matches:BTC-USD": {
        kind: "contiguous",
        frame: coinbaseExchangeFrames.match,
        retold: (number) => ({ ...coinbaseExchangeFrames.match(number), type: "last_match" }),
      },
      "full:BTC-USD": { kind: "contiguous", frame: coinbaseExchangeFrames.order },
    },
  ),
  ...streamsOf(
    { name: "deribit", profile: () => deribit(), answer: deribitFrames.answer },
    {
      "book.BTC-PERPETUAL.100ms": {
        kind: "linked",
        equal: "alive",
        way: "resubscribe",
        frame: deribitFrames.book("book.BTC-PERPETUAL.100ms", "change"),
        snapshot: deribitFrames.book("book.BTC-PERPETUAL.100ms", "snapshot"),
      },
      "book.BTC-PERPETUAL.none.10.100ms": {
        kind: "monotonic",
        equal: "alive",
        frame: deribitFrames.groupedBook("book.BTC-PERPETUAL.none.10.100ms"),
      },
      "trades.BTC-PERPETUAL.100ms": {
        kind: "range",
        frame: deribitFrames.trades("trades.BTC-PERPETUAL.100ms"),
      },
    },
  ),
  ...streamsOf(
    { name: "hyperliquid", profile: () => hyperliquid(), answer: hyperliquidFrames.answer },
    {
      "l2Book:BTC": { kind: "monotonic", equal: "alive", frame: hyperliquidFrames.book },
      "bbo:BTC": { kind: "monotonic", equal: "alive", frame: hyperliquidFrames.bbo },
    },
  ),
  ...streamsOf(
    { name: "kraken", profile: () => kraken(), answer: krakenFrames.answer },
    {
      "trade:BTC/USD": {
        kind: "contiguous",
        frame: krakenFrames.trade("update"),
        retold: krakenFrames.trade("snapshot"),
      },
    },
  ),
  ...streamsOf(
    { name: "kraken-futures", profile: () => krakenFutures(), answer: krakenFuturesFrames.answer },
    {
      "book:PF_XBTUSD": {
        kind: "contiguous",
        way: "resubscribe",
        frame: krakenFuturesFrames.book,
        snapshot: krakenFuturesFrames.bookSnapshot,
      },
      "trade:PF_XBTUSD": {
        kind: "contiguous",
        frame: krakenFuturesFrames.trade,
        retold: krakenFuturesFrames.tradeSnapshot,
      },
    },
  ),
  ...streamsOf(
    {
      name: "kucoin/spot",
      profile: (position = atZero) => kucoin({ fetch: httpAt(position) }),
      greeting: kucoinFrames.greeting,
      answer: kucoinFrames.answer,
    },
    {
      "/market/level2:BTC-USDT": {
        kind: "range",
        way: "snapshot",
        frame: kucoinFrames.spotBook("/market/level2:BTC-USDT"),
      },
    },
  ),
  ...streamsOf(
    {
      name: "kucoin/futures",
      profile: (position = atZero) => kucoin({ service: "futures", fetch: httpAt(position) }),
      greeting: kucoinFrames.greeting,
      answer: kucoinFrames.answer,
    },
    {
      "/contractMarket/level2:XBTUSDTM": {
        kind: "contiguous",
        way: "snapshot",
        frame: kucoinFrames.futuresBook("/contractMarket/level2:XBTUSDTM"),
      },
      "/contractMarket/level2Depth5:XBTUSDTM": {
        kind: "monotonic",
        equal: "alive",
        frame: kucoinFrames.futuresDepth("/contractMarket/level2Depth5:XBTUSDTM"),
      },
    },
  ),
  ...kucoinUtaStreams("spot", "BTC-USDT"),
  ...kucoinUtaStreams("futures", "XBTUSDTM"),
  ...streamsOf(
    { name: "okx/public", profile: () => okx(), answer: okxFrames.answer },
    {
      ...Object.fromEntries(
        ["books", "books-l2-tbt", "books50-l2-tbt"].map((channel): [string, StreamGiven] => [
          `${channel}:BTC-USDT`,
          {
            kind: "linked",
            equal: "alive",
            way: "resubscribe",
            frame: okxFrames.linkedBook(channel),
            snapshot: okxFrames.bookSnapshot(channel),
          },
        ]),
      ),
      ...Object.fromEntries(
        ["books5", "bbo-tbt"].map((channel): [string, StreamGiven] => [
          `${channel}:BTC-USDT`,
          { kind: "monotonic", equal: "alive", frame: okxFrames.wholeBook(channel) },
        ]),
      ),
    },
  ),
];
