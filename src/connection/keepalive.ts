/**
 * What we must say at fixed times, whatever else flows, lest the venue cut the connection.
 *
 * Beats keep to the rhythm of the first one: lateness of one is not added to the next. One that is
 * very late (the process stood still) begins a new rhythm, as venues also punish two in a row.
 */
import type { Clock } from "../system.ts";

export interface KeepaliveParts {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Called once per beat while started. */
  readonly beat: () => void;
}

export class Keepalive {
  readonly #parts: KeepaliveParts;
  #timer: unknown;
  #isRunning = false;
  #dueAtMs = 0;

  constructor(parts: KeepaliveParts) {
    this.#parts = parts;
  }

  /** The socket is usable: the first beat is due one interval from now. */
  start(): void {
    this.stop();
    this.#isRunning = true;
    this.#dueAtMs = this.#parts.clock.nowMs() + this.#parts.everyMs;
    this.#arm();
  }

  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#parts.clock.clearTimeout(this.#timer);
  }

  /** Timers hold whole milliseconds. */
  #arm(): void {
    const { clock } = this.#parts;
    const waitMs = Math.max(Math.ceil(this.#dueAtMs - clock.nowMs()), 0);
    this.#timer = clock.setTimeout(() => this.#beat(), waitMs);
  }

  #beat(): void {
    const { clock, everyMs, beat } = this.#parts;
    const nowMs = clock.nowMs();
    const isInRhythm = nowMs - this.#dueAtMs < everyMs / 2;
    this.#dueAtMs = (isInRhythm ? this.#dueAtMs : nowMs) + everyMs;
    this.#arm();
    beat();
  }
}
