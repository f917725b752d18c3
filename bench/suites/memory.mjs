// Memory: what an idle connection keeps, and what each part of ours costs.
import { findPeers } from "../clients/index.mjs";
import { alternate } from "../lib/interleave.mjs";
import { BenchProcess } from "../lib/processes.mjs";
import { ratioTable } from "../lib/report.mjs";

export const title = "Memory per idle connection";
export const about =
  "After collecting, over 1,000 and 5,000 connections of one process; 100 opened before are not counted, " +
  "so that what all share is not put down to the first. Timers of heartbeats exist and do not fire.";

export const SIZES = [1_000, 5_000];
const FIGURES = ["heapBytes", "residentBytes", "connectCpuUs"];

export async function run({ server, rounds, onFailed, log, only }) {
  const { installed } = findPeers();
  const subjects = [
    "ws, setInterval ping",
    "bare XState actor",
    "ws-supervisor",
    "ws-supervisor, no heartbeat",
    ...installed,
  ].filter((name) => only === undefined || only.includes(name));
  const cases = [];
  for (const connections of SIZES) {
    log(`${connections} connections`);
    // The heap is the same each time; three are plenty.
    const plan = { rounds: Math.min(rounds, 3), base: "ws", subjects, figures: FIGURES, onFailed };
    const measure = (name) => memoryOf(server, name, connections);
    const results = await alternate({ ...plan, run: measure });
    cases.push({ connections, results: Object.fromEntries(results) });
  }
  return { cases };
}

export async function memoryOf(server, name, connections, plantedBytes = 0) {
  const args = [
    name,
    server.url("idle?pingSeconds=3600"),
    String(connections),
    String(plantedBytes),
  ];
  const worker = new BenchProcess("workers/memory.mjs", args, ["--expose-gc"]);
  try {
    return await worker.hear();
  } finally {
    await worker.stop();
  }
}

export const render = ({ cases }) =>
  cases
    .map(
      ({ connections, results }) =>
        `### ${connections.toLocaleString("en")} connections\n\n` +
        ratioTable(results, [
          { head: "heap B", figure: "heapBytes", kind: "value", digits: 0 },
          { head: "heap less raw `ws`, B", figure: "heapBytes", kind: "difference", digits: 0 },
          { head: "heap, to raw `ws`", figure: "heapBytes", kind: "ratio" },
          { head: "RSS B", figure: "residentBytes", kind: "value", digits: 0 },
          { head: "RSS, to raw `ws`", figure: "residentBytes", kind: "ratio" },
          { head: "CPU µs to connect", figure: "connectCpuUs", kind: "value", digits: 0 },
        ]),
    )
    .join("\n");
