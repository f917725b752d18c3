/**
 * One side-by-side book of price levels, for venues whose proof of wholeness is a checksum over it.
 *
 * Keys and values are what the venue sent (text or numbers), so that the checksum sees just that.
 */

type Level<T> = readonly [price: T, size: T];

export class PriceLevels<T extends string | number> {
  readonly #bids = new Map<T, T>();
  readonly #asks = new Map<T, T>();

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
  }

  set(side: "bid" | "ask", price: T, size: T): void {
    this.#side(side).set(price, size);
  }

  delete(side: "bid" | "ask", price: T): void {
    this.#side(side).delete(price);
  }

  /** The best levels of a side, the best first. */
  best(side: "bid" | "ask", count: number): readonly Level<T>[] {
    const sign = side === "bid" ? -1 : 1;
    const levels: Level<T>[] = [...this.#side(side)];
    return levels.sort(([a], [b]) => sign * (Number(a) - Number(b))).slice(0, count);
  }

  /** Forgets all but the best levels of each side: what a venue of that depth does not tell of. */
  keepBest(count: number): void {
    for (const side of ["bid", "ask"] as const) {
      const levels = this.#side(side);
      if (levels.size <= count) continue;
      const kept = this.best(side, count);
      levels.clear();
      for (const [price, size] of kept) levels.set(price, size);
    }
  }

  #side(side: "bid" | "ask"): Map<T, T> {
    return side === "bid" ? this.#bids : this.#asks;
  }
}
