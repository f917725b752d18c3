// What it costs to keep idle connections under watch: real pings, real pongs.
//
//   heartbeat.mjs <client> <url> <connections> <interval ms> <planted ns per beat>
// `{ start }` begins the window, `{ stop }` ends it; the server counts the pings.
import { answer, cpuUs, say, sleep } from "../lib/child.mjs";
import { burner } from "../lib/burn.mjs";
import { openMany } from "./idle-clients.mjs";

const [name, url, connections, interval, plantedNs = "0"] = process.argv.slice(2);
const intervalMs = Number(interval);
const kept = await openMany(name, url, Number(connections), {
  intervalMs,
  timeoutMs: intervalMs * 0.9,
});
const burn = burner(Number(plantedNs));
if (burn !== undefined) for (const _ of kept) setInterval(burn, intervalMs);
// The first beats are over, and all phases are spread.
await sleep(2 * intervalMs + 500);

let start;
answer(({ order }) => {
  if (order === "start") {
    start = process.cpuUsage();
    return { begun: true };
  }
  return { cpuUs: cpuUs(start), kept: kept.length };
});
say({ ready: true });
