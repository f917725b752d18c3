/**
 * What real venues sent, and how far a simulated frame is like it: the same keys, the same kinds of
 * values, all the way down. The samples lie beside the project, never in it: without them nothing is
 * compared, and it is said.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const path = join(import.meta.dirname, "../../../../../shared/recordings/samples/samples.jsonl");

export const samplesAreHere = existsSync(path);
if (!samplesAreHere) console.warn(`skipped: ${path} is not here`);

interface Sample {
  readonly venue: string;
  readonly channel: string;
  readonly kind: string;
  readonly message?: unknown;
}

/** The messages of a venue on a channel of a kind, as the file names them. */
export function samplesOf(venue: string, channel: string, kind: string): readonly unknown[] {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const found = lines
    .map((line) => JSON.parse(line) as Sample)
    .filter((sample) => sample.venue === venue && sample.channel === channel)
    .filter((sample) => sample.kind === kind && "message" in sample)
    .map(({ message }) => message);
  if (found.length === 0) throw new Error(`no sample of ${venue} ${channel} ${kind}`);
  return found;
}

/** Where `actual` is not like `sample`; nothing for two frames of one shape. Empty lists are like any. */
export function differences(actual: unknown, sample: unknown, at = "$"): readonly string[] {
  if (Array.isArray(actual) && Array.isArray(sample)) {
    if (actual.length === 0 || sample.length === 0) return [];
    if (isList(actual) && isList(sample)) return differences(actual[0], sample[0], `${at}[]`);
    if (actual.length !== sample.length) return [`${at}: ${actual.length} for ${sample.length}`];
    return actual.flatMap((item, index) => differences(item, sample[index], `${at}[${index}]`));
  }
  if (isRecord(actual) && isRecord(sample)) {
    const keys = new Set([...Object.keys(actual), ...Object.keys(sample)]);
    return [...keys].flatMap((key) => {
      if (!(key in actual)) return [`${at}.${key} is missing`];
      if (!(key in sample)) return [`${at}.${key} is not the venue's`];
      return differences(actual[key], sample[key], `${at}.${key}`);
    });
  }
  const [is, should] = [kindOf(actual), kindOf(sample)];
  return is === should ? [] : [`${at}: ${is} for ${should}`];
}

/** Of things of one kind, however many; else it is a tuple. */
function isList(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "object" && value !== null);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return value === null ? "null" : typeof value;
}
