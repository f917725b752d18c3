// `npm run bench:gate`: the few ratios that matter, in two minutes. By hand, on an idle machine: in CI others'
// load would decide about a commit.
//
// A measure fails only beyond its bound plus the spread of the control (raw `ws` against itself) in the
// same run. A run whose control is off by more than 4 % is repeated, three times at most; then the one
// with the best control counts.
//   npm run bench:gate -- --plant 20   plants a slowdown of 20 % in ours and says whether it is caught
import { parseArgs } from "node:util";
import { CONTROL } from "./lib/interleave.mjs";
import { machineLine, describeMachine } from "./lib/machine.mjs";
import { startServer } from "./lib/processes.mjs";
import { number } from "./lib/report.mjs";
import { median } from "./lib/stats.mjs";
import { measures } from "./lib/measures.mjs";

const CONTROL_LIMIT = 0.04;
const TRIES = 3;

const { values } = parseArgs({
  options: { plant: { type: "string", default: "0" }, only: { type: "string" } },
});
const plant = Number(values.plant) / 100;
if (!(plant >= 0)) {
  console.error(`bench:gate: --plant takes a percentage; not ${values.plant}`);
  process.exit(2);
}

console.log(machineLine(describeMachine()));
if (plant > 0) console.log(`a slowdown of ${values.plant} % is planted in ours`);

const startedAtMs = performance.now();
const server = await startServer();
const missed = [];
let failures = 0;
try {
  for (const measure of measures.filter(({ key }) =>
    (values.only ?? key).split(",").includes(key),
  )) {
    for (const { name, bound, seen, spread, isPlanted } of await judge(measure)) {
      const isBeyond = seen > bound + spread;
      failures += isBeyond ? 1 : 0;
      if (isPlanted && !isBeyond) missed.push(name);
      console.log(
        `${isBeyond ? "FAIL" : "ok  "} ${name}: ${number(seen)}, bound ${number(bound)}` +
          ` + ${number(spread)} of noise`,
      );
    }
  }
} finally {
  await server.stop();
}
console.log(`${Math.round((performance.now() - startedAtMs) / 1_000)} s`);
if (plant === 0) process.exitCode = failures > 0 ? 1 : 0;
else {
  console.log(missed.length === 0 ? "the plant was caught" : `NOT caught: ${missed.join("; ")}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

/** The run with the best control of at most three. */
async function judge({ run, rows, figure, kind = "ratios", isNoisy = true }) {
  let best;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const results = await run({ server, plant });
    const controls = isNoisy ? results.get(CONTROL).ratios[figure] : [1];
    const off = Math.abs(median(controls) - 1);
    // As far as a round of the control is off, in the middle: the median over rounds is off by less.
    const spread = median(controls.map((ratio) => Math.abs(ratio - 1)));
    if (best === undefined || off < best.off) best = { results, spread, off };
    if (off <= CONTROL_LIMIT) break;
    console.log(`     the control was off by ${number(off * 100, 1)} %: once more`);
  }
  return rows.map(({ name, client, bound, isPlanted = true }) => ({
    name,
    bound,
    spread: best.spread,
    seen: median(best.results.get(client)[kind][figure]),
    isPlanted,
  }));
}
