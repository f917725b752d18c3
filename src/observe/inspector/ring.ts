/** The last so many of something. What is pushed out is counted. */
export class Ring<T> {
  readonly #limit: number;
  #items: T[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many were pushed out. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Oldest first. */
  get items(): readonly T[] {
    return this.#items.length > this.#limit ? this.#items.slice(-this.#limit) : this.#items;
  }

  /** Puts another in the place of the newest, where there is one. */
  replaceLast(change: (last: T) => T): void {
    const last = this.#items.pop();
    if (last !== undefined) this.#items.push(change(last));
  }

  /** Trimmed by halves, so that a push costs the same whatever the limit. */
  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length > this.#limit) this.#dropped += 1;
    if (this.#items.length >= this.#limit * 2) this.#items = this.#items.slice(-this.#limit);
  }
}
