/** Lives from a seed on, until one is bad: what `planted.ts` runs on sources with a planted bug. */
import { liveBatch } from "./lives.ts";
import { silences } from "./silences.ts";

const [from = "1", count = "2000", learned = ""] = process.argv.slice(2);
const learn = silences.filter((silence) => learned.split(",").includes(silence));
const last = Number(from) + Number(count);
let found = "null";
for (let seed = Number(from); seed < last && found === "null"; seed += 1) {
  const [bad] = await liveBatch({ from: seed, count: 1, learn });
  if (bad !== undefined) found = JSON.stringify({ seed, ...bad.violations[0] });
}
process.stdout.write(`${found}\n`);
