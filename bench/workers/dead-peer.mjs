// Clients whose server will be stopped (SIGSTOP: TCP stays open, the kernel goes on acknowledging), and
// when each of them tells its application.
//
//   dead-peer.mjs default|tuned <url>             every client once
//   dead-peer.mjs ours <url> <connections> <interval ms> <timeout ms> <spread ms>
// Says `{ opened }`, then `{ client, atNs, lateMs }` per loss; `lateMs` is the longest that the loop of
// this process had stood still by then.
import { clients } from "../clients/index.mjs";
import { answer, say, sleep } from "../lib/child.mjs";
import { supervisor, WebSocket } from "../lib/packages.mjs";

const [mode, base, connections, interval, timeout, spread] = process.argv.slice(2);
const isTuned = mode === "tuned";
const nothing = () => undefined;

const WATCH_MS = 5;
let lateMs = 0;
let wokenAtMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  lateMs = Math.max(lateMs, nowMs - wokenAtMs - WATCH_MS);
  wokenAtMs = nowMs;
}, WATCH_MS);

const losses = [];
let isWatching = false;
const lost = (client) => () => {
  if (isWatching) losses.push({ client, atNs: String(process.hrtime.bigint()), lateMs });
};
const url = (client) => `${base}?wire=${clients[client].wire}&pingSeconds=${isTuned ? 1 : 25}`;

async function openOurs(client, heartbeat) {
  const { supervise } = await supervisor();
  const feed = supervise(url("ws-supervisor"), { heartbeat });
  feed.on("down", lost(client));
  await feed.ready();
}

/** `ws` with an interval and a deadline, as its README has it but quicker. */
function openByHand(client, end) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url("ws"), { perMessageDeflate: false });
    let deadline;
    socket.on("open", () => {
      setInterval(() => {
        if (socket.readyState !== WebSocket.OPEN) return;
        socket.ping();
        deadline = setTimeout(() => end(socket), 250);
      }, 1_000);
      resolve();
    });
    socket.on("pong", () => clearTimeout(deadline));
    socket.on("error", nothing);
    socket.on("close", lost(client));
  });
}

const browserLike = async (client) => {
  const { socket } = await clients[client].open(url(client), nothing);
  socket.addEventListener("close", lost(client));
};

/** Its documentation's recipe: terminate when the pong of a keepalive does not come in time. */
async function openGraphql(client) {
  let pongTimer;
  const { client: graphql } = await clients["graphql-ws"].open(url("graphql-ws"), nothing, {
    config: { isIdle: true, keepAlive: isTuned ? 1_000 : 0 },
  });
  graphql.on("ping", (isReceived) => {
    if (isTuned && !isReceived) pongTimer = setTimeout(() => graphql.terminate(), 250);
  });
  graphql.on("pong", (isReceived) => {
    if (isReceived) clearTimeout(pongTimer);
  });
  graphql.on("closed", lost(client));
}

async function openCentrifuge(client) {
  const config = isTuned ? { maxServerPingDelay: 250 } : {};
  const { client: centrifuge } = await clients.centrifuge.open(url("centrifuge"), nothing, {
    config,
  });
  centrifuge.on("connecting", lost(client));
}

async function openMqtt(client) {
  const config = { keepalive: isTuned ? 1 : 60 };
  const { client: mqtt } = await clients.mqtt.open(url("mqtt"), nothing, { config });
  mqtt.on("close", lost(client));
}

async function openCcxt(client) {
  const config = isTuned ? { keepAlive: 1_000, maxPingPongMisses: 1 } : { keepAlive: 30_000 };
  const { client: ccxt } = await clients.ccxt.open(url("ccxt"), nothing, { config });
  ccxt.onErrorCallback = lost(client);
  ccxt.onCloseCallback = lost(client);
}

async function openSocketIo(client) {
  const { socket } = await clients["socket.io-client"].open(url("socket.io-client"), nothing);
  socket.on("disconnect", lost(client));
}

const defaults = {
  "ws-supervisor": (client) => openOurs(client, undefined),
  ws: async (client) => {
    const { socket } = await clients.ws.open(url("ws"), nothing);
    socket.on("close", lost(client));
  },
  "reconnecting-websocket": browserLike,
  partysocket: browserLike,
  "websocket-ts": browserLike,
  undici: browserLike,
  "graphql-ws": openGraphql,
  centrifuge: openCentrifuge,
  mqtt: openMqtt,
  "socket.io-client": openSocketIo,
  ccxt: openCcxt,
};
const tuned = {
  "ws-supervisor": (client) => openOurs(client, { intervalMs: 1_000, timeoutMs: 250 }),
  "ws, ping 1 s, terminate() after 250 ms": (client) =>
    openByHand(client, (socket) => socket.terminate()),
  "ws, ping 1 s, close() after 250 ms": (client) => openByHand(client, (socket) => socket.close()),
  "graphql-ws": openGraphql,
  centrifuge: openCentrifuge,
  mqtt: openMqtt,
  ccxt: openCcxt,
};

process.on("uncaughtException", nothing);
process.on("unhandledRejection", nothing);

const opened = [];
if (mode === "ours") {
  // Spread over an interval, so that the stop falls into every phase of a heartbeat.
  for (let i = 0; i < Number(connections); i += 1) {
    await openOurs("ws-supervisor", { intervalMs: Number(interval), timeoutMs: Number(timeout) });
    opened.push("ws-supervisor");
    await sleep(Number(spread) / Number(connections));
  }
} else {
  const table = isTuned ? tuned : defaults;
  await Promise.all(
    Object.entries(table).map(async ([client, open]) => {
      try {
        await open(client);
        opened.push(client);
      } catch {
        // Not installed, and said so elsewhere.
      }
    }),
  );
}

answer(({ order }) => {
  if (order === "watch") {
    isWatching = true;
    lateMs = 0;
    wokenAtMs = performance.now();
    return { watching: true };
  }
  return { losses };
});
say({ opened });
