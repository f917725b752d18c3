/**
 * The client's process: one event loop on the world's clock.
 *
 * A turn runs as Node's does: timers that are due, then what was read, then `nextTurn`. Promises settle
 * after each callback. The process may be stopped while the world goes on: then all its timers are late
 * and run before anything is read (faults.md §A6). It may sleep: then its own clock stands still too.
 */
import { nextTick } from "node:process";
import type { Clock } from "../../../src/system.ts";
import type { VirtualClock } from "../../../src/testing/index.ts";
import type { Dice } from "./chance.ts";

/** What a real loop does to timers, within what Node promises. */
export interface LoopQuirks {
  /** Timers fire up to this much after their time, in milliseconds. */
  readonly latenessMs: number;
  /** Timers fire up to this much before it: Node's are armed on a time that has been rounded. */
  readonly earlinessMs: number;
  /** Whether timers that are due at once may fire in any order. */
  readonly shufflesTimers: boolean;
}

/** Something to read: the loop takes all that waits at once. */
export interface Readable {
  read(): void;
}

interface Timer {
  readonly dueAtMs: number;
  readonly rank: number;
  readonly callback: () => void;
}

/** More turns than this without time passing are a loop that will never end. */
const MAX_TURNS = 2_000;

export class Process implements Clock {
  readonly #world: VirtualClock;
  readonly #quirks: LoopQuirks;
  readonly #dice: Dice;
  readonly #timers = new Map<number, Timer>();
  readonly #readable = new Set<Readable>();
  #turnCallbacks: (() => void)[] = [];
  #order = 0;
  #asleepMs = 0;
  #isStopped = false;
  #stoppedAtMs = 0;
  /** Promises that somebody waits for: without any there is nothing to settle between callbacks. */
  #awaited = 0;
  /** How often it was stopped. */
  stops = 0;
  /** How long in all, on its own clock. */
  stoppedMs = 0;
  /** The last stop, on its own clock. */
  lastStop = { durationMs: 0, endedAtMs: 0 };
  /** Set when the loop turned without end. */
  isSpinning = false;

  constructor(world: VirtualClock, quirks: LoopQuirks, dice: Dice) {
    this.#world = world;
    this.#quirks = quirks;
    this.#dice = dice;
  }

  // The client's clock.

  nowMs(): number {
    return this.#world.nowMs() - this.#asleepMs;
  }

  setTimeout(callback: () => void, delayMs: number): number {
    const { latenessMs, earlinessMs, shufflesTimers } = this.#quirks;
    const order = ++this.#order;
    // As Node does: what no timer can hold is 1 ms, and so is less than that.
    const heldMs = delayMs >= 1 && delayMs <= 2 ** 31 - 1 ? delayMs : 1;
    let dueAtMs = this.nowMs() + heldMs;
    if (latenessMs > 0) dueAtMs += Math.floor(this.#dice.share() ** 3 * latenessMs);
    if (earlinessMs > 0) dueAtMs -= this.#dice.share() * earlinessMs;
    const rank = shufflesTimers ? this.#dice.share() : order;
    this.#timers.set(order, { dueAtMs, rank, callback });
    return order;
  }

  clearTimeout(handle: unknown): void {
    if (typeof handle === "number") this.#timers.delete(handle);
  }

  nextTurn(callback: () => void): void {
    this.#turnCallbacks.push(callback);
  }

  // What the world does to it.

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.size;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** When the next timer is due, on the world's clock; Infinity for never. */
  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const timer of this.#timers.values()) dueAtMs = Math.min(dueAtMs, timer.dueAtMs);
    return dueAtMs + this.#asleepMs;
  }

  /** There is something to read, in the next turn. */
  wake(readable: Readable): void {
    this.#readable.add(readable);
  }

  /** SIGSTOP: nothing of it runs until {@link resume}; time goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#stoppedAtMs = this.nowMs();
    this.stops += 1;
  }

  /** `asleepMs`: the machine slept, and its monotonic clock with it. */
  resume(asleepMs = 0): void {
    this.#isStopped = false;
    this.#asleepMs += asleepMs;
    const endedAtMs = this.nowMs();
    this.stoppedMs += endedAtMs - this.#stoppedAtMs;
    this.lastStop = { durationMs: endedAtMs - this.#stoppedAtMs, endedAtMs };
  }

  /** Somebody awaits a promise of the client's until it is settled. */
  async awaits<T>(promise: Promise<T>): Promise<T> {
    this.#awaited += 1;
    try {
      return await promise;
    } finally {
      this.#awaited -= 1;
    }
  }

  /** Turns until nothing is left to do at this instant. */
  async run(): Promise<void> {
    if (this.#isStopped) return;
    await this.#settle();
    for (let turns = 0; this.#hasWork; turns += 1) {
      if (turns === MAX_TURNS) {
        this.isSpinning = true;
        return;
      }
      for (const [handle] of this.#due()) {
        const timer = this.#timers.get(handle);
        if (timer === undefined) continue; // cleared by one before it
        this.#timers.delete(handle);
        timer.callback();
        await this.#settle();
      }
      for (const readable of [...this.#readable]) {
        this.#readable.delete(readable);
        readable.read();
        await this.#settle();
      }
      const callbacks = this.#turnCallbacks;
      this.#turnCallbacks = [];
      for (const callback of callbacks) {
        callback();
        await this.#settle();
      }
    }
  }

  get #hasWork(): boolean {
    return (
      this.#readable.size > 0 ||
      this.#turnCallbacks.length > 0 ||
      this.dueAtMs <= this.#world.nowMs()
    );
  }

  #due(): [number, Timer][] {
    const nowMs = this.nowMs();
    const due: [number, Timer][] = [];
    for (const entry of this.#timers) if (entry[1].dueAtMs <= nowMs) due.push(entry);
    return due.length < 2
      ? due
      : due.sort(([, one], [, other]) => one.dueAtMs - other.dueAtMs || one.rank - other.rank);
  }

  async #settle(): Promise<void> {
    if (this.#awaited > 0) await promisesSettle();
  }
}

/** Every promise that can settle has settled: Node's next tick comes when no microtask is left. */
export function promisesSettle(): Promise<void> {
  return new Promise((resolve) => {
    nextTick(resolve);
  });
}

/** One turn of the real loop, a hundred times as dear: rejections that nobody handled are told of too. */
export function loopTurns(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
