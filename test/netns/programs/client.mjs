// A supervisor in its namespace, on real time.
//   node client.mjs DIST URL OPTIONS
// OPTIONS is JSON; `addresses` in it is what every name resolves to. Says each fact and message as a JSON
// line; a line on stdin is the name of a method to call, `exit` ends it.
import { createInterface } from "node:readline";

const [dist, url, given = "{}"] = process.argv.slice(2);
const { supervise } = await import(`${dist}/src/index.js`);
const { addresses, ...options } = JSON.parse(given);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const found = addresses?.map((address) => ({ address, family: 4 }));
const lookup = (_hostname, _options, callback) => setImmediate(() => callback(null, found));
const feed = supervise(url, {
  seed: 1,
  decode: (data) => JSON.parse(data.toString()),
  sequence: ({ s, n }) => ({ stream: s, first: n, last: n, scope: "stream" }),
  ...options,
  ...(addresses === undefined ? {} : { ws: { lookup } }),
});
feed.on("*", ({ type, loss, rule, retryInMs, attempt, from, to }) =>
  say({ type, loss, rule, retryInMs, attempt, from, to }),
);
feed.on("message", ({ data }) => say({ type: "message", n: data.n }));

createInterface({ input: process.stdin }).on("line", (method) => {
  if (method === "exit") process.exit(0);
  feed[method]();
});
