/**
 * Numbers that lie, between the exchange and the client: numbering that starts over without a word, one
 * absurd number, a number that never changes, messages that are told again. The exchange itself counts
 * truly, and what a message truly is stays known here.
 */
import type { VirtualClock } from "../../../src/testing/index.ts";
import { streamOf } from "./clerk.ts";
import type { NumbersStep } from "./silences.ts";

/** What a message is, whatever its numbers say. */
export interface Truth {
  /** The exchange's own numbers. */
  readonly first: number;
  readonly last: number;
  /** Which numbering it is shown in; a stream begins with 0. */
  readonly epoch: number;
  /** It comes again, and is marked as such or not. */
  readonly isRetold: boolean;
  readonly isMarked: boolean;
  /** Its number is no part of its numbering. */
  readonly isOdd: boolean;
}

/** A socket, as far as frames are put on it. */
interface Carrier {
  readonly id: number;
  readonly isOver: boolean;
  /** The frame arrives now. */
  deliver(frame: Buffer): void;
}

type Ordered<How extends NumbersStep["how"]> = Extract<NumbersStep, { readonly how: How }>;

interface Stream {
  /** The exchange's number less the one that is shown. */
  shift: number;
  epoch: number;
  /** The last number that was shown, odd ones left out. */
  shown: number | undefined;
  renumbering: { readonly startsAt: number; readonly afterSocket: number } | undefined;
  absurd: number | undefined;
  stuckFor: number;
  retelling: (Ordered<"retell"> & { readonly afterSocket: number }) | undefined;
  /** The last frames that were sent, on whatever socket. */
  readonly past: { readonly frame: Buffer; readonly truth: Truth }[];
  /** What is told again, and what comes behind it; undefined where nothing waits. */
  queue: Buffer[] | undefined;
}

/** As much of a stream as can be told again. */
const REMEMBERED = 64;
/** A run that starts closer below the last number might pass it within a second. */
const LEAST_DISTANCE = 5_000;
const NUMBERS = /"([tuU])":(\d+)/g;

export interface NumberingParts {
  readonly world: VirtualClock;
  readonly latencyMs: number;
  /** The last number that the exchange has emitted of a stream. */
  readonly lastEmitted: (stream: string) => number;
}

export class Numbering {
  readonly #parts: NumberingParts;
  readonly #streams = new Map<string, Stream>();
  readonly #truths = new WeakMap<Buffer, Truth>();
  /** Streams whose numbers have lied, or were told again. */
  readonly #unreliable = new Set<string>();

  constructor(parts: NumberingParts) {
    this.#parts = parts;
  }

  truthOf(frame: Buffer): Truth | undefined {
    return this.#truths.get(frame);
  }

  isUnreliable(stream: string): boolean {
    return this.#unreliable.has(stream);
  }

  /** What the exchange's number is shown as now. */
  shown(name: string, number: number): number {
    const stream = this.#streams.get(name);
    if (stream === undefined) return number;
    return stream.stuckFor > 0 ? (stream.shown ?? number) : number - stream.shift;
  }

  /** Something is to become of a stream's numbers. `newest` is the socket that is there by now. */
  order(name: string, step: NumbersStep, newest: number): void {
    const stream = this.#stream(name);
    if (stream.shown === undefined) return; // nobody has heard of it yet
    switch (step.how) {
      case "renumber": {
        const startsAt = startOf(step, stream.shown);
        if (startsAt === undefined) return;
        if (step.when === "now") {
          this.#renumber(stream, this.#parts.lastEmitted(name) + 1, startsAt);
        } else stream.renumbering = { startsAt, afterSocket: newest };
        break;
      }
      case "absurd":
        stream.absurd = step.number;
        break;
      case "stuck":
        stream.stuckFor = step.messages;
        break;
      case "retell":
        stream.retelling = { ...step, afterSocket: step.when === "asked" ? 0 : newest };
        break;
    }
    this.#unreliable.add(name);
  }

  /** A market frame of the exchange's is about to arrive. Gives what arrives in its place, now. */
  carry(socket: Carrier, data: Buffer): readonly Buffer[] {
    const text = data.toString("utf8");
    const name = streamOf(data);
    const numbers = [...text.matchAll(NUMBERS)].map(([, , digits]) => Number(digits));
    const [first, last = first] = numbers;
    if (first === undefined || last === undefined) return [data];
    const stream = this.#stream(name);
    const { renumbering } = stream;
    if (renumbering !== undefined && socket.id > renumbering.afterSocket) {
      this.#renumber(stream, first, renumbering.startsAt);
    }
    const frame = this.#rewrite(stream, { text, data, first, last });
    if (stream.queue === undefined) return [frame];
    stream.queue.push(frame);
    return [];
  }

  /** The client asks for these topics, and will be heard. */
  asked(socket: Carrier, topics: readonly string[]): void {
    for (const topic of topics) {
      const stream = this.#streams.get(topic);
      const retelling = stream?.retelling;
      if (stream === undefined || retelling === undefined) continue;
      if (socket.id <= retelling.afterSocket) continue;
      stream.retelling = undefined;
      const { messages, marking, everyMs } = retelling;
      stream.queue = stream.past.slice(-messages).map(({ frame, truth }, index) => {
        const isMarked = marking === "marked" || (marking === "mixed" && index % 2 === 0);
        const again = Buffer.from(frame);
        this.#truths.set(again, { ...truth, isRetold: true, isMarked });
        return again;
      });
      this.#parts.world.setTimeout(
        () => this.#pump(socket, stream, everyMs),
        3 * this.#parts.latencyMs + 5,
      );
    }
  }

  /** No number lies any more; numbering goes on from where it is. */
  heal(): void {
    for (const stream of this.#streams.values()) {
      [stream.renumbering, stream.retelling, stream.absurd] = [undefined, undefined, undefined];
      if (stream.stuckFor > 0) stream.stuckFor = 1;
    }
  }

  #pump(socket: Carrier, stream: Stream, everyMs: number): void {
    const { queue } = stream;
    if (queue === undefined || socket.isOver) {
      stream.queue = undefined;
      return;
    }
    const now = everyMs === 0 ? queue.splice(0) : queue.splice(0, 1);
    if (queue.length === 0) stream.queue = undefined;
    for (const frame of now) socket.deliver(frame);
    if (stream.queue !== undefined) {
      this.#parts.world.setTimeout(() => this.#pump(socket, stream, everyMs), everyMs);
    }
  }

  #renumber(stream: Stream, next: number, startsAt: number): void {
    stream.shift = next - startsAt;
    stream.epoch += 1;
    stream.renumbering = undefined;
    stream.stuckFor = 0;
    stream.past.length = 0;
  }

  #rewrite(stream: Stream, frame: Frame): Buffer {
    const { text, data, first, last } = frame;
    let [showsFirst, showsLast] = [first - stream.shift, last - stream.shift];
    const isOdd = stream.absurd !== undefined || stream.stuckFor > 0;
    if (stream.absurd !== undefined) {
      [showsFirst, showsLast] = [stream.absurd, stream.absurd];
      stream.absurd = undefined;
    } else if (stream.stuckFor > 0) {
      stream.stuckFor -= 1;
      [showsFirst, showsLast] = [stream.shown ?? 0, stream.shown ?? 0];
      // Behind it numbering goes on as if all of these had been one message.
      if (stream.stuckFor === 0) stream.shift = last - showsLast;
    } else stream.shown = showsLast;
    const isTrue = showsFirst === first && showsLast === last;
    const shown = isTrue ? data : Buffer.from(rewritten(text, showsFirst, showsLast), "utf8");
    const truth = { first, last, epoch: stream.epoch, isRetold: false, isMarked: false, isOdd };
    this.#truths.set(shown, truth);
    const newest = stream.past.at(-1)?.truth.last ?? -Infinity;
    if (!isOdd && last > newest) stream.past.push({ frame: shown, truth });
    if (stream.past.length > REMEMBERED) stream.past.shift();
    return shown;
  }

  #stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = {
        shift: 0,
        epoch: 0,
        shown: undefined,
        renumbering: undefined,
        absurd: undefined,
        stuckFor: 0,
        retelling: undefined,
        past: [],
        queue: undefined,
      };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

interface Frame {
  readonly text: string;
  readonly data: Buffer;
  readonly first: number;
  readonly last: number;
}

/** Where numbering is to start; undefined where nobody could tell that from what stands there. */
function startOf({ from, by }: Ordered<"renumber">, shown: number): number | undefined {
  if (from === "above") return shown + by;
  const startsAt = from === "below" ? shown - by : by;
  return startsAt > 0 && startsAt < shown - Math.min(LEAST_DISTANCE, by) ? startsAt : undefined;
}

function rewritten(text: string, first: number, last: number): string {
  return text.replace(NUMBERS, (_, key: string) => `"${key}":${key === "U" ? first : last}`);
}
