// `npm run soak`: builds the package with the soak (test/soak) into node_modules/.cache, where imports
// resolve as they do after an install, and runs it.
//   npm run soak -- --minutes 5 --seed S [--json]
import { execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const outDir = join(root, "node_modules/.cache/ws-supervisor/soak");
const typescript = createRequire(import.meta.url).resolve("typescript/package.json");

rmSync(outDir, { recursive: true, force: true });
execFileSync(process.execPath, [join(dirname(typescript), "bin/tsc"), "-p", "test/soak"], {
  cwd: root,
  stdio: "inherit",
});

const conductor = join(outDir, "test/soak/main.js");
const run = spawn(process.execPath, [conductor, ...process.argv.slice(2)], { stdio: "inherit" });
run.on("exit", (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1;
});
