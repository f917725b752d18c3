/**
 * Freshness on a clock: one timer for all topics.
 *
 * What the loop has not read yet is no silence: a verdict waits one turn, and after a time in which the
 * process stood still silence is counted anew.
 */
import {
  Freshness,
  type FreshnessPolicy,
  type PauseReason,
  type StaleReport,
  type StaleTopic,
} from "../subscriptions/freshness.ts";
import type { Clock } from "../system.ts";

export interface FreshnessWatchParts {
  readonly clock: Clock;
  /** How long this topic may be silent; null as long as it likes. Never throws. */
  readonly policyOf: (topic: string) => FreshnessPolicy | null;
  /** These are to be subscribed anew. */
  readonly onStale: (stale: readonly StaleTopic[]) => void;
  /** These were subscribed anew, and are still silent. */
  readonly onReport: (report: StaleReport) => void;
  /** A stale topic speaks again. */
  readonly onFresh: (topic: string, silentMs: number) => void;
}

interface Alarm {
  readonly atMs: number;
  timer: unknown;
}

/** A timer that fires this late tells of a process that stood still. */
const STOOD_STILL_MS = 1_000;

/** Node fires a longer one at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class FreshnessWatch {
  readonly #parts: FreshnessWatchParts;
  readonly #freshness: Freshness;
  #alarm: Alarm | undefined;

  constructor(parts: FreshnessWatchParts) {
    this.#parts = parts;
    this.#freshness = new Freshness(parts.policyOf);
  }

  asked(topic: string): void {
    this.#freshness.asked(topic);
  }

  confirmed(topic: string): void {
    this.#freshness.confirmed(topic, this.#parts.clock.nowMs());
    this.#arm();
  }

  unconfirmed(topic: string): void {
    this.#freshness.unconfirmed(topic);
  }

  forget(topic: string): void {
    this.#freshness.forget(topic);
  }

  /** A message of this topic: called for every one. */
  heard(topic: string, atMs: number): void {
    const silentMs = this.#freshness.heard(topic, atMs);
    if (silentMs !== undefined) this.#parts.onFresh(topic, silentMs);
    this.#arm();
  }

  pause(reason: PauseReason): void {
    this.#freshness.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#freshness.resume(reason, this.#parts.clock.nowMs());
    this.#arm();
  }

  /** No topic is subscribed any more; no timer is left. */
  socketEnded(): void {
    this.#freshness.socketEnded();
    this.#disarm();
  }

  #arm(): void {
    const { nextDueAtMs } = this.#freshness;
    if (nextDueAtMs === undefined || nextDueAtMs >= (this.#alarm?.atMs ?? Infinity)) return;
    this.#disarm();
    const { clock } = this.#parts;
    const nowMs = clock.nowMs();
    const alarm: Alarm = { atMs: Math.max(nextDueAtMs, nowMs), timer: undefined };
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
    if (nowMs - alarm.atMs >= STOOD_STILL_MS) this.#freshness.countFrom(nowMs);
    clock.nextTurn(() => {
      if (this.#alarm === alarm) this.#judge();
    });
  }

  #judge(): void {
    this.#alarm = undefined;
    const nowMs = this.#parts.clock.nowMs();
    const stale = this.#freshness.takeStale(nowMs);
    if (stale.length > 0) this.#parts.onStale(stale);
    const report = this.#freshness.takeReport(nowMs);
    if (report !== undefined) this.#parts.onReport(report);
    this.#arm();
  }
}
