import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proveAccount, type StreamSides } from "../../../src/cli/account.ts";
import type { NumberRun } from "../../../src/testing/index.ts";

const run = (first: number, last = first) => ({ first, last });

/** Ten trades emitted; 1 to 4 and 8 to 10 delivered, 5 to 7 reported missing. */
const right: StreamSides = {
  stream: "btcusdt@trade",
  emitted: [run(1, 10)],
  delivered: [run(1, 4), run(8, 10)],
  gaps: [run(5, 7)],
};

const prove = (changes: Partial<StreamSides>) => proveAccount([{ ...right, ...changes }]);

describe("an account", () => {
  it("is proven when each number was delivered once or lies in one gap", () => {
    expect(prove({})).toEqual({
      accounted: true,
      emitted: 10,
      delivered: 7,
      inGaps: 3,
      duplicates: 0,
      gaps: 1,
      problems: [],
    });
  });

  it("begins with the first number delivered and ends with the last", () => {
    const account = prove({ emitted: [run(-5, 20)] });

    expect(account.accounted).toBe(true);
    expect(account.emitted).toBe(10);
  });

  it("owes nothing where nothing was delivered", () => {
    const account = prove({ delivered: [], gaps: [] });

    expect(account).toMatchObject({ accounted: true, emitted: 0, delivered: 0 });
  });

  it("adds up its streams", () => {
    const account = proveAccount([right, { ...right, stream: "ethusdt@trade" }]);

    expect(account).toMatchObject({ accounted: true, emitted: 20, delivered: 14, inGaps: 6 });
  });

  it("holds of numbers that were never emitted between others", () => {
    const jumps = [run(1, 4), run(8, 10)];

    expect(prove({ emitted: jumps, gaps: [] }).accounted).toBe(true);
  });
});

describe("an account is refused", () => {
  it.each([
    ["a lost number", { gaps: [run(5, 6)] }, "7 was emitted, and neither delivered nor in a gap"],
    ["lost numbers", { gaps: [] }, "5 to 7 was emitted, and neither delivered nor in a gap"],
    ["a doubled number", { delivered: [...right.delivered, run(3)] }, "3 was delivered twice"],
    [
      "a number both delivered and in a gap",
      { gaps: [run(5, 8)] },
      "8 was delivered and lies in a gap",
    ],
    ["overlapping gaps", { gaps: [run(5, 7), run(6)] }, "6 lies in two gaps"],
    ["a gap reported twice", { gaps: [run(5, 7), run(5, 7)] }, "5 to 7 lies in two gaps"],
    [
      "a delivered number that nobody emitted",
      { emitted: [run(1, 3), run(5, 10)] },
      "4 was delivered and never emitted",
    ],
    [
      "a gap over numbers that nobody emitted",
      { emitted: [run(1, 5), run(7, 10)] },
      "6 lies in a gap and was not emitted there",
    ],
    ["a gap after the end", { gaps: [run(5, 7), run(11)] }, "11 lies in a gap and was not emitted"],
  ])("for %s", (_, changes, problem) => {
    const account = prove(changes);

    expect(account.accounted).toBe(false);
    expect(account.problems.join("\n")).toContain(`btcusdt@trade: ${problem}`);
  });

  it("and says how often a number was delivered again", () => {
    expect(prove({ delivered: [...right.delivered, run(3), run(3)] }).duplicates).toBe(2);
  });
});

/** In how many of `runs` a number lies. */
function times(runs: readonly NumberRun[], number: number): number {
  return runs.filter(({ first, last }) => first <= number && number <= last).length;
}

it("agrees with one look at each number", () => {
  const runs = fc.array(
    fc.tuple(fc.nat(30), fc.nat(4)).map(([first, more]) => run(first, first + more)),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(runs, runs, runs, (emitted, delivered, gaps) => {
      const numbers = Array.from({ length: 36 }, (_, number) => number);
      const got = numbers.filter((number) => times(delivered, number) > 0);
      const [from = Infinity, to = -Infinity] = [got[0], got.at(-1)];
      const isRight = numbers.every((number) => {
        const isOwed = number >= from && number <= to && times(emitted, number) > 0;
        return times(delivered, number) + times(gaps, number) === (isOwed ? 1 : 0);
      });

      expect(proveAccount([{ stream: "s", emitted, delivered, gaps }]).accounted).toBe(isRight);
    }),
  );
});
