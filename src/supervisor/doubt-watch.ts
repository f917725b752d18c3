/**
 * Doubts about numbers on a clock: one timer, and only while something is held.
 *
 * What the loop has not read yet may resolve a doubt: a due one waits for one more turn, and none is
 * resolved by time while we do not read.
 */
import { DOUBT_MS } from "../sequence/doubt.ts";
import type { Clock } from "../system.ts";

export class DoubtWatch {
  readonly #clock: Clock;
  /** Resolves what is due. Gives how long until it is to be called again; undefined for not at all. */
  readonly #settle: (nowMs: number) => number | undefined;
  /** One object per wait, so that a wait that was ended is told from the next one. */
  #wait: { timer: unknown } | undefined;
  #isReading = true;

  constructor(clock: Clock, settle: (nowMs: number) => number | undefined) {
    this.#clock = clock;
    this.#settle = settle;
  }

  /** Something is held now. */
  start(): void {
    if (this.#wait === undefined) this.#arm(DOUBT_MS);
  }

  /** The socket is over, and nothing is held any more. */
  stop(): void {
    if (this.#wait !== undefined) this.#clock.clearTimeout(this.#wait.timer);
    this.#wait = undefined;
    this.#isReading = true;
  }

  reading(isReading: boolean): void {
    this.#isReading = isReading;
  }

  #arm(waitMs: number): void {
    const wait: { timer: unknown } = { timer: undefined };
    this.#wait = wait;
    wait.timer = this.#clock.setTimeout(() => {
      this.#clock.nextTurn(() => {
        if (this.#wait === wait) this.#due();
      });
    }, Math.ceil(waitMs));
  }

  #due(): void {
    const waitMs = this.#isReading ? this.#settle(this.#clock.nowMs()) : DOUBT_MS;
    if (this.#wait === undefined) return; // a listener ended the socket meanwhile
    this.#wait = undefined;
    if (waitMs !== undefined) this.#arm(waitMs);
  }
}
