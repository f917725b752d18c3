/**
 * Days of one rhythm against the real rule, without a supervisor: silence is counted as the supervisor
 * counts it, a new socket takes a second, and busy spells are passed over but for the gaps that stay in
 * the rule's memory.
 */
import { MuteRule, type MutePolicy } from "../../../machines/policy/mute.ts";
import type { Spell } from "./rhythms.ts";

export const DAY_MS = 86_400_000;

/** Messages that come sooner after the topics were asked for are the answer. */
const ANSWER_MS = 10_000;
const REDIAL_MS = 1_000;
/** As many gaps as the rule remembers. */
const REMEMBERED = 256;

/** When a mute that began at `atMs` was told, ended by a new socket, and raised an alert. */
export interface FoundMute {
  readonly atMs: number;
  readonly toldMs: number;
  /** What the rhythm explains, worked out from the list of gaps. */
  readonly boundMs: number;
  /** Undefined where the new sockets of the day were spent. */
  readonly socketMs: number | undefined;
  /** When its alert was raised. */
  readonly alertMs: number | undefined;
}

export class WatchedDays {
  readonly #rule: MuteRule;
  /** The last gaps, once more: for the independent bound. */
  readonly #gaps: number[] = [];
  #nowMs = 0;
  #countedMs = 0;
  #countsFromMs = 0;
  #ignoresUntilMs = 0;
  readonly sockets: number[] = [];
  readonly alerts: number[] = [];
  readonly asked: number[] = [];

  constructor(policy: MutePolicy) {
    this.#rule = new MuteRule(policy);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  pass(spell: Spell): void {
    if (spell.kind === "quiet") {
      this.#gap(spell.gapMs);
      return;
    }
    const untilMs = this.#nowMs + spell.forMs;
    for (let messages = 0; messages < 2 * REMEMBERED && this.#nowMs < untilMs; messages += 1) {
      this.#gap(spell.gapMs());
    }
    // A socket that comes up takes its time: nothing is passed over before its data counts.
    while (this.#nowMs < Math.min(this.#ignoresUntilMs, untilMs)) this.#gap(spell.gapMs());
    const restMs = untilMs - this.#nowMs;
    if (restMs <= 0 || this.#rule.isMute) return;
    this.#nowMs += restMs;
    this.#countsFromMs += restMs;
  }

  /** No silence is under way, and nothing that was asked for is awaited. */
  get isSettled(): boolean {
    return !this.#rule.isMute && this.#nowMs >= this.#ignoresUntilMs;
  }

  /** The server falls mute, and only a new socket helps. */
  fallMute(): FoundMute {
    const atMs = this.#nowMs;
    const boundMs = this.#independentBoundMs();
    const [asked, sockets, alerts] = [this.asked.length, this.sockets.length, this.alerts.length];
    let toldMs: number | undefined;
    let socketMs: number | undefined;
    let alertMs: number | undefined;
    while (socketMs === undefined && alertMs === undefined) {
      this.#judge(this.#dueAtMs);
      toldMs ??= this.#nowMs - atMs;
      if (this.sockets.length > sockets) socketMs = this.#nowMs - atMs;
      if (this.alerts.length > alerts) alertMs = this.#nowMs - atMs;
    }
    this.#gap(REDIAL_MS + ANSWER_MS + 500);
    // It was the server's: none of it was needless.
    this.asked.length = asked;
    this.sockets.length = sockets;
    this.alerts.length = alerts;
    return { atMs, toldMs: toldMs ?? Infinity, boundMs, socketMs, alertMs };
  }

  #gap(gapMs: number): void {
    const atMs = this.#nowMs + gapMs;
    while (this.#dueAtMs <= atMs) this.#judge(this.#dueAtMs);
    this.#nowMs = atMs;
    if (atMs < this.#ignoresUntilMs) return;
    const silentMs = this.#countedMs + Math.max(atMs - this.#countsFromMs, 0);
    this.#countedMs = 0;
    this.#countsFromMs = Math.max(this.#countsFromMs, atMs);
    if (!this.#rule.isMute) this.#rule.gap(silentMs);
    else if (this.#rule.end(silentMs, atMs).isCured) return;
    if (silentMs > 0) this.#gaps.push(silentMs);
    if (this.#gaps.length > 2 * REMEMBERED) this.#gaps.splice(0, REMEMBERED);
  }

  get #dueAtMs(): number {
    return this.#countsFromMs + Math.max(this.#rule.dueMs - this.#countedMs, 0);
  }

  #judge(atMs: number): void {
    this.#nowMs = atMs;
    const silentMs = this.#countedMs + Math.max(atMs - this.#countsFromMs, 0);
    const means = { hasTopics: true, canResubscribe: true };
    const { action, alerts } = this.#rule.judge(silentMs, atMs, means);
    if (alerts) this.alerts.push(atMs);
    if (action === "resubscribe") {
      this.asked.push(atMs);
      this.#ignoresUntilMs = atMs + ANSWER_MS;
    }
    if (action !== "reconnect") return;
    this.sockets.push(atMs);
    this.#countedMs = silentMs;
    this.#ignoresUntilMs = atMs + REDIAL_MS + ANSWER_MS;
    this.#countsFromMs = this.#ignoresUntilMs;
    this.#rule.newSocket(silentMs);
  }

  #independentBoundMs(): number {
    const longest = Math.max(...this.#gaps.slice(-REMEMBERED));
    return Math.max(60_000, (longest > 600_000 ? 3 : 10) * longest);
  }
}

/** The most that fell into one of the days. */
export function mostInADay(times: readonly number[]): number {
  const days = new Map<number, number>();
  for (const atMs of times) {
    const day = Math.floor(atMs / DAY_MS);
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return Math.max(0, ...days.values());
}
