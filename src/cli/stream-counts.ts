/** What was counted of each stream of a recording, and which numbers it misses. */
import type { Position, SequencePoint, SequenceVerdict } from "../sequence/point.ts";

/** How many of a stream's gaps are kept with their numbers; all are counted. */
const MAX_RANGES = 1_000;

/** How many streams have an account of their own; those beyond share one. */
const MAX_STREAMS = 10_000;
const OTHER_STREAMS = "(other streams)";

/** Where numbers only grow, or are none, that the next one follows proves nothing. */
export function showsGaps({ rule }: Pick<SequencePoint, "rule">): boolean {
  return rule?.kind !== "monotonic" && rule?.kind !== "checksum" && rule?.kind !== "none";
}

export interface GapRange {
  readonly from: Position;
  readonly to: Position;
}

/** The account of one stream. */
export interface StreamCheck {
  readonly stream: string;
  /** The first and the last number that were seen. */
  readonly first: Position;
  readonly last: Position;
  readonly messages: number;
  /** Messages that were held against the one before them. */
  readonly pairs: number;
  /** Those of them whose numbers show what is missing between them. */
  readonly judged: number;
  readonly next: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly stale: number;
  readonly resets: number;
  readonly alive: number;
  /** What the gaps miss; the first 1,000 of them. */
  readonly ranges: readonly GapRange[];
}

type Counted =
  "messages" | "pairs" | "judged" | "next" | "gaps" | "duplicates" | "stale" | "resets" | "alive";

interface StreamCounts extends Record<Counted, number> {
  readonly stream: string;
  readonly first: Position;
  last: Position;
  readonly ranges: GapRange[];
}

export class StreamTable {
  readonly #streams = new Map<string, StreamCounts>();

  get streams(): readonly StreamCheck[] {
    return [...this.#streams.values()];
  }

  total(name: Counted): number {
    let sum = 0;
    for (const counts of this.#streams.values()) sum += counts[name];
    return sum;
  }

  count(point: SequencePoint, verdict: SequenceVerdict): void {
    const counts = this.#countsOf(point);
    counts.messages += 1;
    if (verdict.kind !== "first") {
      counts.pairs += 1;
      if (showsGaps(point)) counts.judged += 1;
    }
    switch (verdict.kind) {
      case "next":
      case "stale":
      case "alive":
        counts[verdict.kind] += 1;
        break;
      case "gap":
        this.gap(point.stream, verdict);
        break;
      case "duplicate":
        counts.duplicates += 1;
        break;
      case "reset":
        counts.resets += 1;
        break;
      case "first":
      case "held":
        break;
    }
    if (verdict.kind !== "duplicate" && verdict.kind !== "stale") counts.last = point.last;
  }

  has(stream: string): boolean {
    return this.#streams.has(stream);
  }

  /** Numbers that are missing. */
  gap(stream: string, { from, to }: GapRange): void {
    const counts = this.#countsOf({ stream, first: from, last: to });
    counts.gaps += 1;
    if (counts.ranges.length < MAX_RANGES) counts.ranges.push({ from, to });
  }

  /** Messages were counted as duplicates when they came, and are counted as something else now. */
  takeBackDuplicate(point: SequencePoint): void {
    const counts = this.#countsOf(point);
    counts.messages -= 1;
    counts.pairs -= 1;
    if (showsGaps(point)) counts.judged -= 1;
    counts.duplicates -= 1;
  }

  #countsOf({
    stream,
    first,
    last,
  }: Pick<SequencePoint, "stream" | "first" | "last">): StreamCounts {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    if (this.#streams.size >= MAX_STREAMS && stream !== OTHER_STREAMS) {
      return this.#countsOf({ stream: OTHER_STREAMS, first, last });
    }
    const counts = { stream, first, last, ...noCounts(), ranges: [] };
    this.#streams.set(stream, counts);
    return counts;
  }
}

function noCounts(): Record<Counted, number> {
  return {
    messages: 0,
    pairs: 0,
    judged: 0,
    next: 0,
    gaps: 0,
    duplicates: 0,
    stale: 0,
    resets: 0,
    alive: 0,
  };
}
