/**
 * What a message's place means against the last position of its stream: a pure function of three values.
 * A number that is not above it is a `duplicate` or `stale` by this alone; what it is by the messages
 * around it is decided in `unusual.ts`.
 *
 * The trap of every rule is to say too little: numbers that can't be explained are a gap or a reset,
 * never `next`. It runs for every message; the usual verdicts are shared values.
 */
import type { SequencePoint, SequenceVerdict } from "./point.ts";
import { predecessor, successor, type Position } from "./position.ts";
import { SequenceRule } from "./rule.ts";

export const FIRST: SequenceVerdict = { kind: "first" };
export const NEXT: SequenceVerdict = { kind: "next" };
export const DUPLICATE: SequenceVerdict = { kind: "duplicate" };
export const STALE: SequenceVerdict = { kind: "stale" };
export const RESET: SequenceVerdict = { kind: "reset" };
export const ALIVE: SequenceVerdict = { kind: "alive" };
/** A message whose number does not change any more. */
export const STUCK: SequenceVerdict = { kind: "alive", isStuck: true };
/** A lower number, where the rule says that it always means a reset. */
export const STARTS_OVER: SequenceVerdict = { kind: "reset" };
/** Not given by {@link judge}: what the number means shows with the messages after it. */
export const HELD: SequenceVerdict = { kind: "held" };
/** A properly linked message with a lower number: nothing is missing before it. */
export const RELINKED: SequenceVerdict = { kind: "reset", isWhole: true };

const RANGE = new SequenceRule("range");
const LINKED = new SequenceRule("linked");

/** @param known - The last position of the stream. */
export function judge(known: Position, point: SequencePoint): SequenceVerdict {
  const rule = point.rule ?? (point.previous === undefined ? RANGE : LINKED);
  switch (rule.kind) {
    case "contiguous":
    case "range":
    case "connection":
      return judgeRange(rule, known, point);
    case "linked":
      return judgeLinked(rule, known, point);
    case "monotonic":
      return point.last > known ? NEXT : judgeNotGrown(rule, known, point.last);
    case "checksum":
    case "none":
      return NEXT;
  }
}

/** Numbers have no holes: a message begins at the number after the last, or before it. */
function judgeRange(rule: SequenceRule, known: Position, point: SequencePoint): SequenceVerdict {
  const { first, last } = point;
  if (last > known) {
    const expected = successor(known);
    return first > expected ? { kind: "gap", from: expected, to: predecessor(first) } : NEXT;
  }
  if (first > last) return ALIVE; // it covers nothing, and nothing is missing
  return judgeNotGrown(rule, known, last);
}

/**
 * Numbers jump by any step; only the link to the message before counts. A link beyond what is known
 * proves a loss whatever the message's own number is: numbering may have started over behind the loss.
 */
function judgeLinked(rule: SequenceRule, known: Position, point: SequencePoint): SequenceVerdict {
  const { last, previous } = point;
  if (previous === undefined) return RESET; // it follows nothing: a new chain begins
  if (previous === known) {
    const verdict = last > known ? NEXT : judgeNotGrown(rule, known, last);
    return verdict === STARTS_OVER ? RELINKED : verdict;
  }
  if (previous > known) return { kind: "gap", from: successor(known), to: previous };
  if (last > known) return NEXT; // it overlaps what is known, as the first after a snapshot does
  return last === known ? DUPLICATE : STALE;
}

function judgeNotGrown(rule: SequenceRule, known: Position, last: Position): SequenceVerdict {
  if (last === known) return rule.equal === "alive" ? ALIVE : DUPLICATE;
  return rule.lower === "reset" ? STARTS_OVER : STALE;
}
