/**
 * How each venue's numbered messages look, and what it answers to requests: raw frames as JSON, for
 * {@link ./numbered-streams.ts}. Shapes as in the profiles' own tests.
 */

/** What a frame is made of besides its number. */
export interface FrameParts {
  /** The position that a linked message follows. @defaultValue the number before its own */
  readonly previous?: number | undefined;
  /** The first position that a range covers. @defaultValue its own number */
  readonly first?: number | undefined;
  /** Makes the content of two frames with one number differ. @defaultValue 0 */
  readonly mark?: number | undefined;
}

export type MakeFrame = (number: number, parts?: FrameParts) => unknown;

const price = ({ mark = 0 }: FrameParts): number => 100 + mark;
const level = (parts: FrameParts): [string, string] => [String(price(parts)), "1"];

/** A frame that the client sent. */
export interface Sent {
  readonly [key: string]: unknown;
}

export type Answer = (sent: Sent) => readonly unknown[];

const stringsIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

// ---- Binance

export const binanceFrames = {
  answer: ({ id }: Sent) => [{ result: null, id }],
  trade: (stream: string): MakeFrame => {
    return (t, parts = {}) => ({
      stream,
      data: { e: "trade", E: 1, s: "BTCUSDT", t, p: String(price(parts)), q: "1", T: 1, m: true },
    });
  },
  aggTrade: (stream: string): MakeFrame => {
    return (a, parts = {}) => ({
      stream,
      data: { e: "aggTrade", E: 1, s: "BTCUSDT", a, p: String(price(parts)), q: "1", f: a, l: a },
    });
  },
  depth: (stream: string): MakeFrame => {
    return (u, parts = {}) => ({
      stream,
      data: {
        e: "depthUpdate",
        E: 1,
        s: "BTCUSDT",
        U: parts.first ?? u,
        u,
        b: [level(parts)],
        a: [],
      },
    });
  },
  linkedDepth: (stream: string): MakeFrame => {
    return (u, parts = {}) => {
      const { first = u, previous = u - 1 } = parts;
      const data = { e: "depthUpdate", E: 1, T: 1, s: "BTCUSDT", U: first, u, pu: previous };
      return { stream, data: { ...data, b: [level(parts)], a: [] } };
    };
  },
  spotTicker: (stream: string): MakeFrame => {
    return (u, parts = {}) => ({
      stream,
      data: { u, s: "BTCUSDT", b: String(price(parts)), B: "1", a: "200", A: "1" },
    });
  },
  futuresTicker: (stream: string): MakeFrame => {
    return (u, parts = {}) => ({
      stream,
      data: { e: "bookTicker", u, s: "BTCUSDT", b: String(price(parts)), B: "1", a: "200", A: "1" },
    });
  },
} as const;

// ---- Bitfinex

const BITFINEX_CHANNEL = 17;

export const bitfinexFrames = {
  greeting: [{ event: "info", version: 2, platform: { status: 1 } }],
  answer: (sent: Sent) => {
    if (sent["event"] === "conf") return [{ event: "conf", status: "OK", flags: sent["flags"] }];
    if (sent["event"] === "unsubscribe") {
      return [{ event: "unsubscribed", status: "OK", chanId: sent["chanId"] }];
    }
    return [{ ...sent, event: "subscribed", chanId: BITFINEX_CHANNEL }];
  },
  trade: ((number, parts = {}) => [
    BITFINEX_CHANNEL,
    "te",
    [number, 1, 1, price(parts)],
    number,
  ]) satisfies MakeFrame,
} as const;

// ---- Bybit

export const bybitFrames = {
  answer: ({ op, req_id, args }: Sent) => {
    return [{ success: true, ret_msg: "", conn_id: "c", req_id, op, args }];
  },
  /** Options and spreads answer so. */
  answerByTopic: ({ args }: Sent) => [
    {
      success: true,
      conn_id: "c",
      data: { failTopics: [], successTopics: args },
      type: "COMMAND_RESP",
    },
  ],
  book: (topic: string, type: "snapshot" | "delta"): MakeFrame => {
    return (u, parts = {}) => ({
      topic,
      type,
      ts: 1,
      data: { s: "BTCUSDT", b: [level(parts)], a: [], u, seq: u },
    });
  },
} as const;

// ---- Coinbase

export const coinbaseAdvancedFrames = {
  /** Real ones are numbered; without a number they are not judged. */
  answer: ({ type, channel, product_ids: products }: Sent) => {
    if (type !== "subscribe") return [{ channel: "subscriptions", events: [] }];
    const subscriptions = { [String(channel)]: products ?? ["heartbeats"] };
    return [{ channel: "subscriptions", timestamp: "", events: [{ subscriptions }] }];
  },
  frame: (channel: "l2_data" | "market_trades"): MakeFrame => {
    return (sequence_num, parts = {}) => {
      const product_id = "BTC-USD";
      const trade = { trade_id: String(sequence_num), product_id, price: String(price(parts)) };
      const update = { side: "bid", price_level: String(price(parts)), new_quantity: "1" };
      const event =
        channel === "l2_data"
          ? { type: "update", product_id, updates: [update] }
          : { type: "update", trades: [trade] };
      return { channel, client_id: "", timestamp: "", sequence_num, events: [event] };
    };
  },
} as const;

export const coinbaseExchangeFrames = {
  answer: ({ type, channels }: Sent) => [
    { type: "subscriptions", channels: type === "subscribe" ? channels : [] },
  ],
  match: ((trade_id, parts = {}) => ({
    type: "match",
    trade_id,
    sequence: trade_id * 3,
    product_id: "BTC-USD",
    side: "buy",
    size: "1",
    price: String(price(parts)),
    time: "",
  })) satisfies MakeFrame,
  order: ((sequence, parts = {}) => ({
    type: "open",
    product_id: "BTC-USD",
    sequence,
    price: String(price(parts)),
    side: "buy",
  })) satisfies MakeFrame,
} as const;

// ---- Deribit

export const deribitFrames = {
  answer: ({ id, method, params }: Sent) => {
    const { channels } = (params ?? {}) as { readonly channels?: unknown };
    const isSubscription = String(method).endsWith("subscribe");
    return [{ jsonrpc: "2.0", id, result: isSubscription ? stringsIn(channels) : "ok" }];
  },
  book: (channel: string, type: "snapshot" | "change"): MakeFrame => {
    return (change_id, parts = {}) => {
      const { previous = change_id - 1 } = parts;
      const link = type === "snapshot" ? {} : { prev_change_id: previous };
      const data = { type, change_id, ...link, bids: [["new", price(parts), 1]], asks: [] };
      return { jsonrpc: "2.0", method: "subscription", params: { channel, data } };
    };
  },
  /** Whole each time, and without a type. */
  groupedBook: (channel: string): MakeFrame => {
    return (change_id, parts = {}) => ({
      jsonrpc: "2.0",
      method: "subscription",
      params: { channel, data: { change_id, bids: [[price(parts), 1]], asks: [] } },
    });
  },
  trades: (channel: string): MakeFrame => {
    return (trade_seq, parts = {}) => ({
      jsonrpc: "2.0",
      method: "subscription",
      params: { channel, data: [{ trade_seq, trade_id: String(trade_seq), price: price(parts) }] },
    });
  },
} as const;

// ---- Hyperliquid

export const hyperliquidFrames = {
  answer: ({ method, subscription }: Sent) => [
    { channel: "subscriptionResponse", data: { method, subscription } },
  ],
  book: ((time, parts = {}) => ({
    channel: "l2Book",
    data: { coin: "BTC", time, levels: [[{ px: String(price(parts)), sz: "1", n: 1 }], []] },
  })) satisfies MakeFrame,
  bbo: ((time, parts = {}) => ({
    channel: "bbo",
    data: { coin: "BTC", time, bbo: [{ px: String(price(parts)), sz: "1", n: 1 }, null] },
  })) satisfies MakeFrame,
} as const;

// ---- Kraken

export const krakenFrames = {
  answer: ({ method, params, req_id }: Sent) => {
    const { channel, symbol } = params as { readonly channel: string; readonly symbol?: unknown };
    return stringsIn(symbol).map((each) => ({
      method,
      req_id,
      success: true,
      result: { channel, symbol: each },
    }));
  },
  trade: (type: "snapshot" | "update"): MakeFrame => {
    return (trade_id, parts = {}) => ({
      channel: "trade",
      type,
      data: [{ symbol: "BTC/USD", side: "buy", price: price(parts), qty: 1, trade_id }],
    });
  },
} as const;

export const krakenFuturesFrames = {
  answer: ({ event, feed, product_ids }: Sent) =>
    stringsIn(product_ids).map((product) => ({
      event: event === "subscribe" ? "subscribed" : "unsubscribed",
      feed,
      product_ids: [product],
    })),
  book: ((seq, parts = {}) => ({
    feed: "book",
    product_id: "PF_XBTUSD",
    side: "buy",
    seq,
    price: price(parts),
    qty: 1,
    timestamp: 1,
  })) satisfies MakeFrame,
  bookSnapshot: ((seq, parts = {}) => ({
    feed: "book_snapshot",
    product_id: "PF_XBTUSD",
    timestamp: 1,
    seq,
    bids: [{ price: price(parts), qty: 1 }],
    asks: [],
  })) satisfies MakeFrame,
  trade: ((seq, parts = {}) => futuresTrade(seq, parts)) satisfies MakeFrame,
  /** The last three, the newest first. */
  tradeSnapshot: ((seq, parts = {}) => ({
    feed: "trade_snapshot",
    product_id: "PF_XBTUSD",
    trades: [seq, seq - 1, seq - 2].map((each) => futuresTrade(each, parts)),
  })) satisfies MakeFrame,
} as const;

function futuresTrade(seq: number, parts: FrameParts): object {
  const trade = { feed: "trade", product_id: "PF_XBTUSD", uid: `u${seq}`, side: "buy" };
  return { ...trade, type: "fill", seq, time: 1, qty: 1, price: price(parts) };
}

// ---- KuCoin

export const kucoinFrames = {
  greeting: [{ id: "hQvf8jkno", type: "welcome" }],
  answer: ({ id, type }: Sent) => [type === "ping" ? { id, type: "pong" } : { id, type: "ack" }],
  spotBook: (topic: string): MakeFrame => {
    return (last, parts = {}) => {
      const changes = { asks: [], bids: [[...level(parts), String(last)]] };
      const range = { sequenceStart: parts.first ?? last, sequenceEnd: last };
      const data = { symbol: "BTC-USDT", ...range, changes };
      return { topic, type: "message", subject: "trade.l2update", data };
    };
  },
  futuresBook: (topic: string): MakeFrame => {
    return (sequence, parts = {}) => {
      const data = { sequence, change: `${price(parts)},buy,1`, timestamp: 1 };
      return { topic, type: "message", subject: "level2", data };
    };
  },
  /** The best levels, whole each time. */
  futuresDepth: (topic: string): MakeFrame => {
    return (sequence, parts = {}) => {
      const data = { sequence, bids: [[price(parts), 1]], asks: [], timestamp: 1 };
      return { topic, type: "message", subject: "level2", data };
    };
  },
} as const;

export const kucoinUtaFrames = {
  greeting: [{ sessionId: "s", message: "welcome", pingInterval: 18_000 }],
  answer: ({ id, type }: Sent) => [type === "ping" ? { id, type: "pong" } : { id, result: true }],
  book: (
    market: "SPOT" | "FUTURES",
    symbol: string,
    dp: string,
    t: "snapshot" | "delta",
  ): MakeFrame => {
    return (C, parts = {}) => {
      const O = t === "snapshot" ? C : (parts.first ?? C);
      return {
        T: `obu.${market}`,
        dp,
        t,
        P: 1,
        d: { s: symbol, O, C, M: 1, a: [], b: [level(parts)] },
      };
    };
  },
} as const;

// ---- OKX

export const okxFrames = {
  answer: ({ id, op, args }: Sent) =>
    (args as readonly object[]).map((arg) => ({ id, event: op, arg, connId: "c" })),
  linkedBook: (channel: string): MakeFrame => {
    return (seqId, parts = {}) => ({
      arg: { channel, instId: "BTC-USDT" },
      action: "update",
      data: [
        {
          asks: [],
          bids: [[...level(parts), "0", "1"]],
          ts: "1",
          seqId,
          prevSeqId: parts.previous ?? seqId - 1,
        },
      ],
    });
  },
  bookSnapshot: (channel: string): MakeFrame => {
    return (seqId, parts = {}) => ({
      arg: { channel, instId: "BTC-USDT" },
      action: "snapshot",
      data: [{ asks: [], bids: [[...level(parts), "0", "1"]], ts: "1", seqId, prevSeqId: -1 }],
    });
  },
  wholeBook: (channel: string): MakeFrame => {
    return (seqId, parts = {}) => ({
      arg: { channel, instId: "BTC-USDT" },
      data: [{ asks: [], bids: [[...level(parts), "0", "1"]], ts: "1", seqId }],
    });
  },
} as const;
