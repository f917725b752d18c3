// A client that must not lose its healthy peer while its own loop is blocked or its process stopped.
//   node steady-client.mjs DIST URL
// Says each fact as a JSON line; `block MS` on stdin blocks the loop, `close` ends it.
import { createInterface } from "node:readline";

const [dist, url] = process.argv.slice(2);
const { supervise } = await import(`${dist}/src/index.js`);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const client = supervise(url, { heartbeat: { intervalMs: 1_000, timeoutMs: 1_000 }, seed: 1 });
client.on("*", ({ type, loss }) => say({ type, loss }));
client.on("message", ({ data }) => say({ type: "message", data }));

const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  const [command, argument] = line.split(" ");
  if (command === "block") {
    const end = performance.now() + Number(argument);
    while (performance.now() < end);
    say({ type: "unblocked" });
  } else {
    process.stdin.destroy();
    void client.close();
  }
});
