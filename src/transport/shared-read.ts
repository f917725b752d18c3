/**
 * How sockets are read: all into one buffer, out of which each chunk is copied as it comes.
 *
 * By itself Node allocates 64 KiB for every read, and gives back what the chunk leaves of it. Where
 * messages come one at a time that costs more than all that is done with them. `onread`, an option of `net`
 * and `tls` that `ws` passes on like any other, spares it.
 */
import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import { Readable } from "node:stream";

/** What libuv reads at most at once. */
const BUFFER_BYTES = 64 * 1024;

/** As `net.connect` and `tls.connect` take it. */
export interface OnRead {
  readonly buffer: Uint8Array;
  /**
   * Called as a method of the socket that has read; false where its stream is full, which stops the reads
   * until more is wanted.
   */
  callback(this: Readable, bytes: number): boolean;
}

let buffer: Uint8Array | undefined;

let reads = 0;

/** One for all sockets: a chunk is copied out of it before another can be read. */
export function readBuffer(): Uint8Array {
  buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return buffer;
}

/** Of all sockets: tells whether the buffer still holds what one of them has read. */
export function readCount(): number {
  return reads;
}

/** The chunk that has just been read. */
export function copyRead(bytes: number): Buffer {
  reads += 1;
  const from = readBuffer();
  const chunk = Buffer.allocUnsafe(bytes);
  chunk.set(bytes === from.length ? from : from.subarray(0, bytes));
  return chunk;
}

/** Reads as Node does by itself, but for the buffer. */
export const sharedRead: OnRead = {
  get buffer() {
    return readBuffer();
  },
  callback(bytes) {
    return this.push(copyRead(bytes));
  },
};

/**
 * With `onread` a paused socket does not read at all and never sees its own end. Without, it reads on until
 * its stream is full: so does one that this was done to.
 */
export function readWhilePaused(stream: Readable): void {
  if (stream instanceof Socket) stream.pause = pauseAsStream;
}

function pauseAsStream(this: Socket): Socket {
  Readable.prototype.pause.call(this);
  return this;
}
