/**
 * A market that invents itself: trades, books and quotes of several instruments, from a seed.
 *
 * It speaks no venue's language (see `market-event.ts`); only how the changes of a book are numbered is
 * the venue's. Books are true ones: bids lie below asks, each change says what the levels are now, and
 * a quote is the best of both sides. Each instrument has its own chance: one more changes nothing for
 * the others.
 */
import { createRandom } from "../../../machines/policy/random.ts";
import { OptionError } from "../../errors.ts";
import { Book, type Side } from "./book.ts";
import type {
  BookNumbering,
  BookView,
  MarketEvent,
  MarketView,
  Quote,
  Trade,
} from "./market-event.ts";
import type { NumberedFeed } from "./faults.ts";
import type { Source } from "./source.ts";

export interface MarketOptions {
  /** In the venue's own spelling. @defaultValue three of the venue's, such as `["BTCUSDT", "ETHUSDT", "SOLUSDT"]` */
  readonly symbols?: readonly string[] | undefined;
  /** Mean per symbol; 0 for none. @defaultValue 10 */
  readonly tradesPerSecond?: number | undefined;
  /** Mean per symbol; 0 for none. @defaultValue 5 */
  readonly bookTickersPerSecond?: number | undefined;
  /** Whether books move: each is told every 100 ms and every second. @defaultValue true */
  readonly books?: boolean | undefined;
}

/** Levels on one side of a book, so few that every venue's depth holds them all. */
const DEPTH = 10;
const KEPT_TRADES = 200;
const SHOWN_TRADES = 10;

/** How far the venue's clock steps back when books that are numbered by it begin again. */
const CLOCK_STEP_MS = 3_600_000;

export interface Renumbering {
  readonly of?: NumberedFeed | undefined;
  readonly to?: number | undefined;
  readonly unannounced?: boolean | undefined;
}

/** One recurring event: what it says, and when it says it next. */
interface Beat {
  dueAtMs: number;
  readonly intervalMs: () => number;
  readonly speak: (atMs: number) => MarketEvent;
}

export class Market implements Source, MarketView {
  readonly isVerbatim = false;
  readonly beganAtMs: number;
  readonly instruments: readonly string[];
  readonly #symbols = new Map<string, SymbolMarket>();
  readonly #beats: readonly Beat[];
  #next: Beat | undefined;
  #clockStepMs = 0;

  constructor(
    seed: number,
    startAtMs: number,
    options: MarketOptions & { readonly symbols: readonly string[] },
    numbering: BookNumbering = "range",
  ) {
    const { symbols, books = true } = options;
    if (symbols.length === 0)
      throw new OptionError("market.symbols", "at least one symbol", symbols);
    const tradesPerSecond = rate("market.tradesPerSecond", options.tradesPerSecond ?? 10);
    const quotesPerSecond = rate("market.bookTickersPerSecond", options.bookTickersPerSecond ?? 5);
    this.beganAtMs = startAtMs;
    this.instruments = symbols;
    for (const symbol of symbols) {
      const random = createRandom(seed ^ hash(symbol));
      this.#symbols.set(
        symbol,
        new SymbolMarket(symbol, random, numbering, books, (atMs) => this.stamp(atMs)),
      );
    }
    this.#beats = [...this.#symbols.values()].flatMap((market) =>
      market.beats(tradesPerSecond, quotesPerSecond),
    );
    for (const beat of this.#beats) beat.dueAtMs = startAtMs + beat.intervalMs();
    this.#next = this.#earliest();
  }

  get nextAtMs(): number | undefined {
    return this.#next === undefined ? undefined : Math.round(this.#next.dueAtMs);
  }

  begin(): void {
    // It has been going on all the time.
  }

  take(): MarketEvent {
    const beat = this.#next;
    if (beat === undefined) throw new Error("the market has nothing to say");
    const event = beat.speak(Math.round(beat.dueAtMs));
    beat.dueAtMs += beat.intervalMs();
    this.#next = this.#earliest();
    return event;
  }

  /** A venue's own restart: numbers begin again, from lower ones, with the next event. */
  renumber({ of = "books", to, unannounced = false }: Renumbering = {}): void {
    if ((of === "books" || of === "all") && unannounced) this.#clockStepMs -= CLOCK_STEP_MS;
    for (const market of this.#symbols.values()) {
      if (of === "trades" || of === "all") market.renumberTrades(to);
      if (of === "trades" || of === "connection") continue;
      const { book } = market;
      const half = Math.floor(book.position / 2);
      if (unannounced) book.shift(to ?? half);
      else book.renumber(to ?? half);
    }
  }

  /**
   * The event as it is told under another number: this one, or without one that of the event before. Its
   * own is left to the next event.
   */
  misnumber(event: MarketEvent, number?: number): MarketEvent {
    const market = this.#symbols.get(event.instrument);
    if (market === undefined) return event;
    switch (event.feed) {
      case "trades":
        return market.misnumber(event, number);
      case "book":
        return market.book.misnumber(event, number);
      case "quotes":
        return number === undefined ? event : { ...event, position: number, stamp: number };
      case "slow-book":
        return event;
    }
  }

  knows(instrument: string): boolean {
    return this.#symbols.has(instrument);
  }

  book(instrument: string): BookView | undefined {
    return this.#symbols.get(instrument)?.book.told();
  }

  liveBook(instrument: string): BookView | undefined {
    return this.#symbols.get(instrument)?.book.live();
  }

  /** As it had been told at `position`, if that is not too long ago. */
  bookAt(instrument: string, position: number): BookView | undefined {
    return this.#symbols.get(instrument)?.book.at(position);
  }

  trades(instrument: string, count = SHOWN_TRADES): readonly Trade[] {
    return count > 0 ? (this.#symbols.get(instrument)?.trades.slice(-count) ?? []) : [];
  }

  quote(instrument: string, nowMs: number): Quote | undefined {
    return this.#symbols.get(instrument)?.quote(nowMs, this.stamp(nowMs));
  }

  stamp(nowMs: number): number {
    return Math.floor(nowMs) + this.#clockStepMs;
  }

  #earliest(): Beat | undefined {
    let earliest: Beat | undefined;
    for (const beat of this.#beats) {
      if (beat.dueAtMs < (earliest?.dueAtMs ?? Infinity)) earliest = beat;
    }
    return earliest;
  }
}

class SymbolMarket {
  readonly book: Book;
  readonly trades: Trade[] = [];
  readonly #symbol: string;
  readonly #random: () => number;
  readonly #moves: boolean;
  readonly #stamp: (atMs: number) => number;
  #tradeId: number;
  #mid: number;

  constructor(
    symbol: string,
    random: () => number,
    numbering: BookNumbering,
    moves: boolean,
    stamp: (atMs: number) => number,
  ) {
    this.#symbol = symbol;
    this.#stamp = stamp;
    this.#random = random;
    this.#moves = moves;
    this.#tradeId = 3_000_000_000 + Math.floor(random() * 1e9);
    const position = 50_000_000_000 + Math.floor(random() * 1e9);
    this.#mid = 1_000 + Math.floor(random() * 600_000);
    this.book = new Book(symbol, numbering, position, () => Math.floor(random() * 5_000));
    for (let offset = 1; offset <= DEPTH; offset += 1) {
      this.book.place("bids", this.#mid - offset, this.#quantity());
      this.book.place("asks", this.#mid + offset, this.#quantity());
    }
  }

  beats(tradesPerSecond: number, quotesPerSecond: number): Beat[] {
    // Uneven, with the mean that was asked for; a rate of 0 is never due.
    const around = (perSecond: number) => (): number =>
      (1_000 / perSecond) * (0.2 + this.#random() * 1.6);
    const beats: Beat[] = [
      { dueAtMs: 0, intervalMs: around(tradesPerSecond), speak: (atMs) => this.#trade(atMs) },
      { dueAtMs: 0, intervalMs: around(quotesPerSecond), speak: (atMs) => this.#nextQuote(atMs) },
    ];
    if (!this.#moves) return beats;
    // In this order: at the instant of both, both end at the same position.
    return [
      ...beats,
      { dueAtMs: 0, intervalMs: () => 100, speak: (atMs) => this.#change(atMs) },
      { dueAtMs: 0, intervalMs: () => 1_000, speak: (atMs) => this.book.tellSlow(atMs) },
    ];
  }

  /** The trades told before are nothing that the new numbering knows. */
  renumberTrades(to = Math.floor(this.#tradeId / 2)): void {
    this.#tradeId = to;
    this.trades.length = 0;
  }

  misnumber(trade: Trade, number = trade.id - 1): Trade {
    const told = { ...trade, id: number };
    this.#tradeId = trade.id - 1;
    this.trades[this.trades.length - 1] = told;
    return told;
  }

  quote(atMs: number, stamp: number): Quote {
    const { position } = this.book;
    const [bid, ask] = [this.book.best("bids"), this.book.best("asks")];
    const lastPrice = this.trades.at(-1)?.price ?? this.#mid;
    return { feed: "quotes", instrument: this.#symbol, atMs, position, stamp, bid, ask, lastPrice };
  }

  #trade(atMs: number): Trade {
    this.#drift();
    this.#tradeId += 1;
    const trade: Trade = {
      feed: "trades",
      instrument: this.#symbol,
      atMs,
      id: this.#tradeId,
      price: this.#mid,
      quantity: this.#quantity(),
      taker: this.#random() < 0.5 ? "seller" : "buyer",
    };
    this.trades.push(trade);
    if (this.trades.length > KEPT_TRADES) this.trades.shift();
    return trade;
  }

  #nextQuote(atMs: number): Quote {
    const count = 1 + Math.floor(this.#random() * 4);
    for (let move = 0; move < count; move += 1) {
      const side: Side = this.#random() < 0.5 ? "bids" : "asks";
      if (this.#moves) this.book.move(side, this.book.best(side)[0], this.#quantity());
      else this.book.advance(1);
    }
    return this.quote(atMs, this.#stamp(atMs));
  }

  #change(atMs: number): ReturnType<Book["tellFast"]> {
    const count = 1 + Math.floor(this.#random() * 8);
    for (let move = 0; move < count; move += 1) this.#move();
    return this.book.tellFast(atMs);
  }

  #move(): void {
    const { book } = this;
    const side: Side = this.#random() < 0.5 ? "bids" : "asks";
    const offset = 1 + Math.floor(this.#random() * DEPTH);
    const price = this.#mid + (side === "bids" ? -offset : offset);
    const leaves = this.#random() < 0.3 && book.has(side, price) && book.size(side) > DEPTH / 2;
    book.move(side, price, leaves ? 0 : this.#quantity());
    while (book.size(side) > DEPTH) book.move(side, book.worst(side)[0], 0);
  }

  /** The price moves, and takes with it the levels that it crosses. */
  #drift(): void {
    this.#mid = Math.max(100, this.#mid + Math.round((this.#random() - 0.5) * 6));
    if (!this.#moves) return;
    this.#clear("bids", (price) => price >= this.#mid);
    this.#clear("asks", (price) => price <= this.#mid);
  }

  #clear(side: Side, isCrossed: (price: number) => boolean): void {
    const { book } = this;
    for (let [price] = book.best(side); isCrossed(price); [price] = book.best(side)) {
      if (book.size(side) === 1) {
        book.move(side, this.#mid + (side === "bids" ? -1 : 1), this.#quantity());
      }
      book.move(side, price, 0);
    }
  }

  #quantity(): number {
    return 1 + Math.floor(this.#random() * 2_000);
  }
}

function rate(option: string, perSecond: number): number {
  if (perSecond >= 0 && perSecond < Infinity) return perSecond;
  throw new OptionError(option, "a rate of 0 or more", perSecond);
}

/** FNV-1a: a symbol's own share of the seed. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193);
  return value;
}
