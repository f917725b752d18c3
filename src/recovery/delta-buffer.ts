/**
 * The deltas of one stream that wait for a snapshot: bounded, and none of them is lost silently.
 *
 * What has to go (the buffer is full, a gap lies behind it, its socket is over) is remembered as a range
 * until a snapshot covers it, or until it must be said that nothing does.
 */
import { wrongValue } from "../errors.ts";
import type { Position, SequencePoint } from "../sequence/point.ts";
import type { DroppedRange, MessageItem } from "../supervisor/items.ts";
import type { Bridge } from "./recovery.ts";

interface Held<M> {
  readonly item: MessageItem<M>;
  readonly point: SequencePoint;
}

/** How the deltas stand to a snapshot: the first that follows it, all are in it, or they begin too late. */
export type Joint =
  | { readonly kind: "joins"; readonly index: number }
  | { readonly kind: "covers" }
  | { readonly kind: "outdated" };

export class DeltaBuffer<M> {
  readonly #bound: number;
  #held: Held<M>[] = [];
  #discarded: DroppedRange | undefined;
  /** The last that was delivered without a snapshot: one that is older would take it back. */
  #passed: Position | undefined;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** False when the buffer was full: then it begins anew with this one. */
  push(item: MessageItem<M>, point: SequencePoint): boolean {
    const isFull = this.#held.length >= this.#bound;
    if (isFull) this.discard();
    this.#held.push({ item, point });
    return !isFull;
  }

  /** One is delivered, and does not wait. */
  pass({ last }: SequencePoint): void {
    this.#passed = last;
  }

  /** The deltas are of no use any more: a snapshot must be newer than all of them. */
  discard(): void {
    for (const { point } of this.#held) this.#discarded = extended(this.#discarded, point);
    this.#held = [];
  }

  /** Finds where a snapshot joins. `bridge` may throw. */
  bridge(snapshot: Position, bridge: Bridge): Joint {
    for (const [index, { point }] of this.#held.entries()) {
      const joint = bridge(snapshot, point);
      switch (joint) {
        case "drop":
          continue;
        case "apply":
          return { kind: "joins", index };
        case "refetch":
          return { kind: "outdated" };
        default:
          throw wrongValue("recovery.bridge()", '"drop", "apply" or "refetch"', joint);
      }
    }
    // What had to go lies before all that waits, unless nothing does: what broke the stream was no message.
    if (!this.isEmpty) return { kind: "covers" };
    const isOlder = [this.#discarded?.to, this.#passed].some(
      (position) => position !== undefined && position > snapshot,
    );
    return { kind: isOlder ? "outdated" : "covers" };
  }

  /** A snapshot has all before the delta at `index`. @returns how many messages that were. */
  cover(index = this.#held.length): number {
    const covered = index + (this.#discarded?.messages ?? 0);
    this.#held.splice(0, index);
    this.#discarded = undefined;
    return covered;
  }

  /** Those that wait, in order; the buffer is empty then. */
  drain(): readonly MessageItem<M>[] {
    const last = this.#held.at(-1);
    if (last !== undefined) this.pass(last.point);
    return this.#held.splice(0).map(({ item }) => item);
  }

  /** What had to go, which nothing covers; it is forgotten then. */
  takeDiscarded(): DroppedRange | undefined {
    const discarded = this.#discarded;
    this.#discarded = undefined;
    return discarded;
  }
}

function extended(range: DroppedRange | undefined, point: SequencePoint): DroppedRange {
  const { stream, first, last } = point;
  const { from, to, messages } = range ?? { from: first, to: last, messages: 0 };
  return {
    stream,
    from: first < from ? first : from,
    to: last > to ? last : to,
    messages: messages + 1,
  };
}
