// Bundles the inspector's page into dist/inspector: three files of our own and elkjs's worker, nothing
// remote. Views are Preact with signals, drawn by esbuild's own JSX.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const source = resolve(root, "inspector");
const target = resolve(root, "dist/inspector");
const require = createRequire(import.meta.url);

await mkdir(target, { recursive: true });
await build({
  entryPoints: [resolve(source, "main.tsx")],
  outfile: resolve(target, "page.js"),
  bundle: true,
  format: "esm",
  target: "es2023",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  conditions: ["browser"],
  logLevel: "warning",
});
await build({
  entryPoints: [resolve(source, "styles/page.css")],
  outfile: resolve(target, "page.css"),
  bundle: true,
  minify: true,
  logLevel: "warning",
});
for (const name of ["page.html", "icon.svg"])
  await copyFile(resolve(source, name), resolve(target, name));
await copyFile(require.resolve("elkjs/lib/elk-worker.min.js"), resolve(target, "elk-worker.js"));

// What is bundled is distributed: its licences go with it.
const bundled = ["preact", "@preact/signals", "@preact/signals-core", "elkjs"];
const notices = await Promise.all(
  bundled.map(async (name) => {
    const folder = resolve(root, "node_modules", name);
    const { version, license } = JSON.parse(
      await readFile(resolve(folder, "package.json"), "utf8"),
    );
    const text = await readFile(
      resolve(folder, name === "elkjs" ? "LICENSE.md" : "LICENSE"),
      "utf8",
    );
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  }),
);
await writeFile(resolve(target, "LICENSES.txt"), notices.join(`\n${"=".repeat(80)}\n\n`));
