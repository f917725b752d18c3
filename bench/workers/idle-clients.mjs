// Connections that have nothing to do, in every way in which one may keep them: raw, with a heartbeat of
// one's own, as bare XState actors, supervised, and through the peers' clients.
//
// `open(url, beat)` resolves with what must be kept; `beat` is `{ intervalMs, timeoutMs }`, or undefined
// where timers must exist and never fire.
import { clients } from "../clients/index.mjs";
import { supervisor, WebSocket, xstate } from "../lib/packages.mjs";
import { createWheelClock } from "../lib/wheel-clock.mjs";

const NEVER = { intervalMs: 3_600_000, timeoutMs: 3_600_000 };
const listenTo = () => undefined;

function openWs(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on("message", listenTo);
    socket.on("close", listenTo);
    socket.on("error", reject);
    socket.on("open", () => resolve(socket));
  });
}

/** What people write by hand, and what the README of `ws` shows. */
async function openWithInterval(url, { intervalMs } = NEVER) {
  const socket = await openWs(url);
  let isAlive = true;
  socket.on("pong", () => {
    isAlive = true;
  });
  const beat = () => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    return socket.ping();
  };
  // From its opening on, as ours: phases that differ would make loop turns of different length.
  socket.timer = setInterval(beat, intervalMs);
  return socket;
}

async function openSupervised(url, options) {
  const { supervise } = await supervisor();
  // An idle connection has long been stable: its timer of probation is not what is asked for.
  const feed = supervise(url, { stableAfterMs: 50, ...options });
  feed.on("message", listenTo);
  await feed.ready();
  return feed;
}

let wheel;

let machine;
/** The least that an XState client could be: one actor, one socket, a heartbeat of delayed transitions. */
function openActor(url, { intervalMs, timeoutMs } = NEVER) {
  const { createActor, fromCallback, sendTo, setup } = xstate();
  machine ??= setup({
    actors: {
      socket: fromCallback(({ input, sendBack, receive }) => {
        const socket = new WebSocket(input, { perMessageDeflate: false });
        socket.on("open", () => sendBack({ type: "opened" }));
        socket.on("message", listenTo);
        socket.on("pong", () => sendBack({ type: "pong" }));
        socket.on("error", listenTo);
        socket.on("close", () => sendBack({ type: "closed" }));
        receive(() => socket.ping());
        return () => socket.terminate();
      }),
    },
    actions: { ping: sendTo("socket", { type: "ping" }) },
    delays: { interval: () => intervalMs, timeout: () => timeoutMs, backoff: 1_000 },
  }).createMachine({
    context: ({ input }) => ({ url: input, attempt: 0 }),
    initial: "up",
    states: {
      up: {
        invoke: { id: "socket", src: "socket", input: ({ context }) => context.url },
        on: { closed: "backoff" },
        initial: "connecting",
        states: {
          connecting: { on: { opened: "quiet" } },
          quiet: { after: { interval: { target: "probing", actions: "ping" } } },
          probing: { after: { timeout: "#backoff" }, on: { pong: "quiet" } },
        },
      },
      backoff: { id: "backoff", after: { backoff: "up" } },
    },
  });
  return new Promise((resolve) => {
    const actor = createActor(machine, { input: url });
    const subscription = actor.subscribe((snapshot) => {
      if (!snapshot.matches({ up: "quiet" })) return;
      subscription.unsubscribe();
      resolve(actor);
    });
    actor.start();
  });
}

const viaClient =
  (name, wire, options = {}) =>
  (url) =>
    clients[name].open(`${url}&wire=${wire}`, listenTo, options);

export const idleClients = {
  ws: (url, beat) => (beat === undefined ? openWs(url) : openWithInterval(url, beat)),
  "ws, setInterval ping": openWithInterval,
  "bare XState actor": openActor,
  "ws-supervisor": (url, beat = NEVER) => openSupervised(url, { heartbeat: beat }),
  "ws-supervisor, no heartbeat": (url) => openSupervised(url, { heartbeat: null }),
  "ws-supervisor, timer wheel": (url, beat = NEVER) => {
    wheel ??= createWheelClock();
    return openSupervised(url, { heartbeat: beat, clock: wheel });
  },
  "reconnecting-websocket": viaClient("reconnecting-websocket", "plain"),
  partysocket: viaClient("partysocket", "plain"),
  "websocket-ts": viaClient("websocket-ts", "plain"),
  undici: viaClient("undici", "plain"),
  ccxt: viaClient("ccxt", "plain"),
  "graphql-ws": viaClient("graphql-ws", "graphql", { config: { isIdle: true } }),
  centrifuge: viaClient("centrifuge", "centrifuge"),
  mqtt: viaClient("mqtt", "mqtt"),
  "socket.io-client": viaClient("socket.io-client", "socket.io"),
};

/** Fifty at a time: thousands at once would measure the server's backlog. */
export async function openMany(name, url, count, beat) {
  const kept = [];
  while (kept.length < count) {
    const batch = Array.from({ length: Math.min(50, count - kept.length) }, () =>
      idleClients[name](url, beat),
    );
    kept.push(...(await Promise.all(batch)));
  }
  return kept;
}
