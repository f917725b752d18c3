/**
 * Which topic kills the sockets that ask for it.
 *
 * Some venues end the socket, without a word, when they are asked for a topic that they do not like
 * (Hyperliquid: 1006 within 155 ms), and with it every other topic. A loss soon after a request is
 * usually chance, though: a network that flaps, a venue that is going down. So a topic is
 *
 * - **doubted** when its request was in flight at a loss: written shortly before, neither answered nor
 *   heard of since;
 * - a **suspect** after several such losses in a row, or one that it alone was in flight at. Suspects are
 *   asked for last, on a socket that has been seen to live without them, the next only when the one
 *   before is acquitted: answered, heard of, or survived;
 * - **struck** when it alone was in flight on such a socket, and the socket died: there is nothing else
 *   to blame. So many strikes put it in quarantine, where it is not asked for. After that it is tried
 *   again, and one strike suffices.
 *
 * Whatever is acquitted has all forgiven. Pure: time comes in. It outlives sockets, and remembers no
 * more topics than are wanted.
 */
import { SparseMap } from "../sparse-map.ts";
import type { Hold } from "./registry.ts";

export interface QuarantinePolicy {
  /** A loss within this time of a request may be its fault, in milliseconds. @defaultValue 2,000 */
  readonly suspectWithinMs: number;
  /** Losses in a row, among others in flight, that make a topic a suspect. @defaultValue 2 */
  readonly suspectAfter: number;
  /** Losses that it alone can be blamed for. @defaultValue 2 */
  readonly strikes: number;
  /** How long it is not asked for, in milliseconds. @defaultValue 600,000 */
  readonly quarantineMs: number;
}

export const defaultQuarantine: QuarantinePolicy = {
  suspectWithinMs: 2_000,
  suspectAfter: 2,
  strikes: 2,
  quarantineMs: 600_000,
};

/** A topic that will not be asked for until `untilMs`. */
export interface Quarantined {
  readonly topic: string;
  readonly strikes: number;
  readonly untilMs: number;
}

interface Doubt {
  /** Losses in a row that it was in flight at. */
  losses: number;
  strikes: number;
  isSuspect: boolean;
  /** When its quarantine ends; 0 where it is in none. */
  untilMs: number;
}

/**
 * More suspects than this are tried in groups: a network that flaps while hundreds of topics are in
 * flight must not have them asked for one by one. A group that kills is tried in smaller ones.
 */
const MOST_TRIALS = 16;

export class Quarantine {
  readonly #policy: QuarantinePolicy;
  /** Topics with a loss against them, oldest first. */
  readonly #doubts = new SparseMap<string, Doubt>();
  /** When each topic was asked for on this socket, unless acquitted since; in order of time. */
  readonly #inFlight = new SparseMap<string, number>();
  /** On trial, and not yet written. */
  readonly #called = new SparseMap<string, true>();
  #openedAtMs = 0;
  /** When the last of those that nobody wants any more was asked for, unless it was acquitted before. */
  #forgottenAtMs = -Infinity;

  constructor(policy: QuarantinePolicy) {
    this.#policy = policy;
  }

  /** Whether a new socket is to be asked for this topic at once. */
  holdOf(topic: string): Hold | undefined {
    const doubt = this.#doubts.get(topic);
    if (doubt?.isSuspect !== true) return undefined;
    return doubt.untilMs > 0 ? "quarantined" : "suspect";
  }

  socketOpened(atMs: number): void {
    this.#openedAtMs = atMs;
  }

  /** These topics were asked for, in one frame. */
  asked(topics: readonly string[], atMs: number): void {
    this.#acquitSurvivors(atMs);
    for (const topic of topics) {
      this.#called.delete(topic);
      this.#inFlight.delete(topic);
      this.#inFlight.set(topic, atMs);
    }
  }

  /** The peer spoke of a topic: it has not killed. Cheap where nothing is in flight. */
  acquit(topic: string): void {
    if (this.#inFlight.size + this.#called.size === 0) return;
    if (this.#inFlight.delete(topic) || this.#called.delete(topic)) this.#doubts.delete(topic);
  }

  /** No longer wanted. It may still kill, and nobody else is to be blamed for that. */
  forget(topic: string): void {
    this.#forgottenAtMs = Math.max(this.#forgottenAtMs, this.#inFlight.get(topic) ?? -Infinity);
    this.#inFlight.delete(topic);
    this.#called.delete(topic);
    this.#doubts.delete(topic);
  }

  /** An open socket was lost, and nobody had asked for that. Gives what is quarantined for it. */
  lost(nowMs: number): readonly Quarantined[] {
    this.#acquitSurvivors(nowMs);
    const { suspectWithinMs, suspectAfter, strikes, quarantineMs } = this.#policy;
    const isSole = this.#inFlight.size === 1 && nowMs - this.#forgottenAtMs >= suspectWithinMs;
    const quarantined: Quarantined[] = [];
    for (const [topic, askedAtMs] of this.#inFlight) {
      const doubt = this.#doubts.get(topic) ?? newDoubt();
      this.#doubts.delete(topic);
      this.#doubts.set(topic, doubt); // the last to be tried
      doubt.losses += 1;
      const hadLived = askedAtMs - this.#openedAtMs >= suspectWithinMs;
      if (isSole && hadLived) doubt.strikes += 1;
      if (doubt.losses >= suspectAfter || doubt.strikes > 0) doubt.isSuspect = true;
      doubt.untilMs = 0;
      if (doubt.strikes < strikes || !hadLived || !isSole) continue;
      doubt.untilMs = nowMs + quarantineMs;
      quarantined.push({ topic, strikes: doubt.strikes, untilMs: doubt.untilMs });
    }
    return quarantined;
  }

  socketEnded(atMs: number): void {
    this.#acquitSurvivors(atMs);
    this.#forgottenAtMs = -Infinity;
    this.#inFlight.clear();
    this.#called.clear();
  }

  /** The suspects to ask for now, apart from all others; none while a trial is on. */
  takeTrial(nowMs: number): readonly string[] {
    if (this.#doubts.size === 0) return [];
    this.#acquitSurvivors(nowMs);
    if (this.#busyUntilMs() > nowMs) return [];
    const due: string[] = [];
    for (const [topic, doubt] of this.#doubts) {
      if (doubt.isSuspect && doubt.untilMs <= nowMs) due.push(topic);
    }
    const trial = due.slice(0, Math.ceil(due.length / MOST_TRIALS));
    for (const topic of trial) {
      this.#called.set(topic, true);
      const doubt = this.#doubts.get(topic);
      if (doubt === undefined || doubt.untilMs === 0) continue;
      doubt.untilMs = 0;
      doubt.strikes = this.#policy.strikes - 1;
    }
    return trial;
  }

  /** How long until {@link takeTrial} may have something; undefined while nothing is held. */
  waitMs(nowMs: number): number | undefined {
    if (this.#doubts.size === 0) return undefined;
    let dueAtMs = Infinity;
    for (const [topic, { isSuspect, untilMs }] of this.#doubts) {
      if (!isSuspect || this.#called.has(topic)) continue;
      dueAtMs = Math.min(dueAtMs, untilMs);
      if (dueAtMs <= nowMs) break;
    }
    const atMs = Math.max(dueAtMs, this.#busyUntilMs());
    return atMs === Infinity ? undefined : Math.max(atMs - nowMs, 0);
  }

  /** While the socket is young, or anything is in flight, a loss could not be blamed on a suspect. */
  #busyUntilMs(): number {
    if (this.#called.size > 0) return Infinity;
    let lastAtMs = Math.max(this.#openedAtMs, this.#forgottenAtMs);
    for (const askedAtMs of this.#inFlight.values()) lastAtMs = Math.max(lastAtMs, askedAtMs);
    return lastAtMs + this.#policy.suspectWithinMs;
  }

  #acquitSurvivors(nowMs: number): void {
    for (const [topic, askedAtMs] of this.#inFlight) {
      if (nowMs - askedAtMs < this.#policy.suspectWithinMs) return;
      this.acquit(topic);
    }
  }
}

function newDoubt(): Doubt {
  return { losses: 0, strikes: 0, isSuspect: false, untilMs: 0 };
}
