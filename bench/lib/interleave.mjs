// Side by side: every stretch of a subject lies next to one of the base, A B B A A B …
//
// A subject has a base process of its own, as old and as busy as itself: a base that serves all subjects has
// run for longer, and a process that has is 3 to 6 % faster, compiler and heap. A round is a set of fresh
// processes (the compiler's mood and the heap's layout are part of the noise), and has several stretches of
// each. A round's ratio is the median over its stretches; what is reported is the median over rounds, and
// their least and greatest.
import { median, shuffled } from "./stats.mjs";

/**
 * @typedef {Map<string, Record<"ratios" | "differences" | "values" | "bases", Record<string, number[]>>>} Results
 * By client and figure, one number a round.
 */

/**
 * @param {object} plan
 * @param {number} plan.rounds
 * @param {number} plan.stretches - Of each subject, a round.
 * @param {number} [plan.warmUps] - Stretches before those, which are not counted: a process that runs all day
 * has its code compiled. 1 by default.
 * @param {string} plan.base
 * @param {readonly string[]} plan.subjects - Measured against the base; the base again is the control.
 * @param {(name: string) => Promise<{ measure: () => Promise<Record<string, number>>, stop: () => Promise<void> }>} plan.launch
 * @param {readonly string[]} plan.figures - Which numbers of a measurement are made into ratios.
 * @param {(name: string, error: Error) => void} plan.onFailed
 * @returns {Promise<Results>}
 */
export async function interleave(plan) {
  const { rounds, base, subjects, figures } = plan;
  const results = new Map();
  const failed = new Set();
  for (let round = 0; round < rounds; round += 1) {
    const couples = new Map();
    try {
      for (const name of subjects) {
        if (failed.has(name)) continue;
        const both = await Promise.allSettled([plan.launch(name), plan.launch(base)]);
        const [subject, twin] = both.map(({ value }) => value);
        couples.set(name, { subject, twin });
        const problem = both.find(({ status }) => status === "rejected");
        if (problem === undefined) continue;
        failed.add(name);
        plan.onFailed(name, problem.reason);
      }
      const pairs = await oneRound({ ...plan, couples, seed: round, failed });
      for (const [name, taken] of pairs) note(results, name, taken, figures);
    } finally {
      for (const { subject, twin } of couples.values()) {
        await subject?.stop();
        await twin?.stop();
      }
    }
  }
  return results;
}

async function oneRound({ couples, warmUps = 1, stretches, subjects, seed, failed, onFailed }) {
  const taken = new Map();
  for (let stretch = -warmUps; stretch < stretches; stretch += 1) {
    for (const name of shuffled(subjects, seed * 1_000 + stretch)) {
      if (failed.has(name)) continue;
      try {
        const pair = await measureBoth(couples.get(name), (seed + stretch) % 2 === 0);
        if (stretch >= 0) taken.set(name, [...(taken.get(name) ?? []), pair]);
      } catch (error) {
        failed.add(name);
        onFailed(name, error);
      }
    }
  }
  return taken;
}

/** In turns who goes first: what drifts falls on both. */
async function measureBoth({ subject, twin }, isSubjectFirst) {
  if (isSubjectFirst) {
    const figures = await subject.measure();
    return { subject: figures, base: await twin.measure() };
  }
  const base = await twin.measure();
  return { subject: await subject.measure(), base };
}

/** The name of the control among the results: the base, measured against itself. */
export const CONTROL = "ws again";

/**
 * For what is measured once in a process's life: a fresh process each time, A B A C A … in every round.
 * The base before a subject against the base after it is the control.
 *
 * @param {object} plan - As above; `run` gives one process's figures.
 */
export async function alternate({ rounds, base, subjects, figures, run, onFailed }) {
  const results = new Map();
  const failed = new Set();
  let before = await run(base);
  for (let round = 0; round < rounds; round += 1) {
    const controls = [];
    for (const name of shuffled(subjects, round)) {
      if (failed.has(name)) continue;
      let subject;
      try {
        subject = await run(name);
      } catch (error) {
        failed.add(name);
        onFailed(name, error);
        continue;
      }
      const after = await run(base);
      note(results, name, [{ subject, base: meanOf(before, after, figures) }], figures);
      controls.push({ subject: after, base: before });
      before = after;
    }
    note(results, CONTROL, controls, figures);
  }
  return results;
}

function meanOf(one, other, figures) {
  return Object.fromEntries(figures.map((figure) => [figure, (one[figure] + other[figure]) / 2]));
}

function note(results, name, pairs, figures) {
  const result = results.get(name) ?? { ratios: {}, differences: {}, values: {}, bases: {} };
  results.set(name, result);
  for (const figure of figures) {
    const of = (pick) => median(pairs.map(pick));
    (result.ratios[figure] ??= []).push(of(({ subject, base }) => subject[figure] / base[figure]));
    (result.differences[figure] ??= []).push(
      of(({ subject, base }) => subject[figure] - base[figure]),
    );
    (result.values[figure] ??= []).push(of(({ subject }) => subject[figure]));
    (result.bases[figure] ??= []).push(of(({ base }) => base[figure]));
  }
}
