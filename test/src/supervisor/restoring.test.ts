/** Charts that are restored from a persisted snapshot: the connection in them dials again, or says why not. */
import { createActor, setup, type AnyActorLogic, type AnyActorRef } from "xstate";
import { describe, expect, it } from "vitest";
import { connectionMachine } from "../../../machines/index.ts";
import { isExhausted, initialContext } from "../../../machines/connection.context.ts";
import type { FactEvent } from "../../../src/index.ts";
import { everySecond, numbered, SupervisorWorld, type Json } from "../start-supervisor.ts";

type World = SupervisorWorld<Json>;

function worldOf(): World {
  return new SupervisorWorld<Json>({ ...numbered, ...everySecond, topics: ["a"], recovery: null });
}

const types = {} as {
  events: FactEvent | { readonly type: "off" | "on" };
  context: { ups: number };
};

/** A user's chart, with the logic of a supervisor or the bare machine in it. */
function parentOf({ feed }: World, connection: typeof connectionMachine) {
  return setup({
    types,
    actors: { connection },
  }).createMachine({
    context: { ups: 0 },
    initial: "on",
    states: {
      on: {
        invoke: {
          id: "feed",
          src: "connection",
          input: ({ self }) => ({ ...feed.input, parent: self }),
          onDone: "over",
        },
        on: {
          off: "off",
          "connection.up": { actions: ({ context }) => (context.ups += 1) },
        },
      },
      off: { on: { on: "on" } },
      over: {},
    },
  });
}

const asJson = (actor: AnyActorRef): never =>
  JSON.parse(JSON.stringify(actor.getPersistedSnapshot())) as never;

const states: Readonly<Record<string, (world: World) => void>> = {
  connecting: () => undefined,
  connected: (world) => world.comesUp(),
  reconnecting: (world) => {
    world.comesUp();
    world.socket.drops();
  },
  failed: (world) => world.socket.refuses(451),
};

describe.each(Object.entries(states))("a chart that was persisted in %s", (_, enter) => {
  /** What a process left when it ended. */
  function persisted() {
    const world = worldOf();
    const actor = createActor(parentOf(world, world.feed.logic), { clock: world.clock }).start();
    enter(world);
    const snapshot = asJson(actor);
    actor.stop();
    return snapshot;
  }

  it("dials again under the supervisor whose logic it has", async () => {
    const snapshot = persisted();
    const world = worldOf();
    const { clock } = world;
    const logic = parentOf(world, world.feed.logic);
    const actor = createActor(logic, { snapshot, clock });
    expect(world.dials).toBe(0);
    actor.start();
    expect(world.feed.state).toBe("connecting");
    expect(world.dials).toBe(1);
    world.comesUp();
    await world.feed.ready();
    expect(actor.getSnapshot().children["feed"]).toBe(world.feed.actor);
    // It is as any other: facts, retries without end, and its end.
    expect(actor.getSnapshot().context.ups).toBeGreaterThan(0);
    for (let times = 0; times < 50; times += 1) {
      world.socket.drops("ECONNRESET");
      world.waitsItsTurn();
    }
    expect(world.feed.state).toBe("connecting");
    actor.send({ type: "off" });
    expect(world.feed.state).toBe("closed");
    expect(world.socketsOpen).toBe(0);
    expect(clock.armed).toBe(0);
    actor.send({ type: "on" });
    expect(world.feed.state).toBe("connecting");
    actor.stop();
  });

  it("ends in an error that says what to do where it has the machine alone", () => {
    const snapshot = persisted();
    const world = worldOf();
    const errors: unknown[] = [];
    const actor = createActor(parentOf(world, connectionMachine), {
      snapshot,
      clock: world.clock,
    });
    actor.subscribe({ error: (error) => errors.push(error) });
    actor.start();
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/supervisor\.logic/) as unknown }),
    ]);
    expect(actor.getSnapshot().status).toBe("error");
    expect(world.dials).toBe(0);
    expect(world.clock.armed).toBe(0);
  });
});

describe("an actor of the connection alone", () => {
  function persisted() {
    const world = worldOf().start().comesUp();
    world.socket.drops();
    const snapshot = asJson(world.feed.actor as unknown as AnyActorRef);
    world.feed.terminate();
    return snapshot;
  }

  it("dials again where it is restored with an input, and gives up no sooner than before", () => {
    const snapshot = persisted();
    const world = worldOf();
    const { clock, feed } = world;
    createActor(connectionMachine, { snapshot, input: feed.input, clock }).start();
    for (let times = 0; times < 50; times += 1) {
      world.socket.drops("ECONNRESET");
      world.waitsItsTurn();
    }
    expect(world.dials).toBe(51);
    expect(feed.state).toBe("connecting");
    feed.terminate();
    expect(clock.armed).toBe(0);
  });

  it("ends in an error where it is restored without", () => {
    const errors: unknown[] = [];
    const actor = createActor(connectionMachine as AnyActorLogic, { snapshot: persisted() });
    actor.subscribe({ error: (error) => errors.push((error as Error).message) });
    actor.start();
    expect(errors).toEqual([expect.stringMatching(/holds no socket and no credentials/)]);
  });

  it("stays over where it was", () => {
    const world = worldOf().start();
    world.feed.terminate();
    const snapshot = asJson(world.feed.actor as unknown as AnyActorRef);
    const actor = createActor(connectionMachine as AnyActorLogic, { snapshot }).start();
    expect(actor.getSnapshot()).toMatchObject({ status: "done", value: "closed" });
  });

  it("ends in an error that says so where it has no input at all", () => {
    const errors: unknown[] = [];
    const actor = createActor(connectionMachine as AnyActorLogic);
    actor.subscribe({ error: (error) => errors.push((error as Error).message) });
    actor.start();
    expect(errors).toEqual([
      "a connection needs an input: that of a supervisor, `supervisor.input`",
    ]);
  });

  it("needs no input where it has a supervisor's logic, also with other implementations", () => {
    const world = worldOf();
    const logic = world.feed.logic.provide({ delays: {} });
    createActor(logic as AnyActorLogic, { snapshot: persisted(), clock: world.clock }).start();
    expect(world.dials).toBe(1);
    const other = worldOf();
    createActor(other.feed.logic as AnyActorLogic, { clock: other.clock }).start();
    expect(other.comesUp().feed.status().isReady).toBe(true);
  });
});

describe("a policy that went through JSON", () => {
  it("gives up as little as before", () => {
    const { link, policy, seed } = worldOf().feed.input;
    const read = JSON.parse(JSON.stringify(policy)) as typeof policy;
    expect(policy.maxRetries).toBe(Infinity);
    const context = { ...initialContext({ link, policy: read, seed }), failures: 1_000_000 };
    expect(isExhausted(context)).toBe(false);
  });
});
