/**
 * What a queue dropped, and where: marks that stand in band at the place of what is missing.
 *
 * `drop-oldest` leaves its mark at the head (merged with the mark already there), `drop-newest` at the
 * tail (merged while nothing was queued since). Counts are exact; ranges are kept for a bounded number
 * of streams.
 */
import { Queue } from "../queue.ts";
import type { Position } from "../sequence/point.ts";
import type { DroppedRange, FeedItem, OverflowItem } from "./items.ts";

const MAX_STREAMS = 64;
/** A consumer that never catches up is reported on again after so many. */
const REPORT_EVERY = 1_000;

interface Range {
  from: Position;
  to: Position;
  messages: number;
}

interface Mark {
  /** Stands before the queue's item of this index. */
  before: number;
  dropped: number;
  readonly streams: Map<string, Range>;
  readonly resets: Set<string>;
}

export class DropLog {
  readonly #report: (overflow: OverflowItem) => void;
  readonly #marks = new Queue<Mark>();
  #burst: Mark = newMark(0);

  constructor(report: (overflow: OverflowItem) => void) {
    this.#report = report;
  }

  /** The oldest item gave way; the head is now at `head`. */
  addHead(item: FeedItem<unknown>, head: number): void {
    const marks = this.#marks;
    const first = marks.first;
    const mark = first !== undefined && first.before <= head ? first : newMark(head);
    // A mark of drop-newest may have been passed over by the head.
    for (; marks.first !== undefined && marks.first.before <= head; marks.take()) {
      if (marks.first !== mark) merge(mark, marks.first);
    }
    mark.before = head;
    marks.putFirst(mark);
    this.#note(mark, item);
  }

  /** The newest item gave way; the queue's end is at `tail`. */
  addTail(item: FeedItem<unknown>, tail: number): void {
    let mark = this.#marks.last;
    if (mark === undefined || mark.before !== tail) {
      mark = newMark(tail);
      this.#marks.push(mark);
    }
    this.#note(mark, item);
  }

  /** The mark that stands before the item at `head`, taken out. */
  takeBefore(head: number): OverflowItem | undefined {
    const mark = this.#marks.first;
    if (mark === undefined || mark.before > head) return undefined;
    this.#marks.take();
    return toItem(mark);
  }

  /** A mark at the very end, taken out. */
  takeTail(): OverflowItem | undefined {
    const mark = this.#marks.take();
    return mark === undefined ? undefined : toItem(mark);
  }

  /** Nobody reads on: the marks go with the items. */
  clear(): void {
    this.#marks.clear();
  }

  /** Indices moved down by `count`. */
  shift(count: number): void {
    this.#marks.forEach((mark) => {
      mark.before -= count;
    });
  }

  /** The burst is over, or long: one report for all of it. */
  flush(): void {
    if (this.#burst.dropped === 0) return;
    const burst = this.#burst;
    this.#burst = newMark(0);
    this.#report(toItem(burst));
  }

  #note(mark: Mark, item: FeedItem<unknown>): void {
    note(mark, item);
    note(this.#burst, item);
    if (this.#burst.dropped >= REPORT_EVERY) this.flush();
  }
}

function newMark(before: number): Mark {
  return { before, dropped: 0, streams: new Map(), resets: new Set() };
}

function note(mark: Mark, item: FeedItem<unknown>): void {
  switch (item.kind) {
    case "message":
      mark.dropped += 1;
      if (item.stream !== undefined && item.position !== undefined) {
        const { stream, position, first = position } = item;
        extend(mark, stream, { from: first, to: position, messages: 1 });
      }
      return;
    case "overflow":
      mark.dropped += item.dropped;
      for (const { stream, ...range } of item.streams) extend(mark, stream, range);
      for (const stream of item.resets) addReset(mark, stream);
      return;
    case "gap":
      extend(mark, item.stream, { from: item.from, to: item.to, messages: 0 });
      return;
    case "reset":
    case "invalid":
    case "snapshot":
    case "valid":
      addReset(mark, item.stream);
      return;
  }
}

function addReset(mark: Mark, stream: string): void {
  if (mark.resets.size < MAX_STREAMS) mark.resets.add(stream);
}

function extend(mark: Mark, stream: string, { from, to, messages }: Range): void {
  const range = mark.streams.get(stream);
  if (range !== undefined) {
    if (from < range.from) range.from = from;
    if (to > range.to) range.to = to;
    range.messages += messages;
  } else if (mark.streams.size < MAX_STREAMS) {
    mark.streams.set(stream, { from, to, messages });
  }
}

function merge(into: Mark, from: Mark): void {
  into.dropped += from.dropped;
  for (const [stream, range] of from.streams) extend(into, stream, range);
  for (const stream of from.resets) addReset(into, stream);
}

function toItem({ dropped, streams, resets }: Mark): OverflowItem {
  const ranges: DroppedRange[] = [...streams].map(([stream, range]) => ({ stream, ...range }));
  return { kind: "overflow", dropped, streams: ranges, resets: [...resets] };
}
