import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  backoffMs,
  defaultBackoff,
  loneClientBackoff,
  type BackoffContext,
  type BackoffShape,
} from "../../../machines/index.ts";
import { createRandom } from "../../../machines/policy/random.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;
const almostOne = 1 - 2 ** -32;

function context(given: Partial<BackoffContext> = {}): BackoffContext {
  return { failures: 1, previousMs: 0, outageMs: 0, isLongOutage: false, random: 0.5, ...given };
}

/** The shortest and the longest wait that chance can give. */
function range(shape: BackoffShape, given: Partial<BackoffContext>): [number, number] {
  const at = (random: number) => backoffMs(shape, context({ ...given, random }));
  return [at(0), at(almostOne)];
}

const random = fc.double({ min: 0, max: almostOne, noNaN: true });
const failures = fc.integer({ min: 1, max: 100_000 });
const shapes = fc
  .record({
    jitter: fc.constantFrom("full", "equal", "decorrelated"),
    firstMs: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
    baseMs: fc.integer({ min: 1, max: 60_000 }),
    factor: fc.option(fc.double({ min: 1, max: 10, noNaN: true }), { nil: undefined }),
    capMs: fc.integer({ min: 1, max: 3_600_000 }),
    longOutageCapMs: fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
  })
  .map((shape) => ({ ...shape, capMs: Math.max(shape.baseMs, shape.capMs) }));

describe("the default backoff", () => {
  it.each([
    [1, 0, 3_000],
    [2, 2_250, 4_500],
    [3, 3_375, 6_750],
    [4, 4_000, 8_000],
    [5, 4_000, 8_000],
    [1_000, 4_000, 8_000],
  ])("after %i failures waits between %d and %d ms", (failures, fromMs, toMs) => {
    expect(range(defaultBackoff, { failures })).toEqual([fromMs, toMs]);
  });

  it.each([1, 2, 1_000])("in a long outage waits 15 to 30 s, after %i failures too", (failures) => {
    expect(range(defaultBackoff, { failures, isLongOutage: true })).toEqual([15_000, 30_000]);
  });
});

describe("the backoff of a lone client", () => {
  it.each([
    [1, 0, 100],
    [2, 250, 500],
    [3, 500, 1_000],
    [6, 2_500, 5_000],
    [100, 2_500, 5_000],
  ])("after %i failures waits between %d and %d ms", (failures, fromMs, toMs) => {
    expect(range(loneClientBackoff, { failures })).toEqual([fromMs, toMs]);
  });

  it("in a long outage waits 5 to 10 s", () => {
    expect(range(loneClientBackoff, { isLongOutage: true })).toEqual([5_000, 10_000]);
  });
});

describe("a backoff as data", () => {
  it("doubles where no factor is given", () => {
    const shape = { jitter: "full", baseMs: 100, capMs: 10_000 } as const;
    const longest = [1, 2, 3, 8].map((failures) => range(shape, { failures })[1]);

    expect(longest).toEqual([100, 200, 400, 10_000]);
  });

  it("of full jitter may wait hardly at all", () => {
    expect(range({ jitter: "full", baseMs: 100, capMs: 800 }, { failures: 9 })).toEqual([0, 800]);
  });

  it("has a long outage's cap of 30 s, or its own where that is longer", () => {
    const shape = { jitter: "full", baseMs: 1_000 } as const;

    expect(range({ ...shape, capMs: 5_000 }, { isLongOutage: true })[1]).toBe(30_000);
    expect(range({ ...shape, capMs: 45_000 }, { isLongOutage: true })[1]).toBe(45_000);
  });

  it.each([
    ["first", 0, 1_000, 3_000],
    ["second", 2_000, 1_000, 6_000],
    ["at the cap", 9_000, 1_000, 10_000],
  ])("decorrelated: the %s wait, after one of %d ms, is in [%d, %d]", (_, previousMs, from, to) => {
    const shape = { jitter: "decorrelated", baseMs: 1_000, capMs: 10_000 } as const;

    expect(range(shape, { failures: 5, previousMs })).toEqual([from, to]);
  });

  it("decorrelated: a long outage raises the cap", () => {
    const shape = { jitter: "decorrelated", baseMs: 1_000, capMs: 10_000 } as const;

    expect(range(shape, { previousMs: 60_000, isLongOutage: true })).toEqual([1_000, 30_000]);
  });

  it("keeps within its documented interval", () => {
    fc.assert(
      fc.property(
        shapes,
        failures,
        random,
        fc.integer({ min: 0, max: MAX_TIMER_MS }),
        fc.boolean(),
        (shape, failures, random, previousMs, isLongOutage) => {
          const waitMs = backoffMs(shape, context({ failures, random, previousMs, isLongOutage }));
          const { jitter, firstMs, baseMs, capMs } = shape;
          const longCapMs = Math.max(shape.longOutageCapMs ?? 30_000, capMs);
          const c = isLongOutage
            ? longCapMs
            : Math.min(capMs, baseMs * (shape.factor ?? 2) ** (failures - 1));
          const [fromMs, toMs] = (() => {
            if (failures === 1 && firstMs !== undefined && !isLongOutage) return [0, firstMs];
            if (jitter === "full") return [0, c];
            if (jitter === "equal") return [c / 2, c];
            const widestMs = 3 * Math.max(baseMs, previousMs);
            return [baseMs, Math.min(isLongOutage ? longCapMs : capMs, widestMs)];
          })();

          // A wait is rounded to whole milliseconds.
          expect(waitMs).toBeGreaterThanOrEqual(Math.round(fromMs));
          expect(waitMs).toBeLessThanOrEqual(Math.round(toMs));
        },
      ),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it("keeps its spread at the cap: a crowd does not line up there", () => {
    for (const shape of [
      defaultBackoff,
      loneClientBackoff,
      { jitter: "full", baseMs: 1_000, capMs: 8_000 },
      { jitter: "decorrelated", baseMs: 1_000, capMs: 8_000 },
    ] as const satisfies BackoffShape[]) {
      const draw = createRandom(3);
      const waits = Array.from({ length: 1_000 }, () =>
        backoffMs(shape, context({ failures: 500, previousMs: shape.capMs, random: draw() })),
      );
      const perTenth = Array.from({ length: 10 }, () => 0);
      const [fromMs, toMs] = range(shape, { failures: 500, previousMs: shape.capMs });
      for (const waitMs of waits) {
        const tenth = Math.min(Math.floor(((waitMs - fromMs) / (toMs - fromMs)) * 10), 9);
        perTenth[tenth] = (perTenth[tenth] ?? 0) + 1;
      }

      expect(toMs - fromMs).toBeGreaterThanOrEqual(shape.capMs / 2);
      for (const count of perTenth) expect(count).toBeGreaterThan(50);
    }
  });

  it("is a delay that a timer holds, whatever the numbers", () => {
    fc.assert(
      fc.property(
        fc.record({
          jitter: fc.constantFrom("full", "equal", "decorrelated"),
          firstMs: fc.option(fc.double(), { nil: undefined }),
          baseMs: fc.double(),
          factor: fc.option(fc.double(), { nil: undefined }),
          capMs: fc.double(),
          longOutageCapMs: fc.option(fc.double(), { nil: undefined }),
        }),
        fc.record({
          failures: fc.double(),
          previousMs: fc.double(),
          outageMs: fc.double(),
          isLongOutage: fc.boolean(),
          random: fc.double(),
        }),
        (shape, context) => {
          const waitMs = backoffMs(shape, context);
          expect(Number.isInteger(waitMs)).toBe(true);
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(MAX_TIMER_MS);
        },
      ),
      { seed: 1, numRuns: 5_000 },
    );
  });

  it("whose arithmetic gives NaN is no hot loop: the default formula takes over", () => {
    for (const jitter of ["full", "equal", "decorrelated"] as const) {
      const shape = { jitter, baseMs: NaN, capMs: NaN } as const;
      expect(backoffMs(shape, context({ failures: 4, random: 0.5 }))).toBe(6_000);
    }
  });
});

describe("a backoff as a function", () => {
  it("is asked with all that there is to know, and its answer is rounded", () => {
    const given = context({ failures: 3, previousMs: 10, outageMs: 20, random: 0.25 });
    const asked: BackoffContext[] = [];

    const waitMs = backoffMs((about) => {
      asked.push(about);
      return 1_234.5;
    }, given);

    expect(asked).toEqual([given]);
    expect(waitMs).toBe(1_235);
  });

  it.each([
    ["NaN gives way to the default formula", NaN, 6_000],
    ["a negative wait is none", -1, 0],
    ["Infinity is as long as a timer holds", Infinity, MAX_TIMER_MS],
    ["a month is as long as a timer holds", 30 * 86_400_000, MAX_TIMER_MS],
  ])("is not believed blindly: %s", (_, answer, expected) => {
    expect(backoffMs(() => answer, context({ failures: 4, random: 0.5 }))).toBe(expected);
  });
});
