/**
 * Judges a recording as the supervisor would have judged the live feed: the venue's words read each
 * frame, and its sequence rules say what is missing. Pure: told what happened, asked for the account.
 */
import {
  checkPoint,
  type Position,
  type SequencePoint,
  type SequenceVerdict,
} from "../sequence/point.ts";
import type { Held } from "../sequence/doubt.ts";
import { SequenceTracker } from "../sequence/tracker.ts";
import type { Released, TrackerListener } from "../sequence/tracker-listener.ts";
import type { Conversation, VenueProfile } from "../venues/venue.ts";

/** How many of a stream's gaps are kept with their numbers; all are counted. */
const MAX_RANGES = 1_000;

interface GapRange {
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
  /** Messages that were judged against the one before them. */
  readonly pairs: number;
  readonly next: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly stale: number;
  readonly resets: number;
  readonly alive: number;
  /** What the gaps miss; the first 1,000 of them. */
  readonly ranges: readonly GapRange[];
}

/** What a recording says about itself. */
export interface RecordingAccount {
  readonly venue: string;
  /** Frames that the venue sent. */
  readonly messages: number;
  readonly pairs: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly stale: number;
  readonly resets: number;
  /** Frames that the venue's words can't read. */
  readonly invalid: number;
  /** Why the first of them could not be read, with its line. */
  readonly firstInvalid: string | undefined;
  /** Answers, heartbeats, notices. */
  readonly control: number;
  /** Data that is not numbered. */
  readonly unnumbered: number;
  /** Checksums that do not hold. */
  readonly mismatches: number;
  /** Messages of more streams than can be followed: not judged. */
  readonly unfollowed: number;
  readonly streams: readonly StreamCheck[];
}

type Counted = "next" | "duplicates" | "stale" | "resets" | "alive" | "gaps" | "pairs" | "messages";

interface StreamCounts extends Record<Counted, number> {
  readonly stream: string;
  readonly first: Position;
  last: Position;
  readonly ranges: GapRange[];
}

export class RecordingCheck implements TrackerListener<unknown> {
  readonly #venue: VenueProfile<unknown>;
  /** Keeps the message of each frame that is held, as a checksum may have to be held against it. */
  readonly #tracker = new SequenceTracker<unknown>(undefined, this);
  readonly #streams = new Map<string, StreamCounts>();
  readonly #counts = { messages: 0, invalid: 0, control: 0, unnumbered: 0, mismatches: 0 };
  #talk: Conversation<unknown>;
  #firstInvalid: string | undefined;

  constructor(venue: VenueProfile<unknown>) {
    this.#venue = venue;
    this.#talk = venue.open();
  }

  /** A socket was opened: what belongs to the one before is over. */
  opened(): void {
    this.#tracker.socketEnded();
    this.#talk = this.#venue.open();
    this.#tracker.newSocket();
  }

  /**
   * @param where - Where the frame stands in the recording, for what can't be read.
   * @param atMs - When it came.
   */
  received(raw: Buffer, where: string, atMs: number): void {
    const counts = this.#counts;
    counts.messages += 1;
    let read: ReadFrame;
    try {
      read = readFrame(this.#talk, raw);
      if (read.point !== undefined) checkPoint(read.point);
    } catch (error) {
      counts.invalid += 1;
      this.#firstInvalid ??= `${where}: ${error instanceof Error ? error.message : String(error)}`;
      return;
    }
    if (read.isControl) counts.control += 1;
    else if (read.point === undefined) counts.unnumbered += 1;
    const { point, message } = read;
    if (point === undefined || this.#judge(point, message, raw, atMs)) this.#verify(message);
  }

  /** The recording is over: what is held can be told no better any more. */
  account(): RecordingAccount {
    this.#tracker.socketEnded();
    const streams = [...this.#streams.values()];
    const total = (name: Counted) => streams.reduce((sum, counts) => sum + counts[name], 0);
    return {
      venue: this.#venue.id,
      messages: this.#counts.messages,
      pairs: total("pairs"),
      gaps: total("gaps"),
      duplicates: total("duplicates"),
      stale: total("stale"),
      resets: total("resets"),
      invalid: this.#counts.invalid,
      firstInvalid: this.#firstInvalid,
      control: this.#counts.control,
      unnumbered: this.#counts.unnumbered,
      mismatches: this.#counts.mismatches,
      unfollowed: this.#tracker.unfollowed,
      streams,
    };
  }

  // What the tracker tells.

  isTopic(): boolean {
    return true;
  }

  doubted(): void {}

  inDoubt(): void {}

  stuck(): void {}

  stale(_stream: string, held: readonly Held<unknown>[]): void {
    for (const { point } of held) this.#count(point, { kind: "stale" });
  }

  released(
    _stream: string,
    run: readonly Released<unknown>[],
    cause: "renumbered" | "stuck",
  ): void {
    const isRenumbered = cause === "renumbered";
    if (!isRenumbered) this.#takeBack(run);
    run.forEach(({ point, gap, value }, index) => {
      const usual: SequenceVerdict = { kind: isRenumbered ? "next" : "alive" };
      const verdict: SequenceVerdict = gap === undefined ? usual : { kind: "gap", ...gap };
      this.#count(point, isRenumbered && index === 0 ? { kind: "reset" } : verdict);
      this.#verify(value);
    });
  }

  // Within.

  #verify(message: unknown): void {
    if (!isWhole(this.#talk, message)) this.#counts.mismatches += 1;
  }

  /** False for what was there already, and for what is counted later. */
  #judge(point: SequencePoint, message: unknown, raw: Buffer, atMs: number): boolean {
    const unfollowed = this.#tracker.unfollowed;
    const verdict = this.#tracker.accept(point, raw, atMs);
    if (this.#tracker.unfollowed > unfollowed) return true;
    if (verdict.kind === "held" || verdict.kind === "duplicate") this.#tracker.keep(message);
    if (verdict.kind === "held") return false;
    this.#count(point, verdict);
    return verdict.kind !== "duplicate" && verdict.kind !== "stale";
  }

  /** They were counted as duplicates when they came. */
  #takeBack(run: readonly Released<unknown>[]): void {
    for (const { point } of run) {
      const counts = this.#countsOf(point);
      counts.messages -= 1;
      counts.pairs -= 1;
      counts.duplicates -= 1;
    }
  }

  #count(point: SequencePoint, verdict: SequenceVerdict): void {
    const counts = this.#countsOf(point);
    counts.messages += 1;
    if (verdict.kind !== "first") counts.pairs += 1;
    switch (verdict.kind) {
      case "next":
      case "stale":
      case "alive":
        counts[verdict.kind] += 1;
        break;
      case "gap":
        counts.gaps += 1;
        if (counts.ranges.length < MAX_RANGES) {
          counts.ranges.push({ from: verdict.from, to: verdict.to });
        }
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

  #countsOf({ stream, first, last }: SequencePoint): StreamCounts {
    let counts = this.#streams.get(stream);
    if (counts === undefined) {
      counts = { stream, first, last, ...noCounts(), ranges: [] };
      this.#streams.set(stream, counts);
    }
    return counts;
  }
}

/** A frame in the venue's words, as the data path reads it. */
interface ReadFrame {
  readonly message: unknown;
  readonly isControl: boolean;
  readonly topic: string | undefined;
  readonly point: SequencePoint | undefined;
}

/** @throws what the venue's words throw. */
export function readFrame(talk: Conversation<unknown>, raw: Buffer): ReadFrame {
  const message = talk.decode(raw, false);
  const isControl = (talk.control?.(message) ?? undefined) !== undefined;
  const isNumbered = !isControl || talk.numbersControl === true;
  const point = isNumbered ? (talk.sequence?.(message, raw) ?? undefined) : undefined;
  const topic = isControl ? undefined : talk.topicOf?.(message);
  return { message, isControl, topic, point };
}

/** One that throws proves nothing. */
function isWhole(talk: Conversation<unknown>, message: unknown): boolean {
  try {
    return talk.verify?.(message) ?? true;
  } catch {
    return false;
  }
}

function noCounts(): Record<Counted, number> {
  return {
    messages: 0,
    pairs: 0,
    next: 0,
    gaps: 0,
    duplicates: 0,
    stale: 0,
    resets: 0,
    alive: 0,
  };
}
