/** A client's book, in the exchange's own whole numbers so that it can be compared with the true one. */
import type { BookView, Level } from "../../../../src/testing/index.ts";

export class ClientBook {
  #bids = new Map<number, number>();
  #asks = new Map<number, number>();
  position = 0;

  /** Prices and quantities as the venue writes them; a quantity of 0 takes the level away. */
  apply(
    position: number,
    bids: readonly (readonly [price: unknown, quantity: unknown])[],
    asks: readonly (readonly [price: unknown, quantity: unknown])[],
  ): void {
    this.position = position;
    for (const level of bids) put(this.#bids, level);
    for (const level of asks) put(this.#asks, level);
  }

  clear(): void {
    this.#bids = new Map();
    this.#asks = new Map();
  }

  get view(): BookView {
    return {
      position: this.position,
      bids: [...this.#bids].sort(([one], [other]) => other - one),
      asks: [...this.#asks].sort(([one], [other]) => one - other),
    };
  }
}

function put(levels: Map<number, number>, [price, quantity]: readonly [unknown, unknown]): void {
  const level: Level = [Math.round(Number(price) * 10), Math.round(Number(quantity) * 1_000)];
  if (level[1] === 0) levels.delete(level[0]);
  else levels.set(level[0], level[1]);
}
