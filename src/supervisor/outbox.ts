/**
 * Messages of the user's on their way out.
 *
 * Bounded by count, bytes and age; each ends in exactly one fate that its sender can await. Nothing is
 * ever sent twice: what was handed to a socket that died is `unknown`, and the sender decides.
 */
import { byteLength } from "./byte-length.ts";
import type { Clock } from "../system.ts";

/** How a send ended. `written` means taken by the kernel: only an answer of the peer's proves more. */
export type SendFate =
  | { readonly fate: "written" }
  | { readonly fate: "dropped"; readonly reason: DropReason }
  /** The socket died while it had the message: it may or may not have arrived. */
  | { readonly fate: "unknown" };

/**
 * `overflow` the outbox was full · `expired` older than its time to live · `failed` the connection was
 * refused for good · `closed` it was closed or terminated first.
 */
export type DropReason = "overflow" | "expired" | "failed" | "closed";

export type OutboxOverflow = "reject" | "drop-oldest" | "drop-newest";

export interface OutboxPolicy {
  /** Most messages waiting. @defaultValue 1,000 */
  readonly messages: number;
  /** Most bytes waiting. @defaultValue 1,048,576 */
  readonly bytes: number;
  /** Time to live of a waiting message, in milliseconds; `null` waits for ever. @defaultValue null */
  readonly ttlMs: number | null;
  /**
   * What gives way when it is full: `reject` the new message at once, `drop-oldest` the oldest ones,
   * `drop-newest` the youngest waiting ones (the new one takes their place). @defaultValue "reject"
   */
  readonly overflow: OutboxOverflow;
}

export const defaultOutbox: OutboxPolicy = {
  messages: 1_000,
  bytes: 1_048_576,
  ttlMs: null,
  overflow: "reject",
};

/** One message that waits, or is in a socket's hands. */
export interface OutboxItem {
  readonly data: string | Uint8Array;
  readonly bytes: number;
  readonly expiresAtMs: number;
  readonly settle: (fate: SendFate) => void;
}

/** How many sends ended how. */
export interface OutboxCounts {
  written: number;
  unknown: number;
  overflow: number;
  expired: number;
  failed: number;
  closed: number;
}

const WRITTEN: SendFate = { fate: "written" };
const UNKNOWN: SendFate = { fate: "unknown" };

export class Outbox {
  readonly #policy: OutboxPolicy;
  readonly #clock: Clock;
  readonly counts: OutboxCounts = {
    written: 0,
    unknown: 0,
    overflow: 0,
    expired: 0,
    failed: 0,
    closed: 0,
  };
  #waiting: OutboxItem[] = [];
  #bytes = 0;
  /** Handed to the current socket, fate not yet known; made with the first. */
  #inFlight: Set<OutboxItem> | undefined;
  #timer: unknown;
  #timerAtMs = Infinity;

  constructor(policy: OutboxPolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  get messages(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a message; its fate is the promise's value. The promise never rejects. */
  add(data: string | Uint8Array, ttlMs: number | null | undefined): Promise<SendFate> {
    const bytes = typeof data === "string" ? byteLength(data) : data.byteLength;
    const lifeMs = ttlMs === undefined ? this.#policy.ttlMs : ttlMs;
    const expiresAtMs = lifeMs === null ? Infinity : this.#clock.nowMs() + lifeMs;
    return new Promise((settle) => {
      const item: OutboxItem = { data, bytes, expiresAtMs, settle };
      if (!this.#makeRoom(bytes)) {
        this.#drop(item, "overflow");
        return;
      }
      this.#waiting.push(item);
      this.#bytes += bytes;
      this.#watch(expiresAtMs);
    });
  }

  /** The next message to write, taken out; undefined when none waits. */
  take(): OutboxItem | undefined {
    const nowMs = this.#clock.nowMs();
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      this.#bytes -= item.bytes;
      if (this.#waiting.length === 0) this.#unwatch();
      if (item.expiresAtMs > nowMs) {
        this.#inFlight ??= new Set();
        this.#inFlight.add(item);
        return item;
      }
      // After a stop of the process its timer may not have fired yet.
      this.#drop(item, "expired");
    }
    return undefined;
  }

  /** The socket's word on a message it was given. */
  written(item: OutboxItem, error?: Error): void {
    if (this.#inFlight?.delete(item) !== true) return;
    if (error === undefined) this.counts.written += 1;
    else this.counts.unknown += 1;
    item.settle(error === undefined ? WRITTEN : UNKNOWN);
  }

  /** The socket is gone: what it had and did not answer for is unknown. */
  socketEnded(): void {
    if (this.#inFlight === undefined) return;
    for (const item of this.#inFlight) {
      this.counts.unknown += 1;
      item.settle(UNKNOWN);
    }
    this.#inFlight.clear();
  }

  /** Nothing that waits will be sent any more. */
  clear(reason: "failed" | "closed"): void {
    this.socketEnded();
    this.#unwatch();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    for (const item of waiting) this.#drop(item, reason);
  }

  #makeRoom(bytes: number): boolean {
    const { messages, bytes: maxBytes, overflow } = this.#policy;
    if (bytes > maxBytes) return false;
    const isFull = () => this.#waiting.length + 1 > messages || this.#bytes + bytes > maxBytes;
    while (isFull()) {
      if (overflow === "reject") return false;
      const victim = overflow === "drop-oldest" ? this.#waiting.shift() : this.#waiting.pop();
      if (victim === undefined) return false;
      this.#bytes -= victim.bytes;
      this.#drop(victim, "overflow");
    }
    return true;
  }

  #drop(item: OutboxItem, reason: DropReason): void {
    this.counts[reason] += 1;
    item.settle({ fate: "dropped", reason });
  }

  /** One timer for the earliest deadline. */
  #watch(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    this.#unwatch();
    this.#timerAtMs = atMs;
    const delayMs = Math.min(Math.max(atMs - this.#clock.nowMs(), 0), 2 ** 31 - 1);
    this.#timer = this.#clock.setTimeout(() => this.#expire(), delayMs);
  }

  #unwatch(): void {
    if (this.#timerAtMs === Infinity) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerAtMs = Infinity;
  }

  #expire(): void {
    this.#timerAtMs = Infinity;
    const nowMs = this.#clock.nowMs();
    const waiting: OutboxItem[] = [];
    let nextAtMs = Infinity;
    for (const item of this.#waiting) {
      if (item.expiresAtMs <= nowMs) {
        this.#bytes -= item.bytes;
        this.#drop(item, "expired");
      } else {
        waiting.push(item);
        nextAtMs = Math.min(nextAtMs, item.expiresAtMs);
      }
    }
    this.#waiting = waiting;
    if (nextAtMs < Infinity) this.#watch(nextAtMs);
  }
}
