/**
 * One item of a feed as a line of JSON, whatever its kind: what `connect --items` and `--record` write, and
 * `check` reads (`src/testing/exchange/recording-items.ts`). Pure.
 *
 * A message is written as its bytes were received, `raw`, and not once more as it was decoded; where they are no
 * UTF-8, as `rawBase64`.
 */
import { isUtf8 } from "node:buffer";

/** What the items of all kinds have in common. */
export interface AnyItem {
  readonly kind: string;
}

/** The version of the lines, in their first one. */
const VERSION = 1;

/** The first line of a file: what was recorded, without credentials. */
export interface RecordedSource {
  readonly venue: string | null;
  readonly url: string | null;
}

/** @param part - Counts the files of one recording from 1. */
export function beginToJson(source: RecordedSource, part: number, startedAtMs: number): string {
  return JSON.stringify({ kind: "recording", version: VERSION, ...source, part, startedAtMs });
}

/** @param next - Another part follows. */
export function endToJson(next: boolean): string {
  return JSON.stringify({ kind: "recording.ended", next });
}

export function itemToJson(item: AnyItem): string {
  return JSON.stringify(isMessage(item) ? messageFields(item) : item, toPlain);
}

interface MessageLike extends AnyItem {
  readonly raw: Buffer;
  readonly data?: unknown;
}

function isMessage(item: AnyItem): item is MessageLike {
  return item.kind === "message" && "raw" in item && Buffer.isBuffer(item.raw);
}

function messageFields({ raw, ...fields }: MessageLike): object {
  const bytes = isUtf8(raw) ? { raw: raw.toString("utf8") } : { rawBase64: raw.toString("base64") };
  return { ...fields, data: undefined, ...bytes };
}

/** What JSON cannot hold: positions beyond 2^53, maps, errors. */
function toPlain(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value instanceof Error ? value.message : value;
}
