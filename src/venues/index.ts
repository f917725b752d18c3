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
