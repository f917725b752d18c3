// What a run has measured, kept as JSON in `bench/results/`, from which the page is written: one suite may
// be measured anew without the others.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchRoot } from "./processes.mjs";

const folder = join(benchRoot, "results");

/** What never happens is Infinity, which JSON does not know. */
const NEVER = "never";
const toJson = (_, value) => (value === Infinity ? NEVER : rounded(value));
const fromJson = (_, value) => (value === NEVER ? Infinity : value);

/** Five digits: more would only make the difference between two runs harder to read. */
function rounded(value) {
  return typeof value === "number" && !Number.isInteger(value)
    ? Number(value.toPrecision(5))
    : value;
}

export function stringify(result) {
  return JSON.stringify(result, toJson);
}

/** As it will be read again. */
export function settled(result) {
  return JSON.parse(stringify(result), fromJson);
}

export function saveResult(suite, result) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${suite}.json`), `${stringify(result)}\n`);
}

/** Undefined where a suite was never run. */
export function loadResult(suite) {
  try {
    return JSON.parse(readFileSync(join(folder, `${suite}.json`), "utf8"), fromJson);
  } catch {
    return undefined;
  }
}
