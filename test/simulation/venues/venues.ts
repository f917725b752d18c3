/**
 * The venues that the simulated exchange speaks, as a client of each sees them: which topics there are,
 * how a message changes a book, and which way leads out of a gap.
 */
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
  okx,
  type VenueProfile,
} from "../../../src/venues/index.ts";
import type { VenueId } from "../../../src/testing/exchange/dialects/catalog.ts";
import type { Fetch } from "../../../src/venues/kit/fetch-json.ts";

type Levels = readonly (readonly [price: unknown, quantity: unknown])[];

/** What a message, or a snapshot, says of a book. A quantity of 0 takes a level away. */
interface BookMove {
  /** It takes the place of all that was known. */
  readonly isWhole: boolean;
  readonly bids: Levels;
  readonly asks: Levels;
}

/** Where a client finds the exchange; the venue's own hosts by default. */
interface Reach {
  readonly fetch?: Fetch;
  readonly endpoint?: string;
  readonly restEndpoint?: string;
}

export interface SpokenVenue {
  readonly id: VenueId;
  readonly profile: (reach: Reach) => VenueProfile<unknown>;
  readonly instruments: readonly [string, string];
  readonly book: (instrument: string) => string;
  readonly trades: (instrument: string) => string;
  /** Something light of an instrument, for many of them. */
  readonly light: (instrument: string) => string;
  readonly symbol: (index: number) => string;
  /** A topic of the right form that the venue does not have, and what comes of it. */
  readonly unknown: readonly [
    topic: string,
    end: "rejected" | "refused" | "unanswered" | "stale" | "quarantined",
  ];
  /** How a broken book becomes whole. */
  readonly way: "snapshot" | "resubscribe" | "reconnect" | "none";
  /** Whose counter a loss shows in; `checksum`: the book's loss shows in its sum, `none`: nowhere. */
  readonly numbers: "stream" | "connection" | "checksum" | "none";
  /** A subscription of this topic begins with some of the past. */
  readonly tellsAgain?: (topic: string) => boolean;
  /** What it says before it goes away; undefined for nothing. */
  readonly leavesWithinMs?: number;
  /** Undefined for a message that is no change of the book. */
  readonly readBook: (data: unknown) => BookMove | undefined;
}

const lower = (instrument: string) => instrument.toLowerCase();

/** Deltas on the socket have `b` and `a`, snapshots over HTTP `bids` and `asks`. */
function readBinanceBook(given: unknown): BookMove | undefined {
  const { data = {}, ...whole } = given as {
    readonly data?: { readonly b?: Levels; readonly a?: Levels };
    readonly bids?: Levels;
    readonly asks?: Levels;
  };
  if (whole.bids !== undefined && whole.asks !== undefined) {
    return { isWhole: true, bids: whole.bids, asks: whole.asks };
  }
  return data.b === undefined || data.a === undefined
    ? undefined
    : { isWhole: false, bids: data.b, asks: data.a };
}

/** The exchange's thousandths are contracts here. */
const inContracts = (levels: Levels): Levels =>
  levels.map(([price, contracts]) => [price, Number(contracts) / 1_000]);

function binance(
  id: VenueId,
  profile: SpokenVenue["profile"],
  [one, other]: SpokenVenue["instruments"],
  leavesWithinMs?: number,
): SpokenVenue {
  const suffix = one.replace(/^BTC/, "");
  return {
    id,
    profile,
    instruments: [one, other],
    book: (instrument) => `${lower(instrument)}@depth@100ms`,
    trades: (instrument) => `${lower(instrument)}@trade`,
    light: (instrument) => `${lower(instrument)}@trade`,
    symbol: (index) => `S${index}${suffix}`,
    unknown: [`nope${lower(suffix)}@trade`, "stale"],
    way: "snapshot",
    numbers: "stream",
    ...(leavesWithinMs === undefined ? {} : { leavesWithinMs }),
    readBook: readBinanceBook,
  };
}

/** An endpoint of one's own has no snapshots of its own accord. */
const rest = ({ restEndpoint }: Reach, own: string) => ({ restEndpoint: restEndpoint ?? own });

interface OkxBook {
  readonly action?: string;
  readonly data: readonly { readonly bids?: Levels; readonly asks?: Levels }[];
}

interface DeribitBook {
  readonly params: {
    readonly data: {
      readonly type?: string;
      readonly bids?: readonly (readonly [string, number, number])[];
      readonly asks?: readonly (readonly [string, number, number])[];
    };
  };
}

interface BybitBook {
  readonly type: string;
  readonly data: { readonly b?: Levels; readonly a?: Levels };
}

interface CoinbaseBook {
  readonly channel: string;
  readonly events: readonly {
    readonly type: string;
    readonly updates: readonly {
      readonly side: string;
      readonly price_level: string;
      readonly new_quantity: string;
    }[];
  }[];
}

interface KrakenBook {
  readonly channel: string;
  readonly type: string;
  readonly data: readonly {
    readonly bids: readonly { readonly price: number; readonly qty: number }[];
    readonly asks: readonly { readonly price: number; readonly qty: number }[];
  }[];
}

/** `[price, count, amount]`, an amount below 0 is an ask. */
function readBitfinexBook(message: unknown): BookMove | undefined {
  const [, payload] = message as readonly [number, unknown];
  if (!Array.isArray(payload)) return undefined;
  const isWhole = Array.isArray(payload[0]);
  const entries = (isWhole ? payload : [payload]) as readonly [number, number, number][];
  const side = (sign: 1 | -1): Levels =>
    entries
      .filter(([, , amount]) => amount * sign > 0)
      .map(([price, count, amount]) => [price, count === 0 ? 0 : amount * sign]);
  return { isWhole, bids: side(1), asks: side(-1) };
}

interface KrakenFuturesBook {
  readonly feed: string;
  readonly side?: string;
  readonly price?: number;
  readonly qty?: number;
  readonly bids?: readonly { readonly price: number; readonly qty: number }[];
  readonly asks?: readonly { readonly price: number; readonly qty: number }[];
}

/** A snapshot, or one level. */
function readKrakenFuturesBook(message: unknown): BookMove | undefined {
  const { feed, side, price, qty, bids = [], asks = [] } = message as KrakenFuturesBook;
  const cut = (level: { readonly price: number; readonly qty: number }) =>
    [level.price, level.qty] as const;
  if (feed === "book_snapshot") return { isWhole: true, bids: bids.map(cut), asks: asks.map(cut) };
  if (feed !== "book") return undefined;
  const levels = [[price, qty]] as const;
  return {
    isWhole: false,
    bids: side === "buy" ? levels : [],
    asks: side === "sell" ? levels : [],
  };
}

type KucoinChanges = readonly (readonly [price: string, size: string, sequence: string])[];

/** Deltas on the socket have `changes`, snapshots over HTTP do not. */
function readKucoinBook(given: unknown): BookMove | undefined {
  const { data, ...whole } = given as {
    readonly data?: {
      readonly changes?: { readonly bids: KucoinChanges; readonly asks: KucoinChanges };
    };
    readonly bids?: Levels;
    readonly asks?: Levels;
  };
  if (whole.bids !== undefined && whole.asks !== undefined) {
    return { isWhole: true, bids: whole.bids, asks: whole.asks };
  }
  if (data?.changes === undefined) return undefined;
  const cut = ([price, size]: KucoinChanges[number]) => [price, size] as const;
  const { bids, asks } = data.changes;
  return { isWhole: false, bids: bids.map(cut), asks: asks.map(cut) };
}

interface CoinbaseExchangeBook {
  readonly type: string;
  readonly bids?: Levels;
  readonly asks?: Levels;
  readonly changes?: readonly (readonly [side: string, price: string, size: string])[];
}

function readCoinbaseExchangeBook(message: unknown): BookMove | undefined {
  const { type, changes = [], bids = [], asks = [] } = message as CoinbaseExchangeBook;
  if (type === "snapshot") return { isWhole: true, bids, asks };
  if (type !== "l2update") return undefined;
  const side = (name: string): Levels =>
    changes.filter(([of]) => of === name).map(([, price, size]) => [price, size]);
  return { isWhole: false, bids: side("buy"), asks: side("sell") };
}

const sides = (levels: { readonly bids?: Levels; readonly asks?: Levels }) =>
  levels.bids === undefined || levels.asks === undefined
    ? undefined
    : { bids: levels.bids, asks: levels.asks };

export const spokenVenues: readonly SpokenVenue[] = [
  binance(
    "binance-spot",
    (reach) => binanceSpot({ ...reach, ...rest(reach, "https://api.binance.com") }),
    ["BTCUSDT", "ETHUSDT"],
    5_000,
  ),
  binance(
    "binance-usdm",
    (reach) => binanceUsdm({ ...reach, ...rest(reach, "https://fapi.binance.com") }),
    ["BTCUSDT", "ETHUSDT"],
  ),
  {
    ...binance(
      "binance-coinm",
      (reach) => binanceCoinm({ ...reach, ...rest(reach, "https://dapi.binance.com") }),
      ["BTCUSD_PERP", "ETHUSD_PERP"],
    ),
    readBook: (message) => {
      const move = readBinanceBook(message);
      return move && { ...move, bids: inContracts(move.bids), asks: inContracts(move.asks) };
    },
  },
  {
    id: "okx",
    profile: ({ endpoint }) => okx({ endpoint }),
    instruments: ["BTC-USDT", "ETH-USDT"],
    book: (instrument) => `books:${instrument}`,
    trades: (instrument) => `trades:${instrument}`,
    light: (instrument) => `trades:${instrument}`,
    symbol: (index) => `S${index}-USDT`,
    unknown: ["books:NOPE-USDT", "rejected"],
    way: "resubscribe",
    numbers: "stream",
    leavesWithinMs: 60_000,
    readBook: (message) => {
      const { action, data } = message as OkxBook;
      const levels = sides(data[0] ?? {});
      return levels === undefined ? undefined : { isWhole: action === "snapshot", ...levels };
    },
  },
  {
    id: "deribit",
    profile: ({ endpoint }) => deribit({ endpoint }),
    instruments: ["BTC-PERPETUAL", "ETH-PERPETUAL"],
    book: (instrument) => `book.${instrument}.100ms`,
    trades: (instrument) => `trades.${instrument}.100ms`,
    light: (instrument) => `trades.${instrument}.100ms`,
    symbol: (index) => `S${index}-PERPETUAL`,
    unknown: ["book.NOPE-PERPETUAL.100ms", "rejected"],
    way: "resubscribe",
    numbers: "stream",
    readBook: (message) => {
      const { type, bids, asks } = (message as DeribitBook).params.data;
      if (bids === undefined || asks === undefined) return undefined;
      const cut = ([, price, amount]: readonly [string, number, number]) =>
        [price, amount] as const;
      return { isWhole: type === "snapshot", bids: bids.map(cut), asks: asks.map(cut) };
    },
  },
  {
    id: "bitfinex",
    profile: ({ endpoint }) => bitfinex({ endpoint }),
    instruments: ["tBTCUSD", "tETHUSD"],
    book: (instrument) => `book:${instrument}`,
    trades: (instrument) => `trades:${instrument}`,
    light: (instrument) => `trades:${instrument}`,
    symbol: (index) => `tS${index}USD`,
    unknown: ["book:tNOPEUSD", "refused"],
    way: "reconnect",
    numbers: "connection",
    leavesWithinMs: 5_000,
    readBook: readBitfinexBook,
  },
  {
    id: "coinbase-advanced",
    profile: ({ endpoint }) => coinbaseAdvanced({ endpoint }),
    instruments: ["BTC-USD", "ETH-USD"],
    book: (instrument) => `level2:${instrument}`,
    trades: (instrument) => `market_trades:${instrument}`,
    light: (instrument) => `market_trades:${instrument}`,
    symbol: (index) => `S${index}-USD`,
    unknown: ["level2:NOPE-USD", "unanswered"],
    way: "reconnect",
    numbers: "connection",
    readBook: (message) => {
      const { channel, events } = message as CoinbaseBook;
      if (channel !== "l2_data") return undefined;
      const side = (name: string): Levels =>
        events.flatMap(({ updates }) =>
          updates
            .filter((update) => update.side === name)
            .map(({ price_level, new_quantity }) => [price_level, new_quantity] as const),
        );
      return {
        isWhole: events[0]?.type === "snapshot",
        bids: side("bid"),
        asks: side("offer"),
      };
    },
  },
  {
    id: "bybit",
    profile: ({ endpoint }) => bybit({ endpoint }),
    instruments: ["BTCUSDT", "ETHUSDT"],
    book: (instrument) => `orderbook.50.${instrument}`,
    trades: (instrument) => `publicTrade.${instrument}`,
    light: (instrument) => `publicTrade.${instrument}`,
    symbol: (index) => `S${index}USDT`,
    unknown: ["orderbook.50.NOPEUSDT", "rejected"],
    way: "resubscribe",
    numbers: "stream",
    readBook: (message) => {
      const { type, data } = message as BybitBook;
      if (data.b === undefined || data.a === undefined) return undefined;
      return { isWhole: type === "snapshot", bids: data.b, asks: data.a };
    },
  },
  {
    id: "kraken",
    profile: ({ endpoint }) => kraken({ endpoint }),
    instruments: ["BTC/USD", "ETH/USD"],
    book: (instrument) => `book:${instrument}`,
    trades: (instrument) => `trade:${instrument}`,
    light: (instrument) => `trade:${instrument}`,
    symbol: (index) => `S${index}/USD`,
    unknown: ["book:NOPE/USD", "rejected"],
    way: "resubscribe",
    numbers: "checksum",
    readBook: (message) => {
      const { channel, type, data } = message as KrakenBook;
      if (channel !== "book") return undefined;
      const cut = ({ price, qty }: { readonly price: number; readonly qty: number }) =>
        [price, qty] as const;
      const [row] = data;
      if (row === undefined) return undefined;
      return {
        isWhole: type === "snapshot",
        bids: row.bids.map(cut),
        asks: row.asks.map(cut),
      };
    },
  },
  {
    id: "coinbase-exchange",
    profile: ({ endpoint }) => coinbaseExchange({ endpoint }),
    instruments: ["BTC-USD", "ETH-USD"],
    book: (instrument) => `level2_batch:${instrument}`,
    trades: (instrument) => `matches:${instrument}`,
    light: (instrument) => `matches:${instrument}`,
    symbol: (index) => `S${index}-USD`,
    unknown: ["matches:NO-BODY", "rejected"],
    way: "none",
    numbers: "none",
    tellsAgain: (topic) => topic.startsWith("matches:"),
    readBook: readCoinbaseExchangeBook,
  },
  {
    id: "kraken-futures",
    profile: ({ endpoint }) => krakenFutures({ endpoint }),
    instruments: ["PF_XBTUSD", "PF_ETHUSD"],
    book: (instrument) => `book:${instrument}`,
    trades: (instrument) => `trade:${instrument}`,
    light: (instrument) => `trade:${instrument}`,
    symbol: (index) => `PF_S${index}USD`,
    unknown: ["book:PF_NOBODY", "unanswered"],
    way: "resubscribe",
    numbers: "stream",
    tellsAgain: (topic) => topic.startsWith("trade:"),
    readBook: readKrakenFuturesBook,
  },
  {
    id: "kucoin",
    profile: ({ fetch, restEndpoint }) => kucoin({ fetch, restEndpoint }),
    instruments: ["BTC-USDT", "ETH-USDT"],
    book: (instrument) => `/market/level2:${instrument}`,
    trades: (instrument) => `/market/match:${instrument}`,
    light: (instrument) => `/market/match:${instrument}`,
    symbol: (index) => `S${index}-USDT`,
    unknown: ["/market/ticker:NOPE-USDT", "stale"],
    way: "snapshot",
    numbers: "stream",
    readBook: readKucoinBook,
  },
  {
    id: "hyperliquid",
    profile: ({ endpoint }) => hyperliquid({ endpoint }),
    instruments: ["BTC", "ETH"],
    book: (instrument) => `l2Book:${instrument}?fast=true`,
    trades: (instrument) => `trades:${instrument}`,
    light: (instrument) => `trades:${instrument}`,
    symbol: (index) => `S${index}`,
    unknown: ["l2Book:NOPE", "quarantined"],
    way: "none",
    numbers: "none",
    // Whole each time, and only as deep as was asked.
    readBook: () => undefined,
  },
];
