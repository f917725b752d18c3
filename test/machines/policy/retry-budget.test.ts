import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultRetryBudget, type RetryBudget } from "../../../machines/index.ts";
import {
  fullBudget,
  spend,
  tokensAt,
  waitForToken,
  type BudgetState,
} from "../../../machines/policy/retry-budget.ts";

const budget: RetryBudget = { attempts: 4, perMs: 40_000 }; // a token every 10 s

function spendAll(at = 0): BudgetState {
  let state = fullBudget(budget, at);
  for (let attempt = 0; attempt < budget.attempts; attempt += 1) state = spend(budget, state, at);
  return state;
}

describe("a retry budget", () => {
  it("by default allows 120 attempts in ten minutes", () => {
    expect(defaultRetryBudget).toEqual({ attempts: 120, perMs: 600_000 });
  });

  it("starts full, and each attempt takes one", () => {
    const full = fullBudget(budget, 5);

    expect(full).toEqual({ tokens: 4, atMs: 5 });
    expect(spend(budget, full, 5)).toEqual({ tokens: 3, atMs: 5 });
    expect(spendAll().tokens).toBe(0);
  });

  it("refills at its rate and never above its size", () => {
    const state = spendAll();

    expect(tokensAt(budget, state, 5_000)).toBe(0.5);
    expect(tokensAt(budget, state, 10_000)).toBe(1);
    expect(tokensAt(budget, state, 40_000)).toBe(4);
    expect(tokensAt(budget, state, 1e15)).toBe(4);
  });

  it("owes nothing when an owner dials on an empty one", () => {
    expect(spend(budget, spendAll(), 0)).toEqual({ tokens: 0, atMs: 0 });
  });

  it("leaves a wait as it is where there will be a token by then", () => {
    expect(waitForToken(budget, spendAll(), 0, 10_000)).toEqual({
      waitMs: 10_000,
      isEmpty: false,
    });
  });

  it("makes it longer where there will be none, until there is one", () => {
    expect(waitForToken(budget, spendAll(), 0, 9_999)).toEqual({ waitMs: 10_000, isEmpty: true });
    expect(waitForToken(budget, spendAll(), 0, 0)).toEqual({ waitMs: 10_000, isEmpty: true });
    expect(waitForToken(budget, spendAll(), 2_500, 0)).toEqual({ waitMs: 7_500, isEmpty: true });
  });

  it("gains and loses nothing from a clock that goes back", () => {
    const state = spend(budget, fullBudget(budget, 60_000), 60_000);

    expect(tokensAt(budget, state, 0)).toBe(3);
    const back = spend(budget, state, 20_000);
    expect(back).toEqual({ tokens: 2, atMs: 60_000 });
    expect(tokensAt(budget, back, 60_000)).toBe(2);
    expect(tokensAt(budget, back, 70_000)).toBe(3);
  });

  it("is never negative, never above its size, and a wait is never shortened", () => {
    fc.assert(
      fc.property(
        fc.record({
          attempts: fc.integer({ min: 1, max: 1_000 }),
          perMs: fc.integer({ min: 1, max: 86_400_000 }),
        }),
        fc.array(fc.integer({ min: -60_000, max: 600_000 }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 3_600_000 }),
        (budget, steps, wishMs) => {
          let atMs = 1_700_000_000_000;
          let state = fullBudget(budget, atMs);
          for (const stepMs of steps) {
            atMs += stepMs;
            state = spend(budget, state, atMs);
            expect(state.tokens).toBeGreaterThanOrEqual(0);
            expect(state.tokens).toBeLessThanOrEqual(budget.attempts);
            const { waitMs, isEmpty } = waitForToken(budget, state, atMs, wishMs);
            expect(waitMs).toBeGreaterThanOrEqual(wishMs);
            expect(waitMs <= wishMs + budget.perMs / budget.attempts + 1).toBe(true);
            expect(isEmpty).toBe(waitMs > wishMs);
          }
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it("lets no one who waits for it make more attempts than size plus rate allow", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 200 }),
        (wishes) => {
          const startedAtMs = 1_700_000_000_000;
          let atMs = startedAtMs;
          let state = fullBudget(budget, atMs);
          for (const [made, wishMs] of wishes.entries()) {
            atMs += waitForToken(budget, state, atMs, wishMs).waitMs;
            state = spend(budget, state, atMs);
            const allowed = budget.attempts + (atMs - startedAtMs) / 10_000;
            expect(made + 1).toBeLessThanOrEqual(allowed + 1e-6);
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});
