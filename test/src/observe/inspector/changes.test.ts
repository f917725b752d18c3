/** What a step changed: told leaf by leaf, and enough to go back and forth in time. */
import { fc } from "./views-arbitrary.ts";
import { describe, expect, it } from "vitest";
import { redo, undo } from "../../../../inspector/model/changes.ts";
import { changesBetween } from "../../../../src/observe/inspector/changes.ts";
import { views } from "./views-arbitrary.ts";

describe("the changes between two contexts", () => {
  it("are the leaves that came, went, or became another", () => {
    const before = {
      a: 1,
      b: { c: [1], d: true },
      gone: 1,
      hidden: { $: "hidden", characters: 3 },
    };
    const after = { a: 1, b: { c: [2], d: true }, came: 2, hidden: { $: "hidden", characters: 4 } };
    expect(changesBetween(before, after)).toEqual([
      { path: ["b", "c"], from: [1], to: [2] },
      { path: ["gone"], from: 1 },
      { path: ["hidden"], from: before.hidden, to: after.hidden },
      { path: ["came"], to: 2 },
    ]);
    expect(changesBetween(before, structuredClone(before))).toEqual([]);
  });

  it("lead from the one to the other and back, whatever they are", () => {
    fc.assert(
      fc.property(views, views, (before, after) => {
        const changes = changesBetween(before, after);
        expect(redo(before, changes)).toEqual(after);
        expect(undo(after, changes)).toEqual(before);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it("are told as one, of the whole, where they are too many", () => {
    const before = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, 0]));
    const after = Object.fromEntries(Object.keys(before).map((key) => [key, 1]));
    expect(changesBetween(before, after)).toEqual([{ path: [], from: before, to: after }]);
  });
});
