/** TypeScript to plain JavaScript, for worlds that run without a test runner. Types are checked elsewhere. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
/** A folder for each run, as several may build at once; it goes when the process ends. */
export const cache = join(
  root,
  "node_modules/.cache/ws-supervisor",
  `${basename(root)}-${process.pid}`,
);
process.on("exit", () => rmSync(cache, { recursive: true, force: true }));

/**
 * Builds `sources` (this repository, or a copy of it) into the cache folder `name`; gives that folder's
 * path. Emits even where types don't fit: a planted bug need not be well typed.
 */
export function buildSimulation(name, sources = root) {
  const out = join(cache, name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const options = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      noCheck: true,
      rootDir: sources,
      outDir: out,
      allowImportingTsExtensions: false,
    },
    include: ["machines", "src", "test/simulation/world", "test/simulation/mute"].map((folder) =>
      join(sources, folder),
    ),
  };
  const project = join(out, "tsconfig.json");
  writeFileSync(project, JSON.stringify(options));
  writeFileSync(join(out, "package.json"), '{"type":"module"}');
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const tsc = join(typescript, "bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", project], { stdio: ["ignore", 2, 2] });
  return out;
}
