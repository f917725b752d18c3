/**
 * The titles of all tests there are, and of those that passed where a report says so.
 *
 * Read from the sources, so that it takes no time and cannot miss a test that is skipped here; titles of
 * tables keep their placeholders (`%s`, `$kind`).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** `it("…")`, and `it.each(…)("…")` or `it.skipIf(…)("…")` by their second pair of brackets. */
const TITLE = /(?:\b(?:it|test)|\))\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1\s*,/g;

/** A test, where it stands. */
export interface TestTitle {
  readonly file: string;
  readonly title: string;
}

export function testTitles(folder = "test"): readonly TestTitle[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .flatMap((name) => {
      const file = join(root, folder, name);
      const titles = readFileSync(file, "utf8").matchAll(TITLE);
      return [...titles].map(([, , title = ""]) => ({
        file: relative(root, file),
        title: title.replaceAll(/\\(["'`\\])/g, "$1"),
      }));
    });
}

interface JsonReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** The titles of the tests that passed, and of those that did not run, by vitest's JSON report. */
export function resultsIn(report: string): {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
} {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as JsonReport;
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const withStatus = (status: string) =>
    all.filter((result) => result.status === status).map(({ title }) => title);
  return { passed: withStatus("passed"), failed: withStatus("failed") };
}

/** The numbers that titles cite: `row 21: …`, `row 69, row 70: …`. */
export function citedIn(titles: readonly string[], word: string): ReadonlySet<number> {
  const head = new RegExp(`^(?:${word} \\d+(?:, )?)+(?=:)`);
  const numbers = titles.flatMap((title) => {
    const cited = head.exec(title)?.[0] ?? "";
    return [...cited.matchAll(/\d+/g)].map(([number]) => Number(number));
  });
  return new Set(numbers);
}
