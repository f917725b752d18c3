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

/** Timers keep the process alive: an armed backoff may be all there is. */
const timers = {
  nowMs: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback: () => void, delayMs: number): unknown => setTimeout(callback, delayMs),
  clearTimeout: (handle: unknown): void => clearTimeout(handle as NodeJS.Timeout | undefined),
};

/** Node's own clock. */
export const realClock: Clock = {
  ...timers,
  // A wait of nothing is the loop's next turn: Node's shortest timer takes 1 ms, as long as all else from
  // the loss of a socket on this machine to the dial of the next.
  setTimeout: (callback, delayMs) =>
    delayMs === 0 ? setImmediate(callback) : timers.setTimeout(callback, delayMs),
  // Each of the two leaves a handle of the other kind alone.
  clearTimeout: (handle) => {
    timers.clearTimeout(handle);
    clearImmediate(handle as NodeJS.Immediate | undefined);
  },
  nextTurn: (callback) => {
    setImmediate(callback);
  },
};

/** A page's: it has no `setImmediate`, so a turn is a task of its own, behind whatever has come in already. */
export const browserClock: Clock = {
  ...timers,
  nextTurn: (callback) => {
    timers.setTimeout(callback, 0);
  },
};

/** Runs `callback` when the code that is running now has returned, before any timer and any I/O. */
export function afterThisTurn(callback: () => void): void {
  queueMicrotask(callback);
}

/** A fresh 32-bit seed. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
