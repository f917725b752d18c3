/**
 * A number in a stream, and its neighbours.
 *
 * A double holds integers up to 2^53 only. Where a venue counts beyond, positions are bigints: always,
 * or from there on (as {@link exactInteger} gives them). They may be compared with each other then.
 */

/** A number in a stream: a safe integer, or a bigint. */
export type Position = number | bigint;

export function isPosition(value: unknown): value is Position {
  return Number.isSafeInteger(value) || typeof value === "bigint";
}

export function successor(position: Position): Position {
  return typeof position === "bigint" ? position + 1n : position + 1;
}

/** How many numbers `from … to` are. */
export function rangeSize(from: Position, to: Position): number {
  return Number(BigInt(to) - BigInt(from)) + 1;
}

export function predecessor(position: Position): Position {
  return typeof position === "bigint" ? position - 1n : position - 1;
}
