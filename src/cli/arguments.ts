/**
 * Text from the command line as values. What is no number or header at all is said by its option's
 * name here; what cannot work is said by the supervisor, before any I/O.
 */
import { InvalidArgumentError } from "commander";
import { MAX_TIMER_MS } from "../../machines/policy/duration.ts";
import { OptionError } from "../index.ts";

/** A finite number, written in digits. */
export function toNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** An integer of at least 0. */
export function toCount(text: string): number {
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("Expected an integer of at least 0.");
  }
  return value;
}

/** A port to listen on; 0 for any that is free. */
export function toPort(text: string): number {
  const value = toCount(text);
  if (value > 65_535) throw new InvalidArgumentError("Expected a port from 0 to 65535.");
  return value;
}

/** A number above 0. */
export function toPositive(text: string): number {
  const value = toNumber(text);
  if (value <= 0) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

/** One more of a repeatable option. */
export function toList(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** `a,b,c`. */
export function toNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("Expected names with commas between.");
  return names;
}

const BYTES_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
]);

/** A size with its unit, such as `100MB`, in bytes. */
export function toBytes(text: string): number {
  return toAmount(text, BYTES_OF_UNIT, "100MB");
}

const MS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1e3],
  ["min", 60e3],
  ["h", 3_600e3],
  ["d", 86_400e3],
]);

/** A time with its unit, such as `1h`, in milliseconds. */
export function toDurationMs(text: string): number {
  const durationMs = toAmount(text, MS_OF_UNIT, "1h");
  if (durationMs > MAX_TIMER_MS) throw new InvalidArgumentError("Expected at most 24d.");
  return durationMs;
}

function toAmount(text: string, units: ReadonlyMap<string, number>, example: string): number {
  const [, digits, unit = ""] =
    /^(\d{1,15}(?:\.\d{1,9})?) ?([A-Za-z]{1,3})$/.exec(text.trim()) ?? [];
  const amount = Number(digits) * (units.get(unit) ?? NaN);
  if (amount >= 1) return Math.floor(amount);
  const named = [...units.keys()].join(", ");
  throw new InvalidArgumentError(`Expected a number and its unit (${named}), such as ${example}.`);
}

/** Headers as curl takes them, `Name: value`. A value may be a credential: no message repeats it. */
export function toHeaders(
  lines: readonly string[],
  option = "--header",
): Readonly<Record<string, string>> {
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw new OptionError(option, '"Name: value"', "text without a colon");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  return Object.fromEntries(headers);
}
