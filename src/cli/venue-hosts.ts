/**
 * At which hosts a venue may be found in a recording: its profile's own, and the others that the profile's
 * documentation names. Facts of the profiles (`src/venues/`), which cite their sources; pro.coinbase.com is in a
 * recording of cryptofeed's of 2021 (bmoscon/cryptofeed, `sample_data/`), x-push hosts in `kucoin-uta.ts`.
 */
import type { VenueProfile } from "../venues/venue.ts";

const OTHER_HOSTS: Readonly<Record<string, readonly string[]>> = {
  "binance-spot": ["data-stream.binance.vision"],
  okx: ["wseea.okx.com"],
  deribit: ["test.deribit.com"],
  bitfinex: ["api.bitfinex.com"],
  bybit: ["stream-testnet.bybit.com"],
  "coinbase-exchange": ["ws-feed.pro.coinbase.com"],
  hyperliquid: ["api.hyperliquid-testnet.xyz"],
  kucoin: ["ws-api-spot.kucoin.com", "ws-api-futures.kucoin.com"],
  "kucoin-uta": ["x-push-spot.kucoin.com", "x-push-futures.kucoin.com"],
};

/** The venues of a host. */
export function venuesAtHost(
  host: string,
  venues: readonly VenueProfile<unknown>[],
): readonly VenueProfile<unknown>[] {
  return venues.filter(({ id, url }) => {
    const own = typeof url === "string" && URL.canParse(url) ? new URL(url).hostname : undefined;
    const others = Object.hasOwn(OTHER_HOSTS, id) ? OTHER_HOSTS[id] : undefined;
    return own === host || others?.includes(host) === true;
  });
}
