import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ConnectionClosedError,
  ConnectionFailedError,
  createSupervisor,
} from "../../../src/index.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import {
  everySecond,
  numbered,
  numberedVenue,
  promisesSettle,
  startSupervisor,
  SupervisorWorld,
  url,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

/** How a test gets to each state, from `idle`. */
const roads = {
  idle: () => undefined,
  connecting: (world) => void world.start(),
  resubscribing: (world) => world.start().socket.opens(),
  probation: (world) => void world.start().comesUp(),
  stable: (world) => world.start().comesUp().clock.advance(10_000),
  reconnecting: (world) => world.start().comesUp().socket.drops(),
  failed: (world) => world.start().socket.refuses(451),
  closing: (world) => void world.start().comesUp().feed.close(),
  closed: (world) => {
    world.start().socket.refuses(451);
    void world.feed.close();
  },
} satisfies Record<string, (world: SupervisorWorld<Json>) => void>;
type Road = keyof typeof roads;
const everywhere = Object.keys(roads) as Road[];

/** A supervisor of one topic that has come to `state`. */
function startIn(state: Road, options: WorldOptions<Json> = {}): SupervisorWorld<Json> {
  const world = new SupervisorWorld<Json>({
    ...numbered,
    ...everySecond,
    topics: ["a"],
    ...options,
  });
  roads[state](world);
  const status = world.feed.status();
  expect(status.phase ?? status.state).toBe(state);
  return world;
}

/** How a promise ended, if it has. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = "pending";
  promise.then(
    (value) => {
      outcome = value ?? "resolved";
    },
    (error: unknown) => {
      outcome = error;
    },
  );
  await promisesSettle();
  return outcome;
}

describe("ready()", () => {
  it("resolves once subscriptions are settled, and not when the socket opens", async () => {
    const world = startIn("connecting");
    const ready = world.feed.ready();
    world.socket.opens();
    expect(await outcomeOf(ready)).toBe("pending");
    world.confirmsAll();
    expect(await outcomeOf(ready)).toBe("resolved");
  });

  it.each(["probation", "stable"] as const)("resolves at once in %s", async (state) => {
    expect(await outcomeOf(startIn(state).feed.ready())).toBe("resolved");
  });

  it("resolves in the very listener that hears of it", async () => {
    const world = startIn("resubscribing");
    const seen: boolean[] = [];
    world.feed.on("up", () => {
      seen.push(world.feed.status().isReady);
      void world.feed.ready().then(() => seen.push(true));
    });
    world.confirmsAll();
    await promisesSettle();
    expect(seen).toEqual([true, true]);
  });

  it("is no longer so in the listener that hears of the end", () => {
    const world = startIn("probation");
    const seen: boolean[] = [];
    world.feed.on("down", () => seen.push(world.feed.status().isReady));
    world.socket.drops();
    expect(seen).toEqual([false]);
  });

  it("outlives failed attempts", async () => {
    const world = startIn("connecting");
    const ready = world.feed.ready();
    world.socket.failsToConnect();
    world.waitsItsTurn();
    expect(await outcomeOf(ready)).toBe("pending");
    world.comesUp();
    expect(await outcomeOf(ready)).toBe("resolved");
  });

  it("rejects when the connection is refused for good, and while it stays so", async () => {
    const world = startIn("connecting");
    const ready = outcomeOf(world.feed.ready());
    world.socket.refuses(451);
    expect(await ready).toBeInstanceOf(ConnectionFailedError);
    expect(await ready).toMatchObject({ rule: "http-legal", loss: { status: 451 } });
    expect(await outcomeOf(world.feed.ready())).toMatchObject({ rule: "http-legal" });

    world.feed.connect();
    const again = world.feed.ready();
    world.comesUp();
    expect(await outcomeOf(again)).toBe("resolved");
  });

  it.each(["idle", "connecting", "resubscribing", "reconnecting", "failed", "closing"] as const)(
    "rejects when the owner closes in %s",
    async (state) => {
      const world = startIn(state);
      if (state === "failed") return; // it has rejected already
      const ready = outcomeOf(world.feed.ready());
      void world.feed.close();
      world.clock.advance(2_000);
      expect(await ready).toBeInstanceOf(ConnectionClosedError);
      expect(await outcomeOf(world.feed.ready())).toBeInstanceOf(ConnectionClosedError);
    },
  );

  it("rejects with the signal's reason, before and while it waits", async () => {
    const world = startIn("connecting");
    const late = new AbortController();
    const reason = new Error("no time");
    const waiting = world.feed.ready({ signal: late.signal });
    late.abort(reason);
    expect(await outcomeOf(waiting)).toBe(reason);
    expect(await outcomeOf(world.feed.ready({ signal: late.signal }))).toBe(reason);
    expect(await outcomeOf(world.feed.ready({ signal: AbortSignal.abort("why") }))).toEqual(
      new Error("why"),
    );
  });

  it("leaves no listener behind, however it ends", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const world = startIn("connecting");
    const waits = [world.feed.ready({ signal }), world.feed.ready(), world.feed.ready({ signal })];
    expect(world.feed.status().listeners).toBe(10);
    world.comesUp();
    await Promise.all(waits);
    expect(world.feed.status().listeners).toBe(1);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a life", () => {
  it("is told state by state, each with the one before", () => {
    const world = startIn("connecting");
    world.comesUp();
    world.socket.drops();
    world.clock.advance(1_000);
    world.socket.refuses(451);
    world.feed.connect();
    world.comesUp();
    void world.feed.close();
    world.socket.answersClose();
    expect(world.heard("state").map(({ previous, state }) => `${previous} > ${state}`)).toEqual([
      "idle > connecting",
      "connecting > connected",
      "connected > reconnecting",
      "reconnecting > connecting",
      "connecting > failed",
      "failed > connecting",
      "connecting > connected",
      "connected > closing",
      "closing > closed",
    ]);
  });

  it("goes up and down in turns, whatever happens between", () => {
    const steps = fc.array(
      fc.constantFrom("opens", "settles", "drops", "refuses", "waits", "reconnect", "connect"),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (history) => {
        const world = startIn("connecting", { maxRetries: 5 });
        for (const step of history) {
          switch (step) {
            case "opens":
              world.socket.opens();
              break;
            case "settles":
              world.confirmsAll();
              break;
            case "drops":
              world.socket.drops();
              break;
            case "refuses":
              world.socket.refuses(500);
              break;
            case "waits":
              world.clock.advance(1_000);
              break;
            case "reconnect":
              world.feed.reconnect();
              break;
            case "connect":
              world.feed.connect();
              break;
          }
          expect(world.socketsOpen).toBeLessThanOrEqual(1);
        }
        const turns = world.facts.filter(({ type }) => type === "up" || type === "down");
        turns.forEach(({ type }, index) => expect(type).toBe(index % 2 === 0 ? "up" : "down"));

        const states = world.heard("state");
        states.forEach(({ previous }, index) => {
          expect(previous).toBe(index === 0 ? "idle" : states[index - 1]?.state);
        });
        world.feed.terminate();
        expect(world.clock.armed).toBe(0);
        expect(world.socketsOpen).toBe(0);
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });

  it("stamps each fact with its instant", () => {
    const world = startIn("connecting");
    const startedAtMs = world.clock.nowMs();
    world.clock.advance(250);
    world.comesUp();
    expect(world.heard("up")).toEqual([{ type: "up", atMs: startedAtMs + 250, attempt: 1 }]);
  });

  it("is dialled by `start()` within the call", () => {
    const clock = new VirtualClock();
    const { transport, sockets } = createMemoryTransport({ clock });
    const idle = createSupervisor(url, { transport, clock });
    expect(idle.state).toBe("idle");
    expect(sockets).toHaveLength(0);
    expect(idle.start()).toBe(idle);
    expect(sockets).toHaveLength(1);
  });

  it("starts once", () => {
    const world = startIn("connecting");
    const { actor } = world.feed;
    world.feed.start();
    expect(world.feed.actor).toBe(actor);
    expect(world.dials).toBe(1);
  });
});

describe("status()", () => {
  const topics = { wanted: 1, confirmed: 0, pending: 1, rejected: 0 };

  it("of what never ran is all nought", () => {
    expect(startIn("idle").feed.status()).toMatchObject({
      state: "idle",
      phase: undefined,
      isReady: false,
      attempt: 0,
      retryInMs: null,
      nextAttemptAtMs: null,
      lastLoss: null,
      outage: undefined,
      lastByteAtMs: 0,
      topics,
    });
  });

  it.each([
    ["connecting", { attempt: 1, failures: 0, isReady: false }],
    ["resubscribing", { state: "connected", attempt: 1, isReady: false, topics }],
    ["probation", { state: "connected", attempt: 0, isReady: true }],
    ["stable", { state: "connected", failures: 0, isReady: true }],
    ["failed", { isReady: false, retryInMs: null, lastLoss: { status: 451 } }],
    ["closing", { isReady: false, retryInMs: null }],
    ["closed", { isReady: false, retryInMs: null, lastLoss: { status: 451 } }],
  ] as const)("tells in %s what is so there", (state, expected) => {
    expect(startIn(state).feed.status()).toMatchObject(expected);
  });

  it("announces in reconnecting exactly the delay that is armed", () => {
    const world = startIn("reconnecting", { backoff: "default" });
    const { retryInMs, nextAttemptAtMs, sinceMs } = world.feed.status();
    const nowMs = world.clock.nowMs();
    expect(sinceMs).toBe(nowMs);
    expect(retryInMs).toBeGreaterThan(0);
    expect(nextAttemptAtMs).toBe(world.clock.nextDueAtMs);
    expect(world.heard("down")).toMatchObject([{ retryInMs }]);

    world.clock.advance((retryInMs ?? 0) - 1);
    expect(world.feed.status()).toMatchObject({ state: "reconnecting", retryInMs, sinceMs });
    world.clock.advance(1);
    expect(world.feed.status()).toMatchObject({
      state: "connecting",
      retryInMs: null,
      nextAttemptAtMs: null,
      sinceMs: nowMs + (retryInMs ?? 0),
    });
  });

  it("shows the outage that is under way, and none when it is over", () => {
    const world = startIn("reconnecting");
    expect(world.feed.status().outage).toEqual({
      cause: { class: "dropped", phase: "open" },
      sinceMs: world.clock.nowMs(),
      startedAtMs: world.clock.nowMs(),
    });
    world.waitsItsTurn();
    world.comesUp();
    expect(world.feed.status().outage).toBeUndefined();
  });

  it("counts topics by how far they are", () => {
    const world = startIn("connecting", { topics: ["a", "b", "c"] });
    world.socket.opens();
    const [request] = world.requests();
    world.receives({ ack: request?.id ?? 0, no: ["b"] });
    expect(world.feed.status().topics).toEqual({
      wanted: 3,
      confirmed: 2,
      pending: 0,
      rejected: 1,
      refused: 0,
      quarantined: 0,
    });
  });

  it("shows the last byte of the current socket", () => {
    const world = startIn("probation");
    world.clock.advance(500);
    world.receives({ s: "a", n: 1 });
    expect(world.feed.status().lastByteAtMs).toBe(world.clock.nowMs());
    world.socket.drops();
    expect(world.feed.status().lastByteAtMs).toBe(0);
  });

  it("shows a queue for each iterator, until it ends", async () => {
    const world = startIn("probation");
    const items = world.feed.messages();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(world.feed.status().queues).toEqual([
      { depth: 2, delivered: 0, dropped: 0, conflated: 0, pauses: 0 },
    ]);
    await items.return?.();
    expect(world.feed.status().queues).toEqual([]);
  });
});

describe("messages of a socket that is over", () => {
  it("are dropped and counted", () => {
    const world = startIn("probation");
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data));
    const old = world.socket;
    world.receives({ s: "a", n: 1 });
    old.drops();
    old.receives('{"s":"a","n":2}');
    world.waitsItsTurn();
    world.comesUp();
    old.receives('{"s":"a","n":3}');
    world.receives({ s: "a", n: 4 });
    expect(seen).toEqual([
      { s: "a", n: 1 },
      { s: "a", n: 4 },
    ]);
    expect(world.feed.status().inbound).toMatchObject({ late: 2, delivered: 2, gaps: 1 });
    expect(world.heard("gap")).toMatchObject([{ stream: "a", from: 2, to: 3 }]);
  });

  it.each([
    ["terminate", (world: SupervisorWorld<Json>) => world.feed.terminate()],
    ["reconnect", (world: SupervisorWorld<Json>) => world.feed.reconnect()],
  ])("include the rest of the chunk in which a listener says %s", (_, command) => {
    const world = startIn("probation");
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => {
      seen.push(data.n);
      command(world);
    });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 }, { s: "a", n: 3 });
    expect(seen).toEqual([1]);
    expect(world.feed.status().inbound.late).toBe(2);
  });

  it("include what a pause held back", () => {
    const world = startIn("probation");
    const items = world.feed.messages({ overflow: "pause", highWaterMark: 1 });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(world.socket.isPaused).toBe(true);
    world.receives({ s: "a", n: 3 });
    world.feed.reconnect();
    expect(world.feed.status().inbound).toMatchObject({ delivered: 2, late: 1 });
    void items.return?.();
  });

  it("cannot answer a request of the next", () => {
    const world = startIn("resubscribing");
    const old = world.socket;
    old.drops();
    world.waitsItsTurn();
    world.socket.opens();
    for (const id of [1, 2]) old.receives(JSON.stringify({ ack: id }));
    expect(world.feed.topics()).toMatchObject([{ state: "pending" }]);
  });
});

describe("messages", () => {
  it("without a `decode` are strings where they came as text, bytes where they came as bytes", () => {
    const world = startSupervisor();
    const seen: unknown[] = [];
    world.comesUp();
    world.feed.on("message", ({ data }) => seen.push(data));
    world.socket.receives("text", new Uint8Array([1, 2]));
    expect(seen).toEqual(["text", Buffer.from([1, 2])]);
  });

  it("are stamped with the instant of their chunk", () => {
    const world = startIn("stable");
    const seen: number[] = [];
    world.feed.on("message", ({ receivedAtMs }) => seen.push(receivedAtMs));
    world.clock.advance(123);
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(seen).toEqual([world.clock.nowMs(), world.clock.nowMs()]);
  });

  it("behind a gap whose listener ends the socket are stamped with their instant all the same", () => {
    const world = startIn("stable");
    const seen: number[] = [];
    world.feed.on("message", ({ receivedAtMs }) => seen.push(receivedAtMs));
    world.feed.on("gap", () => world.feed.reconnect());
    world.receives({ s: "a", n: 1 });
    world.clock.advance(123);
    world.receives({ s: "a", n: 3 });
    expect(seen).toEqual([world.clock.nowMs() - 123, world.clock.nowMs()]);
  });

  it("are heard by a listener until it is taken off", () => {
    const world = startIn("stable");
    const seen: unknown[] = [];
    const off = world.feed.on("message", ({ data }) => seen.push(data.n));
    world.receives({ s: "a", n: 1 });
    off();
    world.receives({ s: "a", n: 2 });
    expect(seen).toEqual([1]);
    expect(world.feed.status().inbound).toMatchObject({ delivered: 1, unclaimed: 1 });
  });

  it("move the positions, which anyone may read", () => {
    const world = startIn("stable");
    world.receives({ s: "a", n: 5 }, { s: "b", n: 6 });
    expect(world.feed.positions()).toEqual(
      new Map([
        ["a", 5],
        ["b", 6],
      ]),
    );
  });

  it("that start their numbering over are told as a reset", () => {
    const world = startIn("stable", {
      sequence: ({ s = "", n = 0 }) => {
        return { stream: s, first: n, last: n, scope: "stream", restarts: n === 1 };
      },
    });
    world.receives({ s: "a", n: 9 }, { s: "a", n: 1 });
    expect(world.heard("reset")).toMatchObject([{ stream: "a" }]);
    expect(world.heard("gap")).toEqual([]);
  });
});

describe("numbers that belong to a connection", () => {
  it("start anew with each socket: no gap, and nothing is taken for old", () => {
    const world = startIn("stable", {
      sequence: ({ s = "", n = 0 }) => ({ stream: s, first: n, last: n, scope: "connection" }),
    });
    world.receives({ s: "a", n: 700 });
    world.socket.drops();
    world.waitsItsTurn();
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 3 });
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, gaps: 1 });
    expect(world.heard("gap")).toMatchObject([{ stream: "a", from: 2, to: 2 }]);
  });
});

describe("facts that a transport tells before it has returned its socket", () => {
  it.each([
    ["a plain URL", url],
    ["a promise of one", () => Promise.resolve(url)],
  ])("are heard once there is one: %s", async (_, target) => {
    const world = startSupervisor<Json>({
      ...numbered,
      target,
      topics: ["a"],
      onDial: (socket) => {
        socket.progresses("upgrade");
        socket.opens();
        socket.receives('{"s":"a","n":1}');
      },
    });
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    await promisesSettle();
    expect(world.requests()).toMatchObject([{ op: "sub", topics: ["a"] }]);
    world.confirmsAll();
    expect(world.feed.status()).toMatchObject({ isReady: true, inbound: { messages: 2 } });
  });

  it("may be its end", async () => {
    const world = startSupervisor({
      ...everySecond,
      target: () => Promise.resolve(url),
      onDial: (socket) => socket.failsToConnect(),
    });
    await promisesSettle();
    expect(world.feed.state).toBe("reconnecting");
    expect(world.heard("attempt.failed")).toMatchObject([{ loss: { class: "unreachable" } }]);
  });

  it("may be cut short by the owner, who leaves no socket behind", async () => {
    const world = startSupervisor({
      target: () => Promise.resolve(url),
      onDial: (socket) => {
        socket.opens();
        world.feed.terminate();
      },
    });
    await promisesSettle();
    expect(world.feed.state).toBe("closed");
    expect(world.socketsOpen).toBe(0);
    expect(world.heard("up")).toEqual([]);
  });
});

describe("close()", () => {
  it.each(everywhere)("in %s resolves, and leaves nothing behind", async (state) => {
    const controller = new AbortController();
    const world = startIn(state, { signal: controller.signal, outbox: { ttlMs: 60_000 } });
    const items = world.feed.messages().next();
    const ready = outcomeOf(world.feed.ready());
    const fate = world.feed.send("hello");
    const hadSocket = world.feed.status().phase !== undefined;

    const closing = world.feed.close(4001, "enough");
    if (hadSocket) {
      expect(await outcomeOf(closing)).toBe("pending");
      expect(world.socket.closedWith).toEqual({ code: 4001, reason: "enough" });
      world.socket.answersClose();
    } else if (state === "closing") {
      world.socket.answersClose();
    }
    await closing;

    expect(world.feed.state).toBe("closed");
    expect(world.clock.armed).toBe(0);
    expect(world.socketsOpen).toBe(0);
    expect(world.feed.status()).toMatchObject({ listeners: 1, queues: [] });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    if (state !== "failed") expect(await items).toEqual({ done: true, value: undefined });
    else await expect(items).rejects.toBeInstanceOf(ConnectionFailedError);
    await ready;
    expect(await fate).toBeDefined();
    expect(world.heard("closed")).toHaveLength(1);
    expect(world.facts.at(-1)?.type).toBe("closed");

    const { length } = world.facts;
    world.clock.advance(1_000_000);
    expect(world.facts).toHaveLength(length);
  });

  it("waits for the peer's half no longer than it may, then drops the socket", async () => {
    const world = startIn("stable", { closeTimeoutMs: 700 });
    const closing = world.feed.close();
    world.clock.advance(699);
    expect(world.feed.state).toBe("closing");
    expect(world.socket.isTerminated).toBe(false);
    world.clock.advance(1);
    await closing;
    expect(world.socket.isTerminated).toBe(true);
  });

  it("shakes no hands where no socket is open", () => {
    for (const state of ["connecting", "reconnecting", "failed"] as const) {
      const world = startIn(state);
      void world.feed.close();
      expect(world.feed.state).toBe("closed");
      expect(world.memory.sockets.every(({ closedWith }) => closedWith === undefined)).toBe(true);
    }
  });

  it("still delivers what comes until the peer has answered", () => {
    const world = startIn("stable");
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    void world.feed.close();
    world.receives({ s: "a", n: 1 });
    world.socket.answersClose();
    world.receives({ s: "a", n: 2 });
    expect(seen).toEqual([1]);
  });

  it("reads on when it was paused, or it would never see the answer", () => {
    const world = startIn("stable");
    const items = world.feed.messages({ overflow: "pause", highWaterMark: 1 });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(world.socket.isPaused).toBe(true);
    void world.feed.close();
    world.socket.answersClose();
    expect(world.feed.state).toBe("closed");
    void items.return?.();
  });

  it("twice resolves twice and shakes hands once", async () => {
    const world = startIn("stable");
    const both = [world.feed.close(4001), world.feed.close(4002)];
    world.socket.answersClose();
    await Promise.all(both);
    await world.feed.close();
    expect(world.socket.closedWith?.code).toBe(4001);
    expect(world.heard("closed")).toHaveLength(1);
  });

  it("from a listener works as well", async () => {
    const world = startIn("stable");
    const closes: Promise<void>[] = [];
    world.feed.on("down", () => closes.push(world.feed.close()));
    world.socket.drops();
    await Promise.all(closes);
    expect(world.feed.state).toBe("closed");
    expect(world.clock.armed).toBe(0);
  });

  it("of what never ran lets it never run", async () => {
    const world = startIn("idle");
    await world.feed.close();
    world.feed.start();
    world.feed.connect();
    expect(world.feed.state).toBe("closed");
    expect(world.dials).toBe(0);
    expect(world.states()).toEqual(["closed"]);
  });

  it("leaves no gap open: a loss while closing is no outage", () => {
    const world = startIn("stable");
    void world.feed.close();
    world.socket.drops("ECONNRESET");
    expect(world.feed.state).toBe("closed");
    expect(world.heard("down")).toEqual([]);
  });
});

describe("terminate()", () => {
  it.each(everywhere)("in %s is over when it returns", (state) => {
    const world = startIn(state);
    world.feed.terminate();
    expect(world.feed.state).toBe("closed");
    expect(world.clock.armed).toBe(0);
    expect(world.socketsOpen).toBe(0);
    expect(world.heard("closed")).toHaveLength(1);
  });

  it("shakes no hands", () => {
    const world = startIn("stable");
    world.feed.terminate();
    expect(world.socket).toMatchObject({ closedWith: undefined, isTerminated: true });
  });

  it("cuts a close() short, which then resolves", async () => {
    const world = startIn("stable");
    const closing = world.feed.close();
    world.feed.terminate();
    await closing;
    expect(world.clock.armed).toBe(0);
  });
});

describe("a signal", () => {
  it("closes politely when it is aborted", async () => {
    const controller = new AbortController();
    const world = startIn("stable", { signal: controller.signal });
    controller.abort();
    expect(world.feed.state).toBe("closing");
    world.socket.answersClose();
    expect(world.feed.state).toBe("closed");
  });

  it("that is aborted already lets nothing be dialled", async () => {
    const asked: string[] = [];
    const world = startSupervisor({
      signal: AbortSignal.abort(),
      target: () => {
        asked.push("url");
        return url;
      },
    });
    expect(world.feed.state).toBe("closed");
    expect(asked).toEqual([]);
    expect(world.dials).toBe(0);
    expect(await outcomeOf(world.feed.ready())).toBeInstanceOf(ConnectionClosedError);
    expect(await outcomeOf(world.feed.messages().next())).toEqual({ done: true, value: undefined });
    expect(await world.feed.send("a")).toEqual({ fate: "dropped", reason: "closed" });
  });
});

describe("await using", () => {
  it("closes at the end of the block", async () => {
    const world = startIn("stable");
    const { feed, socket } = world;
    feed.on("state", ({ state }) => {
      // The peer answers, as soon as it may.
      if (state === "closing") socket.answersClose();
    });
    {
      await using held = feed;
      expect(held.state).toBe("connected");
    }
    expect(feed.state).toBe("closed");
    expect(world.clock.armed).toBe(0);
  });
});

describe("connect()", () => {
  it.each([
    ["idle", "connecting", 1],
    ["connecting", "connecting", 1],
    ["resubscribing", "connected", 1],
    ["stable", "connected", 1],
    ["reconnecting", "connecting", 2],
    ["failed", "connecting", 2],
    ["closing", "closing", 1],
    ["closed", "closed", 1],
  ] as const)("in %s leads to %s, with %i dials in all", (state, then, dials) => {
    const world = startIn(state);
    world.feed.connect();
    expect(world.feed.state).toBe(then);
    expect(world.dials).toBe(dials);
    expect(world.socketsOpen).toBeLessThanOrEqual(1);
  });

  it("after `failed` starts over, its history fresh", () => {
    const world = startIn("connecting", { maxRetries: 1 });
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.drops();
    expect(world.feed.state).toBe("failed");
    world.feed.connect();
    world.socket.drops();
    expect(world.feed.state).toBe("reconnecting");
    expect(world.feed.status().failures).toBe(1);
  });
});

describe("reconnect()", () => {
  it.each([
    ["idle", "connecting", 1],
    ["connecting", "connecting", 2],
    ["resubscribing", "connecting", 2],
    ["stable", "connecting", 2],
    ["reconnecting", "connecting", 2],
    ["failed", "connecting", 2],
    ["closing", "closing", 1],
    ["closed", "closed", 1],
  ] as const)("in %s leads to %s, with %i dials in all", (state, then, dials) => {
    const world = startIn(state);
    world.feed.reconnect();
    expect(world.feed.state).toBe(then);
    expect(world.dials).toBe(dials);
    expect(world.socketsOpen).toBeLessThanOrEqual(1);
  });

  it("says 1000 to the peer, or what it is given, and that to this socket only", () => {
    const world = startIn("stable");
    world.feed.reconnect({ code: 4321, reason: "rebalancing" });
    expect(world.memory.sockets[0]).toMatchObject({
      closedWith: { code: 4321, reason: "rebalancing" },
      isTerminated: true,
    });
    world.comesUp();
    world.feed.reconnect();
    expect(world.memory.sockets[1]?.closedWith).toEqual({ code: 1000, reason: "" });
    world.comesUp();
    world.feed.reconnect({ reason: "why not" });
    expect(world.memory.sockets[2]?.closedWith).toEqual({ code: 1000, reason: "why not" });
  });

  it("says so too where it has to wait for its turn", () => {
    const world = startIn("stable");
    for (let commands = 0; commands < 5; commands += 1) {
      world.feed.reconnect();
      world.comesUp();
    }
    world.feed.reconnect({ code: 4321 });
    expect(world.feed.state).toBe("reconnecting");
    expect(world.socket.closedWith).toEqual({ code: 4321, reason: "" });
  });

  it.each([
    [{ code: 1001 }, "code"],
    [{ code: 2999 }, "code"],
    [{ code: 5000 }, "code"],
    [{ code: "1000" }, "code"],
    [{ reason: "x".repeat(124) }, "reason"],
    [{ reason: 5 }, "reason"],
    [{ why: "typo" }, "reconnect.why"],
    [null, "reconnect"],
  ])("refuses %j before anything is done", (frame, option) => {
    const world = startIn("stable");
    expect(() => world.feed.reconnect(frame as never)).toThrow(
      expect.objectContaining({ name: "OptionError", option }) as Error,
    );
    expect(world.feed.state).toBe("connected");
  });

  it("is an outage like any other, and nobody's failure", () => {
    const world = startIn("stable");
    world.feed.reconnect();
    expect(world.heard("down")).toMatchObject([{ loss: { class: "requested" }, retryInMs: 0 }]);
    world.comesUp();
    expect(world.heard("recovered")).toHaveLength(1);
    expect(world.feed.status().failures).toBe(0);
  });

  it("from the listener of `down` dials after a dial that failed at once, and is not charged for it", () => {
    let asked = 0;
    const world = startIn("stable", {
      target: () => {
        asked += 1;
        if (asked === 2) throw new Error("no URL just now");
        return url;
      },
    });
    const off = world.feed.on("down", () => {
      off();
      world.feed.reconnect();
    });
    world.feed.reconnect();

    expect(world.heard("attempt.failed")).toMatchObject([
      { attempt: 1, loss: { class: "resolver" } },
    ]);
    expect(world.feed.status()).toMatchObject({ state: "connecting", attempt: 2 });
    expect(world.socketsOpen).toBe(1);
  });
});

describe("an outage report", () => {
  it("tells cause, instants, attempts, losses, time per state and last positions", () => {
    const world = startIn("stable");
    world.receives({ s: "a", n: 7 }, { s: "b", n: 70 });
    const startedAtMs = world.clock.nowMs();
    world.clock.advance(300);
    world.socket.drops("ECONNRESET");
    const detectedAtMs = world.clock.nowMs();

    world.clock.advance(1_000); // reconnecting
    world.clock.advance(40); // connecting
    world.socket.failsToConnect();
    world.clock.advance(1_000); // reconnecting
    world.clock.advance(60); // connecting
    world.socket.opens();
    world.clock.advance(25); // connected, not yet ready
    world.confirmsAll();

    expect(world.heard("recovered").map(({ report }) => report)).toEqual([
      {
        cause: { class: "dropped", phase: "open", code: "ECONNRESET" },
        startedAtMs,
        detectedAtMs,
        recoveredAtMs: detectedAtMs + 2_125,
        durationMs: 2_425,
        attempts: 2,
        losses: [{ class: "unreachable", phase: "tcp", code: "ECONNREFUSED" }],
        timeInStateMs: { connected: 25, reconnecting: 2_000, connecting: 100 },
        lastPositions: new Map([
          ["a", 7],
          ["b", 70],
        ]),
        missed: { gaps: 0, numbers: 0 },
      },
    ]);
  });

  it("comes after the `up` that it belongs to", () => {
    const world = startIn("reconnecting");
    world.waitsItsTurn();
    world.comesUp();
    const order = world.facts.map(({ type }) => type).filter((type) => /^(up|rec)/.test(type));
    expect(order).toEqual(["up", "up", "recovered"]);
  });

  it.each(["drops", "falls silent", "is replaced on command"])(
    "begins at the last byte of a socket that %s",
    (how) => {
      const world = startIn("stable", { heartbeat: { intervalMs: 1_000, timeoutMs: 500 } });
      world.receives({ s: "a", n: 1 });
      const startedAtMs = world.clock.nowMs();
      world.clock.advance(300);
      world.socket.isSilent = true;
      if (how === "drops") world.socket.drops();
      else if (how === "falls silent") world.clock.advance(1_200);
      else world.feed.reconnect();
      if (world.feed.state === "reconnecting") world.waitsItsTurn();
      world.comesUp();

      expect(world.heard("recovered").map(({ report }) => report.startedAtMs)).toEqual([
        startedAtMs,
      ]);
    },
  );

  it("comes once for each outage, with its own numbers", () => {
    const world = startIn("stable");
    for (const waits of [1, 3]) {
      world.socket.drops();
      for (let wait = 1; wait < waits; wait += 1) {
        world.waitsItsTurn();
        world.socket.refuses(500);
      }
      world.waitsItsTurn();
      world.comesUp();
    }
    expect(world.heard("recovered").map(({ report }) => report.attempts)).toEqual([1, 3]);
    expect(world.heard("recovered").map(({ report }) => report.losses.length)).toEqual([0, 2]);
  });

  it("comes as well when the very first dial failed, and not when it did not", () => {
    const lucky = startIn("connecting").comesUp();
    expect(lucky.heard("recovered")).toEqual([]);

    const unlucky = startIn("connecting");
    unlucky.socket.failsToConnect();
    unlucky.waitsItsTurn();
    unlucky.comesUp();
    expect(unlucky.heard("recovered")).toMatchObject([
      { report: { cause: { class: "unreachable" }, attempts: 2, durationMs: 1_000 } },
    ]);
  });

  it("keeps a hundred losses one by one, and counts the rest", () => {
    const world = startIn("stable", { retryBudget: { attempts: 1_000, perMs: 1 } });
    world.socket.drops();
    for (let dial = 0; dial < 150; dial += 1) {
      world.waitsItsTurn();
      world.socket.refuses(500);
    }
    world.waitsItsTurn();
    world.comesUp();
    const [recovered] = world.heard("recovered");
    expect(recovered?.report.attempts).toBe(151);
    expect(recovered?.report.losses).toHaveLength(100);
  });
});

describe("an alert", () => {
  it("is raised when an outage gets long, once", () => {
    const world = startIn("stable", { longOutageAfterMs: 5_000, heartbeat: null });
    world.socket.drops();
    world.clock.advance(1_000);
    world.clock.advance(3_999);
    expect(world.alerts("long-outage")).toEqual([]);
    world.clock.advance(1);
    expect(world.alerts("long-outage")).toEqual([
      { kind: "long-outage", longOutageAfterMs: 5_000, attempts: 1 },
    ]);
    world.clock.advance(100_000);
    expect(world.alerts("long-outage")).toHaveLength(1);
  });

  it("is raised when the budget of attempts is empty: the next one waits", () => {
    const world = startIn("connecting", { retryBudget: { attempts: 2, perMs: 60_000 } });
    world.socket.drops();
    world.waitsItsTurn();
    expect(world.alerts("retry-budget-empty")).toEqual([]);
    world.socket.drops();
    const { retryInMs } = world.feed.status();
    expect(world.alerts("retry-budget-empty")).toEqual([{ kind: "retry-budget-empty", retryInMs }]);
    expect(retryInMs).toBeGreaterThan(1_000);
  });

  it.each([
    ["refused", {}, 451],
    ["retries-exhausted", { maxRetries: 0 }, 500],
  ] as const)("is raised on entering failed: %s", (cause, options, status) => {
    const world = startIn("connecting", options);
    world.socket.refuses(status);
    expect(world.alerts("failed")).toMatchObject([{ cause, loss: { status } }]);
    expect(world.heard("failed")).toMatchObject([{ loss: { status } }]);
    expect(world.heard("attempt.failed")).toMatchObject([{ retryInMs: null }]);
  });

  it("is raised for a loss whose rule asks for it", () => {
    const world = startIn("connecting");
    world.socket.ends({ class: "tls-trust", phase: "tls", code: "CERT_HAS_EXPIRED" });
    expect(world.alerts("loss")).toMatchObject([
      { rule: "tls-trust", loss: { code: "CERT_HAS_EXPIRED" } },
    ]);
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(60_000);
  });

  it("is raised once for more streams than are followed", () => {
    const world = startIn("stable", { topics: [] });
    for (let stream = 0; stream < 10_000; stream += 1) world.receives({ s: `s${stream}`, n: 1 });
    expect(world.alerts("too-many-streams")).toEqual([]);
    world.receives({ s: "one more", n: 1 }, { s: "and more", n: 1 });
    expect(world.alerts("too-many-streams")).toEqual([{ kind: "too-many-streams", limit: 10_000 }]);
    expect(world.feed.status().inbound.unfollowed).toBe(2);
  });
});

describe("a send", () => {
  it.each(["idle", "connecting", "resubscribing", "reconnecting"] as const)(
    "in %s waits until the connection is ready, then leaves in order",
    async (state) => {
      const world = startIn(state);
      const fates = [world.feed.send("one"), world.feed.send("two")];
      expect(world.feed.status().outbox).toMatchObject({ messages: 2, bytes: 6 });
      if (state === "idle") world.start();
      if (state === "reconnecting") world.waitsItsTurn();
      if (state !== "resubscribing") world.socket.opens();
      expect(world.sent()).not.toContain("one");
      world.confirmsAll();
      expect(world.sent().slice(-2)).toEqual(["one", "two"]);
      expect(await Promise.all(fates)).toEqual([{ fate: "written" }, { fate: "written" }]);
    },
  );

  it.each(["probation", "stable"] as const)("in %s leaves at once", async (state) => {
    const world = startIn(state);
    const fate = world.feed.send(new Uint8Array([1, 2]));
    expect(world.sent().at(-1)).toEqual(new Uint8Array([1, 2]));
    expect(await fate).toEqual({ fate: "written" });
  });

  it.each([
    ["failed", "failed"],
    ["closing", "closed"],
    ["closed", "closed"],
  ] as const)("in %s is dropped at once (%s)", async (state, reason) => {
    const world = startIn(state);
    expect(await world.feed.send("a")).toEqual({ fate: "dropped", reason });
    expect(world.feed.status().outbox[reason]).toBe(1);
  });

  it("from the listener of `up` leaves with the others", () => {
    const world = startIn("resubscribing");
    world.feed.on("up", () => void world.feed.send("hello"));
    world.confirmsAll();
    expect(world.sent().at(-1)).toBe("hello");
  });

  it("that waits is dropped when the connection fails, or is closed", async () => {
    const failed = startIn("connecting");
    const first = failed.feed.send("a");
    failed.socket.refuses(451);
    expect(await first).toEqual({ fate: "dropped", reason: "failed" });

    const closed = startIn("connecting");
    const second = closed.feed.send("a");
    void closed.feed.close();
    expect(await second).toEqual({ fate: "dropped", reason: "closed" });
  });

  it("is unknown when the socket dies with it, and is not sent again", async () => {
    const world = startIn("stable");
    world.socket.holdsSends = true;
    const fate = world.feed.send("order");
    world.socket.drops();
    expect(await fate).toEqual({ fate: "unknown" });
    world.waitsItsTurn();
    world.comesUp();
    expect(world.sent()).not.toContain("order");
  });

  it("that waits behind a dying socket is kept for the next one", async () => {
    const world = startIn("stable", { pacing: { frames: 1, perMs: 1_000 } });
    world.clock.advance(1_000);
    world.socket.holdsSends = true;
    const fates = ["one", "two", "three"].map((text) => world.feed.send(text));
    expect(world.feed.status().outbox.messages).toBe(2);
    world.socket.drops("ECONNRESET");
    expect(world.feed.status().outbox).toMatchObject({ messages: 2, unknown: 1 });

    world.waitsItsTurn();
    world.comesUp();
    world.clock.advance(3_000);
    expect(world.sent().slice(-2)).toEqual(["two", "three"]);
    expect(await Promise.all(fates)).toEqual([
      { fate: "unknown" },
      { fate: "written" },
      { fate: "written" },
    ]);
  });

  it("that waits behind a stalled socket is not burnt on it when it dies", async () => {
    const world = startIn("stable");
    world.socket.holdsSends = true;
    const half = "x".repeat(600_000);
    const fates = [half, half, "small", "also small"].map((text) => world.feed.send(text));
    expect(world.feed.status().outbox.messages).toBe(2);
    world.socket.drops("ECONNRESET");
    expect(world.feed.status().outbox).toMatchObject({ messages: 2, unknown: 2 });

    world.waitsItsTurn();
    world.comesUp();
    expect(world.sent().slice(-2)).toEqual(["small", "also small"]);
    expect((await Promise.all(fates)).map(({ fate }) => fate)).toEqual([
      "unknown",
      "unknown",
      "written",
      "written",
    ]);
  });

  it("holds back behind a megabyte that the socket has not taken", () => {
    const world = startIn("stable");
    world.socket.holdsSends = true;
    const half = "x".repeat(600_000);
    for (const text of [half, half, "small"]) void world.feed.send(text);
    expect(world.feed.status().outbox.messages).toBe(1);
    world.socket.releasesSends();
    expect(world.sent().at(-1)).toBe("small");
    expect(world.feed.status().outbox).toMatchObject({ messages: 0, written: 3 });
  });

  it("expires where it waits too long, over outages too", async () => {
    const world = startIn("reconnecting");
    const fate = world.feed.send("old news", { ttlMs: 1_500 });
    world.waitsItsTurn();
    world.clock.advance(500);
    expect(await fate).toEqual({ fate: "dropped", reason: "expired" });
    world.comesUp();
    expect(world.sent()).not.toContain("old news");
  });

  it("is rejected by a full outbox, whose bound is its own", async () => {
    const world = startIn("connecting", { outbox: { messages: 1 } });
    const fates = [world.feed.send("a"), world.feed.send("b")];
    expect(await fates[1]).toEqual({ fate: "dropped", reason: "overflow" });
    world.comesUp();
    expect(await fates[0]).toEqual({ fate: "written" });
  });

  it("ends in exactly one fate over any history", async () => {
    const steps = fc.array(
      fc.constantFrom("send", "send", "up", "drops", "holds", "releases", "waits", "reconnect"),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.constantFrom("close", "terminate", "fail"),
        async (history, end) => {
          const world = startIn("connecting", {
            pacing: { frames: 2, perMs: 700 },
            outbox: { messages: 5, ttlMs: 2_500, overflow: "drop-oldest" },
          });
          const fates: string[] = [];
          let sends = 0;
          for (const step of history) {
            switch (step) {
              case "send":
                sends += 1;
                void world.feed.send(String(sends)).then(({ fate }) => fates.push(fate));
                break;
              case "up":
                world.comesUp();
                break;
              case "drops":
                world.socket.drops("ECONNRESET");
                break;
              case "holds":
                world.socket.holdsSends = true;
                break;
              case "releases":
                world.socket.releasesSends();
                break;
              case "waits":
                world.clock.advance(1_000);
                break;
              case "reconnect":
                world.feed.reconnect();
                break;
            }
          }
          if (end === "fail") world.socket.ends({ class: "redirect", phase: "upgrade" });
          if (end === "close") void world.feed.close();
          else world.feed.terminate();
          world.clock.advance(2_000);
          await promisesSettle();

          expect(fates).toHaveLength(sends);
          const written = world.memory.sockets.flatMap(({ sent }) =>
            sent.flatMap(({ data }) => (/^\d+$/.test(String(data)) ? [Number(data)] : [])),
          );
          expect(written).toEqual([...new Set(written)].toSorted((a, b) => a - b));
          expect(world.clock.armed).toBe(0);
        },
      ),
      { seed: 20261122, numRuns: 200 },
    );
  });
});

describe("messages()", () => {
  it("gives gaps and resets in band, before the message that shows them", async () => {
    const world = startIn("stable");
    const items = world.feed.messages();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 4 });
    void world.feed.close();
    world.socket.answersClose();
    const kinds: string[] = [];
    for await (const item of items) kinds.push(item.kind);
    expect(kinds).toEqual(["message", "gap", "message"]);
  });

  it("gives each iterator everything from the moment it was made, each at its own pace", async () => {
    const world = startIn("stable");
    const early = world.feed.messages({ highWaterMark: 2 });
    world.receives({ s: "a", n: 1 });
    const late = world.feed.messages();
    world.receives({ s: "a", n: 2 }, { s: "a", n: 3 });
    expect(await early.next()).toMatchObject({ value: { kind: "overflow", dropped: 1 } });
    expect(await early.next()).toMatchObject({ value: { data: { n: 2 } } });
    expect(await late.next()).toMatchObject({ value: { data: { n: 2 } } });
    expect(await late.next()).toMatchObject({ value: { data: { n: 3 } } });
    expect(world.heard("overflow")).toMatchObject([{ overflow: { dropped: 1 } }]);
  });

  it("buffers nothing while nobody iterates", async () => {
    const world = startIn("stable");
    world.receives({ s: "a", n: 1 });
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 1, delivered: 0 });
    const items = world.feed.messages();
    world.receives({ s: "a", n: 2 });
    expect(await items.next()).toMatchObject({ value: { data: { n: 2 } } });
  });

  it("ends on close, after what waits", async () => {
    const world = startIn("stable");
    const items = world.feed.messages();
    world.receives({ s: "a", n: 1 });
    world.feed.terminate();
    expect(await items.next()).toMatchObject({ value: { data: { n: 1 } } });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(await world.feed.messages().next()).toEqual({ done: true, value: undefined });
  });

  it("throws the failure on failed, after what waits, once", async () => {
    const world = startIn("stable");
    const items = world.feed.messages();
    world.receives({ s: "a", n: 1 });
    world.socket.ends({ class: "redirect", phase: "upgrade" });
    expect(await items.next()).toMatchObject({ value: { data: { n: 1 } } });
    await expect(items.next()).rejects.toMatchObject({ code: "ERR_CONNECTION_FAILED" });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    await expect(world.feed.messages().next()).rejects.toThrow("redirect");
  });

  it("goes on over outages", async () => {
    const world = startIn("stable");
    const items = world.feed.messages();
    world.receives({ s: "a", n: 1 });
    world.socket.drops();
    world.waitsItsTurn();
    world.comesUp();
    world.receives({ s: "a", n: 4 });
    expect(await items.next()).toMatchObject({ value: { data: { n: 1 } } });
    expect(await items.next()).toMatchObject({ value: { kind: "gap", from: 2, to: 3 } });
    expect(await items.next()).toMatchObject({ value: { data: { n: 4 } } });
  });

  it("may be cut short before it began, beside others", async () => {
    const world = startIn("stable");
    const other = world.feed.messages();
    const never = world.feed.messages({ signal: AbortSignal.abort() });
    expect(await never.next()).toEqual({ done: true, value: undefined });
    world.receives({ s: "a", n: 1 });
    expect(await other.next()).toMatchObject({ value: { data: { n: 1 } } });
    expect(world.feed.status().queues).toHaveLength(1);
  });

  it("leaves no listener on a signal that outlives it", async () => {
    const { signal } = new AbortController();
    const world = startIn("stable");
    await world.feed.messages({ signal }).return?.();
    world.feed.messages({ signal });
    world.feed.terminate();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("pauses the socket until the last of several slow iterators has caught up", async () => {
    const world = startIn("stable");
    const options = { overflow: "pause", highWaterMark: 1 } as const;
    const slow = [world.feed.messages(options), world.feed.messages(options)];
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(world.socket.isPaused).toBe(true);
    for (const items of slow) {
      expect(world.socket.isPaused).toBe(true);
      await items.next();
      await items.next();
    }
    expect(world.socket.isPaused).toBe(false);
  });
});

describe("closed", () => {
  it("is the last fact, whatever a listener has interrupted by closing", () => {
    const venue = numberedVenue({
      freshness: () => ({ firstMs: 1_000, silenceMs: null }),
      open: () => ({ ...numberedVenue().open(), topicOf: ({ s }) => s }),
    });
    const world = startSupervisor<Json>({ target: venue, topics: ["a"] }).comesUp();
    world.receives({ s: "a", n: 1 });
    world.feed.unsubscribe("a");
    world.confirmsAll();
    world.feed.subscribe("a");
    world.confirmsAll();
    world.clock.advance(1_000);
    expect(world.heard("topic.stale")).toHaveLength(1);
    world.feed.on("gap", () => world.feed.terminate());
    world.receives({ s: "a", n: 3 });
    expect(world.facts.slice(-3).map(({ type }) => type)).toEqual(["gap", "state", "closed"]);
  });
});

describe("a listener", () => {
  it("hears its own facts only, until it is taken off", () => {
    const world = startIn("connecting");
    const heard: string[] = [];
    const off = world.feed.on("up", ({ type }) => heard.push(type));
    world.comesUp();
    world.feed.reconnect();
    off();
    off();
    world.comesUp();
    expect(heard).toEqual(["up"]);
  });

  it("counts twice when it is put on twice, each with its own end", () => {
    const world = startIn("connecting");
    const heard: string[] = [];
    const listener = ({ type }: { readonly type: string }) => heard.push(type);
    const off = world.feed.on("up", listener);
    world.feed.on("up", listener);
    world.comesUp();
    expect(heard).toEqual(["up", "up"]);
    off();
    world.feed.reconnect();
    world.comesUp();
    expect(heard).toHaveLength(3);
  });

  it("that ends itself and listens anew is heard once a fact", () => {
    const world = startIn("connecting");
    let calls = 0;
    let off = world.feed.on("up", again);
    function again(): void {
      calls += 1;
      off();
      off = world.feed.on("up", again);
    }
    world.comesUp();
    expect(calls).toBe(1);
    world.feed.reconnect();
    world.comesUp();
    expect(calls).toBe(2);
  });

  it("that another one takes off first is not called any more", () => {
    const world = startIn("connecting");
    const heard: string[] = [];
    const offs: (() => void)[] = [];
    world.feed.on("up", () => {
      for (const off of offs) off();
    });
    offs.push(world.feed.on("up", () => heard.push("second")));
    world.comesUp();
    expect(heard).toEqual([]);
  });
});
