/**
 * What numbers mean that do not simply follow the last one.
 *
 * A lower number is held until the stream's next messages tell what it is:
 *
 * - On a stream that is not fresh (see the tracker), the next message decides. One that follows the known
 *   position shows that the held one came late. One that follows the held one, or has its number and other
 *   bytes, shows that numbering started over: `reset`, and both are delivered.
 * - On a fresh stream a venue may tell again what is known. A run of lower numbers that reaches the known
 *   position, or is followed by a number above it, is told again. One that does not within the time of a
 *   doubt, or the bounds of what is held, is a new numbering.
 * - What a venue marks as told again waits for the first message without the mark. On a stream that is not
 *   fresh that one decides; on a fresh one the time of the doubt begins with it, as a venue may mark only a part.
 *
 * A number that repeats is a duplicate, and dropped at once. The fourth message running that has it, each
 * with other bytes, shows that the number says nothing: the copies are delivered after all. A jump by more than {@link MAX_GAP} is a `reset` and no gap, and the position before a jump
 * or a gap is kept for one message: where that one follows it, the number in between was absurd.
 *
 * A new run that passes the old position within the time of a doubt after a new socket cannot be told from
 * one that is told again. It is dropped and counted as stale.
 */
import { behindSnapshot, fromAhead, placed } from "./adjust.ts";
import { Doubt, DOUBT_MS, type Held } from "./doubt.ts";
import { ALIVE, DUPLICATE, HELD, judge, NEXT, RESET, STALE, STARTS_OVER, STUCK } from "./judge.ts";
import type { SequencePoint, SequenceVerdict } from "./point.ts";
import { rangeSize, type Position } from "./position.ts";
import { isSame } from "./same-bytes.ts";
import { isOver, newTrouble, type StreamState, type Trouble } from "./stream-state.ts";
import type { TrackerListener } from "./tracker-listener.ts";

/** More numbers than this are not missing: the number that jumped is absurd, or numbering started over. */
const MAX_GAP = 2 ** 31;

/** So many numbers may come late, in order, right behind the gap that they left. */
const MAX_LATE = 1_000;

/** So many messages running with one number and other bytes, besides the first: the number says nothing. */
const MAX_REPEATS = 3;

interface Tracker<T> {
  isFresh(state: StreamState<T>): boolean;
  accept(point: SequencePoint, raw: Uint8Array | undefined, atMs: number): SequenceVerdict;
  /** A number above the known position came. */
  grow(state: StreamState<T>): void;
}

export class UnusualNumbers<T> {
  readonly #listener: TrackerListener<T>;
  readonly #tracker: Tracker<T>;
  /** Streams that hold something. */
  readonly #inDoubt = new Set<StreamState<T>>();
  #newest: Held<T> | undefined;

  constructor(listener: TrackerListener<T>, tracker: Tracker<T>) {
    this.#listener = listener;
    this.#tracker = tracker;
  }

  get held(): number {
    let held = 0;
    for (const { trouble } of this.#inDoubt) held += trouble?.doubt?.held.length ?? 0;
    return held;
  }

  keep(value: T): void {
    if (this.#newest !== undefined) this.#newest.value = value;
    this.#newest = undefined;
  }

  /** @param verdict - What the known position alone says of the message. */
  settle(
    state: StreamState<T>,
    verdict: SequenceVerdict,
    point: SequencePoint,
    raw: Uint8Array | undefined,
    atMs: number,
  ): SequenceVerdict {
    const trouble = (state.trouble ??= newTrouble());
    const { before, ahead } = trouble;
    trouble.before = undefined;
    trouble.ahead = undefined;
    if (verdict === STALE && before !== undefined && judge(before, point) === NEXT) {
      trouble.ahead = state.last;
      state.last = point.last;
      return RESET;
    }
    const isLower = verdict === STALE || (verdict === STARTS_OVER && this.#tracker.isFresh(state));
    if (isLower) return this.#lower(state, trouble, point, raw, atMs);
    if (verdict === DUPLICATE) return this.#equal(state, trouble, point, raw, atMs);
    if (verdict === ALIVE) return this.#alive(state, trouble, point);
    return this.#higher(state, trouble, verdict, point, ahead);
  }

  /** The known numbering goes on: what is held belongs to it, and is known. */
  #confirm(state: StreamState<T>): void {
    const doubt = this.#takeDoubt(state);
    if (doubt !== undefined) this.#listener.stale(state.stream, doubt.held);
  }

  /** Numbering started over with the first message that is held. */
  conclude(state: StreamState<T>): void {
    const doubt = this.#takeDoubt(state);
    if (doubt === undefined) return;
    const { run, last } = placed(doubt.held);
    state.last = last;
    state.trouble = undefined;
    this.#tracker.grow(state);
    this.#listener.released(state.stream, run, "renumbered");
  }

  concludeAll(): void {
    for (const state of Array.from(this.#inDoubt)) this.conclude(state);
  }

  /** Gives when the next doubt is due. */
  settleDue(nowMs: number): number | undefined {
    let nextMs: number | undefined;
    for (const state of Array.from(this.#inDoubt)) {
      const doubt = state.trouble?.doubt;
      if (doubt === undefined) continue;
      const { unmarkedSinceMs } = doubt;
      const endsByTime = unmarkedSinceMs !== undefined && this.#tracker.isFresh(state);
      if (doubt.isReported && !endsByTime) continue;
      const dueAtMs = (endsByTime ? unmarkedSinceMs : doubt.sinceMs) + DOUBT_MS;
      if (dueAtMs > nowMs) {
        nextMs = Math.min(nextMs ?? Infinity, dueAtMs);
      } else if (endsByTime) {
        this.conclude(state);
      } else {
        doubt.isReported = true;
        this.#listener.inDoubt(state.stream, doubt.held.length);
      }
    }
    return nextMs;
  }

  /** It lies above the known position, or starts over by the venue's own rule. */
  #higher(
    state: StreamState<T>,
    trouble: Trouble<T>,
    verdict: SequenceVerdict,
    point: SequencePoint,
    ahead: Position | undefined,
  ): SequenceVerdict {
    if (verdict === RESET || verdict === STARTS_OVER) this.conclude(state);
    else this.#confirm(state);
    const { last: known } = state;
    const settled: Trouble<T> = { ...trouble, repeated: [], isStuck: false };
    state.last = point.last;
    this.#tracker.grow(state);
    const seen = behindSnapshot(settled, verdict, point.last);
    const told = seen.kind === "gap" && ahead !== undefined ? fromAhead(ahead, point, seen) : seen;
    if (told.kind === "gap") settled.before = known;
    else if (
      ahead !== undefined &&
      point.last < ahead &&
      rangeSize(point.last, ahead) <= MAX_LATE
    ) {
      settled.ahead = ahead;
    }
    state.trouble = isOver(settled) ? undefined : settled;
    return told.kind === "gap" && rangeSize(told.from, told.to) > MAX_GAP ? RESET : told;
  }

  #lower(
    state: StreamState<T>,
    trouble: Trouble<T>,
    point: SequencePoint,
    raw: Uint8Array | undefined,
    atMs: number,
  ): SequenceVerdict {
    const { doubt } = trouble;
    if (doubt !== undefined) {
      const isDecided = this.#tracker.isFresh(state)
        ? atMs - (doubt.unmarkedSinceMs ?? atMs) > DOUBT_MS
        : point.retold !== true && (doubt.isContinuedBy(point) || doubt.isRepeatedBy(point, raw));
      if (isDecided || doubt.isFullWith(raw)) return this.#startOver(state, point, raw, atMs);
    }
    const open = (trouble.doubt ??= new Doubt(atMs));
    this.#inDoubt.add(state);
    const isUntimed = open.unmarkedSinceMs === undefined;
    this.#newest = open.add(point, raw, atMs);
    const isTimed = isUntimed && open.unmarkedSinceMs !== undefined;
    if (isTimed || open.held.length === 1) this.#listener.doubted();
    return HELD;
  }

  #equal(
    state: StreamState<T>,
    trouble: Trouble<T>,
    point: SequencePoint,
    raw: Uint8Array | undefined,
    atMs: number,
  ): SequenceVerdict {
    const { doubt } = trouble;
    if (point.retold === true || raw === undefined) {
      this.#confirm(state);
      return this.#end(state, DUPLICATE);
    }
    if (doubt !== undefined) {
      const isLinked = point.previous !== undefined && doubt.isContinuedBy(point);
      if (isLinked && !this.#tracker.isFresh(state)) {
        return this.#startOver(state, point, raw, atMs);
      }
      // What came late, or is told again, has reached the known position.
      this.#confirm(state);
      return this.#end(state, DUPLICATE);
    }
    return this.#repeat(state, trouble, { point, raw, value: undefined });
  }

  /** The known number once more: a copy, unless it comes too often with something else. */
  #repeat(
    state: StreamState<T>,
    trouble: Trouble<T>,
    repeat: Held<T> & { readonly raw: Uint8Array },
  ): SequenceVerdict {
    if (trouble.isStuck) return STUCK;
    const { repeated } = trouble;
    const before = repeated.at(-1)?.raw;
    if (before !== undefined && isSame(before, repeat.raw)) return DUPLICATE;
    if (repeated.length + 1 < MAX_REPEATS) {
      repeated.push(repeat);
      this.#newest = repeat;
      return DUPLICATE;
    }
    trouble.isStuck = true;
    trouble.repeated = [];
    this.#listener.stuck(state.stream, state.last);
    const run = repeated.map((one) => ({ ...one, gap: undefined }));
    this.#listener.released(state.stream, run, "stuck");
    return STUCK;
  }

  /** A sign of life names a position: the known one, or that of the messages that are held. */
  #alive(state: StreamState<T>, trouble: Trouble<T>, { last }: SequencePoint): SequenceVerdict {
    const { doubt } = trouble;
    if (last === state.last) this.#confirm(state);
    else if (doubt !== undefined && last === doubt.highest) this.conclude(state);
    return this.#end(state, ALIVE);
  }

  /** What is held is a new numbering; this message is judged within it. */
  #startOver(
    state: StreamState<T>,
    point: SequencePoint,
    raw: Uint8Array | undefined,
    atMs: number,
  ): SequenceVerdict {
    this.conclude(state);
    return this.#tracker.accept(point, raw, atMs);
  }

  #takeDoubt(state: StreamState<T>): Doubt<T> | undefined {
    const { trouble } = state;
    const doubt = trouble?.doubt;
    if (trouble !== undefined) trouble.doubt = undefined;
    this.#inDoubt.delete(state);
    return doubt;
  }

  #end(state: StreamState<T>, verdict: SequenceVerdict): SequenceVerdict {
    if (state.trouble !== undefined && isOver(state.trouble)) state.trouble = undefined;
    return verdict;
  }
}
