/** `ws-supervisor/venues`: what is known of each exchange. */
export {
  binanceSpot,
  type BinanceBookTicker,
  type BinanceDepthUpdate,
  type BinanceSpotOptions,
  type BinanceStreamMessage,
  type BinanceTrade,
} from "./binance-spot.ts";
export type { VenueLimits, VenueProfile } from "./venue.ts";
