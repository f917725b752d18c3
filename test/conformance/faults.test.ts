/**
 * The fault matrix is covered. `npm run coverage:faults` prints the figures; with `VITEST_REPORT=file` a
 * row counts only if a test that cites it passed in that run (vitest's JSON report).
 */
import { describe, expect, it } from "vitest";
import { faultMatrix, type FaultRow } from "./fault-matrix.ts";
import { citedIn, resultsIn, testTitles } from "./test-titles.ts";

const cited = rowsOf(() => true);
/** Only root may make network namespaces: where these tests did not run, that they exist must do. */
const citedEverywhere = rowsOf((file) => !file.startsWith("test/netns/"));
const report = process.env["VITEST_REPORT"];
const results = report === undefined ? undefined : resultsIn(report);
const passed = results === undefined ? cited : citedIn(results.passed, "row");
const failed = citedIn(results?.failed ?? [], "row");

function rowsOf(isWanted: (file: string) => boolean): ReadonlySet<number> {
  const tests = testTitles().filter(({ file }) => isWanted(file));
  return citedIn(
    tests.map(({ title }) => title),
    "row",
  );
}

function isCovered(row: number): boolean {
  if (!cited.has(row) || failed.has(row)) return false;
  return passed.has(row) || !citedEverywhere.has(row);
}

function statusOf({ row, planned, notApplicable }: FaultRow): string {
  if (planned !== undefined) return `planned: ${planned}`;
  if (notApplicable !== undefined) return `not applicable: ${notApplicable}`;
  return isCovered(row) ? "covered" : "missing";
}

/** `covered 2: 1-2`. */
function lineOf(status: string): string {
  const rows = faultMatrix.filter((row) => statusOf(row) === status).map(({ row }) => row);
  return `${status} ${rows.length}${rows.length === 0 ? "" : `: ${ranges(rows)}`}`;
}

function ranges(rows: readonly number[]): string {
  const runs: [from: number, to: number][] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === row - 1) last[1] = row;
    else runs.push([row, row]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}

describe("the fault matrix", () => {
  it("has each of the 104 rows once", () => {
    expect(faultMatrix.map(({ row }) => row)).toEqual(
      Array.from({ length: 104 }, (_, index) => index + 1),
    );
  });

  it("has a test for every row that concerns one connection", ({ task }) => {
    const statuses = new Set(["covered", ...faultMatrix.map(statusOf), "missing"]);
    const ordered = [...statuses].filter((status) => status !== "missing");
    const hasReasons = ordered.some((status) => status.startsWith("not applicable"));
    task.meta.figures = [
      ...ordered.map(lineOf),
      ...(hasReasons ? [] : ["not applicable 0"]),
      lineOf("missing"),
    ];
    expect(faultMatrix.filter((row) => statusOf(row) === "missing")).toEqual([]);
  });

  it("is cited by no number that is not in it", () => {
    const known = new Set(faultMatrix.map(({ row }) => row));
    expect([...cited].filter((row) => !known.has(row))).toEqual([]);
  });

  it("does not call planned what has a test", () => {
    const early = faultMatrix.filter(({ row, planned }) => planned !== undefined && cited.has(row));
    expect(early).toEqual([]);
  });
});
