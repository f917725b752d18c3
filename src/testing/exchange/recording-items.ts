/**
 * Lines that `connect --items` and `connect --record` write: one item of a feed each, as JSON. Pure.
 *
 *   {"kind":"recording","version":1,"venue":"okx","url":"wss://…","part":1,"startedAtMs":…}
 *   {"kind":"message","topic":…,"stream":…,"first":…,"position":…,"receivedAtMs":…,"raw":"…"}
 *   {"kind":"gap","stream":…,"from":…,"to":…}             and every other kind of item
 *   {"kind":"recording.ended","next":false}
 *
 * Positions beyond 2^53 are text. A message that is not UTF-8 has `rawBase64` in place of `raw`.
 */
import { isObject, parseJson } from "./json.ts";

/** A number of a stream, beyond 2^53 as a bigint. */
export type RecordedPosition = number | bigint;

/** What the supervisor that recorded a message knew of it. */
export interface KnownPlace {
  readonly topic: string | undefined;
  readonly stream: string | undefined;
  readonly first: RecordedPosition | undefined;
  readonly position: RecordedPosition | undefined;
}

/** One line of items. */
export type RecordedItem =
  | {
      readonly kind: "recording";
      readonly venue: string | undefined;
      readonly url: string | undefined;
      /** Counts the files of one recording from 1. */
      readonly part: number;
    }
  | {
      readonly kind: "message";
      readonly raw: Buffer;
      readonly receivedAtMs: number;
      readonly known: KnownPlace;
    }
  /** `next`: another part follows. */
  | { readonly kind: "recording.ended"; readonly next: boolean }
  /** Any other: its fields as they were written. */
  | { readonly kind: "other"; readonly name: string; readonly fields: Fields };

type Fields = Readonly<Record<string, unknown>>;

/** The item of a line; undefined for a line that is none. */
export function parseItem(line: Buffer): RecordedItem | undefined {
  const fields = parseJson(line.toString("utf8"));
  if (!isObject(fields) || typeof fields["kind"] !== "string") return undefined;
  switch (fields["kind"]) {
    case "message":
      return parseMessage(fields);
    case "recording": {
      const { venue, url, part } = fields;
      if (typeof part !== "number") return undefined;
      return { kind: "recording", venue: textOf(venue), url: textOf(url), part };
    }
    case "recording.ended":
      return { kind: "recording.ended", next: fields["next"] === true };
    default:
      return { kind: "other", name: fields["kind"], fields };
  }
}

/** A position as it was written. */
export function positionOf(value: unknown): RecordedPosition | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  // Bounded: BigInt takes more than linear time for its digits.
  return typeof value === "string" && /^-?\d{1,40}$/.test(value) ? BigInt(value) : undefined;
}

function parseMessage(fields: Fields): RecordedItem | undefined {
  const { raw, rawBase64, receivedAtMs, topic, stream, first, position } = fields;
  if (typeof receivedAtMs !== "number") return undefined;
  const bytes = bytesOf(raw, rawBase64);
  if (bytes === undefined) return undefined;
  const known = {
    topic: textOf(topic),
    stream: textOf(stream),
    first: positionOf(first),
    position: positionOf(position),
  };
  return { kind: "message", raw: bytes, receivedAtMs, known };
}

function bytesOf(raw: unknown, rawBase64: unknown): Buffer | undefined {
  if (typeof raw === "string") return Buffer.from(raw);
  return typeof rawBase64 === "string" ? Buffer.from(rawBase64, "base64") : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
