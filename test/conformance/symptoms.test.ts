/** Each of the 25 symptoms has a test and a row in the docs. `npm run coverage:symptoms` counts them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { testTitles } from "./test-titles.ts";

const document = readFileSync(resolve(import.meta.dirname, "../../docs/symptoms.md"), "utf8");

/** Number → what the test is called, as the table says. */
const rows = [...document.matchAll(/^\| (\d+) +\|.*\| ([^|]+?) +\|$/gm)].map(
  ([, number, test = ""]) => [Number(number), test] as const,
);
const titles = new Set(testTitles().map(({ title }) => title));
const numbers = Array.from({ length: 25 }, (_, index) => index + 1);

describe("docs/symptoms.md", () => {
  it("has a row for each symptom", () => {
    expect(rows.map(([number]) => number)).toEqual(numbers);
  });

  it("names a test that exists for each", ({ task }) => {
    const missing = rows.filter(([number, test]) => !titles.has(`symptom ${number}: ${test}`));
    task.meta.figures = [
      `covered ${rows.length - missing.length} of ${numbers.length}`,
      `missing ${missing.length}`,
    ];
    expect(missing).toEqual([]);
  });

  it("leaves no test of a symptom out", () => {
    const named = new Set(rows.map(([number, test]) => `symptom ${number}: ${test}`));
    const tests = [...titles].filter((title) => title.startsWith("symptom "));
    expect(tests.filter((title) => !named.has(title))).toEqual([]);
  });
});

/** Report → what the test is called. */
const reports = [
  ...document
    .slice(document.indexOf("## Reports by name"))
    .matchAll(/^\| ([^|]*#\d[^|]*?) +\|.*\| ([^|]+?) +\|$/gm),
].map(([, report = "", test = ""]) => [report, test] as const);

describe("the reports by name", () => {
  it("have a test each that exists", () => {
    expect(reports.length).toBeGreaterThan(2);
    expect(reports.filter(([, test]) => !titles.has(test))).toEqual([]);
  });
});
