/**
 * Subscription requests on one socket: what to ask next, how long an answer may take, and what is asked
 * again later: topics that were not answered, and those suspected of killing sockets.
 *
 * Both are asked for on a ready connection only: a topic that is never answered, or that ends the
 * socket, must not keep the others from getting ready.
 */
import { SparseMap } from "../sparse-map.ts";
import type { Clock } from "../system.ts";
import type { Quarantine, Quarantined } from "../subscriptions/quarantine.ts";
import type { SubscriptionRegistry, SubscriptionRequest } from "../subscriptions/registry.ts";
import type { TopicRetries } from "../subscriptions/topic-retries.ts";

export interface RequestsParts {
  readonly clock: Clock;
  readonly registry: SubscriptionRegistry;
  readonly topicsPerFrame: number;
  readonly canUnsubscribe: boolean;
  /** The frame of a request; undefined when the user's function failed. */
  readonly encode: (request: SubscriptionRequest) => string | Uint8Array | undefined;
  /** Whether requests are answered; if not, written is confirmed. */
  readonly isAnswered: boolean;
  readonly requestTimeoutMs: number;
  readonly retries: TopicRetries;
  /** Without it no topic is suspected of anything. */
  readonly quarantine?: Quarantine | undefined;
  /**
   * Topics whose request was not answered in time: at the first time, and at the last, when nothing
   * more follows on this socket (null).
   */
  readonly onTimeout: (topics: readonly string[], retryInMs: number | null) => void;
  /** Topics that are not asked for any more, for a while. */
  readonly onQuarantined?: ((quarantined: readonly Quarantined[]) => void) | undefined;
}

/** One frame that asks for something. */
export interface RequestFrame {
  readonly id: number;
  readonly frame: string | Uint8Array;
}

export class Requests {
  readonly #parts: RequestsParts;
  /** A request has expired: there may be something to ask for. */
  readonly #onExpired: () => void;
  /** The deadline of each unanswered request. */
  readonly #deadlines = new SparseMap<number, unknown>();

  constructor(parts: RequestsParts, onExpired: () => void) {
    this.#parts = parts;
    this.#onExpired = onExpired;
  }

  /** True when there is something to ask for. */
  get hasWork(): boolean {
    return this.#parts.registry.hasWork;
  }

  /** Nothing was asked for yet: all that is wanted is held back, and there is nobody to wait for. */
  get isAllHeld(): boolean {
    return this.#parts.registry.isAllHeld;
  }

  /** A new socket. */
  begin(): void {
    this.#parts.quarantine?.socketOpened(this.#parts.clock.nowMs());
  }

  /** The open socket was lost, and nobody had asked for that. */
  lost(): void {
    const { clock, quarantine, onQuarantined } = this.#parts;
    const quarantined = quarantine?.lost(clock.nowMs()) ?? [];
    if (quarantined.length > 0) onQuarantined?.(quarantined);
  }

  /** The socket is gone with every answer that was awaited. */
  end(): void {
    const { clock, registry, retries, quarantine } = this.#parts;
    this.stopAwaiting();
    retries.clear();
    quarantine?.socketEnded(clock.nowMs());
    // A topic that stands alone takes nobody along.
    registry.newSocket((topic) => (registry.wanted === 1 ? undefined : quarantine?.holdOf(topic)));
  }

  /** The connection is ready: what is due is asked for again. */
  askAgain(nowMs: number): void {
    const { registry, retries, quarantine } = this.#parts;
    registry.askAgain(retries.takeDue(nowMs));
    // It would be no trial while others are about to be asked for.
    if (quarantine !== undefined && !registry.hasWork) {
      registry.askAgain(quarantine.takeTrial(nowMs));
    }
  }

  /** How long until more is due, by what has been asked for by now; Infinity while nothing will be. */
  waitMs(nowMs: number): number {
    const { registry, retries, quarantine } = this.#parts;
    const trialMs = registry.hasWork ? undefined : quarantine?.waitMs(nowMs);
    return Math.min(retries.waitMs(nowMs) ?? Infinity, trialMs ?? Infinity);
  }

  /** The next frame to write now; undefined when there was only something to forget. */
  take(nowMs: number): RequestFrame | undefined {
    const { registry, topicsPerFrame, canUnsubscribe, encode, isAnswered, quarantine } =
      this.#parts;
    const request = registry.nextRequest(topicsPerFrame, canUnsubscribe);
    if (request === undefined) return undefined;
    const { id, kind, topics } = request;
    const frame = encode(request);
    if (frame === undefined) {
      registry.acknowledge({ id, error: "the subscription protocol threw" });
      return undefined;
    }
    if (kind === "subscribe") quarantine?.asked(topics, nowMs);
    if (isAnswered) this.#awaitAnswer(id);
    return { id, frame };
  }

  /** A frame was taken by the kernel. True when that is all the answer there will be. */
  written(id: number): boolean {
    if (this.#parts.isAnswered) return false;
    this.#parts.registry.confirm(id);
    return true;
  }

  /** A request was answered. */
  answered(id: number): void {
    this.#parts.clock.clearTimeout(this.#deadlines.get(id));
    this.#deadlines.delete(id);
  }

  /** The socket is on its way out. */
  stopAwaiting(): void {
    for (const timer of this.#deadlines.values()) this.#parts.clock.clearTimeout(timer);
    this.#deadlines.clear();
  }

  #awaitAnswer(id: number): void {
    const { clock, requestTimeoutMs } = this.#parts;
    const timer = clock.setTimeout(() => {
      this.#deadlines.delete(id);
      this.#expire(id);
      this.#onExpired();
    }, requestTimeoutMs);
    this.#deadlines.set(id, timer);
  }

  #expire(id: number): void {
    const { clock, registry, retries, onTimeout } = this.#parts;
    const byWait = new Map<number | null, string[]>();
    for (const topic of registry.expire(id)) {
      const timeouts = registry.timeoutsOf(topic);
      const waitMs = retries.add(topic, timeouts, clock.nowMs());
      if (timeouts > 1 && waitMs !== null) continue;
      byWait.set(waitMs, [...(byWait.get(waitMs) ?? []), topic]);
    }
    for (const [waitMs, topics] of byWait) onTimeout(topics, waitMs);
  }
}
