// Heartbeats: the CPU of one ping and pong, timers and all.
import { alternate } from "../lib/interleave.mjs";
import { sleep } from "../lib/child.mjs";
import { BenchProcess } from "../lib/processes.mjs";
import { ratioTable } from "../lib/report.mjs";

export const title = "Heartbeats of idle connections";
export const about =
  "1,000 idle connections, a real ping and pong on each every half second; the server counts the pings. " +
  "CPU of the client's process per beat. About 20 µs of it is the write and the read.";

const CONNECTIONS = 1_000;
const INTERVAL_MS = 500;
let group = 0;

export async function run({ server, rounds, onFailed }) {
  const subjects = ["ws-supervisor", "ws-supervisor, timer wheel", "bare XState actor"];
  const measure = (name) => heartbeatOf(server, name, { windowMs: 2_000 });
  const plan = { rounds, base: "ws", subjects, figures: ["cpuUs"], onFailed };
  return { results: Object.fromEntries(await alternate({ ...plan, run: measure })) };
}

export async function heartbeatOf(server, name, options) {
  const { windowMs, connections = CONNECTIONS, intervalMs = INTERVAL_MS, plantedNs = 0 } = options;
  const own = `heartbeat${(group += 1)}`;
  const url = server.url(`idle?group=${own}`);
  const args = [name, url, connections, intervalMs, plantedNs].map(String);
  const worker = new BenchProcess("workers/heartbeat.mjs", args);
  try {
    await worker.hear();
    const before = await server.ask({ order: "pings", group: own });
    await worker.ask({ order: "start" });
    await sleep(windowMs);
    const { cpuUs } = await worker.ask({ order: "stop" });
    const after = await server.ask({ order: "pings", group: own });
    return { cpuUs: cpuUs / (after.pings - before.pings) };
  } finally {
    await worker.stop();
  }
}

export const render = ({ results }) =>
  ratioTable(
    results,
    [
      { head: "CPU µs per beat", figure: "cpuUs", kind: "value", digits: 1 },
      { head: "to `ws` with `setInterval`", figure: "cpuUs", kind: "ratio" },
    ],
    "`ws`, one `setInterval` each",
  );
