/**
 * A first-in, first-out queue in constant time for each item. `Array#shift` moves every item that is left,
 * which takes seconds where hundreds of thousands wait.
 */

/** Taken items are cut off when there are more of them than of the others, and at least so many. */
const CUT_FROM = 1_024;

export class Queue<T> {
  #items: (T | undefined)[];
  /** Where the oldest item is; before it are the places of those that were taken. */
  #head = 0;

  constructor(items: Iterable<T> = []) {
    this.#items = [...items];
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The oldest item. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** The newest item. */
  get last(): T | undefined {
    return this.#items.at(-1);
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts an item before all others: usually the one that was taken last. */
  putFirst(item: T): void {
    if (this.#head === 0) {
      this.#items.unshift(item);
    } else {
      this.#head -= 1;
      this.#items[this.#head] = item;
    }
  }

  /** Takes the oldest item out. */
  take(): T | undefined {
    const items = this.#items;
    const head = this.#head;
    // The last one, as in a queue that is emptied at once: the array keeps its room.
    if (head + 1 >= items.length) return this.takeLast();
    const item = items[head];
    items[head] = undefined;
    this.#head = head + 1;
    if (this.#head >= CUT_FROM && this.#head * 2 > items.length) {
      this.#items = items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes the newest item out. */
  takeLast(): T | undefined {
    const item = this.#items.pop();
    if (this.#head > 0 && this.#head >= this.#items.length) this.clear();
    return item;
  }

  /** Shows each item, oldest first. */
  forEach(show: (item: T) => void): void {
    for (let index = this.#head; index < this.#items.length; index += 1) {
      const item = this.#items[index];
      if (item !== undefined) show(item);
    }
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
}
