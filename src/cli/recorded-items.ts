/**
 * What a recording of items says besides messages: gaps that were told as it was recorded, messages that the
 * recorder dropped, streams that are not whole. Pure.
 */
import { positionOf, type RecordedItem } from "../testing/exchange/recording-items.ts";
import type { Position } from "../sequence/point.ts";
import type { GapRange } from "./stream-counts.ts";

/** How many names of streams are kept; a longer list is of a file that is none of ours. */
const MOST_STREAMS = 10_000;

/** The longest name of a stream that is taken, in characters. */
export const MAX_NAME = 1_024;

/** How many ranges wait for the message that follows them, of one stream. */
const MOST_TOLD = 1_000;

/** What is done with what the items say. */
export interface ItemTarget {
  gap(stream: string, range: GapRange): void;
  /** The stream's next message begins another numbering. */
  restarts(stream: string): void;
  /** A snapshot has all of the stream up to here. */
  reached(stream: string, position: Position): void;
  /** The socket is over. */
  socketEnded(): void;
}

/** What the items of a recording told. */
export interface ToldAccount {
  /** Items by kind, messages left out. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Messages that were received and that the recorder dropped. */
  readonly dropped: number;
  /** Streams that are not whole at the end of the recording. */
  readonly notWhole: readonly string[];
}

type Other = Extract<RecordedItem, { readonly kind: "other" }>;

export class RecordedItems {
  readonly #target: ItemTarget;
  readonly #kinds = new Map<string, number>();
  readonly #notWhole = new Set<string>();
  /** Told gaps that no message of their stream has followed yet. */
  readonly #told = new Map<string, GapRange[]>();
  #dropped = 0;

  constructor(target: ItemTarget) {
    this.#target = target;
  }

  get account(): ToldAccount {
    const kinds = Object.fromEntries(this.#kinds);
    return { kinds, dropped: this.#dropped, notWhole: [...this.#notWhole] };
  }

  /** @returns False for an item whose fields are not what its kind says. */
  take({ name, fields }: Other): boolean {
    if (this.#kinds.size < MOST_TOLD || this.#kinds.has(name)) {
      this.#kinds.set(name, (this.#kinds.get(name) ?? 0) + 1);
    }
    switch (name) {
      case "overflow":
        return this.#overflow(fields);
      case "down":
        this.#target.socketEnded();
        return true;
      case "gap":
      case "reset":
      case "snapshot":
      case "invalid":
      case "valid":
        return isName(fields["stream"]) && this.#ofStream(name, fields["stream"], fields);
      default:
        return true; // a kind of a later version, or one that says nothing about what is missing
    }
  }

  /** What of a gap was not told to be missing before the stream's next message. */
  untold(stream: string, { from, to }: GapRange): GapRange | undefined {
    let next = from;
    for (const range of this.#told.get(stream) ?? []) {
      if (range.from <= next && range.to >= next) next = after(range.to);
    }
    return next > to ? undefined : { from: next, to };
  }

  /** A message of the stream has come: what was told is before it. */
  followed(stream: string): void {
    if (this.#told.size > 0) this.#told.delete(stream);
  }

  #ofStream(kind: string, stream: string, fields: Other["fields"]): boolean {
    switch (kind) {
      case "gap":
        return this.#gap(stream, fields);
      case "reset":
        this.#target.restarts(stream);
        return true;
      case "snapshot": {
        const position = positionOf(fields["position"]);
        if (position !== undefined) this.#target.reached(stream, position);
        return position !== undefined;
      }
      case "invalid":
        if (this.#notWhole.size < MOST_STREAMS) this.#notWhole.add(stream);
        return true;
      default:
        this.#notWhole.delete(stream);
        return true;
    }
  }

  #gap(stream: string, fields: Other["fields"]): boolean {
    const [from, to] = [positionOf(fields["from"]), positionOf(fields["to"])];
    if (from === undefined || to === undefined || from > to) return false;
    const range = { from, to };
    const told = this.#told.get(stream);
    if (told !== undefined && told.length < MOST_TOLD) told.push(range);
    else if (told === undefined && this.#told.size < MOST_STREAMS) this.#told.set(stream, [range]);
    this.#target.gap(stream, range);
    return true;
  }

  #overflow({ dropped, streams }: Other["fields"]): boolean {
    if (typeof dropped !== "number" || !(dropped >= 0)) return false;
    this.#dropped += dropped;
    if (!Array.isArray(streams)) return true;
    return streams.every((range: unknown) => {
      const isRange = typeof range === "object" && range !== null && "stream" in range;
      if (!isRange || !isName(range.stream)) return false;
      return this.#gap(range.stream, { ...range });
    });
  }
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_NAME;
}

function after(position: Position): Position {
  return typeof position === "bigint" ? position + 1n : position + 1;
}
