/** `npm run fuzz:inbound -- --streams 1000000 --seed 1`: how many streams, and how many differ. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { compare, type Comparison } from "./compare.ts";

const BATCH = 500;
const PROGRESS_EVERY = 50_000;
/** Differences that are printed whole, and seeds that are named. */
const PRINTED = 3;
const NAMED = 50;

interface Batch {
  readonly from: number;
  readonly count: number;
}

if (isMainThread) await main();
else {
  parentPort?.on("message", ({ from, count }: Batch) => {
    void compare(from, count).then((comparison) => parentPort?.postMessage(comparison));
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      streams: { type: "string", default: "10000" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
    },
  });
  const first = wholeNumber("seed", values.seed);
  const end = first + wholeNumber("streams", values.streams);
  const startedAtMs = performance.now();
  const all: Comparison[] = [];
  let next = first;
  let done = 0;
  async function crewman(): Promise<void> {
    const worker = new Worker(new URL(import.meta.url));
    while (next < end) {
      const batch: Batch = { from: next, count: Math.min(BATCH, end - next) };
      next += batch.count;
      all.push(await ask(worker, batch));
      done += batch.count;
      if (done % PROGRESS_EVERY < BATCH) console.error(`${done} streams`);
    }
    await worker.terminate();
  }
  await Promise.all(Array.from({ length: wholeNumber("workers", values.workers) }, crewman));

  const seconds = (performance.now() - startedAtMs) / 1_000;
  const sum = (of: (each: Comparison) => number): number =>
    all.reduce((total, each) => total + of(each), 0);
  const differences = all.flatMap((each) => each.differences);
  for (const { seed, way, plain, other } of differences.slice(0, PRINTED)) {
    console.log(
      `seed ${seed}, ws alone:\n  ${plain.join("\n  ")}\n${way}:\n  ${other.join("\n  ")}`,
    );
  }
  const streams = sum((each) => each.streams);
  const share = sum((each) => each.fastBytes) / sum((each) => each.plainBytes);
  console.log(
    `${streams} streams, seeds ${first} to ${end - 1}, ${seconds.toFixed(0)} s ` +
      `(${(streams / seconds).toFixed(0)}/s): ` +
      `${differences.length} differ; ${((1 - share) * 100).toFixed(0)} % of the bytes went past ws`,
  );
  if (differences.length > 0) {
    for (const { seed } of differences.slice(0, NAMED)) {
      console.log(`npm run fuzz:inbound -- --streams 1 --seed ${seed}`);
    }
    process.exitCode = 1;
  }
}

function ask(worker: Worker, batch: Batch): Promise<Comparison> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (comparison: Comparison) => {
      worker.off("error", reject);
      resolve(comparison);
    });
    worker.postMessage(batch);
  });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new TypeError(`--${name}: not a whole number: ${text}`);
  return value;
}
