// `npm run bench`: every suite beside its peers, and docs/benchmarks.md from what they measured.
//
//   npm run bench                              all suites; writes the page
//   npm run bench -- receive memory            these suites; prints them
//   npm run bench -- receive --json            the figures, on stdout
//   npm run bench -- herd --write              measured anew, and into the page
//   --rounds 5 --stretches 5 --quick --only ws-supervisor,undici --case "200 B" (of receive)
import { parseArgs } from "node:util";
import { describeMachine, machineLine, versionsLine } from "./lib/machine.mjs";
import { writePage } from "./lib/page.mjs";
import { startServer } from "./lib/processes.mjs";
import { saveResult, settled, stringify } from "./lib/results.mjs";
import * as deadPeer from "./suites/dead-peer.mjs";
import * as heartbeat from "./suites/heartbeat.mjs";
import * as herd from "./suites/herd.mjs";
import * as latency from "./suites/latency.mjs";
import * as memory from "./suites/memory.mjs";
import * as receive from "./suites/receive.mjs";
import * as reconnect from "./suites/reconnect.mjs";
import * as send from "./suites/send.mjs";
import * as size from "./suites/size.mjs";
import * as startup from "./suites/startup.mjs";

const suites = {
  receive,
  latency,
  send,
  memory,
  heartbeat,
  reconnect,
  "dead-peer": deadPeer,
  herd,
  startup,
  size,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    stretches: { type: "string" },
    only: { type: "string" },
    case: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
  },
});
const strange = positionals.filter((name) => suites[name] === undefined);
if (strange.length > 0) {
  const known = Object.keys(suites).join(", ");
  console.error(`bench: a suite is one of ${known}; not ${strange.join(", ")}`);
  process.exit(2);
}
const isQuick = values.quick;
const rounds = countOf("rounds", isQuick ? 2 : 5);
const stretches = countOf("stretches", isQuick ? 2 : 5);
const chosen = positionals.length > 0 ? positionals : Object.keys(suites);
const writes = values.write || (positionals.length === 0 && !values.json);

function countOf(name, byDefault) {
  const count = Number(values[name] ?? byDefault);
  if (Number.isInteger(count) && count > 0) return count;
  console.error(`bench: --${name} takes a positive integer; not ${values[name]}`);
  return process.exit(2);
}

const machine = describeMachine();
const note = (text) => console.error(text);
note(machineLine(machine));
note(versionsLine(machine));

const all = {};
// The page alone, from what is there already.
for (const name of values.page ? [] : chosen) all[name] = await measure(name);
if (values.json) console.log(stringify(all));
if (writes || values.page) note(`written: ${await writePage(suites)}`);

async function measure(name) {
  const startedAtMs = performance.now();
  const failures = {};
  const server = await startServer();
  try {
    const data = await suites[name].run({
      server,
      rounds,
      stretches,
      isQuick,
      only: values.only?.split(/,(?! )/), // "ws-supervisor, sequence" is one name
      chosenCase: values.case,
      log: (text) => note(`${name}: ${text}`),
      onFailed: (client, error) => {
        failures[client] = error.message.split("\n")[0].slice(0, 200);
        note(`${name}: ${client} skipped: ${failures[client]}`);
      },
    });
    const result = settled({ machine, rounds, stretches, failures, data });
    if (writes) saveResult(name, result);
    if (!values.json)
      console.log(`\n## ${suites[name].title}\n\n${suites[name].render(result.data)}`);
    note(`${name}: ${Math.round((performance.now() - startedAtMs) / 1_000)} s`);
    return result;
  } finally {
    await server.stop();
  }
}
