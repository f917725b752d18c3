// What the gate measures, and how far each may go: the bounds of issue 6.
//
// A plant is work or memory put into ours, as a share of what raw `ws` costs.
import { clients } from "../clients/index.mjs";
import { realHerd } from "../herd/real.mjs";
import { heartbeatOf } from "../suites/heartbeat.mjs";
import { memoryOf } from "../suites/memory.mjs";
import { receiveCase } from "../suites/receive-case.mjs";
import { reconnectOf } from "../suites/reconnect.mjs";
import { alternate, CONTROL } from "./interleave.mjs";
import { median } from "./stats.mjs";

const OURS = "ws-supervisor";
const fail = (name, error) => {
  throw new Error(`${name}: ${error.message}`, { cause: error });
};

/** Stretches of a second are long for a gate; more rounds of shorter ones say more. */
const SCALE = { burst: 0.4, paced: 0.25 };

function receive(key, situation, rows) {
  return {
    key,
    figure: "cpuNs",
    rows,
    run: async ({ server, plant }) => {
      const scale = SCALE[situation.tempo];
      const options = { server, situation, scale, onFailed: fail };
      const plantedNs = plant > 0 ? plant * (await costOf(options)) : 0;
      const subjects = [CONTROL, ...rows.map(({ client }) => client)];
      return receiveCase({
        ...options,
        rounds: situation.tempo === "burst" ? 5 : 4,
        warmUps: situation.tempo === "burst" ? 1 : 6,
        stretches: situation.tempo === "burst" ? 3 : 2,
        subjects,
        plantedNs: (name) => (clients[name].decodes ? plantedNs : 0),
      });
    },
  };
}

/** What raw `ws` takes for a message here and now. */
async function costOf(options) {
  const results = await receiveCase({ ...options, rounds: 1, stretches: 3, subjects: [CONTROL] });
  return median(results.get(CONTROL).bases.cpuNs);
}

/** For what needs a fresh process each time. The first one without a plant says how much to plant. */
function fresh(key, figure, rows, { rounds, measure }) {
  return {
    key,
    figure,
    rows,
    run: async ({ server, plant }) => {
      const planted = plant > 0 ? plant * (await measure(server, "ws", 0))[figure] : 0;
      return alternate({
        rounds,
        base: "ws",
        subjects: rows.map(({ client }) => client),
        figures: [figure],
        onFailed: fail,
        run: (name) => measure(server, name, name === OURS ? planted : 0),
      });
    },
  };
}

export const measures = [
  receive("buffer", { bytes: 200, form: "raw", tempo: "burst" }, [
    { name: "receive 200 B Buffer, burst: CPU to raw ws", client: OURS, bound: 1.06 },
    {
      name: "the same by fastInbound",
      client: `${OURS}, fastInbound`,
      bound: 0.6,
      isPlanted: false,
    },
  ]),
  receive("json", { bytes: 200, form: "json", tempo: "burst" }, [
    { name: "receive 200 B JSON, burst", client: OURS, bound: 1.06 },
    { name: "receive 200 B JSON, sequenced, burst", client: `${OURS}, sequence`, bound: 1.1 },
  ]),
  receive("large", { bytes: 4096, form: "raw", tempo: "burst" }, [
    { name: "receive 4 KiB Buffer, burst", client: OURS, bound: 1.06 },
  ]),
  receive("paced", { bytes: 200, form: "json", tempo: "paced" }, [
    { name: "receive 200 B JSON, paced 20 x 1,000/s", client: OURS, bound: 1.1 },
  ]),
  // Far from their bounds a plant of a fifth is no failure: these are not asked to catch it.
  fresh(
    "heartbeat",
    "cpuUs",
    [{ name: "a heartbeat: CPU to ws + setInterval", client: OURS, bound: 1.6, isPlanted: false }],
    {
      rounds: 3,
      measure: (server, name, plantedUs) =>
        heartbeatOf(server, name, {
          connections: 500,
          intervalMs: 125,
          windowMs: 750,
          plantedNs: plantedUs * 1_000,
        }),
    },
  ),
  fresh(
    "reconnect",
    "p50",
    [
      {
        name: "RST to first message, to a loop with setTimeout(0)",
        client: OURS,
        bound: 1.15,
        isPlanted: false,
      },
    ],
    {
      rounds: 3,
      measure: (server, name, plantedMs) =>
        reconnectOf(server, name, { topics: 1, reconnects: 25, plantedUs: plantedMs * 1_000 }),
    },
  ),
  {
    key: "memory",
    figure: "heapBytes",
    kind: "differences",
    isNoisy: false,
    rows: [{ name: "heap of an idle connection less raw ws, B", client: OURS, bound: 16_000 }],
    run: async ({ server, plant }) =>
      alternate({
        rounds: 1,
        base: "ws",
        subjects: [OURS],
        figures: ["heapBytes"],
        onFailed: fail,
        run: (name) => memoryOf(server, name, 1_000, name === OURS ? plant * 16_000 : 0),
      }),
  },
  herd("herd", {}, { t99: 25, peak: 65, attempts: 3.6 }),
  herd("herd-later", { downSeconds: 60 }, { t99: 27, gaveUp: 0 }),
  herd("herd-retry-after", { retryAfter: true }, { t99: 25 }),
];

/** Virtual time and a fixed seed: no noise, nothing to plant. */
function herd(key, situation, bounds) {
  return {
    key,
    figure: "seen",
    kind: "values",
    isNoisy: false,
    rows: Object.entries(bounds).map(([figure, bound]) => ({
      name: `${key}: ${figure}`,
      client: figure,
      bound,
      isPlanted: false,
    })),
    run: async () => {
      const report = await realHerd({ ...situation, seed: 1 });
      return new Map(
        Object.keys(bounds).map((figure) => [figure, { values: { seen: [report[figure]] } }]),
      );
    },
  };
}
