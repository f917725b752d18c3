/**
 * A public name, once shipped, is a promise. This is the list of all of them, values and types; a
 * change to it is a decision and a line in CHANGELOG.md.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Every name that an entry file exports, in its own words. */
function exportedNames(entry: string): string[] {
  const text = readFileSync(resolve(root, entry), "utf8");
  const names = [...text.matchAll(/export (type )?\{([^}]*)\} from/g)].flatMap(
    ([, isType, list = ""]) =>
      list
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "")
        .map((name) => (isType === undefined ? name : `type ${name}`)),
  );
  expect(text, `${entry} names every export`).not.toMatch(/export \*/);
  return names.sort();
}

describe("the public names", () => {
  it.each([
    "src/index.ts",
    "machines/index.ts",
    "src/venues/index.ts",
    "src/testing/index.ts",
    "src/observe/logs/index.ts",
    "src/observe/alerts/index.ts",
    "src/observe/prometheus/index.ts",
    "src/observe/opentelemetry/index.ts",
    "src/observe/inspector/index.ts",
    "src/browser/index.ts",
  ])("of %s are these", async (entry) => {
    await expect(`${exportedNames(entry).join("\n")}\n`).toMatchFileSnapshot(
      `./exports/${entry.replaceAll("/", "-").replace(".ts", ".txt")}`,
    );
  });
});
