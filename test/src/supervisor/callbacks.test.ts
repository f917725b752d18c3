/** Functions of the user's that fail: each is reported, and nothing else comes of it. */
import { describe, expect, it } from "vitest";
import type { Fact, SubscriptionProtocol, SupervisorOptions } from "../../../src/index.ts";
import {
  answered,
  type Json,
  numbered,
  numberedVenue,
  promisesSettle,
  SupervisorWorld,
} from "../start-supervisor.ts";

const fail = (): never => {
  throw new Error("not my day");
};
// An async function where none is expected.
const reject = (): never => Promise.reject(new Error("not my day")) as never;

/** A life with a bit of everything, the same for every test: what was told, and what was sent. */
async function liveWith(
  options: SupervisorOptions<Json> = {},
  prepare: (world: SupervisorWorld<Json>) => void = () => undefined,
): Promise<{ readonly world: SupervisorWorld<Json>; readonly story: unknown }> {
  const world = new SupervisorWorld<Json>({ ...numbered, topics: ["a", "b"], ...options });
  prepare(world);
  world.start();
  await promisesSettle();
  world.comesUp();
  world.receives({ s: "a", n: 1 }, { s: "a", n: 4 }, { s: "b", n: 1 });
  world.feed.unsubscribe("b");
  world.confirmsAll();
  world.clock.advance(12_000);
  world.socket.drops("ECONNRESET");
  await promisesSettle();
  world.waitsItsTurn();
  world.socket.failsToConnect();
  world.waitsItsTurn();
  world.comesUp();
  void world.feed.send("hello");
  world.receives({ s: "a", n: 5 });
  void world.feed.close();
  world.socket.answersClose();
  await promisesSettle();

  const told = world.facts.filter(({ type }) => type !== "callback.failed");
  return {
    world,
    story: { told, sent: world.memory.sockets.map(({ sent }) => sent) },
  };
}

describe("a listener that fails", () => {
  it.each([
    ["throws", fail],
    ["rejects", reject],
  ])("and %s changes nothing, whatever it listens to", async (_, listener) => {
    const { story } = await liveWith();
    for (const type of ["up", "down", "gap", "state", "recovered", "closed", "message"] as const) {
      const { world, story: same } = await liveWith({}, ({ feed }) => {
        feed.on(type, listener);
      });
      expect(same).toEqual(story);
      expect(new Set(world.failedCallbacks())).toEqual(new Set([`listener of "${type}"`]));
      expect(world.feed.status().callbackFailures).toBe(world.failedCallbacks().length);
    }
  });

  it("does not keep others from hearing", async () => {
    const heard: string[] = [];
    await liveWith({}, ({ feed }) => {
      feed.on("up", fail);
      feed.on("up", ({ type }) => heard.push(type));
      feed.on("message", fail);
      feed.on("message", ({ kind }) => heard.push(kind));
    });
    expect(heard).toEqual(["up", "message", "message", "message", "up", "message"]);
  });

  it.each([
    ["throws", fail],
    ["rejects", reject],
  ])(
    "on the report of a failure (%s) is counted, and is no end of reports",
    async (_, listener) => {
      for (const type of ["callback.failed", "*"] as const) {
        const { world } = await liveWith({}, ({ feed }) => {
          feed.on("down", fail);
          feed.on(type, listener);
        });
        const reports = world.facts.filter((fact: Fact) => fact.type === "callback.failed").length;
        expect(reports).toBeLessThanOrEqual(world.facts.length);
        expect(world.feed.status().callbackFailures).toBeGreaterThan(reports);
      }
    },
  );
});

describe("a function among the options that fails", () => {
  it.each([
    ["verdict", "throws", { verdict: fail }],
    ["verdict", "rejects", { verdict: reject }],
    ["verdict", "says what is none", { verdict: () => ({ action: "panic" }) as never }],
    ["backoff", "throws", { backoff: fail }],
    ["backoff", "rejects", { backoff: reject }],
    ["backoff", "says NaN", { backoff: () => NaN }],
    ["inspect", "throws", { inspect: fail }],
    ["inspect", "throws as an observer", { inspect: { next: fail } }],
  ] as readonly [string, string, SupervisorOptions<Json>][])(
    "%s: %s, and the connection lives as if there were none",
    async (name, _, options) => {
      const { story } = await liveWith();
      const { world, story: same } = await liveWith(options);
      expect(same).toEqual(story);
      expect(new Set(world.failedCallbacks())).toEqual(new Set([name]));
      expect(world.clock.armed).toBe(0);
    },
  );

  it("backoff: may say minus one or for ever, and is held to what a timer can hold", async () => {
    for (const [says, waits] of [
      [-1, 0],
      [Infinity, 2 ** 31 - 1],
      [1.4, 1],
    ] as const) {
      const world = new SupervisorWorld({ backoff: () => says }).start();
      world.socket.failsToConnect();
      expect(world.feed.status().retryInMs).toBe(waits);
      expect(world.failedCallbacks()).toEqual([]);
    }
  });

  it.each([
    ["throws", fail],
    ["gives nothing", () => undefined as never],
    ["gives what JSON cannot hold", () => ({ id: 5n })],
  ])(
    "subscribe: %s, its topics count as refused for now and the connection is ready",
    (_, subscribe) => {
      const world = new SupervisorWorld<Json>({
        ...numbered,
        subscriptions: { ...answered, subscribe },
        topics: ["a"],
      }).start();
      world.socket.opens();
      expect(world.failedCallbacks()).toEqual(["subscriptions.subscribe"]);
      expect(world.feed.status().isReady).toBe(true);
      expect(world.heard("subscriptions.settled")).toMatchObject([
        {
          confirmed: [],
          refused: [{ topic: "a", reason: "the subscription protocol gave no frame" }],
        },
      ]);
      expect(world.sent()).toEqual([]);
      world.clock.advance(30_000);
      expect(world.failedCallbacks()).toHaveLength(2);
    },
  );

  it.each([
    ["throws", fail],
    ["gives nothing", () => undefined as never],
  ])("unsubscribe: %s, and its topics are let go", (_, unsubscribe) => {
    const world = new SupervisorWorld<Json>({
      ...numbered,
      subscriptions: { ...answered, unsubscribe },
      topics: ["a"],
    }).start();
    world.comesUp();
    world.feed.unsubscribe("a");
    expect(world.failedCallbacks()).toEqual(["subscriptions.unsubscribe"]);
    expect(world.feed.topics()).toEqual([]);
    expect(world.requests()).toHaveLength(1);
  });

  it.each(["decode", "sequence", "acknowledge"] as const)(
    "%s: throws, the message is invalid and the next one still comes",
    (name) => {
      const failing = (data: Buffer | Json): never | Json => {
        const json = Buffer.isBuffer(data) ? numbered.decode(data) : data;
        if (json["bad"] === true) throw new Error(`${name} failed`);
        return json;
      };
      const options: SupervisorOptions<Json> = {
        ...numbered,
        ...(name === "decode" && { decode: failing }),
        ...(name === "sequence" && {
          sequence: (message: Json) => numbered.sequence(failing(message)),
        }),
        ...(name === "acknowledge" && {
          subscriptions: {
            ...answered,
            acknowledge: (message: Json) => answered.acknowledge?.(failing(message)),
          } satisfies SubscriptionProtocol<Json>,
        }),
      };
      const world = new SupervisorWorld<Json>(options).start();
      const seen: unknown[] = [];
      world.feed.on("message", ({ data }) => seen.push(data.n));
      world.comesUp();
      world.receives({ s: "a", n: 1 }, { s: "a", n: 2, bad: true }, { s: "a", n: 3 });
      expect(seen).toEqual([1, 3]);
      expect(world.heard("message.invalid")).toMatchObject([
        { reason: `${name} failed`, excerpt: '{"s":"a","n":2,"bad":true}' },
      ]);
      expect(world.heard("gap")).toMatchObject([{ stream: "a", from: 2, to: 2 }]);
      expect(world.feed.status()).toMatchObject({ isReady: true, inbound: { invalid: 1 } });
    },
  );

  it("an excerpt of what cannot be read is escaped and short", () => {
    const world = new SupervisorWorld<Json>(numbered).start();
    world.comesUp();
    world.socket.receives(`\u001b[31m${"x".repeat(1_000)}`);
    const [{ excerpt } = { excerpt: "" }] = world.heard("message.invalid");
    expect(excerpt).toMatch(/^\\u\{1b\}\[31mxxx/);
    expect(excerpt.length).toBeLessThanOrEqual(200);
  });

  it("key: throws, and its iterator gives every message", async () => {
    const world = new SupervisorWorld<Json>(numbered).start();
    world.comesUp();
    const items = world.feed.messages({ overflow: "conflate", key: fail });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(await items.next()).toMatchObject({ value: { data: { n: 1 } } });
    expect(await items.next()).toMatchObject({ value: { data: { n: 2 } } });
    expect(world.failedCallbacks()).toContain("messages().key");
  });
});

describe("a verdict of the user's", () => {
  it("decides before the table", () => {
    const seen: unknown[] = [];
    const world = new SupervisorWorld({
      verdict: (loss, history) => {
        seen.push([loss.class, history.losses.length]);
        return loss.class === "dropped" ? { action: "refuse" } : undefined;
      },
    }).start();
    world.socket.failsToConnect();
    expect(world.heard("attempt.failed")).toMatchObject([{ rule: "unreachable" }]);
    world.waitsItsTurn();
    world.comesUp();
    world.socket.drops();
    expect(world.heard("failed")).toMatchObject([{ rule: "custom" }]);
    expect(seen).toEqual([
      ["unreachable", 0],
      ["dropped", 1],
    ]);
  });

  it("may be rules, asked in order, before the table", () => {
    const world = new SupervisorWorld({
      verdict: [
        {
          name: "mine",
          when: { class: "closed-by-peer", closeCodes: [4_000, 4_999], detailIncludes: "banned" },
          ruling: { action: "refuse" },
        },
        {
          name: "twice",
          when: { class: "dropped" },
          ruling: { action: "now" },
          repeated: { times: 2, withinMs: 60_000, ruling: { action: "slow", floorMs: 30_000 } },
        },
      ],
    }).start();
    world.comesUp();
    world.socket.drops();
    expect(world.feed.status().retryInMs).toBe(0);
    world.waitsItsTurn();
    world.comesUp();
    world.socket.drops();
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(30_000);
    world.waitsItsTurn();
    world.comesUp();
    world.socket.closes(4_001, "you are banned");
    expect(world.heard("failed")).toMatchObject([{ rule: "mine" }]);
  });
});

describe("a venue's own function that throws", () => {
  it.each([
    ["a host without a name", { host: "" }],
    ["a host that is no name", { host: 5 }],
  ])("that is no recovery leaves the gap reported, too: %s", (_, wrong) => {
    const right = { bridge: () => "apply", fetchSnapshot: () => Promise.reject(new Error("no")) };
    const recovery = () => ({ ...right, ...wrong }) as never;
    const world = new SupervisorWorld<Json>({ target: numberedVenue({ recovery }) }).start();
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 3 });
    expect(world.heard("gap")).toHaveLength(1);
    expect(new Set(world.failedCallbacks())).toEqual(new Set(["recovery"]));
  });

  it("about the recovery of a stream leaves its gap reported, and the feed going on", () => {
    const recovery = () => {
      throw new Error("no idea");
    };
    const world = new SupervisorWorld<Json>({ target: numberedVenue({ recovery }) }).start();
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 3 }, { s: "a", n: 4 });
    expect(world.heard("gap")).toMatchObject([{ from: 2, to: 2 }]);
    expect(new Set(world.failedCallbacks())).toEqual(new Set(["recovery"]));
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 3 });
    expect(world.feed.state).toBe("connected");
  });

  it("about the freshness of a topic lets that topic be silent", () => {
    const freshness = () => {
      throw new Error("no idea");
    };
    const world = new SupervisorWorld<Json>({
      target: numberedVenue({ freshness }),
      topics: ["a"],
    }).start();
    world.comesUp();
    expect(world.failedCallbacks()).toContain("freshness");
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
  });
});
