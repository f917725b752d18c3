/** Topics through all states: what is asked for, when, at which pace, and what is told of it. */
import { describe, expect, it } from "vitest";
import { later } from "../../../machines/refusal.ts";
import {
  answered,
  everySecond,
  numbered,
  numberedVenue,
  startSupervisor,
  SupervisorWorld,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

function startWith(options: WorldOptions<Json> = {}): SupervisorWorld<Json> {
  return startSupervisor<Json>({ ...numbered, ...everySecond, ...options });
}

/** `op topics` of each request of the newest socket. */
function asked(world: SupervisorWorld<Json>): string[] {
  return world.requests().map(({ op, topics }) => `${op} ${topics.join(",")}`);
}

/** `count` topics: t0, t1, … */
function topicsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `t${index}`);
}

/** When the newest socket was sent each frame, in milliseconds from the first. */
function sentAfterMs(world: SupervisorWorld<Json>): number[] {
  const [first] = world.socket.sent;
  return world.socket.sent.map(({ atMs }) => atMs - (first?.atMs ?? 0));
}

describe("a new socket", () => {
  it("is asked for exactly what is wanted, before anything else may be sent", () => {
    const world = startWith({ topics: ["a", "b"] });
    void world.feed.send("mine");
    world.socket.opens();
    expect(world.sent()).toEqual(['{"op":"sub","topics":["a","b"],"id":1}']);
    world.confirmsAll();
    expect(world.sent().at(-1)).toBe("mine");
    expect(world.heard("subscriptions.settled")).toMatchObject([
      { confirmed: ["a", "b"], rejected: [], timedOut: [] },
    ]);
  });

  it("is ready at once where nothing is wanted", () => {
    const world = startWith();
    world.socket.opens();
    expect(world.feed.status().isReady).toBe(true);
    expect(world.heard("subscriptions.settled")).toEqual([]);
  });

  it("is asked again for all of it after each loss, under new ids", () => {
    const world = startWith({ topics: ["a"] }).comesUp();
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    expect(world.requests()).toEqual([{ op: "sub", topics: ["a"], id: 2 }]);
  });

  it("is asked for all of it when the last one was lost in the midst of its replay", () => {
    const world = startWith({
      topics: ["a", "b", "c"],
      resubscribe: { topicsPerFrame: 1 },
    });
    world.socket.opens();
    world.receives({ ack: 1 });
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    expect(asked(world)).toEqual(["sub a", "sub b", "sub c"]);
  });

  it("may be sent the topics themselves, where no protocol is given: written is confirmed", () => {
    const world = startSupervisor({ topics: [{ op: "sub", arg: "a" }, "b"] });
    world.socket.opens();
    expect(world.sent()).toEqual(['{"op":"sub","arg":"a"}', "b"]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    expect(world.heard("subscriptions.settled")).toHaveLength(1);
  });

  it("has confirmed nothing that it has not taken", () => {
    const world = startSupervisor({ topics: ["a"] });
    world.socket.holdsSends = true;
    world.socket.opens();
    expect(world.feed.status()).toMatchObject({ isReady: false, topics: { pending: 1 } });
    world.socket.releasesSends();
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
    expect(world.heard("subscriptions.settled")).toHaveLength(1);
  });
});

describe("a change of what is wanted", () => {
  /** How a test gets to each state with "old" and "kept" wanted. */
  const roads: Record<string, (world: SupervisorWorld<Json>) => void> = {
    idle: () => undefined,
    connecting: (world) => void world.start(),
    resubscribing: (world) => world.start().socket.opens(),
    probation: (world) => void world.start().comesUp(),
    stable: (world) => world.start().comesUp().clock.advance(10_000),
    reconnecting: (world) => world.start().comesUp().socket.drops(),
    failed: (world) => world.start().socket.refuses(451),
  };

  it.each(Object.keys(roads))(
    "in %s holds for the socket after it, and no sooner or later",
    (state) => {
      const world = new SupervisorWorld<Json>({
        ...numbered,
        ...everySecond,
        topics: ["old", "kept"],
      });
      roads[state]?.(world);
      world.feed.subscribe(["new", "kept"]);
      world.feed.unsubscribe("old");
      expect(
        world.feed
          .topics()
          .map(({ topic }) => topic)
          .filter((topic) => topic !== "old"),
      ).toEqual(["kept", "new"]);
      if (state === "idle") world.start();
      if (state === "failed") world.feed.connect();
      // Two losses later nothing has changed.
      for (let loss = 0; loss < 2; loss += 1) {
        if (world.feed.state === "connecting") world.comesUp();
        world.confirmsAll();
        world.confirmsAll();
        world.socket.drops();
        world.waitsItsTurn();
        world.socket.opens();
        expect(asked(world)).toEqual(["sub kept,new"]);
        world.confirmsAll();
      }
      expect(world.feed.topics()).toEqual([
        { topic: "kept", state: "confirmed", references: 2 },
        { topic: "new", state: "confirmed", references: 1 },
      ]);
    },
  );

  it.each(["closing", "closed"])("in %s is sent to nobody", (state) => {
    const world = startWith({ topics: ["a"] }).comesUp();
    void world.feed.close();
    if (state === "closed") world.socket.answersClose();
    world.feed.subscribe("b");
    world.feed.unsubscribe("a");
    world.clock.advance(100_000);
    expect(asked(world)).toEqual(["sub a"]);
    expect(world.clock.armed).toBe(0);
  });

  it("on a ready socket leaves at once, in as few frames as may be", () => {
    const world = startWith({ topics: ["a", "b"] }).comesUp();
    world.feed.subscribe(["c", "d"]);
    world.feed.unsubscribe(["a", "b"]);
    expect(asked(world)).toEqual(["sub a,b", "sub c,d", "unsub a,b"]);
    expect(world.feed.status().isReady).toBe(true);
    world.confirmsAll();
    expect(world.heard("subscriptions.settled").at(-1)).toMatchObject({ confirmed: ["c", "d"] });
    expect(world.heard("subscriptions.settled")).toHaveLength(2);
  });

  it("back and forth before it could leave sends nothing", () => {
    const world = startWith({ topics: ["a"], pacing: { frames: 1, perMs: 1_000 } }).comesUp();
    world.feed.subscribe("b");
    world.feed.unsubscribe("b");
    world.feed.unsubscribe("a");
    world.feed.subscribe("a");
    world.clock.advance(10_000);
    expect(asked(world)).toEqual(["sub a"]);
  });

  it("while it pends leaves after the answer, and nothing is delivered twice for it", () => {
    const world = startWith({ topics: ["a"] });
    world.socket.opens();
    world.feed.unsubscribe("a");
    expect(asked(world)).toEqual(["sub a"]);
    world.receives({ ack: 1 });
    expect(asked(world)).toEqual(["sub a", "unsub a"]);
    expect(world.feed.status().isReady).toBe(false);
    world.receives({ ack: 2 });
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { wanted: 0 } });
  });

  it("from a listener is no trouble", () => {
    const world = startWith({ topics: ["a"] });
    world.feed.on("subscriptions.settled", ({ confirmed }) => {
      if (!confirmed.includes("b")) world.feed.subscribe("b");
    });
    world.comesUp();
    expect(asked(world)).toEqual(["sub a", "sub b"]);
    world.confirmsAll();
    expect(world.feed.status().topics.confirmed).toBe(2);
  });

  it("where nothing can be unsubscribed lets the topic go until the next socket", () => {
    const world = startWith({
      topics: ["a", "b"],
      subscriptions: {
        subscribe: (topics, id) => answered.subscribe(topics, id),
        acknowledge: (message) => answered.acknowledge?.(message),
      },
    }).comesUp();
    world.feed.unsubscribe("a");
    expect(world.feed.topics().map(({ topic }) => topic)).toEqual(["b"]);
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    expect(asked(world)).toEqual(["sub b"]);
  });

  it("that needs no frame does not keep a paced send from leaving", () => {
    const world = startSupervisor({ topics: ["a"], pacing: { frames: 1, perMs: 1_000 } });
    world.socket.opens();
    void world.feed.send("one");
    world.feed.unsubscribe("a"); // there is no frame for it
    world.clock.advance(1_000);
    expect(world.sent()).toEqual(["a", "one"]);
  });

  it("is one topic too many for the venue: said at once, and nothing is wanted of it", () => {
    const venue = numberedVenue({ limits: { topicsPerConnection: 2 } });
    const world = startSupervisor<Json>({ target: venue, topics: ["a"] }).comesUp();
    world.feed.subscribe(["a", "b"]);
    expect(() => world.feed.subscribe(["b", "c"])).toThrow(
      "topic: expected at most 2 topics on a connection, received 3",
    );
    expect(world.feed.topics().map(({ references }) => references)).toEqual([2, 1]);
    world.feed.unsubscribe(["a", "a"]);
    world.feed.subscribe("c");
    expect(world.feed.topics().at(-1)).toMatchObject({ topic: "c" });
  });
});

describe("a topic that the server rejects", () => {
  it("is told, and does not take the others or the connection along", () => {
    const world = startWith({ topics: ["a", "b", "c"] });
    world.socket.opens();
    world.receives({ ack: 1, no: ["b"] });
    expect(world.heard("topic.rejected")).toMatchObject([{ topic: "b", reason: "unknown" }]);
    expect(world.alerts("topic-rejected")).toEqual([
      { kind: "topic-rejected", topics: ["b"], reason: "unknown" },
    ]);
    expect(world.heard("subscriptions.settled")).toMatchObject([
      { confirmed: ["a", "c"], rejected: [{ topic: "b", reason: "unknown" }], timedOut: [] },
    ]);
    expect(world.feed.status().isReady).toBe(true);
  });

  it("is told with a reason that is safe to print", () => {
    const world = startWith({ topics: ["a"] });
    world.socket.opens();
    world.receives({ ack: 1, error: "no\u001b[31m" });
    expect(world.heard("topic.rejected")).toMatchObject([{ reason: "no\\u{1b}[31m" }]);
  });

  it("is not asked for again on the same socket", () => {
    const world = startWith({ topics: ["a"] });
    world.socket.opens();
    world.receives({ ack: 1, error: "no" });
    world.clock.advance(1_000_000);
    expect(asked(world)).toEqual(["sub a"]);
  });

  it("is asked for again on the next socket", () => {
    const world = startWith({ topics: ["a"] });
    world.socket.opens();
    world.receives({ ack: 1, error: "no" });
    world.socket.drops();
    world.waitsItsTurn();
    world.comesUp();
    expect(world.feed.topics()).toMatchObject([{ topic: "a", state: "confirmed" }]);
  });
});

describe("a topic that the server refuses for now", () => {
  /** Topics refused by the answer to the first request. */
  function refused(
    topics: readonly string[],
    refusal: Json["refusal"] = later(),
    options: WorldOptions<Json> = {},
  ): SupervisorWorld<Json> {
    const world = startWith({ topics, ...options });
    world.socket.opens();
    world.receives({ ack: 1, error: "busy", refusal });
    return world;
  }

  /** All further requests are refused too. */
  function goesOnRefusing(world: SupervisorWorld<Json>, refusal: Json["refusal"] = later()): void {
    let answered = 1;
    const answer = (): void => {
      for (const { id } of world.requests()) {
        if (id > answered) world.receives({ ack: id, error: "busy", refusal });
        answered = Math.max(answered, id);
      }
      world.clock.setTimeout(answer, 100);
    };
    answer();
  }

  it("is asked for again on the same socket, alone, after waits that grow to 100 s", () => {
    const world = refused(["a"]);
    goesOnRefusing(world);
    world.clock.advance(600_000);
    const atMs = sentAfterMs(world).map((ms) => Math.round(ms / 1_000));
    expect(atMs.slice(0, 9)).toEqual([0, 3, 9, 21, 45, 93, 189, 289, 389]);
    expect(world.dials).toBe(1);
    expect(world.feed.topics()).toMatchObject([{ state: "refused" }]);
  });

  it("waits for longer where nothing is known of the refusal", () => {
    const world = refused(["a"], null);
    goesOnRefusing(world, null);
    world.clock.advance(300_000);
    const atMs = sentAfterMs(world).map((ms) => Math.round(ms / 1_000));
    expect(atMs).toEqual([0, 30, 90, 190, 290]);
  });

  it("is told as a fact, in one alert for all, and as over once it is confirmed", () => {
    const world = refused(["a", "b"]);
    expect(world.heard("topic.refused")).toMatchObject([
      { topic: "a", request: "subscribe", reason: "busy", retryInMs: 3_000 },
      { topic: "b", request: "subscribe", reason: "busy", retryInMs: 3_000 },
    ]);
    expect(world.heard("topic.rejected")).toEqual([]);
    expect(world.alerts("topic-refused")).toEqual([
      { kind: "topic-refused", topics: ["a", "b"], reason: "busy" },
    ]);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { refused: 2, rejected: 0 },
    });
    world.clock.advance(3_000);
    world.confirmsAll();
    expect(world.heard("subscriptions.settled").at(-1)).toMatchObject({
      confirmed: ["a", "b"],
      refused: [],
    });
    expect(world.alerts("topic-refused")).toHaveLength(1);
  });

  it("is over as well when nobody wants it any more, whatever it is that is wanted", () => {
    const world = refused(["a", "b"]);
    world.feed.unsubscribe("a");
    expect(world.heard("subscriptions.settled").at(-1)).toMatchObject({
      refused: [{ topic: "b" }],
    });
    world.feed.unsubscribe("b");
    expect(world.heard("subscriptions.settled").at(-1)).toMatchObject({ refused: [] });
    world.clock.advance(1_000_000);
    expect(asked(world)).toEqual(["sub a,b"]);
  });

  it("is asked for by the next socket with all others, and its alert is not raised again", () => {
    const world = refused(["a", "b"]);
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    expect(asked(world)).toEqual(["sub a,b"]);
    world.receives({ ack: 2, error: "busy", refusal: later() });
    expect(world.alerts("topic-refused")).toHaveLength(1);
  });

  it("is asked for at most ten times a minute among thousands, and holds up nobody", () => {
    const topics = topicsOf(2_000);
    const world = refused(topics, later(), {
      resubscribe: { topicsPerFrame: 2_000, pacing: null },
    });
    goesOnRefusing(world);
    world.clock.advance(61_000);
    world.feed.subscribe("new");
    expect(world.requests().at(-1)?.topics).toEqual(["new"]);
    world.clock.advance(540_000);
    const repeats = world.socket.sent.slice(1).filter(({ data }) => !String(data).includes("new"));
    for (const { atMs } of repeats) {
      const inAMinute = repeats.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
      expect(inAMinute.length).toBeLessThanOrEqual(10);
    }
    expect(repeats.length).toBeGreaterThanOrEqual(90);
    const names = repeats.map(({ data }) => (JSON.parse(String(data)) as Json)["topics"]);
    expect(names).toEqual(topics.slice(0, names.length).map((topic) => [topic])); // each in its turn
  });

  it("has no deadline for its first message, and is not blamed for a dead socket", () => {
    const world = refused(["a"], later(), {
      freshness: () => ({ firstMs: 1_000, silenceMs: 1_000 }),
    });
    world.clock.advance(2_900);
    expect(world.heard("topic.stale")).toEqual([]);
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    expect(asked(world)).toEqual(["sub a"]);
  });

  it("is refused so by an answer that comes to its renewal, too", () => {
    const world = startWith({
      topics: ["a"],
      freshness: () => ({ firstMs: 1_000, silenceMs: 1_000 }),
    }).comesUp();
    world.clock.advance(1_000);
    expect(asked(world)).toEqual(["sub a", "unsub a"]);
    world.receives({ ack: 2 });
    world.receives({ ack: 3, error: "busy", refusal: later() });
    expect(world.alerts("topic-refused")).toMatchObject([{ topics: ["a"] }]);
    world.clock.advance(3_000);
    expect(asked(world).at(-1)).toBe("sub a");
  });
});

describe("an end that the server refuses", () => {
  it("for now is told, and asked for again until it is granted", () => {
    const world = startWith({ topics: ["a"] }).comesUp();
    world.feed.unsubscribe("a");
    world.receives({ ack: 2, error: "busy", refusal: later() });
    expect(world.heard("topic.refused")).toMatchObject([
      { topic: "a", request: "unsubscribe", retryInMs: 3_000 },
    ]);
    world.clock.advance(3_000);
    expect(asked(world)).toEqual(["sub a", "unsub a", "unsub a"]);
    world.receives({ ack: 3 });
    world.clock.advance(1_000_000);
    expect(asked(world)).toHaveLength(3);
  });

  it("for good is told, and counts as the end", () => {
    const world = startWith({ topics: ["a"] }).comesUp();
    world.feed.unsubscribe("a");
    world.receives({ ack: 2, error: "not subscribed" });
    expect(world.heard("topic.refused")).toMatchObject([
      { topic: "a", request: "unsubscribe", reason: "not subscribed", retryInMs: null },
    ]);
    world.clock.advance(1_000_000);
    expect(asked(world)).toHaveLength(2);
  });
});

describe("a request that is not answered", () => {
  it("times out on its own, is told, and the connection is ready without it", () => {
    const world = startWith({
      topics: ["a", "b"],
      resubscribe: { topicsPerFrame: 1, requestTimeoutMs: 2_000 },
    });
    world.socket.opens();
    world.receives({ ack: 2 });
    world.clock.advance(1_999);
    expect(world.feed.status().isReady).toBe(false);
    world.clock.advance(1);
    expect(world.alerts("subscriptions-timed-out")).toEqual([
      { kind: "subscriptions-timed-out", topics: ["a"], retryInMs: 2_000 },
    ]);
    expect(world.heard("subscriptions.settled")).toMatchObject([
      { confirmed: ["b"], rejected: [], timedOut: ["a"] },
    ]);
    expect(world.feed.status().isReady).toBe(true);
  });

  it("is asked for again, alone, after waits that double, and in the end slowly", () => {
    const world = startWith({
      topics: ["a", "b", "c"],
      resubscribe: { requestTimeoutMs: 1_000, retries: 2 },
    });
    const asked = () => world.requests().map(({ topics }) => topics.join());
    world.socket.opens();
    world.clock.advance(1_000);
    expect(world.feed.status().isReady).toBe(true);
    expect(asked()).toEqual(["a,b,c"]);

    world.clock.advance(999);
    expect(asked()).toHaveLength(1);
    world.clock.advance(1);
    expect(asked()).toEqual(["a,b,c", "a", "b", "c"]);
    world.receives({ ack: 2 }, { ack: 4 });

    world.clock.advance(1_000 + 1_999);
    expect(asked()).toHaveLength(4);
    world.clock.advance(1);
    expect(asked().slice(4)).toEqual(["b"]);
    world.clock.advance(1_000 + 100_000);
    expect(asked().slice(5)).toEqual(["b"]);
    world.clock.advance(9 * 101_000);
    expect(asked().slice(5)).toEqual(Array.from({ length: 10 }, () => "b"));
    expect(world.alerts("subscriptions-timed-out")).toEqual([
      { kind: "subscriptions-timed-out", topics: ["a", "b", "c"], retryInMs: 1_000 },
      { kind: "subscriptions-timed-out", topics: ["b"], retryInMs: 100_000 },
    ]);
    world.clock.advance(5_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.heard("subscriptions.settled").at(-1)).toMatchObject({
      confirmed: ["a", "c"],
      timedOut: ["b"],
    });

    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    expect(world.requests().map(({ topics }) => topics)).toEqual([["a", "b", "c"]]);
  });

  it("is confirmed by the answer to any of these", () => {
    const world = startWith({
      topics: ["a"],
      resubscribe: { requestTimeoutMs: 1_000, retries: 1 },
    });
    world.socket.opens();
    world.clock.advance(1_000_000);
    expect(world.feed.status().topics).toMatchObject({ confirmed: 0 });
    world.confirmsAll();
    expect(world.feed.status().topics).toMatchObject({ confirmed: 1, pending: 0 });
    expect(world.heard("subscriptions.settled").at(-1)).toMatchObject({ timedOut: [] });
  });

  it("may be given up at once", () => {
    const world = startWith({
      topics: ["a"],
      resubscribe: { requestTimeoutMs: 1_000, retries: 0 },
    });
    world.socket.opens();
    world.clock.advance(1_000_000);
    expect(world.requests()).toHaveLength(1);
    expect(world.alerts("subscriptions-timed-out")).toEqual([
      { kind: "subscriptions-timed-out", topics: ["a"], retryInMs: null },
    ]);
  });

  it("does not keep the connection from getting ready: it waits until the replay is done", () => {
    const world = startWith({
      topics: topicsOf(5),
      resubscribe: {
        requestTimeoutMs: 1_000,
        topicsPerFrame: 1,
        pacing: { frames: 1, perMs: 1_000 },
      },
    });
    world.socket.opens(); // t0 is never answered; the others are, one a second
    for (let ack = 2; ack <= 5; ack += 1) {
      world.clock.advance(1_000);
      expect(world.feed.status().isReady).toBe(false);
      world.receives({ ack });
    }
    expect(world.feed.status().isReady).toBe(true);
    expect(world.requests()).toHaveLength(5);
    world.clock.advance(1_000);
    expect(world.requests().at(-1)?.topics).toEqual(["t0"]);
  });

  it("is not asked for again once nobody wants it, or it was answered late", () => {
    const world = startWith({ topics: ["a", "b"], resubscribe: { requestTimeoutMs: 1_000 } });
    world.socket.opens();
    world.clock.advance(1_000);
    world.feed.unsubscribe("a");
    world.receives({ ack: 1 });
    world.clock.advance(1_000_000);
    expect(world.requests().map(({ op }) => op)).toEqual(["sub", "unsub"]);
  });

  it("counts when it is answered late", () => {
    const world = startWith({ topics: ["a"], resubscribe: { requestTimeoutMs: 2_000 } });
    world.socket.opens();
    world.clock.advance(2_000);
    world.receives({ ack: 1 });
    expect(world.feed.topics()).toMatchObject([{ state: "confirmed" }]);
  });

  it("leaves no timer behind when it is answered", () => {
    const world = startWith({ topics: ["a"], heartbeat: null, stableAfterMs: 0 });
    world.comesUp();
    world.clock.advance(0);
    expect(world.clock.armed).toBe(0);
    world.clock.advance(1_000_000);
    expect(world.alerts("subscriptions-timed-out")).toEqual([]);
  });

  it("keeps the whole replay no longer than its deadline: ready with what there is", () => {
    const world = startWith({
      topics: topicsOf(10),
      resubscribe: {
        timeoutMs: 3_000,
        requestTimeoutMs: 3_000,
        retries: 0,
        topicsPerFrame: 1,
        pacing: { frames: 1, perMs: 1_000 },
      },
    });
    world.socket.opens();
    world.confirmsAll();
    world.clock.advance(2_999);
    expect(world.feed.status()).toMatchObject({ phase: "resubscribing" });
    world.clock.advance(1);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
    const [settled] = world.heard("subscriptions.settled");
    expect(settled?.confirmed).toEqual(["t0"]);
    expect(settled?.timedOut).toHaveLength(9);

    // What still waits goes on.
    world.clock.advance(7_000);
    expect(world.requests()).toHaveLength(10);
    world.confirmsAll();
    expect(world.feed.status().topics.confirmed).toBe(10);
    expect(world.heard("subscriptions.settled").at(-1)?.confirmed).toHaveLength(10);
  });
});

describe("the pace", () => {
  it("of a replay is five frames a second by default", () => {
    const world = startWith({ topics: topicsOf(12), resubscribe: { topicsPerFrame: 1 } });
    world.socket.opens();
    expect(world.requests()).toHaveLength(5);
    world.clock.advance(999);
    expect(world.requests()).toHaveLength(5);
    world.clock.advance(1);
    expect(world.requests()).toHaveLength(10);
    world.clock.advance(1_000);
    expect(sentAfterMs(world)).toEqual([
      0, 0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 1_000, 2_000, 2_000,
    ]);
  });

  it("counts the peer's pings, ours and the probe, where the venue counts them", () => {
    const venue = numberedVenue({
      limits: { pacing: [{ frames: 3, perMs: 1_000 }], countsControlFrames: true },
      heartbeat: { intervalMs: 500, timeoutMs: 500 },
    });
    const world = startSupervisor<Json>({
      target: venue,
      topics: topicsOf(6),
      resubscribe: { topicsPerFrame: 1 },
    });
    world.socket.opens();
    expect(world.requests()).toHaveLength(3);
    world.clock.advance(400);
    world.socket.receivesPing(); // answered at 400
    world.clock.advance(500); // and our own ping at 900
    expect(world.socket.pings).toBe(1);
    world.clock.advance(99);
    expect(world.requests()).toHaveLength(3);
    world.clock.advance(1); // at 1,000 the first three are gone: one of three is left
    expect(world.requests()).toHaveLength(4);
    world.clock.advance(399);
    expect(world.requests()).toHaveLength(4);
  });

  it("does not count them elsewhere", () => {
    const world = startWith({ pacing: { frames: 2, perMs: 1_000 } });
    world.socket.opens();
    for (let ping = 0; ping < 5; ping += 1) world.socket.receivesPing();
    void world.feed.send("a");
    void world.feed.send("b");
    expect(world.sent()).toEqual(["a", "b"]);
  });

  it("of sends is the connection's own: subscriptions go first", () => {
    const world = startWith({ pacing: { frames: 1, perMs: 1_000 } }).comesUp();
    for (const text of ["one", "two"]) void world.feed.send(text);
    world.feed.subscribe("a");
    world.clock.advance(2_000);
    expect(world.sent()).toEqual(["one", '{"op":"sub","topics":["a"],"id":1}', "two"]);
    expect(sentAfterMs(world)).toEqual([0, 1_000, 2_000]);
  });

  it("of subscriptions does not hold back sends that may leave sooner", () => {
    const world = startWith({
      resubscribe: { pacing: { frames: 1, perMs: 5_000 }, topicsPerFrame: 1 },
      pacing: { frames: 1, perMs: 100 },
    }).comesUp();
    world.feed.subscribe(["a", "b"]);
    void world.feed.send("one");
    world.clock.advance(100);
    expect(world.sent()).toContain("one");
    world.clock.advance(4_900);
    expect(asked(world)).toEqual(["sub a", "sub b"]);
  });

  it("starts anew with each socket", () => {
    const window = { frames: 1, perMs: 60_000 };
    for (const options of [{ pacing: window }, { resubscribe: { pacing: window } }]) {
      const world = startWith({ topics: ["a"], ...options }).comesUp();
      world.socket.drops();
      world.waitsItsTurn();
      world.socket.opens();
      expect(asked(world)).toEqual(["sub a"]);
    }
  });

  it("gathers what piles up meanwhile into full frames", () => {
    const world = startWith({
      pacing: { frames: 1, perMs: 1_000 },
      resubscribe: { topicsPerFrame: 4 },
    }).comesUp();
    for (const topic of topicsOf(9)) world.feed.subscribe(topic);
    world.clock.advance(3_000);
    expect(asked(world)).toEqual(["sub t0", "sub t1,t2,t3,t4", "sub t5,t6,t7,t8"]);
  });
});
