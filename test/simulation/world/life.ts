/**
 * One life: a seed, a character, at least two hundred steps with the oracle looking after each, and a
 * fault-free tail in which all must come good again.
 */
import { Dice } from "./chance.ts";
import { drawCharacter, type Character } from "./character.ts";
import { takeGlobals } from "./globals.ts";
import type { Violation } from "./oracle/invariants.ts";
import { loopTurns } from "./process.ts";
import { withSilences } from "./silence-steps.ts";
import type { LearnOptions } from "./silences.ts";
import { drawSteps, type Step } from "./steps.ts";
import { heal } from "./tail.ts";
import { World } from "./world.ts";

export const STEPS = 200;

export interface LifeOptions extends LearnOptions {
  /** In place of those that the seed draws. */
  readonly steps?: readonly Step[];
  readonly isLogged?: boolean;
  /** Nothing else runs in this process: its timers and chance may be taken away altogether. */
  readonly isAlone?: boolean;
}

export interface Life {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** The first things that were wrong; none in a good life. */
  readonly violations: readonly Violation[];
  /** The step after which it was seen; the number of steps for the tail. */
  readonly endedAt: number;
  readonly log: readonly string[];
}

export function stepsOf(seed: number, learning: LearnOptions): readonly Step[] {
  return stepsFor(drawCharacter(seed, learning));
}

function stepsFor(character: Character): readonly Step[] {
  const steps = drawSteps(character, new Dice(character.seed, "steps"), STEPS);
  return withSilences(steps, character);
}

export async function live(seed: number, options: LifeOptions = {}): Promise<Life> {
  const character = drawCharacter(seed, options);
  const steps = options.steps ?? stepsFor(character);
  let world: World | undefined;
  const wall = { wallMs: () => world?.wallMs() ?? 0 };
  const putBack = takeGlobals(wall, options.isAlone === true, (name) =>
    world?.scene.violate("23 sanity", `${name} was used`),
  );
  const onRejection = (error: unknown): void => {
    world?.scene.violate("21 callbacks", `unhandled rejection: ${String(error)}`);
  };
  process.on("unhandledRejection", onRejection);
  let endedAt = 0;
  try {
    world = new World(character, options.isLogged === true);
    const { violations } = world;
    await world.perform({ do: "nothing" });
    for (const step of steps) {
      if (violations.length > 0) break;
      await world.perform(step);
      endedAt += 1;
    }
    if (violations.length === 0) await heal(world);
    await loopTurns();
    world.exchange.stop();
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    world?.scene.violate("23 sanity", `thrown: ${detail}`);
    if (world === undefined) throw error;
  } finally {
    process.off("unhandledRejection", onRejection);
    putBack();
  }
  return { seed, steps, violations: world.violations, endedAt, log: world.scene.log.lines };
}
