/**
 * The formats of recorded market data, told apart by their first line. Pure.
 *
 *   hftbacktest   `<receive time, ns> <frame>`; a top-level `lastUpdateId` is a depth snapshot that came by
 *                 REST in between
 *   cryptofeed    `<url> <-> <time, s>` opened · `<url> <- <time>: <frame>` sent by the client
 *                 · `<time>: <frame>` received
 *   items         what `connect --items` and `connect --record` write (`recording-items.ts`)
 *   frames        a frame per line, as `connect` writes them; the first is a JSON object or array
 */
import { isObject, parseJson } from "./json.ts";
import { parseItem, type KnownPlace, type RecordedItem } from "./recording-items.ts";

/** What happened, in the order in which it was recorded. */
export type RecordedEvent =
  /** A socket was opened. */
  | { readonly kind: "opened"; readonly url: string }
  /** The venue sent a frame on it. */
  | {
      readonly kind: "received";
      /** When, in milliseconds since the epoch; undefined in a recording without times. */
      readonly atMs: number | undefined;
      readonly line: number;
      readonly raw: Buffer;
      /** In a recording of items. */
      readonly known?: KnownPlace;
      /** The file ends within or right behind it: it may have been cut off. */
      readonly isUnended?: true;
    }
  /** A recording of items says something that is no message. */
  | {
      readonly kind: "item";
      readonly line: number;
      readonly item: Exclude<RecordedItem, { readonly kind: "message" }>;
    }
  /** Something else crossed the wire: the client's own frame, or an answer by REST. */
  | { readonly kind: "aside" }
  /** The rest is not there or cannot be read: the file was cut off or damaged. The last event. */
  | { readonly kind: "cut"; readonly line: number; readonly why: string }
  /** The reading was stopped by its signal. The last event. */
  | { readonly kind: "stopped"; readonly line: number };

export type ParseLine = (line: Buffer, number: number) => RecordedEvent | undefined;

/** How the lines of a recording are read that begins with `first`; undefined where it is no recording. */
export function formatOf(first: Buffer): ParseLine | undefined {
  if (parseHftbacktest(first, 1) !== undefined) return parseHftbacktest;
  if (parseCryptofeed(first, 1) !== undefined) return parseCryptofeed;
  if (parseItemLine(first, 1) !== undefined) return parseItemLine;
  const frame = parseJson(first.toString("utf8"));
  return typeof frame === "object" && frame !== null ? parseFrame : undefined;
}

const ASIDE: RecordedEvent = { kind: "aside" };

/** 1723161253937085768 {"stream":"btcusdt@depth@100ms","data":{... */
function parseHftbacktest(line: Buffer, number: number): RecordedEvent | undefined {
  const time = line.toString("latin1", 0, 19);
  if (!/^\d{19}$/.test(time) || line[19] !== 0x20) return undefined;
  const raw = line.subarray(20);
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
  const [prefix, time] = /^(\d+(?:\.\d+)?): /.exec(line.toString("latin1", 0, 64)) ?? [];
  if (prefix !== undefined) {
    return {
      kind: "received",
      atMs: Number(time) * 1_000,
      line: number,
      raw: line.subarray(prefix.length),
    };
  }
  if (!/^wss?:\/\//.test(line.toString("latin1", 0, 6))) return undefined;
  const [, url, arrow] = /^(\S+) (<->|<-) /.exec(line.toString("latin1")) ?? [];
  if (url === undefined) return undefined;
  return arrow === "<->" ? { kind: "opened", url } : ASIDE;
}

function parseItemLine(line: Buffer, number: number): RecordedEvent | undefined {
  const item = parseItem(line);
  if (item === undefined) return undefined;
  if (item.kind !== "message") return { kind: "item", line: number, item };
  const { raw, receivedAtMs: atMs, known } = item;
  return { kind: "received", atMs, line: number, raw, known };
}

/** Whatever it is: venues send words beside JSON. */
function parseFrame(line: Buffer, number: number): RecordedEvent {
  return { kind: "received", atMs: undefined, line: number, raw: line };
}
