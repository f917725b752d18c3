/**
 * A clock that steps from deadline to deadline.
 *
 * It never jumps: a timer armed while another fires counts from that instant, so a chain of 100 ms
 * waits takes ten steps in a second (XState's own `SimulatedClock` takes one). Timers due at the same
 * instant fire in the order in which they were armed.
 */
import type { Clock } from "../system.ts";

interface Timer {
  readonly dueAtMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Map<number, Timer>();

  /** @param startAtMs - The first instant. @defaultValue 1,700,000,000,000 (2023-11-14T22:13:20Z) */
  constructor(startAtMs = 1_700_000_000_000) {
    this.#nowMs = startAtMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): number {
    const order = ++this.#order;
    // As Node does: a delay that no timer can hold is 1 ms.
    const isHeld = delayMs >= 0 && delayMs <= 2 ** 31 - 1;
    this.#timers.set(order, { dueAtMs: this.#nowMs + (isHeld ? delayMs : 1), order, callback });
    return order;
  }

  clearTimeout(handle: unknown): void {
    if (typeof handle === "number") this.#timers.delete(handle);
  }

  /** A loop turn takes no time here. */
  nextTurn(callback: () => void): void {
    this.setTimeout(callback, 0);
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, or undefined when none is armed. */
  get nextDueAtMs(): number | undefined {
    return this.#next()?.dueAtMs;
  }

  /** Lets `durationMs` pass, firing every timer at its own instant. */
  advance(durationMs: number): void {
    this.advanceTo(this.#nowMs + durationMs);
  }

  /** Lets time pass up to `instantMs`, firing what is due on the way. */
  advanceTo(instantMs: number): void {
    for (let timer = this.#next(); timer !== undefined && timer.dueAtMs <= instantMs;) {
      this.#fire(timer);
      timer = this.#next();
    }
    this.#nowMs = Math.max(this.#nowMs, instantMs);
  }

  /** Goes to the next deadline and fires it. False when no timer is armed. */
  step(): boolean {
    const timer = this.#next();
    if (timer === undefined) return false;
    this.#fire(timer);
    return true;
  }

  /**
   * Lets time pass without firing anything, as a blocked loop or a stopped process does; what fell
   * due fires at the next `advance`, late.
   */
  suspend(durationMs: number): void {
    this.#nowMs += durationMs;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer.order);
    this.#nowMs = Math.max(this.#nowMs, timer.dueAtMs);
    timer.callback();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (next === undefined || timer.dueAtMs < next.dueAtMs) next = timer;
    }
    return next;
  }
}
