/**
 * Seeded worlds on virtual time, a fixed number of them: an oracle that knows every message emitted and
 * every call made looks after each step. More of them by `npm run simulation`, which is faster.
 */
import { describe, expect, it } from "vitest";
import { namedSeeds } from "./named-seeds.ts";
import { live, STEPS } from "./world/life.ts";
import { invariants, notApplicable } from "./world/oracle/invariants.ts";

/** CI derives it from the commit, so that a green commit stays green. */
const FIRST_SEED = Number(process.env["SIMULATION_SEED"] ?? 1);
const LIVES = 20;

/** The line that shows a bad life again, for whoever reads the failure. */
function said(
  seed: number,
  violations: readonly { invariant: string; detail: string }[],
): string[] {
  return violations.map(
    ({ invariant, detail }) =>
      `${invariant}: ${detail}; npm run simulation -- --seed ${seed} --lives 1 --verbose`,
  );
}

describe("a simulated life", () => {
  it(`of each of ${LIVES} seeds keeps every invariant and comes good when the world heals`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + LIVES; seed += 1) {
      const { violations, steps } = await live(seed);
      expect(said(seed, violations)).toEqual([]);
      expect(steps.length).toBeGreaterThanOrEqual(STEPS);
    }
  });

  it.each(namedSeeds)(
    "of a seed that has a name is good: $name",
    async ({ seed, shows, learn = [] }) => {
      const { violations, log } = await live(seed, { isLogged: true, learn });
      expect(said(seed, violations)).toEqual([]);
      const missing = shows.filter((text) => !log.some((line) => line.includes(text)));
      expect(missing).toEqual([]);
    },
  );

  it("is the same, event for event, when its seed is lived again", async () => {
    for (const seed of [FIRST_SEED, FIRST_SEED + 1, FIRST_SEED + 2]) {
      const first = await live(seed, { isLogged: true });
      const second = await live(seed, { isLogged: true });
      expect(second.log).toEqual(first.log);
      expect(first.log.length).toBeGreaterThan(STEPS);
    }
  });

  it("is looked after by every number of the plan, or the reason why not is given", () => {
    const numbers = [...Object.keys(invariants), ...Object.keys(notApplicable)]
      .map((name) => Number.parseInt(name, 10))
      .filter((number) => !Number.isNaN(number));

    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 28 }, (_, i) => i + 1));
  });
});
