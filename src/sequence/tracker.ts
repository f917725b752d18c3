/**
 * The positions of all streams of one supervisor: one map look-up and a few comparisons a message.
 *
 * Bookkeeping without a clock: time comes in with the messages. The number of streams is bounded; beyond the
 * bound a stream is not followed, which is counted and reported once, and its messages are delivered
 * unjudged. What the numbers of a message mean where they are not the usual is in `unusual.ts`.
 */
import { SparseMap } from "../sparse-map.ts";
import { DOUBT_MS } from "./doubt.ts";
import { FIRST, judge, NEXT, RESET } from "./judge.ts";
import type { SequencePoint, SequenceVerdict } from "./point.ts";
import type { Position } from "./position.ts";
import { newTrouble, type StreamState } from "./stream-state.ts";
import { silentListener, type TrackerListener } from "./tracker-listener.ts";
import { UnusualNumbers } from "./unusual.ts";

/** How many streams one supervisor follows. */
export const MAX_STREAMS = 10_000;

/** @typeParam T - What the receiver keeps of a message that is held. */
export class SequenceTracker<T = never> {
  readonly #streams = new SparseMap<string, StreamState<T>>();
  readonly #maxStreams: number;
  readonly #listener: TrackerListener<T>;
  readonly #unusual: UnusualNumbers<T>;
  #unfollowed = 0;
  /** Counts new sockets and requests for topics. */
  #turn = 1;
  /** The turn of the current socket. */
  #socketTurn = 1;
  /** The turn at which a topic was asked for that is no stream's name. */
  #foreignTurn = 0;

  constructor(maxStreams = MAX_STREAMS, listener: TrackerListener<T> = silentListener) {
    this.#maxStreams = maxStreams;
    this.#listener = listener;
    this.#unusual = new UnusualNumbers(listener, {
      isFresh: (state) => this.#isFresh(state),
      accept: (point, raw, atMs) => this.accept(point, raw, atMs),
      grow: (state) => {
        state.grownAt = this.#turn;
      },
    });
  }

  /** Messages of streams beyond the bound. */
  get unfollowed(): number {
    return this.#unfollowed;
  }

  /** Messages that are held at this moment. */
  get held(): number {
    return this.#unusual.held;
  }

  /** The last position of each stream: a copy, for reports. */
  positions(): ReadonlyMap<string, Position> {
    return new Map([...this.#streams].map(([stream, state]) => [stream, state.last]));
  }

  /**
   * Judges one message and takes note of it. A gap is said once: the next message is judged after it.
   *
   * A message that is `held`, and one that is a `duplicate`, may be the listener's later, in
   * {@link TrackerListener.released} or {@link TrackerListener.stale}; {@link keep} says what of it. Both may
   * also be called in here, before the verdict on this message is given.
   *
   * @param raw - Its bytes, by which a number that does not change is told from a copy.
   * @param atMs - When it came.
   */
  accept(point: SequencePoint, raw?: Uint8Array, atMs = 0): SequenceVerdict {
    // The only look-up: a stream's name comes out of a message, and is hashed anew for each.
    const state = this.#streams.get(point.stream);
    if (state === undefined) return this.#begin(point);

    const { session } = point;
    if (point.restarts === true || isAnotherRun(session, state.session)) {
      this.#unusual.conclude(state);
      state.last = point.last;
      state.session = session;
      state.trouble = undefined;
      state.grownAt = this.#turn;
      return RESET;
    }
    if (session !== undefined) state.session = session;

    const verdict = judge(state.last, point);
    if (verdict !== NEXT || state.trouble !== undefined) {
      return this.#unusual.settle(state, verdict, point, raw, atMs);
    }
    state.last = point.last;
    state.grownAt = this.#turn;
    return NEXT;
  }

  /** What the receiver keeps of the message that {@link accept} has just called `held` or a `duplicate`. */
  keep(value: T): void {
    this.#unusual.keep(value);
  }

  /** A snapshot has all of a stream up to here: none of that is missing where it does not come any more. */
  reach(stream: string, position: Position): void {
    const state = this.#streams.get(stream);
    if (state === undefined || !(position > state.last)) return;
    state.trouble ??= newTrouble();
    state.trouble.reached = position;
  }

  /** A topic is asked for again: its stream, or one that no topic names, may be told again from before. */
  asked(topic: string): void {
    this.#turn += 1;
    const state = this.#streams.get(topic);
    if (state === undefined) this.#foreignTurn = this.#turn;
    else state.askedAt = this.#turn;
  }

  /** A new socket: counters that belong to a connection start over, all others go on. */
  newSocket(): void {
    this.#turn += 1;
    this.#socketTurn = this.#turn;
    for (const [stream, state] of this.#streams) {
      if (state.scope === "connection") this.#streams.delete(stream);
    }
  }

  /** The socket is over, and with it what could tell: everything that is held is released. */
  socketEnded(): void {
    this.#unusual.concludeAll();
  }

  /**
   * Resolves, or reports, the doubts that have lasted for {@link DOUBT_MS}. Gives how long until the next
   * is due, in milliseconds; undefined while none is.
   */
  settle(nowMs: number): number | undefined {
    const dueAtMs = this.#unusual.settleDue(nowMs);
    return dueAtMs === undefined ? undefined : Math.min(Math.max(dueAtMs - nowMs, 1), DOUBT_MS);
  }

  /**
   * Since the socket opened, or the topic was asked for, no number above the known position has come: what
   * comes below it may be told again.
   */
  #isFresh({ stream, grownAt, askedAt, scope }: StreamState<T>): boolean {
    if (grownAt < this.#socketTurn || grownAt < askedAt) return true;
    if (scope === "connection" || grownAt >= this.#foreignTurn) return false;
    return !this.#listener.isTopic(stream);
  }

  #begin(point: SequencePoint): SequenceVerdict {
    if (this.#streams.size >= this.#maxStreams) {
      this.#unfollowed += 1;
      return FIRST;
    }
    const { stream, last, session } = point;
    const scope = point.rule?.kind === "connection" ? "connection" : point.scope;
    this.#streams.set(stream, {
      stream,
      last,
      session,
      scope,
      grownAt: this.#turn,
      askedAt: 0,
      trouble: undefined,
    });
    return FIRST;
  }
}

type Session = SequencePoint["session"];

/** One that is named for the first time in mid-stream is the one that was there all along. */
function isAnotherRun(named: Session, known: Session): boolean {
  return named !== undefined && known !== undefined && named !== known;
}
