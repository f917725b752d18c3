/**
 * A tracker with a receiver that notes what becomes of each message, in the order in which it is told:
 * `5` delivered, `gap 6-8`, `reset`, `~5 stale` dropped, and the facts.
 */
import type { Position, SequencePoint } from "../../../src/sequence/point.ts";
import { SequenceTracker } from "../../../src/sequence/tracker.ts";
import type { TrackerListener } from "../../../src/sequence/tracker-listener.ts";

type Rest = Partial<Omit<SequencePoint, "first" | "last">>;

export class Judged {
  readonly log: string[] = [];
  readonly topics = new Set<string>(["s"]);
  readonly tracker: SequenceTracker<string>;
  atMs = 0;
  #bodies = 0;

  readonly #rest: Rest;

  constructor(rest: Rest = {}) {
    this.#rest = rest;
    const listener: TrackerListener<string> = {
      isTopic: (stream) => this.topics.has(stream),
      doubted: () => undefined,
      stale: (_, held) => {
        for (const { value } of held) this.log.push(`~${value} stale`);
      },
      released: (_, run, cause) => {
        if (cause === "renumbered") this.log.push("reset");
        for (const { value, gap } of run) {
          if (gap !== undefined) this.log.push(`gap ${gap.from}-${gap.to}`);
          this.log.push(String(value));
        }
      },
      inDoubt: (_, messages) => this.log.push(`in doubt ${messages}`),
      stuck: (_, position) => this.log.push(`stuck at ${position}`),
    };
    this.tracker = new SequenceTracker(undefined, listener);
  }

  /** Messages with one number each; every message has other bytes than the one before. */
  takes(...numbers: readonly Position[]): this {
    for (const number of numbers) this.take({ first: number, last: number });
    return this;
  }

  range(from: number, to: number, rest: Rest = {}): this {
    for (let number = from; number <= to; number += 1) {
      this.take({ first: number, last: number, ...rest });
    }
    return this;
  }

  take(point: Partial<SequencePoint> & Pick<SequencePoint, "first" | "last">, body?: string): this {
    this.#bodies += 1;
    const whole: SequencePoint = { stream: "s", scope: "stream", ...this.#rest, ...point };
    const raw = Buffer.from(body ?? `${String(point.last)} in message ${this.#bodies}`);
    const verdict = this.tracker.accept(whole, raw, this.atMs);
    const name = String(whole.last);
    switch (verdict.kind) {
      case "held":
        this.tracker.keep(name);
        break;
      case "duplicate":
        this.tracker.keep(name);
        this.log.push(`~${name} duplicate`);
        break;
      case "stale":
        this.log.push(`~${name} ${verdict.kind}`);
        break;
      case "gap":
        this.log.push(`gap ${verdict.from}-${verdict.to}`, name);
        break;
      case "reset":
        this.log.push("reset", name);
        break;
      default:
        this.log.push(name);
    }
    return this;
  }

  newSocket(): this {
    this.tracker.socketEnded();
    this.tracker.newSocket();
    return this;
  }

  passes(ms: number): this {
    this.atMs += ms;
    this.tracker.settle(this.atMs);
    return this;
  }

  /** What was told since the last time. */
  told(): string[] {
    return this.log.splice(0);
  }
}
