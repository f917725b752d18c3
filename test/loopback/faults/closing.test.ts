/** Rows 75 and 77 to 88: paused, closing, or waiting for the next attempt. */
import { describe, expect, it } from "vitest";
import { numbered, type Json } from "../../src/start-supervisor.ts";
import { close, frame, OPCODE, text, type RawConnection } from "../raw-peer.ts";
import { answersRequests, confirmsAll, serve, upgrades, type Peer, type Request } from "./peer.ts";
import { settle, startWorld, type World, type WorldOptions } from "./world.ts";

interface Up {
  readonly peer: Peer;
  readonly world: World;
  readonly connection: RawConnection;
}

async function comeUp(options: WorldOptions = {}): Promise<Up> {
  const peer = await serve(upgrades);
  const world = startWorld(peer, options);
  await world.hears("up");
  return { peer, world, connection: await peer.connection(1) };
}

/** The client's close frame, whatever comes before it. */
async function closeFrameOf(connection: RawConnection): Promise<Buffer> {
  for (;;) {
    const { opcode, payload } = await connection.nextFrame();
    if (opcode === OPCODE.close) return payload;
  }
}

/** A feed whose only reader takes nothing, so that the socket is paused; two messages are waiting. */
async function comeToPause(): Promise<Up & { readonly slow: AsyncIterableIterator<unknown> }> {
  const up = await comeUp();
  const slow = up.world.feed.messages({ highWaterMark: 1, overflow: "pause" });
  up.connection.write(text("1"), text("2"));
  await up.world.receives(2);
  expect(up.world.feed.status().queues).toMatchObject([{ pauses: 1 }]);
  return { ...up, slow };
}

/** A turn in which the paused socket would be read, were it not paused. */
async function staysUnread(world: World, connection: RawConnection): Promise<void> {
  const before = world.items.length;
  connection.write(text("unread"));
  await settle();
  expect(world.items).toHaveLength(before);
}

describe("a socket that is paused for a slow consumer", () => {
  it("row 77: does not see a FIN behind data until its budget ends; the data is delivered", async () => {
    const { world, connection } = await comeToPause();
    await staysUnread(world, connection);
    connection.end();
    await settle();
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(4_999);
    await settle();
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(await world.hears("down")).toMatchObject({ loss: { class: "dropped" } });
    expect(world.messages).toEqual(["1", "2", "unread"]);
  });

  it("row 77: does not see a close frame until its budget ends", async () => {
    const { world, connection } = await comeToPause();
    connection.write(text("3"), close(1001, "bye"));
    connection.end();
    await settle();
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(5_000);
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ class: "closed-by-peer", closeCode: 1001 });
    expect(world.messages).toEqual(["1", "2", "3"]);
  });

  it("row 77: ends with an RST, whenever that is seen", async () => {
    const { world, connection } = await comeToPause();
    connection.reset();
    await settle();
    world.clock.advance(5_000);
    expect(await world.hears("down")).toMatchObject({ loss: { class: "dropped" } });
    expect(world.messages).toEqual(["1", "2"]);
  });

  it("row 78: answers its server's ping once the budget ends, and is not cut", async () => {
    const { world, connection } = await comeToPause();
    connection.write(frame(OPCODE.ping, "are you there?"));
    let isAnswered = false;
    const pong = connection.nextFrame().then((answer) => {
      isAnswered = true;
      return answer;
    });
    world.clock.advance(4_999);
    await settle();
    expect(isAnswered).toBe(false);
    world.clock.advance(1);
    expect(await pong).toEqual({ opcode: OPCODE.pong, payload: Buffer.from("are you there?") });
    expect(world.heard("down")).toEqual([]);
  });

  it("row 78: that its server cut meanwhile is told so when it reads again", async () => {
    const { world, connection, slow } = await comeToPause();
    await staysUnread(world, connection);
    connection.write(close(1008, "Pong timeout"));
    connection.end();
    await slow.next();
    await slow.next(); // it has caught up: the socket is read again
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ closeCode: 1008, detail: "Pong timeout" });
  });

  it("row 79: closes as any other: it reads again, or it would not see the answer", async () => {
    const { world, connection } = await comeToPause();
    await staysUnread(world, connection);
    const over = world.feed.close();
    await closeFrameOf(connection);
    connection.write(close(1000));
    connection.end();
    await over;
    expect(world.heard("down")).toEqual([]);
    expect(world.clock.armed).toBe(0);
  });

  it("row 79: that is terminated delivers nothing of what it held back", async () => {
    const { world, connection } = await comeToPause();
    await staysUnread(world, connection);
    world.feed.terminate();
    await connection.gone;
    await settle();
    expect(world.messages).toEqual(["1", "2"]);
    expect(world.clock.armed).toBe(0);
  });
});

describe("close()", () => {
  it("row 75: of a live feed says how each send ended; nothing is delivered afterwards", async () => {
    const { world, connection } = await comeUp({ pacing: { frames: 1, perMs: 60_000 } });
    const sends = [world.feed.send("left"), world.feed.send("waits"), world.feed.send("waits")];
    const over = world.feed.close(4001, "done");
    const payload = await closeFrameOf(connection);
    expect([payload.readUInt16BE(0), payload.subarray(2).toString()]).toEqual([4001, "done"]);
    connection.write(close(4001));
    connection.end();
    await over;
    expect(await Promise.all(sends)).toEqual([
      { fate: "written" },
      { fate: "dropped", reason: "closed" },
      { fate: "dropped", reason: "closed" },
    ]);
    const delivered = world.items.length;
    await settle();
    expect(world.items).toHaveLength(delivered);
    expect(world.feed.state).toBe("closed");
  });

  it("row 80: waits 2 s for a peer that does not answer, and not a millisecond more", async () => {
    const { world, connection } = await comeUp();
    let isOver = false;
    const over = world.feed.close().then(() => {
      isOver = true;
    });
    await closeFrameOf(connection);
    world.clock.advance(1_999);
    await settle();
    expect(isOver).toBe(false);
    world.clock.advance(1);
    await over;
    await connection.gone;
    expect(world.clock.armed).toBe(0);
  });

  it("row 81: delivers what comes before the answer, and nothing once it has resolved", async () => {
    const { world, connection } = await comeUp();
    const over = world.feed.close();
    await closeFrameOf(connection);
    connection.write(text("one more"));
    await world.receives(1);
    connection.write(close(1000), text("too late"));
    connection.end();
    await over;
    await settle();
    expect(world.messages).toEqual(["one more"]);
  });

  it("row 82: is the end: connect() meanwhile dials nobody, and a new supervisor is not touched", async () => {
    const { peer, world, connection } = await comeUp();
    const over = world.feed.close();
    world.feed.connect();
    world.feed.reconnect();
    const next = startWorld(peer);
    await next.hears("up");
    await closeFrameOf(connection);
    connection.write(close(1000));
    connection.end();
    await over;
    (await peer.connection(2)).write(text("to the new one"));
    await next.receives(1);
    expect(world.feed.state).toBe("closed");
    expect(next.heard("down")).toEqual([]);
    expect(world.messages).toEqual([]);
    expect(peer.accepted).toHaveLength(2);
  });

  it("row 83: twice, and once it is over, is one end", async () => {
    const { world, connection } = await comeUp();
    const both = [world.feed.close(), world.feed.close(4000, "again")];
    const payload = await closeFrameOf(connection);
    expect(payload.readUInt16BE(0)).toBe(1000);
    connection.write(close(1000));
    connection.end();
    await Promise.all(both);
    await world.feed.close();
    world.feed.terminate();
    expect(world.heard("closed")).toHaveLength(1);
    expect(world.heard("state").filter(({ state }) => state === "closing")).toHaveLength(1);
  });

  it("row 84: that is answered with an RST is over, and nobody reconnects", async () => {
    const { peer, world, connection } = await comeUp();
    const over = world.feed.close();
    await closeFrameOf(connection);
    connection.reset();
    await over;
    world.clock.advance(3_600_000);
    await settle();
    expect(world.feed.state).toBe("closed");
    expect(world.heard("down")).toEqual([]);
    expect(peer.accepted).toHaveLength(1);
  });
});

describe("the wait for the next attempt", () => {
  it("row 85: is skipped by connect(), as when the network is back: one attempt, not two", async () => {
    const peer = await serve((connection) => connection.reset(), upgrades);
    const world = startWorld(peer);
    await world.hears("attempt.failed");
    world.feed.connect();
    world.feed.connect();
    world.feed.connect();
    await world.hears("up");
    world.clock.advance(10_000); // past the wait that was skipped
    await settle();
    expect(peer.accepted).toHaveLength(2);
    expect(world.heard("up")).toMatchObject([{ attempt: 2 }]);
  });

  it("row 86: is ended by close(): nothing is armed, nobody is dialled", async () => {
    const peer = await serve((connection) => connection.reset());
    const world = startWorld(peer);
    await world.hears("attempt.failed");
    await world.feed.close();
    expect(world.clock.armed).toBe(0);
    world.clock.advance(3_600_000);
    await settle();
    expect(peer.accepted).toHaveLength(1);
    expect(world.heard("closed")).toHaveLength(1);
  });

  it("row 87: hears what is wanted meanwhile: the next socket is asked for exactly that", async () => {
    const requests: Request[] = [];
    const peer = await serve(
      confirmsAll,
      answersRequests((request) => {
        requests.push(request);
        return { ack: request.id };
      }),
    );
    const world = startWorld<Json>(peer, { topics: ["a", "b"], ...numbered });
    await world.hears("up");
    (await peer.connection(1)).reset();
    await world.hears("down");
    world.feed.unsubscribe("a");
    world.feed.subscribe(["c", "d"]);
    world.feed.unsubscribe("d");
    world.feed.subscribe("b"); // a second reference: one unsubscribe is not its end
    world.feed.unsubscribe("b");
    const fate = world.feed.send('"while away"');
    world.waitsItsTurn();
    await world.hears("up", 2);
    expect(requests).toMatchObject([{ op: "sub", topics: ["b", "c"] }]);
    expect(await fate).toEqual({ fate: "written" });
    expect(world.feed.topics().map(({ topic, references }) => [topic, references])).toEqual([
      ["b", 1],
      ["c", 1],
    ]);
  });

  it("row 88: is as long as it takes until the budget has a token, with an alert", async () => {
    const peer = await serve((connection) => connection.reset());
    const world = startWorld(peer, { retryBudget: { attempts: 3, perMs: 3_600_000 } });
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await world.hears("attempt.failed", attempt);
      world.waitsItsTurn();
    }
    await world.hears("attempt.failed", 3);
    expect(world.alerts("retry-budget-empty")).toMatchObject([{ retryInMs: world.retryInMs }]);
    expect(world.retryInMs).toBeGreaterThan(1_100_000); // a token each 20 minutes
    world.waitsItsTurn();
    await world.hears("attempt.failed", 4);
    expect(world.retryInMs).toBeGreaterThan(1_100_000);
    expect(world.alerts("retry-budget-empty")).toHaveLength(1);
    expect(world.heard("failed")).toEqual([]);
  });
});
