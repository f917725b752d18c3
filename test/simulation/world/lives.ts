/** Many lives: on worker threads, in seed order, each told apart by its seed alone. */
import { Worker } from "node:worker_threads";
import { live } from "./life.ts";
import type { Violation } from "./oracle/invariants.ts";
import type { LearnOptions } from "./silences.ts";

/** A life that was not good. */
export interface BadLife {
  readonly seed: number;
  readonly endedAt: number;
  readonly violations: readonly Violation[];
}

/** What a worker is asked: the seeds from `from` on, `count` of them. */
export interface Batch extends LearnOptions {
  readonly from: number;
  readonly count: number;
}

/** Lives of one batch, here and now. */
export async function liveBatch({ from, count, learn = [] }: Batch): Promise<BadLife[]> {
  const bad: BadLife[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations, endedAt } = await live(seed, { learn, isAlone: true });
    if (violations.length > 0) bad.push({ seed, endedAt, violations });
  }
  return bad;
}

export interface LivesOptions extends Batch {
  readonly workers: number;
  /** Enough bad lives: no new batch is begun. */
  readonly enough: number;
  readonly onProgress?: (lives: number) => void;
}

const BATCH = 25;

/** Gives how many lives were lived, and the bad ones by seed. */
export async function liveMany(
  options: LivesOptions,
): Promise<{ readonly lives: number; readonly bad: readonly BadLife[] }> {
  const { from, count, workers, enough, learn = [] } = options;
  const bad: BadLife[] = [];
  let lives = 0;
  let next = from;
  const takeBatch = (): Batch | undefined => {
    const left = from + count - next;
    if (left <= 0 || bad.length >= enough) return undefined;
    const batch = { from: next, count: Math.min(BATCH, left), learn };
    next += batch.count;
    return batch;
  };

  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./worker.js", import.meta.url));
      let batch: Batch | undefined;
      const give = (): void => {
        batch = takeBatch();
        if (batch !== undefined) worker.postMessage(batch);
        else void worker.terminate().then(() => resolve(), reject);
      };
      worker.on("message", (found: readonly BadLife[]) => {
        bad.push(...found);
        lives += batch?.count ?? 0;
        options.onProgress?.(lives);
        give();
      });
      worker.on("error", reject);
      give();
    });
  await Promise.all(Array.from({ length: workers }, work));
  return { lives, bad: bad.sort((one, other) => one.seed - other.seed) };
}
