/**
 * `npm run simulation:planted`: plants each bug in a copy of the sources and looks for it with the seeds
 * that a clean tree passes. Exits 1 when one is not found.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { liveBatch, type BadLife } from "./lives.ts";
import type { Violation } from "./oracle/invariants.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { plantedBugs } from "./planted-bugs.ts";

const SEEDS = 2_000;

/** The repository, and how to build it, or a copy of it, into a folder of the cache. */
export interface Workshop {
  readonly root: string;
  readonly cache: string;
  readonly build: (name: string, sources: string) => string;
}

type Found = Violation & { readonly seed: number };

/** Gives the exit code. */
export async function main(args: string[], workshop: Workshop): Promise<number> {
  const { values } = parseArgs({ args, options: { only: { type: "string" } } });
  const { only } = values;
  const bugs = plantedBugs.filter(({ name }) => only === undefined || name.includes(only));
  const waiting = bugs.map((bug, index) => ({ bug, index }));
  let found = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { bug, index } = next;
      const result = await hunt(bug, `planted-${index}`, workshop);
      if (result !== undefined) found += 1;
      const where =
        result === undefined
          ? `NOT FOUND in ${SEEDS} seeds`
          : `seed ${result.seed}: ${result.invariant}: ${result.detail.split("\n")[0]}`;
      print(`${bug.name} (${bug.file}): ${where}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  print(`${found}/${bugs.length} planted bugs found`);
  return found === bugs.length ? 0 : 1;
}

/** Plants the bug, builds, and lives; undefined when no life was bad that is good without it. */
async function hunt(
  bug: PlantedBug,
  folder: string,
  { root, cache, build }: Workshop,
): Promise<Found | undefined> {
  const copy = join(cache, `${folder}-sources`);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const part of ["machines", "src", "test/simulation/world"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  plant(bug, copy);
  const built = build(folder, copy);
  const hunter = join(built, "test/simulation/world/hunt.js");
  const { learn = [] } = bug;
  let result: Found | null;
  let from = 1;
  let without: BadLife | undefined;
  do {
    const args = [String(from), String(SEEDS + 1 - from), learn.join(",")];
    result = JSON.parse(await run(hunter, args)) as Found | null;
    if (result === null) break;
    [without] = await liveBatch({ from: result.seed, count: 1, learn });
    from = result.seed + 1;
    // The oracle of what lives do not have by default has false alarms: those seeds prove nothing.
  } while (without !== undefined && learn.length > 0);
  rmSync(copy, { recursive: true });
  rmSync(built, { recursive: true });
  if (result === null) return undefined;
  if (without === undefined) return result;
  throw new Error(`life ${result.seed} is bad without a bug: fix that first`);
}

function plant({ name, file, find, replace }: PlantedBug, copy: string): void {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`"${name}" fits in ${places} places of ${file}, not in one`);
  // A function, as the text may hold "$&" and its like.
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(process.execPath, [program, ...args], (error, stdout) => {
      if (error === null) done(stdout);
      else fail(error);
    });
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
