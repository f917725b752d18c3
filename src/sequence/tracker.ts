/**
 * The positions of all streams of one supervisor: one map look-up and a few comparisons a message.
 *
 * Pure bookkeeping, no clock. The number of streams is bounded; beyond the bound a stream is not
 * followed, which is counted and reported once, and its messages are delivered unjudged.
 */
import { SparseMap } from "../sparse-map.ts";
import { ALIVE, DUPLICATE, FIRST, judge, NEXT, RESET, STALE } from "./judge.ts";
import type { SequencePoint, SequenceVerdict } from "./point.ts";
import { successor, type Position } from "./position.ts";

/** How many streams one supervisor follows. */
export const MAX_STREAMS = 10_000;

type Session = SequencePoint["session"];

interface StreamState {
  last: Position;
  /** A snapshot has all up to here, which is beyond `last`. */
  reached: Position | undefined;
  session: Session;
  readonly scope: "stream" | "connection";
}

export class SequenceTracker {
  readonly #streams = new SparseMap<string, StreamState>();
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
    // The only look-up: a stream's name comes out of a message, and is hashed anew for each.
    const state = this.#streams.get(point.stream);
    if (state === undefined) return this.#begin(point);

    const { session } = point;
    if (point.restarts === true || isAnotherRun(session, state.session)) {
      state.last = point.last;
      state.session = session;
      state.reached = undefined;
      return RESET;
    }
    if (session !== undefined) state.session = session;

    const verdict = judge(state.last, point);
    // These leave a stream where it is.
    if (verdict === DUPLICATE || verdict === STALE || verdict === ALIVE) return verdict;
    state.last = point.last;
    return state.reached === undefined ? verdict : behindSnapshot(state, state.reached, verdict);
  }

  /** A snapshot has all of a stream up to here: none of that is missing where it does not come any more. */
  reach(stream: string, position: Position): void {
    const state = this.#streams.get(stream);
    if (state !== undefined && position > state.last) state.reached = position;
  }

  /** A new socket: counters that belong to a connection start anew, all others go on. */
  newSocket(): void {
    for (const [stream, state] of this.#streams) {
      if (state.scope === "connection") this.#streams.delete(stream);
    }
  }

  #begin(point: SequencePoint): SequenceVerdict {
    if (this.#streams.size >= this.#maxStreams) {
      this.#unfollowed += 1;
      return FIRST;
    }
    const { stream, last, session } = point;
    const scope = point.rule?.kind === "connection" ? "connection" : point.scope;
    this.#streams.set(stream, { last, reached: undefined, session, scope });
    return FIRST;
  }
}

/** What a verdict is where a snapshot had more of the stream than had come by then. */
function behindSnapshot(
  state: StreamState,
  reached: Position,
  verdict: SequenceVerdict,
): SequenceVerdict {
  if (verdict === RESET || state.last >= reached) state.reached = undefined;
  if (verdict.kind !== "gap" || verdict.from > reached) return verdict;
  return verdict.to <= reached ? NEXT : { ...verdict, from: successor(reached) };
}

/** One that is named for the first time in mid-stream is the one that was there all along. */
function isAnotherRun(named: Session, known: Session): boolean {
  return named !== undefined && known !== undefined && named !== known;
}
