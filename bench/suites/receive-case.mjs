// One case of the receive suite: a size, a form, a tempo; some clients beside raw `ws`.
import { clients } from "../clients/index.mjs";
import { BenchProcess } from "../lib/processes.mjs";
import { interleave } from "../lib/interleave.mjs";

export const CONNECTIONS = 20;
export const PER_SECOND = 1_000;

/** How many messages make a stretch of about 150 ms of raw `ws`. */
const BURST = {
  raw: { 16: 600_000, 200: 400_000, 4096: 60_000 },
  text: { 200: 400_000 },
  json: { 16: 300_000, 200: 120_000, 4096: 10_000 },
};
/** Peers that are many times slower get shorter stretches. */
const SLOW = new Set(["ccxt", "mqtt", "centrifuge", "socket.io-client", "graphql-ws"]);

let nextGroup = 0;

/**
 * @param {object} options
 * @param {{ bytes: 16 | 200 | 4096, form: "raw" | "text" | "json", tempo: "burst" | "paced", secure?: boolean }} options.situation
 * @param {readonly string[]} options.subjects
 * @param {string} [options.base]
 * @param {(name: string) => number} [options.plantedNs] - For the gate's proof: work per message.
 * @param {number} [options.scale] - Of a stretch: 1 is about 150 ms of raw `ws`, a second when paced.
 */
export function receiveCase(options) {
  const { server, situation, base = "ws" } = options;
  return interleave({
    base,
    figures: ["cpuNs", "perSecond"],
    ...options,
    launch: (name) => launch(server, situation, name, options),
  });
}

async function launch(
  server,
  { bytes, form, tempo, secure = false },
  name,
  { plantedNs, scale = 1 },
) {
  const group = `g${(nextGroup += 1)}`;
  const isPaced = tempo === "paced";
  const connections = isPaced ? CONNECTIONS : 1;
  const path = `feed?group=${group}&wire=${clients[name].wire}`;
  const url = secure ? server.tlsUrl(path) : server.url(path);
  const args = [name, form, url, String(connections), String(plantedNs?.(name) ?? 0)];
  const worker = new BenchProcess("workers/receive.mjs", args);
  try {
    await worker.hear();
    await untilReady(server, group, connections);
  } catch (error) {
    await worker.stop();
    throw error;
  }
  const total = isPaced
    ? CONNECTIONS * PER_SECOND * scale
    : Math.round((BURST[form][bytes] * scale) / (SLOW.has(name) ? 6 : 1));
  const warm = Math.round(total * (isPaced ? 0.1 : 0.2));
  const count = isPaced ? Math.round(total * 0.85) : total;
  const measure = async () => {
    let meanBytes = 1;
    if (clients[name].countsBytes)
      ({ meanBytes } = await server.ask({ order: "flood", group, bytes, frames: 0 }));
    await worker.ask({ warm, count, meanBytes });
    const done = worker.hear();
    const sent = isPaced
      ? server.ask({ order: "pace", group, bytes, perSecond: PER_SECOND, seconds: scale })
      : server.ask({ order: "flood", group, bytes, frames: warm + count });
    const [figures] = await Promise.all([done, sent]);
    return figures;
  };
  return { measure, stop: () => worker.stop() };
}

/** A client may think that it is open before the server has heard its last word. */
async function untilReady(server, group, connections) {
  for (let tries = 0; tries < 100; tries += 1) {
    const { ready } = await server.ask({ order: "count", group });
    if (ready === connections) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`not ${connections} clients of ${group} were ready`);
}
