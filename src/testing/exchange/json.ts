/** JSON from outside, as far as it can be trusted. */

/** An object or array whose members are yet to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}

/** `text` as a value, or undefined when it is not JSON (no JSON text is undefined). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
