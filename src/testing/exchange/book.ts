/**
 * The book of one instrument: what it is now, what has been told of it, and what it was a while ago.
 *
 * The live book moves by single levels. What moved is gathered for each feed until that feed tells it;
 * the told book is what a client that missed nothing has. Its last changes can be undone, so that a
 * client's book can be held against the true one at the client's own position.
 */
import type { BookChange, BookNumbering, BookView, Level } from "./market-event.ts";

export type Side = "bids" | "asks";

type Levels = Map<number, number>;

interface Sides {
  readonly bids: Levels;
  readonly asks: Levels;
}

/** What one feed has yet to tell. */
interface Untold {
  readonly bids: Set<number>;
  readonly asks: Set<number>;
  /** The position it has told up to. */
  told: number;
  /** The position of the first move since; undefined when there was none. */
  first: number | undefined;
  restarts: boolean;
}

/** How many changes can be undone. */
const HISTORY = 128;

interface Past {
  readonly last: number;
  readonly previous: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export class Book {
  readonly instrument: string;
  readonly #numbering: BookNumbering;
  readonly #jump: () => number;
  readonly #live: Sides = { bids: new Map(), asks: new Map() };
  readonly #told: Sides = { bids: new Map(), asks: new Map() };
  readonly #fast: Untold;
  readonly #slow: Untold;
  readonly #past: Past[] = [];
  #position: number;

  /** @param jump - How many numbers of others come before the next change, where numbers are linked. */
  constructor(instrument: string, numbering: BookNumbering, position: number, jump: () => number) {
    this.instrument = instrument;
    this.#numbering = numbering;
    this.#position = position;
    this.#jump = jump;
    this.#fast = untold(position);
    this.#slow = untold(position);
  }

  /** Of the live book. */
  get position(): number {
    return this.#position;
  }

  /** A level that has been there from the beginning: it moves nothing. */
  place(side: Side, price: number, quantity: number): void {
    this.#live[side].set(price, quantity);
    this.#told[side].set(price, quantity);
  }

  size(side: Side): number {
    return this.#live[side].size;
  }

  has(side: Side, price: number): boolean {
    return this.#live[side].has(price);
  }

  /** The level nearest to the other side. */
  best(side: Side): Level {
    return this.#edge(side, true);
  }

  /** The level farthest from it. */
  worst(side: Side): Level {
    return this.#edge(side, false);
  }

  /** One level changes; a quantity of 0 takes it away. */
  move(side: Side, price: number, quantity: number): void {
    this.advance(1);
    if (quantity === 0) this.#live[side].delete(price);
    else this.#live[side].set(price, quantity);
    for (const feed of [this.#fast, this.#slow]) feed[side].add(price);
  }

  /** Numbers are used up, by this book's moves or by what nobody tells. */
  advance(count: number): void {
    if (this.#numbering === "single") return;
    if (this.#numbering === "linked" && this.#fast.first === undefined) {
      this.#position += this.#jump();
    }
    const first = this.#position + 1;
    this.#position += count;
    this.#fast.first ??= first;
    this.#slow.first ??= first;
  }

  /** Numbers begin anew, at `position`, with the next change (a venue's own restart). */
  renumber(position: number): void {
    this.#position = position;
    this.#past.length = 0;
    for (const feed of [this.#fast, this.#slow]) {
      feed.restarts = true;
      feed.first = position + 1;
    }
  }

  /** The same numbers, all lower, so that nothing in them shows it: the next is the one after `to`. */
  shift(to: number): void {
    const by = to - Math.min(this.#fast.told, this.#slow.told);
    this.#position += by;
    this.#past.length = 0;
    for (const feed of [this.#fast, this.#slow]) {
      feed.told += by;
      if (feed.first !== undefined) feed.first += by;
    }
  }

  /** A change as it is told under another number; the next covers its own, and follows the one before. */
  misnumber(change: BookChange, number: number = change.previous): BookChange {
    this.#fast.told = change.previous;
    if (this.#numbering === "single") this.#position = change.previous;
    this.#past.length = 0;
    return { ...change, first: number, last: number };
  }

  tellFast(atMs: number): BookChange {
    if (this.#numbering === "single") this.#position += 1;
    const change = this.#tell("book", this.#fast, atMs);
    const { last, previous, restarts } = change;
    const before = {
      bids: this.#apply("bids", change.bids),
      asks: this.#apply("asks", change.asks),
    };
    if (!restarts) {
      this.#past.push({ last, previous, ...before });
      if (this.#past.length > HISTORY) this.#past.shift();
    }
    return { ...change, before };
  }

  tellSlow(atMs: number): BookChange {
    return this.#tell("slow-book", this.#slow, atMs);
  }

  live(): BookView {
    return view(this.#live, this.#position);
  }

  told(): BookView {
    return view(this.#told, this.#fast.told);
  }

  /** As it had been told at `position`; undefined when that was no position, or too long ago. */
  at(position: number): BookView | undefined {
    if (position === this.#fast.told) return this.told();
    const sides = { bids: new Map(this.#told.bids), asks: new Map(this.#told.asks) };
    for (const { previous, bids, asks } of this.#past.toReversed()) {
      for (const level of bids) put(sides.bids, level);
      for (const level of asks) put(sides.asks, level);
      if (previous === position) return view(sides, position);
    }
    return undefined;
  }

  #tell(name: BookChange["feed"], feed: Untold, atMs: number): BookChange {
    const { told: previous, restarts } = feed;
    const last = this.#position;
    const first =
      this.#numbering === "linked" || restarts ? Math.min(feed.first ?? last, last) : previous + 1;
    const change = {
      feed: name,
      instrument: this.instrument,
      atMs,
      first,
      last,
      previous,
      restarts,
      bids: this.#changed("bids", feed),
      asks: this.#changed("asks", feed),
    };
    feed.told = last;
    feed.first = undefined;
    feed.restarts = false;
    feed.bids.clear();
    feed.asks.clear();
    return change;
  }

  #changed(side: Side, feed: Untold): Level[] {
    const levels = [...feed[side]].map((price): Level => [price, this.#live[side].get(price) ?? 0]);
    return sorted(side, levels);
  }

  /** Gives what the levels were before. */
  #apply(side: Side, levels: readonly Level[]): Level[] {
    const levelsBefore = levels.map(([price]): Level => [price, this.#told[side].get(price) ?? 0]);
    for (const level of levels) put(this.#told[side], level);
    return levelsBefore;
  }

  #edge(side: Side, isBest: boolean): Level {
    const wantsHigh = (side === "bids") === isBest;
    const levels = this.#live[side];
    let edge = wantsHigh ? -Infinity : Infinity;
    for (const price of levels.keys()) {
      if (price > edge === wantsHigh) edge = price;
    }
    const quantity = levels.get(edge);
    if (quantity === undefined) throw new Error(`the book of ${this.instrument} has no ${side}`);
    return [edge, quantity];
  }
}

function untold(position: number): Untold {
  return { bids: new Set(), asks: new Set(), told: position, first: undefined, restarts: false };
}

function put(levels: Levels, [price, quantity]: Level): void {
  if (quantity === 0) levels.delete(price);
  else levels.set(price, quantity);
}

function view(sides: Sides, position: number): BookView {
  return {
    position,
    bids: sorted("bids", [...sides.bids]),
    asks: sorted("asks", [...sides.asks]),
  };
}

function sorted(side: Side, levels: Level[]): Level[] {
  const sign = side === "bids" ? -1 : 1;
  return levels.sort(([one], [other]) => sign * (one - other));
}
