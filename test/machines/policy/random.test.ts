import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, nextRandom } from "../../../machines/policy/random.ts";

function draws(seed: number, count: number): number[] {
  return Array.from({ length: count }, createRandom(seed));
}

describe("the stream of chance", () => {
  it("is mulberry32: these are its first numbers for seed 1", () => {
    expect(draws(1, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
  });

  it("is the same for the same seed, and another for another", () => {
    expect(draws(42, 100)).toEqual(draws(42, 100));
    expect(draws(42, 100)).not.toEqual(draws(43, 100));
  });

  it("goes on from its state alone", () => {
    const [, state] = nextRandom(7);
    const [second] = nextRandom(state);

    expect([second]).toEqual(draws(7, 2).slice(1));
  });

  it("takes any 32-bit seed, signed or not", () => {
    expect(draws(2 ** 32 - 1, 10)).toEqual(draws(-1, 10));
  });

  it("stays in [0, 1) and in 32 bits of state", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (seed) => {
        const [value, state] = nextRandom(seed);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
        expect(state).toBe(state | 0);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it("is even: each tenth of [0, 1) gets its tenth of 100,000 draws", () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of draws(5, 100_000)) {
      const tenth = Math.floor(value * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }

    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("is even over the first draw of neighbouring seeds too: a fleet numbers its connections", () => {
    const firsts = Array.from({ length: 1_000 }, (_, seed) => nextRandom(seed)[0]);
    const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;

    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
    expect(Math.max(...firsts)).toBeGreaterThan(0.99);
    expect(Math.min(...firsts)).toBeLessThan(0.01);
  });
});
