/**
 * Messages of one stream that are held back, because their numbers do not yet say what they are.
 *
 * A number below the last known one is either a message that is known already (a late copy,
 * trades that a venue tells again) or the first of a numbering that starts over without a word. Only the
 * messages after it can tell. Until then it is neither dropped nor delivered. What is held is bounded in
 * count, in bytes and, by {@link DOUBT_MS}, in time.
 */
import type { Position, SequencePoint } from "./point.ts";
import { isSame } from "./same-bytes.ts";

/** How long a doubt lasts on a clock before it is resolved or reported, in milliseconds. */
export const DOUBT_MS = 1_000;

/** Messages of one stream that are held at most; then they count as a new numbering. */
const MAX_HELD = 1_000;
/** Bytes of one stream that are held at most. */
const MAX_HELD_BYTES = 1_048_576;

/** A message that is held, with what its receiver keeps of it. */
export interface Held<T> {
  readonly point: SequencePoint;
  readonly raw: Uint8Array | undefined;
  /** Undefined where its receiver keeps nothing. */
  value: T | undefined;
}

export class Doubt<T> {
  /** When its first message came. */
  readonly sinceMs: number;
  /** In the order in which they came. */
  readonly held: Held<T>[] = [];
  /** The highest number that is held. */
  highest: Position | undefined;
  /** When the first of them came that the venue does not mark as told again. */
  unmarkedSinceMs: number | undefined;
  /** It was reported that this lasts. */
  isReported = false;
  #bytes = 0;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  /** Whether one more message is beyond the bounds. */
  isFullWith(raw: Uint8Array | undefined): boolean {
    return this.held.length >= MAX_HELD || this.#bytes + (raw?.length ?? 0) > MAX_HELD_BYTES;
  }

  add(point: SequencePoint, raw: Uint8Array | undefined, atMs: number): Held<T> {
    const { last, retold } = point;
    if (this.highest === undefined || last > this.highest) this.highest = last;
    if (retold !== true) this.unmarkedSinceMs ??= atMs;
    const held: Held<T> = { point, raw, value: undefined };
    this.held.push(held);
    this.#bytes += raw?.length ?? 0;
    return held;
  }

  /** Whether a message has the highest number that is held, and other bytes: it is no copy of that one. */
  isRepeatedBy({ last }: SequencePoint, raw: Uint8Array | undefined): boolean {
    const before = this.held.at(-1);
    if (last !== this.highest || before?.point.last !== last) return false;
    return raw !== undefined && before.raw !== undefined && !isSame(before.raw, raw);
  }

  /** Whether a message goes on from those that are held, as in a numbering of their own. */
  isContinuedBy({ last, previous }: SequencePoint): boolean {
    const { highest } = this;
    if (highest === undefined) return false;
    return previous === undefined ? last > highest : previous === highest;
  }
}
