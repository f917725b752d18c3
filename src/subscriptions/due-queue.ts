/**
 * Things that fall due, the first one at hand: a binary heap in which a thing can be moved and deleted. Of
 * things that fall due at the same time the one that was put first is first.
 */

/** What a queue keeps of a thing, in the thing itself. */
export interface Due {
  dueAtMs: number;
  /** When it was put, among all that were. */
  order: number;
  /** Where it stands; -1 outside the queue. */
  place: number;
}

export class DueQueue<T extends Due> {
  readonly #heap: T[] = [];
  #order = 0;

  get first(): T | undefined {
    return this.#heap[0];
  }

  /** Puts a thing in, or moves it to another time. */
  put(thing: T, dueAtMs: number): void {
    thing.dueAtMs = dueAtMs;
    thing.order = this.#order++;
    if (thing.place < 0) thing.place = this.#heap.push(thing) - 1;
    this.#settle(thing);
  }

  delete(thing: T): void {
    const { place } = thing;
    if (place < 0) return;
    thing.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === thing) return;
    this.#set(last, place);
    this.#settle(last);
  }

  clear(): void {
    for (const thing of this.#heap) thing.place = -1;
    this.#heap.length = 0;
  }

  /** Moves a thing up or down to where it belongs. */
  #settle(thing: T): void {
    for (;;) {
      const { place } = thing;
      const parent = place === 0 ? undefined : this.#heap[(place - 1) >> 1];
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child =
        left === undefined || right === undefined || isBefore(left, right) ? left : right;
      if (parent !== undefined && isBefore(thing, parent)) this.#swap(thing, parent);
      else if (child !== undefined && isBefore(child, thing)) this.#swap(thing, child);
      else return;
    }
  }

  #swap(a: T, b: T): void {
    const { place } = a;
    this.#set(a, b.place);
    this.#set(b, place);
  }

  #set(thing: T, place: number): void {
    thing.place = place;
    this.#heap[place] = thing;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.dueAtMs === other.dueAtMs ? one.order < other.order : one.dueAtMs < other.dueAtMs;
}
