/**
 * How the messages of a stream are numbered: a small value that says what may follow what.
 *
 * Venues differ in three things only: what ties a message to the one before it (the **kind**), what it
 * means when the same number comes again, and what it means when a lower one comes. All three are data
 * here; `judge` reads them. Make a rule once, where the profile is defined, and name it in every point.
 */
import { OptionError } from "../errors.ts";

/**
 * - `contiguous`: each message has the number after the last (trades).
 * - `range`: a message covers `first … last`, and the next begins after it, or overlaps it.
 * - `linked`: a message names the last number of the one before it, and numbers jump.
 * - `connection`: one counter over all that a connection sends, heartbeats and answers too; it begins
 *   anew with every socket.
 * - `monotonic`: numbers only grow; what lies between two of them says nothing.
 * - `checksum`: what is whole shows in a checksum over its content, not in numbers (a venue's `verify`).
 * - `none`: nothing shows.
 */
export type RuleKind =
  "contiguous" | "range" | "linked" | "connection" | "monotonic" | "checksum" | "none";

/** What venues mean by numbers that do not grow. */
export interface RuleExceptions {
  /**
   * The same number again: a copy, or a sign of life where nothing has changed (OKX, Bybit level 1). In
   * a linked stream, one whose link holds: any other is a copy.
   * @defaultValue "alive" for linked streams, "duplicate" for all others
   */
  readonly equal?: "duplicate" | "alive" | undefined;
  /**
   * A lower number. `stale`: it comes late, unless the messages after it show that numbering has started
   * over. `reset`: numbering starts over with it, at once, save on a stream that may be told again from
   * before. In a linked stream, one whose link holds: any other is as with `stale`.
   * @defaultValue "reset" for linked streams, "stale" for all others
   */
  readonly lower?: "stale" | "reset" | undefined;
}

export class SequenceRule {
  readonly kind: RuleKind;
  readonly equal: "duplicate" | "alive";
  readonly lower: "stale" | "reset";

  constructor(kind: RuleKind, exceptions: RuleExceptions = {}) {
    const isLinked = kind === "linked";
    const { equal = isLinked ? "alive" : "duplicate", lower = isLinked ? "reset" : "stale" } =
      exceptions;
    if (equal !== "duplicate" && equal !== "alive") {
      throw new OptionError("equal", '"duplicate" or "alive"', equal);
    }
    if (lower !== "stale" && lower !== "reset") {
      throw new OptionError("lower", '"stale" or "reset"', lower);
    }
    this.kind = kind;
    this.equal = equal;
    this.lower = lower;
    Object.freeze(this);
  }
}

const KINDS: Readonly<Record<RuleKind, true>> = {
  contiguous: true,
  range: true,
  linked: true,
  connection: true,
  monotonic: true,
  checksum: true,
  none: true,
};

/** A rule of this copy of the package, or of another one in the same process. */
export function isRule(value: unknown): value is SequenceRule {
  if (value instanceof SequenceRule) return true;
  if (typeof value !== "object" || value === null) return false;
  const { kind, equal, lower } = value as Partial<SequenceRule>;
  const hasKind = typeof kind === "string" && Object.hasOwn(KINDS, kind);
  return hasKind && typeof equal === "string" && typeof lower === "string";
}

/** Each kind of rule. @throws {@link OptionError} for an exception that is none. */
export const sequenceRules = {
  contiguous: (exceptions?: RuleExceptions) => new SequenceRule("contiguous", exceptions),
  range: (exceptions?: RuleExceptions) => new SequenceRule("range", exceptions),
  linked: (exceptions?: RuleExceptions) => new SequenceRule("linked", exceptions),
  connection: (exceptions?: RuleExceptions) => new SequenceRule("connection", exceptions),
  monotonic: (exceptions?: RuleExceptions) => new SequenceRule("monotonic", exceptions),
  checksum: () => new SequenceRule("checksum"),
  none: () => new SequenceRule("none"),
} as const;
