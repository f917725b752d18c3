/**
 * Topics: what the user wants, what was asked for on this socket and what was answered, against what
 * the supervisor says of them. Invariants 8 and 9.
 */
import type { Acknowledgement, Fact, TopicStatus } from "../../../../src/index.ts";
import type { Request } from "../clerk.ts";
import type { Scene } from "../scene.ts";
import type { FreshTopics } from "./fresh-topics.ts";
import type { Suspects } from "./suspects.ts";

/** How far a topic is on the current socket, by the frames and answers that were seen. */
interface Asked {
  id: number;
  atMs: number;
  isAnswered: boolean;
  isRefused: boolean;
  /** Nobody wanted it any more, since it was asked for. */
  wasUnwanted: boolean;
  /** How often it was asked for in vain before. */
  timeouts: number;
}

/** What recoveries may do to topics, and must know of them. */
interface RepairsView {
  readonly mayResubscribe: (topic: string) => boolean;
  readonly unwanted: (topic: string) => void;
}

/** A wait between two requests for one topic gets no longer than this. */
const LONGEST_WAIT_MS = 60_000;

export class Intents {
  readonly #scene: Scene;
  readonly #wanted = new Map<string, number>();
  readonly #asked = new Map<string, Asked>();
  /** Every request of the current socket. */
  readonly #requests = new Map<number, Request & { readonly atMs: number }>();
  /** What was wanted when a listener changed it, before and after: facts that wait to be told may be of then. */
  readonly #stood = new Set<string>();
  /** Topics that may be ended and asked for anew, though they are wanted; once each. */
  readonly #renewable = new Set<string>();
  /** When the end of a topic was asked for; until it is answered. */
  readonly #ending = new Map<string, { readonly id: number; readonly atMs: number }>();
  readonly #fresh: FreshTopics;
  readonly #suspects: Suspects;
  readonly #repairs: RepairsView;
  /** When a topic was last asked for, or that was answered. */
  askedAtMs = -Infinity;

  constructor(
    scene: Scene,
    topics: readonly string[],
    fresh: FreshTopics,
    suspects: Suspects,
    repairs: RepairsView,
  ) {
    this.#scene = scene;
    this.#fresh = fresh;
    this.#suspects = suspects;
    this.#repairs = repairs;
    this.want(topics, false);
  }

  get wanted(): readonly string[] {
    return [...this.#wanted.keys()];
  }

  isWanted(topic: string): boolean {
    return this.#wanted.has(topic);
  }

  /** Wanted, and confirmed on this socket. */
  isServed(topic: string): boolean {
    const asked = this.#asked.get(topic);
    return this.#wanted.has(topic) && asked?.isAnswered === true && !asked.isRefused;
  }

  /** Requests that may still have their deadline armed. */
  get unanswered(): number {
    const { process, character, toleranceMs } = this.#scene;
    const sinceMs = process.nowMs() - character.options.resubscribe.requestTimeoutMs - toleranceMs;
    return [...this.#requests.values()].filter(({ atMs }) => atMs >= sinceMs).length;
  }

  want(topics: readonly string[], isInListener: boolean): void {
    if (isInListener) this.#stands();
    for (const topic of topics) this.#wanted.set(topic, (this.#wanted.get(topic) ?? 0) + 1);
    if (isInListener) this.#stands();
  }

  unwant(topics: readonly string[], isInListener: boolean): void {
    if (isInListener) this.#stands();
    for (const topic of topics) {
      const references = this.#wanted.get(topic) ?? 0;
      if (references > 1) this.#wanted.set(topic, references - 1);
      else this.#unwanted(topic);
    }
    if (isInListener) this.#stands();
  }

  /** A new socket, or none: whatever was asked for is forgotten. */
  dialled(): void {
    this.#asked.clear();
    this.#requests.clear();
    this.#renewable.clear();
    this.#ending.clear();
    this.#fresh.dialled();
    this.#suspects.dialled(this.#wanted.size);
  }

  /** There is a reason to end this topic and to ask for it anew. */
  mayRenew(topic: string): void {
    this.#renewable.add(topic);
  }

  requested(request: Request): void {
    const { violate, process, character } = this.#scene;
    const { id, kind, topics } = request;
    const atMs = process.nowMs();
    this.askedAtMs = atMs;
    const { topicsPerFrame } = character.options.resubscribe;
    if (topics.length === 0 || topics.length > topicsPerFrame) {
      violate("9 asked once", `${topics.length} topics in a frame`);
    }
    if (this.#requests.has(id)) violate("9 asked once", `request ${id} twice`);
    this.#requests.set(id, { ...request, atMs });
    for (const topic of topics) {
      const isWanted = this.#wanted.has(topic);
      const asked = this.#asked.get(topic);
      if (kind === "subscribe") {
        if (!isWanted) violate("9 asked once", `${topic} is not wanted, and was asked for`);
        const isAgain = asked !== undefined && !this.#isForgotten(topic, asked);
        this.#renewable.delete(topic);
        this.#judgeEnding(topic, atMs);
        if (isAgain && !this.#mayAskAgain(asked, atMs, topics.length === 1)) {
          violate("9 asked once", `${topic} was asked for already`);
        }
        this.#suspects.asked(topic, topics);
        this.#ask(topic, id, atMs, isAgain ? asked.timeouts + 1 : 0);
      } else {
        if (isWanted && !this.#renewable.delete(topic) && !this.#repairs.mayResubscribe(topic)) {
          violate("9 asked once", `${topic} is wanted, and was ended`);
        }
        if (asked === undefined)
          violate("9 asked once", `${topic} was not asked for, and was ended`);
        this.#asked.delete(topic);
        this.#ending.set(topic, { id, atMs });
        this.#fresh.unconfirmed(topic);
      }
    }
  }

  /** A request could not be written as a frame: its topics are refused. */
  requestFailed(request: Request): void {
    if (request.kind === "unsubscribe") {
      for (const topic of request.topics) {
        this.#asked.delete(topic);
        this.#renewable.delete(topic);
        this.#fresh.unconfirmed(topic);
      }
      return;
    }
    for (const topic of request.topics) {
      this.#suspects.maybeForgotten(topic);
      this.#ask(topic, request.id, this.#scene.process.nowMs(), 0);
      this.#settle(topic, true);
    }
  }

  /** The user's protocol read an answer. */
  answered(answer: Acknowledgement): void {
    if ("unmatched" in answer) return;
    if ("topics" in answer) {
      for (const topic of answer.topics) {
        this.#ending.delete(topic);
        this.#settle(topic, answer.error !== undefined);
      }
      return;
    }
    if ("state" in answer) {
      for (const topic of answer.state) this.#settle(topic, false);
      return;
    }
    const request = this.#requests.get(answer.id);
    if (request?.kind === "unsubscribe") this.#ended(request);
    if (request?.kind !== "subscribe") return;
    for (const topic of request.topics) {
      if (this.#asked.get(topic)?.id !== answer.id) continue;
      const isRefused = answer.rejected?.some((one) => one.topic === topic) === true;
      this.#settle(topic, isRefused || answer.error !== undefined);
    }
  }

  /** Written is answered, where nothing ever answers. */
  written(request: Request): void {
    if (request.kind === "unsubscribe") this.#ended(request);
    else for (const topic of request.topics) this.#settle(topic, false);
  }

  heard(fact: Fact, isOnSocket: boolean): void {
    if (fact.type === "topic.stale") this.mayRenew(fact.topic);
    if (fact.type === "mute" && fact.action === "resubscribe") {
      for (const topic of this.#wanted.keys()) this.mayRenew(topic);
    }
    if (fact.type !== "subscriptions.settled") return;
    if (!isOnSocket) this.#scene.violate("8 intents", "settled without a socket");
    const told = [
      ...fact.confirmed,
      ...fact.rejected.map(({ topic }) => topic),
      ...fact.timedOut,
      ...fact.quarantined,
    ].sort();
    const wanted = this.#wantedText();
    if (told.join() !== wanted && !this.#stood.has(told.join())) {
      this.#scene.violate("8 intents", `settled with ${told.join()}, wanted ${wanted}`);
    }
  }

  /** After each step. Without an open socket nothing may be pending or confirmed. */
  check(topics: readonly TopicStatus[], isOnSocket: boolean): void {
    const { violate } = this.#scene;
    this.#stood.clear();
    if (topics.length !== this.#wanted.size) {
      const told = topics.map(({ topic }) => topic).join();
      violate("8 intents", `says ${told}, wanted ${this.wanted.join()}`);
    }
    for (const { topic, references, state } of topics) {
      if (references !== this.#wanted.get(topic)) {
        violate("8 intents", `${topic}: ${references} references, not ${this.#wanted.get(topic)}`);
      }
      const problem = isOnSocket
        ? this.#contradiction(topic, state)
        : state === "unsent" || state === "quarantined"
          ? undefined
          : "there is no socket";
      if (problem !== undefined) violate("8 intents", `${topic} is ${state}, and ${problem}`);
    }
  }

  #stands(): void {
    this.#stood.add(this.#wantedText());
  }

  #wantedText(): string {
    return this.wanted.toSorted().join();
  }

  #contradiction(topic: string, state: TopicStatus["state"]): string | undefined {
    const asked = this.#asked.get(topic);
    const { manner, options } = this.#scene.character;
    const { requestTimeoutMs } = options.resubscribe;
    const ageMs = this.#scene.process.nowMs() - (asked?.atMs ?? 0);
    const isOverdue = ageMs >= requestTimeoutMs - this.#scene.toleranceMs;
    switch (state) {
      case "unsent":
      case "leaving":
        if (asked === undefined || this.#isForgotten(topic, asked)) return undefined;
        return isOverdue && !asked.isAnswered ? undefined : "was asked for";
      case "quarantined":
        return asked === undefined ? undefined : "was asked for";
      case "pending":
        if (asked === undefined) return "was not asked for";
        if (asked.isAnswered) return "was answered";
        if (manner === "unanswered") return undefined; // the kernel takes its time
        return ageMs > requestTimeoutMs + this.#scene.toleranceMs ? "its time is over" : undefined;
      case "confirmed":
        return asked?.isAnswered === true && !asked.isRefused ? undefined : "was not confirmed";
      case "rejected":
        return asked?.isRefused === true ? undefined : "was not refused";
      case "timed-out":
        if (asked === undefined) return "was not asked for";
        if (asked.isAnswered) return "was answered";
        return isOverdue ? undefined : "is still in time";
    }
  }

  #settle(topic: string, isRefused: boolean): void {
    this.askedAtMs = this.#scene.process.nowMs();
    const asked = this.#asked.get(topic);
    if (asked === undefined || asked.isAnswered) return;
    asked.isAnswered = true;
    asked.isRefused = isRefused;
    if (this.#scene.character.manner !== "unanswered" || isRefused) this.#suspects.acquitted(topic);
    if (isRefused) this.#fresh.unconfirmed(topic);
    else this.#fresh.confirmed(topic);
    if (isRefused && !this.#wanted.has(topic)) this.#asked.delete(topic);
  }

  #ask(topic: string, id: number, atMs: number, timeouts: number): void {
    const fresh = { isAnswered: false, isRefused: false, wasUnwanted: false };
    this.#asked.set(topic, { id, atMs, timeouts, ...fresh });
    this.#fresh.asked(topic);
  }

  /** The peer has, or should have, ended these. */
  #ended({ id, topics }: Request): void {
    for (const topic of topics) {
      if (this.#ending.get(topic)?.id === id) this.#ending.delete(topic);
    }
  }

  /** One that is being ended is asked for when that is done, or is not to be waited for any more. */
  #judgeEnding(topic: string, atMs: number): void {
    const ending = this.#ending.get(topic);
    this.#ending.delete(topic);
    if (ending === undefined) return;
    const { requestTimeoutMs } = this.#scene.character.options.resubscribe;
    if (atMs - ending.atMs >= requestTimeoutMs - this.#scene.toleranceMs) return;
    this.#scene.violate("9 asked once", `${topic} was asked for while it was being ended`);
  }

  /** In vain for as long as it takes, not too often, and then alone. */
  #mayAskAgain(asked: Asked, atMs: number, isAlone: boolean): boolean {
    const { retries, requestTimeoutMs } = this.#scene.character.options.resubscribe;
    const longestMs = Math.max(LONGEST_WAIT_MS, requestTimeoutMs);
    const waitMs = Math.min(longestMs, requestTimeoutMs * 2 ** asked.timeouts);
    const isDue = atMs - asked.atMs >= requestTimeoutMs + waitMs - 2 * this.#scene.toleranceMs;
    return isDue && isAlone && !asked.isAnswered && asked.timeouts < retries;
  }

  /** What was refused is forgotten with the wish: who wants it again asks again. */
  #unwanted(topic: string): void {
    this.#wanted.delete(topic);
    this.#fresh.unwanted(topic);
    this.#suspects.maybeForgotten(topic);
    this.#repairs.unwanted(topic);
    const asked = this.#asked.get(topic);
    if (asked?.isRefused === true) this.#asked.delete(topic);
    else if (asked !== undefined) asked.wasUnwanted = true;
  }

  /** What can't be ended is only forgotten, and asked for again when it is wanted again. */
  #isForgotten(topic: string, asked: Asked): boolean {
    if (this.#scene.character.manner !== "lasting") return false;
    return asked.wasUnwanted || this.#renewable.has(topic) || this.#repairs.mayResubscribe(topic);
  }
}
