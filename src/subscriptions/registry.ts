/**
 * The topics that are wanted, and how far each is on the current socket.
 *
 * Wanted is the user's word, reference-counted, and may change in every state. Pending, confirmed and
 * rejected belong to one socket and end with it. The registry only says what should be asked next;
 * it sends nothing and has no clock.
 */
import type { Acknowledgement } from "./protocol.ts";

/** How far a topic is on the current socket. */
export type TopicState = "unsent" | "pending" | "confirmed" | "rejected" | "timed-out" | "leaving";

export interface TopicOutcome {
  readonly topic: string;
  readonly reason: string;
}

/** One topic, as `topics()` shows it. */
export interface TopicStatus {
  readonly topic: string;
  readonly state: TopicState;
  /** How many subscribes have not been taken back. */
  readonly references: number;
}

/** A batch of topics to ask for, or to end. */
export interface SubscriptionRequest {
  readonly id: number;
  readonly kind: "subscribe" | "unsubscribe";
  readonly topics: readonly string[];
}

/** A server that never answers must not make us remember every question; a later answer is ignored. */
const MAX_EXPIRED = 1_000;

interface Entry {
  references: number;
  state: TopicState;
  /** The request that this entry waits for. */
  requestId: number;
  /** Requests in a row that were not answered. One that has any is asked for alone. */
  timeouts: number;
  /** Why it was rejected. */
  reason: string;
}

/** A request that is not answered yet. */
interface Pending {
  readonly request: SubscriptionRequest;
  /** Its topics that still wait: counted, as looking at all of them at each answer is quadratic. */
  waiting: number;
}

/** What a settled registry has to say. */
export interface Settlement {
  readonly confirmed: readonly string[];
  readonly rejected: readonly TopicOutcome[];
  readonly timedOut: readonly string[];
}

export class SubscriptionRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #requests = new Map<number, Pending>();
  /** Requests that timed out on this socket: a late answer still counts. Made with the first. */
  #expired: Map<number, SubscriptionRequest> | undefined;
  /** Topics that may need a frame; a set, so that planning never walks all of them. */
  readonly #dirty = new Set<string>();
  #nextId = 1;

  /** Topics with at least one reference. */
  get wanted(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.references > 0) count += 1;
    return count;
  }

  /** True when nothing waits to be sent or answered. */
  get isSettled(): boolean {
    return this.#requests.size === 0 && this.#dirty.size === 0;
  }

  /** True when there is something to ask for. */
  get hasWork(): boolean {
    return this.#dirty.size > 0;
  }

  has(topic: string): boolean {
    return (this.#entries.get(topic)?.references ?? 0) > 0;
  }

  want(topics: readonly string[]): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined) {
        this.#entries.set(topic, newEntry());
        this.#dirty.add(topic);
      } else {
        entry.references += 1;
        this.#mark(topic, entry);
      }
    }
  }

  /** Takes back one reference of each; unknown topics are ignored. */
  unwant(topics: readonly string[]): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined || entry.references === 0) continue;
      entry.references -= 1;
      this.#mark(topic, entry);
    }
  }

  /** A new socket, or none: nothing is pending or confirmed any more; the wanted set is all there is. */
  newSocket(): void {
    this.#requests.clear();
    this.#expired?.clear();
    this.#dirty.clear();
    for (const [topic, entry] of this.#entries) {
      if (entry.references === 0) {
        this.#entries.delete(topic);
        continue;
      }
      entry.state = "unsent";
      entry.requestId = 0;
      entry.timeouts = 0;
      this.#dirty.add(topic);
    }
  }

  /**
   * The next batch to send, at most `maxTopics` of one kind; undefined when there is none. What cannot
   * be unsubscribed (`canUnsubscribe` false) is forgotten instead.
   */
  nextRequest(maxTopics: number, canUnsubscribe: boolean): SubscriptionRequest | undefined {
    const batch: string[] = [];
    let kind: SubscriptionRequest["kind"] | undefined;
    for (const topic of this.#dirty) {
      const entry = this.#entries.get(topic);
      const needs = entry === undefined ? undefined : needOf(entry);
      if (entry === undefined || needs === undefined) {
        this.#dirty.delete(topic);
        continue;
      }
      if (needs === "unsubscribe" && !canUnsubscribe) {
        this.#forget(topic);
        continue;
      }
      const isAlone = needs === "subscribe" && entry.timeouts > 0;
      if (isAlone && kind !== undefined) continue;
      kind ??= needs;
      if (needs !== kind) continue;
      batch.push(topic);
      if (isAlone || batch.length >= maxTopics) break;
    }
    if (kind === undefined) return undefined;

    const request: SubscriptionRequest = { id: this.#nextId++, kind, topics: batch };
    this.#requests.set(request.id, { request, waiting: batch.length });
    for (const topic of batch) {
      this.#dirty.delete(topic);
      const entry = this.#entries.get(topic);
      if (entry === undefined) continue;
      this.#release(entry);
      entry.state = kind === "subscribe" ? "pending" : "leaving";
      entry.requestId = request.id;
    }
    return request;
  }

  /** Takes an answer. Gives the topics it newly rejected. Answers to nothing are ignored. */
  acknowledge(answer: Acknowledgement): readonly TopicOutcome[] {
    if ("unmatched" in answer) return [];
    return "id" in answer ? this.#answerRequest(answer) : this.#answerTopics(answer);
  }

  /** A request was written, and the server never answers: that is its answer. */
  confirm(id: number): void {
    this.#answerRequest({ id });
  }

  /** A request has been unanswered for too long. Gives the topics that timed out. */
  expire(id: number): readonly string[] {
    const request = this.#requests.get(id)?.request;
    if (request === undefined) return [];
    this.#requests.delete(id);
    this.#expired ??= new Map();
    this.#expired.set(id, request);
    if (this.#expired.size > MAX_EXPIRED) forgetOldest(this.#expired);
    const timedOut: string[] = [];
    for (const [topic, entry] of this.#entriesOf(request)) {
      if (request.kind === "unsubscribe") {
        this.#leave(topic, entry);
        continue;
      }
      entry.state = "timed-out";
      entry.timeouts += 1;
      if (entry.references > 0) timedOut.push(topic);
      this.#mark(topic, entry);
    }
    return timedOut;
  }

  /** How many requests for a topic have timed out in a row on this socket. */
  timeoutsOf(topic: string): number {
    return this.#entries.get(topic)?.timeouts ?? 0;
  }

  /** A topic that timed out is to be asked for again, alone. Any other is left as it is. */
  askAgain(topic: string): void {
    const entry = this.#entries.get(topic);
    if (entry?.state !== "timed-out" || entry.references === 0) return;
    entry.state = "unsent";
    this.#mark(topic, entry);
  }

  /** Where every wanted topic stands. */
  settlement(): Settlement {
    const confirmed: string[] = [];
    const rejected: TopicOutcome[] = [];
    const timedOut: string[] = [];
    for (const [topic, { references, state, reason }] of this.#entries) {
      if (references === 0) continue;
      if (state === "confirmed") confirmed.push(topic);
      else if (state === "rejected") rejected.push({ topic, reason });
      else timedOut.push(topic);
    }
    return { confirmed, rejected, timedOut };
  }

  topics(): readonly TopicStatus[] {
    return [...this.#entries]
      .filter(([, { references }]) => references > 0)
      .map(([topic, { state, references }]) => ({ topic, state, references }));
  }

  #answerRequest(answer: Extract<Acknowledgement, { id: number }>): readonly TopicOutcome[] {
    const request = this.#requests.get(answer.id)?.request ?? this.#expired?.get(answer.id);
    if (request === undefined) return [];
    this.#requests.delete(answer.id);
    this.#expired?.delete(answer.id);
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
      const { requestId } = entry;
      if (this.#settle(topic, entry, answer.error)) {
        outcomes.push({ topic, reason: answer.error ?? "" });
      }
      if (this.#requests.get(requestId)?.waiting === 0) this.#requests.delete(requestId);
    }
    return outcomes;
  }

  /** True when the topic was newly rejected. */
  #settle(topic: string, entry: Entry, reason: string | undefined): boolean {
    if (entry.state === "leaving") {
      this.#leave(topic, entry);
      return false;
    }
    this.#release(entry);
    entry.timeouts = 0;
    entry.state = reason === undefined ? "confirmed" : "rejected";
    entry.reason = reason ?? "";
    this.#mark(topic, entry);
    return reason !== undefined && entry.references > 0;
  }

  #leave(topic: string, entry: Entry): void {
    entry.state = "unsent";
    this.#release(entry);
    entry.timeouts = 0;
    if (entry.references === 0) this.#forget(topic);
    else this.#mark(topic, entry);
  }

  /** It waits for no request any more. */
  #release(entry: Entry): void {
    const pending = this.#requests.get(entry.requestId);
    if (pending !== undefined) pending.waiting -= 1;
    entry.requestId = 0;
  }

  #forget(topic: string): void {
    const entry = this.#entries.get(topic);
    if (entry !== undefined) this.#release(entry);
    this.#entries.delete(topic);
    this.#dirty.delete(topic);
  }

  #mark(topic: string, entry: Entry): void {
    if (entry.references === 0 && entry.state !== "confirmed" && !isWaiting(entry)) {
      this.#forget(topic);
    } else if (needOf(entry) === undefined) {
      this.#dirty.delete(topic);
    } else {
      this.#dirty.add(topic);
    }
  }

  *#entriesOf(request: SubscriptionRequest): Generator<[string, Entry]> {
    for (const topic of request.topics) {
      const entry = this.#entries.get(topic);
      if (entry !== undefined && entry.requestId === request.id) yield [topic, entry];
    }
  }
}

function newEntry(): Entry {
  return { references: 1, state: "unsent", requestId: 0, timeouts: 0, reason: "" };
}

/** A map keeps its keys in the order in which they came. */
function forgetOldest(requests: Map<number, SubscriptionRequest>): void {
  const oldest = requests.keys().next();
  if (oldest.done !== true) requests.delete(oldest.value);
}

/** What an entry needs sent now; undefined while it is in order, or waits for an answer. */
function needOf(entry: Entry): SubscriptionRequest["kind"] | undefined {
  const { references, state, timeouts } = entry;
  if (references > 0) return state === "unsent" ? "subscribe" : undefined;
  // Also where no answer came: the peer may have heard.
  const mayBeServed = state === "confirmed" || state === "timed-out" || timeouts > 0;
  return mayBeServed && state !== "leaving" && state !== "pending" ? "unsubscribe" : undefined;
}

/** An answer may come late: also to a topic that is about to be asked for again. */
function isWaiting({ state, timeouts }: Entry): boolean {
  if (state === "unsent") return timeouts > 0;
  return state === "pending" || state === "leaving" || state === "timed-out";
}
