/** `ws-supervisor/browser` is for browsers: nothing of Node's is in it. */
import { resolve } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** What a file is made of, for a browser; names of Node's modules stay as they are. */
async function partsOf(entry: string) {
  const { metafile } = await build({
    entryPoints: [resolve(root, entry)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    external: ["node:*", "ws"],
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return { outside: imports.map(({ path }) => path), inputs: Object.keys(metafile.inputs) };
}

describe("the browser's entry", () => {
  it("pulls in no module of Node and no `ws`", async () => {
    const { outside, inputs } = await partsOf("src/browser/index.ts");
    expect(outside).toEqual([]);
    expect(inputs).toContain("machines/connection.machine.ts");
  });

  it("would be told on if it did: the main entry does", async () => {
    const { outside } = await partsOf("src/index.ts");
    expect(outside).toContain("ws");
    expect(outside).toContain("node:net");
  });
});
