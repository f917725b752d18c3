/** Which steps of a bad life are needed for what went wrong in it: found by fast-check. */
import fc from "fast-check";
import { live, type Life } from "./life.ts";
import type { LearnOptions } from "./silences.ts";
import type { Step } from "./steps.ts";

export interface Shrunk {
  /** Indices of the steps that are left, in their order. */
  readonly kept: readonly number[];
  readonly life: Life;
}

/** Stands for a step that is left out. */
const NONE = -1;

/**
 * Leaves out whatever can be left out while the same invariant is broken. Steps draw nothing when they
 * are done, so that what is left does what it did.
 */
export async function shrink(bad: Life, limitMs: number, learning: LearnOptions): Promise<Shrunk> {
  const invariant = bad.violations[0]?.invariant;
  // What came after the end of the life was never done.
  const indices = bad.steps.slice(0, bad.endedAt + 1).map((_, index) => index);
  let best: Shrunk = { kept: indices, life: bad };

  const isGood = async (chosen: readonly number[]): Promise<boolean> => {
    const kept = chosen.filter((index) => index !== NONE);
    const steps = stepsAt(bad.steps, kept);
    const life = await live(bad.seed, { ...learning, steps, isLogged: true });
    if (life.violations[0]?.invariant !== invariant) return true;
    if (kept.length < best.kept.length) best = { kept, life };
    return false;
  };
  await fc.check(
    fc.asyncProperty(
      fc.array(fc.constantFrom(NONE, ...indices), { maxLength: indices.length }),
      isGood,
    ),
    { examples: [[indices]], numRuns: 1, interruptAfterTimeLimit: limitMs },
  );
  return best;
}

/** Steps by their indices. */
export function stepsAt(steps: readonly Step[], kept: readonly number[]): readonly Step[] {
  return kept.flatMap((index) => steps[index] ?? []);
}
