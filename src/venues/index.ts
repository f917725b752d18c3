/** `ws-supervisor/venues`: what is known of each exchange, and how to say what is known of another. */
export {
  binanceSpot,
  type BinanceAggregateTrade,
  type BinanceBookTicker,
  type BinanceDepthSnapshot,
  type BinanceDepthUpdate,
  type BinancePartialDepth,
  type BinanceSpotOptions,
  type BinanceStreamMessage,
  type BinanceTrade,
} from "./binance-spot.ts";
export {
  binanceCoinm,
  binanceUsdm,
  type BinanceFuturesBookTicker,
  type BinanceFuturesDepthUpdate,
  type BinanceFuturesMessage,
  type BinanceFuturesOptions,
  type BinanceUsdmOptions,
} from "./binance-futures.ts";
export {
  bitfinex,
  type BitfinexBookEntry,
  type BitfinexMessage,
  type BitfinexOptions,
  type BitfinexTradeEntry,
} from "./bitfinex.ts";
export {
  bybit,
  type BybitBook,
  type BybitLevel,
  type BybitMessage,
  type BybitOptions,
  type BybitService,
  type BybitTrade,
} from "./bybit.ts";
export {
  coinbaseAdvanced,
  type CoinbaseAdvancedMessage,
  type CoinbaseAdvancedOptions,
  type CoinbaseLevel2Event,
  type CoinbaseLevel2Update,
  type CoinbaseMarketTrade,
  type CoinbaseTradesEvent,
} from "./coinbase-advanced.ts";
export { coinbaseExchange, type CoinbaseExchangeOptions } from "./coinbase-exchange.ts";
export type {
  CoinbaseExchangeHeartbeat,
  CoinbaseExchangeLevel2Update,
  CoinbaseExchangeMatch,
  CoinbaseExchangeMessage,
  CoinbaseExchangeOrderEvent,
  CoinbaseExchangeSnapshot,
  CoinbaseExchangeStatus,
  CoinbaseExchangeTicker,
} from "./coinbase-exchange-messages.ts";
export {
  deribit,
  type DeribitBook,
  type DeribitChange,
  type DeribitMessage,
  type DeribitOptions,
  type DeribitTrade,
} from "./deribit.ts";
export {
  hyperliquid,
  type HyperliquidBbo,
  type HyperliquidBook,
  type HyperliquidLevel,
  type HyperliquidMessage,
  type HyperliquidOptions,
  type HyperliquidTrade,
} from "./hyperliquid.ts";
export {
  kraken,
  type KrakenBookRow,
  type KrakenLevel,
  type KrakenMessage,
  type KrakenOptions,
  type KrakenTrade,
} from "./kraken.ts";
export {
  krakenFutures,
  type KrakenFuturesBookChange,
  type KrakenFuturesBookSnapshot,
  type KrakenFuturesLevel,
  type KrakenFuturesMessage,
  type KrakenFuturesOptions,
  type KrakenFuturesTicker,
  type KrakenFuturesTrade,
  type KrakenFuturesTradeSnapshot,
} from "./kraken-futures.ts";
export {
  kucoin,
  type KucoinBookSnapshot,
  type KucoinBookUpdate,
  type KucoinChange,
  type KucoinFuturesBookUpdate,
  type KucoinMessage,
  type KucoinOptions,
  type KucoinService,
  type KucoinTrade,
} from "./kucoin.ts";
export {
  kucoinUta,
  type KucoinUtaBook,
  type KucoinUtaLevel,
  type KucoinUtaMessage,
  type KucoinUtaOptions,
  type KucoinUtaTrade,
} from "./kucoin-uta.ts";
export {
  okx,
  type OkxArg,
  type OkxBook,
  type OkxLevel,
  type OkxMessage,
  type OkxOptions,
  type OkxPayloads,
  type OkxTrade,
} from "./okx.ts";
export { defineVenue, type VenueDefinition } from "./define-venue.ts";
export { bridgeLinked, bridgeRange } from "../sequence/bridge.ts";
export { exactPosition } from "../sequence/exact.ts";
export type { Fetch } from "./kit/fetch-json.ts";
export type {
  Conversation,
  Keepalive,
  ParsedTopic,
  TopicGrammar,
  VenueHeartbeat,
  VenueLimits,
  VenueNotice,
  VenueProfile,
  VenueSource,
  VenueWord,
} from "./venue.ts";
