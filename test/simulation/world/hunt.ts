/** Lives from a seed on, until one is bad: what `planted.ts` runs on sources with a planted bug. */
import { liveBatch } from "./lives.ts";

const [from = "1", count = "2000"] = process.argv.slice(2);
const last = Number(from) + Number(count);
let found = "null";
for (let seed = Number(from); seed < last && found === "null"; seed += 1) {
  const [bad] = await liveBatch({ from: seed, count: 1 });
  if (bad !== undefined) found = JSON.stringify({ seed, ...bad.violations[0] });
}
process.stdout.write(`${found}\n`);
