/** What is done at each attempt, by whom, and with which secrets: URL, headers, login, heartbeat. */
import { inspect } from "node:util";
import type { InspectionEvent } from "xstate";
import { describe, expect, it } from "vitest";
import type { AttemptContext, AuthenticationSession } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  promisesSettle,
  startSupervisor,
  SupervisorWorld,
  url,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

/** A function that remembers each attempt it was asked for, and gives the next of `answers`. */
function perAttempt<T extends object | string>(
  ...answers: readonly (T | Error | (() => Promise<T>))[]
): {
  readonly contexts: AttemptContext[];
  readonly give: (context: AttemptContext) => T | Promise<T>;
} {
  const contexts: AttemptContext[] = [];
  return {
    contexts,
    give: (context) => {
      const answer = answers[Math.min(contexts.length, answers.length - 1)];
      contexts.push(context);
      if (answer === undefined || answer instanceof Error) throw answer;
      return typeof answer === "function" ? (answer as () => Promise<T>)() : answer;
    },
  };
}

const never = new Promise<never>(() => undefined);

describe("URL, headers and subprotocols", () => {
  it("reach the transport as they were given", () => {
    const { socket, clock } = startSupervisor({
      target: new URL("wss://me:pw@venue.example/feed?k=1"),
      headers: { Authorization: "Bearer x" },
      protocols: ["a", "b"],
    });
    expect(socket.dial).toEqual({
      url: "wss://me:pw@venue.example/feed?k=1",
      headers: { Authorization: "Bearer x" },
      protocols: ["a", "b"],
      clock,
    });
  });

  it("are asked for at every attempt, with its reason and its number", () => {
    const target = perAttempt("wss://one.example/", "wss://two.example/");
    const headers = perAttempt<Record<string, string>>({ N: "1" }, { N: "2" });
    const protocols = perAttempt<string>("p1", "p2");
    const world = startSupervisor({
      ...everySecond,
      target: target.give,
      headers: headers.give,
      protocols: protocols.give,
    });
    world.comesUp();
    world.socket.drops(); // retry
    world.waitsItsTurn();
    world.socket.failsToConnect(); // retry
    world.waitsItsTurn();
    world.feed.reconnect(); // command
    world.comesUp();
    world.feed.reconnect(); // command

    const spelt = target.contexts.map(({ reason, attempt }) => `${reason} ${attempt}`);
    expect(spelt).toEqual(["first 1", "retry 1", "retry 2", "command 3", "command 1"]);
    for (const { contexts } of [headers, protocols]) {
      expect(contexts.map(({ signal }) => signal)).toEqual(
        target.contexts.map(({ signal }) => signal),
      );
    }
    expect(world.memory.sockets.map(({ dial }) => dial.url)).toEqual([
      "wss://one.example/",
      ...Array.from({ length: 4 }, () => "wss://two.example/"),
    ]);
    expect(world.socket.dial).toMatchObject({ headers: { N: "2" }, protocols: ["p2"] });
  });

  it("may be promised: the transport is called when all are there", async () => {
    const world = startSupervisor({
      target: () => Promise.resolve(url),
      headers: () => Promise.resolve({ A: "1" }),
    });
    expect(world.dials).toBe(0);
    expect(world.feed.state).toBe("connecting");
    await promisesSettle();
    expect(world.socket.dial).toMatchObject({ url, headers: { A: "1" }, protocols: [] });
  });

  it("are asked for anew when the server refuses them, at once and then slowly", () => {
    const headers = perAttempt<Record<string, string>>({ T: "old" }, { T: "new" });
    const world = startSupervisor({ ...everySecond, headers: headers.give });
    world.socket.refuses(401);
    expect(world.feed.status().retryInMs).toBe(0);
    world.waitsItsTurn();
    expect(headers.contexts.at(-1)).toMatchObject({ reason: "renewal", attempt: 2 });
    world.socket.refuses(401);
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(10_000);
    expect(world.feed.state).toBe("reconnecting");
  });

  it("that cannot be asked for anew are refused for good", () => {
    const world = startSupervisor({ headers: { T: "old" } });
    world.socket.refuses(401);
    expect(world.feed.state).toBe("failed");
  });
});

describe("the signal of an attempt", () => {
  it.each([
    ["its deadline", (world: SupervisorWorld) => world.clock.advance(10_000)],
    ["close()", (world: SupervisorWorld) => void world.feed.close()],
    ["terminate()", (world: SupervisorWorld) => world.feed.terminate()],
    ["reconnect()", (world: SupervisorWorld) => world.feed.reconnect()],
  ])("is aborted by %s, and not before", (_, end) => {
    const target = perAttempt<string>(() => never);
    const world = startSupervisor({ target: target.give });
    world.clock.advance(9_999);
    expect(target.contexts[0]?.signal.aborted).toBe(false);
    end(world);
    world.clock.advance(1);
    expect(target.contexts[0]?.signal.aborted).toBe(true);
  });

  it("is not aborted while its socket lives, and is when that ends", () => {
    const target = perAttempt(url);
    const world = startSupervisor({ target: target.give });
    world.comesUp();
    world.clock.advance(14_000);
    expect(target.contexts[0]?.signal.aborted).toBe(false);
    world.socket.drops();
    expect(target.contexts[0]?.signal.aborted).toBe(true);
  });
});

describe("a function for the URL that fails", () => {
  it.each([
    ["throws", new Error("vault sealed")],
    ["rejects", () => Promise.reject(new Error("vault sealed"))],
  ])("and %s is a loss before anything is dialled, and is asked again", async (_, first) => {
    const target = perAttempt<string>(first, url);
    const world = startSupervisor({ ...everySecond, target: target.give });
    await promisesSettle();
    expect(world.dials).toBe(0);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "resolver", phase: "resolve", detail: "vault sealed" }, retryInMs: 1_000 },
    ]);
    world.waitsItsTurn();
    expect(world.dials).toBe(1);
  });

  it("hangs until the deadline; what it gives later is not dialled", async () => {
    const gives: ((target: string) => void)[] = [];
    const late = new Promise<string>((resolve) => gives.push(resolve));
    const world = startSupervisor({ ...everySecond, target: () => late, connectTimeoutMs: 3_000 });
    world.clock.advance(2_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "resolve" } },
    ]);
    gives[0]?.(url);
    await promisesSettle();
    expect(world.dials).toBe(0);
  });

  it.each([
    ["a URL", { target: () => "nonsense" }],
    ["a URL at all", { target: () => undefined as unknown as string }],
    ["headers", { headers: () => null as unknown as Record<string, string> }],
    ["a header", { headers: () => ({ A: 5 as unknown as string }) }],
    ["a subprotocol", { protocols: () => "a b" }],
  ])("gives what is no good as %s: refused, as it is the caller's mistake", (_, options) => {
    const world = startSupervisor(options as WorldOptions<string>);
    expect(world.dials).toBe(0);
    expect(world.feed.state).toBe("failed");
    expect(world.heard("failed")).toMatchObject([{ loss: { class: "config", phase: "resolve" } }]);
  });

  it("beside another that failed already ends no process", async () => {
    const world = startSupervisor({
      ...everySecond,
      target: () => Promise.reject(new Error("one")),
      headers: () => {
        throw new Error("two");
      },
    });
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([{ loss: { detail: "two" } }]);
  });

  it("may be the transport itself", () => {
    const world = startSupervisor({
      transport: () => {
        throw new Error("no sockets left");
      },
    });
    expect(world.heard("failed")).toMatchObject([
      { loss: { class: "config", detail: "no sockets left" } },
    ]);
  });
});

/** A world whose login does as `conversation` says. */
function startLogin(
  conversation: (session: AuthenticationSession) => Promise<void> | void,
  options: WorldOptions<Json> = {},
): SupervisorWorld<Json> {
  return startSupervisor<Json>({
    ...numbered,
    ...everySecond,
    authenticate: conversation,
    ...options,
  });
}

/** Sends a token, waits for the answer. */
async function login(session: AuthenticationSession): Promise<void> {
  await session.send({ login: "token" });
  const { data } = await session.receive();
  if (data.toString() !== '{"ok":true}') throw new Error("login refused");
}

describe("a login", () => {
  it("comes before everything else on the socket", async () => {
    const world = startLogin(login, { topics: ["a"] });
    void world.feed.send("mine");
    world.socket.opens();
    await promisesSettle();
    expect(world.feed.state).toBe("connecting");
    expect(world.sent()).toEqual(['{"login":"token"}']);

    world.receives({ ok: true });
    await promisesSettle();
    expect(world.feed.status().phase).toBe("resubscribing");
    world.confirmsAll();
    expect(world.sent().slice(1)).toEqual(['{"op":"sub","topics":["a"],"id":1}', "mine"]);
  });

  it("gets the frames that come meanwhile; what it leaves is delivered, in order", async () => {
    const world = startLogin(login);
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    world.socket.opens();
    world.receives({ ok: true }, { s: "a", n: 1 }, { s: "a", n: 2 });
    await promisesSettle();
    expect(world.feed.status().isReady).toBe(true);
    world.receives({ s: "a", n: 3 });
    expect(seen).toEqual([1, 2, 3]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0 });
  });

  it("leaves its frames before what they cause", async () => {
    // The peer answers the replay at once: that answer's data must come after the leftovers.
    const world: SupervisorWorld<Json> = startLogin(login, {
      topics: ["a"],
      subscriptions: {
        ...numbered.subscriptions,
        subscribe: (topics, id) => {
          world.receives({ ack: id }, { s: "a", n: 3 });
          return { op: "sub", topics, id };
        },
      },
    });
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    world.socket.opens();
    world.receives({ ok: true }, { s: "a", n: 1 }, { s: "a", n: 2 });
    await promisesSettle();
    expect(seen).toEqual([1, 2, 3]);
    expect(world.feed.status().isReady).toBe(true);
  });

  it("knows its attempt", async () => {
    const sessions: string[] = [];
    const world = startLogin(({ reason, attempt, signal }) => {
      sessions.push(`${reason} ${attempt} ${signal.aborted}`);
    });
    world.socket.opens();
    await promisesSettle();
    expect(sessions).toEqual(["first 1 false"]);
    expect(world.feed.state).toBe("connected");
  });

  it("is inside the deadline of the attempt", async () => {
    const world = startLogin(() => never, { connectTimeoutMs: 3_000 });
    world.clock.advance(1_000);
    world.socket.opens();
    await promisesSettle();
    world.clock.advance(1_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "authenticate" } },
    ]);
    expect(world.socket.isTerminated).toBe(true);
  });

  it("that is refused is a loss of class auth, renewed at once and then slowly", async () => {
    const reasons: string[] = [];
    const world = startLogin((session) => {
      reasons.push(session.reason);
      return login(session);
    });
    for (const retryInMs of [0, 10_000]) {
      world.socket.opens();
      world.receives({ ok: false });
      await promisesSettle();
      expect(world.heard("attempt.failed").at(-1)).toMatchObject({
        loss: { class: "auth", phase: "authenticate", detail: "login refused" },
      });
      expect(world.socket.isTerminated).toBe(true);
      expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(retryInMs);
      world.waitsItsTurn();
    }
    expect(reasons).toEqual(["first", "renewal"]);
    world.socket.opens();
    expect(reasons).toEqual(["first", "renewal", "renewal"]);
  });

  it("that throws at once is refused as well", async () => {
    const world = startLogin(() => {
      throw new Error("no token");
    });
    world.socket.opens();
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "auth", detail: "no token" } },
    ]);
  });

  it("is told when its socket dies: what it waits for rejects", async () => {
    const outcomes: string[] = [];
    const world = startLogin(async (session) => {
      await session.receive().catch((error: Error) => outcomes.push(error.message));
      await session.send("more").catch((error: Error) => outcomes.push(error.message));
      outcomes.push(String(session.signal.aborted));
    });
    world.socket.opens();
    world.socket.closes(1011, "boom");
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "closed-by-peer", phase: "authenticate", closeCode: 1011 } },
    ]);
    expect(outcomes).toEqual(["the attempt is over", "the socket is gone", "true"]);
    expect(world.feed.state).toBe("reconnecting");
  });

  it("need not await what it asks for: nothing of it ends the process", async () => {
    const world = startLogin((session) => {
      void session.send("one");
      void session.receive();
      void session.receive();
      return never;
    });
    world.socket.holdsSends = true;
    world.socket.opens();
    world.socket.drops();
    await promisesSettle();
    expect(world.feed.state).toBe("reconnecting");
  });

  it("that gave up a frame does not swallow it", async () => {
    const world = startLogin(async (session) => {
      void session.receive();
      await Promise.resolve();
    });
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    world.socket.opens();
    await promisesSettle();
    world.receives({ s: "a", n: 1 });
    expect(seen).toEqual([1]);
  });

  it("that gave up a frame does not swallow the answer to the replay either", async () => {
    const world: SupervisorWorld<Json> = startLogin((session) => void session.receive(), {
      topics: ["a"],
      subscriptions: {
        ...numbered.subscriptions,
        subscribe: (topics, id) => {
          world.receives({ ack: id });
          return { op: "sub", topics, id };
        },
      },
    });
    world.socket.opens();
    await promisesSettle();
    expect(world.feed.status().isReady).toBe(true);
  });

  it("gets its frames even from a transport that tells them before it has returned", async () => {
    const world = startLogin(login, {
      onDial: (socket) => {
        socket.opens();
        socket.receives('{"ok":true}', '{"s":"a","n":1}');
      },
    });
    await promisesSettle();
    expect(world.feed.status()).toMatchObject({ isReady: true, inbound: { messages: 1 } });
  });

  it("that reads nothing is over after 1,024 frames", async () => {
    const world = startLogin(() => never);
    world.socket.opens();
    for (let n = 1; n <= 1_024; n += 1) world.receives({ s: "a", n });
    await promisesSettle();
    expect(world.feed.state).toBe("connecting");
    world.receives({ s: "a", n: 1_025 });
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([{ loss: { class: "auth" } }]);
  });

  it("counts against the pacing of its socket", async () => {
    const world = startLogin(login, { pacing: { frames: 2, perMs: 1_000 } });
    world.socket.opens();
    world.receives({ ok: true });
    await promisesSettle();
    for (const text of ["one", "two"]) void world.feed.send(text);
    expect(world.sent()).toEqual(['{"login":"token"}', "one"]);
    world.clock.advance(1_000);
    expect(world.sent().at(-1)).toBe("two");
  });
});

describe("a secret", () => {
  const secret = "hunter2";

  it("is in no fact, snapshot, status, input, inspection or loss, through a whole life", async () => {
    const seen: string[] = [];
    const inspected: InspectionEvent[] = [];
    let asked = 0;
    const targets = [
      `wss://me:${secret}@venue.example/ws?token=${secret}`,
      `wss://venue.example/?token=${secret}#not-allowed-at-first`,
      `venue.example/${secret}`,
    ];
    const world = new SupervisorWorld<Json>({
      ...numbered,
      ...everySecond,
      topics: ["a"],
      target: () => targets[asked++] ?? "",
      headers: () => ({ Authorization: `Bearer ${secret}` }),
      protocols: () => ["bearer", secret],
      authenticate: async (session) => {
        await session.send({ login: secret });
        const { data } = await session.receive();
        if (!data.toString().includes("ok")) throw new Error("refused");
      },
      inspect: (event) => inspected.push(event),
    });
    const look = (): void => {
      const { feed } = world;
      seen.push(
        JSON.stringify(feed.status()),
        JSON.stringify(feed.input),
        JSON.stringify({ held: feed }),
        JSON.stringify(feed.actor?.getSnapshot()),
        JSON.stringify(feed.actor),
        inspect(feed, { depth: 20 }),
        inspect(feed.input, { depth: 20 }),
        inspect(feed.actor?.getSnapshot().context, { depth: 20 }),
      );
    };

    look();
    world.start();
    look();
    world.socket.opens();
    await promisesSettle();
    look();
    world.receives({ ok: true });
    await promisesSettle();
    world.confirmsAll();
    look();
    world.socket.refuses(401);
    look();
    world.waitsItsTurn(); // a URL with a fragment
    look();
    expect(world.feed.state).toBe("failed");
    world.feed.connect(); // what is no URL at all
    look();
    expect(asked).toBe(3);
    void world.feed.close();
    look();

    expect(world.sent().join(" ")).toContain(secret); // it was in use
    expect(world.heard("failed").length).toBeGreaterThan(0);
    seen.push(JSON.stringify(world.facts), inspect(world.facts, { depth: 20 }));
    for (const event of inspected) seen.push(JSON.stringify(event));
    expect(inspected.length).toBeGreaterThan(10);
    for (const text of seen) {
      expect(text ?? "").not.toContain(secret);
      expect(text ?? "").not.toContain(Buffer.from(secret).toString("base64").slice(0, 8));
    }
  });
});

describe("a heartbeat", () => {
  const heartbeat = { intervalMs: 15_000, timeoutMs: 5_000 };

  function startUp(options: WorldOptions<Json> = {}): SupervisorWorld<Json> {
    return startSupervisor<Json>({
      ...numbered,
      ...everySecond,
      heartbeat,
      ...options,
    }).comesUp();
  }

  it("asks a silent peer after the interval, and replaces it after the timeout", () => {
    const world = startUp();
    const old = world.socket;
    old.isSilent = true;
    const heardAtMs = world.clock.nowMs();

    world.clock.advance(14_999);
    expect(old.pings).toBe(0);
    world.clock.advance(1);
    expect(old.pings).toBe(1);
    world.clock.advance(4_999);
    expect(world.feed.status().isReady).toBe(true);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "silent", phase: "open", silentMs: 20_000 }, atMs: heardAtMs + 20_000 },
    ]);

    // Its peer is told, and nobody waits for an answer.
    expect(old).toMatchObject({ isTerminated: true, closedWith: { code: 1000 } });
    world.waitsItsTurn();
    expect(world.dials).toBe(2);
    world.comesUp();
    expect(world.heard("recovered")).toMatchObject([{ report: { startedAtMs: heardAtMs } }]);
  });

  it("asks on and on while the peer answers", () => {
    const world = startUp();
    world.clock.advance(60_000);
    expect(world.socket.pings).toBe(4);
    expect(world.heard("down")).toEqual([]);
  });

  it("asks nobody who talks", () => {
    const world = startUp();
    for (let n = 1; n <= 20; n += 1) {
      world.clock.advance(14_999);
      world.receives({ s: "a", n });
    }
    expect(world.socket.pings).toBe(0);
  });

  it("believes an answer that lay unread when its time was up", () => {
    const world = startUp();
    world.socket.isSilent = true;
    world.clock.advance(19_999);
    world.clock.step(); // the timeout fires; the loop has not come to reading yet
    world.receives({ s: "a", n: 1 });
    world.clock.advance(0);
    expect(world.socket.pings).toBe(1);
    expect(world.heard("down")).toEqual([]);
  });

  it("does not take our own blocked loop for a dead peer", () => {
    const world = startUp();
    world.clock.suspend(60_000);
    world.clock.advance(0); // timers first, then what lay unread
    expect(world.feed.state).toBe("connected");
    world.clock.advance(60_000);
    expect(world.heard("down")).toEqual([]);
  });

  it("does not take a socket that we do not read for a silent peer", async () => {
    const world = startUp();
    const items = world.feed.messages({
      overflow: "pause",
      highWaterMark: 1,
      pauseBudgetMs: 120_000,
    });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(world.socket.isPaused).toBe(true);
    world.socket.isSilent = true;
    world.clock.advance(119_000);
    expect(world.feed.status().isReady).toBe(true);

    // From then on the silence is the peer's.
    await items.next();
    await items.next();
    expect(world.socket.isPaused).toBe(false);
    world.clock.advance(19_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent", silentMs: 20_000 } }]);
  });

  it("may ask with a frame of the venue's own, which any byte answers", () => {
    const world = startUp({ heartbeat: { ...heartbeat, probe: () => ({ op: "ping" }) } });
    world.clock.advance(15_000);
    expect(world.socket.pings).toBe(0);
    expect(world.sent()).toEqual(['{"op":"ping"}']);
    world.clock.advance(4_999);
    world.receives({ pong: true });
    world.clock.advance(1);
    expect(world.feed.status().isReady).toBe(true);

    world.clock.advance(20_000);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });

  it("falls back to a ping where the probe throws", () => {
    const world = startUp({
      heartbeat: {
        ...heartbeat,
        probe: () => {
          throw new Error("no probe");
        },
      },
    });
    world.clock.advance(15_000);
    expect(world.socket.pings).toBe(1);
    expect(world.failedCallbacks()).toEqual(["heartbeat.probe"]);
  });

  it("may be off: nobody is asked, and nobody is missed", () => {
    const world = startUp({ heartbeat: null });
    world.socket.isSilent = true;
    world.clock.advance(1_000_000);
    expect(world.socket.pings).toBe(0);
    expect(world.heard("down")).toEqual([]);
  });

  it("watches while subscriptions are being replayed, too", () => {
    const world = startSupervisor<Json>({
      ...numbered,
      ...everySecond,
      heartbeat: { intervalMs: 2_000, timeoutMs: 1_000 },
      topics: ["a"],
    });
    world.socket.opens();
    world.socket.isSilent = true;
    world.clock.advance(3_000);
    expect(world.heard("attempt.failed")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});
