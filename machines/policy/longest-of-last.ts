/**
 * The longest of the last few durations, without a search: a queue of those that no later one exceeds.
 *
 * Adding costs a compare on average, and allocates only while the queue is still growing.
 */
export class LongestOfLast {
  readonly #size: number;
  /** A ring: durations that fall from the head on, and which of all durations each was. */
  #durationsMs: number[] = [0, 0, 0, 0];
  #numbers: number[] = [0, 0, 0, 0];
  #head = 0;
  #length = 0;
  #added = 0;

  /** @param size - How many of the last durations count. */
  constructor(size: number) {
    this.#size = size;
  }

  /** How many were ever added. */
  get added(): number {
    return this.#added;
  }

  /** The longest of the last ones, in milliseconds; 0 where there is none. */
  get longestMs(): number {
    return this.#length === 0 ? 0 : (this.#durationsMs[this.#head] ?? 0);
  }

  add(durationMs: number): void {
    this.#added += 1;
    while (this.#length > 0 && (this.#durationsMs[this.#at(this.#length - 1)] ?? 0) <= durationMs) {
      this.#length -= 1;
    }
    if (this.#length === this.#durationsMs.length) this.#grow();
    const place = this.#at(this.#length);
    this.#durationsMs[place] = durationMs;
    this.#numbers[place] = this.#added;
    this.#length += 1;
    if ((this.#numbers[this.#head] ?? 0) <= this.#added - this.#size) {
      this.#head = this.#at(1);
      this.#length -= 1;
    }
  }

  #at(index: number): number {
    return (this.#head + index) % this.#durationsMs.length;
  }

  #grow(): void {
    const order = Array.from({ length: this.#length }, (_, index) => this.#at(index));
    const room = order.map(() => 0);
    this.#durationsMs = [...order.map((place) => this.#durationsMs[place] ?? 0), ...room];
    this.#numbers = [...order.map((place) => this.#numbers[place] ?? 0), ...room];
    this.#head = 0;
  }
}
