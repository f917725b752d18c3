/** The recovery of one stream, walked once for each strategy, in a slot of a real desk. */
import { createActor } from "xstate";
import { expect } from "vitest";
import { recoveriesMachine, recoveryMachine } from "../../../machines/index.ts";
import { defaultRecoveryPacing } from "../../../machines/recovery.door.ts";
import { exploreChart, type ChartStep, type WalkOptions } from "../../../src/testing/index.ts";
import { RecoveryWorld } from "../../src/recovery/recovery-world.ts";

const policy = { ...defaultRecoveryPacing, retries: 2 };
const streams = { snapshot: "book", resubscribe: "topic", reconnect: "wire" } as const;
type Strategy = keyof typeof streams;
type Stimulus =
  "the snapshot joins" | "the snapshot is too old" | "the fetch fails" | "the venue starts it over";
type Walk = Pick<WalkOptions<typeof recoveryMachine, Stimulus>, "model" | "start">;
type Tools = Parameters<Walk["start"]>[0];

function modelOf(strategy: Strategy): Walk["model"] {
  const { recoveries: door } = new RecoveryWorld();
  const desk = createActor(recoveriesMachine, { input: { door, policy } });
  const request = { stream: streams[strategy], strategy };
  return exploreChart(recoveryMachine, {
    input: { door, desk: desk as never, policy, request, run: 0 },
    stimuli: {
      "the snapshot joins": { events: [{ type: "snapshot.joined" }] },
      "the snapshot is too old": { events: [{ type: "snapshot.outdated" }] },
      "the fetch fails": { events: [{ type: "snapshot.failed", detail: "HTTP 503" }] },
      "the venue starts it over": { events: [{ type: "stream.restarted" }] },
    },
    key: ({ value, context: { tries } }) => JSON.stringify({ value, tries }),
  });
}

export const recoveryWalks: readonly Walk[] = (Object.keys(streams) as Strategy[]).map(
  (strategy) => ({
    model: modelOf(strategy),
    start: (tools) => new OneRecovery(strategy, tools),
  }),
);

class OneRecovery {
  readonly actor;
  readonly #world: RecoveryWorld;
  readonly #clock: Tools["clock"];
  readonly #strategy: Strategy;

  constructor(strategy: Strategy, { clock, inspect }: Tools) {
    const world = new RecoveryWorld({ ...policy, clock, inspect });
    const stream = streams[strategy];
    world.receives(stream, 10);
    if (strategy !== "snapshot") world.loses(stream);
    const actor = world.actor.getSnapshot().children["recovery.0"];
    if (actor === undefined) throw new Error("no recovery has started");
    this.actor = actor;
    this.#world = world;
    this.#clock = clock;
    this.#strategy = strategy;
  }

  readonly stimuli = {
    "the snapshot joins": () => this.#world.fetch.gives(9),
    "the snapshot is too old": () => this.#world.fetch.gives(1),
    "the fetch fails": () => this.#world.fetch.fails(),
    "the venue starts it over": () => this.#world.beginsAnew(streams[this.#strategy], 1),
  };

  /** Said without the chart's help. */
  readonly check = ({ name }: ChartStep): void => {
    const { actor } = this;
    const { band, fetches, asked, givenUp, recoveries } = this.#world;
    const { value, status, context } = actor.getSnapshot();
    const tries = this.#strategy === "snapshot" ? fetches : asked;
    expect(tries.length, "the world was asked once a try").toBe(context.tries);
    expect(tries.length, "and never more often than it may").toBeLessThanOrEqual(
      policy.retries + 1,
    );

    const isOver = status === "done";
    const isWhole = band.at(-1)?.startsWith("valid") === true;
    expect(isOver, `over after ${name}`).toBe(isWhole || givenUp.length === 1);
    expect(value === "recovered", "recovered is whole").toBe(isWhole);
    expect(recoveries.isIdle, "and nothing is left to do").toBe(isWhole);
    if (givenUp.length > 0) expect(tries.length, "given up after the last try").toBe(3);
    if (this.#strategy === "snapshot") {
      const { aborted } = this.#world.fetch.signal;
      if (value === "fetching") expect(aborted, "a fetch is under way").toBe(false);
      const isLate = name?.startsWith("timer timeout") === true;
      if (isLate) expect(aborted, "one that took too long is ended").toBe(true);
    }
    const wait = this.#clock.timers.find(({ actor: owner }) => owner === actor);
    const doubled = policy.retryMs * 2 ** (tries.length - 1);
    const expectedMs = isOver ? undefined : value === "retrying" ? doubled : policy.timeoutMs;
    expect(wait?.delayMs, "the wait doubles").toBe(expectedMs);
    const slots = this.#world.actor.getSnapshot().context.running;
    expect(slots.filter((slot) => slot !== null).length, "its slot").toBe(Number(!isOver));
  };

  readonly end = (): void => {
    this.#world.actor.stop();
    expect(this.#clock.armed, "no timer is left").toBe(0);
    expect(this.#world.failures, "nothing throws").toEqual([]);
  };
}
