/**
 * `npm run simulation`, `npm run simulation:planted` and `npm run simulation:mute`: builds the sources and the worlds with tsc, into
 * a folder of its own, and runs them with plain node, which is several times faster than a test runner.
 */
import { buildSimulation, cache, root } from "./build.mjs";

const [command, ...args] = process.argv.slice(2);
const built = buildSimulation("simulation");
if (command === "lives") {
  const { main } = await import(`${built}/test/simulation/world/cli.js`);
  process.exitCode = await main(args);
} else if (command === "planted") {
  const { main } = await import(`${built}/test/simulation/world/planted.js`);
  process.exitCode = await main(args, { root, cache, build: buildSimulation });
} else if (command === "mute") {
  const { main } = await import(`${built}/test/simulation/mute/cli.js`);
  process.exitCode = await main(args, root);
} else {
  console.error("usage: node test/simulation/run.mjs lives|planted|mute [options]");
  process.exitCode = 2;
}
