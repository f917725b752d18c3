// Applies each planted fault to a copy of the tree, runs the suites that should notice, narrowest first,
// and says who did. `npm run mutants` prints killed/total and exits 1 unless all are killed.
//   npm run mutants [-- --only TEXT]
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { mutants } from "./list.mjs";
import { complaintAbout, runSuites } from "./suites.mjs";

/** Two mutants at a time: as many as a small machine has cores. */
const WORKERS = 2;

/** All that the suites read. */
const PARTS = [
  "machines",
  "src",
  "test",
  "examples",
  "docs",
  "README.md",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "vitest.config.ts",
  ".prettierrc.json",
];

const root = resolve(import.meta.dirname, "../..");
const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const chosen = mutants.filter(([name, file]) =>
  [name, file].some((each) => each.includes(values.only)),
);
if (chosen.length === 0) {
  console.error(`mutants: --only takes a part of a name or of a file; none has ${values.only}`);
  process.exit(2);
}

/** A tree of its own to spoil: sources and tests copied, dependencies linked. */
function copyTree() {
  const tree = mkdtempSync(join(tmpdir(), "ws-supervisor-mutants-"));
  for (const part of PARTS) cpSync(join(root, part), join(tree, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  return tree;
}

/** Spoils one file of the tree, asks the suites, and mends it. */
async function plant(tree, [, file, find, replace, suites]) {
  const path = join(tree, file);
  const source = readFileSync(path, "utf8");
  const places = source.split(find).length - 1;
  if (places !== 1) return { verdict: "no edit", by: `occurs ${places} times in ${file}` };

  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  try {
    const complaint = await complaintAbout({ root, tree });
    if (complaint !== undefined) return { verdict: "no edit", by: complaint };
    return await ask(tree, suites);
  } finally {
    writeFileSync(path, source);
  }
}

/** The first suites whose assertion fails kill it; those that merely break leave the question open. */
async function ask(tree, stages) {
  let answer = { verdict: "LIVED", by: "every suite is green" };
  for (const suites of stages) {
    const { outcome, by } = await runSuites({ root, tree, suites });
    if (outcome === "failed") return { verdict: "killed", by };
    if (outcome === "broke") answer = { verdict: "BROKE", by };
  }
  return answer;
}

const trees = Array.from({ length: WORKERS }, copyTree);
const unkilled = [];
const startedAtMs = performance.now();

async function work(tree, queue) {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const { verdict, by } = await plant(tree, mutant);
    const line = `${verdict.padEnd(8)} ${mutant[0]} (${mutant[1]})\n           ${by}`;
    console.log(line);
    if (verdict !== "killed") unkilled.push(line);
  }
}

try {
  // A suite that is red without any fault would kill every mutant.
  const suites = [...new Set(chosen.flatMap(([, , , , stages]) => stages.flat()))];
  const { outcome, by } = await runSuites({ root, tree: trees[0], suites });
  if (outcome !== "green") throw new Error(`red before any fault: ${by}`);

  const queue = [...chosen];
  await Promise.all(trees.map((tree) => work(tree, queue)));
} finally {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
}

if (unkilled.length > 0) console.log(["\nnot killed:", ...unkilled].join("\n"));
console.log(`in ${Math.round((performance.now() - startedAtMs) / 1000)} s`);
console.log(`mutants ${chosen.length - unkilled.length}/${chosen.length} killed`);
process.exitCode = unkilled.length === 0 ? 0 : 1;
