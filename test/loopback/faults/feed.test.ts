/** Rows 62 to 68 and 73: what comes is numbered wrongly, too much, or not wanted any more. */
import { describe, expect, it } from "vitest";
import type { AttemptContext, SequencePoint } from "../../../src/index.ts";
import { numbered, type Json } from "../../src/start-supervisor.ts";
import { close, text, type RawConnection } from "../raw-peer.ts";
import { confirmsAll, json, numberOf, serve, upgrades, type Peer } from "./peer.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

interface Up {
  readonly peer: Peer;
  readonly world: World<Json>;
  readonly connection: RawConnection;
}

async function comeUp(options: WorldOptions<Json> = {}): Promise<Up> {
  const peer = await serve(confirmsAll);
  const world = startWorld<Json>(peer, { topics: ["a", "b"], ...numbered, ...options });
  await world.hears("up");
  return { peer, world, connection: await peer.connection(1) };
}

const numbersOf = (world: World<Json>, stream = "a"): unknown[] =>
  world.messages.filter(({ s }) => s === stream).map(({ n }) => n);

/** Numbers `n` of a session `id`; a heartbeat names the next number and carries none. */
function inSession({ s, n, id, next }: Json): SequencePoint | undefined {
  if (s === undefined) return undefined;
  const session = typeof id === "string" ? id : undefined;
  if (typeof next === "number") {
    return { stream: s, first: next, last: next - 1, scope: "stream", session };
  }
  return n === undefined ? undefined : { stream: s, first: n, last: n, scope: "stream", session };
}

describe("the numbers of a stream", () => {
  it("row 62: that leave some out are one gap, and no other stream's", async () => {
    const { world, connection } = await comeUp();
    const items = world.feed.messages();
    connection.write(numberOf("a", 1), numberOf("b", 1), numberOf("a", 5), numberOf("b", 2));
    connection.write(numberOf("a", 6));
    await world.receives(5);
    expect(world.heard("gap")).toMatchObject([{ stream: "a", from: 2, to: 4 }]);
    const kinds: string[] = [];
    for (let taken = 0; taken < 6; taken += 1) kinds.push((await items.next()).value?.kind ?? "");
    expect(kinds).toEqual(["message", "message", "gap", "message", "message", "message"]);
  });

  it("row 63: that repeat or step back are delivered once, and in order", async () => {
    const { world, connection } = await comeUp();
    for (const n of [1, 2, 2, 1, 3, 2, 3, 4]) connection.write(numberOf("a", n));
    await world.receives(4);
    expect(numbersOf(world)).toEqual([1, 2, 3, 4]);
    expect(world.heard("gap")).toEqual([]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 2, stale: 2 });
  });

  it("row 63: that come late right behind their gap are delivered behind a reset", async () => {
    const { world, connection } = await comeUp();
    for (const n of [1, 4, 2, 3, 5]) connection.write(numberOf("a", n));
    await world.receives(5);
    expect(numbersOf(world)).toEqual([1, 4, 2, 3, 5]);
    expect(world.heard("gap")).toMatchObject([{ from: 2, to: 3 }]);
    expect(world.heard("reset")).toMatchObject([{ stream: "a" }]);
  });

  it("row 63: that come later than that are not delivered behind their gap", async () => {
    const { world, connection } = await comeUp();
    for (const n of [1, 4, 5, 2, 6]) connection.write(numberOf("a", n));
    await world.receives(4);
    expect(numbersOf(world)).toEqual([1, 4, 5, 6]);
    expect(world.heard("gap")).toMatchObject([{ from: 2, to: 3 }]);
  });

  it("row 64: start over with another session, and nothing is missing", async () => {
    const { peer, world, connection } = await comeUp({ sequence: inSession });
    connection.write(json({ s: "a", n: 700, id: "x" }), json({ s: "a", n: 701, id: "x" }));
    await world.receives(2);
    connection.end();
    await world.hears("down");
    world.waitsItsTurn();
    await world.hears("up", 2);
    const second = await peer.connection(2);
    second.write(json({ s: "a", n: 900, id: "y" }), json({ s: "a", n: 901, id: "y" }));
    await world.receives(4);
    expect(world.heard("gap")).toEqual([]);
    expect(world.heard("reset")).toMatchObject([{ stream: "a" }]);
  });

  it("row 64: that belong to a connection start anew with each", async () => {
    const { peer, world, connection } = await comeUp({
      sequence: ({ s, n }) =>
        s === undefined || n === undefined
          ? undefined
          : { stream: s, first: n, last: n, scope: "connection" },
    });
    connection.write(numberOf("a", 1), numberOf("a", 2));
    await world.receives(2);
    connection.end();
    await world.hears("down");
    world.waitsItsTurn();
    await world.hears("up", 2);
    (await peer.connection(2)).write(numberOf("a", 1), numberOf("a", 3));
    await world.receives(4);
    expect(numbersOf(world)).toEqual([1, 2, 1, 3]);
    expect(world.heard("gap")).toMatchObject([{ from: 2, to: 2 }]);
    expect(world.heard("reset")).toEqual([]);
  });

  it("row 65: that are lost at the tail show in the next heartbeat", async () => {
    const { world, connection } = await comeUp({ sequence: inSession });
    connection.write(json({ s: "a", n: 7 }), json({ s: "a", next: 8 }));
    await world.receives(2);
    expect(world.heard("gap")).toEqual([]);
    connection.write(json({ s: "a", next: 11 }));
    expect(await world.hears("gap")).toMatchObject({ stream: "a", from: 8, to: 10 });
    connection.write(json({ s: "a", n: 11 }));
    await world.receives(4);
    expect(world.heard("gap")).toHaveLength(1);
  });
});

describe("a consumer", () => {
  it("row 66: that throws is reported, and hears the next message", async () => {
    const { world, connection } = await comeUp();
    const heard: unknown[] = [];
    world.feed.on("message", ({ data }) => {
      heard.push(data.n);
      throw new Error("a bug of the user's");
    });
    connection.write(numberOf("a", 1), numberOf("a", 2), numberOf("a", 3));
    await world.receives(3);
    expect(heard).toEqual([1, 2, 3]);
    expect(world.heard("callback.failed")).toHaveLength(3);
    expect(world.feed.status().callbackFailures).toBe(3);
    expect(world.heard("down")).toEqual([]);
  });

  it.each(["drop-oldest", "drop-newest"] as const)(
    "row 67: that is too slow loses by its policy (%s), counted and shown in its place",
    async (overflow) => {
      const { world, connection } = await comeUp();
      const slow = world.feed.messages({ highWaterMark: 10, overflow });
      for (let n = 1; n <= 100; n += 1) connection.write(numberOf("a", n));
      await world.receives(100);
      expect(world.feed.status().queues).toMatchObject([{ depth: 10, dropped: 90 }]);

      const items = [];
      for (let taken = 0; taken < 11; taken += 1) items.push((await slow.next()).value);
      const mark = overflow === "drop-oldest" ? items[0] : items[10];
      const [from, to] = overflow === "drop-oldest" ? [1, 90] : [11, 100];
      expect(mark).toMatchObject({
        kind: "overflow",
        dropped: 90,
        streams: [{ stream: "a", from, to, messages: 90 }],
      });
      expect(items.filter((item) => item?.kind === "message")).toHaveLength(10);
      expect(world.heard("gap")).toEqual([]); // they came: this is no gap
    },
  );

  it("row 67: that prefers the latest has one message a stream waiting", async () => {
    const { world, connection } = await comeUp();
    const slow = world.feed.messages({ highWaterMark: 10, overflow: "conflate" });
    for (let n = 1; n <= 50; n += 1) connection.write(numberOf("a", n), numberOf("b", n));
    await world.receives(100);
    expect(world.feed.status().queues).toMatchObject([{ depth: 2, dropped: 0, conflated: 98 }]);
    expect((await slow.next()).value).toMatchObject({ data: { s: "a", n: 50 } });
    expect((await slow.next()).value).toMatchObject({ data: { s: "b", n: 50 } });
  });

  it("row 67: that pauses the socket loses nothing while its budget lasts", async () => {
    const { world, connection } = await comeUp();
    const slow = world.feed.messages({ highWaterMark: 10, overflow: "pause" });
    for (let n = 1; n <= 100; n += 1) connection.write(numberOf("a", n));
    for (let n = 1; n <= 100; n += 1) {
      expect((await slow.next()).value).toMatchObject({ kind: "message", position: n });
    }
    expect(world.feed.status().queues).toMatchObject([{ dropped: 0 }]);
  });
});

describe("an outbox", () => {
  it("row 68: in front of a stalled peer keeps its bound, and says so to who sends", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    const connection = await peer.connection(1);
    connection.socket.pause();
    const fates = [];
    for (let sends = 0; sends < 400; sends += 1) {
      fates.push(world.feed.send(new Uint8Array(65_536)));
      expect(world.feed.status().outbox.bytes).toBeLessThanOrEqual(1_048_576);
    }
    const { outbox } = world.feed.status();
    expect(outbox.overflow).toBeGreaterThan(0);
    expect(await fates.at(-1)).toEqual({ fate: "dropped", reason: "overflow" });
    expect(world.heard("down")).toEqual([]);

    // Everything that was not dropped leaves, in order, once the peer reads on.
    connection.socket.resume();
    const kept = (await Promise.all(fates)).filter(({ fate }) => fate === "written");
    expect(kept).toHaveLength(400 - outbox.overflow);
  });
});

describe("a token that expires", () => {
  it("row 73: is renewed by one dial at once; the numbers go on without a gap", async () => {
    const tokens: string[] = [];
    const { peer, world, connection } = await comeUp({
      headers: ({ reason }: AttemptContext) => {
        tokens.push(reason);
        return { Authorization: `Bearer ${tokens.length}` };
      },
    });
    connection.write(numberOf("a", 1), close(3000, "token expired"));
    connection.end();
    expect(await world.hears("down")).toMatchObject({ rule: "close-auth", retryInMs: 0 });
    world.waitsItsTurn();
    await world.hears("up", 2);
    const second = await peer.connection(2);
    expect(await second.request).toMatch(/bearer 2/i);
    second.write(numberOf("a", 2));
    await world.receives(2);
    expect(tokens).toEqual(["first", "renewal"]);
    expect(world.heard("gap")).toEqual([]);
  });

  it("row 73: may be renewed in place, where the server lets us: the socket stays", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    const connection = await peer.connection(1);
    world.feed.on("message", ({ data }) => {
      if (data === "token expires") void world.feed.send("a new token");
    });
    connection.write(text("token expires"));
    expect((await connection.nextFrame()).payload.toString()).toBe("a new token");
    expect(world.heard("down")).toEqual([]);
    expect(peer.accepted).toHaveLength(1);
  });
});
