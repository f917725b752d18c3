/**
 * Real time and real chance: the only file through which they come in.
 *
 * Everything else takes a {@link Clock} and a seed. Lint forbids `Date.now`, `Math.random`,
 * `performance.now` and timers anywhere else in `src/` and `machines/`.
 */

/** Time as this package sees it. XState takes it as its clock; `ws-supervisor/testing` has a virtual one. */
export interface Clock {
  /**
   * Monotonic milliseconds on the scale of the Unix epoch: never moved by a wall clock that is set,
   * so it may drift from it by what NTP corrects over the process's life.
   */
  nowMs(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
  /** Runs `callback` after one more turn of the event loop, when waiting I/O has been read. */
  nextTurn(callback: () => void): void;
}

/** The machine's own clock. Timers keep the process alive: an armed backoff may be all there is. */
export const realClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => {
    clearTimeout(handle as NodeJS.Timeout | undefined);
  },
  nextTurn: (callback) => {
    setImmediate(callback);
  },
};

/** A fresh 32-bit seed. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
