/**
 * Where a message stands in its stream, and what that means against the one before.
 *
 * A venue, or the user, says the point; the tracker says the verdict. Positions are numbers, or
 * bigints where a venue counts beyond 2^53; one stream uses one of them.
 */

/** A number in a stream. */
export type Position = number | bigint;

/** The place of one message in its stream. */
export interface SequencePoint {
  /** Which numbering this is: a symbol's trades, a book, or the connection's own counter. */
  readonly stream: string;
  /** First number that the message covers. */
  readonly first: Position;
  /** Last number that it covers; equal to `first` where every message has one number. */
  readonly last: Position;
  /** The last number of the message before, where the venue says it (linked streams). */
  readonly previous?: Position | undefined;
  /**
   * `stream`: the numbering goes on over reconnects, so what came meanwhile is a gap.
   * `connection`: it starts anew with every socket.
   */
  readonly scope: "stream" | "connection";
  /**
   * `contiguous` (default): the next message begins at `last + 1`. `monotonic`: numbers only grow,
   * so nothing can be said about what lies between.
   */
  readonly rule?: "contiguous" | "monotonic" | undefined;
  /** The venue says that numbering starts over with this message (a snapshot, `u = 1`). */
  readonly restarts?: boolean | undefined;
}

/**
 * `first` of its stream · `next` in order · `duplicate` the same numbers again · `stale` older than
 * what was delivered · `gap` numbers are missing before it · `reset` numbering starts over ·
 * `alive` a sign of life that carries nothing new.
 */
export type SequenceVerdict =
  | { readonly kind: "first" | "next" | "duplicate" | "stale" | "reset" | "alive" }
  | { readonly kind: "gap"; readonly from: Position; readonly to: Position };
