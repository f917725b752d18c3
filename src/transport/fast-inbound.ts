/**
 * The fast way in: whole data frames go straight to the sink, everything else to `ws`, in order.
 *
 * `ws` makes some six views and an array of every frame. Here a chunk (shared-read.ts) is cut at frames
 * before `ws` sees it. One that is whole, unfragmented, unmasked, uncompressed and within the limits
 * is a message: one view, one check of its UTF-8. The rest is pushed into the socket's own stream, where
 * `ws` reads it as ever, so handshakes, pongs, errors, ends and pauses stay those of `net` and `ws`.
 *
 * Why the order holds, and why nothing is delivered after an error: `ws` owes one word (`message`,
 * `ping`, `pong`) for every whole message and control frame handed to it. While it owes one, or is in
 * the midst of a frame or of fragments, all goes to it. A word that never comes, because of an error or
 * a close frame, ends the fast way for good, with no rule here about what an error is.
 */
import { Buffer, isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { Queue } from "../queue.ts";
import { copyRead, readBuffer, readCount, type OnRead } from "./shared-read.ts";

/** What `subarray` makes, at a third of its cost: `ws` does the same. */
const View: new (bytes: ArrayBufferLike, offset: number, length: number) => Buffer = Reflect.get(
  Buffer,
  Symbol.species,
);

/** First bytes of headers: unfragmented, no reserved bit. */
const TEXT = 0x81;
const BINARY = 0x82;

const FIN = 0x80;
const OPCODE = 0x0f;
const FIRST_CONTROL = 8;
/** In the second byte. */
const MASKED = 0x80;

/** No position. */
const NONE = -1;

const NOTHING = new Uint8Array();

/** Who takes what comes in. */
interface Taker {
  /** A chunk has come and is about to be read, by whomever. */
  arrived(): void;
  message(data: Buffer, isBinary: boolean): void;
}

interface Read {
  readonly chunk: Buffer;
  /** It is in the stream already, for `ws`. */
  readonly waits: boolean;
}

/** Of the options of `ws`. */
interface Limits {
  readonly maxPayload: number;
  readonly skipUTF8Validation: boolean;
}

export class FastInbound {
  /** For `net.connect` and `tls.connect`. A stream that is made without it is read by `ws` alone. */
  readonly onread: OnRead;
  readonly #maxPayload: number;
  readonly #checksUtf8: boolean;
  #stream: Readable | undefined;
  /** From `start` to `stop`; without one everything is for `ws`. */
  #taker: Taker | undefined;
  #isTaking = false;
  /** What was read while a chunk before it is on its way: an empty write to a TLS socket reads. */
  readonly #nested = new Queue<Read>();
  /** The chunk once more, to write in. */
  #scratch: Uint8Array = NOTHING;
  /** What `readCount()` was when `#scratch` was filled. */
  #scratchedAt = NONE;
  /** What came last, until the upgrade is done: its tail may be frames already. */
  #last: Buffer | undefined;
  #isUpgrading = true;
  /** Words that `ws` owes. */
  #owed = 0;
  /** `ws` is in the midst of a fragmented message. */
  #isFragmented = false;
  /** The header of the frame that `ws` is in the midst of, as far as it has come. */
  readonly #header = Buffer.alloc(10);
  #headerBytes = 0;
  #isHeaderWhole = false;
  /** What that frame's payload lacks. */
  #lackingBytes = 0;

  constructor(limits: Limits) {
    this.#maxPayload = limits.maxPayload;
    this.#checksUtf8 = !limits.skipUTF8Validation;
    const read = (reader: Readable, bytes: number): boolean => this.#read(reader, bytes);
    this.onread = {
      buffer: readBuffer(),
      callback(bytes) {
        return read(this, bytes);
      },
    };
  }

  /** The stream that was made with `onread`; before anything is read. */
  attach(stream: Readable): void {
    this.#stream = stream;
  }

  /** The upgrade is done and `ws` listens: from now on messages go to `taker`. */
  start(taker: Taker): void {
    const last = this.#last;
    // Frames that came in one chunk with the 101 are back in the stream, next in line for `ws`.
    const waiting = this.#stream?.readableLength ?? 0;
    this.stop();
    if (last === undefined || waiting > last.length) return;
    this.#followAll(last, last.length - waiting);
    this.#taker = taker;
  }

  /** From now on everything is for `ws`. */
  stop(): void {
    this.#isUpgrading = false;
    this.#last = undefined;
    this.#taker = undefined;
  }

  /** `ws` has said `message`, `ping` or `pong`. */
  settle(): void {
    this.#owed -= 1;
  }

  /** False where the stream is full: that stops the reads until `ws` wants more. */
  #read(reader: Readable, bytes: number): boolean {
    const stream = this.#stream;
    const chunk = copyRead(bytes);
    // Of a socket that another stream is made around: it is read as it would be without us.
    if (stream === undefined || reader !== stream) return reader.push(chunk);
    if (this.#isUpgrading) this.#last = chunk;
    if (this.#taker === undefined) return stream.push(chunk);
    // While paused it waits in the stream, as it would without us.
    const waits = stream.readableFlowing !== true || stream.readableLength > 0;
    const hasRoom = !waits || stream.push(chunk);
    if (this.#isTaking) this.#nested.push({ chunk, waits });
    else {
      this.#scratch = readBuffer();
      this.#scratchedAt = readCount();
      this.#takeAll({ chunk, waits }, stream);
    }
    return hasRoom;
  }

  /** Takes a chunk, then those that were read while it was taken. */
  #takeAll(first: Read, stream: Readable): void {
    this.#isTaking = true;
    try {
      this.#take(first, stream);
      for (let next = this.#nested.take(); next; next = this.#nested.take()) {
        this.#scratchedAt = NONE;
        this.#take(next, stream);
      }
    } finally {
      this.#isTaking = false;
    }
  }

  #take({ chunk, waits }: Read, stream: Readable): void {
    if (waits) this.#followAll(chunk, 0);
    else {
      this.#taker?.arrived();
      this.#cut(chunk, stream);
    }
  }

  /**
   * Each part to whom it is for, to the chunk's end: a pause holds from the next chunk on, as it does for
   * `ws` alone. So its parts do not go through the stream's buffer, which would keep them back.
   */
  #cut(chunk: Buffer, stream: Readable): void {
    let at = 0;
    for (;;) {
      if (this.#isFree) at = this.#deliver(chunk, at);
      if (at === chunk.length || this.#taker === undefined) return;
      const from = at;
      at = this.#followOthers(chunk, at);
      stream.emit("data", chunk.subarray(from, at));
    }
  }

  get #isMidway(): boolean {
    return this.#headerBytes > 0 || this.#isFragmented;
  }

  /** Nothing of what `ws` was given is still to be heard of. */
  get #isFree(): boolean {
    return this.#owed === 0 && !this.#isMidway;
  }

  /** Delivers messages from `from` on; gives where there is something else. */
  #deliver(chunk: Buffer, from: number): number {
    const { buffer, byteOffset } = chunk;
    let at = from;
    for (;;) {
      const isBinary = chunk[at] === BINARY;
      const until = this.#endOfRun(chunk, at);
      if (until === at) return at;
      while (at < until) {
        const start = startOfPayload(chunk, at);
        const end = start + lengthOf(chunk, at);
        this.#taker?.message(new View(buffer, byteOffset + start, end - start), isBinary);
        at = end;
      }
    }
  }

  /**
   * Where a run of messages of one kind ends. One check of UTF-8 serves them all: with zeros for headers
   * no character can begin in one payload and end in another.
   */
  #endOfRun(chunk: Buffer, from: number): number {
    const kind = chunk[from];
    if (!isData(kind)) return from;
    const isChecked = kind === TEXT && this.#checksUtf8;
    const scratch = isChecked ? this.#scratchOf(chunk) : NOTHING;
    let at = from;
    while (chunk[at] === kind) {
      const end = this.#endOfFrame(chunk, at);
      if (end === NONE) break;
      if (isChecked) {
        const start = startOfPayload(chunk, at);
        for (let i = at; i < start; i += 1) scratch[i] = 0;
      }
      at = end;
    }
    if (!isChecked || isUtf8(scratch.subarray(from, at))) return at;
    // `ws` shall find the one that is not UTF-8, and end it there. For good: to look for it anew after
    // each of those before it would take a peer's worst chunk seconds.
    this.#owed = Infinity;
    return from;
  }

  /** The buffer that it was read into, unless something else has been since. */
  #scratchOf(chunk: Buffer): Uint8Array {
    if (this.#scratchedAt !== readCount()) {
      this.#scratch = Uint8Array.from(chunk);
      this.#scratchedAt = readCount();
    }
    return this.#scratch;
  }

  /** The end of the frame at `at`, or `NONE` where it is not whole, too long or masked. */
  #endOfFrame(chunk: Buffer, at: number): number {
    if (chunk.length - at < 2) return NONE;
    const start = startOfPayload(chunk, at);
    if ((chunk[at + 1] ?? 0) >= MASKED || start > chunk.length) return NONE;
    const length = lengthOf(chunk, at);
    const end = start + length;
    return end > chunk.length || length > this.#maxPayload ? NONE : end;
  }

  /** Follows what is for `ws`, to the next frame that may be a message for the taker. */
  #followOthers(chunk: Buffer, from: number): number {
    // A word that is missing by now will not come within this chunk.
    if (this.#owed > 0) return this.#followAll(chunk, from);
    let at = this.#follow(chunk, from);
    while (at < chunk.length && (this.#isMidway || !isData(chunk[at]))) {
      at = this.#follow(chunk, at);
    }
    return at;
  }

  #followAll(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length;) at = this.#follow(chunk, at);
    return chunk.length;
  }

  /** Follows what `ws` is given, to the end of the frame that it is in; gives where that is. */
  #follow(chunk: Buffer, from: number): number {
    let at = from;
    for (; !this.#isHeaderWhole; at += 1) {
      if (at === chunk.length) return at;
      this.#header[this.#headerBytes] = chunk[at] ?? 0;
      this.#headerBytes += 1;
      const second = this.#header[1] ?? 0;
      this.#isHeaderWhole = this.#headerBytes >= 2 && this.#headerBytes === headerBytesOf(second);
      if (this.#isHeaderWhole) {
        this.#lackingBytes = lengthOf(this.#header, 0);
      }
    }
    const taken = Math.min(this.#lackingBytes, chunk.length - at);
    this.#lackingBytes -= taken;
    if (this.#lackingBytes === 0) this.#finishFrame();
    return at + taken;
  }

  #finishFrame(): void {
    const first = this.#header[0] ?? 0;
    this.#headerBytes = 0;
    this.#isHeaderWhole = false;
    const isControl = (first & OPCODE) >= FIRST_CONTROL;
    const isLast = first >= FIN;
    if (!isControl) this.#isFragmented = !isLast;
    if (isControl || isLast) this.#owed += 1;
  }
}

/** Whether a frame that begins with this byte may be a whole message. */
function isData(first: number | undefined): boolean {
  return first === TEXT || first === BINARY;
}

function startOfPayload(bytes: Buffer, at: number): number {
  return at + headerBytesOf(bytes[at + 1] ?? 0);
}

/** How long a header with this second byte is. One with a mask `ws` refuses, whatever follows. */
function headerBytesOf(second: number): number {
  if (second === 126) return 4;
  return second === 127 ? 10 : 2;
}

/** The length that a header says. By hand: `readUInt16BE` takes twice as long. */
function lengthOf(bytes: Buffer, at: number): number {
  const second = (bytes[at + 1] ?? 0) & ~MASKED;
  if (second < 126) return second;
  if (second === 126) return (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
  return bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
}
