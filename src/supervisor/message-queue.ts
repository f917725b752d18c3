/**
 * One consumer's buffer: an independent async iterable of a feed's items, bounded, with a policy.
 *
 * Pushing is a plain synchronous call. What does not fit is dropped by the policy, counted, and shown
 * in band, at its place, as an overflow item; nothing disappears silently.
 */
import { wrongValue } from "../errors.ts";
import type { Clock } from "../system.ts";
import { DropLog } from "./drop-log.ts";
import type { FeedItem, MessageItem, OverflowItem } from "./items.ts";

/**
 * What gives way when a consumer is too slow: `drop-oldest`, `drop-newest`, `conflate` (only the last
 * message per key waits) or `pause` (stop reading the socket within a budget, then drop the oldest).
 */
export type InboundOverflow = "drop-oldest" | "drop-newest" | "conflate" | "pause";

export interface MessagesOptions<M> {
  /** Items that may wait. @defaultValue 1,024 */
  readonly highWaterMark?: number | undefined;
  /** @defaultValue "drop-oldest" */
  readonly overflow?: InboundOverflow | undefined;
  /** The key of a message, for `conflate`. @defaultValue its stream; without one it is not conflated */
  readonly key?: ((item: MessageItem<M>) => string | undefined) | undefined;
  /**
   * How long the socket may stay unread, in milliseconds. A paused client answers no ping and is told
   * of no close, so this must be shorter than the server's ping timeout. @defaultValue 5,000
   */
  readonly pauseBudgetMs?: number | undefined;
  /** Ends this iterator alone. */
  readonly signal?: AbortSignal | undefined;
}

/** The one thing a queue may ask of the connection. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** Counters of one queue. */
export interface QueueCounts {
  delivered: number;
  dropped: number;
  conflated: number;
  pauses: number;
}

export interface QueueParts<M> {
  readonly options: MessagesOptions<M>;
  readonly clock: Clock;
  readonly source: Pausable;
  readonly onOverflow: (overflow: OverflowItem) => void;
  readonly onEnd: () => void;
  /** The user's `key` threw: that message is not conflated. */
  readonly onCallbackFailed: (error: unknown) => void;
}

/** A pause can't stop what was read already: one 64 KiB chunk of two-byte frames (faults.md §0 #5). */
const ONE_CHUNK_OF_MESSAGES = 32_768;

export class MessageQueue<M> implements AsyncIterableIterator<FeedItem<M>> {
  readonly counts: QueueCounts = { delivered: 0, dropped: 0, conflated: 0, pauses: 0 };
  readonly #parts: QueueParts<M>;
  readonly #highWaterMark: number;
  readonly #overflow: InboundOverflow;
  readonly #key: (item: MessageItem<M>) => string | undefined;
  readonly #drops: DropLog;
  /** A queue as an array with a moving head: shift() would move every item. */
  #items: (FeedItem<M> | undefined)[] = [];
  #head = 0;
  /** For `conflate`: where in `#items` the waiting message of a key is. */
  readonly #slots = new Map<string, number>();
  /** Calls of `next()` that wait for an item, oldest first; only while none waits for them. */
  readonly #waiters: Waiter<M>[] = [];
  #pauseTimer: unknown;
  #isPaused = false;
  #isOver = false;
  #failure: Error | undefined;

  constructor(parts: QueueParts<M>) {
    const { options } = parts;
    this.#parts = parts;
    this.#highWaterMark = options.highWaterMark ?? 1_024;
    this.#overflow = options.overflow ?? "drop-oldest";
    this.#key = guardKey(options.key, parts.onCallbackFailed);
    this.#drops = new DropLog(parts.onOverflow);
    options.signal?.addEventListener("abort", this.#abort, { once: true });
    if (options.signal?.aborted === true) this.end();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Items that wait. */
  get depth(): number {
    return this.#items.length - this.#head;
  }

  push(item: FeedItem<M>): void {
    if (this.#isOver) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      this.counts.delivered += 1;
      waiter.resolve({ value: item, done: false });
      return;
    }
    if (this.#overflow === "conflate") {
      // What follows a gap or a reset must not take a place before it.
      if (item.kind !== "message") this.#slots.clear();
      else if (this.#conflate(item)) return;
    }
    if (this.depth >= this.#highWaterMark && !this.#makeRoom(item)) return;
    this.#items.push(item);
  }

  /** No more items come; what waits is still delivered, then the iterator ends, or throws `failure`. */
  end(failure?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#resume();
    this.#drops.flush();
    this.#parts.options.signal?.removeEventListener("abort", this.#abort);
    this.#parts.onEnd();
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      const failed = this.#takeFailure();
      if (failed === undefined) resolve({ value: undefined, done: true });
      else reject(failed);
    }
  }

  next(): Promise<IteratorResult<FeedItem<M>, undefined>> {
    const item = this.#take();
    if (item !== undefined) {
      this.counts.delivered += 1;
      return Promise.resolve({ value: item, done: false });
    }
    if (this.#isOver) {
      const failure = this.#takeFailure();
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  /** `break` in a `for await` comes here: the buffer is let go. */
  return(): Promise<IteratorResult<FeedItem<M>, undefined>> {
    this.end();
    this.#failure = undefined;
    this.#drops.clear();
    this.#items = [];
    this.#head = 0;
    this.#slots.clear();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #abort = (): void => {
    this.end();
  };

  /** It is thrown once; then the iterator is done. */
  #takeFailure(): Error | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  #take(): FeedItem<M> | undefined {
    const mark = this.#drops.takeBefore(this.#head);
    if (mark !== undefined) return mark;
    if (this.#head >= this.#items.length) return this.#drops.takeTail();
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (item?.kind === "message" && this.#overflow === "conflate") this.#unslot(item);
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) this.#compact();
    if (this.depth <= this.#highWaterMark / 2) {
      this.#resume();
      this.#drops.flush();
    }
    return item;
  }

  /** True when the item took the place of the waiting one of its key. */
  #conflate(item: MessageItem<M>): boolean {
    const key = this.#key(item);
    if (key === undefined) return false;
    const slot = this.#slots.get(key);
    if (slot === undefined || slot < this.#head) {
      this.#slots.set(key, this.#items.length);
      return false;
    }
    this.#items[slot] = item;
    this.counts.conflated += 1;
    return true;
  }

  #unslot(item: MessageItem<M>): void {
    const key = this.#key(item);
    if (key !== undefined && (this.#slots.get(key) ?? Infinity) < this.#head)
      this.#slots.delete(key);
  }

  /** False when the new item is the one to go. */
  #makeRoom(item: FeedItem<M>): boolean {
    let bound = this.#highWaterMark;
    if (this.#overflow === "pause" && this.#pause()) bound += ONE_CHUNK_OF_MESSAGES;
    if (this.#overflow === "drop-newest") {
      this.#count(item);
      this.#drops.addTail(item, this.#items.length);
      return false;
    }
    while (this.depth >= bound) {
      const oldest = this.#items[this.#head];
      this.#items[this.#head] = undefined;
      this.#head += 1;
      if (oldest === undefined) break;
      if (oldest.kind === "message" && this.#overflow === "conflate") this.#unslot(oldest);
      this.#count(oldest);
      this.#drops.addHead(oldest, this.#head);
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) this.#compact();
    return true;
  }

  #count(item: FeedItem<M>): void {
    if (item.kind === "message") this.counts.dropped += 1;
  }

  /** True while a pause may hold the flood back; false once its budget is spent. */
  #pause(): boolean {
    if (this.#isPaused) return this.#pauseTimer !== undefined;
    this.#isPaused = true;
    this.counts.pauses += 1;
    this.#parts.source.pause();
    this.#pauseTimer = this.#parts.clock.setTimeout(() => {
      // Better to lose messages, and say so, than to be cut by a server whose pings go unanswered.
      this.#pauseTimer = undefined;
      this.#parts.source.resume();
    }, this.#parts.options.pauseBudgetMs ?? 5_000);
    return true;
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#pauseTimer === undefined) return;
    this.#parts.clock.clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
    this.#parts.source.resume();
  }

  #compact(): void {
    const shift = this.#head;
    this.#items = this.#items.slice(shift);
    this.#head = 0;
    this.#drops.shift(shift);
    for (const [key, slot] of this.#slots) this.#slots.set(key, slot - shift);
  }
}

interface Waiter<M> {
  readonly resolve: (result: IteratorResult<FeedItem<M>, undefined>) => void;
  readonly reject: (error: Error) => void;
}

function guardKey<M>(
  key: MessagesOptions<M>["key"],
  onFailed: (error: unknown) => void,
): (item: MessageItem<M>) => string | undefined {
  if (key === undefined) return (item) => item.stream;
  return (item) => {
    try {
      const given: unknown = key(item) ?? undefined;
      if (given === undefined || typeof given === "string") return given;
      throw wrongValue("key()", "a text, or undefined", given);
    } catch (error) {
      onFailed(error);
      return undefined;
    }
  };
}
