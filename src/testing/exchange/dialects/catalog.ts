/** Every venue that the simulated exchange speaks as. */
import { OptionError } from "../../../errors.ts";
import type { Dialect } from "../dialect.ts";
import { binanceCoinmDialect, binanceUsdmDialect } from "./binance-futures.ts";
import { binanceSpotDialect } from "./binance-spot.ts";
import { bitfinexDialect } from "./bitfinex.ts";
import { bybitDialect } from "./bybit.ts";
import { coinbaseAdvancedDialect } from "./coinbase-advanced.ts";
import { coinbaseExchangeDialect } from "./coinbase-exchange.ts";
import { deribitDialect } from "./deribit.ts";
import { krakenFuturesDialect } from "./kraken-futures.ts";
import { hyperliquidDialect } from "./hyperliquid.ts";
import { krakenDialect } from "./kraken.ts";
import { kucoinDialect } from "./kucoin.ts";
import { okxDialect } from "./okx.ts";

const dialects = {
  "binance-spot": binanceSpotDialect,
  "binance-usdm": binanceUsdmDialect,
  "binance-coinm": binanceCoinmDialect,
  okx: okxDialect,
  deribit: deribitDialect,
  bitfinex: bitfinexDialect,
  "coinbase-advanced": coinbaseAdvancedDialect,
  "coinbase-exchange": coinbaseExchangeDialect,
  "kraken-futures": krakenFuturesDialect,
  bybit: bybitDialect,
  kraken: krakenDialect,
  hyperliquid: hyperliquidDialect,
  kucoin: kucoinDialect,
} satisfies Readonly<Record<string, Dialect>>;

export type VenueId = keyof typeof dialects;

export function isVenueId(text: string): text is VenueId {
  return Object.hasOwn(dialects, text);
}

/** The venues, as `venue` names them. */
export const simulatedVenues: readonly VenueId[] = Object.keys(dialects).filter(isVenueId);

/** @throws OptionError */
export function dialectOf(venue: string): Dialect {
  if (isVenueId(venue)) return dialects[venue];
  throw new OptionError("venue", `one of ${simulatedVenues.join(", ")}`, venue);
}
