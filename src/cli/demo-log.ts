/**
 * What a demo has seen so far: of each stream what was delivered and what was reported missing, and
 * every outage. Fed by the feed's items and facts; the table, the account and the report read it.
 */
import type { Loss } from "../../machines/index.ts";
import type { Fact, FeedItem } from "../index.ts";
import type { NumberRun } from "../testing/index.ts";
import type { BinanceStreamMessage } from "../venues/index.ts";

/** One stream, as it was delivered. */
export interface StreamLog {
  readonly stream: string;
  readonly messages: number;
  readonly perSecond: number;
  /** Of trades. */
  readonly lastPrice: string | undefined;
  /** When its last message came; 0 before the first. */
  readonly deliveredAtMs: number;
  readonly delivered: readonly NumberRun[];
  readonly gaps: readonly NumberRun[];
  /** Numbers in its gaps. */
  readonly missing: number;
}

/** One outage; `durationMs` is undefined while it lasts. */
export interface DemoOutage {
  readonly cause: Loss;
  readonly sinceMs: number;
  /** Why each failed dial of it failed. */
  readonly losses: readonly Loss[];
  readonly durationMs: number | undefined;
  /** From the last sign of life until it was noticed. */
  readonly noticedMs: number | undefined;
  readonly attempts: number | undefined;
}

/** A rate is taken over this time. */
const RATE_OVER_MS = 3_000;

export class DemoLog {
  readonly #streams: ReadonlyMap<string, StreamEntry>;
  readonly #outages: DemoOutage[] = [];
  #sockets = 0;
  #overflowed = 0;

  constructor(streams: readonly string[]) {
    this.#streams = new Map(streams.map((stream) => [stream, new StreamEntry(stream)]));
  }

  get streams(): readonly StreamLog[] {
    return [...this.#streams.values()];
  }

  /** Oldest first; the last one may be under way. */
  get outages(): readonly DemoOutage[] {
    return this.#outages;
  }

  /** How often the wanted topics were sent again, on another socket. */
  get replays(): number {
    return Math.max(0, this.#sockets - 1);
  }

  /** Messages that came and were dropped before they got here. */
  get overflowed(): number {
    return this.#overflowed;
  }

  take(item: FeedItem<BinanceStreamMessage>): void {
    switch (item.kind) {
      case "message":
        this.#streams.get(item.data.stream)?.deliver(item.data, item.receivedAtMs);
        return;
      case "gap":
        this.#streams.get(item.stream)?.miss({ first: Number(item.from), last: Number(item.to) });
        return;
      case "overflow":
        this.#overflowed += item.dropped;
        return;
      case "reset":
      case "invalid":
      case "snapshot":
      case "valid":
        return;
    }
  }

  note(fact: Fact): void {
    switch (fact.type) {
      case "state":
        if (fact.state === "connected") this.#sockets += 1;
        return;
      case "down":
        this.#begin(fact.loss, fact.atMs);
        return;
      case "attempt.failed": {
        const open = this.#open();
        if (open === undefined) this.#begin(fact.loss, fact.atMs);
        else this.#replaceLast({ ...open, losses: [...open.losses, fact.loss] });
        return;
      }
      case "recovered": {
        const open = this.#open();
        if (open === undefined) return;
        const { startedAtMs, detectedAtMs, durationMs, attempts } = fact.report;
        this.#replaceLast({ ...open, durationMs, attempts, noticedMs: detectedAtMs - startedAtMs });
        return;
      }
      default:
        return;
    }
  }

  /** Time goes on, messages or not: to be called a few times a second. */
  tick(nowMs: number): void {
    for (const entry of this.#streams.values()) entry.tick(nowMs);
  }

  #begin(cause: Loss, sinceMs: number): void {
    const unknown = { durationMs: undefined, noticedMs: undefined, attempts: undefined };
    this.#outages.push({ cause, sinceMs, losses: [], ...unknown });
  }

  #open(): DemoOutage | undefined {
    const last = this.#outages.at(-1);
    return last?.durationMs === undefined ? last : undefined;
  }

  #replaceLast(outage: DemoOutage): void {
    this.#outages[this.#outages.length - 1] = outage;
  }
}

class StreamEntry implements StreamLog {
  readonly stream: string;
  readonly delivered: { first: number; last: number }[] = [];
  readonly gaps: NumberRun[] = [];
  missing = 0;
  messages = 0;
  perSecond = 0;
  deliveredAtMs = 0;
  lastPrice: string | undefined;
  /** How many messages there were at each tick of the last seconds. */
  #ticks: { readonly atMs: number; readonly messages: number }[] = [];

  constructor(stream: string) {
    this.stream = stream;
  }

  deliver({ data }: BinanceStreamMessage, atMs: number): void {
    this.messages += 1;
    this.deliveredAtMs = atMs;
    if (data.e === "trade") {
      this.lastPrice = data.p;
      this.#add(data.t, data.t);
    } else if (data.e === "depthUpdate") {
      this.#add(data.U, data.u);
    }
  }

  miss(run: NumberRun): void {
    this.gaps.push(run);
    this.missing += run.last - run.first + 1;
  }

  tick(nowMs: number): void {
    this.#ticks.push({ atMs: nowMs, messages: this.messages });
    while (this.#ticks.length > 2 && (this.#ticks[1]?.atMs ?? nowMs) <= nowMs - RATE_OVER_MS) {
      this.#ticks.shift();
    }
    const [oldest] = this.#ticks;
    if (oldest === undefined || oldest.atMs === nowMs) return;
    this.perSecond = ((this.messages - oldest.messages) * 1_000) / (nowMs - oldest.atMs);
  }

  /** A run goes on, or another one begins; what was delivered twice begins one. */
  #add(first: number, last: number): void {
    const run = this.delivered.at(-1);
    if (run !== undefined && first === run.last + 1) run.last = last;
    else this.delivered.push({ first, last });
  }
}
