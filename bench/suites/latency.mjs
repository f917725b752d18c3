// Latency: an echo with one message in flight, and the one-way delay under load.
import { findPeers } from "../clients/index.mjs";
import { interleave } from "../lib/interleave.mjs";
import { BenchProcess } from "../lib/processes.mjs";
import { ratioTable } from "../lib/report.mjs";
import { CONNECTIONS, PER_SECOND } from "./receive-case.mjs";

export const title = "Latency";
export const about =
  "*Echo*: 200 B there and back, one in flight; most of it is the kernel waking two processes up. " +
  "*Delay under load*: 20 connections, 1,000 messages a second on each; the server stamps each frame " +
  "with CLOCK_MONOTONIC; three seconds of it go before. p99.9 is noise on a shared machine.";

const FIGURES = ["p50", "p99", "p999"];
let group = 0;

export async function run({ server, rounds, stretches, onFailed, log }) {
  const { installed } = findPeers();
  const wrappers = ["reconnecting-websocket", "partysocket", "websocket-ts", "undici"];
  const subjects = [
    "ws again",
    "ws-supervisor",
    ...wrappers.filter((name) => installed.includes(name)),
  ];
  const plan = { rounds, stretches, base: "ws", subjects, figures: FIGURES, onFailed };
  log("echo");
  const echo = await interleave({ ...plan, launch: (name) => launchEcho(server, name) });
  log("delay under load");
  const delay = await interleave({
    ...plan,
    warmUps: 3,
    launch: (name) => launchDelay(server, name),
  });
  return { echo: Object.fromEntries(echo), delay: Object.fromEntries(delay) };
}

async function launchEcho(server, name) {
  const worker = new BenchProcess("workers/latency.mjs", [name, "echo", server.url("echo")]);
  await worker.hear();
  return { measure: () => worker.ask({ trips: 4_000 }), stop: () => worker.stop() };
}

async function launchDelay(server, name) {
  const own = `delay${(group += 1)}`;
  const url = server.url(`feed?group=${own}`);
  const args = [name, "delay", url, String(CONNECTIONS)];
  const worker = new BenchProcess("workers/latency.mjs", args);
  await worker.hear();
  const total = CONNECTIONS * PER_SECOND;
  const order = { order: "pace", group: own, bytes: 200, perSecond: PER_SECOND, seconds: 1 };
  const measure = async () => {
    await worker.ask({ warm: total * 0.1, count: total * 0.85 });
    const [figures] = await Promise.all([worker.hear(), server.ask({ ...order, stamped: true })]);
    return figures;
  };
  return { measure, stop: () => worker.stop() };
}

const columns = [
  { head: "p50 µs", figure: "p50", kind: "value", digits: 1 },
  { head: "p99 µs", figure: "p99", kind: "value", digits: 0 },
  { head: "p99.9 µs", figure: "p999", kind: "value", digits: 0 },
  { head: "p50 less raw `ws`, µs", figure: "p50", kind: "difference", digits: 1 },
  { head: "p50, to raw `ws`", figure: "p50", kind: "ratio" },
  { head: "p99, to raw `ws`", figure: "p99", kind: "ratio" },
  { head: "p99.9, to raw `ws`", figure: "p999", kind: "ratio" },
];

export const render = ({ echo, delay }) =>
  `### Echo\n\n${ratioTable(echo, columns)}\n### Delay under load\n\n${ratioTable(delay, columns)}`;
