/**
 * What happens in a market, in no venue's words: a dialect says it in its own.
 *
 * Prices and quantities are whole numbers, tenths and thousandths, so that no venue's way of writing
 * them loses anything and two books can be compared for equality.
 */

/** Events of one kind; what a topic is about. `slow-book` is the same book, told once a second. */
export type Feed = "trades" | "book" | "slow-book" | "quotes";

/** Price in tenths, quantity in thousandths; a quantity of 0 takes the level away. */
export type Level = readonly [price: number, quantity: number];

export interface Trade {
  readonly feed: "trades";
  readonly instrument: string;
  readonly atMs: number;
  /** One higher each time. */
  readonly id: number;
  readonly price: number;
  readonly quantity: number;
  /** Who took liquidity. */
  readonly taker: "buyer" | "seller";
}

/** The levels that changed since the change before, as they are now. Best first. */
export interface BookChange {
  readonly feed: "book" | "slow-book";
  readonly instrument: string;
  readonly atMs: number;
  /** The positions that it covers; where the numbers are linked, some before `first` are nobody's. */
  readonly first: number;
  readonly last: number;
  /** Where the change before ended. */
  readonly previous: number;
  /** Numbers begin anew with it (a fault): `last` is lower than `previous`. */
  readonly restarts: boolean;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  /** What these levels were before, in the same order; of the feed `book` only. */
  readonly before?: { readonly bids: readonly Level[]; readonly asks: readonly Level[] };
}

/** Best bid and ask, at a position of the book. */
export interface Quote {
  readonly feed: "quotes";
  readonly instrument: string;
  readonly atMs: number;
  readonly position: number;
  /** Its number at a venue that numbers by time: milliseconds, as the venue's clock has them. */
  readonly stamp: number;
  readonly bid: Level;
  readonly ask: Level;
  readonly lastPrice: number;
}

export type MarketEvent = Trade | BookChange | Quote;

/** A whole book; best first. */
export interface BookView {
  /** All changes up to here are in it. */
  readonly position: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** What a dialect may look at, such as for the snapshot that follows a subscription. */
export interface MarketView {
  /** Empty for a recording, which has no market behind it: every instrument is then `known`. */
  readonly instruments: readonly string[];
  knows(instrument: string): boolean;
  /** As the feed `book` has told it so far: the next change follows on from it. */
  book(instrument: string): BookView | undefined;
  /** With what the next change will tell: what a venue answers over HTTP. */
  liveBook(instrument: string): BookView | undefined;
  /** The latest, oldest first. @param count - How many, at most 200. Default 10 */
  trades(instrument: string, count?: number): readonly Trade[];
  quote(instrument: string, nowMs: number): Quote | undefined;
  /** The instant on the venue's clock, where that numbers what it tells. */
  stamp(nowMs: number): number;
}

/**
 * How a venue numbers the changes of a book: each level's change counts (`range`); each change told
 * counts once (`single`); or numbers are shared with others, so that they jump and each change says
 * where the one before ended (`linked`).
 */
export type BookNumbering = "range" | "single" | "linked";

/** Tenths as decimal text: `showPrice(617, 2)` is `"61.70"`. */
export function showPrice(price: number, decimals = 1): string {
  return (price / 10).toFixed(decimals);
}

/** Thousandths as decimal text: `showQuantity(1500, 3)` is `"1.500"`. */
export function showQuantity(quantity: number, decimals = 3): string {
  return (quantity / 1_000).toFixed(decimals);
}
