/** Who takes the feed's items: listeners of `message`, and any number of independent iterators. */
import type { Clock } from "../system.ts";
import { checkInteger, checkKeys, checkMs, checkOneOf, checkSignal, checkSync } from "../check.ts";
import type { FeedItem, MessageItem } from "./items.ts";
import { MessageQueue, type MessagesOptions, type Pausable } from "./message-queue.ts";
import type { Publisher } from "./publisher.ts";
import type { Status } from "./status.ts";

/** The other parts of the supervisor, as the consumers know them. */
interface Others<M> {
  readonly publisher: Publisher<M>;
  readonly link: Pausable;
}

const none: readonly never[] = [];

export class Consumers<M> {
  readonly #clock: Clock;
  readonly #others: Others<M>;
  /** Copied on write, so that the data path walks a plain array. */
  #queues: readonly MessageQueue<M>[] = none;
  #pauses = 0;

  constructor(clock: Clock, others: Others<M>) {
    this.#clock = clock;
    this.#others = others;
  }

  /** False while nobody listens: no item need be made. */
  get isWanted(): boolean {
    return this.#queues.length > 0 || this.#others.publisher.hasMessageListeners;
  }

  /** Somebody iterates over the feed. */
  get isRead(): boolean {
    return this.#queues.length > 0;
  }

  message(item: MessageItem<M>): void {
    this.#others.publisher.message(item);
    for (const queue of this.#queues) queue.push(item);
  }

  /** A gap or reset, in band. Listeners get it as a fact. */
  mark(item: Exclude<FeedItem<M>, MessageItem<M>>): void {
    for (const queue of this.#queues) queue.push(item);
  }

  open(options: MessagesOptions<M>): MessageQueue<M> {
    checkKeys(options, "messages", ["highWaterMark", "overflow", "key", "pauseBudgetMs", "signal"]);
    checkSync(options.key, "key");
    checkInteger(options.highWaterMark, "highWaterMark", 1, 1);
    checkOneOf(
      options.overflow,
      "overflow",
      ["drop-oldest", "drop-newest", "conflate", "pause"],
      "drop-oldest",
    );
    checkMs(options.pauseBudgetMs, "pauseBudgetMs", 1, 1);
    checkSignal(options.signal, "signal");
    const { publisher } = this.#others;
    const queue = new MessageQueue({
      options,
      clock: this.#clock,
      source: this.#gate(),
      onOverflow: (overflow) => publisher.publish("overflow", { overflow }),
      onCallbackFailed: (error) => publisher.callbackFailed("messages().key", error),
      onEnd: () => {
        this.#queues = this.#queues.filter((other) => !other.isOver);
      },
    });
    if (!queue.isOver) this.#queues = [...this.#queues, queue];
    return queue;
  }

  end(failure?: Error): void {
    for (const queue of this.#queues) queue.end(failure);
  }

  queues(): Status["queues"] {
    return this.#queues.map((queue) => ({ depth: queue.depth, ...queue.counts }));
  }

  /** Several queues may want silence: the socket is read again when the last one has caught up. */
  #gate(): Pausable {
    const { link } = this.#others;
    return {
      pause: () => {
        this.#pauses += 1;
        link.pause();
      },
      resume: () => {
        this.#pauses -= 1;
        if (this.#pauses === 0) link.resume();
      },
    };
  }
}
