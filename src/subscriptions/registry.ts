/**
 * The topics that are wanted, and how far each is on the current socket.
 *
 * Wanted is the user's word, reference-counted, and may change in every state. Pending, confirmed and
 * rejected belong to one socket and end with it. The registry only says what should be asked next;
 * it sends nothing and has no clock.
 */
import { SparseMap } from "../sparse-map.ts";
import type { Acknowledgement } from "./protocol.ts";
import { isWaiting, needOf, newEntry, type Entry, type TopicState } from "./entry.ts";
import { OpenRequests, type SubscriptionRequest } from "./open-requests.ts";
import { RequestPlan, type Batch, type RequestKind } from "./request-plan.ts";
import {
  settlementOf,
  statusesOf,
  type Settlement,
  type TopicOutcome,
  type TopicStatus,
} from "./summary.ts";

export type { TopicState } from "./entry.ts";
export type { SubscriptionRequest } from "./open-requests.ts";

/** Why a new socket is not asked for a topic at once. */
export type Hold = "suspect" | "quarantined";

export interface RegistryOptions {
  /** Topics of one group may share a frame. @defaultValue all may */
  readonly groupOf?: ((topic: string) => string) | undefined;
  readonly listener?: RegistryListener | undefined;
}

/** Hears at once what changes; never calls back. */
export interface RegistryListener {
  /** A topic is in this state now; undefined when it is forgotten. Not said of what a new socket resets. */
  changed(topic: string, state: TopicState | undefined): void;
  /** Nobody wants it any more; its end is yet to be asked for. When it is wanted again `changed` says so. */
  unwanted(topic: string): void;
  /** Nothing more is awaited of this request. */
  answered(id: number): void;
  /** Nothing is pending or confirmed any more. */
  reset(): void;
}

const oneGroup = (): string => "";

export class SubscriptionRegistry {
  readonly #groupOf: (topic: string) => string;
  readonly #listener: RegistryListener | undefined;
  readonly #entries = new SparseMap<string, Entry>();
  readonly #requests = new OpenRequests();
  readonly #reasons = new SparseMap<string, string>();
  readonly #plan = new RequestPlan();
  #nextId = 1;
  #wanted = 0;
  #wantedChars = 0;
  #isAllHeld = false;

  constructor({ groupOf = oneGroup, listener }: RegistryOptions = {}) {
    this.#groupOf = groupOf;
    this.#listener = listener;
  }

  /** Topics with at least one reference. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Characters of all wanted topics. */
  get wantedChars(): number {
    return this.#wantedChars;
  }

  /**
   * True when nothing waits to be sent or answered. What is held back waits for others to live; where
   * there are no others, it is all there is, and not settled.
   */
  get isSettled(): boolean {
    return this.#requests.size === 0 && this.#plan.size === 0 && !this.#isAllHeld;
  }

  /** Nothing was asked for on this socket yet: all that is wanted is held back. */
  get isAllHeld(): boolean {
    return this.#isAllHeld;
  }

  /** True when there is something to ask for. */
  get hasWork(): boolean {
    return this.#plan.size > 0;
  }

  has(topic: string): boolean {
    return (this.#entries.get(topic)?.references ?? 0) > 0;
  }

  want(topics: readonly string[]): void {
    for (const topic of topics) {
      let entry = this.#entries.get(topic);
      if (entry === undefined) {
        entry = newEntry();
        this.#entries.set(topic, entry);
      }
      entry.references += 1;
      if (entry.references === 1) {
        this.#wanted += 1;
        this.#wantedChars += topic.length;
        if (entry.state === "confirmed") this.#listener?.changed(topic, "confirmed");
      }
      this.#mark(topic, entry);
    }
    this.#isAllHeld = false;
  }

  /** Takes back one reference of each; unknown topics are ignored. */
  unwant(topics: readonly string[]): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || entry.references === 0) continue;
      entry.references -= 1;
      if (entry.references === 0) {
        this.#wanted -= 1;
        this.#wantedChars -= topic.length;
        this.#listener?.unwanted(topic);
      }
      this.#mark(topic, entry);
    }
    this.#isAllHeld &&= this.#hasSuspects;
  }

  /**
   * A new socket, or none: nothing is pending or confirmed any more; the wanted set is all there is.
   * What `holdOf` names is not asked for until {@link askAgain}.
   */
  newSocket(holdOf: (topic: string) => Hold | undefined = () => undefined): void {
    this.#requests.clear();
    this.#reasons.clear();
    this.#plan.clear();
    this.#listener?.reset();
    let suspects = 0;
    let free = 0;
    for (const [topic, entry] of this.#entries) {
      if (entry.references === 0) {
        this.#forget(topic);
        continue;
      }
      const hold = holdOf(topic);
      Object.assign(entry, newEntry(), {
        references: entry.references,
        state: hold === "quarantined" ? "quarantined" : "unsent",
        isHeld: hold !== undefined,
      } satisfies Partial<Entry>);
      if (hold === undefined) free += 1;
      else if (hold === "suspect") suspects += 1;
      this.#mark(topic, entry);
    }
    this.#isAllHeld = suspects > 0 && free === 0;
  }

  /**
   * The next batch to send, at most `maxTopics` of one kind and group; undefined when there is none.
   * What cannot be unsubscribed (`canUnsubscribe` false) is forgotten instead, or asked for once more.
   */
  nextRequest(maxTopics: number, canUnsubscribe: boolean): SubscriptionRequest | undefined {
    const batch = this.#nextBatch(maxTopics, canUnsubscribe);
    if (batch === undefined) return undefined;

    const { kind, topics } = batch;
    const request: SubscriptionRequest = { id: this.#nextId++, kind, topics };
    this.#requests.add(request);
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined) continue;
      entry.requestId = request.id;
      entry.isRenewing = false;
      this.#become(topic, entry, kind === "subscribe" ? "pending" : "leaving");
    }
    return request;
  }

  /** Takes an answer. Gives the topics it newly rejected. Answers to nothing are ignored. */
  acknowledge(answer: Acknowledgement): readonly TopicOutcome[] {
    if ("unmatched" in answer) return [];
    if ("state" in answer) return this.#answerState(new Set(answer.state));
    return "id" in answer ? this.#answerRequest(answer) : this.#answerTopics(answer);
  }

  /** A request was written, and the server never answers: that is its answer. */
  confirm(id: number): void {
    this.#answerRequest({ id });
  }

  /** A request has been unanswered for too long. Gives the topics that timed out. */
  expire(id: number): readonly string[] {
    const request = this.#requests.expire(id);
    if (request === undefined) return [];
    const timedOut: string[] = [];
    for (const [topic, entry] of this.#entriesOf(request)) {
      if (request.kind === "unsubscribe") {
        this.#leave(topic, entry);
        continue;
      }
      entry.timeouts += 1;
      if (entry.references > 0) timedOut.push(topic);
      this.#become(topic, entry, "timed-out");
      this.#mark(topic, entry);
    }
    return timedOut;
  }

  /** How many requests for a topic have timed out in a row on this socket. */
  timeoutsOf(topic: string): number {
    return this.#entries.get(topic)?.timeouts ?? 0;
  }

  /**
   * Topics that timed out, or were held back, are to be asked for: each alone, or the held ones apart
   * from all others. Any other is left as it is.
   */
  askAgain(topics: readonly string[]): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || entry.references === 0) continue;
      if (entry.state !== "timed-out" && !entry.isHeld) continue;
      entry.isOnTrial = entry.isHeld;
      this.#isAllHeld = false;
      entry.isHeld = false;
      this.#become(topic, entry, "unsent");
      this.#mark(topic, entry);
    }
  }

  /**
   * Topics that the peer serves, or may serve, are to be ended and asked for anew; the others live on.
   * What waits to be asked for, or for an answer, is on its way to that already.
   */
  renew(topics: readonly string[]): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || entry.references === 0) continue;
      if (entry.state !== "confirmed" && entry.state !== "timed-out") continue;
      entry.isRenewing = true;
      this.#mark(topic, entry);
    }
  }

  /** Where every wanted topic stands. */
  settlement(): Settlement {
    return settlementOf(this.#entries, (topic) => this.#reasons.get(topic));
  }

  topics(): readonly TopicStatus[] {
    return statusesOf(this.#entries);
  }

  #nextBatch(maxTopics: number, canUnsubscribe: boolean): Batch | undefined {
    for (;;) {
      const batch = this.#plan.take(maxTopics);
      if (batch?.kind !== "unsubscribe" || canUnsubscribe) return batch;
      for (const topic of batch.topics) {
        const entry = this.#entries.get(topic);
        if (entry !== undefined) this.#leave(topic, entry);
      }
    }
  }

  #answerRequest(answer: Extract<Acknowledgement, { id: number }>): readonly TopicOutcome[] {
    const request = this.#requests.take(answer.id);
    if (request === undefined) return [];
    this.#listener?.answered(answer.id);
    const refusals = new Map(answer.rejected?.map(({ topic, reason }) => [topic, reason]));
    const outcomes: TopicOutcome[] = [];
    for (const [topic, entry] of this.#entriesOf(request)) {
      const reason = answer.error ?? refusals.get(topic);
      if (this.#settle(topic, entry, reason)) outcomes.push({ topic, reason: reason ?? "" });
    }
    return outcomes;
  }

  #answerTopics(answer: Extract<Acknowledgement, { topics: readonly string[] }>): TopicOutcome[] {
    const outcomes: TopicOutcome[] = [];
    for (const topic of answer.topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || !isWaiting(entry)) continue;
      if (this.#settle(topic, entry, answer.error)) {
        outcomes.push({ topic, reason: answer.error ?? "" });
      }
    }
    return outcomes;
  }

  #answerState(subscribed: ReadonlySet<string>): readonly TopicOutcome[] {
    for (const topic of subscribed) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || !isWaiting(entry) || entry.state === "leaving") continue;
      this.#settle(topic, entry, undefined);
    }
    for (const request of this.#requests.ending()) {
      for (const [topic, entry] of this.#entriesOf(request)) {
        if (!subscribed.has(topic)) this.#settle(topic, entry, undefined);
      }
    }
    return [];
  }

  /** True when the topic was newly rejected. */
  #settle(topic: string, entry: Entry, reason: string | undefined): boolean {
    if (entry.state === "leaving") {
      this.#leave(topic, entry);
      return false;
    }
    this.#release(entry);
    entry.timeouts = 0;
    if (reason !== undefined) {
      entry.isRenewing = false;
      this.#reasons.set(topic, reason);
    }
    this.#become(topic, entry, reason === undefined ? "confirmed" : "rejected");
    this.#mark(topic, entry);
    return reason !== undefined && entry.references > 0;
  }

  #leave(topic: string, entry: Entry): void {
    this.#release(entry);
    entry.timeouts = 0;
    entry.isRenewing = false;
    if (entry.references === 0) {
      this.#forget(topic);
      return;
    }
    this.#become(topic, entry, "unsent");
    this.#mark(topic, entry);
  }

  /** The entry no longer waits for its request; the last one of a request ends it. */
  #release(entry: Entry): void {
    const id = entry.requestId;
    entry.requestId = 0;
    if (this.#requests.answerOne(id)) this.#listener?.answered(id);
  }

  #become(topic: string, entry: Entry, state: TopicState): void {
    entry.state = state;
    if (state !== "unsent") entry.isOnTrial = false;
    this.#listener?.changed(topic, state);
  }

  #forget(topic: string): void {
    this.#entries.delete(topic);
    this.#plan.delete(topic);
    this.#reasons.delete(topic);
    this.#listener?.changed(topic, undefined);
  }

  #mark(topic: string, entry: Entry): void {
    const needs = needOf(entry);
    if (entry.references === 0 && entry.state !== "confirmed" && !isWaiting(entry)) {
      this.#forget(topic);
    } else if (needs === undefined) {
      this.#plan.delete(topic);
    } else {
      this.#plan.put(topic, needs, this.#laneOf(topic, entry, needs));
    }
  }

  /** Something wanted is held back, but not for long. */
  get #hasSuspects(): boolean {
    for (const { references, isHeld, state } of this.#entries.values()) {
      if (references > 0 && isHeld && state !== "quarantined") return true;
    }
    return false;
  }

  #laneOf(topic: string, entry: Entry, kind: RequestKind): string {
    if (kind === "subscribe" && entry.timeouts > 0) return `alone ${topic}`;
    return `${entry.isOnTrial ? "trial" : "group"} ${this.#groupOf(topic)}`;
  }

  *#entriesOf(request: SubscriptionRequest): Generator<[string, Entry]> {
    for (const topic of request.topics) {
      const entry = this.#entries.get(topic);
      if (entry !== undefined && entry.requestId === request.id) yield [topic, entry];
    }
  }
}
