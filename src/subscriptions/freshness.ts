/**
 * How long a topic may be silent. An acknowledgement is no proof, and a live socket no live topic.
 *
 * A topic that is silent for too long is stale. It is subscribed anew, alone; if it is silent for as
 * long again, that is reported, once, and it rests until it speaks. What is known of a stale topic
 * outlives the socket: a new one has subscribed it anew as well.
 *
 * A message costs a look-up and a stamp. Deadlines are looked at when they pass, and moved then to
 * where the stamps say. Pure: time comes in.
 */
import { DueQueue, type Due } from "./due-queue.ts";

export interface FreshnessPolicy {
  /** From the acknowledgement to the first message, in milliseconds; null for ever. */
  readonly firstMs: number | null;
  /** Between two messages, in milliseconds; null for ever. */
  readonly silenceMs: number | null;
}

/** A topic that was silent for too long, and what comes of it. */
export interface StaleTopic {
  readonly topic: string;
  /** Since its last message, or its acknowledgement where there was none. */
  readonly silentMs: number;
  readonly action: "resubscribe" | "report";
}

/** Whose silence it is: the venue has announced one, or we do not read. */
export type PauseReason = "venue" | "reader";

interface Watched extends Due {
  readonly topic: string;
  readonly policy: FreshnessPolicy;
  /**
   * `first` nothing was heard yet · `speaking` · `renewed` it was stale and is subscribed anew ·
   * `resting` it was reported.
   */
  phase: "first" | "speaking" | "renewed" | "resting";
  isConfirmed: boolean;
  confirmedAtMs: number;
  /** Its last message; before any, its first acknowledgement. */
  heardAtMs: number;
}

export class Freshness {
  readonly #policyOf: (topic: string) => FreshnessPolicy | null;
  readonly #topics = new Map<string, Watched>();
  readonly #queue = new DueQueue<Watched>();
  readonly #pauses = new Set<PauseReason>();
  /** Silence before this is not counted. */
  #countsFromMs = 0;

  constructor(policyOf: (topic: string) => FreshnessPolicy | null) {
    this.#policyOf = policyOf;
  }

  /** When {@link takeStale} may have something; undefined while nothing can. */
  get nextDueAtMs(): number | undefined {
    return this.#pauses.size > 0 ? undefined : this.#queue.first?.dueAtMs;
  }

  /** A topic was asked for: messages may come before the acknowledgement. */
  asked(topic: string): void {
    const watched = this.#watch(topic);
    if (watched === undefined) return;
    this.#suspend(watched);
    if (watched.phase === "speaking") watched.phase = "first";
  }

  confirmed(topic: string, atMs: number): void {
    const watched = this.#watch(topic);
    if (watched === undefined) return;
    watched.isConfirmed = true;
    watched.confirmedAtMs = atMs;
    if (watched.phase === "first") watched.heardAtMs = atMs;
    this.#queueUp(watched);
  }

  /** It is not subscribed, or not known to be: silence means nothing. */
  unconfirmed(topic: string): void {
    const watched = this.#topics.get(topic);
    if (watched !== undefined) this.#suspend(watched);
  }

  /** Nobody wants it any more. */
  forget(topic: string): void {
    this.unconfirmed(topic);
    this.#topics.delete(topic);
  }

  /**
   * A message of this topic: called for every one. Gives how long it had been silent where it was stale.
   */
  heard(topic: string, atMs: number): number | undefined {
    const watched = this.#topics.get(topic);
    if (watched === undefined) return undefined;
    const silentMs = atMs - watched.heardAtMs;
    watched.heardAtMs = atMs;
    if (watched.phase === "speaking") return undefined;
    const wasStale = watched.phase !== "first";
    watched.phase = "speaking";
    if (watched.isConfirmed) this.#queueUp(watched);
    return wasStale ? silentMs : undefined;
  }

  /** Nothing is subscribed any more, and pauses were the socket's. */
  socketEnded(): void {
    this.#pauses.clear();
    this.#queue.clear();
    for (const watched of this.#topics.values()) {
      watched.isConfirmed = false;
      if (watched.phase === "first" || watched.phase === "speaking") {
        this.#topics.delete(watched.topic);
      }
    }
  }

  pause(reason: PauseReason): void {
    this.#pauses.add(reason);
  }

  /** Silence counts anew, once no reason is left. */
  resume(reason: PauseReason, atMs: number): void {
    if (this.#pauses.delete(reason) && this.#pauses.size === 0) this.countFrom(atMs);
  }

  /** What was silent until now was not the topics' silence. */
  countFrom(atMs: number): void {
    this.#countsFromMs = atMs;
  }

  /** The topics whose time is over, each once per deadline. */
  takeStale(nowMs: number): readonly StaleTopic[] {
    if (this.#pauses.size > 0) return [];
    const stale: StaleTopic[] = [];
    for (let watched = this.#queue.first; watched !== undefined; watched = this.#queue.first) {
      if (watched.dueAtMs > nowMs) break;
      const dueAtMs = this.#dueAtMsOf(watched);
      if (dueAtMs > nowMs) {
        this.#queue.put(watched, dueAtMs);
        continue;
      }
      this.#queue.delete(watched);
      const isSecond = watched.phase === "renewed";
      watched.phase = isSecond ? "resting" : "renewed";
      const { topic, heardAtMs } = watched;
      const action = isSecond ? "report" : "resubscribe";
      stale.push({ topic, silentMs: nowMs - heardAtMs, action });
    }
    return stale;
  }

  #watch(topic: string): Watched | undefined {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const policy = this.#policyOf(topic);
    if (policy === null) return undefined;
    const watched: Watched = {
      topic,
      policy,
      phase: "first",
      isConfirmed: false,
      confirmedAtMs: 0,
      heardAtMs: 0,
      dueAtMs: 0,
      order: 0,
      place: -1,
    };
    this.#topics.set(topic, watched);
    return watched;
  }

  #suspend(watched: Watched): void {
    watched.isConfirmed = false;
    this.#queue.delete(watched);
  }

  #queueUp(watched: Watched): void {
    const dueAtMs = this.#dueAtMsOf(watched);
    if (dueAtMs < Infinity) this.#queue.put(watched, dueAtMs);
    else this.#queue.delete(watched);
  }

  #dueAtMsOf({ phase, policy, heardAtMs, confirmedAtMs }: Watched): number {
    const limitMs = limitOf(phase, policy);
    if (limitMs === null) return Infinity;
    const sinceMs = phase === "speaking" ? heardAtMs : confirmedAtMs;
    return Math.max(sinceMs, this.#countsFromMs) + limitMs;
  }
}

function limitOf(phase: Watched["phase"], policy: FreshnessPolicy): number | null {
  switch (phase) {
    case "first":
      return policy.firstMs;
    case "speaking":
      return policy.silenceMs;
    case "renewed":
      return policy.firstMs ?? policy.silenceMs;
    case "resting":
      return null;
  }
}
