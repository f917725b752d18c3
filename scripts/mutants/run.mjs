// Applies each planted fault to a copy of the tree, runs the suites that should notice, and says which
// lived. `npm run mutants` prints killed/total and exits 1 when one lived or did not apply.
//   node scripts/mutants/run.mjs [--only TEXT]
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { mutants } from "./list.mjs";

const root = resolve(import.meta.dirname, "../..");
const { values } = parseArgs({ options: { only: { type: "string" } } });
const chosen = mutants.filter(([name]) => values.only === undefined || name.includes(values.only));

/** A tree of its own to spoil: sources and tests copied, dependencies linked. */
function copyTree() {
  const tree = mkdtempSync(join(tmpdir(), "ws-supervisor-mutants-"));
  for (const part of ["machines", "src", "test", "examples", "vitest.config.ts", "package.json"]) {
    cpSync(join(root, part), join(tree, part), { recursive: true });
  }
  for (const part of [
    "tsconfig.json",
    "tsconfig.build.json",
    "README.md",
    "docs",
    ".prettierrc.json",
  ]) {
    cpSync(join(root, part), join(tree, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  return tree;
}

/** Pictures of the chart would notice any edit of it; a mutant must be killed by behaviour. */
const unnoticing = ["--exclude", "**/golden.test.ts", "--exclude", "**/charts-page.test.ts"];

/** True when the suites are green. */
function isGreen(tree, tests) {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = ["run", "--bail=1", ...unnoticing, ...tests.split(" ")];
  return new Promise((done) => {
    execFile(process.execPath, [vitest, ...args], { cwd: tree, maxBuffer: 2 ** 26 }, (error) => {
      done(error === null);
    });
  });
}

const trees = [copyTree(), copyTree()];
let killed = 0;
const lived = [];

async function work(tree) {
  for (let mutant = chosen.shift(); mutant !== undefined; mutant = chosen.shift()) {
    const [name, file, find, replace, tests] = mutant;
    const path = join(tree, file);
    const source = readFileSync(path, "utf8");
    const isThere = source.split(find).length === 2;
    let verdict = "does not apply";
    if (isThere) {
      writeFileSync(
        path,
        source.replace(find, () => replace),
      );
      verdict = (await isGreen(tree, tests)) ? "LIVED" : "killed";
      writeFileSync(path, source);
    }
    if (verdict === "killed") killed += 1;
    else lived.push(`${name} (${file}): ${verdict}`);
    console.log(`${verdict.padEnd(14)} ${name}`);
  }
}

const total = chosen.length;
try {
  // A suite that is red without any fault would kill every mutant.
  const suites = [...new Set(chosen.map(([, , , , tests]) => tests))];
  for (const tests of suites) {
    if (!(await isGreen(trees[0], tests))) throw new Error(`red before any fault: ${tests}`);
  }
  await Promise.all(trees.map(work));
} finally {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
}
for (const line of lived) console.log(`! ${line}`);
console.log(`mutants ${killed}/${total} killed`);
process.exitCode = killed === total ? 0 : 1;
