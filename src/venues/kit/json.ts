/** Reading what a venue sent: JSON of unknown shape, step by step, and never a crash. */

export type JsonRecord = Readonly<Record<string, unknown>>;

/** A JSON object; not an array, not null. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One frame of JSON text. Throws what `JSON.parse` throws. */
export function parseFrame(data: Buffer): unknown {
  return JSON.parse(data.toString("utf8"));
}

/** A value of a message as text for people: a string as it is, all else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
