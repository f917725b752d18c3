/** One timer for whatever is due next. */
import { MAX_TIMER_MS } from "../../../machines/policy/duration.ts";
import type { Clock } from "../../system.ts";

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #armed: { readonly atMs: number; readonly handle: unknown } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `atMs`, or earlier when it was set for earlier: whoever is rung looks what is due. */
  set(atMs: number | undefined): void {
    if (atMs === undefined || (this.#armed !== undefined && this.#armed.atMs <= atMs)) return;
    this.off();
    const delayMs = Math.min(Math.max(atMs - this.#clock.nowMs(), 0), MAX_TIMER_MS);
    const handle = this.#clock.setTimeout(() => {
      this.#armed = undefined;
      this.#ring();
    }, delayMs);
    this.#armed = { atMs, handle };
  }

  off(): void {
    if (this.#armed !== undefined) this.#clock.clearTimeout(this.#armed.handle);
    this.#armed = undefined;
  }
}
