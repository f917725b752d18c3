/**
 * The topics that are wanted, and how far each is on the current socket.
 *
 * Wanted is the user's word, reference-counted, and may change in every state. Pending, confirmed and
 * rejected belong to one socket and end with it. The registry only says what should be asked next;
 * it sends nothing and has no clock.
 */
import { SparseMap } from "../sparse-map.ts";
import type { Refusal } from "../../machines/refusal.ts";
import type { Acknowledgement } from "./protocol.ts";
import { isRefused, isWaiting, needOf, newEntry, type Entry, type TopicState } from "./entry.ts";
import { OpenRequests, type SubscriptionRequest } from "./open-requests.ts";
import { RequestPlan, type Batch, type RequestKind } from "./request-plan.ts";
import {
  settlementOf,
  statusesOf,
  type Settlement,
  type TopicRefusal,
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

/** Why the peer does not do what was asked, and what that means. */
interface Refused {
  readonly reason: string;
  readonly refusal: Refusal | undefined;
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

  /** It is not asked for on this socket until {@link askAgain}: it may have killed earlier ones. */
  isHeld(topic: string): boolean {
    return this.#entries.get(topic)?.isHeld === true;
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
        if (entry.isEndHeld) entry.refusals = 0; // it goes on, which is what is wanted now
        entry.isEndHeld = false;
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
      if (kind === "subscribe") entry.isRenewing = false;
      this.#become(topic, entry, kind === "subscribe" ? "pending" : "leaving");
    }
    return request;
  }

  /** Takes an answer. Gives what it newly refuses. Answers to nothing are ignored. */
  acknowledge(answer: Acknowledgement): readonly TopicRefusal[] {
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
   * Topics that timed out, were refused for now or were held back are to be asked for: each alone, or the
   * held ones apart from all others. One whose end was refused for now is to be ended. Any other is left as
   * it is. Gives those that are asked for, or ended.
   */
  askAgain(topics: readonly string[]): readonly string[] {
    const asked: string[] = [];
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry?.isEndHeld === true) {
        entry.isEndHeld = false;
        this.#mark(topic, entry);
        asked.push(topic);
        continue;
      }
      if (entry === undefined || entry.references === 0) continue;
      if (entry.state !== "timed-out" && entry.state !== "refused" && !entry.isHeld) continue;
      entry.isOnTrial = entry.isHeld;
      this.#isAllHeld = false;
      entry.isHeld = false;
      this.#become(topic, entry, "unsent");
      this.#mark(topic, entry);
      asked.push(topic);
    }
    return asked;
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

  #answerRequest(answer: Extract<Acknowledgement, { id: number }>): readonly TopicRefusal[] {
    const request = this.#requests.take(answer.id);
    if (request === undefined) return [];
    this.#listener?.answered(answer.id);
    const { error, refusal, rejected = [] } = answer;
    const whole = error === undefined ? undefined : { reason: error, refusal };
    const single = new Map<string, Refused>();
    for (const { topic, ...refused } of rejected)
      single.set(topic, { refusal: undefined, ...refused });
    const refusals: TopicRefusal[] = [];
    for (const [topic, entry] of this.#entriesOf(request)) {
      const refused = this.#settle(topic, entry, whole ?? single.get(topic));
      if (refused !== undefined) refusals.push(refused);
    }
    return refusals;
  }

  #answerTopics(answer: Extract<Acknowledgement, { topics: readonly string[] }>): TopicRefusal[] {
    const { topics, error, refusal } = answer;
    const whole = error === undefined ? undefined : { reason: error, refusal };
    const refusals: TopicRefusal[] = [];
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined) continue;
      if (!isWaiting(entry) && !(whole === undefined && isRefused(entry))) continue;
      const refused = this.#settle(topic, entry, whole);
      if (refused !== undefined) refusals.push(refused);
    }
    return refusals;
  }

  #answerState(subscribed: ReadonlySet<string>): readonly TopicRefusal[] {
    for (const topic of subscribed) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || entry.state === "leaving") continue;
      if (!isWaiting(entry) && !isRefused(entry)) continue;
      this.#settle(topic, entry, undefined);
    }
    for (const request of this.#requests.ending()) {
      for (const [topic, entry] of this.#entriesOf(request)) {
        if (!subscribed.has(topic)) this.#settle(topic, entry, undefined);
      }
    }
    return [];
  }

  /** Gives what is newly refused of it, where somebody still wants to know. */
  #settle(topic: string, entry: Entry, refused: Refused | undefined): TopicRefusal | undefined {
    if (entry.state === "leaving") return this.#settleEnd(topic, entry, refused);
    this.#release(entry);
    entry.timeouts = 0;
    const isFinal = refused?.refusal?.kind === "never";
    entry.refusals = refused === undefined || isFinal ? 0 : entry.refusals + 1;
    if (refused === undefined) {
      this.#reasons.delete(topic);
      this.#become(topic, entry, "confirmed");
    } else {
      entry.isRenewing = false;
      this.#reasons.set(topic, refused.reason);
      this.#become(topic, entry, isFinal ? "rejected" : "refused");
    }
    const { references, refusals: times } = entry;
    this.#mark(topic, entry);
    if (refused === undefined || references === 0) return undefined;
    return { topic, request: "subscribe", times, ...refused };
  }

  /**
   * A topic whose end is refused for now goes on, and is ended later. Where nothing is known of the refusal,
   * or it is for good, there is nothing to end: what is not wanted is forgotten, the rest asked for anew.
   */
  #settleEnd(topic: string, entry: Entry, refused: Refused | undefined): TopicRefusal | undefined {
    const isNeeded = entry.references === 0 || entry.isRenewing;
    if (refused?.refusal?.kind !== "later") {
      this.#leave(topic, entry);
      if (refused === undefined || !isNeeded) return undefined;
      return { topic, request: "unsubscribe", times: 0, ...refused };
    }
    this.#release(entry);
    entry.timeouts = 0;
    entry.isEndHeld = isNeeded;
    entry.refusals = isNeeded ? entry.refusals + 1 : 0;
    const { refusals: times } = entry;
    this.#become(topic, entry, "confirmed");
    this.#mark(topic, entry);
    return isNeeded ? { topic, request: "unsubscribe", times, ...refused } : undefined;
  }

  #leave(topic: string, entry: Entry): void {
    this.#release(entry);
    entry.timeouts = 0;
    entry.refusals = 0;
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
      const isRepeat = isAskedAlone(entry, needs);
      this.#plan.put(topic, needs, this.#laneOf(topic, entry, isRepeat), isRepeat);
    }
  }

  /** Something wanted is held back, but not for long. */
  get #hasSuspects(): boolean {
    for (const { references, isHeld, state } of this.#entries.values()) {
      if (references > 0 && isHeld && state !== "quarantined") return true;
    }
    return false;
  }

  #laneOf(topic: string, entry: Entry, isAlone: boolean): string {
    if (isAlone) return `alone ${topic}`;
    return `${entry.isOnTrial ? "trial" : "group"} ${this.#groupOf(topic)}`;
  }

  *#entriesOf(request: SubscriptionRequest): Generator<[string, Entry]> {
    for (const topic of request.topics) {
      const entry = this.#entries.get(topic);
      if (entry !== undefined && entry.requestId === request.id) yield [topic, entry];
    }
  }
}

/** What was not answered, or refused, is asked for again where it can take no other topic along. */
function isAskedAlone({ timeouts, refusals }: Entry, kind: RequestKind): boolean {
  return refusals > 0 || (kind === "subscribe" && timeouts > 0);
}
