/** The machine inside a user's own chart; the supervisor is still the handle. */
import { getEventListeners } from "node:events";
import { createActor, setup, type ActorRefFrom } from "xstate";
import { describe, expect, it } from "vitest";
import { connectionMachine } from "../../../machines/index.ts";
import type { Supervisor } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  SupervisorWorld,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

interface DayContext {
  readonly feed: Supervisor<Json>;
}

interface DayEvent {
  readonly type: "open" | "shut" | "again";
}

const types = {} as { context: DayContext; events: DayEvent };

/** A trading day of the user's: the feed runs while it is open. */
function dayOf({ feed }: SupervisorWorld<Json>) {
  return setup({
    types,
    actors: { connection: connectionMachine },
  }).createMachine({
    context: { feed },
    initial: "shut",
    states: {
      shut: { on: { open: "open" } },
      open: {
        invoke: {
          id: "feed",
          src: "connection",
          input: ({ context }) => context.feed.input,
          onSnapshot: [
            { guard: ({ event }) => event.snapshot.matches("failed"), target: "broken" },
            {},
          ],
          onDone: "over",
        },
        on: { shut: "shut", again: { target: "open", reenter: true } },
      },
      over: { on: { open: "open" } },
      broken: {},
    },
  });
}

interface Embedded {
  readonly world: SupervisorWorld<Json>;
  readonly day: ActorRefFrom<ReturnType<typeof dayOf>>;
}

function startDay(options: WorldOptions<Json> = {}): Embedded {
  const world = new SupervisorWorld<Json>({
    ...numbered,
    ...everySecond,
    topics: ["a"],
    ...options,
  });
  const day = createActor(dayOf(world), { clock: world.clock }).start();
  return { world, day };
}

describe("a supervisor in somebody's chart", () => {
  it("is idle until the chart invokes it, then lives as any other", async () => {
    const { world, day } = startDay();
    expect(world.feed.state).toBe("idle");
    const ready = world.feed.ready();
    const fate = world.feed.send("hello");
    day.send({ type: "open" });
    expect(world.feed.state).toBe("connecting");
    world.comesUp();
    await ready;
    expect(await fate).toEqual({ fate: "written" });
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
    expect(day.getSnapshot().children["feed"]).toBe(world.feed.actor);
  });

  it("reconnects on the parent's clock", () => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    world.comesUp();
    world.socket.drops();
    world.clock.advance(999);
    expect(world.dials).toBe(1);
    world.clock.advance(1);
    expect(world.dials).toBe(2);
  });

  it("stops with the state that invoked it: no socket, no timer, and its iterators end", async () => {
    const controller = new AbortController();
    const { world, day } = startDay({ signal: controller.signal });
    day.send({ type: "open" });
    world.comesUp();
    const items = world.feed.messages();
    const next = items.next();
    const waiting = world.feed.send("late");
    world.socket.holdsSends = true;
    const inFlight = world.feed.send("in flight");

    day.send({ type: "shut" });
    expect(world.feed.state).toBe("closed");
    expect(world.socket.isTerminated).toBe(true);
    expect(world.clock.armed).toBe(0);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ fate: "written" });
    expect(await inFlight).toEqual({ fate: "unknown" });
    expect(world.heard("closed")).toHaveLength(1);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(await world.feed.send("too late")).toEqual({ fate: "dropped", reason: "closed" });
  });

  it.each(["connecting", "reconnecting"])("stops in %s as well", (state) => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    if (state === "reconnecting") world.socket.failsToConnect();
    expect(world.feed.state).toBe(state);
    day.send({ type: "shut" });
    expect(world.clock.armed).toBe(0);
    expect(world.socketsOpen).toBe(0);
    expect(world.feed.state).toBe("closed");
  });

  it("stops with the whole chart", () => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    world.comesUp();
    day.stop();
    expect(world.socketsOpen).toBe(0);
    expect(world.clock.armed).toBe(0);
    expect(world.feed.state).toBe("closed");
  });

  it("may be invoked again: topics and positions are still known, and a gap is told", async () => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    world.comesUp();
    world.receives({ s: "a", n: 1 });
    day.send({ type: "shut" });
    world.feed.subscribe("b");

    day.send({ type: "open" });
    expect(world.feed.state).toBe("connecting");
    const items = world.feed.messages();
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    world.comesUp();
    expect(world.requests()).toMatchObject([{ op: "sub", topics: ["a", "b"] }]);
    world.receives({ s: "a", n: 4 });
    expect(seen).toEqual([4]);
    expect(await items.next()).toMatchObject({ value: { kind: "gap", from: 2, to: 3 } });
    expect(world.feed.status().isReady).toBe(true);
    await world.feed.ready();
  });

  it("may be invoked anew in one step, without ever having two sockets", () => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    world.comesUp();
    for (let again = 0; again < 3; again += 1) {
      day.send({ type: "again" });
      expect(world.socketsOpen).toBe(1);
      expect(world.feed.state).toBe("connecting");
      world.comesUp();
      expect(world.feed.status().isReady).toBe(true);
    }
    expect(world.heard("closed")).toHaveLength(3);
    day.stop();
    expect(world.clock.armed).toBe(0);
  });

  it("heeds its signal when it is invoked again, too", () => {
    const controller = new AbortController();
    const { world, day } = startDay({ signal: controller.signal });
    day.send({ type: "open" });
    day.send({ type: "shut" });
    day.send({ type: "open" });
    controller.abort();
    expect(world.feed.state).toBe("closed");
    expect(day.getSnapshot().value).toBe("over");
    expect(world.clock.armed).toBe(0);
  });

  it("is done for its parent when it is closed by its handle", async () => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    world.comesUp();
    const closing = world.feed.close();
    world.socket.answersClose();
    await closing;
    expect(day.getSnapshot().value).toBe("over");
  });

  it("shows its parent that it failed, by its state: it rests and is not done", () => {
    const { world, day } = startDay();
    day.send({ type: "open" });
    world.socket.refuses(451);
    expect(day.getSnapshot().value).toBe("broken");
    expect(world.clock.armed).toBe(0);
  });

  it("stays out of its parent's snapshot when it is in its context", () => {
    const { world, day } = startDay({ headers: { Authorization: "Bearer hunter2" } });
    day.send({ type: "open" });
    world.comesUp();
    const text = JSON.stringify(day.getSnapshot());
    expect(text).toContain("open");
    expect(text).not.toContain("hunter2");
  });
});
