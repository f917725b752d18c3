/**
 * Text from the command line as values. What is no number or header at all is said by its option's
 * name here; what cannot work is said by the supervisor, before any I/O.
 */
import { InvalidArgumentError } from "commander";
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

/** Headers as curl takes them, `Name: value`. A value may be a credential: no message repeats it. */
export function toHeaders(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw new OptionError("--header", '"Name: value"', "text without a colon");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  return Object.fromEntries(headers);
}
