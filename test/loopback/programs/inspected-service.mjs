// A service at rest with an inspector: nothing but stdin keeps it alive. argv: the built package.
import { createActor, createMachine } from "xstate";

const { inspect } = await import(`${process.argv[2]}/src/observe/inspector/index.js`);
const actor = createActor(createMachine({ id: "resting", initial: "here", states: { here: {} } }));
const inspector = await inspect(actor.start(), { port: 0 });
process.stdout.write(`${inspector.url}\n`);
process.stdin.resume();
