/**
 * One side-by-side book of price levels, for venues whose proof of wholeness is a checksum over it.
 *
 * Keys and values are what the venue sent (text or numbers), so that the checksum sees just that. A
 * checksum is looked at with every change, so a few best levels are found in one pass over a side,
 * which is not sorted for them.
 */

type Level<T> = readonly [price: T, size: T];

interface Entry<T> {
  readonly level: Level<T>;
  /** The lower the better. */
  readonly rank: number;
}

export class PriceLevels<T extends string | number> {
  readonly #bids = new Map<T, Entry<T>>();
  readonly #asks = new Map<T, Entry<T>>();

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
  }

  set(side: "bid" | "ask", price: T, size: T): void {
    const rank = side === "bid" ? -Number(price) : Number(price);
    this.#side(side).set(price, { level: [price, size], rank });
  }

  delete(side: "bid" | "ask", price: T): void {
    this.#side(side).delete(price);
  }

  /** The best levels of a side, the best first. */
  best(side: "bid" | "ask", count: number): readonly Level<T>[] {
    return bestOf(this.#side(side), count).map(({ level }) => level);
  }

  /** Forgets all but the best levels of each side: what a venue of that depth does not tell of. */
  keepBest(count: number): void {
    for (const levels of [this.#bids, this.#asks]) {
      while (levels.size > count) levels.delete(worstOf(levels));
    }
  }

  #side(side: "bid" | "ask"): Map<T, Entry<T>> {
    return side === "bid" ? this.#bids : this.#asks;
  }
}

/** Keeps the best so far in order; most levels of a deep side are worse than all of them. */
function bestOf<T>(levels: ReadonlyMap<T, Entry<T>>, count: number): Entry<T>[] {
  const best: Entry<T>[] = [];
  for (const entry of levels.values()) {
    const worst = best.at(-1);
    if (best.length >= count && worst !== undefined && entry.rank >= worst.rank) continue;
    let place = best.length;
    while (place > 0 && (best[place - 1]?.rank ?? 0) > entry.rank) place -= 1;
    best.splice(place, 0, entry);
    if (best.length > count) best.pop();
  }
  return best;
}

function worstOf<T>(levels: ReadonlyMap<T, Entry<T>>): T {
  let worst: Entry<T> | undefined;
  for (const entry of levels.values()) {
    if (worst === undefined || entry.rank > worst.rank) worst = entry;
  }
  if (worst === undefined) throw new Error("no level is there");
  return worst.level[0];
}
