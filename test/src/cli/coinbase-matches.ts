import { defineVenue } from "ws-supervisor/venues";

/** Coinbase Exchange, as far as its matches are numbered: `trade_id` counts by one per product. */
export const coinbaseMatches = defineVenue<{ type: string; product_id: string; trade_id: number }>({
  id: "coinbase-matches",
  url: "wss://ws-feed.exchange.coinbase.com",
  open: () => ({
    subscribe: (topics) => topics.join(),
    decode: (data) => JSON.parse(data.toString()) as never,
    sequence: ({ type, product_id, trade_id }) =>
      type === "match" || type === "last_match"
        ? { stream: `matches:${product_id}`, first: trade_id, last: trade_id, scope: "stream" }
        : undefined,
  }),
});
