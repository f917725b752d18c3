// Which backoffs are worth having: none of their family is better in every respect.
import { equalJitter, fullJitter } from "./formulas.mjs";
import { simulateHerd } from "./simulate.mjs";
import { median } from "../lib/stats.mjs";

const FIRSTS = [0.5, 1, 2, 3, 4, 5, 8];
const FACTORS = [1, 1.3, 1.5, 2];
const CAPS = [3, 5, 6, 8, 10, 15, 30];

/** Medians over seeds of one formula: at once, and after an outage. */
export function judgeFormula(wait, seeds, downSeconds = 60) {
  const runs = seeds.map((seed) => ({
    now: simulateHerd(wait, { seed }),
    later: simulateHerd(wait, { seed, downSeconds }),
  }));
  const of = (pick) => median(runs.map(pick));
  return {
    peak: of(({ now }) => now.peak),
    attempts: of(({ now }) => now.attempts),
    t50: of(({ now }) => now.t50),
    t99: of(({ now }) => now.t99),
    laterT99: of(({ later }) => later.t99),
    laterAttempts: of(({ later }) => later.attempts),
  };
}

/** Every member of the family `U(0, first)`, then jitter under `min(cap, first * factor^k)`, judged. */
export function searchFamily(seeds) {
  const members = [];
  for (const first of FIRSTS) {
    for (const factor of FACTORS) {
      for (const cap of CAPS.filter((each) => each >= first)) {
        for (const [jitter, make] of [
          ["equal", equalJitter],
          ["full", fullJitter],
        ]) {
          const shape = { first, factor, cap };
          members.push({ ...shape, jitter, ...judgeFormula(make(shape), seeds) });
        }
      }
    }
  }
  return members;
}

/** Less is better in all of these. */
const RESPECTS = ["first", "peak", "attempts", "t99", "laterT99", "laterAttempts"];

export function front(members) {
  const isBeaten = (one) =>
    members.some(
      (other) =>
        RESPECTS.every((respect) => other[respect] <= one[respect]) &&
        RESPECTS.some((respect) => other[respect] < one[respect]),
    );
  return members.filter((member) => member.t99 < Infinity && !isBeaten(member));
}
