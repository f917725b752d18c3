import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TIMER_MS, toTimerMs } from "../../../machines/policy/duration.ts";

describe("toTimerMs", () => {
  it("goes up to what Node holds", () => {
    expect(MAX_TIMER_MS).toBe(2_147_483_647);
  });

  it.each([
    [0, 0],
    [0.4, 0],
    [0.5, 1],
    [1_499.6, 1_500],
    [-1, 0],
    [-Infinity, 0],
    [MAX_TIMER_MS, MAX_TIMER_MS],
    [MAX_TIMER_MS + 1, MAX_TIMER_MS],
    [99_999_999_000, MAX_TIMER_MS],
    [Infinity, MAX_TIMER_MS],
    [NaN, 0],
  ])("makes %d ms a delay of %d ms", (ms, expected) => {
    expect(toTimerMs(ms)).toBe(expected);
  });

  it("takes the fallback for NaN, and only for that", () => {
    expect(toTimerMs(NaN, 700)).toBe(700);
    expect(toTimerMs(-1, 700)).toBe(0);
  });

  it("always gives a whole number that a timer holds", () => {
    fc.assert(
      fc.property(fc.double(), (ms) => {
        const delayMs = toTimerMs(ms);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(2 ** 31 - 1);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});
