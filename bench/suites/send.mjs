// Send: a message of 200 B handed to the kernel; ours with its outbox, its pacer and a fate for each.
import { findPeers } from "../clients/index.mjs";
import { interleave } from "../lib/interleave.mjs";
import { BenchProcess } from "../lib/processes.mjs";
import { ratioTable } from "../lib/report.mjs";

export const title = "Send";
export const about =
  "Messages of 200 B in turns of 500. Raw `ws` and the peers just send and wait until nothing is " +
  "buffered; ours goes through the outbox and a pacer that counts every frame (and never has to wait), " +
  "and gives each message a promise of its fate.";

export async function run({ server, rounds, stretches, onFailed }) {
  const { installed } = findPeers();
  const peers = ["reconnecting-websocket", "partysocket", "websocket-ts", "undici"];
  const launch = async (name) => {
    const worker = new BenchProcess("workers/send.mjs", [name, server.url("sink")]);
    await worker.hear();
    return { measure: () => worker.ask({ count: 40_000 }), stop: () => worker.stop() };
  };
  const subjects = [
    "ws again",
    "ws-supervisor",
    ...peers.filter((name) => installed.includes(name)),
  ];
  const figures = ["cpuNs", "perSecond"];
  const plan = { rounds, stretches, base: "ws", subjects, figures, onFailed, launch };
  return { results: Object.fromEntries(await interleave(plan)) };
}

export const render = ({ results }) =>
  ratioTable(results, [
    { head: "CPU ns", figure: "cpuNs", kind: "value", digits: 0 },
    { head: "CPU, to raw `ws`", figure: "cpuNs", kind: "ratio" },
    { head: "throughput, to raw `ws`", figure: "perSecond", kind: "ratio" },
  ]);
