/** The number of every frame of a connection, where the venue numbers them so. */
export class ConnectionCounter {
  readonly #first: number;
  #next: number;
  #isHeld = false;
  #absurd: number | undefined;

  /** @param first - The number of the first frame. */
  constructor(first: number) {
    this.#first = first;
    this.#next = first;
  }

  /** The number of the next frame. */
  take(): number {
    const absurd = this.#absurd;
    this.#absurd = undefined;
    if (absurd !== undefined) return absurd;
    // Held: the frames go on under the last number that was given.
    if (this.#isHeld && this.#next > this.#first) return this.#next - 1;
    const number = this.#next;
    this.#next += 1;
    return number;
  }

  /** It begins again: at `next`, or as on a new connection. */
  restart(next: number = this.#first): void {
    this.#next = next;
  }

  /** The next frame bears this number; the one behind it goes on from the one before. */
  misnumber(number: number): void {
    this.#absurd = number;
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }
}
