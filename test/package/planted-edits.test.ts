/**
 * The edits that plant bugs, for the simulation and for the mutants: each replaces a text that stands in
 * its file exactly once. One that lost its place would say, hours later, that nothing found its bug.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { plantedBugs } from "../simulation/world/planted-bugs.ts";

const root = resolve(import.meta.dirname, "../..");

interface Edit {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

type MutantRow = readonly [
  name: string,
  file: string,
  find: string,
  replace: string,
  suites: unknown,
];

/** The list is plain JavaScript: imported by its address, as it has no types. */
async function readMutants(): Promise<readonly Edit[]> {
  const list = (await import(pathToFileURL(join(root, "scripts/mutants/list.mjs")).href)) as {
    readonly mutants: readonly MutantRow[];
  };
  return list.mutants.map(([name, file, find, replace]) => ({ name, file, find, replace }));
}

/** Edits whose text does not stand in its file exactly once, with how often it does. */
function misplaced(edits: readonly Edit[]): string[] {
  const texts = new Map<string, string>();
  return edits.flatMap(({ name, file, find }) => {
    const text = texts.get(file) ?? readFileSync(join(root, file), "utf8");
    texts.set(file, text);
    const places = text.split(find).length - 1;
    return places === 1 ? [] : [`"${name}" occurs ${places} times in ${file}`];
  });
}

/** Names that more than one edit has. */
function repeated(edits: readonly Edit[]): string[] {
  const names = edits.map(({ name }) => name);
  return names.filter((name, index) => names.indexOf(name) !== index);
}

describe.each([
  { list: "planted bugs", read: () => Promise.resolve<readonly Edit[]>(plantedBugs) },
  { list: "mutants", read: readMutants },
])("the list of $list", ({ read }) => {
  it("has edits whose text occurs exactly once in its file", async () => {
    expect(misplaced(await read())).toEqual([]);
  });

  it("has edits that change something", async () => {
    const edits = await read();
    expect(edits.length).toBeGreaterThan(0);
    expect(edits.filter(({ find, replace }) => find === replace)).toEqual([]);
  });

  it("has a name of its own for each edit", async () => {
    expect(repeated(await read())).toEqual([]);
  });
});
