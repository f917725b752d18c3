/** An error inside the chart or one of its actors: heard, and nothing is left of the connection. */
import { createActor, setup, type AnyActorRef } from "xstate";
import { describe, expect, it } from "vitest";
import { connectionMachine } from "../../../machines/index.ts";
import { InternalError, type Fact } from "../../../src/index.ts";
import { raiseAlerts, type RaisedAlert } from "../../../src/observe/alerts/index.ts";
import {
  everySecond,
  numbered,
  promisesSettle,
  startSupervisor,
  SupervisorWorld,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

const boom = new Error("boom");

/** What XState tells a chart of a child that ended in an error. */
const childFailed = { type: "xstate.error.actor.heartbeat", error: boom } as never;

const fetching: WorldOptions<Json> = {
  ...numbered,
  ...everySecond,
  topics: ["a"],
  recovery: {
    fetchSnapshot: () => new Promise(() => undefined),
    bridge: (snapshot, { last }) => (last > snapshot ? "apply" : "drop"),
  },
};

type World = SupervisorWorld<Json>;

/** How to get into each state, with as many timers and promises under way as it can have. */
const states: Readonly<Record<string, (world: World) => void>> = {
  connecting: () => undefined,
  resubscribing: (world) => world.socket.opens(),
  probation: (world) => world.comesUp(),
  "connected, a probe unanswered": (world) => {
    world.comesUp();
    world.clock.advance(15_000);
  },
  "connected, a snapshot being fetched": (world) => {
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 5 });
    world.clock.advance(2_000);
  },
  reconnecting: (world) => {
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 5 });
    world.socket.drops();
  },
  failed: (world) => world.socket.refuses(451),
  closing: (world) => {
    world.comesUp();
    void world.feed.close();
  },
};

/** Every actor below this one. */
function below(actor: AnyActorRef | undefined): AnyActorRef[] {
  const { children = {} } = (actor?.getSnapshot() ?? {}) as {
    readonly children?: Readonly<Record<string, AnyActorRef>>;
  };
  return Object.values(children).flatMap((child) => [child, ...below(child)]);
}

describe.each(Object.entries(states))("an internal error in %s", (_, enter) => {
  it("is a fact and an alert, and leaves no socket and no timer", async () => {
    const world = startSupervisor<Json>(fetching);
    enter(world);
    await promisesSettle();
    world.facts.length = 0;
    const children = below(world.feed.actor);
    world.feed.actor?.send(childFailed);
    expect(children.map((child) => child.getSnapshot().status)).not.toContain("active");
    expect(world.facts.map(({ type }) => type)).toEqual(["internal", "alert", "state", "closed"]);
    const [{ error }] = world.heard("internal") as [Fact<"internal">];
    expect(error).toBeInstanceOf(InternalError);
    expect(error).toMatchObject({ code: "ERR_INTERNAL", cause: boom });
    expect(error.message).toBe("internal error: boom");
    expect(world.alerts("internal")).toEqual([
      { kind: "internal", detail: "internal error: boom" },
    ]);
    expect(world.heard("closed")).toMatchObject([{ error }]);
    expect(world.feed.status()).toMatchObject({ state: "closed", isReady: false });
    expect(world.socketsOpen).toBe(0);
    expect(world.clock.armed).toBe(0);
    world.clock.advance(3_600_000);
    expect(world.dials).toBe(1);
  });
});

describe("an internal error", () => {
  it("ends iterators and promises with it, and settles every send", async () => {
    const world = startSupervisor<Json>(fetching);
    const ready = world.feed.ready();
    const waiting = world.feed.send("waiting");
    const next = world.feed.messages().next();
    world.feed.actor?.send(childFailed);
    const isIt = { code: "ERR_INTERNAL", cause: boom };
    await expect(ready).rejects.toMatchObject(isIt);
    await expect(next).rejects.toMatchObject(isIt);
    expect(await waiting).toEqual({ fate: "dropped", reason: "closed" });
    await expect(world.feed.ready()).rejects.toMatchObject(isIt);
    await expect(world.feed.messages().next()).rejects.toMatchObject(isIt);
    expect(await world.feed.send("late")).toEqual({ fate: "dropped", reason: "closed" });
    await world.feed.close();
  });

  it("makes the fate of what the socket has unknown, and resolves a close() that waits", async () => {
    const world = startSupervisor<Json>(fetching).comesUp();
    world.socket.holdsSends = true;
    const fate = world.feed.send("in flight");
    const closed = world.feed.close();
    world.feed.actor?.send(childFailed);
    await closed;
    expect(await fate).toEqual({ fate: "unknown" });
  });

  it("is thrown by an iterator after what was received before it", async () => {
    const world = startSupervisor<Json>({ ...fetching, recovery: null }).comesUp();
    const items = world.feed.messages();
    world.receives({ s: "a", n: 1 });
    world.feed.actor?.send(childFailed);
    expect(await items.next()).toMatchObject({ value: { kind: "message", data: { n: 1 } } });
    await expect(items.next()).rejects.toMatchObject({ code: "ERR_INTERNAL" });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it("is told where an action of the chart throws in the midst of a step", () => {
    const world = new SupervisorWorld<Json>();
    const { clock } = world;
    let isBroken = false;
    const breaking = {
      nowMs: () => clock.nowMs(),
      setTimeout: (callback: () => void, delayMs: number) => {
        if (isBroken) throw new Error("no timers left");
        return clock.setTimeout(callback, delayMs);
      },
      clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
      nextTurn: (callback: () => void) => clock.nextTurn(callback),
    };
    const broken = startSupervisor<Json>({ ...fetching, clock: breaking });
    isBroken = true;
    broken.socket.opens(); // the next state would arm a timer
    expect(broken.heard("internal")).toMatchObject([
      { error: { message: "internal error: no timers left" } },
    ]);
    expect(broken.feed.state).toBe("closed");
    expect(broken.socketsOpen).toBe(0);
    expect(clock.armed).toBe(0);
  });

  it("is told where an event is none that the chart can read, and stops all of its children", async () => {
    const world = startSupervisor<Json>(fetching).comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 5 });
    world.clock.advance(2_000);
    await promisesSettle();
    const children = below(world.feed.actor);
    expect(children.length).toBeGreaterThan(3); // socket, heartbeat, recoveries, one recovery
    world.feed.actor?.send({ type: "socket.ended" } as never);
    expect(world.heard("internal")).toHaveLength(1);
    expect(children.map((child) => child.getSnapshot().status)).not.toContain("active");
    expect(world.socketsOpen).toBe(0);
    expect(world.clock.armed).toBe(0);
  });

  it("raises an alert that stays: nothing has recovered, and its owner has closed nothing", () => {
    const world = startSupervisor<Json>(fetching).comesUp();
    const told: RaisedAlert[] = [];
    const sinks = [(alert: RaisedAlert) => void told.push(alert)];
    const alerts = raiseAlerts(world.feed, { sinks, clock: world.clock, graceMs: 0 });
    world.socket.drops();
    world.feed.actor?.send(childFailed);
    expect(told.map(({ kind, status, severity }) => [kind, status, severity])).toEqual([
      ["outage", "firing", "warning"],
      ["internal", "firing", "critical"],
    ]);
    expect(alerts.firing.map(({ kind }) => kind)).toEqual(["outage", "internal"]);
    expect(world.clock.armed).toBe(0);
  });

  it("reaches a parent chart as the error of its child, and leaves nothing of the child", () => {
    const world = new SupervisorWorld<Json>(fetching);
    const parent = setup({ actors: { connection: connectionMachine } }).createMachine({
      initial: "on",
      states: {
        on: {
          invoke: {
            id: "feed",
            src: "connection",
            input: world.feed.input,
            onError: { target: "broken" },
          },
        },
        broken: { on: { again: "on" } },
      },
    });
    const actor = createActor(parent, { clock: world.clock }).start();
    world.comesUp();
    world.feed.actor?.send(childFailed);
    expect(actor.getSnapshot().value).toBe("broken");
    expect(world.heard("internal")).toHaveLength(1);
    expect(world.socketsOpen).toBe(0);
    expect(world.clock.armed).toBe(0);
    actor.send({ type: "again" });
    expect(world.comesUp().feed.status().isReady).toBe(true);
    world.feed.terminate();
    expect(world.heard("closed").at(-1)).toEqual({ type: "closed", atMs: expect.any(Number) });
  });
});
