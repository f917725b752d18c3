/**
 * What Coinbase Exchange sends, channel by channel. Sources as in `coinbase-exchange.ts`.
 */

/** `last_match` repeats, on subscription, the trade before it. [docs, rec] */
export interface CoinbaseExchangeMatch {
  readonly type: "match" | "last_match";
  readonly trade_id: number;
  readonly sequence: number;
  readonly product_id: string;
  readonly maker_order_id: string;
  readonly taker_order_id: string;
  /** The maker's. [docs] */
  readonly side: "buy" | "sell";
  readonly size: string;
  readonly price: string;
  readonly time: string;
}

/** A whole book: `[price, size]`, the best first. [docs, rec] */
export interface CoinbaseExchangeSnapshot {
  readonly type: "snapshot";
  readonly product_id: string;
  readonly bids: readonly (readonly [price: string, size: string])[];
  readonly asks: readonly (readonly [price: string, size: string])[];
}

/** A size of 0 deletes the level. Nothing numbers it. [docs, rec] */
export interface CoinbaseExchangeLevel2Update {
  readonly type: "l2update";
  readonly product_id: string;
  readonly changes: readonly (readonly [side: "buy" | "sell", price: string, size: string])[];
  readonly time: string;
}

export interface CoinbaseExchangeTicker {
  readonly type: "ticker";
  readonly product_id: string;
  readonly sequence: number;
  readonly trade_id: number;
  readonly price: string;
  readonly best_bid: string;
  readonly best_ask: string;
  readonly time: string;
}

/** Once a second; `last_trade_id` is for finding matches that were dropped. [docs] */
export interface CoinbaseExchangeHeartbeat {
  readonly type: "heartbeat";
  readonly product_id: string;
  readonly sequence: number;
  readonly last_trade_id: number;
  readonly time: string;
}

/** An order's life, in the channel `full` (with `match`). Not every type has every field. [docs] */
export interface CoinbaseExchangeOrderEvent {
  readonly type: "received" | "open" | "done" | "change" | "activate";
  readonly product_id: string;
  readonly sequence?: number;
}

/** All products and currencies, at intervals. [docs] */
export interface CoinbaseExchangeStatus {
  readonly type: "status";
  readonly product_id?: undefined;
  readonly products: readonly object[];
  readonly currencies: readonly object[];
}

/** A message, as it comes. Types without a shape here are delivered as they are. */
export type CoinbaseExchangeMessage =
  | CoinbaseExchangeMatch
  | CoinbaseExchangeSnapshot
  | CoinbaseExchangeLevel2Update
  | CoinbaseExchangeTicker
  | CoinbaseExchangeHeartbeat
  | CoinbaseExchangeOrderEvent
  | CoinbaseExchangeStatus;
