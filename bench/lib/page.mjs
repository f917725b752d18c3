// docs/benchmarks.md and its plots, from the newest results of every suite.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { goals } from "./goals.mjs";
import { machineLine, versionsLine } from "./machine.mjs";
import { repository } from "./packages.mjs";
import { table } from "./report.mjs";
import { loadResult } from "./results.mjs";

const METHOD = `How to read this: the machine is small and shared, so absolute figures move by a third from one
day to the next and only ratios within one run count. Every stretch of a client lies next to one of
raw \`ws\` (A B B A …) in a process of its own that is as old, as busy, and has loaded as much; each round has
fresh processes; a round's ratio is the median of its stretches. A cell is the median over rounds with the
least and the greatest. **raw \`ws\` against itself** is the control: its
spread is the noise of that table. The server is a process of its own that sends frames made in advance. The
runs are of the built package; raw \`ws\` is the very copy that it uses, with \`perMessageDeflate\` off.`;

/** @param {Record<string, any>} suites */
export async function writePage(suites) {
  const results = Object.fromEntries(
    Object.keys(suites)
      .map((name) => [name, loadResult(name)])
      .filter(([, result]) => result !== undefined),
  );
  const data = Object.fromEntries(Object.entries(results).map(([name, each]) => [name, each.data]));
  const plots = writePlots(suites, data);
  const text = [
    "# Benchmarks",
    "<!-- Written by `npm run bench`; do not edit. -->",
    METHOD,
    "## What it must show",
    "A figure within the noise of its goal counts as met: 3 % in bursts, 5 % where messages are paced.",
    goalTable(data),
    ...Object.entries(results).flatMap(([name, result]) => [
      `## ${suites[name].title}`,
      suites[name].about,
      ...(plots[name] ?? []).map((file) => `![${file.alt}](benchmarks/${file.file})`),
      suites[name].render(result.data),
      footnote(result),
    ]),
    "## How it was run",
    `\`npm ci --prefix bench\` for the peers, then \`npm run bench\`. Versions: ${versionsOf(results)}.`,
  ].join("\n\n");
  const prettier = createRequire(join(repository, "package.json"))("prettier");
  const path = join(repository, "docs/benchmarks.md");
  const options = await prettier.resolveConfig(path);
  writeFileSync(path, await prettier.format(text, { ...options, parser: "markdown" }));
  return path;
}

function goalTable(data) {
  const verdict = { true: "yes", false: "**no**" };
  return table(
    ["measure", "goal", "seen", "met"],
    goals(data).map(({ measure, goal, seen, isMet }) => [
      measure,
      goal,
      seen ?? "not measured",
      verdict[isMet] ?? "",
    ]),
  );
}

function writePlots(suites, data) {
  const folder = join(repository, "docs/benchmarks");
  mkdirSync(folder, { recursive: true });
  const written = {};
  for (const [name, each] of Object.entries(data)) {
    for (const [file, svg] of Object.entries(suites[name].plots?.(each) ?? {})) {
      writeFileSync(join(folder, file), svg);
      (written[name] ??= []).push({ file, alt: /<title>(.*)<\/title>/.exec(svg)?.[1] });
    }
  }
  return written;
}

function footnote({ machine, rounds, stretches, failures }) {
  const failed = Object.entries(failures).map(([name, why]) => `${name} (${why})`);
  const skipped = failed.length > 0 ? ` Could not be measured: ${failed.join(", ")}.` : "";
  return `*${rounds} rounds, ${stretches} stretches each; ${machineLine(machine)}.${skipped}*`;
}

/** Of the suite that was measured last. */
function versionsOf(results) {
  const machines = Object.values(results).map(({ machine }) => machine);
  const newest = machines
    .sort((one, other) => one.measuredOn.localeCompare(other.measuredOn))
    .at(-1);
  return newest === undefined ? "none" : versionsLine(newest);
}
