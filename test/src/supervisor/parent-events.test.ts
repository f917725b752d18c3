/** Facts as typed events of the chart that embeds a connection. */
import { assign, createActor, setup } from "xstate";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Fact, FactEvent, Supervisor } from "../../../src/index.ts";
import { connectionMachine, type Loss } from "../../../machines/index.ts";
import { everySecond, numbered, SupervisorWorld, type Json } from "../start-supervisor.ts";

interface Context {
  readonly feed: Supervisor<Json>;
  readonly lastLoss: Loss | null;
  readonly heard: readonly FactEvent[];
}

const types = {} as {
  context: Context;
  events: FactEvent | { readonly type: "stop" | "again" };
};

const charts = setup({
  types,
  actors: { connection: connectionMachine },
});

function idle(): SupervisorWorld<Json> {
  return new SupervisorWorld<Json>({
    ...numbered,
    ...everySecond,
    topics: ["a"],
    recovery: null,
  });
}

/** A service that acts on facts, and does not look at its child's snapshots. */
function startService() {
  const world = idle();
  const machine = charts.createMachine({
    context: { feed: world.feed, lastLoss: null, heard: [] },
    initial: "away",
    invoke: {
      src: "connection",
      input: ({ context, self }) => ({ ...context.feed.input, parent: self }),
    },
    states: {
      away: { on: { "connection.up": "ready" } },
      ready: {
        on: {
          "connection.down": {
            target: "away",
            actions: assign({ lastLoss: ({ event }) => event.loss }),
          },
        },
      },
      broken: {},
    },
    on: { "connection.failed": ".broken" },
  });
  return { world, service: createActor(machine, { clock: world.clock }).start() };
}

/** A chart that only notes what it is told. */
function startRecorder(isTold = true) {
  const world = idle();
  const machine = charts.createMachine({
    context: { feed: world.feed, lastLoss: null, heard: [] },
    on: {
      "connection.*": {
        actions: assign({ heard: ({ context, event }) => [...context.heard, event] }),
      },
    },
    initial: "running",
    states: {
      running: {
        invoke: {
          src: "connection",
          input: ({ context, self }) =>
            isTold ? { ...context.feed.input, parent: self } : context.feed.input,
        },
        on: { stop: "stopped", again: { target: "running", reenter: true } },
      },
      stopped: {},
    },
  });
  const service = createActor(machine, { clock: world.clock }).start();
  return { world, service, heard: () => service.getSnapshot().context.heard };
}

describe("a chart that gives itself as parent", () => {
  it("acts on facts by their types", () => {
    const { world, service } = startService();
    expect(service.getSnapshot().value).toBe("away");
    world.comesUp();
    expect(service.getSnapshot().value).toBe("ready");
    world.socket.drops("ECONNRESET");
    expect(service.getSnapshot().value).toBe("away");
    expect(service.getSnapshot().context.lastLoss).toMatchObject({ code: "ECONNRESET" });
    world.waitsItsTurn();
    world.socket.refuses(451);
    expect(service.getSnapshot().value).toBe("broken");
  });

  it("gets every fact that listeners hear, in their order, with its fields", () => {
    const { world, heard } = startRecorder();
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 4 });
    world.socket.receives("{");
    world.feed.terminate();
    const facts = heard().map((event) => ({
      ...event,
      type: event.type.slice("connection.".length),
    }));
    expect(facts).toEqual(world.facts);
    expect(facts.map(({ type }) => type)).toEqual(expect.arrayContaining(["up", "gap"]));
    expect(facts.at(-1)?.type).toBe("closed");
  });

  it("leaves no listener behind, and is told once after it has invoked it again", () => {
    const { world, service, heard } = startRecorder();
    const { listeners } = world.feed.status();
    for (let times = 0; times < 3; times += 1) service.send({ type: "again" });
    world.comesUp();
    expect(world.feed.status().listeners).toBe(listeners);
    expect(heard().filter(({ type }) => type === "connection.up")).toHaveLength(1);
    service.send({ type: "stop" });
    expect(world.feed.status().listeners).toBe(listeners - 1);
    expect(world.clock.armed).toBe(0);
  });

  it("is told nothing where it does not ask for it", () => {
    const { world, heard } = startRecorder(false);
    world.comesUp();
    world.socket.drops();
    expect(heard()).toEqual([]);
  });

  it("shows no secret in its snapshot", () => {
    const { service } = startService();
    expect(JSON.stringify(service.getPersistedSnapshot())).not.toContain("venue.example");
  });

  it("has events of which each has the fields of its fact", () => {
    type Down = Extract<FactEvent, { type: "connection.down" }>;
    expectTypeOf<Down["loss"]>().toEqualTypeOf<Fact<"down">["loss"]>();
    expectTypeOf<FactEvent<"up">["type"]>().toEqualTypeOf<"connection.up">();
  });
});
