/**
 * The venues that the command knows by name, and which of a venue's endpoints some topics need.
 *
 * Whoever writes code says `okx({ service: "business" })`; on the command line the topics say it.
 */
import { OptionError } from "../index.ts";
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
  type VenueProfile,
} from "../venues/index.ts";
import { bybitServices } from "../venues/bybit-topics.ts";

/** What the command may say of a venue. */
interface VenueChoice {
  /** Scheme, host and port. */
  readonly endpoint?: string | undefined;
  readonly service?: string | undefined;
}

type Create = (choice: VenueChoice) => VenueProfile<unknown>;

const catalog: Readonly<Record<string, Create>> = {
  "binance-spot": ({ endpoint }) => binanceSpot({ endpoint }),
  "binance-usdm": ({ endpoint, service }) =>
    binanceUsdm({ endpoint, service: service === "market" ? "market" : "public" }),
  "binance-coinm": ({ endpoint }) => binanceCoinm({ endpoint }),
  okx: ({ endpoint, service }) =>
    okx({ endpoint, service: service === "business" ? "business" : "public" }),
  deribit: ({ endpoint }) => deribit({ endpoint }),
  bitfinex: ({ endpoint }) => bitfinex({ endpoint }),
  "coinbase-advanced": ({ endpoint }) => coinbaseAdvanced({ endpoint }),
  kraken: ({ endpoint }) => kraken({ endpoint }),
  bybit: ({ endpoint, service }) =>
    bybit({ endpoint, service: bybitServices.find((name) => name === service) }),
  "coinbase-exchange": ({ endpoint }) => coinbaseExchange({ endpoint }),
  "kraken-futures": ({ endpoint }) => krakenFutures({ endpoint }),
  hyperliquid: ({ endpoint }) => hyperliquid({ endpoint }),
  kucoin: ({ endpoint, service }) =>
    kucoin({
      service: service === "futures" ? "futures" : "spot",
      restEndpoint: endpoint?.replace(/^ws/, "http"), // which gives the socket's
    }),
  "kucoin-uta": ({ endpoint, service }) =>
    kucoinUta({ endpoint, service: service === "futures" ? "futures" : "spot" }),
};

export const venueNames: readonly string[] = Object.keys(catalog);

/** Every venue at its first endpoint. */
export function allVenues(): readonly VenueProfile<unknown>[] {
  return Object.values(catalog).map((create) => create({}));
}

/**
 * The profile of a venue at the endpoint that `topics` belong to.
 *
 * @throws {@link OptionError} for a venue that is not known; topics are checked by the supervisor.
 */
export function venueFor(
  name: string,
  topics: readonly string[] = [],
  endpoint?: string,
): VenueProfile<unknown> {
  const create = catalog[name];
  if (create === undefined) throw new OptionError("--venue", venueNames.join(", "), name);
  const profile = create({ endpoint });
  for (const topic of topics) {
    const parsed = profile.topics.parse(topic);
    if (!("service" in parsed) || parsed.service === profile.service) continue;
    return create({ endpoint, service: parsed.service });
  }
  return profile;
}
