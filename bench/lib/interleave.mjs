// Side by side: every stretch of a subject lies between two stretches of the base, A B A C A …
//
// A round is a set of fresh processes (the compiler's mood and the heap's layout are part of the noise),
// and has several stretches of each. A round's ratio is the median over its stretches; what is reported
// is the median over rounds, and their least and greatest.
import { median, shuffled } from "./stats.mjs";

/**
 * @typedef {Map<string, Record<"ratios" | "differences" | "values" | "bases", Record<string, number[]>>>} Results
 * By client and figure, one number a round.
 */

/**
 * @param {object} plan
 * @param {number} plan.rounds
 * @param {number} plan.stretches - Of each subject, a round.
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
    const running = new Map();
    try {
      const names = [base, ...subjects].filter((name) => !failed.has(name));
      const launches = await Promise.allSettled(names.map((name) => plan.launch(name)));
      for (const [i, { value, reason }] of launches.entries()) {
        if (value !== undefined) running.set(names[i], value);
        else {
          failed.add(names[i]);
          plan.onFailed(names[i], reason);
        }
      }
      const pairs = await oneRound({ ...plan, running, seed: round, failed });
      for (const [name, taken] of pairs) note(results, name, taken, figures);
    } finally {
      for (const process of running.values()) await process.stop();
    }
  }
  return results;
}

async function oneRound({ running, stretches, base, subjects, figures, seed, failed, onFailed }) {
  const taken = new Map();
  // The first stretch of each warms it up.
  for (const [name, process] of running) await attempt(name, process);
  let before = await running.get(base).measure();
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    for (const name of shuffled(subjects, seed * 1_000 + stretch)) {
      const process = running.get(name);
      if (process === undefined || failed.has(name)) continue;
      const subject = await attempt(name, process);
      const after = await running.get(base).measure();
      if (subject !== undefined) {
        const pairs = taken.get(name) ?? [];
        taken.set(name, pairs);
        pairs.push({ subject, base: meanOf(before, after, figures) });
      }
      before = after;
    }
  }
  return taken;

  async function attempt(name, process) {
    try {
      return await process.measure();
    } catch (error) {
      failed.add(name);
      onFailed(name, error);
      return undefined;
    }
  }
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
