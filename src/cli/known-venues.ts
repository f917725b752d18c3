/** The venues that the command knows, each as it is without options. */
import { binanceCoinm, binanceUsdm } from "../venues/binance-futures.ts";
import { binanceSpot } from "../venues/binance-spot.ts";
import { bitfinex } from "../venues/bitfinex.ts";
import { coinbaseAdvanced } from "../venues/coinbase-advanced.ts";
import { deribit } from "../venues/deribit.ts";
import { okx } from "../venues/okx.ts";
import type { VenueProfile } from "../venues/venue.ts";

/** Of two that read a recording equally well, the first is taken. */
export function knownVenues(): readonly VenueProfile<unknown>[] {
  return [
    binanceSpot(),
    binanceUsdm(),
    binanceCoinm(),
    okx(),
    deribit(),
    bitfinex(),
    coinbaseAdvanced(),
  ];
}
