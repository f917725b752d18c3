// Dead peer: the server's process is stopped while TCP stays open. When is the application told?
import { sleep } from "../lib/child.mjs";
import { BenchProcess, startServer } from "../lib/processes.mjs";
import { number, spread, table } from "../lib/report.mjs";
import { quantile } from "../lib/stats.mjs";
import { barChart } from "../lib/svg.mjs";

export const title = "Detection of a dead peer";
export const about =
  "The server's process is stopped (SIGSTOP); TCP stays open and the kernel goes on acknowledging. " +
  "Seconds until the application is told: once with every client's defaults, and with the tightest " +
  "setting that each has. A bound of ours is `intervalMs + timeoutMs` after the last byte.";

/** Defaults are watched this long; ccxt's take 117 s. */
const WATCH_SECONDS = 125;
const TUNED_WATCH_SECONDS = 6;
const OURS = { intervalMs: 1_000, timeoutMs: 250 };
const OURS_CONNECTIONS = 20;
const OURS_RUNS = 5;
/** The loop of the client stood still for longer: what it then measures is the machine. */
const KEPT_TIME_MS = 20;

export async function run({ log, rounds, isQuick }) {
  log("defaults");
  const defaults = await watchAll("default", isQuick ? 25 : WATCH_SECONDS);
  log("tuned");
  const tuned = {};
  for (let round = 0; round < rounds; round += 1) {
    const seen = await watchAll("tuned", TUNED_WATCH_SECONDS);
    for (const [client, seconds] of Object.entries(seen)) (tuned[client] ??= []).push(seconds);
  }
  log("ours, 100 runs");
  const ours = [];
  for (let i = 0; i < OURS_RUNS; i += 1) ours.push(...(await watchOurs()));
  return { watchSeconds: isQuick ? 25 : WATCH_SECONDS, defaults, tuned, ours };
}

async function watchAll(mode, seconds) {
  const { opened, losses } = await stopServer([mode], seconds, { settleMs: 2_300 });
  return Object.fromEntries(
    opened.map((client) => {
      const loss = losses.find((each) => each.client === client);
      return [client, loss?.seconds ?? null];
    }),
  );
}

async function watchOurs() {
  const { intervalMs, timeoutMs } = OURS;
  const args = ["ours", OURS_CONNECTIONS, intervalMs, timeoutMs, intervalMs];
  const seconds = (intervalMs + timeoutMs) / 1_000 + 0.5;
  // Past two intervals, so that each is in a phase of its own heartbeat.
  const settleMs = 2 * intervalMs + 100;
  const { losses, opened } = await stopServer(args.map(String), seconds, { settleMs });
  return opened.map((_, i) => losses[i] ?? { seconds: null, lateMs: 0 });
}

/** Stops the server under open clients and gives each client's first word after that. */
async function stopServer([mode, ...args], seconds, { settleMs }) {
  const server = await startServer();
  const worker = new BenchProcess("workers/dead-peer.mjs", [mode, server.url("idle"), ...args]);
  try {
    const { opened } = await worker.hear();
    await sleep(settleMs);
    await worker.ask({ order: "watch" });
    const stoppedNs = process.hrtime.bigint();
    server.signal("SIGSTOP");
    const deadlineMs = performance.now() + seconds * 1_000;
    let losses = [];
    while (performance.now() < deadlineMs && losses.length < opened.length) {
      await sleep(100);
      ({ losses } = await worker.ask({ order: "losses" }));
    }
    return {
      opened,
      losses: losses.map(({ client, atNs, lateMs }) => ({
        client,
        seconds: Number(BigInt(atNs) - stoppedNs) / 1e9,
        lateMs,
      })),
    };
  } finally {
    await worker.stop();
    await server.stop();
  }
}

/** What the issue asks of 100 runs. */
export function judge({ ours }) {
  const seconds = ours.map((each) => each.seconds ?? Infinity);
  const kept = ours.filter(({ lateMs }) => lateMs <= KEPT_TIME_MS);
  return {
    runs: ours.length,
    p50: quantile(seconds, 0.5),
    max: Math.max(...seconds),
    keptTime: kept.length,
    maxWhenKept: Math.max(...kept.map((each) => each.seconds ?? Infinity)),
    boundSeconds: (OURS.intervalMs + OURS.timeoutMs) / 1_000,
  };
}

const orNever = (seconds) => seconds ?? Infinity;

export function render({ watchSeconds, defaults, tuned, ours }) {
  const { runs, p50, max, keptTime, maxWhenKept, boundSeconds } = judge({ ours });
  const clients = [...new Set([...Object.keys(defaults), ...Object.keys(tuned)])];
  const sorted = clients.sort((one, other) => orNever(defaults[one]) - orNever(defaults[other]));
  const cell = (seconds) => (seconds === undefined ? "-" : number(orNever(seconds), 1));
  return (
    `Watched for ${watchSeconds} s.\n\n` +
    table(
      ["", "defaults, s", "tuned, s"],
      sorted.map((client) => [
        client.startsWith("ws-supervisor") ? `**${client}**` : client,
        cell(defaults[client]),
        tuned[client] === undefined ? "no setting" : spread(tuned[client].map(orNever), 2),
      ]),
    ) +
    `\nOurs at an interval of 1,000 ms and a timeout of 250 ms, ${runs} runs in all phases: median ` +
    `${number(p50, 3)} s, latest ${number(max, 3)} s (bound ${number(boundSeconds, 2)} s); in the ` +
    `${keptTime} in which the machine kept time (no turn of the loop late by more than ` +
    `${KEPT_TIME_MS} ms) the latest was ${number(maxWhenKept, 3)} s.\n`
  );
}

export const plots = ({ defaults }) => ({
  "dead-peer.svg": barChart({
    title: "Seconds until a dead peer is noticed, with default settings (less is better)",
    bars: Object.entries(defaults).map(([name, seconds]) => ({ name, values: [orNever(seconds)] })),
    digits: 0,
    unit: " s",
    ascending: true,
  }),
});
