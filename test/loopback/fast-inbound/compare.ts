/** Whether a stream looks the same as by Node's reads and `ws` alone: by the shared read, and by the fast way. */
import { play, type Way } from "./play.ts";
import { planOf } from "./plan.ts";

interface Difference {
  readonly seed: number;
  readonly way: Way;
  readonly plain: readonly string[];
  readonly other: readonly string[];
}

export interface Comparison {
  readonly streams: number;
  /** Bytes that reached `ws`: all of them, and by the fast way. */
  readonly plainBytes: number;
  readonly fastBytes: number;
  readonly differences: readonly Difference[];
}

/** Plays the streams of so many seeds all ways. */
export async function compare(from: number, count: number): Promise<Comparison> {
  const differences: Difference[] = [];
  let plainBytes = 0;
  let fastBytes = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const plan = planOf(seed);
    const plain = await play(plan, "plain");
    plainBytes += plain.toWs;
    for (const way of ["shared", "fast"] as const) {
      const other = await play(plan, way);
      if (way === "fast") fastBytes += other.toWs;
      if (plain.entries.join("\n") !== other.entries.join("\n")) {
        differences.push({ seed, way, plain: plain.entries, other: other.entries });
      }
    }
  }
  return { streams: count, plainBytes, fastBytes, differences };
}
