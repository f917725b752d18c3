/** One `messages()` iterator in the user's hands: read at once, or a few items now and then. */
import type { BinanceStreamMessage } from "../../../src/venues/index.ts";
import { ConnectionFailedError, type FeedItem } from "../../../src/index.ts";
import type { ConsumerView } from "./oracle/consumer.ts";
import type { Process } from "./process.ts";

export interface ConsumerParts {
  readonly items: AsyncIterableIterator<FeedItem<BinanceStreamMessage>>;
  readonly controller: AbortController;
  readonly view: ConsumerView;
  readonly process: Process;
  readonly onWrong: (detail: string) => void;
}

export class Consumer {
  readonly view: ConsumerView;
  readonly #parts: ConsumerParts;
  #left: number;
  #isReading = false;
  isDone = false;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.view = parts.view;
    this.#left = parts.view.options.isEager ? Infinity : 0;
    this.#read();
  }

  /** Reads that many more items, as they come. */
  read(items: number): void {
    this.#left += items;
    this.#read();
  }

  /** It has had enough. */
  leave(how: "return" | "abort"): void {
    const { items, controller, process, view } = this.#parts;
    if (how === "abort") {
      view.leaves();
      controller.abort();
    } else {
      view.leaves();
      if (items.return !== undefined) void process.awaits(items.return());
    }
  }

  #read(): void {
    if (this.#isReading || this.isDone) return;
    this.#isReading = true;
    void this.#readAll();
  }

  async #readAll(): Promise<void> {
    const { items, view, process, onWrong } = this.#parts;
    try {
      while (this.#left > 0) {
        this.#left -= 1;
        const { value, done } = await process.awaits(items.next());
        if (done === true) {
          this.isDone = true;
          view.finished();
          return;
        }
        view.took(value);
      }
      this.#isReading = false;
    } catch (error) {
      this.isDone = true;
      view.finished();
      if (!(error instanceof ConnectionFailedError)) onWrong(`an iterator threw ${String(error)}`);
    }
  }
}
