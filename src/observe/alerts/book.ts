/**
 * The alerts of one connection: which are open, who was told of them, and when they may be told again.
 *
 * An alert is held for a moment (most outages end by themselves), then told once. What happens again while
 * it is open is counted, not told, unless it has become graver or the cool-down is over. What is over is
 * told a moment later: a trouble that comes back meanwhile goes on, and the gaps of an outage are known.
 * A kind of alert that was told of rests for the cool-down, even if it ended in between.
 */
import { rangeSize } from "../../sequence/position.ts";
import type { Fact } from "../../supervisor/facts.ts";
import type { Clock } from "../../system.ts";
import { showMs } from "../durations.ts";
import { count, missedToText } from "../facts-to-text.ts";
import type { Observed } from "../observed.ts";
import {
  gravity,
  movesOf,
  passing,
  type AlertKind,
  type AlertMove,
  type AlertSeverity,
} from "./rules.ts";

/** One alert, as sinks get it: plain data. */
export interface RaisedAlert {
  /** The same for the same trouble, over all its notices: `quotes/outage`. */
  readonly key: string;
  readonly status: "firing" | "resolved";
  readonly severity: AlertSeverity;
  readonly kind: AlertKind;
  readonly connection: string;
  readonly venue: string | undefined;
  /** One line without control characters. */
  readonly text: string;
  readonly atMs: number;
  /** When it was raised first. */
  readonly sinceMs: number;
  /** How often it was raised since then. */
  readonly count: number;
}

export type AlertSink = (alert: RaisedAlert) => void | Promise<void>;

export interface AlertTimes {
  readonly graceMs: number;
  readonly settleMs: number;
  readonly quietMs: number;
  readonly coolDownMs: number;
}

interface OpenAlert {
  readonly kind: AlertKind;
  readonly sinceMs: number;
  readonly subjects: Set<string>;
  readonly missed: { gaps: number; numbers: number };
  /** Outages that have ended while it was open: how many, and how long in all. */
  readonly outages: { ended: number; totalMs: number };
  severity: AlertSeverity;
  text: string;
  count: number;
  /** The gravest that was told; undefined while nobody knows of it. */
  told: AlertSeverity | undefined;
  /** How it ended, while that is not told yet. */
  ending: string | undefined;
  /** To tell of it, or of its end. */
  timer: unknown;
}

/** As many things as one alert keeps account of; more are neither added nor waited for. */
const MAX_SUBJECTS = 1_000;

type Raise = Extract<AlertMove, { does: "raise" }>;

export class AlertBook {
  readonly #connection: Pick<Observed, "name" | "venue">;
  readonly #clock: Clock;
  readonly #times: AlertTimes;
  readonly #tell: (alert: RaisedAlert) => void;
  readonly #open = new Map<AlertKind, OpenAlert>();
  /** When each kind was last told of as firing, and how grave it was. */
  readonly #lastTold = new Map<AlertKind, { atMs: number; severity: AlertSeverity }>();

  constructor(
    connection: Pick<Observed, "name" | "venue">,
    clock: Clock,
    times: AlertTimes,
    tell: (alert: RaisedAlert) => void,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#times = times;
    this.#tell = tell;
  }

  /** Those that sinks were told of and that are not over. */
  get firing(): readonly RaisedAlert[] {
    return [...this.#open.values()]
      .filter(({ told }) => told !== undefined)
      .map((open) => this.#show(open, "firing", open.text));
  }

  note(fact: Fact): void {
    const outage = this.#open.get("outage");
    if (fact.type === "gap" && outage !== undefined) {
      outage.missed.gaps += 1;
      outage.missed.numbers += rangeSize(fact.from, fact.to);
      // Who was told of the outage is told of its gaps when it is over.
      if (outage.told !== undefined) return;
    }
    if (fact.type === "recovered" && outage !== undefined) {
      outage.outages.ended += 1;
      outage.outages.totalMs += fact.report.durationMs;
    }
    for (const move of movesOf(fact)) this.#make(move);
  }

  /** What is over, and waits to be told, is told now. No timer is left, and nothing more is told. */
  end(): void {
    for (const open of this.#open.values()) {
      if (open.ending !== undefined) this.#resolve(open, open.ending);
    }
    this.#stop();
    this.#open.clear();
  }

  #stop(): void {
    for (const open of this.#open.values()) {
      this.#clock.clearTimeout(open.timer);
      open.timer = undefined;
    }
  }

  #make(move: AlertMove): void {
    switch (move.does) {
      case "raise":
        this.#raise(move);
        return;
      case "resolve":
      case "keep": {
        const open = this.#open.get(move.kind);
        if (open === undefined) return;
        for (const subject of open.subjects) {
          const isNamed = move.subjects?.includes(subject) ?? true;
          if (isNamed === (move.does === "resolve")) open.subjects.delete(subject);
        }
        if (open.subjects.size === 0) this.#settle(open, move.text, this.#times.settleMs);
        return;
      }
      case "end":
        for (const open of this.#open.values()) this.#resolve(open, open.ending ?? move.text);
        this.#stop();
        this.#open.clear();
        return;
      case "abandon":
        this.#stop();
    }
  }

  #raise({ kind, severity, text, subjects = [], isHeld = false }: Raise): void {
    const open = this.#open.get(kind) ?? this.#begin(kind, severity, text);
    open.count += 1;
    open.ending = undefined;
    if (gravity[severity] >= gravity[open.severity]) {
      open.severity = severity;
      open.text = text;
    }
    for (const subject of subjects) {
      if (open.subjects.size < MAX_SUBJECTS) open.subjects.add(subject);
    }
    const nowMs = this.#clock.nowMs();
    const graceMs = isHeld ? this.#times.graceMs : 0;
    this.#arm(open, Math.max(open.sinceMs + graceMs, this.#restsUntilMs(open)) - nowMs);
  }

  #begin(kind: AlertKind, severity: AlertSeverity, text: string): OpenAlert {
    const open: OpenAlert = {
      kind,
      severity,
      text,
      sinceMs: this.#clock.nowMs(),
      subjects: new Set(),
      missed: { gaps: 0, numbers: 0 },
      outages: { ended: 0, totalMs: 0 },
      count: 0,
      told: undefined,
      ending: undefined,
      timer: undefined,
    };
    this.#open.set(kind, open);
    return open;
  }

  /** The earliest moment at which it may be told. */
  #restsUntilMs({ kind, severity }: OpenAlert): number {
    const last = this.#lastTold.get(kind);
    if (last === undefined || gravity[severity] > gravity[last.severity]) return 0;
    return last.atMs + this.#times.coolDownMs;
  }

  /** Tells of it now or later. One that was told already waits for nothing but its next occurrence. */
  #arm(open: OpenAlert, delayMs: number): void {
    this.#clock.clearTimeout(open.timer);
    open.timer = undefined;
    if (delayMs <= 0) this.#fire(open);
    else if (open.told !== undefined) this.#awaitQuiet(open);
    else open.timer = this.#clock.setTimeout(() => this.#fire(open), delayMs);
  }

  #fire(open: OpenAlert): void {
    open.timer = undefined;
    open.told = open.severity;
    this.#lastTold.set(open.kind, { atMs: this.#clock.nowMs(), severity: open.severity });
    this.#tell(this.#show(open, "firing", open.text));
    this.#awaitQuiet(open);
  }

  #awaitQuiet(open: OpenAlert): void {
    if (!passing.includes(open.kind) || this.#open.get(open.kind) !== open) return;
    this.#settle(open, "has not happened again", this.#times.quietMs);
  }

  /** It is over, unless it is raised again within `waitMs`. One that nobody knows of just ends. */
  #settle(open: OpenAlert, text: string, waitMs: number): void {
    this.#clock.clearTimeout(open.timer);
    if (open.told === undefined) {
      this.#open.delete(open.kind);
      return;
    }
    open.ending = text;
    open.timer = this.#clock.setTimeout(() => {
      this.#open.delete(open.kind);
      this.#resolve(open, text);
    }, waitMs);
  }

  #resolve(open: OpenAlert, text: string): void {
    if (open.told === undefined) return;
    const { missed, outages, count: times, kind } = open;
    const parts = [text];
    if (outages.ended > 1 && text === open.ending) {
      const { ended, totalMs } = outages;
      parts.push(`the last of ${count(ended, "outage")}`, `${showMs(totalMs)} in all`);
    }
    if (missed.gaps > 0) parts.push(missedToText(missed));
    if (passing.includes(kind)) parts.push(count(times, "time"));
    this.#tell(this.#show(open, "resolved", parts.join(", ")));
  }

  #show(open: OpenAlert, status: RaisedAlert["status"], text: string): RaisedAlert {
    const { kind, severity, sinceMs, count: times } = open;
    const { name, venue } = this.#connection;
    return {
      key: `${name}/${kind}`,
      status,
      severity,
      kind,
      connection: name,
      venue,
      text: `${name}: ${text}`,
      atMs: this.#clock.nowMs(),
      sinceMs,
      count: times,
    };
  }
}
