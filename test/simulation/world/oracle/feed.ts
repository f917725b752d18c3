/**
 * The feed: every message that the client decoded, judged by rules of our own, against what its
 * listeners were told; and at the end against the exchange's ledger. Invariants 11 to 14.
 */
import type { Fact, MessageItem, SequencePoint } from "../../../../src/index.ts";
import { proveAccount } from "../../../../src/cli/account.ts";
import type { ExchangeLedger, NumberRun } from "../../../../src/testing/index.ts";
import type { BinanceStreamMessage } from "../../../../src/venues/index.ts";
import type { Scene } from "../scene.ts";

/** What must come of the message that is being read. */
interface Expectation {
  readonly data: BinanceStreamMessage;
  readonly stream: string | undefined;
  readonly first: number;
  readonly last: number;
  /** When it was read. */
  readonly atMs: number;
  /** Numbers that must be told as missing before it. */
  readonly gap: NumberRun | undefined;
  isGapTold: boolean;
}

/** One stream as its consumers should have seen it. */
interface StreamView {
  last: number;
  /** Where it stood before its newest message, and before the gap before that. */
  before: readonly number[];
  readonly delivered: { first: number; last: number }[];
  readonly gaps: NumberRun[];
  readonly isContiguous: boolean;
  deliveries: number;
}

export class Feed {
  readonly #scene: Scene;
  readonly #streams = new Map<string, StreamView>();
  #expected: Expectation | undefined;
  delivered = 0;
  gaps = 0;
  duplicates = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** How often a stream has delivered. */
  deliveriesOf(stream: string): number {
    return this.#streams.get(stream)?.deliveries ?? 0;
  }

  /** Where each stream stands; and where it stood before, for whoever was closed in between. */
  positions(): ReadonlyMap<string, readonly number[]> {
    return new Map(
      [...this.#streams].map(([stream, { last, before }]) => [stream, [last, ...before]]),
    );
  }

  /** The client reads a message: `point` is what the user's functions say of it. */
  read(data: BinanceStreamMessage, point: SequencePoint | undefined): void {
    this.settled();
    if (point === undefined) {
      this.#expected = {
        data,
        stream: undefined,
        first: 0,
        last: 0,
        atMs: this.#scene.process.nowMs(),
        gap: undefined,
        isGapTold: true,
      };
      return;
    }
    const { stream } = point;
    const [first, last] = [Number(point.first), Number(point.last)];
    const isContiguous = point.rule?.kind !== "monotonic";
    const view = this.#streams.get(stream);
    if (view === undefined) {
      const fresh = { delivered: [], gaps: [], isContiguous, deliveries: 0 };
      this.#streams.set(stream, { last, before: [first - 1], ...fresh });
    } else if (last <= view.last) {
      this.duplicates += 1;
      return;
    }
    const expectedFirst = view === undefined ? first : view.last + 1;
    const isGap = isContiguous && first > expectedFirst;
    if (view !== undefined) [view.last, view.before] = [last, [view.last, first - 1]];
    const gap = isGap ? { first: expectedFirst, last: first - 1 } : undefined;
    const atMs = this.#scene.process.nowMs();
    this.#expected = { data, stream, first, last, atMs, gap, isGapTold: !isGap };
  }

  /** A listener was told a gap. */
  gapTold({ stream, from, to }: Fact<"gap">): void {
    const expected = this.#expected;
    this.gaps += 1;
    const isRight =
      expected?.stream === stream &&
      !expected.isGapTold &&
      expected.gap?.first === from &&
      expected.gap.last === to;
    if (!isRight) {
      this.#scene.violate("14 true gaps", `a gap of ${stream} ${from}…${to} that there is not`);
      return;
    }
    expected.isGapTold = true;
    this.#streams.get(stream)?.gaps.push({ first: from, last: to });
  }

  /** A listener was given a message. */
  given(item: MessageItem<BinanceStreamMessage>): void {
    const expected = this.#expected;
    this.#expected = undefined;
    this.delivered += 1;
    const { stream, first, position } = item;
    if (expected === undefined || expected.data !== item.data || expected.stream !== stream) {
      this.#scene.violate("12 order", `${stream} ${position} came, and should not`);
      return;
    }
    if (Math.abs(item.receivedAtMs - expected.atMs) > 1) {
      this.#scene.violate("12 order", `${stream} ${position} came at ${item.receivedAtMs}`);
    }
    if (!expected.isGapTold) {
      this.#scene.violate("13 completeness", `the gap before ${stream} ${first} was not told`);
    }
    if (stream === undefined) return;
    if (first !== expected.first || position !== expected.last) {
      this.#scene.violate("12 order", `${stream} ${first}…${position} is not what came`);
    }
    const view = this.#streams.get(stream);
    if (view === undefined) return;
    view.deliveries += 1;
    extend(view.delivered, expected);
  }

  /** Nothing is owed to listeners any more. */
  settled(): void {
    const expected = this.#expected;
    if (expected === undefined) return;
    this.#expected = undefined;
    const { stream, last, isGapTold } = expected;
    const { violate, character } = this.#scene;
    if (!isGapTold) violate("13 completeness", `the gap before ${stream} ${last} was not told`);
    if (!character.hasTap) return;
    violate("13 completeness", `${stream} ${last} was read, and given to nobody`);
  }

  /** The user closed it while the message was on its way: nothing is owed any more. */
  forget(): void {
    this.#expected = undefined;
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
        // One that was told to a listener who closed it has no message behind it.
        gaps: gaps.filter(({ last }) => last < (delivered.at(-1)?.last ?? 0)),
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
