/** Rows 34 to 40: the socket is open, and what is wanted is being asked for. */
import { describe, expect, it } from "vitest";
import { numbered, numberedVenue } from "../../src/start-supervisor.ts";
import { frame, OPCODE, type RawConnection } from "../raw-peer.ts";
import {
  answersRequests,
  confirmsAll,
  json,
  numberOf,
  serve,
  upgrades,
  type Request,
} from "./peer.ts";
import { createGate, settle, startWorld, type World, type WorldOptions } from "./world.ts";

/** One topic in a frame, as fast as can be. */
const oneByOne = {
  topicsPerFrame: 1,
  pacing: { frames: 1_000, perMs: 1 },
} satisfies WorldOptions["resubscribe"];

/** A peer that confirms what `answer` says, and writes down what each connection was asked. */
async function serveConfirming(answer: (request: Request, connection: RawConnection) => unknown) {
  const asked: Request[][] = [];
  const peer = await serve((connection) => {
    const requests: Request[] = [];
    asked.push(requests);
    return answersRequests((request) => {
      requests.push(request);
      return answer(request, connection);
    })(connection);
  });
  return { peer, asked };
}

function statesOf<M>(world: World<M>): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

describe("a topic", () => {
  it("row 34: that is not answered is asked for again alone, while others flow", async () => {
    let isAnswering = false;
    const { peer, asked } = await serveConfirming(({ id, topics: [topic = ""] }, connection) => {
      if (topic === "mute" && !isAnswering) return;
      connection.write(json({ ack: id }), numberOf(topic, 1));
    });
    const world = startWorld(peer, {
      topics: ["a", "mute", "b"],
      ...numbered,
      resubscribe: { ...oneByOne, requestTimeoutMs: 2_000 },
    });
    expect(await world.receives(2)).toMatchObject([{ s: "a" }, { s: "b" }]);
    world.clock.advance(2_000);
    expect(await world.hears("up")).toMatchObject({ attempt: 1 });
    expect(world.heard("subscriptions.settled")).toMatchObject([
      { confirmed: ["a", "b"], timedOut: ["mute"] },
    ]);
    expect(world.alerts("subscriptions-timed-out")).toMatchObject([
      { topics: ["mute"], retryInMs: 2_000 },
    ]);

    (await peer.connection(1)).write(numberOf("a", 2), numberOf("b", 2));
    await world.receives(4);
    expect(statesOf(world)).toEqual({ a: "confirmed", mute: "timed-out", b: "confirmed" });

    isAnswering = true;
    world.clock.advance(1_999);
    await settle();
    expect(asked[0]).toHaveLength(3);
    world.clock.advance(1);
    await world.hears("subscriptions.settled", 2);
    expect(asked[0]?.slice(3)).toMatchObject([{ op: "sub", topics: ["mute"] }]);
    expect(statesOf(world)).toMatchObject({ mute: "confirmed" });
    expect(world.heard("down")).toEqual([]);
  });

  it("row 35: that is refused takes nobody along", async () => {
    const { peer } = await serveConfirming(({ id }) => ({ ack: id, no: ["b"] }));
    const world = startWorld(peer, { topics: ["a", "b", "c"], ...numbered });
    expect(await world.hears("topic.rejected")).toMatchObject({ topic: "b", reason: "unknown" });
    await world.hears("up");
    expect(statesOf(world)).toEqual({
      a: "confirmed",
      b: "rejected",
      c: "confirmed",
    });
    (await peer.connection(1)).write(numberOf("a", 1), numberOf("c", 1));
    await world.receives(2);
  });

  it("row 36: lost in the midst of a replay is asked for again, and once on each socket", async () => {
    const topics = Array.from({ length: 9 }, (_, index) => `t${index}`);
    const { peer, asked } = await serveConfirming(({ id, topics: [topic] }, connection) => {
      if (peer.accepted.length > 1 || topic !== "t4") return { ack: id };
      connection.reset();
      return undefined;
    });
    const world = startWorld(peer, { topics, ...numbered, resubscribe: oneByOne });
    await world.hears("attempt.failed");
    expect(world.heard("up")).toEqual([]);
    world.waitsItsTurn();
    await world.hears("up");
    expect(asked[1]?.flatMap((request) => request.topics)).toEqual(topics);
    const first = asked[0]?.flatMap((request) => request.topics) ?? [];
    expect(first).toEqual(topics.slice(0, first.length));
    expect(world.feed.status().topics).toMatchObject({ wanted: 9, confirmed: 9 });
  });

  it("row 38: given up between request and answer is ended after it; nothing more comes", async () => {
    const onServer = new Set<string>();
    let isHolding = true;
    const isAsked = createGate();
    const { peer, asked } = await serveConfirming(({ op, id, topics }) => {
      for (const topic of topics) {
        if (op === "sub") onServer.add(topic);
        else onServer.delete(topic);
      }
      isAsked.open();
      return isHolding ? undefined : { ack: id };
    });
    const world = startWorld(peer, { ...numbered });
    await world.hears("up");
    world.feed.subscribe("a");
    world.feed.unsubscribe("a");
    world.feed.subscribe("a");
    await isAsked.opened;
    world.feed.unsubscribe("a");
    await settle();
    expect(asked[0]?.map(({ op }) => op)).toEqual(["sub"]);

    isHolding = false;
    (await peer.connection(1)).write(json({ ack: asked[0]?.[0]?.id }));
    await world.hears("subscriptions.settled");
    expect(asked[0]?.map(({ op }) => op)).toEqual(["sub", "unsub"]);
    expect([...onServer]).toEqual([]);
    expect(world.feed.topics()).toEqual([]);
    expect(world.messages).toEqual([]);
  });
});

describe("a venue that counts frames", () => {
  it("row 37: never gets a sixth within a second, pings and pongs counted", async () => {
    const arrivals: number[] = [];
    const peer = await serve(upgrades);
    const world = startWorld(
      numberedVenue({
        url: peer.url(),
        limits: {
          pacing: [{ frames: 3, perMs: 1_100 }], // as for Binance: two of its five are ping and pong
          countsControlFrames: true,
          topicsPerFrame: 1,
        },
        heartbeat: { intervalMs: 25_000, timeoutMs: 5_000 },
      }),
      { topics: Array.from({ length: 12 }, (_, index) => `t${index}`) },
    );
    const connection = await peer.connection(1);
    const next = async () => {
      const { opcode, payload } = await connection.nextFrame();
      arrivals.push(world.clock.nowMs());
      return { opcode, payload };
    };

    for (let round = 1; round <= 4; round += 1) {
      for (let frames = 0; frames < 3; frames += 1) {
        const { opcode, payload } = await next();
        expect(opcode).toBe(OPCODE.text);
        connection.write(json({ ack: (JSON.parse(payload.toString()) as Request).id }));
      }
      connection.write(frame(OPCODE.ping));
      expect((await next()).opcode).toBe(OPCODE.pong);
      if (round < 4) world.clock.advance(1_100);
    }
    await world.hears("up");
    expect(world.feed.status().topics.confirmed).toBe(12);
    const inAnySecond = arrivals.map(
      (atMs) => arrivals.filter((other) => other > atMs - 1_000 && other <= atMs).length,
    );
    expect(arrivals).toHaveLength(16);
    expect(Math.max(...inAnySecond)).toBeLessThanOrEqual(5);
  });

  it("row 37: gets the next frame when the window has passed, and not a millisecond before", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer, {
      topics: ["a", "b"],
      ...numbered,
      resubscribe: { topicsPerFrame: 1, pacing: { frames: 1, perMs: 1_000 } },
    });
    const connection = await peer.connection(1);
    await connection.nextFrame();
    let isThere = false;
    const second = connection.nextFrame().then(() => {
      isThere = true;
    });
    world.clock.advance(999);
    await settle();
    expect(isThere).toBe(false);
    world.clock.advance(1);
    await second;
  });
});

describe("a server", () => {
  it("row 39: whose welcome never comes is not ready, and costs an attempt its deadline", async () => {
    const peer = await serve(upgrades, async (connection) => {
      await connection.upgrade(json({ hello: true }));
    });
    const isOpen = createGate();
    const world = startWorld(peer, {
      authenticate: async (session) => {
        isOpen.open();
        await session.receive();
      },
    });
    await isOpen.opened;
    world.clock.advance(9_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "authenticate" } },
    ]);
    expect(world.heard("up")).toEqual([]);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it("row 40: that answers twice, or what was never asked, changes nothing", async () => {
    const peer = await serve(
      answersRequests(({ id }, connection) => {
        connection.write(json({ ack: 999 }), json({ ack: 0, no: ["a"] }), json({ ack: id }));
        connection.write(json({ ack: id, no: ["a"] }), numberOf("a", 1));
      }),
    );
    const world = startWorld(peer, { topics: ["a"], ...numbered });
    await world.receives(1);
    expect(statesOf(world)).toEqual({ a: "confirmed" });
    expect(world.heard("topic.rejected")).toEqual([]);
    expect(world.heard("subscriptions.settled")).toHaveLength(1);
    expect(world.feed.status().inbound.control).toBe(4);
  });

  it("row 36: that confirms at once needs no second asking", async () => {
    const peer = await serve(confirmsAll);
    const world = startWorld(peer, { topics: ["a", "b"], ...numbered });
    await world.hears("up");
    expect(world.heard("subscriptions.settled")).toHaveLength(1);
  });
});
