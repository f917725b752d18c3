/**
 * Reads recorded market data, byte for byte as the venue sent it.
 *
 * Two formats (shared/recordings/README.md), told apart by their first line:
 *
 *   hftbacktest   `<receive time, ns> <frame>`, mostly gzipped; a top-level `lastUpdateId` is a depth
 *                 snapshot that came by REST in between
 *   cryptofeed    `<url> <-> <time, s>` opened · `<url> <- <time>: <frame>` sent by the client
 *                 · `<time>: <frame>` received
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

/** What happened, in the order in which it was recorded. */
export type RecordedEvent =
  /** A socket was opened. */
  | { readonly kind: "opened"; readonly url: string }
  /** The venue sent a frame on it. */
  | {
      readonly kind: "received";
      readonly atMs: number;
      readonly line: number;
      readonly raw: Buffer;
    }
  /** Something else crossed the wire: the client's own frame, or an answer by REST. */
  | { readonly kind: "aside" };

type ParseLine = (line: Buffer, number: number) => RecordedEvent | undefined;

const ASIDE: RecordedEvent = { kind: "aside" };

/**
 * All that a recording tells, in order; frames as the bytes that came, whether they are JSON or not.
 *
 * @throws Error that names the file, and the line where there is one.
 */
export async function* readRecordedEvents(path: string): AsyncGenerator<RecordedEvent, void> {
  let parse: ParseLine | undefined;
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line.length === 0) continue;
    parse ??= line.includes(" <-> ") ? parseCryptofeed : parseHftbacktest;
    const event = parse(line, number);
    if (event === undefined) throw unreadable(path, number, line.toString("utf8"));
    yield event;
  }
  if (parse === undefined) throw new Error(`${path}: an empty file, not a recording`);
}

/**
 * The frames of a recording that the venue sent on the socket, all of them JSON.
 *
 * @throws Error that names the file, and the line where there is one.
 */
export async function* readRecording(path: string): AsyncGenerator<RecordedFrame, void> {
  for await (const event of readRecordedEvents(path)) {
    if (event.kind !== "received") continue;
    const { atMs, line, raw } = event;
    const text = raw.toString("utf8");
    const frame = parseJson(text);
    if (!isObject(frame)) throw unreadable(path, line, text);
    const stream = frame["stream"];
    yield typeof stream === "string" ? { atMs, text, stream } : { atMs, text };
  }
}

/** The whole recording at once. */
export async function loadRecording(path: string): Promise<readonly RecordedFrame[]> {
  const frames: RecordedFrame[] = [];
  for await (const frame of readRecording(path)) frames.push(frame);
  return frames;
}

/** 1723161253937085768 {"stream":"btcusdt@depth@100ms","data":{... */
function parseHftbacktest(line: Buffer, number: number): RecordedEvent | undefined {
  const time = line.toString("latin1", 0, line.indexOf(" "));
  if (!/^\d{19}$/.test(time)) return undefined;
  const raw = line.subarray(time.length + 1);
  if (isSnapshot(raw)) return ASIDE;
  // As milliseconds and a rest: a double can't hold nineteen digits.
  const atMs = Number(time.slice(0, 13)) + Number(time.slice(13)) / 1e6;
  return { kind: "received", atMs, line: number, raw };
}

/** Few frames hold the name at all: only those are looked into. */
function isSnapshot(raw: Buffer): boolean {
  if (!raw.includes('"lastUpdateId"')) return false;
  const frame = parseJson(raw.toString("utf8"));
  return isObject(frame) && "lastUpdateId" in frame;
}

/** 1633998512.0633569: {"stream":"nknusdt@depth@100ms","data":{... */
function parseCryptofeed(line: Buffer, number: number): RecordedEvent | undefined {
  const head = line.toString("latin1");
  const [, url, arrow] = /^(wss?:\/\/\S+) (<->|<-) /.exec(head) ?? [];
  if (url !== undefined) return arrow === "<->" ? { kind: "opened", url } : ASIDE;
  const [prefix, time] = /^(\d+(?:\.\d+)?): /.exec(head) ?? [];
  if (prefix === undefined) return undefined;
  const atMs = Number(time) * 1_000;
  return { kind: "received", atMs, line: number, raw: line.subarray(prefix.length) };
}

function unreadable(path: string, number: number, line: string): Error {
  const shown = JSON.stringify(line.length > 60 ? `${line.slice(0, 57)}...` : line);
  return new Error(
    `${path}:${number}: expected a recorded frame ("<ns> <json>" or "<s>: <json>"), found ${shown}`,
  );
}

/** Not `node:readline`: it also ends a line at U+2028 and U+2029, which JSON may hold. */
async function* linesOf(path: string): AsyncGenerator<Buffer, void> {
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
        yield rest.subarray(start, end);
        start = end + 1;
      }
      rest = rest.subarray(start);
    }
  } catch (error) {
    throw new Error(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (rest.length > 0) yield rest;
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
