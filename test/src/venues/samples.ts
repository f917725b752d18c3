/**
 * What real venues sent, one message a line, as it lies beside the project and never in it.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

const path = resolve(import.meta.dirname, "../../../../shared/recordings/samples/samples.jsonl");

export interface Sample {
  readonly venue: string;
  readonly channel: string;
  readonly kind: string;
  readonly message?: unknown;
}

/** The messages of a venue; undefined where the file is not here. */
export function samplesOfVenue(venue: string): readonly Sample[] | undefined {
  if (!existsSync(path)) return undefined;
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Sample)
    .filter((sample) => sample.venue === venue && "message" in sample);
}
