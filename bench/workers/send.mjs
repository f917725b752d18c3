// A client that sends: so many messages of 200 bytes, in turns, until the kernel has taken them.
//
//   send.mjs <client> <url>    `{ count }` asks for one stretch's CPU per message
import { clients } from "../clients/index.mjs";
import { answer, cpuUs, say } from "../lib/child.mjs";
import { supervisor } from "../lib/packages.mjs";
import { payload } from "../server/payloads.mjs";

/** Below the outbox's bound of 1,000. */
const PER_TURN = 500;
/** The pacer keeps its account and never has to wait. */
const PACING = { frames: 100_000, perMs: 1 };

// Whoever is measured runs in a process as large: with nothing but `ws` in it V8 keeps so small a heap that
// messages of 4 KiB cost a fifth less, and no service is that small.
await supervisor();

const [name, url] = process.argv.slice(2);
const { send, feed, socket } = await clients[name].open(url, () => undefined, {
  form: "raw",
  pacing: PACING,
});
const message = payload(200, 1);

async function sendTurn(count) {
  let last;
  for (let i = 0; i < count; i += 1) last = send(message);
  if (feed !== undefined) await last;
  else while (socket.bufferedAmount > 0) await nextTurn();
}

function nextTurn() {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

answer(async ({ count }) => {
  const start = process.cpuUsage();
  const startNs = process.hrtime.bigint();
  for (let left = count; left > 0; left -= PER_TURN) await sendTurn(Math.min(left, PER_TURN));
  const wallNs = Number(process.hrtime.bigint() - startNs);
  return { cpuNs: (cpuUs(start) * 1_000) / count, perSecond: (count * 1e9) / wallNs };
});
say({ ready: true });
