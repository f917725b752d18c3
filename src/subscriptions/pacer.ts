/**
 * Pacing: how many frames may go out in any window of time.
 *
 * A strict sliding window, not a token bucket: a bucket of five refilled at five a second lets nine
 * frames into one second, and venues that count (Binance: five, then close 1008) count windows.
 * Several windows may hold at once. Pure: time comes in.
 */

/** At most `frames` in any `perMs` milliseconds. */
export interface PacingWindow {
  readonly frames: number;
  readonly perMs: number;
}

export class Pacer {
  readonly #windows: readonly WindowLog[];

  constructor(windows: readonly PacingWindow[]) {
    this.#windows = windows.map((window) => new WindowLog(window));
  }

  /** How long until one more frame may go out, in milliseconds; 0 for now. */
  waitMs(nowMs: number): number {
    let waitMs = 0;
    for (const window of this.#windows) waitMs = Math.max(waitMs, window.waitMs(nowMs));
    return waitMs;
  }

  /** One frame goes out, or was counted by the venue though we did not choose it (a pong). */
  spend(nowMs: number): void {
    for (const window of this.#windows) window.spend(nowMs);
  }

  /** A new socket: venues count per connection. */
  reset(): void {
    for (const window of this.#windows) window.reset();
  }
}

/** The instants of the last `frames` frames, in a ring. */
class WindowLog {
  readonly #perMs: number;
  readonly #frames: number;
  /** Made with the first frame: most connections send few. */
  #sentAtMs: Float64Array | undefined;
  #next = 0;

  constructor({ frames, perMs }: PacingWindow) {
    this.#perMs = perMs;
    this.#frames = frames;
  }

  waitMs(nowMs: number): number {
    const oldestAtMs = this.#sentAtMs?.[this.#next] ?? -Infinity;
    return Math.max(oldestAtMs + this.#perMs - nowMs, 0);
  }

  spend(nowMs: number): void {
    this.#sentAtMs ??= new Float64Array(this.#frames).fill(-Infinity);
    this.#sentAtMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#frames;
  }

  reset(): void {
    this.#sentAtMs?.fill(-Infinity);
    this.#next = 0;
  }
}
