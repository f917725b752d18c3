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
  /** The latest message of each stream, by its ordinal, and its number as it arrived. */
  const latest = new Map<string, { ordinal: number; last: Position; shift: bigint }>();
  return arrivals.map(({ point, source, isReset, opensSocket }) => {
    const ordinal = ordinals[source] ?? NaN;
    const recorded = points[source] ?? point;
    const before = latest.get(point.stream);
    const here = { ordinal, last: point.last, shift: BigInt(recorded.last) - BigInt(point.last) };
    if (before === undefined || opensSocket || isReset || ordinal > before.ordinal) {
      latest.set(point.stream, here);
    }
    if (before === undefined || opensSocket) return { kind: "first" };
    if (isReset) return { kind: "reset" };
    if (ordinal < before.ordinal) return { kind: "stale" };
    const rule = point.rule;
    if (ordinal === before.ordinal) {
      // The link of a copy does not hold, so it is no sign of life.
      const isAlive = rule?.equal === "alive" && rule.kind !== "linked";
      return { kind: isAlive ? "alive" : "duplicate" };
    }
    if (ordinal === before.ordinal + 1 || rule?.kind === "monotonic") return { kind: "next" };
    return {
      kind: "gap",
      from: minus(before.last, -1n),
      to: minus(points[places.get(point.stream)?.[ordinal - 1] ?? NaN]?.last ?? NaN, here.shift),
    };
  });
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
