/**
 * When topics that were not answered are asked for again, each for itself.
 *
 * Waits double from the request's own timeout, and there is an end to them: a server that never answers
 * for a topic must not be asked all day, and what gave up is said. No jitter: the pacing spreads them.
 * Pure: time comes in.
 */

/** A wait between two requests for one topic gets no longer than this, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;

export interface TopicRetryPolicy {
  /** How often one topic is asked for again. */
  readonly retries: number;
  /** The first wait, in milliseconds. */
  readonly firstMs: number;
}

export class TopicRetries {
  readonly #policy: TopicRetryPolicy;
  /** Made with the first topic that times out. */
  #dueAtMs: Map<string, number> | undefined;

  constructor(policy: TopicRetryPolicy) {
    this.#policy = policy;
  }

  /**
   * A topic has timed out for the `timeouts`-th time in a row. Gives the wait until it is due, or null
   * when it was asked for often enough.
   */
  add(topic: string, timeouts: number, nowMs: number): number | null {
    const { retries, firstMs } = this.#policy;
    if (timeouts > retries) return null;
    const capMs = Math.max(LONGEST_WAIT_MS, firstMs);
    const waitMs = Math.min(capMs, firstMs * 2 ** (timeouts - 1));
    this.#dueAtMs ??= new Map();
    this.#dueAtMs.set(topic, nowMs + waitMs);
    return waitMs;
  }

  /** How long until {@link takeDue} has something; undefined while nothing waits. */
  waitMs(nowMs: number): number | undefined {
    if (this.#dueAtMs === undefined || this.#dueAtMs.size === 0) return undefined;
    return Math.max(Math.min(...this.#dueAtMs.values()) - nowMs, 0);
  }

  /** The topics whose time has come, taken out. */
  takeDue(nowMs: number): readonly string[] {
    const waiting = this.#dueAtMs;
    if (waiting === undefined || waiting.size === 0) return [];
    const due = [...waiting].filter(([, atMs]) => atMs <= nowMs).map(([topic]) => topic);
    for (const topic of due) waiting.delete(topic);
    return due;
  }

  /** A new socket: everything is asked for anyway. */
  clear(): void {
    this.#dueAtMs?.clear();
  }
}
