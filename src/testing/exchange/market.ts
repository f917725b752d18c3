/**
 * A market that invents itself: trades, books and book tickers of several symbols, from a seed.
 *
 * Its shapes and its numbering are Binance spot's (venues.md §3.1, verified on the recordings): trade
 * `t` is one higher each time; every change of a book has an id, a depth event covers `U` to `u` and
 * begins where the last one of its stream ended; a book ticker shows the id it was taken at, so it
 * rises and jumps. Each symbol has its own chance: one more symbol changes nothing for the others.
 * What nobody listens to is never written down.
 */
import { createRandom } from "../../../machines/policy/random.ts";
import { OptionError } from "../../errors.ts";
import type { EventNumbers, Source, SourceEvent } from "./source.ts";

export interface MarketOptions {
  /** @defaultValue `["BTCUSDT", "ETHUSDT", "SOLUSDT"]` */
  readonly symbols?: readonly string[] | undefined;
  /** Mean per symbol; 0 for none. @defaultValue 10 */
  readonly tradesPerSecond?: number | undefined;
  /** Mean per symbol; 0 for none. @defaultValue 5 */
  readonly bookTickersPerSecond?: number | undefined;
  /** Whether books move: the two depth streams of each symbol. @defaultValue true */
  readonly books?: boolean | undefined;
}

const DEFAULT_SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

/** One recurring event: what it says, and when it says it next. */
interface Beat {
  dueAtMs: number;
  readonly intervalMs: () => number;
  readonly speak: (atMs: number) => SourceEvent;
}

export class Market implements Source {
  readonly isVerbatim = false;
  readonly beganAtMs: number;
  readonly #beats: readonly Beat[];
  #next: Beat | undefined;

  constructor(seed: number, startAtMs: number, options: MarketOptions = {}) {
    const symbols = options.symbols ?? DEFAULT_SYMBOLS;
    if (symbols.length === 0)
      throw new OptionError("market.symbols", "at least one symbol", symbols);
    const tradesPerSecond = rate("market.tradesPerSecond", options.tradesPerSecond ?? 10);
    const tickersPerSecond = rate("market.bookTickersPerSecond", options.bookTickersPerSecond ?? 5);
    const { books = true } = options;
    this.beganAtMs = startAtMs;
    this.#beats = symbols.flatMap((symbol) => {
      const own = seed ^ hash(symbol.toUpperCase());
      return createBeats(symbol, own, tradesPerSecond, tickersPerSecond, books);
    });
    for (const beat of this.#beats) beat.dueAtMs = startAtMs + beat.intervalMs();
    this.#next = this.#earliest();
  }

  get nextAtMs(): number | undefined {
    return this.#next === undefined ? undefined : Math.round(this.#next.dueAtMs);
  }

  begin(): void {
    // It has been going on all the time.
  }

  take(): SourceEvent {
    const beat = this.#next;
    if (beat === undefined) throw new Error("the market has nothing to say");
    const event = beat.speak(Math.round(beat.dueAtMs));
    beat.dueAtMs += beat.intervalMs();
    this.#next = this.#earliest();
    return event;
  }

  #earliest(): Beat | undefined {
    let earliest: Beat | undefined;
    for (const beat of this.#beats) {
      if (beat.dueAtMs < (earliest?.dueAtMs ?? Infinity)) earliest = beat;
    }
    return earliest;
  }
}

function createBeats(
  symbol: string,
  seed: number,
  tradesPerSecond: number,
  tickersPerSecond: number,
  books: boolean,
): Beat[] {
  const random = createRandom(seed);
  const upper = symbol.toUpperCase();
  const lower = symbol.toLowerCase();
  let tradeId = 3_000_000_000 + Math.floor(random() * 1e9);
  let updateId = 50_000_000_000 + Math.floor(random() * 1e9);
  let midCents = 10_000 + Math.floor(random() * 6_000_000);

  const drift = (): void => {
    midCents = Math.max(1_000, midCents + Math.round((random() - 0.5) * 20));
  };
  const quantity = (): number => random() * 2;
  const levels = (side: 1 | -1): Level[] =>
    Array.from({ length: Math.floor(random() * 4) }, (_, level) => ({
      cents: midCents + side * (level + 1),
      quantity: random() < 0.3 ? 0 : quantity(),
    }));

  const trade = (atMs: number): SourceEvent => {
    drift();
    tradeId += 1;
    const [t, cents, size, m] = [tradeId, midCents, quantity(), random() < 0.5];
    return {
      stream: `${lower}@trade`,
      get text() {
        const [p, q] = [priceText(cents), quantityText(size)];
        return JSON.stringify({ e: "trade", E: atMs, s: upper, t, p, q, T: atMs, m, M: true });
      },
      numbers: single(t, true),
    };
  };

  const bookTicker = (): SourceEvent => {
    updateId += 1 + Math.floor(random() * 4);
    const [u, cents, bid, ask] = [updateId, midCents, quantity(), quantity()];
    return {
      stream: `${lower}@bookTicker`,
      get text() {
        const [b, B] = [priceText(cents - 1), quantityText(bid)];
        const [a, A] = [priceText(cents + 1), quantityText(ask)];
        return JSON.stringify({ u, s: upper, b, B, a, A });
      },
      numbers: single(u, false),
    };
  };

  const depth = (stream: string): ((atMs: number) => SourceEvent) => {
    let covered = updateId;
    return (atMs) => {
      updateId += 1 + Math.floor(random() * 12);
      const [U, u] = [covered + 1, updateId];
      covered = updateId;
      const [bids, asks] = [levels(-1), levels(1)];
      return {
        stream,
        get text() {
          const [b, a] = [bids.map(levelText), asks.map(levelText)];
          return JSON.stringify({ e: "depthUpdate", E: atMs, s: upper, U, u, b, a });
        },
        numbers: { first: U, last: u, isContiguous: true },
      };
    };
  };

  // Uneven, with the mean that was asked for; a rate of 0 is never due.
  const around = (perSecond: number) => (): number => (1_000 / perSecond) * (0.2 + random() * 1.6);
  const quotes = [
    { dueAtMs: 0, intervalMs: around(tradesPerSecond), speak: trade },
    { dueAtMs: 0, intervalMs: around(tickersPerSecond), speak: bookTicker },
  ];
  if (!books) return quotes;
  return [
    ...quotes,
    { dueAtMs: 0, intervalMs: () => 100, speak: depth(`${lower}@depth@100ms`) },
    { dueAtMs: 0, intervalMs: () => 1_000, speak: depth(`${lower}@depth`) },
  ];
}

/** One level of a book's side, before it is written down. */
interface Level {
  readonly cents: number;
  readonly quantity: number;
}

function levelText({ cents, quantity }: Level): [price: string, quantity: string] {
  return [priceText(cents), quantity === 0 ? "0.00000000" : quantityText(quantity)];
}

function priceText(cents: number): string {
  return (cents / 100).toFixed(8);
}

function quantityText(quantity: number): string {
  return `${quantity.toFixed(5)}000`;
}

function single(id: number, isContiguous: boolean): EventNumbers {
  return { first: id, last: id, isContiguous };
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
