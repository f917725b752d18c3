// A client that measures delays, in microseconds.
//
//   latency.mjs <client> echo <url>                 one message in flight, there and back
//   latency.mjs <client> delay <url> <connections>  one way: the server stamps what it sends
// `{ trips }` or `{ warm, count }` asks for one stretch's quantiles.
import { clients } from "../clients/index.mjs";
import { answer, say } from "../lib/child.mjs";
import { supervisor } from "../lib/packages.mjs";
import { quantile } from "../lib/stats.mjs";
import { payload } from "../server/payloads.mjs";

const STAMP_DIGITS = 16;
// Whoever is measured runs in a process as large: with nothing but `ws` in it V8 keeps so small a heap that
// messages of 4 KiB cost a fifth less, and no service is that small.
await supervisor();

const [name, mode, url, connections = "1"] = process.argv.slice(2);

let onMessage = () => undefined;
const handles = [];
for (let i = 0; i < Number(connections); i += 1) {
  handles.push(await clients[name].open(url, (data) => onMessage(data), { form: "raw" }));
}

function quantiles(delaysNs) {
  const us = (share) => quantile(delaysNs, share) / 1_000;
  return { p50: us(0.5), p99: us(0.99), p999: us(0.999) };
}

function echo({ trips }) {
  const message = payload(200, 1);
  const delaysNs = new Float64Array(trips);
  return new Promise((resolve) => {
    let trip = 0;
    let sentNs = 0n;
    const send = () => {
      sentNs = process.hrtime.bigint();
      handles[0].send(message);
    };
    onMessage = () => {
      delaysNs[trip] = Number(process.hrtime.bigint() - sentNs);
      trip += 1;
      if (trip < trips) send();
      else resolve(quantiles(delaysNs));
    };
    send();
  });
}

function delay({ warm, count }) {
  const delaysNs = new Float64Array(count);
  let seen = -warm;
  onMessage = (data) => {
    const atNs = Number(process.hrtime.bigint());
    const stamp =
      typeof data === "string" ? data.slice(0, STAMP_DIGITS) : data.latin1Slice(0, STAMP_DIGITS);
    if (seen >= 0 && seen < count) delaysNs[seen] = atNs - Number(stamp);
    seen += 1;
    if (seen === count) say(quantiles(delaysNs));
  };
  return { armed: true };
}

answer(mode === "echo" ? echo : delay);
say({ ready: true });
