/** The connection chart's walk: its model, the real thing, and what must hold. */
import type { connectionMachine } from "../../../machines/index.ts";
import type { WalkOptions } from "../../../src/testing/index.ts";
import { ConnectionInvariants } from "./connection-invariants.ts";
import { connectionModel } from "./connection-model.ts";
import { ConnectionWorld } from "./connection-world.ts";

type Walk = WalkOptions<typeof connectionMachine, keyof typeof connectionModel.stimuli>;

export const connectionWalk: Pick<Walk, "model" | "start"> = {
  model: connectionModel,
  start: (tools) => {
    const world = new ConnectionWorld(tools);
    const invariants = new ConnectionInvariants(world);
    return {
      actor: world.actor,
      stimuli: world.stimuli,
      fire: (timer) => world.fire(timer),
      check: (step) => invariants.check(step),
      end: () => {
        world.feed.terminate();
        world.theDeadTalk();
        invariants.checkEnd();
      },
    };
  },
};
