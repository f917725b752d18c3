/** Rows 41 to 44 and 51 to 61: a live socket that ends, or says what it must not. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { AttemptContext } from "../../../src/index.ts";
import { numbered, type Json } from "../../src/start-supervisor.ts";
import { close, frame, OPCODE, text, type RawConnection } from "../raw-peer.ts";
import { confirmsAll, numberOf, serve, upgrades, type Peer } from "./peer.ts";
import { settle, startWorld, type World, type WorldOptions } from "./world.ts";

const FIRST_MS = 3_000;

interface Up {
  readonly peer: Peer;
  readonly world: World<Json>;
  readonly connection: RawConnection;
}

/** A feed that is up, with one numbered topic. */
async function comeUp(options: WorldOptions<Json> = {}): Promise<Up> {
  const peer = await serve(confirmsAll);
  const world = startWorld<Json>(peer, { topics: ["a"], ...numbered, ...options });
  await world.hears("up");
  return { peer, world, connection: await peer.connection(1) };
}

/** The next socket comes up; what it is told first is `first`. */
async function comesBack({ peer, world }: Up, ...first: readonly Buffer[]): Promise<void> {
  world.waitsItsTurn();
  await world.hears("up", world.heard("up").length + 1);
  (await peer.connection(world.heard("up").length)).write(...first);
}

const numbersOf = (world: World<Json>): unknown[] => world.messages.map(({ n }) => n);

describe("a live socket that is cut", () => {
  it.each<[string, (connection: RawConnection) => void]>([
    ["a FIN", (connection) => connection.end()],
    ["an RST", (connection) => connection.reset()],
  ])(
    "row 41, row 42: by %s has delivered all that was whole, and names what it missed",
    async (_, cut) => {
      const up = await comeUp();
      const { world, connection } = up;
      connection.write(numberOf("a", 1), numberOf("a", 2), numberOf("a", 3));
      cut(connection);
      const { loss } = await world.hears("down");
      expect(loss).toMatchObject({ class: "dropped", phase: "open" });
      expect(world.retryInMs).toBeLessThanOrEqual(FIRST_MS);
      expect(numbersOf(world)).toEqual([1, 2, 3]);

      const kept = world.feed.send("while away");
      await comesBack(up, numberOf("a", 6));
      await world.receives(4);
      expect(numbersOf(world)).toEqual([1, 2, 3, 6]);
      expect(world.heard("gap")).toMatchObject([{ stream: "a", from: 4, to: 5 }]);
      expect(await kept).toEqual({ fate: "written" });
      expect(world.heard("down")).toHaveLength(1);
    },
  );

  it("row 42: by an RST alone names the errno that ws swallows", async () => {
    const { world, connection } = await comeUp();
    connection.reset();
    const { loss } = await world.hears("down");
    expect(loss).toEqual({ class: "dropped", phase: "open", code: "ECONNRESET" });
  });

  it("row 42: by an RST has an end for each send: written, unknown, or still waiting", async () => {
    const { world, connection } = await comeUp({ outbox: { bytes: 50_000_000 } });
    connection.socket.pause(); // what the kernel does not take stays ours
    const fates = Array.from({ length: 40 }, () => world.feed.send(new Uint8Array(500_000)));
    connection.reset();
    await world.hears("down");
    const { outbox } = world.feed.status();
    expect(outbox.unknown).toBeGreaterThan(0);
    expect(outbox.messages).toBeGreaterThan(0);
    expect(outbox.written + outbox.unknown + outbox.messages).toBe(40);
    world.feed.terminate();
    const ends = (await Promise.all(fates)).map(({ fate }) => fate);
    expect(ends.filter((fate) => fate === "dropped")).toHaveLength(outbox.messages);
  });

  it.each<[string, Buffer]>([
    ["within a frame", text('{"s":"a","n":2}').subarray(0, -1)],
    ["within a header", frame(OPCODE.text, "", { length: 70_000 }).subarray(0, 5)],
    ["between two fragments", text('{"s":"a","n":2}', { fin: false })],
  ])("row 43, row 44: %s delivers nothing of it", async (_, part) => {
    const { world, connection } = await comeUp();
    connection.write(numberOf("a", 1), part);
    connection.end();
    await world.hears("down");
    expect(numbersOf(world)).toEqual([1]);
    expect(world.heard("message.invalid")).toEqual([]);
  });
});

describe("bytes that are wrong", () => {
  it("row 51: in the text are counted and reported; the next message comes", async () => {
    const { world, connection } = await comeUp();
    connection.write(text('{"s":"a","n":'), text("\u0000{}"), numberOf("a", 1));
    await world.receives(1);
    expect(world.heard("message.invalid")).toHaveLength(2);
    expect(world.feed.status().inbound.invalid).toBe(2);
    expect(world.heard("down")).toEqual([]);
  });

  it("row 51: anywhere in a chunk end in a loss or a report, never in a throw", async () => {
    const chunk = Buffer.concat([numberOf("a", 1), frame(OPCODE.ping, "x"), numberOf("a", 2)]);
    for (let place = 0; place < chunk.length; place += 1) {
      const corrupt = Buffer.from(chunk);
      corrupt[place] = (corrupt[place] ?? 0) ^ 0xff;
      const { world, connection } = await comeUp();
      connection.write(corrupt);
      connection.end(); // so that a frame that now seems longer ends as well
      const { loss } = await world.hears("down");
      expect(["peer-protocol", "too-big", "dropped", "closed-by-peer"]).toContain(loss.class);
      world.feed.terminate();
    }
  });

  it.each<[string, Buffer]>([
    ["WS_ERR_UNEXPECTED_RSV_1", text("x", { rsv: 4 })],
    ["WS_ERR_UNEXPECTED_RSV_2_3", text("x", { rsv: 2 })],
    ["WS_ERR_INVALID_OPCODE", frame(3, "x")],
    ["WS_ERR_EXPECTED_FIN", frame(OPCODE.ping, "x", { fin: false })],
    ["WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", frame(OPCODE.ping, Buffer.alloc(126))],
    ["WS_ERR_UNEXPECTED_MASK", Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78])],
    ["WS_ERR_INVALID_UTF8", text("").subarray(0, 0)],
    ["WS_ERR_INVALID_CLOSE_CODE", close(1005)],
  ])("row 52: such as %s end the socket at once, after what was good", async (code, bad) => {
    const { world, connection } = await comeUp();
    const broken = code === "WS_ERR_INVALID_UTF8" ? frame(OPCODE.text, Buffer.from([0xc3])) : bad;
    connection.write(numberOf("a", 1), broken, numberOf("a", 2)); // and TCP stays open
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ class: "peer-protocol", code });
    expect(world.retryInMs).toBeGreaterThanOrEqual(1_000);
    expect(numbersOf(world)).toEqual([1]);
    await connection.gone;
  });

  it("row 52: three times in five minutes make the waits long", async () => {
    const peer = await serve((connection) => connection.upgrade(text("x", { rsv: 2 })));
    const world = startWorld(peer, { topics: ["a"], ...numbered });
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await world.hears("attempt.failed", attempt);
      expect(world.retryInMs).toBeLessThan(10_000);
      world.waitsItsTurn();
    }
    await world.hears("attempt.failed", 3);
    expect(world.retryInMs).toBeGreaterThanOrEqual(30_000);
  });

  it("row 53: a message over the limit ends the socket before it has been read", async () => {
    const { world, connection } = await comeUp();
    connection.write(frame(OPCODE.text, "", { length: 4 * 1024 * 1024 + 1 }));
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ class: "too-big", code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
    expect(world.alerts("loss")).toMatchObject([{ rule: "too-big" }]);
  });

  it("row 53: a bomb is not inflated beyond the limit", async () => {
    const bomb = deflateRawSync(Buffer.alloc(16 * 1024 * 1024));
    const peer = await serve((connection) =>
      connection.upgrade(frame(OPCODE.binary, bomb, { rsv: 4 }), [
        "Sec-WebSocket-Extensions: permessage-deflate",
      ]),
    );
    const world = startWorld(peer, { ws: { perMessageDeflate: true } });
    expect(bomb.length).toBeLessThan(20_000);
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ class: "too-big" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
    expect(world.messages).toEqual([]);
  });

  it("row 54: a flood of pings is an abusive peer", async () => {
    const { world, connection } = await comeUp();
    connection.write(...Array.from({ length: 61 }, () => frame(OPCODE.ping)));
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ class: "abusive-peer", phase: "open" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
  });
});

describe("a close frame", () => {
  it.each<[string, number | undefined, string]>([
    ["1000", 1000, "closed-by-peer"],
    ["1001", 1001, "closed-by-peer"],
    ["no code", undefined, "ended-without-code"],
    ["1011", 1011, "closed-by-peer"],
    ["4999, which nobody gave a meaning", 4999, "closed-by-peer"],
  ])(
    "row 56: with %s is a loss like any other: the feed is still wanted",
    async (_, code, name) => {
      const up = await comeUp();
      const { world, connection } = up;
      connection.write(numberOf("a", 1), close(code, ""));
      connection.end();
      const { loss } = await world.hears("down");
      expect(loss.class).toBe(name);
      expect(loss.closeCode).toBe(code);
      expect(world.retryInMs).toBeLessThanOrEqual(FIRST_MS);
      await comesBack(up, numberOf("a", 2));
      await world.receives(2);
      expect(world.heard("gap")).toEqual([]);
    },
  );

  it.each([1012, 1013])("row 57, row 58: with %i waits a random 5 to 30 s", async (code) => {
    const waits = new Set<number>();
    for (const seed of [1, 2, 3, 4]) {
      const { world, connection } = await comeUp({ seed });
      connection.write(close(code));
      connection.end();
      await world.hears("down");
      expect(world.retryInMs).toBeGreaterThanOrEqual(5_000);
      expect(world.retryInMs).toBeLessThanOrEqual(30_000);
      waits.add(world.retryInMs);
      world.feed.terminate();
    }
    expect(waits.size).toBe(4);
  });

  it.each<[number, string, WorldOptions["verdict"]]>([
    [1008, "close-policy", undefined],
    [3000, "close-auth", undefined],
    [
      4401,
      "token-expired",
      [
        {
          name: "token-expired",
          when: { closeCode: 4401 },
          ruling: {
            action: "renew",
            otherwise: { action: "slow", floorMs: 10_000 },
            fixed: { action: "refuse" },
          },
        },
      ],
    ],
  ])("row 59: with %i renews the credentials at once and once", async (code, rule, verdict) => {
    const reasons: string[] = [];
    const up = await comeUp({
      verdict,
      headers: ({ reason }: AttemptContext) => {
        reasons.push(reason);
        return {};
      },
    });
    const { peer, world, connection } = up;
    connection.write(close(code));
    connection.end();
    expect(await world.hears("down")).toMatchObject({ rule, retryInMs: 0 });
    await comesBack(up);
    const second = await peer.connection(2);
    second.write(close(code));
    second.end();
    await world.hears("down", 2);
    expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
    expect(reasons).toEqual(["first", "renewal"]);
  });

  it("row 60: with a code that the user calls fatal is the end, its reason fit to show", async () => {
    const { world, connection } = await comeUp({
      verdict: [
        { name: "banned", when: { closeCodes: [4400, 4499] }, ruling: { action: "refuse" } },
      ],
    });
    const unsent = world.feed.send("x".repeat(10));
    connection.write(numberOf("a", 1), close(4408, "bye\u001b[31m\r\nforged"));
    connection.end();
    expect(await world.hears("failed")).toMatchObject({
      rule: "banned",
      loss: { closeCode: 4408, detail: "bye\\u{1b}[31m\\u{d}\\u{a}forged" },
    });
    expect(numbersOf(world)).toEqual([1]);
    expect(await unsent).toEqual({ fate: "written" });
    expect(await world.feed.send("too late")).toEqual({ fate: "dropped", reason: "failed" });
  });

  it("row 61: whose peer never ends TCP is believed soon", async () => {
    const { world, connection } = await comeUp({ ws: { closeTimeout: 20 } }); // 2 s unless told
    connection.write(close(1001, "going away"));
    const { loss } = await world.hears("down");
    expect(loss).toMatchObject({ class: "closed-by-peer", closeCode: 1001 });
    await connection.gone;
  });
});

describe("a pong", () => {
  it("row 55: that nobody asked for is a sign of life and nothing else", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    const connection = await peer.connection(1);
    world.clock.advance(15_000); // silent for the whole interval: it is asked
    expect((await connection.nextFrame()).opcode).toBe(OPCODE.ping);
    world.clock.advance(4_000);
    connection.write(frame(OPCODE.pong, "an old one"), text("after it"));
    await world.receives(1);
    world.clock.advance(1_000);
    await settle();
    expect(world.feed.state).toBe("connected");
    expect(world.heard("down")).toEqual([]);
  });
});
