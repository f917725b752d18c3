/** What `status()` says in a listener agrees with the fact that the listener hears. */
import { describe, expect, it } from "vitest";
import { later } from "../../../machines/refusal.ts";
import type { Fact, FactType, Status } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  promisesSettle,
  SupervisorWorld,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

type Agreement<T extends FactType> = (fact: Fact<T>, world: World) => unknown;

type World = SupervisorWorld<Json>;

const nothingAsked = { confirmed: 0, rejected: 0, refused: 0 };

const lost: Agreement<"down" | "attempt.failed"> = ({ loss, retryInMs, atMs }, { feed }) => ({
  // `retryInMs` is 0 where another socket is dialled in the same step: then nothing waits.
  state: { null: "failed", 0: "connecting" }[String(retryInMs)] ?? "reconnecting",
  isReady: false,
  phase: undefined,
  lastLoss: loss,
  retryInMs: retryInMs === 0 ? null : retryInMs,
  nextAttemptAtMs: retryInMs === 0 || retryInMs === null ? null : atMs + retryInMs,
  topics: { ...nothingAsked, pending: feed.topics().length },
  lastByteAtMs: 0,
  roundTripMs: null,
});

/** What status has to say, for every fact that says something about it. */
const agreements: { readonly [T in FactType]?: Agreement<T> } = {
  state: ({ state, atMs }) => ({ state, sinceMs: atMs }),
  up: () => ({ state: "connected", isReady: true, attempt: 0, outage: undefined }),
  down: (fact, world) => ({
    ...(lost(fact, world) as object),
    outage: { cause: fact.loss, sinceMs: fact.atMs },
  }),
  "attempt.failed": (fact, world) => ({
    ...(lost(fact, world) as object),
    failures: fact.failures,
    ...(fact.retryInMs === 0 ? {} : { attempt: fact.attempt }),
  }),
  "command.delayed": ({ retryInMs, atMs }) => ({
    state: "reconnecting",
    retryInMs,
    nextAttemptAtMs: atMs + retryInMs,
  }),
  failed: ({ loss }) => ({ state: "failed", isReady: false, lastLoss: loss, retryInMs: null }),
  recovered: ({ report }) => ({ lastOutage: report, outage: undefined, isReady: true }),
  "subscriptions.settled": ({ confirmed, rejected, refused }) => ({
    state: "connected",
    topics: {
      confirmed: confirmed.length,
      rejected: rejected.length,
      refused: refused.length,
    },
  }),
  internal: () => ({ state: "closed", isReady: false, lastByteAtMs: 0 }),
  closed: () => ({ state: "closed", isReady: false, lastByteAtMs: 0, outage: undefined }),
  "topic.rejected": (_, { feed }) => ({ topics: { rejected: countIn(feed, "rejected") } }),
  "topic.refused": (_, { feed }) => ({ topics: { refused: countIn(feed, "refused") } }),
  "topic.quarantined": (_, { feed }) => ({ topics: { quarantined: countIn(feed, "quarantined") } }),
};

function countIn(feed: World["feed"], state: string): number {
  const count = feed.topics().filter((topic) => topic.state === state).length;
  expect(count).toBeGreaterThan(0);
  return count;
}

/** Facts whose status is another one before they are counted. */
const counted: { readonly [T in FactType]?: (status: Status) => number } = {
  "message.invalid": ({ inbound }) => inbound.invalid,
  "message.unjudged": ({ inbound }) => inbound.unjudged,
  "message.dropped": ({ inbound }) => inbound.duplicates + inbound.stale + inbound.late,
  gap: ({ inbound }) => inbound.gaps,
  reset: ({ inbound }) => inbound.resets,
  mismatch: ({ inbound }) => inbound.mismatches,
  "in-doubt": ({ inbound }) => inbound.inDoubt,
  invalid: ({ recovery }) => recovery.streams.length,
  valid: ({ recovery }) => recovery.recovered,
  overflow: ({ queues }) => queues.reduce((sum, { dropped }) => sum + dropped, 0),
  "callback.failed": ({ callbackFailures }) => callbackFailures,
};

/** Facts that were heard with a status that agreed. */
const proven = new Set<FactType>();

/** A connection whose listeners all look at its status. */
function watched(options: WorldOptions<Json> = {}): World {
  const world = new SupervisorWorld<Json>({
    ...numbered,
    ...everySecond,
    topics: ["a"],
    ...options,
  });
  world.feed.on("*", (fact) => {
    const status = world.feed.status();
    const agrees = agreements[fact.type] as Agreement<FactType> | undefined;
    if (agrees !== undefined) {
      expect(status, fact.type).toMatchObject(agrees(fact, world) as object);
      proven.add(fact.type);
    }
    const count = counted[fact.type];
    if (count !== undefined) {
      expect(count(status), fact.type).toBe(world.heard(fact.type).length);
      proven.add(fact.type);
    }
  });
  return world;
}

/** What a listener's expectation throws is a fact, not an error of the test's. */
function agreed(world: World): void {
  const failures = world.heard("callback.failed").filter(({ error }) => error !== mine);
  expect(failures.map(({ error }) => (error as Error).message)).toEqual([]);
}

const mine = new Error("mine");

describe("status() in a listener agrees with", () => {
  it("an outage, from the first loss to the report", () => {
    const world = watched().start().comesUp();
    world.receives({ s: "a", n: 1 });
    world.clock.advance(14_000);
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.socket.failsToConnect();
    world.waitsItsTurn();
    world.comesUp();
    world.clock.advance(60_000);
    agreed(world);
  });

  it("a first dial that fails, and a final refusal", () => {
    const world = watched().start();
    world.socket.failsToConnect();
    world.waitsItsTurn();
    world.socket.refuses(451);
    world.feed.connect();
    world.comesUp();
    world.socket.refuses(451);
    agreed(world);
  });

  it("retries that run out", () => {
    const world = watched({ maxRetries: 1 }).start();
    world.socket.failsToConnect();
    world.waitsItsTurn();
    world.socket.failsToConnect();
    expect(world.heard("failed")).toHaveLength(1);
    agreed(world);
  });

  it("a dial that fails within the step that makes it", () => {
    const world = watched({ target: () => "no url" }).start();
    expect(world.heard("failed")).toHaveLength(1);
    agreed(world);
  });

  it("commands, also too many of them", () => {
    const world = watched().start().comesUp();
    for (let times = 0; times < 7; times += 1) world.feed.reconnect();
    expect(world.heard("command.delayed")).toHaveLength(1);
    world.waitsItsTurn();
    world.comesUp();
    agreed(world);
  });

  it("close, terminate and an internal error", async () => {
    for (const end of ["close", "terminate", "internal"] as const) {
      const world = watched().start().comesUp();
      if (end === "internal") {
        world.feed.actor?.send({ type: "xstate.error.actor.socket", error: mine } as never);
      } else {
        void world.feed[end]();
        world.socket.answersClose();
      }
      expect(world.feed.state).toBe("closed");
      agreed(world);
    }
  });

  it("a close before it ever ran", () => {
    const world = watched();
    world.feed.terminate();
    agreed(world);
  });

  it("topics that are settled within the step that asks for them", () => {
    const { subscriptions: _, ...unanswered } = numbered;
    const world = new SupervisorWorld<Json>({ ...unanswered, topics: ["a"] });
    const states: string[] = [];
    world.feed.on("subscriptions.settled", () => void states.push(world.feed.state));
    world.feed.on("up", () => void states.push(world.feed.state));
    world.start().socket.opens();
    expect(states).toEqual(["connected", "connected"]);
  });

  it("topics that are refused", () => {
    const world = watched({ topics: ["a", "b", "c"] }).start();
    world.socket.opens();
    const [request] = world.requests();
    world.receives({ ack: request?.id ?? 0, no: ["b"] });
    world.feed.subscribe("d");
    world.receives({ ack: world.requests().at(-1)?.id ?? 0, error: "busy", refusal: later() });
    expect(world.heard("topic.rejected")).toHaveLength(1);
    expect(world.heard("topic.refused")).toHaveLength(1);
    agreed(world);
  });

  it("what is counted of messages and of the user's functions", () => {
    const world = watched().start().comesUp();
    world.feed.on("gap", () => {
      throw mine;
    });
    const items = world.feed.messages({ highWaterMark: 1 });
    world.socket.receives("{");
    world.receives({ s: "a", n: 1 }, { s: "a", n: 1 }, { s: "a", n: 9 });
    world.clock.advance(60_000);
    void items.return?.();
    agreed(world);
  });

  it("numberings that start over, also where the socket's end decides", () => {
    const world = watched({ recovery: null }).start().comesUp();
    world.receives({ s: "a", n: 100 });
    world.receives({ s: "a", n: 3 });
    world.clock.advance(1_500);
    expect(world.heard("in-doubt")).toHaveLength(1);
    world.socket.drops();
    expect(world.heard("reset")).toHaveLength(1);
    agreed(world);
  });

  it("streams that are not whole, and whole again", async () => {
    const world = watched({
      recovery: {
        fetchSnapshot: () => Promise.resolve({ data: {}, position: 9 }),
        bridge: (snapshot, { last }) => (last > snapshot ? "apply" : "drop"),
      },
    }).start();
    world.comesUp();
    world.feed.messages();
    for (let n = 1; n < 12; n += 1) {
      world.receives({ s: "a", n });
      world.clock.advance(500);
      await promisesSettle();
    }
    expect(world.heard("valid")).toHaveLength(1);
    agreed(world);
  });

  it("nearly every fact: those are heard above", () => {
    const missing = [...Object.keys(agreements), ...Object.keys(counted)].filter(
      (type) => !proven.has(type as FactType),
    );
    expect(missing).toEqual(["topic.quarantined", "message.unjudged", "mismatch"]);
  });
});

describe("the order in which listeners hear", () => {
  it("is facts before the messages that came after them", () => {
    const world = new SupervisorWorld<Json>({ ...numbered, topics: ["a"], recovery: null });
    const heard: unknown[] = [];
    world.feed.on("*", ({ type }) => void heard.push(type));
    world.feed.on("message", ({ data }) => void heard.push(data.n));
    world.start().comesUp();
    world.receives({ s: "a", n: 100 });
    world.receives({ s: "a", n: 3 });
    heard.length = 0;
    world.socket.drops(); // what was held is delivered, in a numbering of its own
    expect(heard).toEqual(["down", "reset", 3, "state"]);
  });

  it("is the same where a listener gives commands: each after the step that it hears of", () => {
    const world = new SupervisorWorld<Json>({ ...numbered, target: () => "no url" });
    const heard: string[] = [];
    let isFirst = true;
    world.feed.on("attempt.failed", () => {
      if (isFirst) world.feed.reconnect();
      isFirst = false;
    });
    world.feed.on("*", ({ type }) => void heard.push(type));
    world.start();
    expect(heard.filter((type) => type !== "alert")).toEqual([
      "state",
      "attempt.failed",
      "failed",
      "state",
      "state",
      "attempt.failed",
      "failed",
      "state",
    ]);
  });
});
