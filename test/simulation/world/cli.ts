/**
 * `npm run simulation -- --lives 10000 --seed 1`: lives, lives per second; and for what went wrong the
 * line that shows it again, with the steps that it needs.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { live, stepsOf } from "./life.ts";
import { liveMany, type BadLife } from "./lives.ts";
import { shrink, stepsAt } from "./shrink.ts";
import { silences, type LearnOptions, type Silence } from "./silences.ts";

const SHRINK_FOR_MS = 60_000;
const COMMAND = "npm run simulation --";

const options = {
  lives: { type: "string", default: "1000" },
  seed: { type: "string", default: "1" },
  workers: { type: "string", default: String(availableParallelism()) },
  /** Stop after so many bad lives. */
  enough: { type: "string", default: "1" },
  /** Show everything that happens; for one life. */
  verbose: { type: "boolean", default: false },
  /** Do only these steps, by their indices; for one life. */
  keep: { type: "string" },
  /** Silences that lives do not have yet, to try them: `numbers,mute`. */
  learn: { type: "string" },
} as const;

/** Gives the exit code. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options });
  const learning = { learn: silencesOf(values.learn) };
  const count = wholeNumber("lives", values.lives);
  const from = wholeNumber("seed", values.seed);
  if (count === 1 && (values.verbose || values.keep !== undefined)) {
    return show(
      from,
      learning,
      values.keep?.split(",").map((index) => wholeNumber("keep", index)),
    );
  }
  const startedAtMs = performance.now();
  const { lives, bad } = await liveMany({
    from,
    count,
    ...learning,
    workers: Math.min(wholeNumber("workers", values.workers), count),
    enough: wholeNumber("enough", values.enough),
    onProgress: process.stderr.isTTY
      ? (done) => process.stderr.write(`\r${done} of ${count} lives`)
      : () => {},
  });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const rate = lives / seconds;
  print(`${process.stderr.isTTY ? "\n" : ""}${lives} lives in ${seconds.toFixed(1)} s`);
  print(
    `${rate.toFixed(0)} lives per second; ${bad.length} bad; seeds ${from} to ${from + lives - 1}`,
  );
  for (const life of bad) printBad(life, learning);
  const [first] = bad;
  if (first === undefined) return 0;
  await printShrunk(first.seed, learning);
  return 1;
}

/** One life, with all that happens in it. */
async function show(
  seed: number,
  learning: LearnOptions,
  kept: readonly number[] | undefined,
): Promise<number> {
  const all = stepsOf(seed, learning);
  const steps = kept === undefined ? all : stepsAt(all, kept);
  const life = await live(seed, { ...learning, steps, isLogged: true });
  for (const line of life.log) print(line);
  if (life.violations.length === 0) {
    print(`life ${seed} is good`);
    return 0;
  }
  printBad(life, learning);
  return 1;
}

function printBad({ seed, endedAt, violations }: BadLife, learning: LearnOptions): void {
  const [first] = violations;
  print(`\nlife ${seed} broke "${first?.invariant}" after step ${endedAt}: ${first?.detail}`);
  print(`replay: ${replayOf(seed, learning)}`);
}

async function printShrunk(seed: number, learning: LearnOptions): Promise<void> {
  const bad = await live(seed, learning);
  if (bad.violations.length === 0) {
    print(`life ${seed} is good when nothing else runs beside it: it is not deterministic`);
    return;
  }
  const { kept, life } = await shrink(bad, SHRINK_FOR_MS, learning);
  print(`\nshrunk from ${bad.endedAt + 1} steps to ${kept.length}:`);
  for (const step of life.steps) print(`  ${JSON.stringify(step)}`);
  print(`still: ${life.violations[0]?.invariant}: ${life.violations[0]?.detail}`);
  print(`replay: ${replayOf(seed, learning)} --keep ${kept.join(",") || "-1"}`);
}

/** The line that shows a life again. */
function replayOf(seed: number, { learn = [] }: LearnOptions): string {
  const learned = learn.length === 0 ? "" : ` --learn ${learn.join(",")}`;
  return `${COMMAND} --seed ${seed} --lives 1 --verbose${learned}`;
}

function silencesOf(text: string | undefined): readonly Silence[] {
  const names = text?.split(",") ?? [];
  const unknown = names.find((name) => !silences.some((silence) => silence === name));
  if (unknown !== undefined) {
    throw new TypeError(`--learn: none of ${silences.join(", ")}: ${unknown}`);
  }
  return silences.filter((silence) => names.includes(silence));
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new TypeError(`--${name}: not a whole number: ${text}`);
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
