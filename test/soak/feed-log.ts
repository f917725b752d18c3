/**
 * What one supervised line delivered and what it reported missing, as runs of numbers, and every end
 * of a connection: enough for the account, and small however long the soak.
 */
import { describeLoss, type Loss } from "../../machines/index.ts";
import type { Fact, FeedItem } from "../../src/index.ts";
import type { NumberRun } from "../../src/testing/index.ts";
import type { BinanceStreamMessage } from "../../src/venues/index.ts";

/** One stream as its consumer saw it. */
export interface StreamSeen {
  readonly stream: string;
  readonly delivered: readonly NumberRun[];
  readonly gaps: readonly NumberRun[];
  /** Numbers that came and were dropped before a slow consumer. */
  readonly overflows: readonly NumberRun[];
}

/** One end of a connection, or of an attempt at one. */
export interface End {
  readonly loss: Loss;
  readonly atMs: number;
  /** When that connection was opened; undefined where it was not. */
  readonly connectedAtMs: number | undefined;
}

export interface LineSeen {
  readonly messages: number;
  readonly overflowed: number;
  readonly streams: readonly StreamSeen[];
  readonly ends: readonly End[];
  /** From the last sign of life until ready again, in milliseconds. */
  readonly outagesMs: readonly number[];
  readonly ups: number;
  readonly downs: number;
  /** What a soak should never see: `failed`, a callback that threw, a feed that broke. */
  readonly oddities: readonly string[];
}

interface Runs {
  readonly delivered: { first: number; last: number }[];
  readonly gaps: NumberRun[];
  readonly overflows: NumberRun[];
}

export class FeedLog {
  readonly #streams = new Map<string, Runs>();
  readonly #ends: End[] = [];
  readonly #outagesMs: number[] = [];
  readonly #oddities: string[] = [];
  #connectedAtMs: number | undefined;
  #messages = 0;
  #overflowed = 0;
  #ups = 0;
  #downs = 0;

  get seen(): LineSeen {
    return {
      messages: this.#messages,
      overflowed: this.#overflowed,
      streams: [...this.#streams].map(([stream, runs]) => ({ stream, ...runs })),
      ends: this.#ends,
      outagesMs: this.#outagesMs,
      ups: this.#ups,
      downs: this.#downs,
      oddities: this.#oddities,
    };
  }

  /** The last number delivered of each stream. */
  get reached(): ReadonlyMap<string, number> {
    const last = ({ delivered }: Runs): number => delivered.at(-1)?.last ?? -Infinity;
    return new Map([...this.#streams].map(([stream, runs]) => [stream, last(runs)]));
  }

  take(item: FeedItem<BinanceStreamMessage>): void {
    switch (item.kind) {
      case "message": {
        this.#messages += 1;
        const { data } = item.data;
        if (data.e === "trade") this.#deliver(item.data.stream, data.t, data.t);
        else if (data.e === "depthUpdate") this.#deliver(item.data.stream, data.U, data.u);
        return;
      }
      case "gap":
        this.#runs(item.stream).gaps.push({ first: Number(item.from), last: Number(item.to) });
        return;
      case "overflow":
        this.#overflowed += item.dropped;
        for (const { stream, from, to } of item.streams) {
          this.#runs(stream).overflows.push({ first: Number(from), last: Number(to) });
        }
        return;
      case "reset":
        this.odd(`a reset of ${item.stream}, which never restarted`);
        return;
    }
  }

  note(fact: Fact): void {
    switch (fact.type) {
      case "state":
        if (fact.state === "connected") this.#connectedAtMs = fact.atMs;
        if (fact.state === "connecting") this.#connectedAtMs = undefined;
        return;
      case "up":
        this.#ups += 1;
        return;
      case "down":
        this.#downs += 1;
        this.#end(fact.loss, fact.atMs);
        return;
      case "attempt.failed":
        this.#end(fact.loss, fact.atMs);
        return;
      case "recovered":
        this.#outagesMs.push(fact.report.durationMs);
        return;
      case "failed":
        this.odd(`failed: ${describeLoss(fact.loss)}`);
        return;
      case "callback.failed":
        this.odd(`${fact.callback} threw: ${String(fact.error)}`);
        return;
      case "gap":
      case "reset":
      case "overflow":
      case "subscriptions.settled":
      case "alert":
      case "closed":
      case "message.invalid":
        return;
      case "topic.rejected":
        this.odd(`${fact.topic} was rejected: ${fact.reason}`);
        return;
    }
  }

  odd(what: string): void {
    if (this.#oddities.length < 20) this.#oddities.push(what);
  }

  #end(loss: Loss, atMs: number): void {
    this.#ends.push({ loss, atMs, connectedAtMs: this.#connectedAtMs });
  }

  #deliver(stream: string, first: number, last: number): void {
    const { delivered } = this.#runs(stream);
    const run = delivered.at(-1);
    if (run !== undefined && first === run.last + 1) run.last = last;
    else delivered.push({ first, last });
  }

  #runs(stream: string): Runs {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const runs: Runs = { delivered: [], gaps: [], overflows: [] };
    this.#streams.set(stream, runs);
    return runs;
  }
}
