/** The table of Ably's ids cannot rot: each test that it names exists. `npm run coverage:ably` counts. */
import { describe, expect, it } from "vitest";
import { ably, type AblyRow } from "./ably.ts";
import { testTitles } from "./test-titles.ts";

const titles = new Set(testTitles().map(({ title }) => title));
const rows = Object.entries(ably);

function testsOf(row: AblyRow): readonly string[] {
  if (typeof row === "string") return [row];
  return "notApplicable" in row ? [] : row;
}

describe("the ids of Ably's specification that concern one connection", () => {
  it("have a test of ours that exists, or a reason", ({ task }) => {
    const missing = rows.flatMap(([id, row]) =>
      testsOf(row)
        .filter((test) => !titles.has(test))
        .map((test) => `${id}: no test is called "${test}"`),
    );
    const reasons = new Map<string, string[]>();
    for (const [id, row] of rows) {
      if (typeof row === "string" || !("notApplicable" in row)) continue;
      reasons.set(row.notApplicable, [...(reasons.get(row.notApplicable) ?? []), id]);
    }
    const without = [...reasons.values()].flat().length;
    task.meta.figures = [
      `covered ${rows.length - without} of ${rows.length}`,
      `not applicable ${without}`,
      ...[...reasons].map(([reason, ids]) => `  ${ids.length}: ${reason}`),
      `missing ${missing.length}`,
    ];
    expect(missing).toEqual([]);
  });

  it("are written as Ably writes them", () => {
    const id = /^(?:features|realtime\/(?:unit|proxy))\/R[A-Z]{2}\d+[a-z]?\d?(?:\/[a-z0-9-]+-\d)?$/;
    expect(rows.map(([key]) => key).filter((key) => !id.test(key))).toEqual([]);
  });
});
