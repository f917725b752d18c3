/**
 * Topics: what the user wants, what was asked for on this socket and what was answered, against what
 * the supervisor says of them. Invariants 8 and 9.
 */
import type { Acknowledgement, Fact, Refusal, TopicStatus } from "../../../../src/index.ts";
import type { Request } from "../clerk.ts";
import type { Scene } from "../scene.ts";
import type { FreshTopics } from "./fresh-topics.ts";
import { Refusals, waitAfter } from "./refusals.ts";
import type { Suspects } from "./suspects.ts";

/** How far a topic is on the current socket, by the frames and answers that were seen. */
interface Asked {
  id: number;
  atMs: number;
  isAnswered: boolean;
  isRefused: boolean;
  /** Refusals for now in a row. */
  refusals: number;
  /** When it may be asked for again, where it was refused for now; Infinity where it was for good. */
  dueAtMs: number;
  /** Since when the connection has been ready without a stop; its end is refused at the same time, if at all. */
  readySinceMs: number;
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

/** A fast wait between two requests for one topic gets no longer than this; a slow one is this long. */
const LONGEST_WAIT_MS = 60_000;
const SLOW_WAIT_MS = 100_000;

/** Why a request is not granted. */
interface Refused {
  readonly refusal?: Refusal | undefined;
}

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
  /** Topics whose end was refused for now: how often in a row, and when it may be asked for again. */
  readonly #endRefused = new Map<string, { readonly times: number; readonly dueAtMs: number }>();
  /** Topics that are being ended to be asked for anew. */
  readonly #renewals = new Set<string>();
  /** Nobody knows whether the end of these counts as refused, or as not answered. */
  readonly #unsure = new Set<string>();
  readonly refusals: Refusals;
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
    this.refusals = new Refusals(scene);
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
    for (const topic of topics) {
      const references = this.#wanted.get(topic) ?? 0;
      if (references === 0) this.#endRefused.delete(topic);
      this.#wanted.set(topic, references + 1);
    }
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
    this.#endRefused.clear();
    this.#unsure.clear();
    this.#renewals.clear();
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
        const isUnsure = this.#unsure.delete(topic);
        const isAgain = asked !== undefined && !isUnsure && !this.#isForgotten(topic, asked);
        this.#renewable.delete(topic);
        this.#judgeEnding(topic, atMs);
        if (isAgain && !this.#mayAskAgain(asked, atMs, topics.length === 1)) {
          violate("9 asked once", `${topic} was asked for already`);
        }
        this.#suspects.asked(topic, topics);
        this.#ask(topic, id, atMs, isAgain ? asked : undefined);
      } else {
        const isUnsure = this.#unsure.delete(topic);
        const isRepeat = this.#judgeEndAgain(topic, atMs, topics.length === 1);
        const mayRenew = this.#renewable.delete(topic) || this.#repairs.mayResubscribe(topic);
        if (isWanted && !mayRenew && !isRepeat) {
          violate("9 asked once", `${topic} is wanted, and was ended`);
        }
        if (asked === undefined && !isUnsure)
          violate("9 asked once", `${topic} was not asked for, and was ended`);
        this.#asked.delete(topic);
        if (isWanted) this.#renewals.add(topic);
        else this.#renewals.delete(topic);
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
      const asked = this.#asked.get(topic);
      this.#ask(topic, request.id, this.#scene.process.nowMs(), asked);
      this.#settle(topic, { refusal: undefined });
    }
  }

  /** The user's protocol read an answer. */
  answered(answer: Acknowledgement): void {
    if ("unmatched" in answer) return;
    if ("topics" in answer) {
      const refused = answer.error === undefined ? undefined : answer;
      for (const topic of answer.topics) {
        const ending = this.#ending.get(topic);
        this.#ending.delete(topic);
        if (refused === undefined) this.#forgive(topic);
        if (ending === undefined) this.#settle(topic, refused);
        else this.#endAnswered(topic, ending.atMs, refused);
      }
      return;
    }
    if ("state" in answer) {
      for (const topic of answer.state) this.#settle(topic, undefined);
      return;
    }
    const request = this.#requests.get(answer.id);
    const whole = answer.error === undefined ? undefined : answer;
    if (request?.kind === "unsubscribe") this.#ended(request, whole);
    if (request?.kind !== "subscribe") return;
    for (const topic of request.topics) {
      if (this.#asked.get(topic)?.id !== answer.id) continue;
      this.#settle(topic, whole ?? answer.rejected?.find((one) => one.topic === topic));
    }
  }

  /** Written is answered, where nothing ever answers. */
  written(request: Request): void {
    if (request.kind === "unsubscribe") this.#ended(request);
    else for (const topic of request.topics) this.#settle(topic, undefined);
  }

  heard(fact: Fact, isOnSocket: boolean): void {
    this.refusals.heard(fact);
    if (fact.type === "topic.stale") this.mayRenew(fact.topic);
    if (fact.type === "mute" && fact.action === "resubscribe") {
      for (const topic of this.#wanted.keys()) this.mayRenew(topic);
    }
    if (fact.type !== "subscriptions.settled") return;
    if (!isOnSocket) this.#scene.violate("8 intents", "settled without a socket");
    const told = [
      ...fact.confirmed,
      ...fact.rejected.map(({ topic }) => topic),
      ...fact.refused.map(({ topic }) => topic),
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
    // What is not wanted any more is still to be ended, or forgotten where nothing can be.
    const isEnded = [...this.#asked.keys()].every((topic) => this.#wanted.has(topic));
    const isAtRest =
      isOnSocket &&
      isEnded &&
      this.#ending.size === 0 &&
      topics.every(({ state }) => !["unsent", "pending", "leaving"].includes(state));
    this.refusals.check(isAtRest, (topic) =>
      topics.some((one) => one.topic === topic && one.state === "refused"),
    );
  }

  /** The connection is, or is not, ready: what is due is asked for. */
  checkWaiting(isReady: boolean): void {
    const { process } = this.#scene;
    for (const [topic, asked] of this.#asked) {
      if (!isReady || !asked.isRefused || !this.#wanted.has(topic)) asked.readySinceMs = Infinity;
      else asked.readySinceMs = Math.min(asked.readySinceMs, process.nowMs());
      const sinceMs = Math.max(asked.dueAtMs, asked.readySinceMs);
      if (sinceMs < Infinity) this.refusals.judgeWaiting(topic, sinceMs);
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
        if (asked.isRefused && this.#isDue(asked)) return undefined;
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
        return asked?.isRefused === true && asked.dueAtMs === Infinity
          ? undefined
          : "was not refused for good";
      case "refused":
        return asked?.isRefused === true && asked.dueAtMs < Infinity
          ? undefined
          : "was not refused for now";
      case "timed-out":
        if (asked === undefined) return "was not asked for";
        if (asked.isAnswered) return "was answered";
        return isOverdue ? undefined : "is still in time";
    }
  }

  #settle(topic: string, refused: Refused | undefined): void {
    this.askedAtMs = this.#scene.process.nowMs();
    const asked = this.#asked.get(topic);
    if (asked === undefined || asked.isAnswered) return;
    const isRefused = refused !== undefined;
    asked.isAnswered = true;
    asked.isRefused = isRefused;
    const isFinal = refused?.refusal?.kind === "never";
    asked.refusals = isRefused && !isFinal ? asked.refusals + 1 : 0;
    const waitMs = asked.refusals === 0 ? null : waitAfter(asked.refusals, refused?.refusal);
    asked.dueAtMs = this.#scene.process.nowMs() + (waitMs ?? Infinity);
    if (isRefused && this.#wanted.has(topic)) this.refusals.refused(topic, "subscribe", waitMs);
    if (this.#scene.character.manner !== "unanswered" || isRefused) this.#suspects.acquitted(topic);
    if (isRefused) this.#fresh.unconfirmed(topic);
    else this.#fresh.confirmed(topic);
    if (isRefused && !this.#wanted.has(topic)) this.#asked.delete(topic);
  }

  /** A refused topic is named as served: by a late answer to an earlier request. It is settled anew. */
  #forgive(topic: string): void {
    const asked = this.#asked.get(topic);
    if (asked?.isRefused !== true) return;
    asked.isAnswered = false;
    asked.isRefused = false;
  }

  #ask(topic: string, id: number, atMs: number, before: Asked | undefined): void {
    const fresh = { isAnswered: false, isRefused: false, wasUnwanted: false, dueAtMs: Infinity };
    const timeouts = before === undefined || before.isAnswered ? 0 : before.timeouts + 1;
    const refusals = before?.refusals ?? 0;
    this.#asked.set(topic, { id, atMs, timeouts, refusals, readySinceMs: Infinity, ...fresh });
    this.#fresh.asked(topic);
  }

  /** The peer has, or should have, ended these, or does not. */
  #ended({ id, topics }: Request, refused?: Refused): void {
    for (const topic of topics) {
      const ending = this.#ending.get(topic);
      if (ending?.id !== id) continue;
      this.#ending.delete(topic);
      this.#endAnswered(topic, ending.atMs, refused);
    }
  }

  /** A topic whose end is refused for now goes on; otherwise it counts as ended. */
  #endAnswered(topic: string, atMs: number, refused: Refused | undefined): void {
    if (refused === undefined) {
      this.#endRefused.delete(topic);
      return;
    }
    const { toleranceMs, process, character } = this.#scene;
    const nowMs = process.nowMs();
    const lateMs = nowMs - atMs - character.options.resubscribe.requestTimeoutMs;
    if (lateMs > toleranceMs) return; // it counts as ended since then
    if (lateMs >= -toleranceMs) {
      this.#unsure.add(topic);
      this.refusals.unsure(topic);
      return;
    }
    const isRenewal = this.#renewals.has(topic);
    const isNeeded = !this.#wanted.has(topic) || isRenewal;
    if (refused.refusal?.kind !== "later") {
      this.#endRefused.delete(topic);
      if (isNeeded) this.refusals.refused(topic, "unsubscribe", null);
      return;
    }
    const times = (this.#endRefused.get(topic)?.times ?? 0) + 1;
    const waitMs = waitAfter(times, refused.refusal);
    if (isNeeded) {
      this.#endRefused.set(topic, { times, dueAtMs: nowMs + waitMs });
      this.refusals.refused(topic, "unsubscribe", waitMs);
    } else this.#endRefused.delete(topic);
    this.#ask(topic, 0, nowMs, undefined);
    this.#settle(topic, undefined);
    if (!this.#wanted.has(topic)) this.#fresh.unconfirmed(topic);
  }

  /** An end that was refused for now is asked for again when it is due, and alone. True for one. */
  #judgeEndAgain(topic: string, atMs: number, isAlone: boolean): boolean {
    const refused = this.#endRefused.get(topic);
    if (refused === undefined) return false;
    this.refusals.askedAgain();
    const earlyMs = refused.dueAtMs - atMs;
    if (earlyMs > 2 * this.#scene.toleranceMs || !isAlone) {
      this.#scene.violate("refusals", `${topic} was ended ${earlyMs} ms too early, or with others`);
    }
    return true;
  }

  #isDue({ dueAtMs }: Asked): boolean {
    return this.#scene.process.nowMs() >= dueAtMs - 2 * this.#scene.toleranceMs;
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
    const isSlow = asked.timeouts >= retries;
    if (asked.isRefused || isSlow) this.refusals.askedAgain();
    if (asked.isRefused) return isAlone && this.#isDue(asked);
    const longestMs = Math.max(LONGEST_WAIT_MS, requestTimeoutMs);
    const fastMs = Math.min(longestMs, requestTimeoutMs * 2 ** asked.timeouts);
    const waitMs = isSlow ? SLOW_WAIT_MS : fastMs;
    const isDue = atMs - asked.atMs >= requestTimeoutMs + waitMs - 2 * this.#scene.toleranceMs;
    return isDue && isAlone && !asked.isAnswered && retries > 0;
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
