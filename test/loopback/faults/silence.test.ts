/** Rows 45 to 49 and 69 to 72: a live socket that says nothing, and a clock or a process that lies. */
import { describe, expect, it } from "vitest";
import { realClock } from "../../../src/system.ts";
import { numbered, type Json } from "../../src/start-supervisor.ts";
import { frame, OPCODE, text, type RawConnection } from "../raw-peer.ts";
import {
  answersRequests,
  confirmsAll,
  json,
  numberOf,
  serve,
  upgrades,
  type Peer,
} from "./peer.ts";
import { settle, startWorld, type World, type WorldOptions } from "./world.ts";

const INTERVAL_MS = 15_000;
const TIMEOUT_MS = 5_000;

interface Up {
  readonly peer: Peer;
  readonly world: World;
  readonly connection: RawConnection;
}

/** A connection that is up; its peer reads and says nothing unless a test does. */
async function comeUp(options: WorldOptions = {}): Promise<Up> {
  const peer = await serve(upgrades);
  const world = startWorld(peer, options);
  await world.hears("up");
  return { peer, world, connection: await peer.connection(1) };
}

/** The peer is asked whether it lives. */
async function isProbed(connection: RawConnection): Promise<Buffer> {
  const { opcode, payload } = await connection.nextFrame();
  expect(opcode).toBe(OPCODE.ping);
  return payload;
}

describe("a link that is dead", () => {
  it("row 45: both ways is noticed interval and timeout after the last byte", async () => {
    const { peer, world, connection } = await comeUp();
    world.clock.advance(4_000);
    connection.write(text("the last"));
    await world.receives(1);
    world.clock.advance(INTERVAL_MS - 1);
    await settle();
    expect(world.feed.status().isReady).toBe(true);
    world.clock.advance(1);
    await isProbed(connection);
    world.clock.advance(TIMEOUT_MS - 1);
    await settle();
    expect(world.feed.state).toBe("connected");
    world.clock.advance(1);
    const { loss } = await world.hears("down");
    expect(loss).toEqual({
      class: "silent",
      phase: "open",
      silentMs: INTERVAL_MS + TIMEOUT_MS,
    });
    expect(world.retryInMs).toBeLessThanOrEqual(3_000);
    await connection.gone; // terminated: nobody waited for a close frame

    // G3: the dead socket is not heard any more, even if the link comes back.
    world.waitsItsTurn();
    connection.write(text("from the grave"));
    await world.hears("up", 2);
    (await peer.connection(2)).write(text("alive"));
    expect(await world.receives(2)).toEqual(["the last", "alive"]);
  });

  it("row 46: from us to them shows in what is not answered, not in what we hear", async () => {
    const peer = await serve((connection) => connection.upgrade());
    const world = startWorld<Json>(peer, {
      ...numbered,
      resubscribe: { requestTimeoutMs: 2_000 },
    });
    await world.hears("up");
    const connection = await peer.connection(1);
    connection.socket.pause(); // it goes on talking, and reads nothing
    const fate = world.feed.send("an order");
    world.feed.subscribe("a");
    world.clock.advance(2_000);
    expect(world.alerts("subscriptions-timed-out")).toMatchObject([{ topics: ["a"] }]);
    expect(await fate).toEqual({ fate: "written" }); // by the kernel: it proves no more

    for (let n = 1; n <= 6; n += 1) {
      connection.write(numberOf("b", n));
      await world.receives(n);
      world.clock.advance(10_000);
    }
    expect(world.heard("down")).toEqual([]); // the peer is alive: it will drop us, or be asked again
  });

  it("row 47: from them to us is noticed though they still hear us; the old session is over", async () => {
    const { peer, world, connection } = await comeUp();
    world.clock.advance(INTERVAL_MS);
    await isProbed(connection); // heard, and its pong is lost on the way
    world.clock.advance(TIMEOUT_MS);
    expect(await world.hears("down")).toMatchObject({ loss: { class: "silent" } });
    world.waitsItsTurn();
    await world.hears("up", 2);
    connection.write(text("to the old session"));
    (await peer.connection(2)).write(text("to the new one"));
    expect(await world.receives(1)).toEqual(["to the new one"]);
    expect(world.feed.status().inbound.late).toBe(0);
  });

  it("row 48: for 3 s only holds things up: nothing is lost, nobody reconnects", async () => {
    const { world, connection } = await comeUp();
    world.clock.advance(INTERVAL_MS);
    const payload = await isProbed(connection);
    world.clock.advance(3_000);
    connection.write(text("1"), text("2"), frame(OPCODE.pong, payload), text("3"));
    expect(await world.receives(3)).toEqual(["1", "2", "3"]);
    world.clock.advance(TIMEOUT_MS);
    await settle();
    expect(world.heard("down")).toEqual([]);
  });

  it("row 49: for 1 to 3 s at every step is slow and no more", async () => {
    const { world, connection } = await comeUp();
    let silentMs = 0;
    for (const lateMs of [2_000, 3_000, 1_000, 2_999, 1_500, 3_000, 1_000, 2_500]) {
      world.clock.advance(INTERVAL_MS - silentMs);
      const payload = await isProbed(connection);
      world.clock.advance(lateMs);
      connection.write(frame(OPCODE.pong, payload), text("tick"));
      await world.receives(world.items.length + 1);
      silentMs = TIMEOUT_MS - lateMs;
      world.clock.advance(silentMs);
      await settle();
    }
    expect(world.heard("down")).toEqual([]);
    expect(world.heard("up")).toHaveLength(1);
  });
});

describe("a process that stands still", () => {
  it("row 69: for seconds does not take its own silence for the peer's", async () => {
    const { world, connection } = await comeUp();
    world.clock.advance(INTERVAL_MS);
    await isProbed(connection);
    world.clock.advance(1_000);
    connection.write(text("waiting in the kernel"));
    world.clock.suspend(7_000);
    world.clock.advance(0); // the deadline was missed by us: it is asked again
    await isProbed(connection);
    expect(await world.receives(1)).toEqual(["waiting in the kernel"]);
    world.clock.advance(TIMEOUT_MS);
    await settle();
    expect(world.feed.state).toBe("connected");
    expect(world.heard("down")).toEqual([]);
  });

  it("row 70: for longer than interval and timeout asks before it judges", async () => {
    const { world, connection } = await comeUp();
    world.clock.advance(1_000);
    world.clock.suspend(60_000);
    world.clock.advance(0);
    const payload = await isProbed(connection);
    connection.write(frame(OPCODE.pong, payload), text("still here"));
    expect(await world.receives(1)).toEqual(["still here"]);
    world.clock.advance(TIMEOUT_MS);
    await settle();
    expect(world.heard("down")).toEqual([]);
  });

  it("row 71: for minutes replaces the connection unasked", async () => {
    const { peer, world, connection } = await comeUp();
    connection.write(text("before"));
    await world.receives(1);
    world.clock.suspend(600_000);
    world.clock.advance(0);
    const { loss, rule } = await world.hears("down");
    expect(loss).toEqual({ class: "suspended", phase: "open", silentMs: 600_000 });
    expect(rule).toBe("suspended");
    expect(world.retryInMs).toBeLessThanOrEqual(3_000);
    await connection.gone;
    world.waitsItsTurn();
    await world.hears("up", 2);
    (await peer.connection(2)).write(text("after"));
    expect(await world.receives(2)).toEqual(["before", "after"]);
  });

  it.each([
    ["a little less than the limit", 119_999, 0],
    ["the limit and an interval", 135_001, 1],
  ])("row 71: for %s", async (_, stoppedMs, downs) => {
    const { world } = await comeUp();
    world.clock.suspend(stoppedMs);
    world.clock.advance(0);
    await settle();
    expect(world.heard("down")).toHaveLength(downs);
  });

  it("row 71: in the wait for the next attempt dials when it wakes, once", async () => {
    const peer = await serve((connection) => connection.reset(), upgrades);
    const world = startWorld(peer);
    await world.hears("attempt.failed");
    world.clock.suspend(600_000);
    world.clock.advance(0);
    await world.hears("up");
    expect(peer.accepted).toHaveLength(2);
  });
});

describe("a wall clock that is set", () => {
  it.each([2, -2])("row 72: by %i hours moves nothing of ours", async (hours) => {
    const peer = await serve(
      answersRequests(({ id }, connection) => {
        connection.write(json({ ack: id }), numberOf("a", 1));
      }),
    );
    const wallMs = Date.now.bind(Date);
    const beforeMs = realClock.nowMs();
    Date.now = () => wallMs() + hours * 3_600_000;
    try {
      expect(realClock.nowMs() - beforeMs).toBeLessThan(3_600_000);
      expect(realClock.nowMs()).toBeGreaterThanOrEqual(beforeMs);
      // On the machine's own clock: what is armed is not touched, what comes is stamped as ever.
      const heartbeat = { intervalMs: 60_000, timeoutMs: 5_000 };
      const world = startWorld<Json>(peer, { topics: ["a"], ...numbered, heartbeat });
      const [item] = await world.receives(1).then(() => world.items);
      expect(item?.receivedAtMs).toBe(world.clock.nowMs());
      world.clock.advance(59_999);
      await settle();
      expect(world.feed.state).toBe("connected");
      expect(world.heard("down")).toEqual([]);
    } finally {
      Date.now = wallMs;
    }
  });

  it("row 72: does not change when a date in Retry-After is due", async () => {
    const peer = await serve(
      (connection) =>
        connection.answer(
          "HTTP/1.1 503 X",
          "Content-Length: 0",
          "Date: Fri, 31 Dec 2027 23:00:00 GMT",
          "Retry-After: Fri, 31 Dec 2027 23:00:42 GMT",
        ),
      confirmsAll,
    );
    const wallMs = Date.now.bind(Date);
    Date.now = () => wallMs() + 7_200_000;
    try {
      const world = startWorld(peer);
      await world.hears("attempt.failed");
      expect(world.retryInMs).toBeGreaterThanOrEqual(42_000);
      expect(world.retryInMs).toBeLessThanOrEqual(45_000);
    } finally {
      Date.now = wallMs;
    }
  });
});
