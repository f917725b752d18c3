// `npm run fuzz:inbound -- --streams 1000000 --seed S`: builds the fuzzer (test/loopback/fast-inbound) with
// the sources into node_modules/.cache, and runs it with plain node.
import { execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const outDir = join(root, "node_modules/.cache/ws-supervisor/fuzz-inbound");
const typescript = createRequire(import.meta.url).resolve("typescript/package.json");

rmSync(outDir, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(dirname(typescript), "bin/tsc"), "-p", "test/loopback/fast-inbound"],
  { cwd: root, stdio: "inherit" },
);

const main = join(outDir, "test/loopback/fast-inbound/main.js");
const run = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: "inherit" });
run.on("exit", (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1;
});
