/**
 * What observation costs a connection.
 *
 *   npm run bench:observe                  # builds first
 *   node bench/observe.mjs --rounds 21
 *
 * Two workloads: messages (no fact at all) and gaps (every message is a fact besides). Four ways: nothing is
 * loaded; the same again, which says how far a ratio is from 1 by chance; every adapter was attached and
 * detached again; every adapter is attached. Each measurement is a process of its own, in an order that
 * favours none; ratios are to the plain one of the same round.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "9" } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const CHUNKS = 2_000;
const FRAMES = 100;

const workloads = { messages: 1, gaps: 2 };
const modes = ["plain", "plain again", "detached", "attached"];

const nothing = () => undefined;

/** Attaches every adapter; gives the function that detaches them. */
async function attach(feed) {
  const [{ Registry }, { prometheusMetrics }, otel, { raiseAlerts }, { logTo }] = await Promise.all(
    [
      import("prom-client"),
      import("../dist/src/observe/prometheus/index.js"),
      import("../dist/src/observe/opentelemetry/index.js"),
      import("../dist/src/observe/alerts/index.js"),
      import("../dist/src/observe/logs/index.js"),
    ],
  );
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const alerts = raiseAlerts(feed, { sinks: [nothing] });
  const ends = [
    prometheusMetrics({ register: new Registry() }),
    otel.openTelemetryMetrics(),
    otel.openTelemetryTraces(),
    () => alerts.end(),
    logTo(feed, logger),
  ];
  return () => ends.forEach((end) => end());
}

/** Nanoseconds per message, the best of five passes. */
async function measure(load, way) {
  const { createSupervisor } = await import("../dist/src/index.js");
  const { createMemoryTransport, VirtualClock } = await import("../dist/src/testing/index.js");
  const clock = new VirtualClock();
  const { transport, sockets } = createMemoryTransport({ clock });
  let number = 0;
  const step = workloads[load];
  const feed = createSupervisor("wss://bench.example", {
    transport,
    clock,
    seed: 1,
    sequence: () => {
      number += step;
      return { stream: "s", first: number, last: number, scope: "stream" };
    },
  }).start();
  if (way === "detached") (await attach(feed))();
  const detach = way === "attached" ? await attach(feed) : nothing;
  let heard = 0;
  feed.on("message", () => {
    heard += 1;
  });
  sockets[0].opens();
  const frames = Array.from({ length: FRAMES }, () => '{"e":"trade","p":"27123.10","q":"0.5"}');
  let bestNs = Infinity;
  for (let pass = 0; pass < 6; pass += 1) {
    const startedNs = process.hrtime.bigint();
    for (let chunk = 0; chunk < CHUNKS; chunk += 1) sockets[0].receives(...frames);
    const ns = Number(process.hrtime.bigint() - startedNs) / (CHUNKS * FRAMES);
    if (pass > 0) bestNs = Math.min(bestNs, ns); // the first warms up
  }
  if (heard !== 6 * CHUNKS * FRAMES) throw new Error(`heard only ${heard}`);
  detach();
  feed.terminate();
  return bestNs;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function report() {
  const self = fileURLToPath(import.meta.url);
  console.log(`node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model}`);
  for (const load of Object.keys(workloads)) {
    const figures = Object.fromEntries(modes.map((mode) => [mode, []]));
    for (let round = 0; round < rounds; round += 1) {
      // Each is first as often as last.
      const order = modes.map((_, index) => modes[(index + round) % modes.length]);
      for (const way of round % 2 === 0 ? order : order.reverse()) {
        const printed = execFileSync(process.execPath, [self, load, way]);
        figures[way].push(Number(printed));
      }
    }
    const plain = figures["plain"];
    for (const way of modes) {
      const ratios = figures[way].map((ns, round) => ns / plain[round]);
      const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
      const spread = way === "plain" ? "" : ` (${low.toFixed(2)} to ${high.toFixed(2)})`;
      console.log(
        `${load.padEnd(9)} ${way.padEnd(12)} ${median(figures[way]).toFixed(0).padStart(6)} ns/message` +
          `  ratio ${median(ratios).toFixed(3)}${spread}`,
      );
    }
  }
}

const [workload, mode] = positionals;
if (workload === undefined) report();
else console.log(await measure(workload, mode));
