/**
 * Reads recorded market data, byte for byte as the venue sent it.
 *
 * Two formats (shared/recordings/README.md), told apart by their first line:
 *
 *   hftbacktest   `<receive time, ns> <frame>`, mostly gzipped
 *   cryptofeed    `<url> <-> <time, s>` opened · `<url> <- <time>: <frame>` sent by the client
 *                 · `<time>: <frame>` received
 *
 * What the venue did not send on the socket is left out: the client's own frames, and REST depth
 * snapshots (a top-level `lastUpdateId`).
 */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { isObject, parseJson } from "./json.ts";

/** One frame as it was received. */
export interface RecordedFrame {
  /** When, on the recorder's clock, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The frame, unchanged. */
  readonly text: string;
  /** The stream a combined frame names. */
  readonly stream?: string;
}

type Line = { readonly atMs: number; readonly text: string } | "left out" | undefined;

/**
 * The frames of a recording, in order.
 *
 * @throws Error that names the file, and the line where there is one.
 */
export async function* readRecording(path: string): AsyncGenerator<RecordedFrame, void> {
  let parse: ((line: string) => Line) | undefined;
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line === "") continue;
    parse ??= line.includes(" <-> ") ? parseCryptofeed : parseHftbacktest;
    const parsed = parse(line);
    if (parsed === undefined) throw unreadable(path, number, line);
    if (parsed === "left out") continue;
    const { atMs, text } = parsed;
    const frame = parseJson(text);
    if (!isObject(frame)) throw unreadable(path, number, text);
    if ("lastUpdateId" in frame) continue;
    const stream = frame["stream"];
    yield typeof stream === "string" ? { atMs, text, stream } : { atMs, text };
  }
  if (number === 0) throw new Error(`${path}: an empty file, not a recording`);
}

/** The whole recording at once. */
export async function loadRecording(path: string): Promise<readonly RecordedFrame[]> {
  const frames: RecordedFrame[] = [];
  for await (const frame of readRecording(path)) frames.push(frame);
  return frames;
}

/** 1723161253937085768 {"stream":"btcusdt@depth@100ms","data":{... */
function parseHftbacktest(line: string): Line {
  const space = line.indexOf(" ");
  const time = line.slice(0, space);
  if (!/^\d{19}$/.test(time)) return undefined;
  // As milliseconds and a rest: a double can't hold nineteen digits.
  return {
    atMs: Number(time.slice(0, 13)) + Number(time.slice(13)) / 1e6,
    text: line.slice(space + 1),
  };
}

/** 1633998512.0633569: {"stream":"nknusdt@depth@100ms","data":{... */
function parseCryptofeed(line: string): Line {
  if (/^wss?:\/\/\S+ (<->|<-) /.test(line)) return "left out";
  const match = /^(\d+\.\d+): /.exec(line);
  if (match?.[1] === undefined) return undefined;
  return { atMs: Number(match[1]) * 1_000, text: line.slice(match[0].length) };
}

function unreadable(path: string, number: number, line: string): Error {
  const shown = JSON.stringify(line.length > 60 ? `${line.slice(0, 57)}...` : line);
  return new Error(
    `${path}:${number}: expected a recorded frame ("<ns> <json>" or "<s>: <json>"), found ${shown}`,
  );
}

/** Not `node:readline`: it also ends a line at U+2028 and U+2029, which JSON may hold. */
async function* linesOf(path: string): AsyncGenerator<string, void> {
  const isGzip = await startsAsGzip(path);
  let rest: Buffer = Buffer.alloc(0);
  try {
    const file = createReadStream(path);
    const bytes = isGzip ? pipeline(file, createGunzip(), () => {}) : file;
    for await (const chunk of bytes) {
      if (!Buffer.isBuffer(chunk)) continue;
      rest = Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, start)) {
        yield rest.toString("utf8", start, end);
        start = end + 1;
      }
      rest = rest.subarray(start);
    }
  } catch (error) {
    throw new Error(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (rest.length > 0) yield rest.toString("utf8");
}

async function startsAsGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
