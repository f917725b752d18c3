/**
 * One `messages()` iterator, item by item: an unbroken chain of numbers, where each link is a message,
 * a gap or an overflow. Invariants 12 to 15 for those who read slowly.
 */
import type { FeedItem } from "../../../../src/index.ts";
import type { BinanceStreamMessage } from "../../../../src/venues/index.ts";
import type { Scene } from "../scene.ts";
import type { IterateStep } from "../steps.ts";

export type Item = FeedItem<BinanceStreamMessage>;

export class ConsumerView {
  readonly options: IterateStep;
  readonly #scene: Scene;
  readonly #onGone: (view: ConsumerView) => void;
  readonly #last = new Map<string, number>();
  #ends: ReadonlyMap<string, readonly number[]> | undefined;
  #isLeft = false;
  taken = 0;

  /** @param onGone - Told when the iterator is no longer fed. */
  constructor(scene: Scene, options: IterateStep, onGone: (view: ConsumerView) => void) {
    this.#scene = scene;
    this.options = options;
    this.#onGone = onGone;
  }

  /** The next item of the iterator. */
  took(item: Item): void {
    this.taken += 1;
    switch (item.kind) {
      case "message":
        if (item.stream === undefined) return;
        this.#chain(item.stream, Number(item.first), Number(item.position), "a message");
        return;
      case "gap":
        this.#chain(item.stream, Number(item.from), Number(item.to), "a gap");
        return;
      case "overflow":
        if (item.dropped === 0 && item.streams.length === 0) {
          this.#scene.violate("15 bounds", "an overflow of nothing");
        }
        for (const { stream, from, to } of item.streams) {
          this.#chain(stream, Number(from), Number(to), "an overflow");
        }
        return;
      case "reset":
        this.#scene.violate("14 true gaps", `a reset of ${item.stream}: there is none here`);
    }
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
      if (this.#ends.get(stream)?.includes(last) === true) continue;
      this.#scene.violate("13 completeness", `an iterator ends at ${stream} ${last}`);
    }
  }

  checkDepth(depth: number): void {
    const { highWaterMark, overflow } = this.options;
    const most = highWaterMark + (overflow === "pause" ? 32_768 : 0);
    if (depth > most) this.#scene.violate("15 bounds", `${depth} items wait, at most ${most}`);
  }

  #chain(stream: string, first: number, last: number, what: string): void {
    const before = this.#last.get(stream);
    this.#last.set(stream, last);
    if (before === undefined) return;
    // A ticker's numbers jump, and what was conflated left no trace of its numbers.
    const mayJump = stream.endsWith("@bookTicker") || this.options.overflow === "conflate";
    const isNext = mayJump ? first > before : first === before + 1;
    if (!isNext) {
      this.#scene.violate(
        first <= before ? "12 order" : "13 completeness",
        `${what} of ${stream} ${first}…${last} after ${before}, in an iterator (${this.options.overflow})`,
      );
    }
  }
}
