/**
 * What a value from outside is, told by its shape.
 *
 * Functions, errors and promises of users may come from another realm (Jest, a `vm` context, a frame) or from
 * a library of their own: `instanceof` is false for them. Nothing here throws.
 */

/** Whether it can be awaited: it has a function `then`. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return false;
  try {
    return typeof (value as { readonly then?: unknown }).then === "function";
  } catch {
    return false; // a getter, or a proxy
  }
}

/** Calls `failed` when a promise rejects; does nothing for any other value. */
export function onRejection(value: unknown, failed: (error: unknown) => void): void {
  if (isPromiseLike(value)) void Promise.resolve(value).then(undefined, failed);
}

/** A promise where a value was meant: its rejection must not end the process. */
export function ignoreRejection(value: unknown): void {
  onRejection(value, () => undefined);
}

/** An instance of `Error` of any realm, among data. */
export function isErrorObject(value: unknown): value is Error {
  return ["Error", "DOMException"].includes(tagOf(value));
}

/** A `Map` of any realm. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return tagOf(value) === "Map";
}

/** Something that can be read as an error, of whatever realm: an object with a message. */
export function isError(value: unknown): value is Error {
  try {
    if (typeof value !== "object" || value === null || !("message" in value)) return false;
    return typeof value.message === "string";
  } catch {
    return false;
  }
}

/** What something that was thrown says. */
export function messageOf(thrown: unknown): string {
  if (isError(thrown)) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return "a value without a text"; // such as an object without a prototype
  }
}

/** What was thrown, as an error. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(messageOf(thrown));
}

/** A `Uint8Array` of any realm; Node's `Buffer` is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf(value) === "Uint8Array";
}

/** An object of no built-in class: not a `Map`, a `Date` or an `Error`, not an array, not a promise. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && tagOf(value) === "Object" && !isPromiseLike(value);
}

/** Whether it has these methods, its own or inherited. */
export function hasMethods(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "function");
}

type FunctionKind = "function" | "async function" | "generator function";

/** How a function gives its value: at once, in a promise, or piece by piece. */
export function functionKind(value: unknown): FunctionKind | undefined {
  if (typeof value !== "function") return undefined;
  switch (tagOf(value)) {
    case "AsyncFunction":
      return "async function";
    case "GeneratorFunction":
    case "AsyncGeneratorFunction":
      return "generator function";
    default:
      return "function";
  }
}

/** Built-in classes that a message names; any other value is an object. */
const NAMED: ReadonlySet<string> = new Set([
  "ArrayBuffer",
  "Date",
  "Error",
  "Map",
  "Set",
  "Uint8Array",
]);

/** What it is, in a word or two, for a message about it. */
export function describeShape(value: object): string {
  const kind = functionKind(value);
  if (kind !== undefined) return kind === "async function" ? `an ${kind}` : `a ${kind}`;
  if (isPromiseLike(value)) return "a promise";
  const tag = tagOf(value);
  if (tag === "Array") return "an array";
  if (!NAMED.has(tag)) return "an object";
  return /^[AE]/.test(tag) ? `an ${tag}` : `a ${tag}`;
}

/** `Map`, `AsyncFunction`, `Object` …: the built-in class, whatever realm it is of. */
function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return "Object"; // a proxy that was revoked
  }
}
