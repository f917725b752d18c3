/**
 * The package as users get it, for tests that need a process of its own: built once per test file into
 * a folder inside `node_modules`, where its imports resolve as they do after an install.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Builds into `node_modules/.cache/ws-supervisor/<name>` and gives that folder's path. */
export function buildPackage(name: string): string {
  const outDir = join(root, "node_modules/.cache/ws-supervisor", name);
  rmSync(outDir, { recursive: true, force: true });
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", outDir], {
    cwd: root,
  });
  return outDir;
}
