/**
 * Messages of the user's on their way out.
 *
 * Bounded by count, bytes and age; each ends in exactly one fate that its sender can await. Nothing is
 * ever sent twice: what was handed to a socket that died is `unknown`, and the sender decides.
 */
import { byteLength } from "../byte-length.ts";
import { explain } from "../connection/explain.ts";
import { Queue } from "../queue.ts";
import { DueQueue, type Due } from "../subscriptions/due-queue.ts";
import type { Clock } from "../system.ts";

/** How a send ended; `docs/sends.md` says what each means for its sender. */
export type SendFate =
  /** The kernel has taken it. Only an answer of the peer proves more. */
  | { readonly fate: "written" }
  /** Nothing of it went out, and nothing will. */
  | { readonly fate: "dropped"; readonly reason: DropReason }
  /** The socket died while it had the message: it may or may not have arrived. */
  | { readonly fate: "unknown" };

/**
 * `overflow` the outbox was full · `too-large` it had to wait, and is larger than the whole outbox ·
 * `invalid` the socket refused this message: its bytes were detached, say · `expired` older than its time to
 * live · `failed` the connection was refused for good · `closed` it was closed or terminated first.
 */
export type DropReason = "overflow" | "too-large" | "invalid" | "expired" | "failed" | "closed";

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
export interface OutboxItem extends Due {
  /** The sender's own bytes until it has to wait, then a copy. */
  data: string | Uint8Array;
  readonly bytes: number;
  readonly expiresAtMs: number;
  readonly settle: (fate: SendFate) => void;
  /** It is in the queue. One that expired there is passed over when its turn comes. */
  isWaiting: boolean;
}

/** How many sends ended how. */
export interface OutboxCounts {
  written: number;
  unknown: number;
  overflow: number;
  tooLarge: number;
  invalid: number;
  expired: number;
  failed: number;
  closed: number;
}

/** What the outbox reports. */
export interface OutboxListener {
  /** A message was dropped, and its sender knows. `detail` where more is known than the reason. */
  sendDropped(reason: DropReason, bytes: number, detail?: string): void;
  /** A socket failed with a message of which nobody knows whether it arrived. */
  sendUnknown(bytes: number): void;
}

/** So many that expired may stand in the queue beside as many as wait. */
const SWEEP_FROM = 64;

const nothing = (): void => {};

const WRITTEN: SendFate = { fate: "written" };
const UNKNOWN: SendFate = { fate: "unknown" };

export class Outbox {
  readonly #policy: OutboxPolicy;
  readonly #clock: Clock;
  readonly #listener: OutboxListener;
  readonly counts: OutboxCounts = {
    written: 0,
    unknown: 0,
    overflow: 0,
    tooLarge: 0,
    invalid: 0,
    expired: 0,
    failed: 0,
    closed: 0,
  };
  readonly #queue = new Queue<OutboxItem>();
  /** Those of the queue that wait; the others expired there. */
  #messages = 0;
  #bytes = 0;
  /** Handed to the current socket, fate not yet known; made with the first. */
  #inFlight: Set<OutboxItem> | undefined;
  /** Those that wait and may expire; made with the first. */
  #due: DueQueue<OutboxItem> | undefined;
  #timer: unknown;
  #timerAtMs = Infinity;

  constructor(policy: OutboxPolicy, clock: Clock, listener: OutboxListener) {
    this.#policy = policy;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Messages that wait. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that the current socket was handed, and has not spoken of. */
  get inFlight(): number {
    return this.#inFlight?.size ?? 0;
  }

  /**
   * Takes a message; its fate is the promise's value. The promise never rejects.
   *
   * @param pump - Writes what may be written now. Where nothing waits, a message may go out of any size: the
   * bounds are those of what has to wait, and only what has to wait is copied.
   */
  add(
    data: string | Uint8Array,
    ttlMs: number | null | undefined,
    pump: () => void = nothing,
  ): Promise<SendFate> {
    const bytes = byteLength(data);
    const lifeMs = ttlMs === undefined ? this.#policy.ttlMs : ttlMs;
    const expiresAtMs = lifeMs === null ? Infinity : this.#clock.nowMs() + lifeMs;
    return new Promise((settle) => {
      const item: OutboxItem = {
        data,
        bytes,
        expiresAtMs,
        settle,
        isWaiting: false,
        dueAtMs: 0,
        order: 0,
        place: -1,
      };
      const isFirst = this.#messages === 0;
      if (!isFirst && !this.#makeRoom(item)) return;
      this.#push(item);
      pump();
      if (!item.isWaiting) return;
      if (!isFirst || !this.#lacksRoom(item)) this.#keep(item);
    });
  }

  /** The next message to write, taken out; undefined when none waits. */
  take(): OutboxItem | undefined {
    const nowMs = this.#clock.nowMs();
    for (let item = this.#queue.take(); item !== undefined; item = this.#queue.take()) {
      if (!item.isWaiting) continue;
      this.#remove(item);
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
    if (error === undefined) {
      this.counts.written += 1;
      item.settle(WRITTEN);
    } else {
      this.#lose(item);
    }
  }

  /** The socket that `take` was for is not open: the message is the next one again. Called at once. */
  putBack(item: OutboxItem): void {
    if (this.#inFlight?.delete(item) !== true) return;
    this.#queue.putFirst(item);
    this.#count(item);
    this.#keep(item);
  }

  /** The socket cannot send this message, and is well otherwise. */
  refuse(item: OutboxItem, detail: string): void {
    if (this.#inFlight?.delete(item) === true) this.#drop(item, "invalid", detail);
  }

  /** The socket is gone: what it had and did not answer for is unknown. */
  socketEnded(): void {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) return;
    this.#inFlight = undefined;
    for (const item of inFlight) this.#lose(item);
  }

  /** Nothing that waits will be sent any more. */
  clear(reason: "failed" | "closed"): void {
    this.socketEnded();
    for (let item = this.#queue.take(); item !== undefined; item = this.#queue.take()) {
      if (!item.isWaiting) continue;
      this.#remove(item);
      this.#drop(item, reason);
    }
  }

  /** A message that came when none could be taken any more. */
  reject(data: string | Uint8Array, reason: "failed" | "closed"): SendFate {
    this.counts[reason] += 1;
    this.#listener.sendDropped(reason, byteLength(data));
    return { fate: "dropped", reason };
  }

  // Within.

  /** True where even an empty outbox cannot keep it: it is dropped. */
  #lacksRoom(item: OutboxItem): boolean {
    const { messages, bytes } = this.#policy;
    const reason = item.bytes > bytes ? "too-large" : messages < 1 ? "overflow" : undefined;
    if (reason === undefined) return false;
    if (item.isWaiting) this.#remove(item);
    this.#drop(item, reason);
    return true;
  }

  /** False when the new message is the one to go. */
  #makeRoom(item: OutboxItem): boolean {
    if (this.#lacksRoom(item)) return false;
    const { messages, bytes, overflow } = this.#policy;
    while (this.#messages + 1 > messages || this.#bytes + item.bytes > bytes) {
      const victim =
        overflow === "reject"
          ? undefined
          : overflow === "drop-oldest"
            ? this.#queue.take()
            : this.#queue.takeLast();
      if (victim === undefined) {
        this.#drop(item, "overflow");
        return false;
      }
      if (!victim.isWaiting) continue;
      this.#remove(victim);
      this.#drop(victim, "overflow");
    }
    return true;
  }

  #push(item: OutboxItem): void {
    this.#queue.push(item);
    this.#count(item);
  }

  #count(item: OutboxItem): void {
    item.isWaiting = true;
    this.#messages += 1;
    this.#bytes += item.bytes;
  }

  #remove(item: OutboxItem): void {
    item.isWaiting = false;
    this.#messages -= 1;
    this.#bytes -= item.bytes;
    this.#due?.delete(item);
    if (this.#due?.first === undefined) this.#unwatch();
  }

  /** It has to wait: its owner may reuse the bytes meanwhile, and its time begins to count. */
  #keep(item: OutboxItem): void {
    try {
      if (typeof item.data !== "string") item.data = new Uint8Array(item.data);
    } catch (error) {
      // Detached before it came here.
      this.#remove(item);
      this.#drop(item, "invalid", explain(error));
      return;
    }
    if (item.expiresAtMs === Infinity) return;
    this.#due ??= new DueQueue();
    this.#due.put(item, item.expiresAtMs);
    this.#watch(item.expiresAtMs);
  }

  #lose(item: OutboxItem): void {
    this.counts.unknown += 1;
    item.settle(UNKNOWN);
    this.#listener.sendUnknown(item.bytes);
  }

  #drop(item: OutboxItem, reason: DropReason, detail?: string): void {
    this.counts[reason === "too-large" ? "tooLarge" : reason] += 1;
    item.settle({ fate: "dropped", reason });
    this.#listener.sendDropped(reason, item.bytes, detail);
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
    let next = this.#due?.first;
    for (; next !== undefined && next.dueAtMs <= nowMs; next = this.#due?.first) {
      this.#remove(next);
      this.#drop(next, "expired");
    }
    this.#sweep();
    if (next !== undefined) this.#watch(next.dueAtMs);
  }

  /** Lets go of those that expired behind one that waits on: never more of them than others, and a few. */
  #sweep(): void {
    const queue = this.#queue;
    if (queue.length <= 2 * this.#messages + SWEEP_FROM) return;
    for (let left = queue.length; left > 0; left -= 1) {
      const item = queue.take();
      if (item?.isWaiting === true) queue.push(item);
    }
  }
}
