/** What is remembered of one stream's numbering. */
import type { Doubt, Held } from "./doubt.ts";
import type { Position, SequencePoint } from "./point.ts";

export interface StreamState<T> {
  readonly stream: string;
  /** The known position: the last number that was delivered. */
  last: Position;
  session: SequencePoint["session"];
  readonly scope: SequencePoint["scope"];
  /** At which turn of the tracker a number above the known position last came. */
  grownAt: number;
  /** At which turn its topic was last asked for. */
  askedAt: number;
  /** Undefined while the numbers are as they should be, which is the usual. */
  trouble: Trouble<T> | undefined;
}

/** All that is unusual about a stream's numbers. */
export interface Trouble<T> {
  /** A snapshot has all up to here, which is beyond the known position. */
  reached: Position | undefined;
  /** The position before a jump or a gap, for one message: the number that jumped may have been absurd. */
  before: Position | undefined;
  /** The position that was gone back from, until the stream reaches it: messages may only have been late. */
  ahead: Position | undefined;
  /** Messages running that repeat the known number, each with other bytes than the one before. */
  repeated: Held<T>[];
  /** The number does not change any more, and its messages are delivered unjudged. */
  isStuck: boolean;
  doubt: Doubt<T> | undefined;
}

export function newTrouble<T>(): Trouble<T> {
  return {
    reached: undefined,
    before: undefined,
    ahead: undefined,
    repeated: [],
    isStuck: false,
    doubt: undefined,
  };
}

/** True where nothing of it is left. */
export function isOver<T>(trouble: Trouble<T>): boolean {
  const { reached, before, ahead, doubt, repeated, isStuck } = trouble;
  const isKnown = (reached ?? before ?? ahead ?? doubt) === undefined;
  return isKnown && repeated.length === 0 && !isStuck;
}
