/**
 * Chance, split by name from one seed: what one part of a life draws changes nothing for the others.
 */
import { createRandom } from "../../../machines/policy/random.ts";

export class Dice {
  readonly #next: () => number;

  constructor(seed: number, name: string) {
    this.#next = createRandom(Math.imul(seed, 0x9e3779b1) ^ hash(name));
    this.#next(); // neighbouring seeds begin with neighbouring states
  }

  /** In [0, 1). */
  share(): number {
    return this.#next();
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.#next() < p;
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  /** A whole number whose logarithm is uniform: as many between 1 and 10 as between 10 and 100. */
  log(from: number, to: number): number {
    return Math.min(to, Math.round(from * (to / from) ** this.#next()));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#next() * items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  /** One of `rows`, each as likely as its weight. */
  weighted<T>(rows: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.#next() * rows.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of rows) {
      left -= weight;
      if (left < 0) return value;
    }
    const last = rows.at(-1);
    if (last === undefined) throw new Error("nothing to pick from");
    return last[1];
  }

  /** Each of `items` with probability `p`, in their order. */
  some<T>(items: readonly T[], p: number): T[] {
    return items.filter(() => this.chance(p));
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}
