/**
 * Where a message stands in its stream, and what that means against the one before.
 *
 * A venue, or the user, says the point; the tracker says the verdict. Positions are numbers, or
 * bigints where a venue counts beyond 2^53.
 */
import { isPromiseLike } from "../shape.ts";
import { isPosition, type Position } from "./position.ts";
import { isRule, type SequenceRule } from "./rule.ts";

export type { Position };

/** The place of one message in its stream. */
export interface SequencePoint {
  /** Which numbering this is: a symbol's trades, a book, or the connection's own counter. */
  readonly stream: string;
  /**
   * First number that the message covers. A heartbeat that says which number is next covers none:
   * `first` is that number and `last` the one before, so that a loss at the tail is seen.
   */
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
   * What may follow what, one of {@link sequenceRules}.
   * @defaultValue linked where `previous` is given, else range
   */
  readonly rule?: SequenceRule | undefined;
  /** The venue says that numbering starts over with this message (a snapshot, `u = 1`). */
  readonly restarts?: boolean | undefined;
  /**
   * The venue says that it tells this message again (the last trades on a new subscription, a `last_match`).
   * One with a number that is known is dropped, and waits until the next message without this mark shows
   * that numbering has not started over. @defaultValue false
   */
  readonly retold?: boolean | undefined;
  /**
   * Which run of the numbering this is, where the venue says so (MoldUDP64's session, Centrifugo's
   * epoch). Another one than before means that numbering started over, never that numbers are missing.
   */
  readonly session?: string | number | undefined;
}

/**
 * `first` of its stream · `next` in order · `duplicate` the same numbers again · `stale` older than
 * what was delivered · `gap` numbers are missing before it · `reset` numbering starts over ·
 * `alive` a sign of life that carries nothing new · `held` the messages after it decide.
 */
export type SequenceVerdict =
  | { readonly kind: "first" | "next" | "duplicate" | "stale" | "held" }
  /** `isStuck`: the number does not change any more, and says nothing of the message. */
  | { readonly kind: "alive"; readonly isStuck?: true }
  /** `isWhole`: the message names the one before it, so that nothing is missing in between. */
  | { readonly kind: "reset"; readonly isWhole?: true }
  | { readonly kind: "gap"; readonly from: Position; readonly to: Position };

function whatIs(point: object): string {
  return isPromiseLike(point) ? "a promise instead of a point" : "no stream";
}

/** Throws for what is no point: NaN or a number beyond 2^53 would hide every gap after it. */
export function checkPoint(point: SequencePoint): void {
  const { stream, first, last, previous, rule, session, retold } = point;
  if (typeof stream !== "string") throw new Error(`sequence() gave ${whatIs(point)}`);
  if (!isPosition(first) || !isPosition(last)) {
    throw new Error("sequence() gave a position that is no safe integer and no bigint");
  }
  if (previous !== undefined && !isPosition(previous)) {
    throw new Error("sequence() gave a previous position that is no safe integer and no bigint");
  }
  if (rule !== undefined && !isRule(rule)) {
    throw new Error("sequence() gave a rule that is none of sequenceRules");
  }
  // An object would differ from itself at every message, and each would be a reset.
  if (session !== undefined && typeof session !== "string" && !Number.isSafeInteger(session)) {
    throw new Error("sequence() gave a session that is no string and no safe integer");
  }
  if (retold !== undefined && typeof retold !== "boolean") {
    throw new Error("sequence() gave a mark `retold` that is no boolean");
  }
}
