/**
 * One `messages()` iterator, item by item: an unbroken chain of numbers, where each link is a message,
 * a gap or an overflow. Invariants 12 to 15 for those who read slowly.
 */
import type { FeedItem } from "../../../../src/index.ts";
import type { BinanceStreamMessage } from "../../../../src/venues/index.ts";
import type { Scene } from "../scene.ts";
import type { IterateStep } from "../steps.ts";

export type Item = FeedItem<BinanceStreamMessage>;

/** What an iterator finds when it is made, and whose numbers are not to be believed. */
interface StreamsView {
  readonly invalid: readonly string[];
  readonly isUnreliable: (stream: string) => boolean;
}

export class ConsumerView {
  readonly options: IterateStep;
  readonly #scene: Scene;
  readonly #isUnreliable: (stream: string) => boolean;
  readonly #onGone: (view: ConsumerView) => void;
  readonly #last = new Map<string, number>();
  /** Streams that are not whole, as far as this iterator was told; undefined where that was dropped. */
  readonly #isInvalid = new Map<string, boolean | undefined>();
  /** Streams of which the last item has told that numbers are missing. */
  #gapsBefore: readonly string[] = [];
  /** A snapshot was given, and nothing that follows it yet. */
  readonly #joining = new Set<string>();
  #ends: ReadonlyMap<string, readonly number[]> | undefined;
  #isLeft = false;
  taken = 0;

  /** @param onGone - Told when the iterator is no longer fed. */
  constructor(
    scene: Scene,
    options: IterateStep,
    { invalid, isUnreliable }: StreamsView,
    onGone: (view: ConsumerView) => void,
  ) {
    for (const stream of invalid) this.#isInvalid.set(stream, true);
    this.#scene = scene;
    this.#isUnreliable = isUnreliable;
    this.options = options;
    this.#onGone = onGone;
  }

  /** The next item of the iterator. */
  took(item: Item): void {
    this.taken += 1;
    const gapsBefore = this.#gapsBefore;
    this.#gapsBefore = gapsOf(item);
    switch (item.kind) {
      case "message":
        if (item.stream === undefined) return;
        this.#chain(item.stream, Number(item.first), Number(item.position), "a message");
        return;
      case "gap":
        this.#chain(item.stream, Number(item.from), Number(item.to), "a gap");
        return;
      case "overflow":
        if (item.dropped + item.streams.length + item.resets.length === 0) {
          this.#scene.violate("15 bounds", "an overflow of nothing");
        }
        for (const stream of item.resets) this.#loseTrack(stream);
        for (const { stream, from, to } of item.streams) {
          this.#chain(stream, Number(from), Number(to), "an overflow");
        }
        return;
      case "reset":
        this.#last.delete(item.stream);
        return;
      case "invalid":
        if (item.cause === "gap" && !gapsBefore.includes(item.stream))
          this.#wrong(item, "without its gap");
        if (this.#isInvalid.get(item.stream) === true) this.#wrong(item, "twice");
        this.#isInvalid.set(item.stream, true);
        this.#joining.delete(item.stream);
        return;
      case "snapshot":
        if (this.#isInvalid.get(item.stream) === false)
          this.#wrong(item, "of a stream that is whole");
        this.#joining.add(item.stream);
        this.#last.set(item.stream, Number(item.position));
        return;
      case "valid":
        if (this.#isInvalid.get(item.stream) === false) this.#wrong(item, "twice");
        if (this.#isInvalid.get(item.stream) === undefined) this.#last.delete(item.stream);
        this.#isInvalid.set(item.stream, false);
        return;
    }
  }

  #wrong({ kind, stream }: { readonly kind: string; readonly stream: string }, what: string): void {
    if (this.#isUnreliable(stream)) return;
    this.#scene.violate("whole streams", `${kind} of ${stream} ${what}, in an iterator`);
  }

  /** What was dropped may have said anything of a stream. */
  #loseTrack(stream: string): void {
    this.#isInvalid.set(stream, undefined);
    this.#joining.delete(stream);
    this.#last.delete(stream);
  }

  /** No more comes: where the streams stand now is where it must end. */
  ends(positions: ReadonlyMap<string, readonly number[]>): void {
    this.#ends ??= positions;
    this.#onGone(this);
  }

  /** The user has had enough of it: where it ends is nobody's business. */
  leaves(): void {
    this.#isLeft = true;
    this.#onGone(this);
  }

  /** It has read all there was: what others were given it was given, or told of. */
  finished(): void {
    if (this.#isLeft || this.options.overflow === "conflate" || this.#ends === undefined) return;
    for (const [stream, last] of this.#last) {
      const ends = this.#ends.get(stream);
      if (ends === undefined || ends.includes(last)) continue; // some wait, where a stream can be recovered
      this.#scene.violate("13 completeness", `an iterator ends at ${stream} ${last}`);
    }
  }

  checkDepth(depth: number): void {
    const { highWaterMark, overflow } = this.options;
    const most = highWaterMark + (overflow === "pause" ? 32_768 : 0);
    if (depth > most) this.#scene.violate("15 bounds", `${depth} items wait, at most ${most}`);
  }

  #chain(stream: string, first: number, last: number, what: string): void {
    // What a listener is given of these is judged, and an iterator is given the same.
    if (this.#isUnreliable(stream)) return;
    const isWhole = this.#isInvalid.get(stream) === false || !this.#isInvalid.has(stream);
    const isJoining = this.#joining.has(stream);
    // Of a stream that is not whole some waits, and may lie before what is told now.
    if (!isWhole && !isJoining && what !== "a message") return;
    const before = this.#last.get(stream);
    this.#last.set(stream, last);
    this.#joining.delete(stream);
    if (before === undefined) return;
    // A ticker's numbers jump, and what was conflated left no trace of its numbers.
    const mayJump = stream.endsWith("@bookTicker") || this.options.overflow === "conflate";
    const isNext = isJoining
      ? last > before && (mayJump || first <= before + 1) // the snapshot may have some of it
      : isWhole && !mayJump
        ? first === before + 1
        : first > before;
    if (!isNext) {
      this.#scene.violate(
        first <= before ? "12 order" : "13 completeness",
        `${what} of ${stream} ${first}…${last} after ${before}, in an iterator (${this.options.overflow})`,
      );
    }
  }
}

function gapsOf(item: Item): readonly string[] {
  if (item.kind === "gap") return [item.stream];
  return item.kind === "overflow" ? item.streams.map(({ stream }) => stream) : [];
}
