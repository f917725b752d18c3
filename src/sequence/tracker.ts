/**
 * The positions of all streams of one supervisor: one map look-up and a few comparisons a message.
 *
 * Pure bookkeeping, no clock. The number of streams is bounded; beyond the bound a stream is not
 * followed, which is counted and reported once, and its messages are delivered unjudged.
 */
import type { Position, SequencePoint, SequenceVerdict } from "./point.ts";

/** How many streams one supervisor follows. */
export const MAX_STREAMS = 10_000;

type Session = SequencePoint["session"];

interface StreamState {
  last: Position;
  session: Session;
  readonly scope: "stream" | "connection";
}

const FIRST: SequenceVerdict = { kind: "first" };
const NEXT: SequenceVerdict = { kind: "next" };
const DUPLICATE: SequenceVerdict = { kind: "duplicate" };
const STALE: SequenceVerdict = { kind: "stale" };
const RESET: SequenceVerdict = { kind: "reset" };
const ALIVE: SequenceVerdict = { kind: "alive" };

export class SequenceTracker {
  readonly #streams = new Map<string, StreamState>();
  readonly #maxStreams: number;
  #unfollowed = 0;

  constructor(maxStreams = MAX_STREAMS) {
    this.#maxStreams = maxStreams;
  }

  /** Messages of streams beyond the bound. */
  get unfollowed(): number {
    return this.#unfollowed;
  }

  /** The last position of each stream: a copy, for reports. */
  positions(): ReadonlyMap<string, Position> {
    return new Map([...this.#streams].map(([stream, state]) => [stream, state.last]));
  }

  /** Judges one message and takes note of it. A gap is said once: the next message is judged after it. */
  accept(point: SequencePoint): SequenceVerdict {
    const state = this.#streams.get(point.stream);
    if (state === undefined) return this.#begin(point);

    const { last } = state;
    if (point.restarts === true || isAnotherRun(point.session, state.session)) {
      state.last = point.last;
      state.session = point.session;
      return RESET;
    }
    state.session ??= point.session;
    if (point.previous !== undefined) return this.#acceptLinked(state, point, point.previous);
    if (point.last <= last) {
      if (point.first > point.last) return ALIVE; // it covers nothing, and nothing is missing
      return point.last === last ? DUPLICATE : STALE;
    }

    state.last = point.last;
    if (point.rule === "monotonic") return NEXT;
    const expected = successor(last);
    return point.first > expected
      ? { kind: "gap", from: expected, to: predecessor(point.first) }
      : NEXT;
  }

  /** A new socket: counters that belong to a connection start anew, all others go on. */
  newSocket(): void {
    for (const [stream, state] of this.#streams) {
      if (state.scope === "connection") this.#streams.delete(stream);
    }
  }

  /** Forgets a stream that is no longer wanted. */
  forget(stream: string): void {
    this.#streams.delete(stream);
  }

  #begin(point: SequencePoint): SequenceVerdict {
    if (this.#streams.size >= this.#maxStreams) {
      this.#unfollowed += 1;
      return FIRST;
    }
    const { stream, last, session, scope } = point;
    this.#streams.set(stream, { last, session, scope });
    return FIRST;
  }

  /** Numbers may jump by any step; only the link to the message before counts. */
  #acceptLinked(state: StreamState, point: SequencePoint, previous: Position): SequenceVerdict {
    const { last } = state;
    if (previous === last) {
      if (point.last === last) return ALIVE;
      state.last = point.last;
      return point.last < last ? RESET : NEXT; // in its place, under lower numbers (OKX)
    }
    if (point.last <= last) return point.last === last ? DUPLICATE : STALE;
    state.last = point.last;
    return previous > last ? { kind: "gap", from: successor(last), to: previous } : NEXT;
  }
}

/** One that is named for the first time in mid-stream is the one that was there all along. */
function isAnotherRun(named: Session, known: Session): boolean {
  return named !== undefined && known !== undefined && named !== known;
}

function successor(position: Position): Position {
  return typeof position === "bigint" ? position + 1n : position + 1;
}

function predecessor(position: Position): Position {
  return typeof position === "bigint" ? position - 1n : position - 1;
}
