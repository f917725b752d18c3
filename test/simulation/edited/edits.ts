/**
 * Troubles laid into a real sequence of numbered messages: dropped runs, repeats, late ones, resets.
 *
 * As many as fit are laid into one pass over the messages, a few messages apart, and never at a stream's
 * first or last message: what is lost there nobody can see. What each of them must bring is the oracle's
 * to say; here they are only done.
 */
import type { Position, SequencePoint } from "../../../src/index.ts";

export type EditKind = "drop" | "repeat" | "late" | "reset";

/** One message as it arrives after the edits. */
export interface Arrival {
  /** With its numbers as they are by now: a reset renumbers all that follows in its stream. */
  readonly point: SequencePoint;
  /** Which message of the recording it is. */
  readonly source: number;
  /** Numbering starts over with it. */
  readonly isReset: boolean;
  /** A new socket comes before it. */
  readonly opensSocket: boolean;
}

export interface EditedPass {
  readonly arrivals: readonly Arrival[];
  readonly edits: Readonly<Record<EditKind, number>>;
  /** How many holes were made where numbers can show them. */
  readonly holes: number;
}

/** The messages of each stream, by their places in the recording. */
export function placesOf(points: readonly SequencePoint[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  points.forEach(({ stream }, place) => {
    const known = places.get(stream);
    if (known === undefined) places.set(stream, [place]);
    else known.push(place);
  });
  return places;
}

interface Plan {
  readonly dropped: Set<number>;
  /** The places of messages that come (again) after the message at a place. */
  readonly after: Map<number, number[]>;
  readonly resets: Set<number>;
  readonly edits: Record<EditKind, number>;
  holes: number;
}

const ALL: readonly EditKind[] = ["drop", "drop", "repeat", "late", "reset"];

/**
 * @param chance - Gives numbers in [0, 1).
 * @param kinds - What is done, each as often as it stands here.
 */
export function editOnce(
  points: readonly SequencePoint[],
  chance: () => number,
  kinds = ALL,
): EditedPass {
  const plan: Plan = {
    dropped: new Set(),
    after: new Map(),
    resets: new Set(),
    edits: { drop: 0, repeat: 0, late: 0, reset: 0 },
    holes: 0,
  };
  for (const places of placesOf(points).values()) {
    const dropped = planStream(places, plan, chance, kinds);
    if (points[places[0] ?? NaN]?.rule?.kind !== "monotonic") plan.holes += dropped;
  }
  return { arrivals: arrivalsOf(points, plan, chance), edits: plan.edits, holes: plan.holes };
}

/** Gives the number of runs that were left out. */
function planStream(
  places: readonly number[],
  plan: Plan,
  chance: () => number,
  kinds: readonly EditKind[],
): number {
  let runs = 0;
  const upTo = (most: number) => 1 + Math.floor(chance() * most);
  const end = places.length - 1; // the last message is left alone
  for (let at = upTo(6); at < end; at += upTo(6)) {
    const kind = kinds[Math.floor(chance() * kinds.length)] ?? "drop";
    const room = end - at;
    if (kind === "late" && room < 2) continue;
    plan.edits[kind] += 1;
    const place = places[at] ?? NaN;
    if (kind === "drop") {
      const length = Math.min(room, chance() < 0.9 ? upTo(5) : upTo(200));
      for (const each of places.slice(at, at + length)) plan.dropped.add(each);
      runs += 1;
      at += length; // one is left alone behind it: a reset there would hide the loss
    } else if (kind === "repeat") {
      plan.after.set(
        place,
        Array.from({ length: upTo(2) }, () => place),
      );
    } else if (kind === "late") {
      const delay = Math.min(room - 1, upTo(12));
      plan.after.set(places[at + delay] ?? NaN, [place]);
      if (chance() < 0.5) {
        plan.dropped.add(place); // not twice, but only late
        runs += 1;
      }
      at += delay;
    } else {
      plan.resets.add(place);
    }
  }
  return runs;
}

/** How the numbers of a stream differ from the recorded ones by now. */
interface Shift {
  by: number;
  last: Position;
}

function arrivalsOf(
  points: readonly SequencePoint[],
  plan: Plan,
  chance: () => number,
): readonly Arrival[] {
  const shifts = new Map<string, Shift>();
  const arrivals: Arrival[] = [];
  const arrive = (place: number): void => {
    const point = points[place];
    if (point === undefined) return;
    const isReset = plan.resets.has(place);
    const shift = shifts.get(point.stream) ?? { by: 0, last: 0 };
    const opensSocket = isReset && isOfConnection(point);
    const edited = isReset ? restart(point, shift, chance) : renumber(point, shift.by);
    if (edited.last > shift.last || isReset) shift.last = edited.last;
    shifts.set(point.stream, shift);
    arrivals.push({ point: edited, source: place, isReset, opensSocket });
  };
  points.forEach((_, place) => {
    if (!plan.dropped.has(place)) arrive(place);
    for (const copy of plan.after.get(place) ?? []) arrive(copy);
  });
  return arrivals;
}

function isOfConnection({ scope, rule }: SequencePoint): boolean {
  return scope === "connection" || rule?.kind === "connection";
}

/**
 * As venues do it: a linked stream keeps the link and goes on lower (OKX), a connection's counter begins
 * anew with a socket, and any other says so, and may go up as well as down.
 */
function restart(point: SequencePoint, shift: Shift, chance: () => number): SequencePoint {
  const jump = 1 + Math.floor(chance() * 1_000);
  const isLinked = point.previous !== undefined;
  const known = shift.last;
  const target = isLinked || isOfConnection(point) || chance() < 0.5 ? -jump : jump;
  shift.by = Number(point.last) - Number(known) - target;
  const renumbered = renumber(point, shift.by);
  if (isLinked) return { ...renumbered, previous: known };
  return isOfConnection(point) ? renumbered : { ...renumbered, restarts: true };
}

function renumber(point: SequencePoint, by: number): SequencePoint {
  if (by === 0) return point;
  const lower = (position: Position): Position =>
    typeof position === "bigint" ? position - BigInt(by) : position - by;
  const { first, last, previous } = point;
  return {
    ...point,
    first: lower(first),
    last: lower(last),
    ...(previous === undefined ? {} : { previous: lower(previous) }),
  };
}
