/**
 * What more is known of a message than its stream's position tells: the messages that were held before it,
 * a snapshot that has more, a position that was gone back from. Pure functions.
 */
import type { Held } from "./doubt.ts";
import { judge, NEXT, RELINKED } from "./judge.ts";
import type { SequencePoint, SequenceVerdict } from "./point.ts";
import { successor, type Position } from "./position.ts";
import type { Trouble } from "./stream-state.ts";
import type { Released } from "./tracker-listener.ts";

/** A message that follows the position that was gone back from misses nothing. */
export function fromAhead(
  ahead: Position,
  point: SequencePoint,
  gap: SequenceVerdict,
): SequenceVerdict {
  const verdict = judge(ahead, point);
  return verdict === NEXT || verdict === RELINKED ? verdict : gap;
}

/** A run of a new numbering: what is missing within it, and where it ends. A copy in it is delivered too. */
export function placed<T>(held: readonly Held<T>[]): { run: Released<T>[]; last: Position } {
  const run: Released<T>[] = [];
  let last: Position | undefined;
  for (const one of held) {
    const verdict = last === undefined ? NEXT : judge(last, one.point);
    const gap = verdict.kind === "gap" ? { from: verdict.from, to: verdict.to } : undefined;
    if (last === undefined || one.point.last > last) last = one.point.last;
    run.push({ ...one, gap });
  }
  return { run, last: last ?? 0 };
}

/** What a verdict is where a snapshot had more of the stream than had come by then. */
export function behindSnapshot<T>(
  trouble: Trouble<T>,
  verdict: SequenceVerdict,
  last: Position,
): SequenceVerdict {
  const { reached } = trouble;
  if (reached === undefined) return verdict;
  if (verdict.kind === "reset" || last >= reached) trouble.reached = undefined;
  if (verdict.kind !== "gap" || verdict.from > reached) return verdict;
  return verdict.to <= reached ? NEXT : { ...verdict, from: successor(reached) };
}
