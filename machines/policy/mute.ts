/**
 * When a connection that is alive counts as mute, and what is done about it.
 *
 * Mute means: no data for much longer than the connection's own recent rhythm explains. All topics are
 * then asked for again; if still no data comes, a new socket follows. Whether the server was at fault
 * shows only afterwards: data right after the new socket says that it was. A silence that goes on is the
 * market's: it becomes part of the rhythm, the waits within it grow, and new sockets are few in a day.
 *
 * All durations are silence that counts: the connection was ready, and its reader, its venue and its
 * process were not paused. Pure: time comes in, on any one scale.
 */
import { LongestOfLast } from "./longest-of-last.ts";

export interface MutePolicy {
  /** A shorter silence never counts as mute, in milliseconds. */
  readonly floorMs: number;
  /** From asking for all topics again to the new socket, in milliseconds. */
  readonly newSocketAfterMs: number;
  /** New sockets that brought no data, within 24 hours; 0 for none. */
  readonly newSocketsPerDay: number;
}

export const defaultMutePolicy: MutePolicy = {
  floorMs: 60_000,
  newSocketAfterMs: 30_000,
  newSocketsPerDay: 4,
};

/** What is to be done about a silence. `report`: it is said, and nothing else is done. */
export type MuteAction = "resubscribe" | "reconnect" | "report";

/** A verdict on a silence that goes on. */
export interface MuteStep {
  readonly action: MuteAction;
  readonly silentMs: number;
  /** The silence that the rhythm before it explains. */
  readonly boundMs: number;
  /** The alert is due: once in a silence at most. */
  readonly alerts: boolean;
}

/** What may be done on this connection. */
export interface MuteMeans {
  /** There are topics to ask for. Without, a silence is only reported. */
  readonly hasTopics: boolean;
  /** Topics can be ended and asked for again on the same socket. */
  readonly canResubscribe: boolean;
}

/** How many of the last gaps are the rhythm, and how few are none yet. */
const RHYTHM_GAPS = 256;
const LEAST_GAPS = 8;

/** A silence this many times longer than the longest gap is none of the rhythm. */
const FACTOR = 10;
/** Where that gap is long already, fewer times. */
const LONG_GAP_MS = 600_000;
const LONG_GAP_FACTOR = 3;

/** The next wait within one silence, until it is this long. */
const GROWTH = 4;
const LONGEST_WAIT_MS = 14_400_000;

const DAY_MS = 86_400_000;

/** Data that comes within this came of the new socket; within the longest gap, where the rhythm is slower. */
const PROMPT_MS = 10_000;
/** Later data may as well be the market's. */
const LONGEST_PROMPT_MS = 120_000;

/**
 * After so many silences in a day that new sockets ended, one is given so many bounds more to end by
 * itself: bursts whose pauses are as long as it takes to get a new socket look the same.
 */
const CURES_BELIEVED = 2;
const DOUBT_BOUNDS = 1.5;

/**
 * Beyond so many alerts in a day, a silence must last so many times longer than the last ones that ended:
 * than the second longest of them, as one of them may have been a mute server.
 */
const ALERTS_PER_DAY = 4;
const ALERT_FACTOR = 2;
const ENDED_REMEMBERED = 16;

/** How long a silence may be after gaps of at most `longestGapMs`, in milliseconds. */
export function muteBoundMs(longestGapMs: number, { floorMs }: MutePolicy): number {
  const factor = longestGapMs > LONG_GAP_MS ? LONG_GAP_FACTOR : FACTOR;
  return Math.max(floorMs, factor * longestGapMs);
}

/** The rhythm of one connection, over all its sockets, and the silence that it is in. */
export class MuteRule {
  readonly #policy: MutePolicy;
  readonly #gaps = new LongestOfLast(RHYTHM_GAPS);
  // The silence under way.
  /** Verdicts on it that asked for the topics. */
  #rounds = 0;
  /** The topics were asked for again, and the new socket is next. */
  #isAsked = false;
  #reachedMs = 0;
  #nextMs = 0;
  /** What had been counted when the newest socket got ready; undefined where that was before. */
  #newSocketMs: number | undefined;
  #isAlerted = false;
  // The last 24 hours, as points in time.
  /** New sockets that brought no data; those of the silence under way among them. */
  #sockets: number[] = [];
  /** Those of the silence under way. */
  #socketsNow = 0;
  #cures: number[] = [];
  #alerts: number[] = [];
  /** The last silences that ended, in milliseconds. */
  #ended: number[] = [];

  constructor(policy: MutePolicy) {
    this.#policy = policy;
  }

  /** The longest of the last gaps, in milliseconds. */
  get longestGapMs(): number {
    return this.#gaps.longestMs;
  }

  /** The silence under way has had a verdict. */
  get isMute(): boolean {
    return this.#rounds > 0;
  }

  /** The silence at the last verdict, in milliseconds; 0 before one. */
  get reachedMs(): number {
    return this.#reachedMs;
  }

  /** The silence at which the next verdict is due, in milliseconds; Infinity while too little is known. */
  get dueMs(): number {
    if (this.#rounds > 0) return this.#nextMs;
    return this.#gaps.added < LEAST_GAPS ? Infinity : this.#boundMs;
  }

  /** Data came after `gapMs`, within the rhythm. Called for every message. */
  gap(gapMs: number): void {
    // Messages that were read in one chunk are one arrival.
    if (gapMs > 0) this.#gaps.add(gapMs);
  }

  /** The silence has reached {@link dueMs}. */
  judge(silentMs: number, atMs: number, means: MuteMeans): MuteStep {
    const boundMs = this.#boundMs;
    this.#reachedMs = silentMs;
    let action: MuteAction;
    if (!means.hasTopics) {
      action = "report";
      this.#wait(silentMs);
    } else if (this.#isAsked) {
      action = this.#maySpendSocket(atMs) ? "reconnect" : "report";
      if (action === "reconnect") this.#spendSocket(atMs);
      this.#wait(silentMs);
    } else {
      action = means.canResubscribe ? "resubscribe" : "report";
      this.#isAsked = true;
      this.#rounds += 1;
      this.#nextMs = silentMs + this.#untilSocketMs(atMs);
    }
    const isLast = !means.hasTopics || !this.#isAsked;
    const alerts = isLast && !this.#isAlerted && this.#mayAlert(action, silentMs, atMs);
    if (alerts) {
      this.#isAlerted = true;
      this.#alerts = [...lastDay(this.#alerts, atMs), atMs];
    }
    return { action, silentMs, boundMs, alerts };
  }

  /** A new socket is ready, for whatever reason. */
  newSocket(silentMs: number): void {
    if (this.#rounds === 0) return;
    this.#newSocketMs = silentMs;
    if (this.#isAsked) this.#wait(silentMs);
  }

  /** Data came after a silence that had a verdict. Gives whether a new socket ended it. */
  end(silentMs: number, atMs: number): { readonly isCured: boolean } {
    const promptMs = Math.max(PROMPT_MS, Math.min(this.#gaps.longestMs, LONGEST_PROMPT_MS));
    const isCured = this.#newSocketMs !== undefined && silentMs - this.#newSocketMs <= promptMs;
    if (isCured) {
      if (this.#socketsNow > 0) {
        this.#sockets.pop();
        this.#cures = this.#isDoubted(atMs) ? [] : [...lastDay(this.#cures, atMs), atMs];
      }
    } else {
      // It ended by itself where a new socket would have seemed to end it: so did those before.
      if (this.#isAsked && this.#isDoubted(atMs) && silentMs - this.#reachedMs > PROMPT_MS) {
        this.#sockets = [...this.#sockets, ...this.#cures];
        this.#cures = [];
      }
      this.#gaps.add(silentMs);
      this.#ended = [...this.#ended, silentMs].slice(-ENDED_REMEMBERED);
    }
    this.#rounds = 0;
    this.#isAsked = false;
    this.#reachedMs = 0;
    this.#newSocketMs = undefined;
    this.#isAlerted = false;
    this.#socketsNow = 0;
    return { isCured };
  }

  get #boundMs(): number {
    return muteBoundMs(this.#gaps.longestMs, this.#policy);
  }

  /** All was done that could be: the next verdict of this silence comes after a longer wait. */
  #wait(silentMs: number): void {
    if (!this.#isAsked) this.#rounds += 1;
    this.#isAsked = false;
    const boundMs = this.#boundMs;
    const grownMs = Math.min(boundMs * GROWTH ** this.#rounds, LONGEST_WAIT_MS);
    this.#nextMs = silentMs + Math.max(boundMs, grownMs);
  }

  #untilSocketMs(atMs: number): number {
    const { newSocketAfterMs } = this.#policy;
    return this.#isDoubted(atMs)
      ? Math.max(newSocketAfterMs, DOUBT_BOUNDS * this.#boundMs)
      : newSocketAfterMs;
  }

  #isDoubted(atMs: number): boolean {
    this.#cures = lastDay(this.#cures, atMs);
    return this.#cures.length >= CURES_BELIEVED;
  }

  /** One silence alone never takes the last socket of a day: a mute server may come after it. */
  #maySpendSocket(atMs: number): boolean {
    this.#sockets = lastDay(this.#sockets, atMs);
    const now = Math.min(this.#socketsNow, this.#sockets.length);
    this.#socketsNow = now;
    const perDay = this.#policy.newSocketsPerDay;
    return this.#sockets.length < perDay && (now < perDay - 1 || perDay === 1);
  }

  #spendSocket(atMs: number): void {
    this.#sockets.push(atMs);
    this.#socketsNow += 1;
  }

  #mayAlert(action: MuteAction, silentMs: number, atMs: number): boolean {
    if (action === "reconnect") return true;
    if (lastDay(this.#alerts, atMs).length < ALERTS_PER_DAY) return true;
    const [longestMs = 0, secondMs = longestMs] = this.#ended.toSorted((a, b) => b - a);
    return silentMs >= ALERT_FACTOR * secondMs;
  }
}

function lastDay(times: readonly number[], atMs: number): number[] {
  return times.filter((time) => atMs - time < DAY_MS);
}
