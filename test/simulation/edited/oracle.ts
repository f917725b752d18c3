/**
 * What a tracker must say of edited messages, known from which messages of the recording they are, and
 * not from their numbers: a message follows, or others lie between it and the latest, or it came before.
 *
 * It holds for recordings without a gap of their own.
 */
import { placesOf, type Arrival } from "./edits.ts";
import type { Position, SequencePoint, SequenceVerdict } from "../../../src/index.ts";

/** The verdict that each arrival must get. */
export function expectedVerdicts(
  points: readonly SequencePoint[],
  arrivals: readonly Arrival[],
): readonly SequenceVerdict[] {
  const places = placesOf(points);
  const ordinals = ordinalsOf(places);
  const latest = new Map<string, Latest>();
  const startsOver = beforeResets(arrivals);
  return arrivals.map(({ point, source, isReset, opensSocket }, index) => {
    const ordinal = ordinals[source] ?? NaN;
    const recorded = points[source] ?? point;
    const before = latest.get(point.stream);
    const shift = BigInt(recorded.last) - BigInt(point.last);
    const here: Latest = {
      ordinal,
      last: point.last,
      shift,
      gapAfter: undefined,
      ahead: undefined,
    };
    if (before === undefined || opensSocket || isReset || ordinal > before.ordinal) {
      latest.set(point.stream, here);
    }
    if (before === undefined || opensSocket) return { kind: "first" };
    if (isReset) return { kind: "reset" };
    const { gapAfter, ahead } = before;
    [before.gapAfter, before.ahead] = [undefined, undefined];
    if (ordinal < before.ordinal) {
      // The first of those that were said to be missing comes right behind the gap: the stream goes back.
      if (gapAfter !== undefined && ordinal === gapAfter + 1) {
        latest.set(point.stream, { ...here, ahead: before.ordinal });
        return { kind: "reset" };
      }
      return { kind: startsOver.has(index) ? "reset" : "stale" };
    }
    if (ahead !== undefined && ordinal === ahead + 1) return { kind: "next" };
    const rule = point.rule;
    if (ordinal === before.ordinal) {
      // The link of a copy does not hold, so it is no sign of life.
      const isAlive = rule?.equal === "alive" && rule.kind !== "linked";
      return { kind: isAlive ? "alive" : "duplicate" };
    }
    if (ordinal === before.ordinal + 1 || rule?.kind === "monotonic") return { kind: "next" };
    here.gapAfter = before.ordinal;
    return {
      kind: "gap",
      from: minus(before.last, -1n),
      to: minus(points[places.get(point.stream)?.[ordinal - 1] ?? NaN]?.last ?? NaN, here.shift),
    };
  });
}

/** The latest message of a stream, by its ordinal, and its number as it arrived. */
interface Latest {
  readonly ordinal: number;
  readonly last: Position;
  readonly shift: bigint;
  /** It left a gap: the ordinal before it. Known until the stream's next message. */
  gapAfter: number | undefined;
  /** The stream went back to it from this ordinal. Known until the stream's next message. */
  ahead: number | undefined;
}

/**
 * Arrivals behind which their stream starts over by its own word: what was held until then is delivered,
 * as it may be of the new numbering. A link that holds shows that it is not.
 */
function beforeResets(arrivals: readonly Arrival[]): ReadonlySet<number> {
  const newest = new Map<string, number>();
  const found = new Set<number>();
  arrivals.forEach(({ point, isReset }, index) => {
    const before = newest.get(point.stream);
    if (isReset && point.previous === undefined && before !== undefined) found.add(before);
    newest.set(point.stream, index);
  });
  return found;
}

/** Which message of its stream each is. */
function ordinalsOf(places: ReadonlyMap<string, readonly number[]>): readonly number[] {
  const ordinals: number[] = [];
  for (const ofStream of places.values()) {
    ofStream.forEach((place, ordinal) => {
      ordinals[place] = ordinal;
    });
  }
  return ordinals;
}

function minus(position: Position, by: bigint): Position {
  return typeof position === "bigint" ? position - by : position - Number(by);
}
