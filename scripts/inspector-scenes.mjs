// Scenes for whoever looks at the inspector's page: connections on an in-memory transport, in real time,
// whose peers behave as they are told. Shared by the screenshots and the browser tests; needs a build.
import { inspect } from "../dist/src/observe/inspector/index.js";
import { createSupervisor } from "../dist/src/index.js";
import { createMemoryTransport } from "../dist/src/testing/index.js";
import { realClock } from "../dist/src/system.js";

/** One supervised connection; `peer()` is its newest socket, to be played with. */
export function scene(options = {}) {
  const { transport, sockets } = createMemoryTransport({ clock: realClock, strays: false });
  const feed = createSupervisor("wss://venue.example/feed", {
    transport,
    seed: 1,
    backoff: () => 4_000,
    heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
    stableAfterMs: 10_000,
    ...options,
  });
  return { feed, sockets, peer: () => sockets.at(-1) };
}

const NAMES = ["binance", "okx", "bybit", "deribit", "kraken", "coinbase", "bitfinex", "gateio"];
const PAIRS = ["btc-usdt", "eth-usdt", "sol-usdt", "xrp-usdt", "ada-usdt"];

/** `count` connections under one inspector, each with a past; a few in trouble. */
export async function fleet(count, options = {}) {
  const scenes = [];
  let inspector;
  for (let index = 0; index < count; index += 1) {
    const wait = 6_000 + ((index * 7_919) % 9_000);
    const one = scene({ backoff: () => wait, seed: index });
    const name = `${NAMES[index % NAMES.length]} ${PAIRS[index % PAIRS.length]} ${Math.floor(index / 40) + 1}`;
    if (inspector === undefined) inspector = await inspect(one.feed, { port: 0, name, ...options });
    else inspector.attach(one.feed, { name });
    one.feed.start();
    if (index % 29 !== 7) one.peer().opens();
    if (index % 17 === 3) one.peer().drops("ECONNRESET");
    if (index % 61 === 11) one.peer().refuses(403);
    scenes.push(one);
  }
  return { inspector, scenes, stop: () => stopAll(inspector, scenes) };
}

async function stopAll(inspector, scenes) {
  for (const { feed } of scenes) feed.terminate();
  await inspector.close();
}
