/**
 * Streams whose numbers lie, judged by what their messages truly are, not by a model of what the product
 * makes of their numbers: nothing that is new is lost, nothing that is known is told again, no reset
 * without a reason, and what waits in doubt is spoken of in time.
 *
 * The promises are those of the rules for numbers (a) to (g): doubt lasts a second, a thousand messages or
 * a MiB, or ends with the socket; then `reset` is told, and all that waited is delivered in order.
 */
import type { Fact, MessageItem, SequencePoint } from "../../../../src/index.ts";
import type { BinanceStreamMessage } from "../../../../src/venues/index.ts";
import type { Truth } from "../numbering.ts";
import type { Scene } from "../scene.ts";
import type { Expectation } from "./feed.ts";

/** How long messages may wait in doubt before something is told of them. */
const DOUBT_MS = 1_000;
/** So many messages wait in doubt at most. */
const DOUBTFUL = 1_000;
/** So many messages of one number may be taken for copies, until the number is found to be stuck. */
const COPIES = 3;

interface Read extends Truth {
  readonly data: BinanceStreamMessage;
  readonly shownFirst: number;
  readonly shownLast: number;
  readonly atMs: number;
  /** How often the process had been stopped by then. */
  readonly stops: number;
  /** It is known, and comes late or again. */
  readonly isCopy: boolean;
  /** A snapshot has it, or it was said to be dropped. */
  isAccounted: boolean;
  /** One of several copies in a row, which nobody can tell from a numbering that has started over. */
  isRun: boolean;
  /** Number and content are those of the message before. */
  isSame: boolean;
}

interface Stream {
  readonly isContiguous: boolean;
  /** Read, and neither delivered nor dropped for a good reason; oldest first. */
  waiting: Read[];
  /** The last true number that was delivered, or that a snapshot has. */
  known: number;
  /** The last true number that a snapshot has: what has come by then may be dropped without a count. */
  reached: number;
  /** The message that was delivered last. */
  newest: Read | undefined;
  /** The last true number that was read. */
  read: number;
  /** Told since the last message was delivered: a reset, or anything that says that numbers are missing. */
  isResetTold: boolean;
  isLossTold: boolean;
  /** What a listener caused is told when it is done: a reset, a loss. */
  owed: { reset: string | undefined; loss: string | undefined };
  /** When anything was last told of it. */
  toldAtMs: number;
  isInvalid: boolean;
  /** How many resets there may still be. */
  resetsLeft: number;
  /** So many of those that wait may be told again, as their doubt is over. */
  mayRepeat: number;
  /** What is told again was taken for a new numbering, as it took longer than doubt lasts, and goes on. */
  isRetellingNew: boolean;
  /** Messages running that had an odd number, and were dropped as copies. */
  copies: number;
  /** The number is found to be stuck: so many copies may be taken back that were dropped while it was believed. */
  stuck: { readonly number: number; takenBack: number } | undefined;
  /** The message that was read last, and how many running have had its number and another content since. */
  repeated: { readonly number: number; text: string; messages: number; isSame: boolean };
}

/** What a stream was like when its numbers were still believed. */
export interface TakenOver {
  readonly isContiguous: boolean;
  /** The last number that was read. */
  readonly known: number;
  /** What waits for a snapshot. */
  readonly held: readonly Expectation[];
  readonly isInvalid: boolean;
}

export interface UnreliableParts {
  readonly isUnreliable: (stream: string) => boolean;
  readonly isWanted: (stream: string) => boolean;
  /** A listener is calling. */
  readonly isCalling: () => boolean;
}

const UNKNOWN: TakenOver = { isContiguous: true, known: -Infinity, held: [], isInvalid: false };

export class UnreliableStreams {
  readonly #scene: Scene;
  readonly #parts: UnreliableParts;
  readonly #streams = new Map<string, Stream>();
  readonly #snapshots = new Map<unknown, number>();
  /** How often each stream has delivered while it was looked after here. */
  readonly #deliveries = new Map<string, number>();
  /** How often each was taken over. */
  readonly #takeovers = new Map<string, number>();
  /** Topics that were asked for, and have brought nothing new since. */
  readonly #fresh = new Set<string>();
  /** Messages that were dropped as known, at least and at most. */
  #droppedAtLeast = 0;
  #droppedAtMost = 0;
  /** Copies that were dropped as known while their number was believed, and came after all. */
  #takenBack = 0;
  /** Wrong, unless the socket is found to be over at this very instant. */
  #suspicions: string[] = [];

  constructor(scene: Scene, parts: UnreliableParts) {
    this.#scene = scene;
    this.#parts = parts;
  }

  has(stream: string): boolean {
    return this.#streams.has(stream) || this.#parts.isUnreliable(stream);
  }

  /** Streams of which it was told by now that they are not whole. */
  get invalid(): readonly string[] {
    return [...this.#streams].filter(([, { isInvalid }]) => isInvalid).map(([name]) => name);
  }

  /** How many messages may have been dropped, and counted as known. */
  get dropped(): { readonly least: number; readonly most: number } {
    let waiting = 0;
    for (const stream of this.#streams.values()) waiting += stream.waiting.length;
    const taken = this.#takenBack;
    return { least: this.#droppedAtLeast - taken, most: this.#droppedAtMost + waiting - taken };
  }

  /** How often its numbers were not believed by now: whoever reads late reads what came then. */
  episodesOf(stream: string): number {
    return (this.#takeovers.get(stream) ?? 0) + (this.#parts.isUnreliable(stream) ? 1 : 0);
  }

  /** A topic was asked for: it may be told again from further back. */
  asked(topic: string): void {
    this.#fresh.add(topic);
  }

  /** A topic whose numbers are believed has brought something new. */
  spoke(topic: string): void {
    this.#fresh.delete(topic);
  }

  /**
   * Whether its numbers can be believed again: they never lied, and nothing waits. Gives where it stands,
   * and looks after it no more.
   */
  giveBack(name: string): number | undefined {
    const stream = this.#streams.get(name);
    if (stream === undefined || this.#parts.isUnreliable(name)) return undefined;
    if (stream.waiting.length > 0 || stream.isInvalid || stream.newest === undefined)
      return undefined;
    if (stream.newest.isCopy) return undefined;
    this.#streams.delete(name);
    return stream.known;
  }

  /** From here on its numbers are not believed. */
  takeOver(name: string, { isContiguous, known, held, isInvalid }: TakenOver): void {
    if (this.#streams.has(name)) return;
    this.#takeovers.set(name, (this.#takeovers.get(name) ?? 0) + 1);
    const waiting = held.map((message): Read => {
      const { first, last } = message;
      const truth = { first, last, epoch: 0, isRetold: false, isMarked: false, isOdd: false };
      return this.#readOf(message.data, { first, last }, truth, false);
    });
    this.#streams.set(name, {
      isContiguous,
      waiting,
      known: (waiting[0]?.first ?? known + 1) - 1,
      newest: undefined,
      reached: -Infinity,
      read: known,
      isResetTold: false,
      owed: { reset: undefined, loss: undefined },
      isLossTold: true, // what came before is judged by others
      toldAtMs: this.#now,
      isInvalid,
      resetsLeft: 0,
      mayRepeat: 0,
      isRetellingNew: false,
      copies: 0,
      stuck: undefined,
      repeated: { number: known, text: "", messages: 0, isSame: false },
    });
  }

  /** How often a stream has delivered, since its numbers are not believed. */
  deliveriesOf(stream: string): number {
    return this.#deliveries.get(stream) ?? 0;
  }

  /** It has not been read before, nor anything that follows it. */
  isNew(name: string, { isRetold, last }: Truth): boolean {
    return !isRetold && last > (this.#streams.get(name)?.read ?? -Infinity);
  }

  read(data: BinanceStreamMessage, point: SequencePoint, truth: Truth): void {
    const { log } = this.#scene;
    if (log.isOn) log.add(`read ${point.stream} ${point.last}, which is ${truth.last}`);
    const stream = this.#stream(point.stream);
    const before = stream.waiting.at(-1) ?? stream.newest;
    const read = this.#readOf(data, point, truth, truth.isRetold || truth.last <= stream.read);
    // Known cost: two late copies in a row are taken for a numbering that starts over (rule g).
    if (read.isCopy && before?.isCopy === true && !this.#fresh.has(point.stream)) {
      if (!before.isRun) stream.resetsLeft += 1;
      [read.isRun, before.isRun] = [true, true];
    }
    if (!read.isCopy) {
      this.#fresh.delete(point.stream);
      stream.isRetellingNew = false;
    } else if (stream.isRetellingNew) read.isRun = true;
    // A numbering that starts over, and a number that is no part of it, cost a reset each way at most.
    if (point.restarts === true) stream.resetsLeft += 1;
    if ((before?.epoch ?? 0) !== read.epoch) stream.resetsLeft += 1;
    if (read.isOdd && before?.isOdd !== true) stream.resetsLeft += 2;
    stream.read = Math.max(stream.read, read.last);
    read.isSame = repeats(stream, read);
    stream.waiting.push(read);
  }

  /** The last message that was read has the number of the one before, and may be dropped as its copy. */
  mayBeCopy(name: string): boolean {
    const { messages, isSame } = this.#stream(name).repeated;
    return isSame || (messages > 0 && messages <= COPIES);
  }

  /** A listener was given a message. */
  given({ data, stream: name = "", position }: MessageItem<BinanceStreamMessage>): void {
    const stream = this.#stream(name);
    const index = stream.waiting.findIndex((read) => read.data === data);
    const read = stream.waiting[index];
    if (read === undefined) {
      const { stuck } = stream;
      // One that was taken for a copy before the number was found to be stuck.
      if (
        stuck !== undefined &&
        stuck.number === Number(position) &&
        stuck.takenBack < COPIES - 1
      ) {
        stuck.takenBack += 1;
        this.#takenBack += 1;
        return;
      }
      this.#wrong(
        `a message of ${name} came that was not read, or had come (after ${stream.known})`,
      );
      return;
    }
    this.#drop(name, stream, index);
    stream.waiting.shift();
    this.#judgeOrder(name, stream, read);
    stream.known = Math.max(stream.known, read.last);
    [stream.newest, stream.copies] = [read, 0];
    this.#deliveries.set(name, this.deliveriesOf(name) + 1);
    stream.mayRepeat = Math.max(0, stream.mayRepeat - index - 1);
    // What a listener of the loss itself causes to be delivered may lie before the loss.
    if (!this.#parts.isCalling()) [stream.isResetTold, stream.isLossTold] = [false, false];
  }

  /** The user's function gave a snapshot, which truly has all up to `reached`. */
  served(data: unknown, reached: number): void {
    this.#snapshots.set(data, reached);
  }

  /** A fact of a stream, or of the connection. */
  heard(fact: Fact): void {
    switch (fact.type) {
      case "reset":
        this.#told(fact.stream, (stream) => this.#resetTold(fact.stream, stream));
        return;
      case "gap":
        this.#told(fact.stream, lossTold);
        return;
      case "invalid":
        this.#told(fact.stream, (stream) => {
          stream.isInvalid = true;
          lossTold(stream);
        });
        return;
      case "numbering-stuck":
        this.#told(fact.stream, (stream) => {
          stream.stuck = { number: Number(fact.position), takenBack: 0 };
        });
        return;
      case "valid":
        this.#told(fact.stream, (stream) => (stream.isInvalid = false));
        return;
      case "snapshot":
        this.#told(fact.stream, (stream) => {
          const reached = this.#snapshots.get(fact.data) ?? -Infinity;
          // Where the number is stuck, it cannot tell what the snapshot has.
          const isCovered = ({ last, isOdd, shownLast }: Read): boolean =>
            last <= reached || (isOdd && shownLast <= Number(fact.position));
          account(stream, isCovered);
          stream.reached = reached;
          stream.known = Math.max(stream.known, reached);
          lossTold(stream);
        });
        return;
      case "overflow":
        for (const { stream: name, from, to } of fact.overflow.streams) {
          this.#told(name, (stream) => {
            account(stream, ({ shownLast }) => shownLast >= from && shownLast <= to);
            lossTold(stream);
          });
        }
        return;
      case "down":
      case "attempt.failed":
        for (const [name] of this.#streams) this.#told(name, () => {});
        return;
      case "closed":
        this.#closed();
        return;
      default: {
        const { stream, topic } = nameIn(fact);
        this.#told(stream ?? topic ?? "", () => {});
      }
    }
  }

  /** The socket is over, and with it every doubt. */
  socketEnded(): void {
    this.#suspicions = [];
    for (const stream of this.#streams.values()) {
      if (stream.waiting.length === 0) continue;
      stream.mayRepeat = stream.waiting.length;
      stream.resetsLeft += 1;
    }
  }

  /** After each step: nothing new waits for longer than doubt may last, without a word. */
  check(): void {
    const { process, toleranceMs } = this.#scene;
    for (const suspicion of this.#suspicions) this.#wrong(suspicion);
    this.#suspicions = [];
    for (const { owed } of this.#streams.values()) {
      for (const text of [owed.reset, owed.loss]) if (text !== undefined) this.#wrong(text);
    }
    for (const [name, { waiting, toldAtMs, isInvalid, known }] of this.#streams) {
      const first = waiting.find(({ last, isOdd }) => last > known && !isOdd);
      if (first === undefined || isInvalid || first.stops !== process.stops) continue;
      if (!this.#parts.isWanted(name)) continue;
      // What was spoken of may wait for the stream's next message.
      if (toldAtMs >= (waiting.at(-1)?.atMs ?? 0)) continue;
      const waitedMs = this.#now - Math.max(first.atMs, toldAtMs);
      if (waitedMs <= DOUBT_MS + toleranceMs + 2) continue;
      this.#wrong(`${name} ${first.last} has waited for ${waitedMs} ms, and nothing is told of it`);
    }
  }

  /** Closed: what waited has been delivered by now, but for what came at this very instant. */
  #closed(): void {
    for (const [name, stream] of this.#streams) {
      if (!stream.isInvalid && this.#parts.isWanted(name)) {
        const now = stream.waiting.findIndex(({ atMs }) => atMs >= this.#now);
        this.#drop(name, stream, now < 0 ? stream.waiting.length : now);
      }
      this.#droppedAtMost += stream.waiting.length;
    }
    this.#streams.clear();
    this.#suspicions = [];
  }

  #resetTold(name: string, stream: Stream): void {
    const [oldest] = stream.waiting;
    const { waiting } = stream;
    const waitedMs = this.#now - (oldest?.atMs ?? Infinity);
    const isOver = waitedMs >= DOUBT_MS - this.#scene.toleranceMs || waiting.length >= DOUBTFUL;
    if (isOver) {
      stream.mayRepeat = waiting.length;
      stream.isRetellingNew = waiting.at(-1)?.isCopy === true;
    } else if (stream.resetsLeft > 0) stream.resetsLeft -= 1;
    else this.#suspicions.push(`${name} starts over, and there is no reason`);
    stream.isResetTold = true;
    stream.owed.reset = undefined;
    lossTold(stream);
  }

  /** The first `count` of those that wait are not delivered: they were known, or had no number. */
  #drop(name: string, stream: Stream, count: number): void {
    for (const { last, shownLast, isOdd, isAccounted, isSame } of stream.waiting.splice(0, count)) {
      if (!isOdd) stream.copies = 0;
      else if (!isSame) stream.copies += 1;
      const isCopy = isSame || (isOdd && stream.copies <= COPIES);
      const mayGo = isAccounted || last <= stream.known || isCopy;
      if (!mayGo) this.#wrong(`${name} ${last} (${shownLast}) was read, and is lost`);
      this.#droppedAtMost += 1;
      if (!isAccounted && last > stream.reached) this.#droppedAtLeast += 1;
    }
  }

  #judgeOrder(name: string, stream: Stream, read: Read): void {
    const { known, newest, isContiguous, isResetTold, isLossTold, mayRepeat } = stream;
    const text = `${name} ${read.last} (${read.shownLast})`;
    // A copy of one that had an odd number has another number.
    const isUntold = newest?.isOdd === true && newest.last === read.last;
    // So has one that is told again after the numbering has started over.
    const isRenumbered = newest !== undefined && newest.epoch !== read.epoch;
    const isExcused = read.isAccounted || read.isRun || isUntold || isRenumbered;
    if (read.last <= known && mayRepeat === 0 && !isExcused) {
      this.#suspicions.push(`${text} came again after ${known}`);
    }
    const isMissing = isContiguous && read.first > known + 1 && !isHidden(read, newest);
    if (isMissing && !isLossTold) {
      this.#owes(stream, "loss", `${text} came after ${known}, and no loss was told`);
    }
    if (newest === undefined || newest.epoch === read.epoch || newest.isOdd || read.isOdd) return;
    // One reset is told for all that was in doubt.
    if (read.shownLast > newest.shownLast || isResetTold || mayRepeat > 0) return;
    const before = `${newest.last} (${newest.shownLast})`;
    this.#owes(stream, "reset", `${text} came after ${before}, and no reset was told`);
  }

  #owes({ owed }: Stream, what: "reset" | "loss", text: string): void {
    if (this.#parts.isCalling()) owed[what] = text;
    else this.#wrong(text);
  }

  #readOf(
    data: BinanceStreamMessage,
    { first, last }: Pick<SequencePoint, "first" | "last">,
    truth: Truth,
    isCopy: boolean,
  ): Read {
    return {
      ...truth,
      data,
      shownFirst: Number(first),
      shownLast: Number(last),
      atMs: this.#now,
      stops: this.#scene.process.stops,
      isCopy,
      isAccounted: false,
      isRun: false,
      isSame: false,
    };
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const isContiguous = !name.endsWith("@bookTicker");
    this.takeOver(name, { ...UNKNOWN, isContiguous });
    return this.#stream(name);
  }

  #told(name: string, what: (stream: Stream) => void): void {
    if (!this.has(name)) return;
    const stream = this.#stream(name);
    stream.toldAtMs = this.#now;
    what(stream);
  }

  #wrong(what: string): void {
    this.#scene.violate("numbers", what);
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}

/** Counts how often a number is repeated. Gives whether number and content are those of the one before. */
function repeats(stream: Stream, { shownLast, data }: Read): boolean {
  const { repeated } = stream;
  const text = JSON.stringify(data);
  if (shownLast !== repeated.number) {
    stream.repeated = { number: shownLast, text, messages: 0, isSame: false };
    return false;
  }
  repeated.isSame = text === repeated.text;
  if (!repeated.isSame) repeated.messages += 1;
  repeated.text = text;
  return repeated.isSame;
}

/** The numbers follow each other, or are stuck: they cannot show that something is missing between. */
function isHidden(read: Read, newest: Read | undefined): boolean {
  if (newest === undefined) return false;
  const isStuck = read.isOdd && read.shownLast === newest.shownLast;
  return isStuck || read.shownFirst === newest.shownLast + 1;
}

function lossTold(stream: Stream): void {
  stream.isLossTold = true;
  stream.owed.loss = undefined;
}

/** It is known what became of these: they need not be delivered. */
function account({ waiting }: Stream, which: (read: Read) => boolean): void {
  for (const read of waiting) if (which(read)) read.isAccounted = true;
}

/** The stream or the topic that a fact is about. */
function nameIn(fact: object): { readonly stream?: string | null; readonly topic?: string } {
  return "alert" in fact ? (fact.alert as object) : fact;
}
