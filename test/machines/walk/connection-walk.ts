/** The connection chart's walk: its model, the real thing, and what must hold. */
import type { connectionMachine } from "../../../machines/index.ts";
import type { ChartDriver, WalkOptions } from "../../../src/testing/index.ts";
import { ConnectionInvariants } from "./connection-invariants.ts";
import { commandsModel, connectionModel } from "./connection-model.ts";
import { ConnectionWorld } from "./connection-world.ts";

type Tools = Parameters<Walk<never>["start"]>[0];
type Walk<N extends string> = Pick<WalkOptions<typeof connectionMachine, N>, "model" | "start">;

function drive(tools: Tools, commands: number): ChartDriver<keyof typeof connectionModel.stimuli> {
  const world = new ConnectionWorld(tools, commands);
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
}

export const connectionWalk: Walk<keyof typeof connectionModel.stimuli> = {
  model: connectionModel,
  start: (tools) => drive(tools, 1e9),
};

export const commandsWalk: Walk<keyof typeof commandsModel.stimuli> = {
  model: commandsModel,
  start: (tools) => {
    const driver = drive(tools, 1);
    return { ...driver, stimuli: { ...driver.stimuli, "the outage gets long": () => {} } };
  },
};
