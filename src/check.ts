/** Small checks that options are made of. Each throws an {@link OptionError} naming path and value. */
import { MAX_TIMER_MS } from "../machines/policy/duration.ts";
import { OptionError, wrongValue } from "./errors.ts";
import { functionKind, hasMethods, isPlainObject, isPromiseLike } from "./shape.ts";
import type { Clock } from "./system.ts";

/** A plain object whose keys are all known, as such. */
export function checkKeys<K extends string>(
  value: unknown,
  path: string,
  known: readonly K[],
): Readonly<Partial<Record<K, unknown>>> {
  if (!isPlainObject(value)) throw wrongValue(path, "an object", value);
  for (const key of Object.keys(value)) {
    if (known.some((name) => name === key)) continue;
    const hint = known.find((name) => name.toLowerCase().startsWith(key.toLowerCase().slice(0, 4)));
    const expected =
      hint === undefined ? `one of ${known.join(", ")}` : `a known option, such as ${hint}`;
    throw new OptionError(path === "options" ? key : `${path}.${key}`, expected, key);
  }
  return value as Readonly<Partial<Record<K, unknown>>>;
}

/** A duration that a timer can hold; `undefined` gives the default. */
export function checkMs(value: unknown, path: string, defaultMs: number, minMs = 0): number {
  if (value === undefined) return defaultMs;
  if (typeof value !== "number" || !(value >= minMs && value <= MAX_TIMER_MS)) {
    throw new OptionError(path, `milliseconds from ${minMs} to ${MAX_TIMER_MS}`, value);
  }
  return value;
}

/** An integer in [min, max]; `undefined` gives the default. */
export function checkInteger(
  value: unknown,
  path: string,
  defaultValue: number,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return defaultValue;
  if (value === Infinity && max === Infinity) return Infinity;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    const range = max >= Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    const orMore = max === Infinity ? " or Infinity" : "";
    throw new OptionError(path, `an integer ${range}${orMore}`, value);
  }
  return value;
}

/** A number in [min, max]; `undefined` gives the default. */
export function checkNumber(
  value: unknown,
  path: string,
  defaultValue: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== "number" || !(value >= min && value <= max)) {
    throw new OptionError(path, `a number from ${min} to ${max}`, value);
  }
  return value;
}

export function checkBoolean(value: unknown, path: string): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw new OptionError(path, "true or false", value);
  }
}

/** A function, which may give a promise. */
export function requireFunction(value: unknown, path: string): void {
  const kind = functionKind(value);
  if (kind === undefined || kind === "generator function") {
    throw new OptionError(path, "a function", value);
  }
}

/** A function whose value is used at once: it must not be async. */
export function requireSync(value: unknown, path: string): void {
  if (functionKind(value) === "async function") {
    throw new OptionError(path, "a function that gives its value at once", value);
  }
  requireFunction(value, path);
}

/** As {@link requireFunction}, or nothing. */
export function checkFunction(value: unknown, path: string): void {
  if (value !== undefined) requireFunction(value, path);
}

/** As {@link requireSync}, or nothing. */
export function checkSync(value: unknown, path: string): void {
  if (value !== undefined) requireSync(value, path);
}

/**
 * What a function gave whose value is used at once.
 *
 * @throws {@link OptionError} for a promise, whose rejection is handled.
 */
export function atOnce<T>(given: T, path: string): T {
  if (!isPromiseLike(given)) return given;
  throw wrongValue(path, "a value, given at once", given);
}

export function checkOneOf<T extends string>(
  value: unknown,
  path: string,
  allowed: readonly T[],
  defaultValue: T,
): T {
  if (value === undefined) return defaultValue;
  const found = allowed.find((name) => name === value);
  if (found === undefined) {
    throw new OptionError(path, allowed.map((name) => `"${name}"`).join(" or "), value);
  }
  return found;
}

export function checkSignal(value: unknown, path: string): AbortSignal | undefined {
  if (value === undefined || isSignal(value)) return value;
  throw new OptionError(path, "an AbortSignal", value);
}

function isSignal(value: unknown): value is AbortSignal {
  if (!hasMethods(value, ["addEventListener", "removeEventListener"])) return false;
  return "aborted" in value && typeof value.aborted === "boolean";
}

const CLOCK = ["nowMs", "setTimeout", "clearTimeout", "nextTurn"] as const;

/** A clock of the user's, or the default. It is asked for the time once, so that a wrong one is found now. */
export function checkClock(value: unknown, byDefault?: Clock): Clock {
  if (value === undefined && byDefault !== undefined) return byDefault;
  if (typeof value !== "object" || value === null) throw new OptionError("clock", "a clock", value);
  const clock = value as Clock;
  for (const method of CLOCK) {
    requireSync(clock[method], `clock.${method}`);
  }
  const nowMs: unknown = atOnce(clock.nowMs(), "clock.nowMs()");
  if (typeof nowMs !== "number" || !Number.isFinite(nowMs)) {
    throw new OptionError("clock.nowMs()", "a number of milliseconds", nowMs);
  }
  return clock;
}

/** Tells of a user's function that threw. */
export type ReportFailure = (callback: string, error: unknown) => void;
