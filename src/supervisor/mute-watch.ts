/**
 * Mute connections on a clock: what counts as data, what counts as silence, and one timer.
 *
 * What our own asking brings is no data: for a moment after a topic was asked for, its messages are the
 * answer, and its snapshots for longer. Silence counts while the connection is ready and nothing pauses
 * it. As for freshness, a verdict waits one turn of the loop, for what was not read yet.
 */
import {
  MuteRule,
  type MuteMeans,
  type MutePolicy,
  type MuteStep,
} from "../../machines/policy/mute.ts";
import type { PauseReason } from "../subscriptions/freshness.ts";
import type { Clock } from "../system.ts";

export interface MuteWatchParts {
  readonly clock: Clock;
  /** What may be done now. */
  readonly means: () => MuteMeans;
  readonly onMute: (step: MuteStep) => void;
  /** Data came after a silence that was told. */
  readonly onEnded: (silentMs: number) => void;
}

interface Alarm {
  readonly atMs: number;
  timer: unknown;
}

/** So long after a topic was asked for, or its request was answered, its messages may be the answer. */
const ANSWER_MS = 10_000;
/** A snapshot may take longer. Later ones are pushed unasked: at some venues every message is one. */
const SNAPSHOT_MS = 30_000;

/** A timer that fires this late tells of a process that stood still. */
const STOOD_STILL_MS = 1_000;

/** Node fires a longer one at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class MuteWatch {
  readonly #parts: MuteWatchParts;
  readonly #rule: MuteRule;
  /** When each topic was asked for or answered; empty when all of that is long over. */
  readonly #askedAtMs = new Map<string, number>();
  /** When everything was asked for: it holds for messages of no known topic. */
  #allAskedAtMs = -Infinity;
  /** Until then messages may be the answer to something. */
  #answersUntilMs = -Infinity;
  #isReady = false;
  #isVenuePaused = false;
  #isReaderPaused = false;
  /** Silence that was counted before the last pause. */
  #countedMs = 0;
  /** Silence counts from here, while nothing pauses it. */
  #countsFromMs = 0;
  /** The rhythm that the alarm was set by. */
  #alarmGapMs = 0;
  #alarm: Alarm | undefined;

  constructor(policy: MutePolicy, parts: MuteWatchParts) {
    this.#rule = new MuteRule(policy);
    this.#parts = parts;
  }

  /** An accepted message: called for every one. */
  heard(atMs: number, isSnapshot: boolean, topic: string | undefined): void {
    if (!this.#isReady) return; // the answers to a replay
    if (atMs < this.#answersUntilMs && this.#isAnswer(atMs, isSnapshot, topic)) return;
    const rule = this.#rule;
    const silentMs = this.#silentMs(atMs);
    this.#countedMs = 0;
    if (atMs > this.#countsFromMs) this.#countsFromMs = atMs;
    if (rule.isMute) {
      rule.end(silentMs, atMs);
      this.#disarm();
      this.#parts.onEnded(silentMs);
    } else {
      rule.gap(silentMs);
    }
    // It is set for too late only where the rhythm has become faster.
    if (this.#alarm === undefined || rule.longestGapMs < this.#alarmGapMs) this.#arm();
  }

  /** A topic was asked for, or that was answered. */
  asked(topic: string): void {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs >= this.#answersUntilMs) this.#askedAtMs.clear();
    this.#askedAtMs.set(topic, nowMs);
    this.#answersUntilMs = nowMs + SNAPSHOT_MS;
  }

  forget(topic: string): void {
    this.#askedAtMs.delete(topic);
  }

  /** The connection is ready, or is no longer. Pauses end with their socket. */
  ready(isReady: boolean): void {
    if (isReady === this.#isReady) return;
    const nowMs = this.#parts.clock.nowMs();
    if (!isReady) {
      this.#hold(nowMs);
      this.#isReady = false;
      this.#isVenuePaused = false;
      this.#isReaderPaused = false;
      return;
    }
    this.#isReady = true;
    this.#allAsked(nowMs);
    this.#rule.newSocket(this.#countedMs);
    // What comes until then is no data, so its absence is no silence.
    this.#count(nowMs + ANSWER_MS);
  }

  /** Silence means nothing for a while. */
  pause(reason: PauseReason): void {
    this.#hold(this.#parts.clock.nowMs());
    if (reason === "venue") this.#isVenuePaused = true;
    else this.#isReaderPaused = true;
  }

  resume(reason: PauseReason): void {
    if (this.#counts) return;
    if (reason === "venue") this.#isVenuePaused = false;
    else this.#isReaderPaused = false;
    if (this.#counts) this.#count(this.#parts.clock.nowMs());
  }

  get #counts(): boolean {
    return this.#isReady && !this.#isVenuePaused && !this.#isReaderPaused;
  }

  #isAnswer(atMs: number, isSnapshot: boolean, topic: string | undefined): boolean {
    const askedAtMs = topic === undefined ? this.#allAskedAtMs : this.#askedAtMs.get(topic);
    return askedAtMs !== undefined && atMs - askedAtMs < (isSnapshot ? SNAPSHOT_MS : ANSWER_MS);
  }

  #allAsked(nowMs: number): void {
    this.#allAskedAtMs = nowMs;
    this.#answersUntilMs = nowMs + SNAPSHOT_MS;
  }

  #silentMs(atMs: number): number {
    if (!this.#counts) return this.#countedMs;
    return this.#countedMs + Math.max(atMs - this.#countsFromMs, 0);
  }

  #hold(nowMs: number): void {
    this.#countedMs = this.#silentMs(nowMs);
    this.#countsFromMs = nowMs;
    this.#disarm();
  }

  #count(fromMs: number): void {
    this.#countsFromMs = fromMs;
    this.#arm();
  }

  #arm(): void {
    const { dueMs, longestGapMs } = this.#rule;
    if (!this.#counts || dueMs === Infinity) return;
    const dueAtMs = this.#countsFromMs + Math.max(dueMs - this.#countedMs, 0);
    this.#alarmGapMs = longestGapMs;
    if (dueAtMs >= (this.#alarm?.atMs ?? Infinity)) return;
    this.#disarm();
    const { clock } = this.#parts;
    const nowMs = clock.nowMs();
    const alarm: Alarm = { atMs: Math.max(dueAtMs, nowMs), timer: undefined };
    this.#alarm = alarm;
    const waitMs = Math.min(Math.ceil(alarm.atMs - nowMs), LONGEST_TIMER_MS);
    alarm.timer = clock.setTimeout(() => this.#ring(alarm), waitMs);
  }

  #disarm(): void {
    if (this.#alarm === undefined) return;
    this.#parts.clock.clearTimeout(this.#alarm.timer);
    this.#alarm = undefined;
  }

  #ring(alarm: Alarm): void {
    const { clock } = this.#parts;
    const nowMs = clock.nowMs();
    if (nowMs - alarm.atMs >= STOOD_STILL_MS) {
      // Nobody knows how much of it was ours: what led to the last verdict stands.
      this.#countedMs = this.#rule.reachedMs;
      this.#countsFromMs = nowMs;
    }
    clock.nextTurn(() => {
      if (this.#alarm === alarm) this.#judge();
    });
  }

  #judge(): void {
    this.#alarm = undefined;
    const nowMs = this.#parts.clock.nowMs();
    const silentMs = this.#silentMs(nowMs);
    if (silentMs >= this.#rule.dueMs) {
      const step = this.#rule.judge(silentMs, nowMs, this.#parts.means());
      if (step.action === "resubscribe") this.#allAsked(nowMs);
      this.#parts.onMute(step);
    }
    if (this.#alarm === undefined) this.#arm();
  }
}
