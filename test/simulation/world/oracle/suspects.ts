/**
 * Topics that kill sockets, judged a second time, from the wire: what was in flight at each loss. One that
 * is quarantined has deserved it, and is not asked for; a suspect is tried alone, on a socket that lives.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

interface Doubt {
  losses: number;
  strikes: number;
  /** Not to be asked for before; 0 where it is in no quarantine. */
  untilMs: number;
}

export class Suspects {
  readonly #scene: Scene;
  readonly #doubts = new Map<string, Doubt>();
  /** When each topic was asked for on this socket; until it is answered or heard of. */
  readonly #inFlight = new Map<string, number>();
  /** They may have been forgotten, or forgiven, or not: by a wish taken back, or a request never made. */
  readonly #unsure = new Set<string>();
  /** One topic alone was wanted when the socket was dialled: it takes nobody along. */
  #isSole = false;
  #openedAtMs = 0;
  /** Quarantines that the last loss must lead to. */
  #owed: string[] = [];
  #alerts = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  dialled(wanted: number): void {
    this.#inFlight.clear();
    this.#isSole = wanted === 1;
  }

  asked(topic: string, topics: readonly string[]): void {
    const { quarantine } = this.#scene.character.features;
    const nowMs = this.#now;
    this.#acquitSurvivors();
    const doubt = this.#doubts.get(topic);
    if (quarantine !== null && doubt !== undefined && !this.#isSole && !this.#unsure.has(topic)) {
      this.#judgeAsking(topic, doubt, topics, quarantine);
    }
    // One that stood alone at the dial is asked for in its quarantine, which goes on until it is acquitted.
    if (quarantine !== null && doubt !== undefined && doubt.untilMs > 0 && !this.#isSole) {
      // On trial again: one more loss is enough.
      doubt.untilMs = 0;
      doubt.strikes = quarantine.strikes - 1;
    }
    this.#inFlight.set(topic, nowMs);
  }

  /** Answered, or heard of. */
  acquitted(topic: string): void {
    if (!this.#inFlight.delete(topic)) return;
    this.#doubts.delete(topic);
    this.#unsure.delete(topic);
  }

  maybeForgotten(topic: string): void {
    if (this.#inFlight.has(topic) || this.#doubts.has(topic)) this.#unsure.add(topic);
  }

  /** When its quarantine ends; 0 where it is in none, or has been asked for since. */
  quarantineEndsAtMs(topic: string): number {
    return this.#doubts.get(topic)?.untilMs ?? 0;
  }

  /** We have left the socket: what it has survived is acquitted. */
  left(): void {
    this.#acquitSurvivors();
    this.#inFlight.clear();
  }

  /** The open socket was ended, and not by us. */
  lost(): void {
    const { quarantine } = this.#scene.character.features;
    if (quarantine === null) return;
    const { suspectWithinMs, strikes, quarantineMs } = quarantine;
    const nowMs = this.#now;
    this.#acquitSurvivors();
    const isUnsure = [...this.#inFlight.keys()].some((topic) => this.#unsure.has(topic));
    for (const [topic, atMs] of this.#inFlight) {
      if (isUnsure) this.#unsure.add(topic);
      const doubt = this.#doubts.get(topic) ?? { losses: 0, strikes: 0, untilMs: 0 };
      this.#doubts.set(topic, doubt);
      doubt.losses += 1;
      doubt.untilMs = 0;
      if (this.#inFlight.size > 1 || atMs - this.#openedAtMs < suspectWithinMs) continue;
      doubt.strikes += 1;
      if (doubt.strikes < strikes) continue;
      doubt.untilMs = nowMs + quarantineMs;
      if (!isUnsure) this.#owed.push(topic);
    }
  }

  heard(fact: Fact): void {
    switch (fact.type) {
      case "state":
        if (fact.state === "connected") this.#openedAtMs = fact.atMs;
        return;
      case "topic.quarantined":
        this.#told(fact);
        return;
      case "alert":
        if (fact.alert.kind === "topic-quarantined") this.#alerts -= 1;
        return;
      case "closed":
        this.#owed = [];
        return;
      default:
    }
  }

  check(): void {
    const { violate } = this.#scene;
    for (const topic of this.#owed) violate("quarantine", `${topic} has deserved it`);
    if (this.#alerts !== 0) violate("quarantine", "without its alert");
    this.#owed = [];
  }

  #acquitSurvivors(): void {
    const { suspectWithinMs = Infinity } = this.#scene.character.features.quarantine ?? {};
    for (const [topic, atMs] of this.#inFlight) {
      if (this.#now - atMs >= suspectWithinMs) this.acquitted(topic);
    }
  }

  #told({ topic, strikes, untilMs }: Fact<"topic.quarantined">): void {
    const { violate, character } = this.#scene;
    this.#alerts += 1;
    const isOwed = this.#owed.includes(topic);
    this.#owed = this.#owed.filter((other) => other !== topic);
    if (this.#unsure.has(topic)) {
      this.#doubts.set(topic, { losses: strikes, strikes, untilMs });
      return;
    }
    const doubt = this.#doubts.get(topic);
    if (!isOwed || doubt?.strikes !== strikes) {
      violate("quarantine", `${topic} with ${strikes} strikes, ${doubt?.strikes ?? 0} are right`);
    }
    const rightMs = this.#now + (character.features.quarantine?.quarantineMs ?? 0);
    if (untilMs !== rightMs) violate("quarantine", `${topic} until ${untilMs}, not ${rightMs}`);
  }

  #judgeAsking(
    topic: string,
    { losses, strikes, untilMs }: Doubt,
    topics: readonly string[],
    quarantine: NonNullable<Scene["character"]["features"]["quarantine"]>,
  ): void {
    const { violate } = this.#scene;
    const nowMs = this.#now;
    const earlyMs = untilMs - nowMs;
    if (earlyMs > 1) violate("quarantine", `${topic} was asked for ${earlyMs} ms too early`);
    if (losses < quarantine.suspectAfter && strikes === 0) return;
    if (topics.length > 1) violate("quarantine", `${topic} is suspect, and asked for with others`);
    const lastMs = Math.max(this.#openedAtMs, ...this.#inFlight.values());
    const livedMs = nowMs - lastMs;
    if (livedMs < quarantine.suspectWithinMs - 1 && !this.#inFlight.has(topic)) {
      violate("quarantine", `${topic} is suspect, and asked for after ${livedMs} ms`);
    }
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
