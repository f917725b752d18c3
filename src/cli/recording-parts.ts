/** Whether a recording of `connect --record` is there from its beginning to its end, part by part. Pure. */
import type { RecordedItem } from "../testing/exchange/recording-items.ts";
import type { ReadingEnd } from "./check-verdict.ts";

type PartItem = Extract<RecordedItem, { readonly kind: "recording" | "recording.ended" }>;

export class RecordingParts {
  /** The part that is being read. */
  #open: number | undefined;
  #last: number | undefined;
  #end: ReadingEnd | undefined;
  #line = 0;

  take(item: PartItem, line: number): void {
    this.#line = line;
    if (item.kind === "recording.ended") {
      this.#open = undefined;
      return;
    }
    const { part } = item;
    if (this.#open !== undefined) this.#cut(`part ${this.#open} was not ended by who wrote it`);
    else if (this.#last !== undefined && part !== this.#last + 1) {
      this.#cut(`part ${part} follows part ${this.#last}`);
    }
    this.#open = part;
    this.#last = part;
  }

  /** Asked when all is read: where something is missing first. */
  endAt(line: number): ReadingEnd | undefined {
    this.#line = line;
    if (this.#open !== undefined) this.#cut(`part ${this.#open} was not ended by who wrote it`);
    return this.#end;
  }

  #cut(why: string): void {
    this.#end ??= { kind: "cut", line: this.#line, why };
  }
}
