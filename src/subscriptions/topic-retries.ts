/**
 * When topics are asked for again on the same socket, each for itself.
 *
 * A topic that was not answered is asked for again after waits that double from the request's own timeout,
 * so often; then, like one that was refused for now, slowly, for as long as it is wanted. Slow requests share
 * one budget, so that thousands of refused topics are no storm: whoever has waited longest goes first. No
 * jitter: the budget and the pacing spread them. Pure: time comes in.
 */
import type { Refusal } from "../../machines/refusal.ts";
import { DueQueue, type Due } from "./due-queue.ts";

/** A fast wait gets no longer than this, in milliseconds, unless a request's own timeout is. */
const LONGEST_FAST_MS = 60_000;

/** A slow wait of our own gets no longer: so that a peer that serves again is noticed within two minutes. */
const LONGEST_SLOW_MS = 100_000;

/** The first wait after a refusal for now, and after one of which nothing is known. */
const FIRST_LATER_MS = 3_000;
const FIRST_UNKNOWN_MS = 30_000;

/** A peer that wants to be left alone for longer than this is asked again all the same. */
const LONGEST_ASKED_MS = 3_600_000;

/** Slow requests in any minute, over all topics and sockets of one supervisor. */
const SLOW_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

export interface TopicRetryPolicy {
  /**
   * How often a topic that was not answered is asked for again before that becomes slow; 0 for never, not
   * even slowly.
   */
  readonly retries: number;
  /** The first wait after no answer, in milliseconds. */
  readonly firstMs: number;
}

interface Waiting extends Due {
  readonly topic: string;
}

export class TopicRetries {
  readonly #policy: TopicRetryPolicy;
  /** Made with the first topic that waits. */
  #fast: WaitingTopics | undefined;
  #slow: WaitingTopics | undefined;
  /** Taken from the slow ones, and not written yet. */
  readonly #released = new Set<string>();
  /** When the slow requests of the last minute were written, oldest first. */
  #writtenAtMs: readonly number[] = [];

  constructor(policy: TopicRetryPolicy) {
    this.#policy = policy;
  }

  /**
   * A topic has timed out for the `timeouts`-th time in a row. Gives the wait until it is due, or null
   * when it is not asked for again.
   */
  unanswered(topic: string, timeouts: number, nowMs: number): number | null {
    const { retries, firstMs } = this.#policy;
    this.forget(topic);
    if (retries === 0) return null;
    const isSlow = timeouts > retries;
    const capMs = Math.max(LONGEST_FAST_MS, firstMs);
    const waitMs = isSlow ? LONGEST_SLOW_MS : Math.min(capMs, firstMs * 2 ** (timeouts - 1));
    const waiting = isSlow
      ? (this.#slow ??= new WaitingTopics())
      : (this.#fast ??= new WaitingTopics());
    waiting.put(topic, nowMs + waitMs);
    return waitMs;
  }

  /** A topic was refused, not for good, for the `times`-th time in a row. Gives the wait until it is due. */
  refused(topic: string, times: number, refusal: Refusal | undefined, nowMs: number): number {
    const firstMs = refusal === undefined ? FIRST_UNKNOWN_MS : FIRST_LATER_MS;
    const ownMs = Math.min(LONGEST_SLOW_MS, firstMs * 2 ** (times - 1));
    const askedMs = refusal?.kind === "later" ? (refusal.afterMs ?? 0) : 0;
    const waitMs = Math.max(ownMs, Math.min(askedMs, LONGEST_ASKED_MS));
    this.forget(topic);
    this.#slow ??= new WaitingTopics();
    this.#slow.put(topic, nowMs + waitMs);
    return waitMs;
  }

  /** How long until {@link takeDue} has something; undefined while nothing waits, or may be taken. */
  waitMs(nowMs: number): number | undefined {
    const fastAtMs = this.#fast?.firstDueAtMs ?? Infinity;
    const slowAtMs = Math.max(this.#slow?.firstDueAtMs ?? Infinity, this.#freeAtMs(nowMs));
    const dueAtMs = Math.min(fastAtMs, slowAtMs);
    return dueAtMs === Infinity ? undefined : Math.max(dueAtMs - nowMs, 0);
  }

  /** The topics whose time has come, taken out, oldest first; of slow ones as many as the budget allows. */
  takeDue(nowMs: number): readonly string[] {
    const due: string[] = [];
    for (
      let topic = this.#fast?.take(nowMs);
      topic !== undefined;
      topic = this.#fast?.take(nowMs)
    ) {
      due.push(topic);
    }
    while (this.#freeAtMs(nowMs) <= nowMs) {
      const topic = this.#slow?.take(nowMs);
      if (topic === undefined) break;
      this.#released.add(topic);
      due.push(topic);
    }
    return due;
  }

  /** These were asked for, or ended, in one frame. */
  written(topics: readonly string[], nowMs: number): void {
    if (this.#released.size === 0) return;
    for (const topic of topics) {
      if (!this.#released.delete(topic)) continue;
      this.#writtenAtMs = [...this.#recent(nowMs), nowMs];
    }
  }

  /** Nobody wants it any more, or it is served. */
  forget(topic: string): void {
    this.#fast?.delete(topic);
    this.#slow?.delete(topic);
    this.#released.delete(topic);
  }

  /** A new socket: everything is asked for anyway. What was spent of the budget is spent. */
  clear(): void {
    this.#fast = undefined;
    this.#slow = undefined;
    this.#released.clear();
  }

  /** When the budget allows one more; Infinity while those that were let go are still to be written. */
  #freeAtMs(nowMs: number): number {
    const recent = this.#recent(nowMs);
    if (recent.length + this.#released.size < SLOW_PER_MINUTE) return nowMs;
    return (recent[0] ?? Infinity) + MINUTE_MS;
  }

  #recent(nowMs: number): readonly number[] {
    const first = this.#writtenAtMs[0];
    if (first === undefined || nowMs - first < MINUTE_MS) return this.#writtenAtMs;
    this.#writtenAtMs = this.#writtenAtMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
    return this.#writtenAtMs;
  }
}

/** Topics with the time at which each is due. */
class WaitingTopics {
  readonly #queue = new DueQueue<Waiting>();
  readonly #topics = new Map<string, Waiting>();

  get firstDueAtMs(): number | undefined {
    return this.#queue.first?.dueAtMs;
  }

  put(topic: string, dueAtMs: number): void {
    const waiting: Waiting = { topic, dueAtMs: 0, order: 0, place: -1 };
    this.#topics.set(topic, waiting);
    this.#queue.put(waiting, dueAtMs);
  }

  /** The first that is due, taken out. */
  take(nowMs: number): string | undefined {
    const { first } = this.#queue;
    if (first === undefined || first.dueAtMs > nowMs) return undefined;
    this.delete(first.topic);
    return first.topic;
  }

  delete(topic: string): void {
    const waiting = this.#topics.get(topic);
    if (waiting === undefined) return;
    this.#topics.delete(topic);
    this.#queue.delete(waiting);
  }
}
