// What one idle connection keeps: heap and resident bytes, after collecting, over many connections.
//
//   node --expose-gc memory.mjs <client> <url> <connections> <planted bytes per connection>
import { say, sleep } from "../lib/child.mjs";
import { openMany } from "./idle-clients.mjs";

const [name, url, connections, plantedBytes = "0"] = process.argv.slice(2);
const count = Number(connections);
/** Opened before: what is shared by all must not be put down to the first. */
const FIRST = 100;

async function settled() {
  await sleep(200);
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc();
    await sleep(30);
  }
  return process.memoryUsage();
}

const kept = await openMany(name, url, FIRST);
const before = await settled();
const start = process.cpuUsage();
kept.push(...(await openMany(name, url, count)));
const { user, system } = process.cpuUsage(start);
if (Number(plantedBytes) > 0) {
  for (const connection of kept.slice(FIRST)) {
    connection.planted = Array.from({ length: Number(plantedBytes) / 8 }, (_, i) => i);
  }
}
const after = await settled();
const used = ({ heapUsed, external }) => heapUsed + external;
say({
  heapBytes: (used(after) - used(before)) / count,
  residentBytes: (after.rss - before.rss) / count,
  connectCpuUs: (user + system) / count,
  kept: kept.length,
});
