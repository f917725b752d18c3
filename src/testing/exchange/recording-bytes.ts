/**
 * The bytes of a recording, chunk by chunk: of a regular file, a named pipe or standard input, unpacked
 * where they are gzip's. Memory stays bounded by a chunk, whatever the file holds.
 */
import { constants, closeSync, createReadStream, fstatSync, openSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { Socket } from "node:net";
import { addAbortSignal, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../../shape.ts";

/** Where a recording is read from. */
export interface RecordingSource {
  /** A regular file or a named pipe; `-` for `stdin`. */
  readonly path: string;
  readonly stdin?: Readable | undefined;
  /** Aborted, it ends the reading, also while no byte comes. */
  readonly signal?: AbortSignal | undefined;
}

/** How the bytes ended before their end: cut off or damaged, or stopped by the signal. */
export interface EarlyEnd {
  readonly kind: "cut" | "stopped";
  /** In the words of who noticed it. */
  readonly why: string;
}

/** zlib unpacks a slice into at most 1,032 times as many bytes, which all wait until the slice is done. */
const SLICE_BYTES = 16_384;

/**
 * Market data packs 5 to 50 times smaller. A file of more than this many bytes that is 200 times larger than
 * its gzip was made to fill what unpacks it.
 */
const MOST_UNPACKED_UNASKED = 64 * 1024 * 1024;
const MOST_RATIO = 200;

/**
 * @returns Why they ended early; undefined at their end.
 * @throws Error for what is no regular file and no pipe, cannot be read, or is a gzip bomb.
 */
export async function* bytesOf(
  source: RecordingSource,
): AsyncGenerator<Buffer, EarlyEnd | undefined> {
  const stream = openSource(source);
  if (source.signal !== undefined) addAbortSignal(source.signal, stream);
  try {
    return yield* unpacked(chunksOf(stream));
  } catch (error) {
    if (source.signal?.aborted === true) return { kind: "stopped", why: "stopped by a signal" };
    throw new Error(`cannot be read: ${messageOf(error)}`, { cause: error });
  } finally {
    stream.destroy();
  }
}

function openSource({ path, stdin }: RecordingSource): Readable {
  if (path === "-") {
    if (stdin === undefined) throw new Error("cannot be read: there is no standard input");
    return stdin;
  }
  let fd: number;
  try {
    refuseOthers(statSync(path));
    // Without waiting for a pipe's writer: no signal could end that wait.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(`cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const stats = fstatSync(fd);
  if (stats.isFile()) return createReadStream(path, { fd });
  if (stats.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  closeSync(fd);
  throw new Error("cannot be read: no regular file and no pipe");
}

function refuseOthers(stats: Stats): void {
  if (stats.isDirectory()) throw new Error("a directory, neither a regular file nor a pipe");
  if (!stats.isFile() && !stats.isFIFO()) throw new Error("neither a regular file nor a pipe");
}

async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void> {
  for await (const chunk of stream) {
    if (typeof chunk === "string") yield Buffer.from(chunk);
    else if (chunk instanceof Uint8Array)
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** As they are, or unpacked where they begin as gzip does. */
async function* unpacked(
  chunks: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, EarlyEnd | undefined> {
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of resumable(chunks)) {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length >= 2) break;
  }
  if (head.length >= 2 && head.readUInt16BE() === 0x1f8b) return yield* gunzipped(head, chunks);
  if (head.length > 0) yield head;
  yield* chunks;
  return undefined;
}

/** A generator that a `break` does not end. */
function resumable<T>(generator: AsyncGenerator<T, void>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => generator.next() }) };
}

/**
 * All that can be unpacked, also of a file that was cut off. Not through a pipe of streams: an error at the
 * end would take what is still buffered with it.
 */
async function* gunzipped(
  head: Buffer,
  chunks: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, EarlyEnd | undefined> {
  const gunzip = createGunzip();
  let waiting: Buffer[] = [];
  let failure: Error | undefined;
  let unpackedBytes = 0;
  let packedBytes = 0;
  const failed = new Promise<void>((resolve) => {
    gunzip.on("error", (error) => {
      failure = error;
      resolve();
    });
  });
  gunzip.on("data", (chunk: Buffer) => {
    waiting.push(chunk);
    unpackedBytes += chunk.length;
  });
  const take = (): readonly Buffer[] => {
    if (unpackedBytes > MOST_UNPACKED_UNASKED && unpackedBytes > packedBytes * MOST_RATIO) {
      throw new Error(`a gzip bomb: ${packedBytes} bytes unpack to more than ${unpackedBytes}`);
    }
    const taken = waiting;
    waiting = [];
    return taken;
  };
  try {
    for await (const chunk of startingWith(head, chunks)) {
      for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
        const slice = chunk.subarray(start, start + SLICE_BYTES);
        packedBytes += slice.length;
        const written = new Promise<void>((resolve) => {
          gunzip.write(slice, () => resolve());
        });
        await Promise.race([written, failed]);
        yield* take();
        if (failure !== undefined) return { kind: "cut", why: messageOf(failure) };
      }
    }
    const ended = new Promise<void>((resolve) => {
      gunzip.on("end", resolve);
    });
    gunzip.end();
    await Promise.race([ended, failed]);
    yield* take();
    return failure === undefined ? undefined : { kind: "cut", why: failure.message };
  } finally {
    gunzip.destroy();
  }
}

async function* startingWith<T>(
  first: T,
  others: AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  yield first;
  yield* others;
}
