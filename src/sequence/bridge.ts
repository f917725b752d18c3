/**
 * How the first delta joins a snapshot that was fetched from elsewhere, for the two ways in which deltas
 * are numbered. Pure; the deltas that wait are asked in their order, and after the first that is
 * applied all others follow by the stream's own rule.
 *
 * `drop`: all of it is in the snapshot already. `apply`: nothing lies between the two. `refetch`: the
 * snapshot is too old.
 */
import { successor, type Position } from "./position.ts";

/** The numbers of a delta, as far as its place needs them. */
export interface DeltaRange {
  readonly first: Position;
  readonly last: Position;
  readonly previous?: Position | undefined;
}

type Bridging = "drop" | "apply" | "refetch";

/** Numbers have no holes: the delta that covers the number after the snapshot's. */
export function bridgeRange(snapshot: Position, { first, last }: DeltaRange): Bridging {
  if (last <= snapshot) return "drop";
  return first <= successor(snapshot) ? "apply" : "refetch";
}

/**
 * Numbers jump, and a delta names the last of the one before it: the delta whose predecessor is in the
 * snapshot. So every venue's own words come down to one comparison; Binance's futures, for one, ask for
 * `U <= snapshot <= u`, or `pu` equal to the snapshot's number: both mean that nothing was missed.
 */
export function bridgeLinked(snapshot: Position, { last, previous }: DeltaRange): Bridging {
  if (last <= snapshot) return "drop";
  return previous !== undefined && previous <= snapshot ? "apply" : "refetch";
}
