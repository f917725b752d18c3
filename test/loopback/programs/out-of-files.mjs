// A process that has used up its file descriptors, with one connection that lives and one that is wanted.
//   node out-of-files.mjs DIST URL
// Says what happened to each as one JSON line.
import { openSync } from "node:fs";

const [dist, url] = process.argv.slice(2);
const { supervise } = await import(`${dist}/src/index.js`);

const living = supervise(url, { seed: 1 });
await living.ready();
// What Node loads on demand must be loaded while it can be.
const wanted = supervise("ws://127.0.0.1:1/", { seed: 1 });
await new Promise((resolve) => wanted.on("attempt.failed", resolve));
wanted.terminate();

try {
  for (;;) openSync("/dev/null");
} catch {
  // Now there are none left.
}
const starved = supervise(url, { seed: 1 });
const alerts = [];
starved.on("alert", ({ alert }) => alerts.push(alert.kind));
const failed = await new Promise((resolve) => starved.on("attempt.failed", resolve));
starved.terminate();

const message = new Promise((resolve) => living.on("message", ({ data }) => resolve(data)));
await living.send("are you there?");
const heard = await message;
process.stdout.write(`${JSON.stringify({ failed, alerts, heard })}\n`);
living.terminate();
