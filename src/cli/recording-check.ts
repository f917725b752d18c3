/**
 * Judges a recording as the supervisor would have judged the live feed: the venue's words read each
 * frame, and its sequence rules say what is missing. Pure: told what happened, asked for the account.
 *
 * A recording of items lacks what the supervisor kept to itself: answers and heartbeats. Where a venue numbers
 * those too, numbers can't be judged a second time, and what the items tell is the account.
 */
import type { RecordedItem, KnownPlace } from "../testing/exchange/recording-items.ts";
import { checkPoint, type SequencePoint, type SequenceVerdict } from "../sequence/point.ts";
import type { Held } from "../sequence/doubt.ts";
import { messageOf } from "../shape.ts";
import { SequenceTracker } from "../sequence/tracker.ts";
import type { Released, TrackerListener } from "../sequence/tracker-listener.ts";
import type { Conversation, VenueProfile } from "../venues/venue.ts";
import { Checksums } from "./checksums.ts";
import { FrameSorter, readFrame, type ReadFrame } from "./read-frame.ts";
import { MAX_NAME, RecordedItems, type ToldAccount } from "./recorded-items.ts";
import { StreamTable, type StreamCheck } from "./stream-counts.ts";

/** What a recording says about itself. */
export interface RecordingAccount {
  readonly venue: string;
  /** Frames that were received. */
  readonly messages: number;
  readonly pairs: number;
  /** Pairs whose numbers show what is missing between them. */
  readonly judged: number;
  readonly gaps: number;
  readonly duplicates: number;
  readonly stale: number;
  readonly resets: number;
  /** Frames that the venue's words can't read. */
  readonly invalid: number;
  /** Why the first of them could not be read, with its line. */
  readonly firstInvalid: string | undefined;
  /** Frames that can be read, and are no data of the venue. */
  readonly foreign: number;
  /** Answers, heartbeats, notices. */
  readonly control: number;
  /** The venue numbers those too, and none of them is in the recording: numbers jump where nothing is missing. */
  readonly isControlMissing: boolean;
  /** Data that is not numbered. */
  readonly unnumbered: number;
  /** Checksums that were held against what was recorded. */
  readonly checksums: number;
  /** Those that do not hold. */
  readonly mismatches: number;
  /** Messages of more streams than can be followed: not judged. */
  readonly unfollowed: number;
  /** Of a recording of items: what it tells besides messages. */
  readonly told: ToldAccount | undefined;
  readonly streams: readonly StreamCheck[];
}

export class RecordingCheck implements TrackerListener<unknown> {
  readonly #venue: VenueProfile<unknown>;
  readonly #sorter: FrameSorter;
  /** Keeps the message of each frame that is held, as a checksum may have to be held against it. */
  readonly #tracker = new SequenceTracker<unknown>(undefined, this);
  readonly #streams = new StreamTable();
  readonly #items: RecordedItems;
  readonly #checksums = new Checksums();
  readonly #counts = {
    messages: 0,
    invalid: 0,
    foreign: 0,
    control: 0,
    unnumbered: 0,
  };
  /** Streams whose next message begins another numbering. */
  readonly #restarting = new Set<string>();
  #talk: Conversation<unknown>;
  #firstInvalid: string | undefined;
  #hasItems = false;

  constructor(venue: VenueProfile<unknown>) {
    this.#venue = venue;
    this.#sorter = new FrameSorter(venue);
    this.#talk = venue.open();
    this.#items = new RecordedItems({
      gap: (stream, range) => this.#streams.gap(stream, range),
      restarts: (stream) => this.#restarting.add(stream),
      reached: (stream, position) => this.#tracker.reach(stream, position),
      socketEnded: () => this.opened(),
    });
  }

  /** A socket was opened: what belongs to the one before is over. */
  opened(): void {
    this.#tracker.socketEnded();
    this.#talk = this.#venue.open();
    this.#tracker.newSocket();
  }

  /**
   * @param where - Where the frame stands in the recording, for what can't be read.
   * @param atMs - When it came, where the recording says it.
   * @param known - In a recording of items: what the supervisor knew of it.
   */
  received(raw: Buffer, where: string, atMs = 0, known?: KnownPlace): void {
    const counts = this.#counts;
    counts.messages += 1;
    let read: ReadFrame;
    try {
      read = readFrame(this.#talk, raw, known?.topic);
      if (read.point !== undefined) check(read.point);
    } catch (error) {
      counts.invalid += 1;
      this.#firstInvalid ??= `${where}: ${messageOf(error)}`;
      return;
    }
    const kind = this.#sorter.kindOf(read);
    const point = known === undefined ? read.point : this.#pointOf(read.point, known);
    if (kind !== "data") counts[kind] += 1;
    else if (point === undefined) counts.unnumbered += 1;
    this.#take(point, read.message, raw, atMs, known);
    if (point !== undefined) this.#items.followed(point.stream);
  }

  #take(
    point: SequencePoint | undefined,
    message: unknown,
    raw: Buffer,
    atMs: number,
    known: KnownPlace | undefined,
  ): void {
    if (point !== undefined && this.#isJudgedBefore(known)) {
      this.#streams.count(point, { kind: this.#streams.has(point.stream) ? "next" : "first" });
    } else if (point === undefined || this.#judge(point, message, raw, atMs)) {
      this.#verify(message);
    }
  }

  /** Something that a recording of items says besides messages. */
  item(item: Extract<RecordedItem, { readonly kind: "other" }>, where: string): void {
    this.#hasItems = true;
    if (this.#items.take(item)) return;
    this.#counts.invalid += 1;
    this.#firstInvalid ??= `${where}: an item of kind "${item.name}" without its fields`;
  }

  /** The recording is over: what is held can be told no better any more. */
  account(): RecordingAccount {
    this.#tracker.socketEnded();
    const table = this.#streams;
    return {
      venue: this.#venue.id,
      messages: this.#counts.messages,
      pairs: table.total("pairs"),
      judged: table.total("judged"),
      gaps: table.total("gaps"),
      duplicates: table.total("duplicates"),
      stale: table.total("stale"),
      resets: table.total("resets"),
      invalid: this.#counts.invalid,
      firstInvalid: this.#firstInvalid,
      foreign: this.#counts.foreign,
      control: this.#counts.control,
      isControlMissing:
        this.#talk.numbersControl === true && !this.#hasItems && this.#counts.control === 0,
      unnumbered: this.#counts.unnumbered,
      checksums: this.#checksums.verified,
      mismatches: this.#checksums.mismatches,
      unfollowed: this.#tracker.unfollowed,
      told: this.#hasItems ? this.#items.account : undefined,
      streams: table.streams,
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
    for (const { point } of held) this.#streams.count(point, { kind: "stale" });
  }

  released(
    _stream: string,
    run: readonly Released<unknown>[],
    cause: "renumbered" | "stuck",
  ): void {
    const isRenumbered = cause === "renumbered";
    if (!isRenumbered) for (const { point } of run) this.#streams.takeBackDuplicate(point);
    run.forEach(({ point, gap, value }, index) => {
      const usual: SequenceVerdict = { kind: isRenumbered ? "next" : "alive" };
      const verdict: SequenceVerdict = gap === undefined ? usual : { kind: "gap", ...gap };
      this.#streams.count(point, isRenumbered && index === 0 ? { kind: "reset" } : verdict);
      this.#verify(value);
    });
  }

  // Within.

  /** Where a message of an item stands: by the venue's rules, or as the supervisor judged it. */
  #pointOf(own: SequencePoint | undefined, known: KnownPlace): SequencePoint | undefined {
    this.#hasItems = true;
    const { stream, position: last, first = last } = known;
    if (this.#isJudgedBefore(known)) {
      if (stream === undefined || first === undefined || last === undefined) return undefined;
      return { stream, first, last, scope: "connection" };
    }
    if (own === undefined || !this.#restarting.delete(own.stream)) return own;
    return { ...own, restarts: true };
  }

  /** Its numbers can't be judged a second time. */
  #isJudgedBefore(known: KnownPlace | undefined): boolean {
    return known !== undefined && this.#talk.numbersControl === true;
  }

  #verify(message: unknown): void {
    this.#checksums.verify(this.#talk, message);
  }

  /** False for what was there already, and for what is counted later. */
  #judge(point: SequencePoint, message: unknown, raw: Buffer, atMs: number): boolean {
    const unfollowed = this.#tracker.unfollowed;
    const verdict = this.#tracker.accept(point, raw, atMs);
    if (this.#tracker.unfollowed > unfollowed) return true;
    if (verdict.kind === "held" || verdict.kind === "duplicate") this.#tracker.keep(message);
    if (verdict.kind === "held") return false;
    this.#streams.count(point, this.#withoutTold(point, verdict));
    return verdict.kind !== "duplicate" && verdict.kind !== "stale";
  }

  /** A gap that was told as it was recorded is counted already. */
  #withoutTold({ stream }: SequencePoint, verdict: SequenceVerdict): SequenceVerdict {
    if (verdict.kind !== "gap") return verdict;
    const untold = this.#items.untold(stream, verdict);
    return untold === undefined ? { kind: "next" } : { kind: "gap", ...untold };
  }
}

/** @throws for what is no point, and for a name that is too long to be kept. */
function check(point: SequencePoint): void {
  checkPoint(point);
  const { length } = point.stream;
  if (length > MAX_NAME) throw new Error(`the name of its stream has ${length} characters`);
}
