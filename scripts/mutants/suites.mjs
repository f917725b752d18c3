// Runs suites in a spoilt tree and says who noticed. A mutant counts as killed only when a test said that
// something is not as it should be: a suite that would not load, a test that ran into its deadline, a
// `TypeError` or a process that fell over may come with any edit, and say nothing of what is promised.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Pictures of the chart would notice any edit of it; a mutant must be killed by behaviour. */
const UNNOTICING = ["**/golden.test.ts", "**/charts-page.test.ts"];

/** A mutant may go round in circles for ever. */
const HANG_MS = 180_000;

/**
 * Runs the suites in `tree` with the vitest of `root`.
 * @returns {Promise<{ outcome: "green" | "failed" | "broke", by: string }>} `failed` by an assertion, or
 * `broke` without one; `by` says what.
 */
export async function runSuites({ root, tree, suites }) {
  const report = join(tree, "report.json");
  rmSync(report, { force: true });
  const args = [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--project=unit",
    "--project=simulation",
    "--project=loopback",
    "--bail=1",
    `--reporter=${join(import.meta.dirname, "reporter.mjs")}`,
    ...UNNOTICING.flatMap((pattern) => ["--exclude", pattern]),
    ...suites,
  ];
  const error = await run(args, tree, { ...process.env, MUTANT_REPORT: report });
  if (error === null) return { outcome: "green", by: "" };
  if (error.wasStopped) return { outcome: "broke", by: `still running after ${HANG_MS / 1000} s` };

  const failures = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : [];
  const told = failures.find(({ asserts }) => asserts);
  if (told !== undefined) return { outcome: "failed", by: told.by };
  return { outcome: "broke", by: failures[0]?.by ?? firstLine(error.stderr) };
}

/** The compiler's first complaint, or nothing: what cannot be built needs no test to be found. */
export async function complaintAbout({ root, tree }) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  // An edit may well leave a name without use.
  const unused = ["--noUnusedLocals", "false", "--noUnusedParameters", "false"];
  const error = await run([tsc, "-p", "tsconfig.build.json", "--noEmit", ...unused], tree);
  return error === null ? undefined : firstLine(error.stdout || error.stderr);
}

function run(args, cwd, env = process.env) {
  const options = { cwd, env, timeout: HANG_MS, killSignal: "SIGKILL", maxBuffer: 2 ** 26 };
  return new Promise((done) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      done(error === null ? null : { wasStopped: error.killed, stdout, stderr });
    });
  });
}

const firstLine = (text) => text.trim().split("\n", 1)[0].slice(0, 160);
