/**
 * Subscription requests on one socket: what to ask next, how long an answer may take, and what is asked
 * again later: topics that were not answered, that were refused for now, or that are suspected of killing
 * sockets.
 *
 * All of these are asked for on a ready connection only: a topic that is never answered, or that ends the
 * socket, must not keep the others from getting ready.
 */
import { later } from "../../machines/refusal.ts";
import { SparseMap } from "../sparse-map.ts";
import type { Clock } from "../system.ts";
import type { Quarantine, Quarantined } from "../subscriptions/quarantine.ts";
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import type { SubscriptionRegistry, SubscriptionRequest } from "../subscriptions/registry.ts";
import type { TopicRefusal } from "../subscriptions/summary.ts";
import { TopicRetries, type TopicRetryPolicy } from "../subscriptions/topic-retries.ts";

export interface RequestSettings {
  readonly clock: Clock;
  readonly topicsPerFrame: number;
  readonly canUnsubscribe: boolean;
  /** Whether requests are answered; if not, written is confirmed. */
  readonly isAnswered: boolean;
  readonly requestTimeoutMs: number;
  readonly topicRetries: TopicRetryPolicy;
}

/** What is wanted, and who says what came of it. */
export interface WantedTopics {
  readonly registry: SubscriptionRegistry;
  /** Without it no topic is suspected of anything. */
  readonly quarantine: Quarantine | undefined;
  /** The frame of a request; undefined when the user's function failed. */
  encode(request: SubscriptionRequest): string | Uint8Array | undefined;
  /** A request was answered, and not by the peer. */
  acknowledge(answer: Acknowledgement): void;
  /**
   * Topics whose request was not answered in time: at the first time, and when they begin to be asked for
   * slowly, or not any more on this socket (null).
   */
  noteTimedOut(topics: readonly string[], retryInMs: number | null): void;
  /** Topics that are not asked for any more, for a while. */
  noteQuarantined(quarantined: readonly Quarantined[]): void;
}

/** One frame that asks for something. */
export interface RequestFrame {
  readonly id: number;
  readonly frame: string | Uint8Array;
}

export class Requests {
  readonly #settings: RequestSettings;
  readonly #wanted: WantedTopics;
  readonly #retries: TopicRetries;
  /** Pumped when a request has expired: there may be something to ask for. */
  readonly #outgoing: { pump(): void };
  /** The deadline of each unanswered request. */
  readonly #deadlines = new SparseMap<number, unknown>();

  constructor(settings: RequestSettings, wanted: WantedTopics, outgoing: { pump(): void }) {
    this.#settings = settings;
    this.#wanted = wanted;
    this.#retries = new TopicRetries(settings.topicRetries);
    this.#outgoing = outgoing;
  }

  /** True when there is something to ask for. */
  get hasWork(): boolean {
    return this.#wanted.registry.hasWork;
  }

  /** Nothing was asked for yet: all that is wanted is held back, and there is nobody to wait for. */
  get isAllHeld(): boolean {
    return this.#wanted.registry.isAllHeld;
  }

  /** A new socket. */
  begin(): void {
    this.#wanted.quarantine?.socketOpened(this.#settings.clock.nowMs());
  }

  /** The open socket was lost, and nobody had asked for that. */
  lost(): void {
    const quarantined = this.#wanted.quarantine?.lost(this.#settings.clock.nowMs()) ?? [];
    if (quarantined.length > 0) this.#wanted.noteQuarantined(quarantined);
  }

  /** The socket is gone with every answer that was awaited. */
  end(): void {
    const { registry, quarantine } = this.#wanted;
    this.stopAwaiting();
    this.#retries.clear();
    quarantine?.socketEnded(this.#settings.clock.nowMs());
    // A topic that stands alone takes nobody along.
    registry.newSocket((topic) => (registry.wanted === 1 ? undefined : quarantine?.holdOf(topic)));
  }

  /** The connection is ready: what is due is asked for again. */
  askAgain(nowMs: number): void {
    const { registry, quarantine } = this.#wanted;
    const due = this.#retries.takeDue(nowMs);
    if (due.length > 0) {
      const asked = new Set(registry.askAgain(due));
      // What has become of it meanwhile is another matter.
      for (const topic of due) if (!asked.has(topic)) this.#retries.forget(topic);
    }
    // It would be no trial while others are about to be asked for.
    if (quarantine !== undefined && !registry.hasWork) {
      for (const topic of quarantine.takeTrial(nowMs)) {
        // One that is not held takes nobody along: it is asked for as any other.
        if (registry.isHeld(topic)) registry.askAgain([topic]);
        else quarantine.acquit(topic);
      }
    }
  }

  /** How long until more is due, by what has been asked for by now; Infinity while nothing will be. */
  waitMs(nowMs: number): number {
    const { registry, quarantine } = this.#wanted;
    const trialMs = registry.hasWork ? undefined : quarantine?.waitMs(nowMs);
    return Math.min(this.#retries.waitMs(nowMs) ?? Infinity, trialMs ?? Infinity);
  }

  /** The next frame to write now; undefined when there was only something to forget. */
  take(nowMs: number): RequestFrame | undefined {
    const { topicsPerFrame, canUnsubscribe, isAnswered } = this.#settings;
    const { registry, quarantine } = this.#wanted;
    const request = registry.nextRequest(topicsPerFrame, canUnsubscribe);
    if (request === undefined) return undefined;
    const { id, kind, topics } = request;
    const frame = this.#wanted.encode(request);
    if (frame === undefined) {
      const error = kind === "subscribe" ? "the subscription protocol gave no frame" : undefined;
      this.#wanted.acknowledge({ id, error });
      return undefined;
    }
    this.#retries.written(topics, nowMs);
    if (kind === "subscribe") quarantine?.asked(topics, nowMs);
    if (isAnswered) this.#awaitAnswer(id);
    return { id, frame };
  }

  /** A frame was taken by the kernel. True when that is all the answer there will be. */
  written(id: number): boolean {
    if (this.#settings.isAnswered) return false;
    this.#wanted.registry.confirm(id);
    return true;
  }

  /** A frame did not go out, or nobody knows: as if the peer had refused it for now. */
  failed(id: number, error: string): void {
    this.#wanted.acknowledge({ id, error, refusal: later() });
  }

  /** A request was answered. */
  answered(id: number): void {
    this.#settings.clock.clearTimeout(this.#deadlines.get(id));
    this.#deadlines.delete(id);
  }

  /** Something was refused. Gives the wait until it is asked again; null where it is not. */
  refused({ topic, times, refusal }: TopicRefusal): number | null {
    if (times === 0) return null;
    return this.#retries.refused(topic, times, refusal, this.#settings.clock.nowMs());
  }

  /** Nobody wants this topic any more, or the peer serves it: nothing is to be asked again. */
  forget(topic: string): void {
    this.#retries.forget(topic);
  }

  /** The socket is on its way out. */
  stopAwaiting(): void {
    for (const timer of this.#deadlines.values()) this.#settings.clock.clearTimeout(timer);
    this.#deadlines.clear();
  }

  #awaitAnswer(id: number): void {
    const { clock, requestTimeoutMs } = this.#settings;
    const timer = clock.setTimeout(() => {
      this.#deadlines.delete(id);
      this.#expire(id);
      this.#outgoing.pump();
    }, requestTimeoutMs);
    this.#deadlines.set(id, timer);
  }

  #expire(id: number): void {
    const { registry } = this.#wanted;
    const nowMs = this.#settings.clock.nowMs();
    const byWait = new Map<number | null, string[]>();
    for (const topic of registry.expire(id)) {
      const timeouts = registry.timeoutsOf(topic);
      const waitMs = this.#retries.unanswered(topic, timeouts, nowMs);
      if (timeouts > 1 && timeouts !== this.#settings.topicRetries.retries + 1) continue;
      byWait.set(waitMs, [...(byWait.get(waitMs) ?? []), topic]);
    }
    for (const [waitMs, topics] of byWait) this.#wanted.noteTimedOut(topics, waitMs);
  }
}
