/**
 * The report on one outage, derived from facts: why, since when, for how long, what was tried, what
 * was missed. It begins with `down` (or the first dial that fails) and ends with `up`.
 *
 * What was missed is known only when each stream speaks again, mostly after `up`: a gap belongs to the
 * latest outage if it begins right behind where its stream stood then, however late it is found.
 */
import type { Loss } from "../../machines/loss.ts";
import { rangeSize, successor, type Position } from "../sequence/position.ts";
import type { Fact, SupervisorState } from "./facts.ts";
import type { Status } from "./status.ts";

/** How many failed attempts a report keeps one by one; the rest is in `attempts`. */
const MAX_LOSSES = 100;

/** One outage. Instants are on the supervisor's clock, durations in milliseconds. */
export interface OutageReport {
  /** What ended the connection, or kept the first dial from opening. */
  readonly cause: Loss;
  /** The last sign of life before it: the last inbound byte, where there was one. */
  readonly startedAtMs: number;
  readonly detectedAtMs: number;
  /** When the connection was ready again. */
  readonly recoveredAtMs: number;
  readonly durationMs: number;
  /** Dials, the successful one included. */
  readonly attempts: number;
  /** Why each failed dial failed, oldest first, at most 100. */
  readonly losses: readonly Loss[];
  /** Time spent in each state from detection to recovery. */
  readonly timeInStateMs: Readonly<Partial<Record<SupervisorState, number>>>;
  /** Where each numbered stream stood when the outage was noticed; at most 10,000 streams. */
  readonly lastPositions: ReadonlyMap<string, Position>;
  /** In `recovered`: what was known at that instant. `status().lastOutage` goes on counting. */
  readonly missed: MissedInOutage;
}

/** What numbered streams proved to have missed over an outage. */
interface MissedInOutage {
  readonly gaps: number;
  /** How many numbers lie in them: as many messages, where every message has a number of its own. */
  readonly numbers: number;
}

interface OpenOutage {
  readonly cause: Loss;
  readonly startedAtMs: number;
  readonly detectedAtMs: number;
  readonly losses: Loss[];
  readonly timeInStateMs: Partial<Record<SupervisorState, number>>;
  readonly lastPositions: ReadonlyMap<string, Position>;
  state: SupervisorState;
  stateSinceMs: number;
  failedDials: number;
  missed: MissedInOutage;
}

/** What the log asks the rest of the supervisor when an outage begins. */
export interface OutageSources {
  readonly feed: { positions(): ReadonlyMap<string, Position> };
  readonly link: { readonly lastHeardAtMs: number };
}

export class OutageLog {
  readonly #sources: OutageSources;
  #open: OpenOutage | undefined;
  #last: OutageReport | undefined;
  #state: SupervisorState = "idle";

  constructor(sources: OutageSources) {
    this.#sources = sources;
  }

  /** The outage under way: its cause and since when it is known; undefined while all is well. */
  get current(): Status["outage"] {
    if (this.#open === undefined) return undefined;
    const { cause, detectedAtMs, startedAtMs } = this.#open;
    return { cause, sinceMs: detectedAtMs, startedAtMs };
  }

  /** The last outage that ended, with all that is known by now. */
  get last(): OutageReport | undefined {
    return this.#last;
  }

  /** Takes note of a fact; the report when it ends an outage. */
  note(fact: Fact): OutageReport | undefined {
    switch (fact.type) {
      case "state":
        this.#enter(fact.state, fact.atMs);
        return undefined;
      case "down":
        this.#begin(fact.loss, fact.atMs);
        return undefined;
      case "attempt.failed":
        this.#countFailure(fact.loss, fact.atMs);
        return undefined;
      case "up":
        return this.#end(fact.atMs, fact.attempt);
      case "closed":
        this.#open = undefined;
        return undefined;
      case "gap":
        this.#miss(fact);
        return undefined;
      default:
        return undefined;
    }
  }

  #begin(cause: Loss, atMs: number): OpenOutage {
    const heardAtMs = this.#sources.link.lastHeardAtMs;
    this.#open = {
      cause,
      startedAtMs: heardAtMs > 0 ? Math.min(heardAtMs, atMs) : atMs,
      detectedAtMs: atMs,
      losses: [],
      timeInStateMs: {},
      lastPositions: this.#sources.feed.positions(),
      state: this.#state,
      stateSinceMs: atMs,
      failedDials: 0,
      missed: { gaps: 0, numbers: 0 },
    };
    return this.#open;
  }

  #countFailure(loss: Loss, atMs: number): void {
    const open = this.#open ?? this.#begin(loss, atMs);
    open.failedDials += 1;
    if (open.losses.length < MAX_LOSSES) open.losses.push(loss);
  }

  #miss({ stream, from, to }: Fact<"gap">): void {
    const outage = this.#open ?? this.#last;
    const stood = outage?.lastPositions.get(stream);
    if (outage === undefined || stood === undefined || successor(stood) !== from) return;
    const { gaps, numbers } = outage.missed;
    const missed = { gaps: gaps + 1, numbers: numbers + rangeSize(from, to) };
    if (this.#open !== undefined) this.#open.missed = missed;
    else if (this.#last !== undefined) this.#last = { ...this.#last, missed };
  }

  #enter(state: SupervisorState, atMs: number): void {
    this.#state = state;
    const open = this.#open;
    if (open === undefined) return;
    const spentMs = atMs - open.stateSinceMs;
    open.timeInStateMs[open.state] = (open.timeInStateMs[open.state] ?? 0) + spentMs;
    open.state = state;
    open.stateSinceMs = atMs;
  }

  #end(atMs: number, attempts: number): OutageReport | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    this.#enter(this.#state, atMs);
    this.#open = undefined;
    const { cause, startedAtMs, detectedAtMs, losses, timeInStateMs, lastPositions } = open;
    this.#last = {
      cause,
      startedAtMs,
      detectedAtMs,
      recoveredAtMs: atMs,
      durationMs: atMs - startedAtMs,
      attempts: Math.max(attempts, open.failedDials + 1),
      losses,
      timeInStateMs,
      lastPositions,
      missed: open.missed,
    };
    return this.#last;
  }
}
