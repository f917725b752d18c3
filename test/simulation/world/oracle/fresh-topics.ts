/**
 * Topics that fall silent: stale is said when one was, not before, once, and in time; fresh when it
 * speaks again. Silence is counted from messages and answers as they were read, and not over pauses.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";
import type { SimSocket } from "../sim-socket.ts";

interface Watched {
  /** Nothing heard yet, speaking, or silent for too long. */
  phase: "first" | "speaking" | "stale";
  /** How often it was asked for again since. */
  renewals: number;
  /** It was in an alert since. */
  isReported: boolean;
  /** It was in none when it was confirmed: the report has a deadline of its own. */
  awaitsReport: boolean;
  isConfirmed: boolean;
  confirmedAtMs: number;
  /** Its last message; before any, its first answer. */
  heardAtMs: number;
  /** It is stale, and not subscribed anew yet: nothing is counted. */
  isAwaited: boolean;
  /** How often the process had been stopped when its silence began. */
  stops: number;
  /** Nobody wanted it for a while: nobody knows whether it was forgotten before it was wanted again. */
  isUnsure: boolean;
}

interface Freshened {
  readonly topic: string;
  readonly silentMs: number;
  /** It was not wanted for a while: its silence may be counted from when it was wanted again. */
  readonly isUnsure?: boolean;
}

export class FreshTopics {
  readonly #scene: Scene;
  readonly #isWanted: (topic: string) => boolean;
  /** Nobody here knows which of its messages count. */
  readonly #isUnreliable: (topic: string) => boolean;
  readonly #topics = new Map<string, Watched>();
  #socket: SimSocket | undefined;
  /** The fact that a topic which has just spoken must lead to. */
  #owed: Freshened | undefined;
  /** The fact that it may lead to: whether the topic was forgotten in between is not known. */
  #possible: Freshened | undefined;

  constructor(
    scene: Scene,
    isWanted: (topic: string) => boolean,
    isUnreliable: (topic: string) => boolean,
  ) {
    this.#scene = scene;
    this.#isUnreliable = isUnreliable;
    this.#isWanted = isWanted;
  }

  /** A new socket, or none yet. What is known of silent topics outlives it. */
  dialled(): void {
    for (const [topic, watched] of this.#topics) {
      watched.isConfirmed = false;
      if (watched.phase === "first" || watched.phase === "speaking") this.#topics.delete(topic);
    }
  }

  opened(socket: SimSocket): void {
    this.#socket = socket;
  }

  asked(topic: string): void {
    const watched = this.#watch(topic);
    watched.isConfirmed = false;
    if (watched.phase === "speaking") watched.phase = "first";
  }

  confirmed(topic: string): void {
    const watched = this.#watch(topic);
    watched.isConfirmed = true;
    watched.isAwaited = false;
    watched.awaitsReport = watched.phase === "stale" && !watched.isReported;
    watched.confirmedAtMs = this.#now;
    if (watched.phase === "first") watched.heardAtMs = this.#now;
    watched.stops = this.#scene.process.stops;
  }

  /** Refused, or ended. */
  unconfirmed(topic: string): void {
    const watched = this.#topics.get(topic);
    if (watched !== undefined) watched.isConfirmed = false;
  }

  unwanted(topic: string): void {
    const watched = this.#topics.get(topic);
    if (watched !== undefined) watched.isUnsure = true;
    // By a listener of the very message with which it spoke: nobody need be told.
    if (this.#owed?.topic === topic) [this.#owed, this.#possible] = [undefined, this.#owed];
  }

  /** A message of this topic was read. */
  spoke(topic: string): void {
    this.settled();
    const watched = this.#topics.get(topic);
    if (watched === undefined) return;
    const { phase, isUnsure } = watched;
    const wasStale = phase === "stale";
    if (wasStale) {
      const freshened = { topic, silentMs: this.#now - watched.heardAtMs, isUnsure };
      if (isUnsure || this.#isUnreliable(topic)) this.#possible = freshened;
      else this.#owed = freshened;
    }
    watched.heardAtMs = this.#now;
    watched.stops = this.#scene.process.stops;
    watched.phase = "speaking";
    watched.renewals = 0;
    watched.isReported = false;
    watched.isAwaited = false;
    if (this.#isWanted(topic) && watched.isConfirmed) watched.isUnsure = false;
  }

  /** A copy of a known message was read. */
  mayHaveSpoken(topic: string): void {
    const watched = this.#topics.get(topic);
    if (watched === undefined) return;
    const isStale = watched.phase === "stale";
    if (isStale) this.#possible = { topic, silentMs: this.#now - watched.heardAtMs };
    watched.isUnsure = true;
  }

  heard(fact: Fact): void {
    switch (fact.type) {
      case "topic.stale":
        this.#stale(fact.topic, fact.silentMs);
        return;
      case "alert":
        if (fact.alert.kind === "topic-stale") this.#reported(fact.alert.topics);
        return;
      case "topic.fresh":
        this.#fresh(fact);
        return;
      case "closed":
        [this.#owed, this.#possible] = [undefined, undefined];
        this.#topics.clear();
        return;
      default:
    }
  }

  /** Nothing more is said of the message that was read last. */
  settled(): void {
    this.#possible = undefined;
    if (this.#owed === undefined) return;
    this.#scene.violate("fresh topics", `${this.#owed.topic} spoke again, and nobody was told`);
    this.#owed = undefined;
  }

  /** After each step: nothing is overdue. */
  check(isConnected: boolean): void {
    if (!isConnected || this.#socket?.isPaused !== false) return;
    const { toleranceMs, violate, process } = this.#scene;
    for (const [topic, watched] of this.#topics) {
      const { isConfirmed, isAwaited, isUnsure, stops } = watched;
      if (
        !isConfirmed ||
        isAwaited ||
        isUnsure ||
        stops !== process.stops ||
        !this.#isWanted(topic) ||
        this.#isUnreliable(topic)
      )
        continue;
      const lateMs = this.#silentMs(watched) - this.#limitMs(watched) - this.#reportMs(watched);
      if (lateMs > toleranceMs + 2) {
        violate("fresh topics", `${topic} (${watched.phase}) is silent, unsaid for ${lateMs} ms`);
      }
    }
  }

  /** In one alert: silent, asked for again at least once, and every such topic of before too. */
  #reported(topics: readonly string[]): void {
    const { violate } = this.#scene;
    for (const [topic, watched] of this.#topics) {
      if (watched.isUnsure || this.#isUnreliable(topic)) continue;
      const isNamed = topics.includes(topic);
      if (isNamed && watched.phase !== "stale") {
        violate("fresh topics", `${topic} is in an alert, and speaks (${watched.phase})`);
      }
      if (!isNamed && watched.isReported) {
        violate("fresh topics", `${topic} is left out of an alert while it is silent`);
      }
      if (isNamed) watched.isReported = true;
    }
  }

  #stale(topic: string, saidMs: number): void {
    const { violate } = this.#scene;
    if (this.#isUnreliable(topic)) return;
    const wrong = (what: string): void => violate("fresh topics", `${topic} is stale, and ${what}`);
    const watched = this.#topics.get(topic);
    if (watched === undefined) {
      wrong("was never asked for");
      return;
    }
    const { phase, isConfirmed, isAwaited, heardAtMs, isUnsure } = watched;
    watched.isAwaited = true;
    watched.phase = "stale";
    if (!this.#isWanted(topic)) wrong("not wanted");
    if (!isConfirmed) wrong("not subscribed");
    if (this.#socket?.isPaused !== false) wrong("nobody reads");
    if (isUnsure) return;
    if (isAwaited) wrong(`was told so before (${phase})`);
    const trueMs = this.#silentMs({ ...watched, phase });
    const limitMs = this.#limitMs({ ...watched, phase });
    watched.renewals += 1;
    if (trueMs < limitMs - 2) wrong(`silent for ${trueMs} ms of ${limitMs}`);
    const sinceMs = this.#now - heardAtMs;
    if (Math.abs(saidMs - sinceMs) > 1) wrong(`for ${saidMs} ms, where ${sinceMs} are right`);
  }

  #fresh({ topic, silentMs }: Fact<"topic.fresh">): void {
    if (this.#isUnreliable(topic)) return;
    const right = this.#owed ?? this.#possible;
    [this.#owed, this.#possible] = [undefined, undefined];
    const isShorter = right?.isUnsure === true && silentMs >= 0 && silentMs < right.silentMs;
    if (right?.topic !== topic || !(isShorter || Math.abs(right.silentMs - silentMs) <= 1)) {
      this.#scene.violate(
        "fresh topics",
        `${topic} is fresh after ${silentMs} ms, where ${right?.topic} after ${right?.silentMs} is right`,
      );
    }
  }

  /** How long until the report, where that has a deadline of its own. */
  #reportMs(watched: Watched): number {
    const { firstMs = null, silenceMs = null } = this.#scene.character.features.freshness ?? {};
    if (watched.phase !== "stale" || !watched.awaitsReport) return 0;
    const reportMs = watched.renewals === 1 ? (firstMs ?? silenceMs ?? 0) : this.#limitMs(watched);
    return reportMs + this.#scene.toleranceMs; // what follows counts from a timer that may be late
  }

  /** How long it may be taken to have been silent: while we did not read, silence was ours. */
  #silentMs({ phase, heardAtMs, confirmedAtMs }: Watched): number {
    const sinceMs = phase === "speaking" ? heardAtMs : confirmedAtMs;
    return this.#now - Math.max(sinceMs, this.#socket?.resumedAtMs ?? 0);
  }

  #limitMs({ phase, renewals }: Watched): number {
    const { firstMs, silenceMs } = this.#scene.character.features.freshness ?? {
      firstMs: null,
      silenceMs: null,
    };
    switch (phase) {
      case "first":
        return firstMs ?? Infinity;
      case "speaking":
        return silenceMs ?? Infinity;
      case "stale": {
        // Four times as long each time.
        const baseMs = firstMs ?? silenceMs ?? Infinity;
        return Math.max(baseMs, Math.min(baseMs * 4 ** renewals, 3_600_000));
      }
    }
  }

  #watch(topic: string): Watched {
    let watched = this.#topics.get(topic);
    if (watched === undefined) {
      watched = {
        phase: "first",
        renewals: 0,
        isReported: false,
        awaitsReport: false,
        isConfirmed: false,
        confirmedAtMs: 0,
        heardAtMs: 0,
        isAwaited: false,
        stops: 0,
        isUnsure: false,
      };
      this.#topics.set(topic, watched);
    }
    return watched;
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
