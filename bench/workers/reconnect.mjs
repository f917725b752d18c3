// From the server's reset to the first message of the next connection, again and again.
//
//   reconnect.mjs <client> <url> <topics> <reconnects> <planted us per reconnect>
// The server says in its first message when it reset this client; CLOCK_MONOTONIC is one for all.
import { peer, supervisor, WebSocket } from "../lib/packages.mjs";
import { clients } from "../clients/index.mjs";
import { burner } from "../lib/burn.mjs";
import { cpuUs, say } from "../lib/child.mjs";
import { quantile } from "../lib/stats.mjs";

const [name, url, topics, reconnects, plantedUs = "0"] = process.argv.slice(2);
const WARM = 10;
const TOPICS_PER_FRAME = 100;
const names = Array.from({ length: Number(topics) }, (_, i) => `symbol${i}@trade`);

const delaysMs = [];
let seen = 0;
let start;

function hear(message) {
  const { resetAtNs } = message;
  if (resetAtNs === undefined || resetAtNs === "0") return; // an acknowledgement, or the first time
  const delayMs = Number(process.hrtime.bigint() - BigInt(resetAtNs)) / 1e6;
  seen += 1;
  if (seen === WARM) start = process.cpuUsage();
  if (seen > WARM) delaysMs.push(delayMs);
  if (delaysMs.length < Number(reconnects)) return;
  say({
    p50: quantile(delaysMs, 0.5),
    p99: quantile(delaysMs, 0.99),
    cpuUs: cpuUs(start) / delaysMs.length,
  });
}
const hearText = (data) => hear(JSON.parse(data.toString()));

/** Five frames of a hundred: as a supervisor with its defaults would. */
function subscribe(send) {
  for (let i = 0; i * TOPICS_PER_FRAME < names.length; i += 1) {
    const slice = names.slice(i * TOPICS_PER_FRAME, (i + 1) * TOPICS_PER_FRAME);
    send(JSON.stringify({ id: i + 1, topics: slice }));
  }
}

/** The loop that people write: dial again when it closes, `again` says how. */
function loop(again) {
  const dial = () => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on("open", () => subscribe((text) => socket.send(text)));
    socket.on("message", hearText);
    socket.on("error", () => undefined);
    socket.on("close", () => again(dial));
  };
  dial();
}

async function ours() {
  const { supervise } = await supervisor();
  const burn = burner(Number(plantedUs) * 1_000);
  const feed = supervise(url, {
    topics: names,
    subscriptions: {
      subscribe: (asked, id) => ({ id, topics: asked }),
      acknowledge: ({ id }) => (id === undefined ? undefined : { id }),
    },
    decode: (data) => JSON.parse(data.toString()),
    backoff: () => 0,
    // Every connection of this benchmark is short, and there are more than the budget of ten minutes.
    retryBudget: { attempts: 1_000_000, perMs: 600_000 },
  });
  feed.on("message", ({ data }) => {
    burn?.();
    hear(data);
  });
}

const atOnce = { minReconnectionDelay: 0, maxReconnectionDelay: 0, minUptime: 0 };
function browserLike(Socket) {
  const socket = new Socket(url, [], { WebSocket, ...atOnce });
  socket.onopen = () => subscribe((text) => socket.send(text));
  socket.onmessage = ({ data }) => hearText(data);
}

const loops = {
  ws: () => loop((dial) => setTimeout(dial, 0)),
  "ws, in the close handler": () => loop((dial) => dial()),
  "ws-supervisor": ours,
  "reconnecting-websocket": () => browserLike(peer("reconnecting-websocket")),
  partysocket: () => browserLike(peer("partysocket/ws").default),
  "websocket-ts": () => {
    globalThis.WebSocket = WebSocket;
    const { WebsocketBuilder, ConstantBackoff } = peer("websocket-ts");
    new WebsocketBuilder(url)
      .withBackoff(new ConstantBackoff(0))
      .withInstantReconnect(true)
      .onOpen((socket) => subscribe((text) => socket.send(text)))
      .onMessage((_, { data }) => hearText(data))
      .build();
  },
  undici: () => {
    const { WebSocket: UndiciWebSocket } = peer("undici");
    const dial = () => {
      const socket = new UndiciWebSocket(url);
      socket.onopen = () => subscribe((text) => socket.send(text));
      socket.onmessage = ({ data }) => hearText(data);
      socket.onerror = () => undefined;
      socket.onclose = () => setTimeout(dial, 0);
    };
    dial();
  },
  "graphql-ws": () =>
    clients["graphql-ws"].open(url, hear, {
      config: {
        retryAttempts: Infinity,
        retryWait: async () => undefined,
        shouldRetry: () => true,
      },
    }),
  centrifuge: () =>
    clients.centrifuge.open(url, hear, {
      config: { minReconnectDelay: 1, maxReconnectDelay: 1 },
    }),
  mqtt: () => clients.mqtt.open(url, hearText, { config: { reconnectPeriod: 1 } }),
  "socket.io-client": () =>
    clients["socket.io-client"].open(url, hear, {
      config: { reconnectionDelay: 1, reconnectionDelayMax: 1, randomizationFactor: 0 },
    }),
};

process.on("unhandledRejection", () => undefined);
process.on("disconnect", () => process.exit(0));
await loops[name]();
