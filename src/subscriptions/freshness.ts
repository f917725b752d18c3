/**
 * How long a topic may be silent. An acknowledgement is no proof, and a live socket no live topic.
 *
 * A topic that is silent for too long is stale. It is subscribed anew, alone; if it is silent for as
 * long again, that is reported, together with others of the connection that fall due at about the same
 * time. It is then asked for again after waits that grow, until it speaks. What is known of a stale topic
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

/** A topic that was silent for too long: it is to be subscribed anew. */
export interface StaleTopic {
  readonly topic: string;
  /** Since its last message, or its acknowledgement where there was none. */
  readonly silentMs: number;
}

/** Topics that stayed silent although they were subscribed anew. */
export interface StaleReport {
  /** All that are silent now, those of earlier reports too. */
  readonly topics: readonly string[];
  /** The longest of their silences, in milliseconds. */
  readonly silentMs: number;
}

/** Whose silence it is: the venue has announced one, or we do not read. */
export type PauseReason = "venue" | "reader";

interface Watched extends Due {
  readonly topic: string;
  readonly policy: FreshnessPolicy;
  /** `first` nothing was heard yet · `speaking` · `stale`. */
  phase: "first" | "speaking" | "stale";
  /** How often it was subscribed anew since it is stale. */
  renewals: number;
  /** Whether its silence, while it is stale, is reported: not yet, soon, or it was. */
  report: "none" | "due" | "done";
  isConfirmed: boolean;
  /** When it was acknowledged, or its last deadline passed: the next one counts from here. */
  countsFromMs: number;
  /** Its last message; before any, its first acknowledgement. */
  heardAtMs: number;
}

/** The next wait of a stale topic that was reported, until it is this long. */
const GROWTH = 4;
const LONGEST_WAIT_MS = 3_600_000;

/** Topics that fall due within this are in one report, in milliseconds. */
const REPORT_WINDOW_MS = 5_000;
/** While some are reported, the next report waits for this, and then twice as long each time. */
const NEXT_REPORT_MS = 300_000;
const LONGEST_REPORT_MS = 3_600_000;

export class Freshness {
  readonly #policyOf: (topic: string) => FreshnessPolicy | null;
  readonly #topics = new Map<string, Watched>();
  readonly #queue = new DueQueue<Watched>();
  readonly #pauses = new Set<PauseReason>();
  /** Silence before this is not counted. */
  #countsFromMs = 0;
  /** Topics whose silence is to be reported, some of which may have spoken since. */
  #due: Watched[] = [];
  /** Topics whose silence was reported and that have not spoken since. */
  readonly #reported = new Set<Watched>();
  /** Reports since all topics spoke. */
  #reports = 0;
  #reportAtMs = Infinity;

  constructor(policyOf: (topic: string) => FreshnessPolicy | null) {
    this.#policyOf = policyOf;
  }

  /** When {@link takeStale} or {@link takeReport} may have something; undefined while nothing can. */
  get nextDueAtMs(): number | undefined {
    if (this.#pauses.size > 0) return undefined;
    const atMs = Math.min(this.#queue.first?.dueAtMs ?? Infinity, this.#reportAtMs);
    return atMs === Infinity ? undefined : atMs;
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
    watched.countsFromMs = atMs;
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
    const watched = this.#topics.get(topic);
    if (watched !== undefined) this.#settle(watched);
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
    const wasStale = watched.phase === "stale";
    watched.phase = "speaking";
    this.#settle(watched);
    if (watched.isConfirmed) this.#queueUp(watched);
    return wasStale ? silentMs : undefined;
  }

  /** Nothing is subscribed any more, and pauses were the socket's. */
  socketEnded(): void {
    this.#pauses.clear();
    this.#queue.clear();
    this.#due = [];
    this.#reportAtMs = Infinity;
    for (const watched of this.#topics.values()) {
      watched.isConfirmed = false;
      if (watched.report === "due") watched.report = "none";
      if (watched.phase !== "stale") this.#topics.delete(watched.topic);
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

  /** The topics that are to be subscribed anew, each once per deadline. */
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
      if (watched.phase === "stale" && watched.report === "none") {
        this.#report(watched, nowMs);
        continue;
      }
      this.#queue.delete(watched);
      watched.phase = "stale";
      watched.renewals += 1;
      stale.push({ topic: watched.topic, silentMs: nowMs - watched.heardAtMs });
    }
    return stale;
  }

  /** The topics that subscribing anew did not help, once their report is due. */
  takeReport(nowMs: number): StaleReport | undefined {
    if (this.#pauses.size > 0 || nowMs < this.#reportAtMs) return undefined;
    this.#reportAtMs = Infinity;
    const due = this.#due.filter(({ report }) => report === "due");
    this.#due = [];
    if (due.length === 0) return undefined;
    for (const watched of due) {
      watched.report = "done";
      this.#reported.add(watched);
    }
    this.#reports += 1;
    const silent = [...this.#reported];
    return {
      topics: silent.map(({ topic }) => topic),
      silentMs: nowMs - Math.min(...silent.map(({ heardAtMs }) => heardAtMs)),
    };
  }

  /** It was subscribed anew in vain: that is reported soon, and it is asked for again later. */
  #report(watched: Watched, nowMs: number): void {
    watched.report = "due";
    this.#due.push(watched);
    if (this.#reportAtMs === Infinity) {
      const waitMs =
        this.#reports === 0
          ? REPORT_WINDOW_MS
          : Math.min(NEXT_REPORT_MS * 2 ** (this.#reports - 1), LONGEST_REPORT_MS);
      this.#reportAtMs = nowMs + waitMs;
    }
    watched.countsFromMs = nowMs;
    this.#queueUp(watched);
  }

  /** It is not stale, or not known any more. */
  #settle(watched: Watched): void {
    watched.renewals = 0;
    watched.report = "none";
    if (this.#reported.delete(watched) && this.#reported.size === 0) this.#reports = 0;
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
      renewals: 0,
      report: "none",
      isConfirmed: false,
      countsFromMs: 0,
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

  #dueAtMsOf(watched: Watched): number {
    const { phase, heardAtMs, countsFromMs } = watched;
    const sinceMs = phase === "speaking" ? heardAtMs : countsFromMs;
    return Math.max(sinceMs, this.#countsFromMs) + limitMsOf(watched);
  }
}

function limitMsOf({ phase, policy, renewals, report }: Watched): number {
  switch (phase) {
    case "first":
      return policy.firstMs ?? Infinity;
    case "speaking":
      return policy.silenceMs ?? Infinity;
    case "stale": {
      const limitMs = policy.firstMs ?? policy.silenceMs ?? Infinity;
      if (report === "none" && renewals === 1) return limitMs;
      return Math.max(limitMs, Math.min(limitMs * GROWTH ** renewals, LONGEST_WAIT_MS));
    }
  }
}
