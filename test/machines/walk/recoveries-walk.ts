/** The desk of the recoveries, with three streams that want to be recovered and room for two. */
import type { SnapshotFrom } from "xstate";
import { expect } from "vitest";
import { recoveriesMachine } from "../../../machines/index.ts";
import { defaultRecoveryPacing } from "../../../machines/recovery.door.ts";
import {
  exploreChart,
  type ChartStep,
  type ChartStimulus,
  type WalkOptions,
} from "../../../src/testing/index.ts";
import { RecoveryWorld } from "../../src/recovery/recovery-world.ts";

const streams = ["book a", "book b", "book c"] as const;
const options = { concurrent: 2, retries: 0 } as const;
const policy = { ...defaultRecoveryPacing, ...options };

type Stream = (typeof streams)[number];
const happenings = [
  "breaks",
  "gets its snapshot",
  "is given up",
  "is started over",
  "is unwanted",
] as const;
type Stimulus = `${Stream} ${(typeof happenings)[number]}` | "the socket ends";
type Desk = SnapshotFrom<typeof recoveriesMachine>;
type Walk = Pick<WalkOptions<typeof recoveriesMachine, Stimulus>, "model" | "start">;
type Tools = Parameters<Walk["start"]>[0];

function runOf({ context }: Desk, stream: Stream): number | undefined {
  return context.running.find((running) => running?.stream === stream)?.run;
}

function isQueued({ context }: Desk, stream: Stream): boolean {
  return context.queue.some((waiting) => waiting.stream === stream);
}

function ended(desk: Desk, stream: Stream, isRecovered: boolean) {
  const run = runOf(desk, stream);
  if (run === undefined) return [];
  return [{ type: "recovery.ended", run, isRecovered, tries: 1, detail: "" } as const];
}

function stimuliOf(stream: Stream): Record<string, ChartStimulus<typeof recoveriesMachine>> {
  const isRunning = (desk: Desk) => runOf(desk, stream) !== undefined;
  const isKnown = (desk: Desk) => isRunning(desk) || isQueued(desk, stream);
  return {
    [`${stream} breaks`]: {
      events: [{ type: "stream.broken", stream, strategy: "snapshot" }],
      when: () => true,
    },
    [`${stream} gets its snapshot`]: {
      events: (desk) => ended(desk, stream, true),
      when: isRunning,
    },
    [`${stream} is given up`]: { events: (desk) => ended(desk, stream, false), when: isRunning },
    [`${stream} is started over`]: {
      events: (desk) => [{ type: "stream.restarted", stream }, ...ended(desk, stream, true)],
      when: isKnown,
    },
    [`${stream} is unwanted`]: { events: [{ type: "stream.unwanted", stream }], when: isKnown },
  };
}

const model = exploreChart(recoveriesMachine, {
  input: { door: new RecoveryWorld().recoveries, policy },
  stimuli: {
    ...Object.assign({}, ...streams.map(stimuliOf)),
    "the socket ends": { events: [{ type: "socket.ended" }] },
  } as Record<Stimulus, ChartStimulus<typeof recoveriesMachine>>,
  key: ({ value, context: { queue, running } }) =>
    JSON.stringify({
      value,
      queue: queue.map(({ stream }) => stream),
      running: running.map((one) => one?.stream),
    }),
});

export const recoveriesWalk: Walk = { model, start: (tools) => new ManyRecoveries(tools) };

class ManyRecoveries {
  readonly actor;
  readonly #world: RecoveryWorld;
  readonly #clock: Tools["clock"];
  readonly #seen = new Set<Stream>();
  /** What should have become of it, counted by what was done. */
  readonly #expected = { recovered: 0, givenUp: 0 };
  #fetches = 0;
  #lastStartMs = -Infinity;

  constructor({ clock, inspect }: Tools) {
    // Every snapshot joins: what the desk does is the matter here.
    this.#world = new RecoveryWorld({ ...options, clock, inspect, bridge: () => "apply" });
    this.#clock = clock;
    this.actor = this.#world.actor;
  }

  get stimuli(): Record<Stimulus, () => void | Promise<void>> {
    const own = streams.flatMap((stream) =>
      happenings.map((happening) => [`${stream} ${happening}`, this.#happen(stream, happening)]),
    );
    const all = { ...Object.fromEntries(own), "the socket ends": () => this.#world.socketEnds() };
    return all as Record<Stimulus, () => void | Promise<void>>;
  }

  #happen(stream: Stream, happening: (typeof happenings)[number]): () => void | Promise<void> {
    const world = this.#world;
    switch (happening) {
      case "breaks":
        return () => {
          if (this.#seen.has(stream)) world.loses(stream);
          else world.receives(stream, 1);
          this.#seen.add(stream);
        };
      case "gets its snapshot":
        return () => {
          this.#expected.recovered += 1;
          return this.#fetchOf(stream)?.gives(1);
        };
      case "is given up":
        return () => {
          this.#expected.givenUp += 1;
          return this.#fetchOf(stream)?.fails();
        };
      case "is started over":
        return () => {
          this.#expected.recovered += 1;
          world.beginsAnew(stream, 1);
        };
      case "is unwanted":
        return () => world.recoveries.unwanted(stream);
    }
  }

  #fetchOf(stream: Stream) {
    return this.#world.fetches.findLast((fetch) => fetch.stream === stream);
  }

  /** Said without the chart's help. */
  readonly check = ({ name }: ChartStep): void => {
    const { fetches, recoveries, givenUp, band } = this.#world;
    const { context, children } = this.actor.getSnapshot();
    const running = context.running.filter((one) => one !== null);
    const slots = context.running.flatMap((one, slot) => (one === null ? [] : `recovery.${slot}`));
    expect(Object.keys(children).toSorted(), "an actor in each slot that is taken").toEqual(slots);
    const names = [...running, ...context.queue].map(({ stream }) => stream);
    expect(new Set(names).size, "nobody is here twice").toBe(names.length);

    const working = recoveries.statuses().filter(({ state }) => state === "recovering");
    expect(working.map(({ stream }) => stream).toSorted(), "who has a slot is at work").toEqual(
      running.map(({ stream }) => stream).toSorted(),
    );
    expect(working.length, "no more than may").toBeLessThanOrEqual(options.concurrent);

    const started = fetches.length - this.#fetches;
    expect(started, "one at a time").toBeLessThanOrEqual(1);
    if (started === 1) {
      const sinceMs = this.#clock.nowMs() - this.#lastStartMs;
      expect(sinceMs, `not too soon, ${name}`).toBeGreaterThanOrEqual(policy.spacingMs);
      this.#lastStartMs = this.#clock.nowMs();
    }
    this.#fetches = fetches.length;
    const valid = band.filter((item) => item.startsWith("valid")).length;
    expect(valid, "whole once each time").toBe(this.#expected.recovered);
    expect(givenUp.length, "given up once each time").toBe(this.#expected.givenUp);
  };

  readonly end = (): void => {
    this.actor.stop();
    expect(this.#clock.armed, "no timer is left").toBe(0);
    expect(this.#world.failures, "nothing throws").toEqual([]);
  };
}
