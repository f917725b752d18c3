import { describe, expect, it } from "vitest";
import { createActor, fromCallback, raise, sendTo, setup } from "xstate";
import { armedTimers } from "../../../../src/testing/charts/timers.ts";
import {
  ChartCoverage,
  coverEdges,
  coverTransitions,
  exploreChart,
  transitionsOf,
  VirtualClock,
  walkChart,
  type ChartDriver,
  type WalkOptions,
} from "../../../../src/testing/index.ts";
import { Door, doorMachine, FakeMotor } from "./door.ts";

const motorEvent = { actorId: "motor" } as const;

const model = exploreChart(doorMachine, {
  input: { motor: new FakeMotor() },
  stimuli: {
    push: { events: [{ type: "push" }] },
    "a hand is in the way": { events: [{ type: "hand" }] },
    "the motor arrives": {
      events: [{ type: "xstate.done.actor.motor", output: undefined, ...motorEvent }],
    },
    "the motor jams": {
      events: [{ type: "xstate.error.actor.motor", error: new Error("jammed"), ...motorEvent }],
    },
  },
  key: ({ value, context }) => `${JSON.stringify(value)} jams=${context.jams}`,
});

type Walk = WalkOptions<typeof doorMachine, keyof typeof model.stimuli>;
type World = Parameters<Walk["start"]>[0];

function driveDoor(
  world: World,
  changes: (
    door: Door,
    motor: FakeMotor,
  ) => Partial<ChartDriver<keyof typeof model.stimuli>> = () => ({}),
): ChartDriver<keyof typeof model.stimuli> {
  const motor = new FakeMotor();
  const door = new Door(motor, world);
  return {
    actor: door.actor,
    stimuli: {
      push: () => door.push(),
      "a hand is in the way": () => door.actor.send({ type: "hand" }),
      "the motor arrives": () => motor.arrives(),
      "the motor jams": () => motor.jams(),
    },
    check: () => expect(motor.isOn).toBe(door.actor.getSnapshot().hasTag("moving")),
    end: () => {
      door.actor.stop();
      expect(world.clock.armed).toBe(0);
    },
    ...changes(door, motor),
  };
}

describe("a model of somebody's chart", () => {
  it("knows its abstract states, and which timers each has armed", () => {
    expect(model.states.map(({ key, timers }) => [key, ...timers].join(" "))).toEqual([
      '"closed" jams=0',
      '"opening" jams=0',
      '"open" jams=0 holding.door.open warned',
      '"resting" jams=1 resting.door.resting',
      '"closing" jams=0',
      '"open" jams=0 holding.door.open',
      '"opening" jams=1',
      '"open" jams=1 holding.door.open warned',
      '"broken" jams=2',
      '"closing" jams=1',
      '"open" jams=1 holding.door.open',
      '"closed" jams=1',
    ]);
  });

  it("says of each step all that it takes, eventless transitions too", () => {
    const jam = model.edges.find(
      ({ name, from }) => name === "the motor jams" && from.timers.length === 0,
    );

    expect(jam?.taken.map(({ name }) => name)).toEqual([
      "door.opening: error motor -> door.stuck",
      "door.stuck: always [not(isWornOut)] -> door.resting",
    ]);
  });

  it("gives every armed timer a stimulus of its own, a delayed raise that was cancelled none", () => {
    const fired = model.edges.filter(({ timer }) => timer !== undefined).map(({ name }) => name);

    expect(new Set(fired)).toEqual(new Set(["timer holding", "timer warned", "timer resting"]));
    const closing = model.edges.find(({ name }) => name === "timer holding");
    expect(closing?.to.timers).toEqual([]);
  });

  it("counts timers that are for somebody else, and several of one kind", () => {
    const machine = setup({
      actors: { other: fromCallback(() => {}) },
    }).createMachine({
      id: "m",
      invoke: { src: "other", id: "other" },
      entry: [
        raise({ type: "own" }, { delay: 1 }),
        raise({ type: "own" }, { delay: 2 }),
        sendTo("other", { type: "foreign" }, { delay: 3 }),
        sendTo(({ self }) => self, { type: "self" }, { delay: 4 }),
      ],
      on: { own: {}, self: {} },
    });

    const { start } = exploreChart(machine, { stimuli: {} });

    expect(start.timers).toEqual(["foreign", "own", "own", "self"]);
    const actor = createActor(machine, { clock: new VirtualClock() }).start();
    expect(armedTimers(actor)).toEqual(start.timers);
  });

  it("refuses a key that tells too much", () => {
    const explore = () =>
      exploreChart(doorMachine, {
        input: { motor: new FakeMotor() },
        stimuli: { push: { events: [{ type: "push" }] } },
        limit: 1,
      });

    expect(explore).toThrow("more than 1 abstract states: the model's key is too fine");
  });

  it("may leave out what cannot happen, and have answers come at once", () => {
    const eager = exploreChart(doorMachine, {
      input: { motor: new FakeMotor() },
      stimuli: {
        push: { events: [{ type: "push" }], when: ({ value }) => value === "closed" },
        "the wait is over, and the motor is quick": {
          timer: "holding",
          events: ({ value }) => (value === "open" ? [] : [{ type: "hand" }]),
        },
      },
      answer: (snapshot) =>
        snapshot.hasTag("moving")
          ? { type: "xstate.done.actor.motor", output: undefined, ...motorEvent }
          : undefined,
    });

    expect(eager.edges.map(({ name, from, to }) => `${from.key} ${name} ${to.key}`)).toEqual([
      '"closed" push "open"',
      '"open" the wait is over, and the motor is quick "closed"',
      '"open" timer warned "open"',
      '"open" the wait is over, and the motor is quick "closed"',
    ]);
  });

  it("says so where an answer would never end", () => {
    const explore = () =>
      exploreChart(doorMachine, {
        input: { motor: new FakeMotor() },
        stimuli: {},
        answer: () => ({ type: "push" }),
      });

    expect(explore).toThrow("the model's `answer` never comes to an end");
  });
});

describe("paths through a model", () => {
  it("take every edge, each from where the one before led", () => {
    const paths = coverEdges(model);

    expect(new Set(paths.flat())).toEqual(new Set(model.edges));
    for (const path of paths) {
      const states = [model.start, ...path.map(({ to }) => to)];
      expect(path.map(({ from }) => from)).toEqual(states.slice(0, -1));
    }
  });

  it("take every transition in fewer steps", () => {
    const paths = coverTransitions(model);

    const taken = new Set(paths.flat().flatMap((edge) => edge.taken.map(({ name }) => name)));
    expect([...taken].sort()).toEqual(
      transitionsOf(doorMachine)
        .map(({ name }) => name)
        .sort(),
    );
    expect(paths.flat().length).toBeLessThan(coverEdges(model).flat().length);
  });

  it("are one that goes nowhere where nothing can happen", () => {
    const still = exploreChart(doorMachine, { input: { motor: new FakeMotor() }, stimuli: {} });

    expect(coverEdges(still)).toEqual([[]]);
  });
});

describe("a walk with the real thing", () => {
  it("takes every transition", async () => {
    const coverage = new ChartCoverage(doorMachine);
    const paths = coverEdges(model);

    const report = await walkChart({ model, paths, coverage, start: driveDoor });

    expect(report).toEqual({ paths: paths.length, steps: paths.flat().length });
    expect(coverage.missing()).toEqual([]);
    expect(coverage.covered).toBe(coverage.total);
    expect(coverage.total).toBe(12);
  });

  const walk = (start: Walk["start"]) => walkChart({ model, paths: coverEdges(model), start });

  it("says after what the real thing did something else", async () => {
    const deaf = (world: World) => driveDoor(world, () => ({ actor: driveDoor(world).actor }));

    await expect(walk(deaf)).rejects.toThrow(
      "after the start > push: the model takes" +
        ' ["door.closed: on push -> door.opening"], the real thing []',
    );
  });

  it("says after what an invariant was broken, and keeps its error", async () => {
    const broken = new Error("the motor runs");
    const fussy = (world: World) =>
      driveDoor(world, (_, motor) => ({
        check: () => {
          if (motor.isOn) throw broken;
        },
      }));

    await expect(walk(fussy)).rejects.toThrow("after the start > push: the motor runs");
    await expect(walk(fussy)).rejects.toMatchObject({ cause: broken });
  });

  it("says which timer it cannot fire", async () => {
    const lame = (world: World) => {
      const inert = { ...world, clock: { setTimeout: () => 0, clearTimeout: () => {} } };
      return driveDoor({ ...world, ...inert } as unknown as World);
    };

    await expect(walk(lame)).rejects.toThrow(/timer holding.*no timer is called "holding/);
  });

  it("tells invariants what was taken, from the start on", async () => {
    const steps: string[] = [];
    const [path = []] = coverTransitions(model);
    const start = (world: World) =>
      driveDoor(world, () => ({
        check: ({ name = "start", taken }) => void steps.push(`${name}: ${taken.length}`),
      }));

    await walkChart({ model, paths: [path.slice(0, 2)], start });

    expect(steps).toEqual(["start: 0", "push: 1", "the motor arrives: 1"]);
  });
});

describe("coverage of a chart", () => {
  it("counts by name, for a machine that was provided with other words too", () => {
    const coverage = new ChartCoverage(doorMachine);
    const silent = doorMachine.provide({ actions: { beep: () => {} } });
    const input = { motor: new FakeMotor() };
    const actor = createActor(silent, { input, inspect: coverage.inspect }).start();

    actor.send({ type: "push" });
    actor.send({ type: "push" });
    actor.stop();

    expect(coverage.covered).toBe(1);
    expect(coverage.counts().get("door.closed: on push -> door.opening")).toBe(1);
    expect(coverage.missing()).toContain("door.closing: on hand -> door.opening");
  });
});
