/** The built command can be run as a file, as `npx ws-supervisor` in a clone runs it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: { readonly build: string };
}

const manifest = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8"),
) as Manifest;

it("the build gives every file of `bin` its run bit, which tsc does not", () => {
  const steps = manifest.scripts.build.split("&&").map((step) => step.trim());
  const emits = steps.findIndex((step) => step.startsWith("tsc"));
  const marking = steps.slice(emits).filter((step) => step.startsWith("chmod"));
  const folder = mkdtempSync(join(tmpdir(), "run-bit-"));
  try {
    for (const file of Object.values(manifest.bin)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), "", { mode: 0o644 });
    }
    for (const step of marking) execFileSync("sh", ["-c", step], { cwd: folder });
    for (const file of Object.values(manifest.bin)) {
      expect(statSync(join(folder, file)).mode & 0o111).toBe(0o111);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
