/** Whether a stream looks the same by the fast way as by `ws` alone. */
import { play } from "./play.ts";
import { planOf } from "./plan.ts";

interface Difference {
  readonly seed: number;
  readonly plain: readonly string[];
  readonly fast: readonly string[];
}

export interface Comparison {
  readonly streams: number;
  /** Bytes that reached `ws`: all of them, and by the fast way. */
  readonly plainBytes: number;
  readonly fastBytes: number;
  readonly differences: readonly Difference[];
}

/** Plays the streams of so many seeds both ways. */
export async function compare(from: number, count: number): Promise<Comparison> {
  const differences: Difference[] = [];
  let plainBytes = 0;
  let fastBytes = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const plan = planOf(seed);
    const plain = await play(plan, false);
    const fast = await play(plan, true);
    plainBytes += plain.toWs;
    fastBytes += fast.toWs;
    if (plain.entries.join("\n") !== fast.entries.join("\n")) {
      differences.push({ seed, plain: plain.entries, fast: fast.entries });
    }
  }
  return { streams: count, plainBytes, fastBytes, differences };
}
