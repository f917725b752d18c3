/** Frames that a socket does not take: what becomes of them, of those that follow, and who is told. */
import { describe, expect, it } from "vitest";
import type { TransportSocket } from "../../../src/index.ts";
import type { MemorySocket } from "../../../src/testing/memory-transport.ts";
import {
  everySecond,
  numbered,
  numberedVenue,
  startSupervisor,
  type Json,
  type SupervisorWorld,
} from "../start-supervisor.ts";

const broken = new Error("no such bytes");

/** A supervisor that is ready, and whose sockets refuse the frames that `refuses` names. */
function ready(
  refuses: (frame: string) => boolean,
  options: Parameters<typeof startSupervisor<Json>>[0] = {},
): SupervisorWorld<Json> {
  const refusesFrame: MemorySocket["refusesFrame"] = (data) =>
    refuses(typeof data === "string" ? data : Buffer.from(data).toString()) ? broken : undefined;
  const world = startSupervisor<Json>({
    ...numbered,
    ...everySecond,
    ...options,
    onDial: (socket) => Object.assign(socket, { refusesFrame }),
  });
  return world.comesUp();
}

const startsWith =
  (...starts: readonly string[]) =>
  (frame: string): boolean =>
    starts.some((start) => frame.startsWith(start));

const isBad = startsWith("bad");

describe("a message that the socket refuses", () => {
  it("is dropped as invalid, and those behind it are written", async () => {
    const world = ready(isBad);
    const fates = ["one", "bad", "two"].map((text) => world.feed.send(text));
    expect(world.sent()).toEqual(["one", "two"]);
    expect(await Promise.all(fates)).toEqual([
      { fate: "written" },
      { fate: "dropped", reason: "invalid" },
      { fate: "written" },
    ]);
    expect(world.feed.status().outbox).toMatchObject({ written: 2, invalid: 1, inFlight: 0 });
    expect(world.heard("send.dropped")).toMatchObject([
      { frame: "message", reason: "invalid", bytes: 3, detail: "no such bytes" },
    ]);
  });

  it("takes neither the subscriptions nor the connection with it", () => {
    const world = ready(isBad);
    void world.feed.send("bad");
    world.feed.subscribe("a");
    expect(world.requests()).toMatchObject([{ op: "sub", topics: ["a"] }]);
    world.clock.advance(5_000);
    expect(world.dials).toBe(1);
    expect(world.feed.status().isReady).toBe(true);
  });

  it("ends as the others do where a transport throws instead of saying so", async () => {
    const world = ready(() => false);
    const { socket } = world;
    const send = socket.send.bind(socket);
    socket.send = (data, done) => {
      if (data === "bad") throw broken;
      send(data, done);
    };
    expect(await world.feed.send("bad")).toEqual({ fate: "dropped", reason: "invalid" });
    expect(await world.feed.send("good")).toEqual({ fate: "written" });
  });
});

describe("frames that are refused one after another", () => {
  it("raise an alert at the third, once, and no reconnect", () => {
    const world = ready(isBad);
    for (let sends = 0; sends < 2; sends += 1) void world.feed.send("bad");
    expect(world.alerts("send-broken")).toEqual([]);
    for (let sends = 0; sends < 5; sends += 1) void world.feed.send("bad");
    expect(world.alerts("send-broken")).toEqual([
      { kind: "send-broken", throws: 3, detail: "no such bytes" },
    ]);
    world.clock.advance(10_000);
    expect(world.dials).toBe(1);
  });

  it("raise none where one was written between them", () => {
    const world = ready(isBad);
    for (const text of ["bad", "bad", "good", "bad", "bad"]) void world.feed.send(text);
    expect(world.alerts("send-broken")).toEqual([]);
  });

  it("are told to be over with the next that is written", () => {
    const world = ready(isBad);
    for (const text of ["bad", "bad", "bad"]) void world.feed.send(text);
    expect(world.heard("send.restored")).toEqual([]);
    void world.feed.send("good");
    void world.feed.send("good");
    expect(world.heard("send.restored")).toHaveLength(1);
  });

  it("count over sockets: a new one refuses them too", () => {
    const world = ready(isBad);
    void world.feed.send("bad");
    void world.feed.send("bad");
    world.feed.reconnect();
    world.comesUp();
    void world.feed.send("bad");
    expect(world.alerts("send-broken")).toHaveLength(1);
  });
});

describe("drops of sends", () => {
  it("are told once a minute for each reason, and counted", () => {
    const world = startSupervisor({ outbox: { messages: 1 } });
    for (let sends = 0; sends < 5; sends += 1) void world.feed.send("waits");
    expect(world.heard("send.dropped")).toMatchObject([{ reason: "overflow", bytes: 5 }]);
    expect(world.feed.status().outbox.overflow).toBe(4);
    world.clock.advance(60_000);
    void world.feed.send("waits");
    expect(world.heard("send.dropped")).toHaveLength(2);
  });

  it("of every reason are told", () => {
    const world = startSupervisor({ outbox: { messages: 2, bytes: 100 }, maxRetries: 0 });
    void world.feed.send("x".repeat(101));
    void world.feed.send("old", { ttlMs: 5 });
    world.clock.advance(5);
    for (let sends = 0; sends < 3; sends += 1) void world.feed.send("waits");
    world.socket.drops();
    expect(world.feed.state).toBe("failed");
    expect(world.heard("send.dropped").map(({ reason }) => reason)).toEqual([
      "too-large",
      "expired",
      "overflow",
      "failed",
    ]);
    const closed = startSupervisor();
    void closed.feed.send("waits");
    void closed.feed.close();
    expect(closed.heard("send.dropped")).toMatchObject([{ reason: "closed" }]);
    expect(closed.facts.at(-1)?.type).toBe("closed");
  });

  it("of which nobody knows are told with the socket's end", () => {
    const world = ready(() => false);
    world.socket.holdsSends = true;
    for (let sends = 0; sends < 3; sends += 1) void world.feed.send("order");
    expect(world.feed.status().outbox.inFlight).toBe(3);
    world.socket.drops();
    expect(world.heard("send.unknown")).toMatchObject([{ bytes: 5 }]);
    expect(world.feed.status().outbox).toMatchObject({ inFlight: 0, unknown: 3 });
  });
});

describe("a message larger than the outbox", () => {
  const large = "x".repeat(1_048_577);

  it("goes out on an open socket where it need not wait", async () => {
    const world = ready(() => false);
    expect(await world.feed.send(large)).toEqual({ fate: "written" });
  });

  it.each(["drop-oldest", "drop-newest", "reject"] as const)(
    "is dropped where it has to wait, and takes no other with it (%s)",
    async (overflow) => {
      const world = startSupervisor({ outbox: { overflow } });
      const small = world.feed.send("small");
      expect(await world.feed.send(large)).toEqual({ fate: "dropped", reason: "too-large" });
      world.socket.opens();
      expect(await small).toEqual({ fate: "written" });
      expect(world.feed.status().outbox).toMatchObject({ tooLarge: 1, overflow: 0 });
    },
  );

  it("is dropped while the connection is away, though nothing else waits", async () => {
    const world = startSupervisor();
    expect(await world.feed.send(large)).toEqual({ fate: "dropped", reason: "too-large" });
    expect(world.feed.status().outbox).toMatchObject({ messages: 0, bytes: 0 });
  });

  it("is dropped where pacing holds it back", async () => {
    const world = ready(() => false, { pacing: { frames: 1, perMs: 1_000 } });
    void world.feed.send("first");
    expect(await world.feed.send(large)).toEqual({ fate: "dropped", reason: "too-large" });
  });

  it("goes out of an outbox that holds nothing at all, as does any other", async () => {
    const world = ready(() => false, { outbox: { messages: 0, bytes: 0 } });
    expect(await world.feed.send("now")).toEqual({ fate: "written" });
    world.socket.drops();
    expect(await world.feed.send("later")).toEqual({ fate: "dropped", reason: "too-large" });
  });
});

describe("bytes that have to wait", () => {
  it("go out as they were given, whatever their owner does with them", async () => {
    const world = startSupervisor();
    const bytes = Buffer.from("BUY 1");
    const fate = world.feed.send(bytes);
    bytes.write("SELL9");
    world.socket.opens();
    expect(String(Buffer.from(world.sent()[0] as Uint8Array))).toBe("BUY 1");
    expect(await fate).toEqual({ fate: "written" });
  });

  it("may be detached meanwhile", async () => {
    const world = startSupervisor();
    const bytes = new Uint8Array([1, 2, 3]);
    const fate = world.feed.send(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    world.socket.opens();
    expect(world.sent()).toEqual([new Uint8Array([1, 2, 3])]);
    expect(await fate).toEqual({ fate: "written" });
  });
});

describe("a request that the socket refuses", () => {
  it("is refused for now: its topics are asked for again, each alone, and the others live", () => {
    const world = ready((frame) => frame.includes('"b"'), {
      topics: ["a", "b"],
      resubscribe: { topicsPerFrame: 1 },
    });
    expect(world.feed.topics()).toMatchObject([
      { topic: "a", state: "confirmed" },
      { topic: "b", state: "refused" },
    ]);
    expect(world.alerts("topic-refused")).toMatchObject([
      { topics: ["b"], reason: "the socket refused the frame: no such bytes" },
    ]);
    expect(world.feed.status().isReady).toBe(true);
    world.socket.refusesFrame = undefined;
    world.clock.advance(3_000);
    world.confirmsAll();
    expect(world.feed.status().topics).toMatchObject({ confirmed: 2, refused: 0 });
  });

  it("to end a topic is told, and asked again", () => {
    const world = ready(startsWith('{"op":"unsub"'), { topics: ["a"] });
    world.feed.unsubscribe("a");
    expect(world.heard("topic.refused")).toMatchObject([{ topic: "a", request: "unsubscribe" }]);
    world.socket.refusesFrame = undefined;
    world.clock.advance(3_000);
    expect(world.requests().at(-1)).toMatchObject({ op: "unsub", topics: ["a"] });
  });
});

describe("other frames that the socket refuses", () => {
  it("make an urgent one end alone, with a fact and a count", () => {
    const target = numberedVenue({ opening: () => ["hello", "bad", "there"] });
    const world = startSupervisor<Json>({
      target,
      onDial: (socket) => {
        socket.refusesFrame = (data) => (data === "bad" ? broken : undefined);
      },
    }).comesUp();
    expect(world.sent()).toEqual(["hello", "there"]);
    expect(world.heard("send.dropped")).toMatchObject([{ frame: "urgent", reason: "invalid" }]);
    expect(world.feed.status().outbox.ownFramesDropped).toBe(1);
  });

  it("make a probe a ping: silence would prove nothing of a peer that was not asked", () => {
    const world = ready(startsWith("probe"), { heartbeat: { probe: () => "probe" } });
    world.clock.advance(15_000);
    expect(world.socket.pings).toBe(1);
    world.clock.advance(120_000);
    expect(world.dials).toBe(1);
    const probes = [{ frame: "probe" }, { frame: "probe" }, { frame: "probe" }]; // one a minute
    expect(world.heard("send.dropped")).toMatchObject(probes);
    expect(world.alerts("send-broken")).toHaveLength(1);
  });

  it("make the login fail with the socket's own words", async () => {
    const world = startSupervisor<Json>({
      ...numbered,
      ...everySecond,
      authenticate: async (session) => session.send("login"),
      onDial: (socket) => {
        socket.refusesFrame = () => broken;
      },
    });
    world.socket.opens();
    await new Promise((done) => setImmediate(done));
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "auth", phase: "authenticate", detail: "no such bytes" } },
    ]);
    expect(world.heard("send.dropped")).toMatchObject([{ frame: "login", reason: "invalid" }]);
  });

  it("leave the chart alone where a transport's ping, close or terminate throws", () => {
    const world = ready(() => false);
    const { socket } = world;
    const fail = (): never => {
      throw broken;
    };
    Object.assign(socket, { ping: fail, close: fail });
    world.clock.advance(15_000);
    world.feed.reconnect();
    expect(world.feed.state).toBe("connecting");
    expect(socket.isTerminated).toBe(true);
    expect(world.dials).toBe(2);
  });
});

describe("a socket that fails a write", () => {
  /** Fails the writes of these, and says no more. */
  function failing(...texts: readonly string[]): SupervisorWorld<Json> {
    const world = ready(() => false, { topics: ["a"] });
    const { socket } = world;
    const send = socket.send.bind(socket);
    socket.send = (...[data, done]: Parameters<TransportSocket["send"]>) => {
      if (texts.some((text) => String(data).includes(text))) done(new Error("EPIPE"));
      else send(data, done);
    };
    return world;
  }

  it("is not used again before its end: what waits is for the next one", async () => {
    const world = failing("bad");
    const fates = [world.feed.send("bad"), world.feed.send("next")];
    expect(world.feed.status().outbox).toMatchObject({ messages: 1, unknown: 1 });
    world.socket.drops();
    world.waitsItsTurn();
    world.comesUp();
    expect(world.sent()).toContain("next");
    expect(await Promise.all(fates)).toEqual([{ fate: "unknown" }, { fate: "written" }]);
  });

  it("and does not end within a second is used again", async () => {
    const world = failing("bad");
    void world.feed.send("bad");
    const fate = world.feed.send("next");
    world.clock.advance(999);
    expect(world.sent()).not.toContain("next");
    world.clock.advance(1);
    expect(await fate).toEqual({ fate: "written" });
    expect(world.dials).toBe(1);
  });

  it("of a request, and does not end, has its topics asked for again", () => {
    const world = failing('"b"');
    world.feed.subscribe("b");
    expect(world.feed.topics()).toMatchObject([{ state: "confirmed" }, { state: "pending" }]);
    world.clock.advance(1_000);
    expect(world.feed.topics()).toMatchObject([{ state: "confirmed" }, { state: "refused" }]);
  });
});

describe("a socket that is closing and has not said so", () => {
  it("takes no send: it waits, and its end tells the code", async () => {
    const world = ready(() => false);
    world.socket.startsClosing();
    const fate = world.feed.send("waits");
    world.clock.advance(500);
    expect(world.feed.status().outbox).toMatchObject({ messages: 1, unknown: 0 });
    world.socket.closes(4000, "moved");
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "closed-by-peer", closeCode: 4000 } },
    ]);
    world.waitsItsTurn();
    world.comesUp();
    expect(await fate).toEqual({ fate: "written" });
  });

  it("is given up a second after a frame that it did not take", async () => {
    const world = ready(() => false);
    world.socket.startsClosing();
    const bytes = Buffer.from("first");
    const fates = [world.feed.send(bytes), world.feed.send("second")];
    bytes.fill(0);
    world.clock.advance(999);
    expect(world.feed.status().isReady).toBe(true);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "dropped", phase: "open" } }]);
    world.waitsItsTurn();
    world.comesUp();
    expect(world.sent().slice(-2)).toEqual([new Uint8Array(Buffer.from("first")), "second"]);
    expect(await Promise.all(fates)).toEqual([{ fate: "written" }, { fate: "written" }]);
  });
});

describe("a send behind our own backlog", () => {
  it("leaves when the socket has taken it, whatever it was made of", () => {
    const world = ready(() => false);
    world.socket.holdsSends = true;
    world.feed.subscribe("x".repeat(1_100_000));
    void world.feed.send("waits");
    expect(world.feed.status().outbox.messages).toBe(1);
    world.socket.releasesSends();
    expect(world.sent().at(-1)).toBe("waits");
  });
});

describe("very many", () => {
  const MANY = 300_000;

  it("sends that wait leave in order, in time that grows with their number", async () => {
    const world = startSupervisor({ outbox: { messages: MANY, bytes: 1e9 } });
    const sends = Array.from({ length: MANY }, (_, index) => world.feed.send(String(index)));
    world.socket.opens();
    expect(world.sent()).toHaveLength(MANY);
    expect(world.sent().at(-1)).toBe(String(MANY - 1));
    const fates = await Promise.all(sends);
    expect(fates.every(({ fate }) => fate === "written")).toBe(true);
  });

  it("sends of different ages expire, in time that grows with their number", async () => {
    const world = startSupervisor({ outbox: { messages: MANY, bytes: 1e9 } });
    void world.feed.send("stays");
    const sends = Array.from({ length: MANY - 1 }, (_, index) =>
      world.feed.send("goes", { ttlMs: 1 + (index % 10_000) }),
    );
    world.clock.advance(10_000);
    expect(world.feed.status().outbox).toMatchObject({ messages: 1, bytes: 5, expired: MANY - 1 });
    const fates = await Promise.all(sends);
    expect(fates.every(({ fate }) => fate === "dropped")).toBe(true);
  });

  it("calls of next() that wait get their items in order", async () => {
    const world = ready(() => false);
    const items = world.feed.messages();
    const waiting = Array.from({ length: MANY }, () => items.next());
    for (let n = 1; n <= MANY; n += 1) world.receives({ n });
    const last = await waiting.at(-1);
    expect(last?.value).toMatchObject({ kind: "message", data: { n: MANY } });
  });

  it("calls of ready() that wait are kept at once", async () => {
    const world = startSupervisor();
    const waiting = Array.from({ length: 100_000 }, () => world.feed.ready());
    world.socket.opens();
    await Promise.all(waiting);
    expect(world.feed.status().listeners).toBe(1);
  });
});
