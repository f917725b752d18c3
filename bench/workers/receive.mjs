// A client that receives: counts messages, and says what a stretch of them cost.
//
//   receive.mjs <client> <form> <url> <connections> <planted ns per message>
// `{ warm, count }` arms it and is answered at once; the stretch's figures follow when it is over.
import { clients } from "../clients/index.mjs";
import { burner } from "../lib/burn.mjs";
import { answer, cpuUs, say } from "../lib/child.mjs";
import { supervisor } from "../lib/packages.mjs";

// Whoever is measured runs in a process as large: with nothing but `ws` in it V8 keeps so small a heap that
// messages of 4 KiB cost a fifth less, and no service is that small.
await supervisor();

const [name, form, url, connections, plantedNs] = process.argv.slice(2);
const client = clients[name];

let seen = 0;
let warmUntil = 0;
let doneAt = 0;
let startCpu;
let startNs = 0n;
let measured = 0;
// What is parsed must be used, or it need not be parsed.
let checksum = 0;

function start() {
  startCpu = process.cpuUsage();
  startNs = process.hrtime.bigint();
}

function finish() {
  const us = cpuUs(startCpu);
  const wallNs = Number(process.hrtime.bigint() - startNs);
  say({ cpuNs: (us * 1_000) / measured, perSecond: (measured * 1e9) / wallNs, checksum });
}

function tick() {
  seen += 1;
  if (seen === warmUntil) start();
  else if (seen === doneAt) finish();
}

let meanBytes = 1;
/** For a client that knows no messages: bytes over the mean length. Ends are met by passing them. */
function tickBytes(bytes) {
  const before = seen;
  seen += bytes / meanBytes;
  if (before < warmUntil && seen >= warmUntil) start();
  else if (before < doneAt - 0.5 && seen >= doneAt - 0.5) finish();
}

function sinkFor() {
  if (client.countsBytes) return tickBytes;
  if (form === "raw") return tick;
  if (form === "text") {
    return (data) => {
      checksum += (typeof data === "string" ? data : data.toString()).length & 1;
      tick();
    };
  }
  if (client.decodes) {
    return (message) => {
      checksum += message.u & 1;
      tick();
    };
  }
  const { body = (data) => data, pick = (message) => message } = client;
  return (data) => {
    checksum += pick(JSON.parse(body(data).toString())).u & 1;
    tick();
  };
}

const sink = sinkFor();
const burn = burner(Number(plantedNs ?? 0));
for (let i = 0; i < Number(connections); i += 1) await client.open(url, sink, { form, burn });

answer((order) => {
  measured = order.count;
  meanBytes = order.meanBytes ?? 1;
  seen = 0;
  warmUntil = order.warm;
  doneAt = order.warm + order.count;
  return { armed: true };
});
say({ ready: true });
