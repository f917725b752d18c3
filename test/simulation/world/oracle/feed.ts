/**
 * The feed: every message that the client decoded, judged by rules of our own, against what its
 * listeners were told; and at the end against the exchange's ledger. Invariants 11 to 14.
 */
import type { Fact, MessageItem, SequencePoint } from "../../../../src/index.ts";
import { proveAccount } from "../../../../src/cli/account.ts";
import type { ExchangeLedger, NumberRun } from "../../../../src/testing/index.ts";
import type { BinanceStreamMessage } from "../../../../src/venues/index.ts";
import type { Scene } from "../scene.ts";
import { Repairs } from "./repairs.ts";
import { Silence } from "./silence.ts";
import { UnreliableStreams, type UnreliableParts } from "./unreliable-streams.ts";
import type { Truth } from "../numbering.ts";

/** What must come of a message that was read. */
export interface Expectation {
  readonly data: BinanceStreamMessage;
  readonly stream: string | undefined;
  readonly first: number;
  readonly last: number;
  /** When it was read. */
  readonly atMs: number;
  /** Its stream begins anew with it, says the venue. */
  readonly isRestart: boolean;
}

/** What the world knows of a message beside its number. */
export interface Reading {
  /** Where numbers may lie. */
  readonly truth: Truth | undefined;
  /** The user's `verify` says no of it. */
  readonly isWrong: boolean;
}

/** What must be told before the message that is being read is delivered. */
interface Duties {
  readonly stream: string;
  /** Numbers that are missing before it. */
  readonly gap: NumberRun | undefined;
  readonly reset: boolean;
  /** Its checksum is wrong. */
  readonly mismatch: boolean;
  readonly invalid: "gap" | "start" | "checksum" | undefined;
}

/** One stream as its consumers should have seen it. */
interface StreamView {
  last: number;
  /** The last number that a snapshot had of it. */
  reached: number;
  /** Where it stood before its newest message, and before the gap before that. */
  before: readonly number[];
  readonly delivered: { first: number; last: number }[];
  readonly gaps: NumberRun[];
  readonly isContiguous: boolean;
  deliveries: number;
}

type Duty = "gap" | "reset" | "mismatch" | "invalid";

export interface FeedParts extends UnreliableParts {
  /** Wanted, and confirmed on the open socket. */
  readonly isServed: (topic: string) => boolean;
}

interface ServedSnapshot {
  readonly position: number;
  /** The exchange's own number. */
  readonly reached: number;
  readonly data: unknown;
}

export class Feed {
  readonly #scene: Scene;
  readonly #streams = new Map<string, StreamView>();
  readonly repairs: Repairs;
  readonly unreliable: UnreliableStreams;
  readonly silence: Silence;
  /** What must be delivered next, in this order. */
  #owed: Expectation[] = [];
  /** The message that is being read, where it must wait for a snapshot. */
  #holding: Expectation | undefined;
  /** What must be told before that, in this order. */
  #duties: Duty[] = [];
  #duty: Duties | undefined;
  /** The stream that has just begun anew: it may be said to be valid. */
  #restarted: string | undefined;
  delivered = 0;
  gaps = 0;
  resets = 0;
  duplicates = 0;
  mismatches = 0;
  /** What the user's `verify` says of the message that is being read. */
  #isRight = true;

  constructor(scene: Scene, parts: FeedParts) {
    this.#scene = scene;
    this.silence = new Silence(scene, {
      isServed: parts.isServed,
      isInvalid: (topic) => this.invalid.includes(topic),
    });
    this.unreliable = new UnreliableStreams(scene, parts);
    this.repairs = new Repairs(scene, this.unreliable, parts.isWanted);
  }

  /** How often a stream has delivered. */
  deliveriesOf(stream: string): number {
    return (this.#streams.get(stream)?.deliveries ?? 0) + this.unreliable.deliveriesOf(stream);
  }

  /**
   * Where each stream that is whole stands; and where it stood before, for whoever was closed in between.
   */
  positions(): ReadonlyMap<string, readonly number[]> {
    const { invalid } = this.repairs;
    return new Map(
      [...this.#streams]
        .filter(
          ([stream]) =>
            !this.unreliable.has(stream) &&
            !invalid.includes(stream) &&
            this.repairs.strategyOf(stream) === "none",
        )
        .map(([stream, { last, before }]) => [stream, [last, ...before]]),
    );
  }

  /** Streams of which it was told by now that they are not whole. */
  get invalid(): readonly string[] {
    const untold = this.#duties.includes("invalid") ? this.#duty?.stream : undefined;
    return [
      ...this.repairs.invalid.filter((stream) => stream !== untold),
      ...this.unreliable.invalid,
    ];
  }

  /** It has not been read before, nor anything that follows it. */
  isNew({ stream, last }: SequencePoint, truth: Truth | undefined): boolean {
    if (truth !== undefined && this.unreliable.has(stream)) {
      return this.unreliable.isNew(stream, truth);
    }
    return last > (this.#streams.get(stream)?.last ?? -Infinity);
  }

  /** The numbers of this stream are not believed any more. */
  distrust(stream: string): void {
    const view = this.#streams.get(stream);
    if (view === undefined) return;
    const isInvalid = this.repairs.invalid.includes(stream);
    const { isContiguous, last } = view;
    const held = this.repairs.abandon(stream);
    this.unreliable.takeOver(stream, { isContiguous, known: last, held, isInvalid });
    this.#streams.delete(stream);
  }

  /** What the user's `verify` says now. */
  isChecksumRight(): boolean {
    return this.#isRight;
  }

  /** The user's function gave a snapshot, which has all up to `reached`, whatever its number is. */
  served(stream: string, snapshot: ServedSnapshot): void {
    const { position, reached, data } = snapshot;
    if (this.unreliable.has(stream)) this.unreliable.served(data, reached);
    else this.repairs.served(stream, position, data);
  }

  /** The client reads a message: `point` is what the user's functions say of it. True where it is new. */
  read(data: BinanceStreamMessage, point: SequencePoint | undefined, reading: Reading): boolean {
    this.settled();
    if (point !== undefined) this.#trustAgain(point.stream);
    const truth = reading.truth ?? truthOf(point);
    if (point !== undefined && truth !== undefined && this.unreliable.has(point.stream)) {
      return this.#readUnreliable(data, point, truth);
    }
    const atMs = this.#scene.process.nowMs();
    if (point === undefined) {
      this.#owed = [{ data, stream: undefined, first: 0, last: 0, atMs, isRestart: false }];
      return true;
    }
    const { stream } = point;
    const [first, last] = [Number(point.first), Number(point.last)];
    const isContiguous = point.rule?.kind !== "monotonic";
    const isRestart = point.restarts === true;
    const view = this.#streams.get(stream);
    const message = { data, stream, first, last, atMs, isRestart };
    const mismatch = reading.isWrong && !(view !== undefined && last <= view.last);
    this.#isRight = !mismatch;
    if (view === undefined) {
      const fresh = { delivered: [], gaps: [], isContiguous, deliveries: 0 };
      this.#streams.set(stream, { last, reached: -Infinity, before: [first - 1], ...fresh });
      const isInvalid = isContiguous && !isRestart && this.repairs.breaks(stream, "start");
      const isUnsound = mismatch && this.repairs.breaks(stream, "checksum");
      this.#owes(message, {
        stream,
        gap: undefined,
        reset: false,
        mismatch,
        invalid: isInvalid ? "start" : isUnsound ? "checksum" : undefined,
      });
      return true;
    }
    if (last < view.last && !isRestart && truth !== undefined) {
      // Late, told again, or a numbering that starts over: what becomes of it is judged by what it is.
      this.distrust(stream);
      return this.#readUnreliable(data, point, truth);
    }
    if (last <= view.last) {
      this.duplicates += 1;
      return false;
    }
    this.unreliable.spoke(stream);
    this.silence.read(stream);
    // What a snapshot has is not missing: one that was fetched, or the venue's own.
    const hadTo = isRestart ? first - 1 : Math.min(view.reached, first - 1);
    if (hadTo > view.last) view.gaps.push({ first: view.last + 1, last: hadTo });
    const missed = { first: Math.max(view.last, hadTo) + 1, last: first - 1 };
    const isGap = isContiguous && first > missed.first;
    if (isRestart) view.reached = -Infinity;
    [view.last, view.before] = [last, [view.last, first - 1]];
    const isInvalid = isGap && this.repairs.breaks(stream, "gap");
    const isUnsound = mismatch && this.repairs.breaks(stream, "checksum");
    this.#owes(message, {
      stream,
      gap: isGap ? missed : undefined,
      reset: isRestart,
      mismatch,
      invalid: isInvalid ? "gap" : isUnsound ? "checksum" : undefined,
    });
    return true;
  }

  #readUnreliable(data: BinanceStreamMessage, point: SequencePoint, truth: Truth): boolean {
    const isNew = this.unreliable.isNew(point.stream, truth);
    this.unreliable.read(data, point, truth);
    // A copy is dropped, and that is told once in a minute only.
    if (isNew && !this.unreliable.mayBeCopy(point.stream)) this.silence.read(point.stream);
    return isNew;
  }

  /** A stream whose numbers never lied is judged by them again, once nothing of it is in doubt. */
  #trustAgain(stream: string): void {
    const last = this.unreliable.giveBack(stream);
    if (last === undefined) return;
    const isContiguous = !stream.endsWith("@bookTicker");
    const fresh = { delivered: [], gaps: [], isContiguous, deliveries: 0 };
    this.#streams.set(stream, { last, reached: -Infinity, before: [last], ...fresh });
  }

  /** A listener was told a gap. */
  gapTold({ stream, from, to }: Fact<"gap">): void {
    this.gaps += 1;
    if (this.unreliable.has(stream)) return;
    const gap = this.#duty?.gap;
    const isRight = this.#fulfils("gap", stream) && gap?.first === from && gap.last === to;
    if (!isRight) {
      this.#scene.violate("14 true gaps", `a gap of ${stream} ${from}…${to} that there is not`);
      return;
    }
    this.#streams.get(stream)?.gaps.push(gap);
  }

  resetTold({ stream }: Fact<"reset">): void {
    this.resets += 1;
    if (this.unreliable.has(stream)) return;
    if (!this.#fulfils("reset", stream)) {
      this.#scene.violate("14 true gaps", `a reset of ${stream} that there is not`);
    }
  }

  mismatchTold({ stream }: Fact<"mismatch">): void {
    this.mismatches += 1;
    if (!this.#fulfils("mismatch", stream)) {
      this.#scene.violate("14 true gaps", `a mismatch of ${stream} that there is not`);
    }
  }

  invalidTold({ stream, cause }: Fact<"invalid">): void {
    if (this.unreliable.has(stream)) return;
    if (!this.#fulfils("invalid", stream) || this.#duty?.invalid !== cause) {
      this.#scene.violate("whole streams", `${stream} is invalid (${cause}), and should not`);
    }
  }

  snapshotTold(fact: Fact<"snapshot">): void {
    this.settled();
    if (this.unreliable.has(fact.stream)) return;
    const follow = this.repairs.snapshotTold(fact);
    const view = this.#streams.get(fact.stream);
    if (view !== undefined) view.reached = Number(fact.position);
    if (this.#scene.character.hasTap) this.#owed = [...follow];
  }

  validTold({ stream }: Fact<"valid">): void {
    this.settled();
    if (this.unreliable.has(stream)) return;
    this.repairs.validTold(stream, this.#restarted === stream);
    this.#restarted = undefined;
  }

  /** A listener was given a message. */
  given(item: MessageItem<BinanceStreamMessage>): void {
    this.#holds();
    this.delivered += 1;
    const { stream, first, position } = item;
    if (stream !== undefined) this.silence.given(stream);
    if (stream !== undefined && this.unreliable.has(stream)) {
      this.unreliable.given(item);
      return;
    }
    // Whoever is given what had waited may end another stream, which lets go in the midst of that.
    if (stream !== undefined && this.#owed[0]?.data !== item.data) {
      this.#owed = [...(this.repairs.release(stream, item.data) ?? []), ...this.#owed];
    }
    const expected = this.#owed.shift();
    if (expected === undefined || expected.data !== item.data || expected.stream !== stream) {
      this.#scene.violate("12 order", `${stream} ${position} came, and should not`);
      return;
    }
    if (Math.abs(item.receivedAtMs - expected.atMs) > 1) {
      this.#scene.violate("12 order", `${stream} ${position} came at ${item.receivedAtMs}`);
    }
    this.#dutiesDone(`before ${stream} ${first}`);
    if (stream === undefined) return;
    if (first !== expected.first || position !== expected.last) {
      this.#scene.violate("12 order", `${stream} ${first}…${position} is not what came`);
    }
    if (expected.isRestart) {
      this.#restarted = stream;
      this.repairs.restarted(stream);
    }
    const view = this.#streams.get(stream);
    if (view === undefined) return;
    view.deliveries += 1;
    extend(view.delivered, expected);
  }

  /** Nothing is owed to listeners any more. */
  settled(): void {
    this.#dutiesDone("before the next");
    this.#holds();
    this.#isRight = true;
    const [owed] = this.#owed;
    this.#owed = [];
    if (owed === undefined || !this.#scene.character.hasTap) return;
    const { stream, last } = owed;
    if (stream !== undefined && this.repairs.maybeHolds(stream, owed)) return;
    this.#scene.violate("13 completeness", `${stream} ${last} was read, and given to nobody`);
  }

  /** The user closed it while messages were on their way: nothing is owed any more. */
  forget(): void {
    // It is counted all the same, and nobody is there to be told.
    if (this.#duties.includes("mismatch")) this.mismatches += 1;
    this.#owed = [];
    this.#duties = [];
    this.#holding = undefined;
    this.repairs.closed();
  }

  /** The fast tries of a recovery are used up. */
  givenUp(stream: string, tries: number): void {
    this.#holds();
    if (!this.unreliable.has(stream)) this.repairs.givenUp(stream, tries);
  }

  /** Something was dropped. */
  overflowTold(fact: Fact<"overflow">): void {
    this.#holds();
    this.repairs.overflowTold(fact);
  }

  /** What is read waits, now that all was told that is told before. */
  #holds(): void {
    const { stream } = this.#holding ?? {};
    if (this.#holding === undefined || stream === undefined) return;
    this.repairs.hold(stream, this.#holding);
    this.#holding = undefined;
  }

  #owes(message: Expectation, duties: Duties): void {
    const { stream, gap, reset, mismatch, invalid } = duties;
    this.#duty = duties;
    if (gap !== undefined) this.#duties.push("gap");
    if (reset) this.#duties.push("reset");
    // What a checksum shows is found after what numbers show.
    if (mismatch && invalid === "checksum") this.#duties.push("mismatch", "invalid");
    else if (invalid !== undefined) this.#duties.push("invalid");
    if (mismatch && invalid !== "checksum") this.#duties.push("mismatch");
    const reading = this.repairs.read(stream, message);
    // A snapshot has had it.
    if (reading === "cover") this.silence.given(stream);
    const isOwed = reading === "deliver";
    if (reading === "hold") this.#holding = message;
    if (isOwed) this.#owed = [message];
    if (isOwed && message.isRestart && !this.#scene.character.hasTap) {
      this.#restarted = stream;
      this.repairs.restarted(stream);
    }
  }

  /** What is told now is what had to be told next. */
  #fulfils(what: Duty, stream: string): boolean {
    if (this.#duties[0] !== what || this.#duty?.stream !== stream) return false;
    this.#duties.shift();
    return true;
  }

  #dutiesDone(when: string): void {
    for (const what of this.#duties) {
      const { stream } = this.#duty ?? {};
      this.#scene.violate("13 completeness", `a ${what} of ${stream} was not told ${when}`);
    }
    this.#duties = [];
  }

  /** At the end: the exchange's own account against the listener's. */
  prove(ledger: ExchangeLedger): void {
    if (!this.#scene.character.hasTap) return;
    const sides = [...this.#streams]
      .filter(([, { isContiguous }]) => isContiguous)
      .map(([stream, { delivered, gaps }]) => ({
        stream,
        emitted: ledger.streams.get(stream)?.runs ?? [],
        delivered,
        // Before the first that was delivered, and after the last, nothing is owed; nor is there a message
        // behind a gap that was told to a listener who closed it.
        gaps: [...gaps, ...(this.repairs.covered.get(stream) ?? [])].filter(
          ({ first, last }) =>
            first > (delivered[0]?.first ?? Infinity) && last < (delivered.at(-1)?.last ?? 0),
        ),
      }));
    for (const problem of proveAccount(sides).problems) {
      this.#scene.violate("13 completeness", problem);
    }
  }
}

function extend(runs: { first: number; last: number }[], { first, last }: NumberRun): void {
  const run = runs.at(-1);
  if (run !== undefined && first === run.last + 1) run.last = last;
  else runs.push({ first, last });
}

/** Where no number lies a message is what its numbers say. */
function truthOf(point: SequencePoint | undefined): Truth | undefined {
  if (point === undefined) return undefined;
  const [first, last] = [Number(point.first), Number(point.last)];
  return { first, last, epoch: 0, isRetold: false, isMarked: false, isOdd: false };
}
