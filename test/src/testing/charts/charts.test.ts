import { describe, expect, it } from "vitest";
import { and, createMachine, fromPromise, not, raise, sendTo, setup, spawnChild } from "xstate";
import { lintChart, printChart, toMermaid, transitionsOf } from "../../../../src/testing/index.ts";
import { doorMachine } from "./door.ts";

/** Parallel regions, history, a state's own `onDone`, words that are functions. */
const stove = createMachine({
  id: "stove",
  type: "parallel",
  states: {
    plate: {
      initial: "off",
      states: {
        off: { on: { "turn; on": "on" } },
        on: {
          initial: "warm up",
          states: {
            "warm up": { after: { 1000: "hot" }, exit: function click() {} },
            hot: { on: { cool: { target: "end", reenter: true } } },
            end: { type: "final" },
            hist: { type: "history" },
          },
          onDone: "off",
        },
      },
    },
    light: {
      initial: "off",
      states: {
        off: { on: { "*": "on" } },
        on: { on: { switch: [{ guard: "isDay", target: "off" }, {}] } },
      },
    },
  },
});

describe("the transitions of a chart", () => {
  it("have a name each, in the order of the chart", () => {
    expect(transitionsOf(stove).map(({ name }) => name)).toEqual([
      "stove.plate.off: on turn; on -> stove.plate.on",
      "stove.plate.on: done -> stove.plate.off",
      "stove.plate.on.warm up: after 1000 -> stove.plate.on.hot",
      "stove.plate.on.hot: on cool -> stove.plate.on.end (reenter)",
      "stove.light.off: on * -> stove.light.on",
      "stove.light.on: on switch [isDay] -> stove.light.off",
      "stove.light.on: on switch",
    ]);
  });

  it("are told apart where they say the same", () => {
    const twice = createMachine({ id: "t", on: { go: [{ actions: "a" }, { actions: "b" }] } });

    expect(transitionsOf(twice).map(({ name }) => name)).toEqual(["t: on go", "t: on go (2)"]);
  });
});

describe("a chart as text", () => {
  it("says everything but what XState adds for a delay", () => {
    expect(printChart(doorMachine)).toMatchInlineSnapshot(`
      "door
        type compound
        initial door.closed

      door.closed
        on push -> door.opening

      door.opening
        tags moving
        invoke motor as motor
        done motor -> door.open
        error motor -> door.stuck / countJam

      door.open
        entry warnLater
        exit stopWarning
        on push -> door.open (reenter)
        on warned / beep
        after holding -> door.closing

      door.closing
        tags moving
        invoke motor as motor
        on hand -> door.opening
        done motor -> door.closed
        error motor -> door.stuck / countJam

      door.stuck
        always [isWornOut] -> door.broken
        always [not(isWornOut)] -> door.resting

      door.resting
        after resting -> door.opening

      door.broken
        type final
      "
    `);
  });

  it("knows regions, history and functions", () => {
    expect(printChart(stove)).toMatchInlineSnapshot(`
      "stove
        type parallel

      stove.plate
        type compound
        initial stove.plate.off

      stove.plate.off
        on turn; on -> stove.plate.on

      stove.plate.on
        type compound
        initial stove.plate.on.warm up
        done -> stove.plate.off

      stove.plate.on.warm up
        exit click
        after 1000 -> stove.plate.on.hot

      stove.plate.on.hot
        on cool -> stove.plate.on.end (reenter)

      stove.plate.on.end
        type final

      stove.plate.on.hist
        type history

      stove.light
        type compound
        initial stove.light.off

      stove.light.off
        on * -> stove.light.on

      stove.light.on
        on switch [isDay] -> stove.light.off
        on switch
      "
    `);
  });
});

describe("a chart as a picture", () => {
  it("has an arrow for every transition that leads somewhere", () => {
    expect(toMermaid(doorMachine)).toMatchInlineSnapshot(`
      "stateDiagram-v2
        closed
        opening
        open
        closing
        stuck
        resting
        broken
        [*] --> closed
        closed --> opening : push
        opening --> open : done motor
        opening --> stuck : error motor
        open --> open : push
        open --> closing : after holding
        closing --> opening : hand
        closing --> closed : done motor
        closing --> stuck : error motor
        stuck --> broken : always [isWornOut]
        stuck --> resting : always [not(isWornOut)]
        resting --> opening : after resting
        broken --> [*]
      "
    `);
  });

  it("nests states, and names apart those that are called the same", () => {
    expect(toMermaid(stove)).toMatchInlineSnapshot(`
      "stateDiagram-v2
        state plate {
          state "off" as plate_off_
          state "on" as plate_on_ {
            state "warm up" as warm_up
            hot
            state "end" as plate_on_end_
            state "H" as hist
            [*] --> warm_up
            warm_up --> hot : after 1000
            hot --> plate_on_end_ : cool
            plate_on_end_ --> [*]
          }
          [*] --> plate_off_
          plate_off_ --> plate_on_ : turn#59; on
          plate_on_ --> plate_off_ : done
        }
        state light {
          state "off" as light_off_
          state "on" as light_on_
          [*] --> light_off_
          light_off_ --> light_on_ : *
          light_on_ --> light_off_ : switch [isDay]
        }
      "
    `);
  });

  it("draws what holds in every state from a state of its own", () => {
    const lamp = createMachine({
      id: "lamp",
      initial: "on",
      states: { on: {}, broken: {} },
      on: { drop: ".broken" },
    });

    expect(toMermaid(lamp)).toContain("everywhere --> broken : drop");
  });
});

describe("the lint of a chart", () => {
  it("finds nothing wrong with a good one", () => {
    expect(lintChart(doorMachine, { events: ["push", "hand", "warned"] })).toEqual([]);
  });

  it("finds words that nobody defines, wherever they stand", () => {
    const words = setup({
      actions: { known: () => {}, later: raise({ type: "go" }, { delay: "sometime" as never }) },
      guards: { isKnown: () => true },
      actors: { known: fromPromise(() => Promise.resolve()) },
    });
    const machine = words.createMachine({
      id: "m",
      entry: ["known", "unknownEntry" as never],
      exit: "unknownExit" as never,
      invoke: { src: "unknownActor" as never },
      after: { unknownDelay: { actions: "unknownAction" as never } } as never,
      on: {
        go: [
          {
            guard: "unknownGuard" as never,
            actions: raise({ type: "x" }, { delay: "later" as never }),
          },
          { guard: and(["isKnown", not("unknownPart")] as never) },
          { actions: [spawnChild("unknownChild" as never), sendTo("x", { type: "y" })] },
        ],
      },
    });

    expect(lintChart(machine)).toEqual([
      'm: no actor is called "unknownActor"',
      'm: no delay is called "unknownDelay"',
      'm: no action is called "unknownEntry"',
      'm: no action is called "unknownExit"',
      'm: after unknownDelay: no action is called "unknownAction"',
      'm: on go [unknownGuard]: no delay is called "later"',
      'm: on go: no actor is called "unknownChild"',
      'm: on go [unknownGuard]: no guard is called "unknownGuard"',
      'm: on go [and(isKnown, not(unknownPart))]: no guard is called "unknownPart"',
      'action later: no delay is called "sometime"',
    ]);
  });

  it("finds events that nobody says, and events that nobody hears", () => {
    const machine = createMachine({
      id: "m",
      on: { opne: {}, "socket.*": {}, "paper.*": {} },
    });

    expect(lintChart(machine, { events: ["open", "socket.opened"] })).toEqual([
      'm: no event is called "opne"',
      'm: no event is called "paper.*"',
      'no state hears "open"',
    ]);
  });

  it("finds states that nothing leads to, but not those of regions and history", () => {
    expect(lintChart(stove)).toEqual([
      'stove.light.on: on switch [isDay] -> stove.light.off: no guard is called "isDay"',
      "stove.plate.on.hist: nothing leads here",
    ]);
    const machine = createMachine({
      id: "m",
      initial: "a",
      states: {
        a: { on: { back: "p.h" } },
        p: { initial: "x", states: { x: {}, y: {}, h: { type: "history", target: "y" } } },
        lost: { on: { go: "found" } },
        found: {},
      },
    });
    expect(lintChart(machine)).toEqual([
      "m.p.x: nothing leads here",
      "m.lost: nothing leads here",
      "m.found: nothing leads here",
    ]);
  });

  it("finds transitions that never have a turn", () => {
    const machine = createMachine({
      id: "m",
      on: { go: [{ description: "always" }, { guard: () => true }] },
    });

    expect(lintChart(machine)).toEqual(["m: on go [guard]: never has a turn"]);
  });
});
