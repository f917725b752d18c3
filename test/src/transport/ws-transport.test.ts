/**
 * The adapter over a stream in memory. What is written has arrived, so that what should have happened
 * can be looked for after a few turns of the loop: over TCP one could only wait for it, for ever when
 * it does not come. The rest of the adapter's behaviour is in test/loopback.
 */
import type { Socket } from "node:net";
import { constants, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { realClock } from "../../../src/system.ts";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { createWsTransport } from "../../../src/transport/ws-transport.ts";
import { close, frame, OPCODE, RawConnection, text } from "../../loopback/raw-peer.ts";
import { Client } from "../../loopback/ws-table/client.ts";
import type { Reactions } from "../../loopback/ws-table/case.ts";
import { MemoryStream } from "../../loopback/ws-table/memory-stream.ts";

/** A client whose request has arrived, its stream, and the peer at the other end. */
async function dial(reactions?: Reactions, options: WsTransportOptions = {}) {
  const [near, far] = MemoryStream.pair();
  const peer = new RawConnection(far as unknown as Socket);
  const client = new Client(reactions);
  client.socket = createWsTransport({ ...options, createConnection: () => near })(
    { url: "ws://feed.test/", protocols: [], headers: {}, clock: realClock },
    client,
  );
  await peer.request;
  return { client, near, peer };
}

type Dialled = Awaited<ReturnType<typeof dial>>;

/** No I/O is waited for: what does not happen within these turns never does. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What would have ended the process while `act` ran. */
async function uncaughtDuring(act: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown): number => uncaught.push(error);
  process.on("uncaughtException", note);
  try {
    await act();
    await settle();
  } finally {
    process.off("uncaughtException", note);
  }
  return uncaught;
}

const ends: [string, (dialled: Dialled) => unknown][] = [
  [
    "a refusal whose body goes on and on (#2)",
    ({ peer }) => peer.answer("HTTP/1.1 503 Down", "Content-Length: 1000000"),
  ],
  ["a redirect", ({ peer }) => peer.answer("HTTP/1.1 302 Found", "Location: ws://other.test/")],
  ["an answer that is no WebSocket's", ({ peer }) => peer.answer("HTTP/1.1 101 X")],
  ["its owner's close", ({ client }) => client.socket.close(1000, "")],
  ["its owner's terminate", ({ client }) => client.socket.terminate()],
];

describe("a handshake that ends", () => {
  it.each(ends)("by %s leaves no stream open", async (_, end) => {
    const dialled = await dial();
    await end(dialled);
    await settle();
    expect(dialled.near.destroyed).toBe(true);
  });

  it.each(ends)("by %s cannot end the process with a late error (#18)", async (_, end) => {
    const dialled = await dial();
    const uncaught = await uncaughtDuring(async () => {
      await end(dialled);
    });
    expect(uncaught).toEqual([]);
  });
});

describe("an open socket", () => {
  it("is not wedged by an owner that throws on a message (#6)", async () => {
    const { client, peer } = await dial({
      message: () => {
        throw new Error("owner's bug");
      },
    });
    const uncaught = await uncaughtDuring(async () => {
      await peer.upgrade();
      expect(() => peer.write(text("1"), text("2"), frame(OPCODE.ping))).not.toThrow();
    });
    expect(client.heard).toEqual(["tcp", "upgrade", "opened", "text 1", "text 2", "pinged"]);
    expect(uncaught).toEqual([]);
  });

  it("is over with the peer's close frame, which is answered, though the peer keeps TCP open", async () => {
    const { client, near, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    peer.write(text("last"), close(4001, "moved"));
    await settle();
    expect(client.heard.slice(-2)).toEqual([
      "text last",
      { class: "closed-by-peer", phase: "open", closeCode: 4001, detail: "moved" },
    ]);
    expect((await peer.nextFrame()).payload.readUInt16BE(0)).toBe(4001);
    expect(near.destroyed).toBe(true);
  });

  it("is over with a close frame that has no code", async () => {
    const { client, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    peer.write(close());
    await settle();
    expect(client.heard.at(-1)).toEqual({ class: "ended-without-code", phase: "open" });
  });

  it("that its owner is closing is over when TCP is, not with the peer's answer", async () => {
    const { client, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    client.closes(4000, "done");
    peer.write(close(4000));
    await settle();
    expect(client.heard.at(-1)).toBe("(closes)");
    peer.end();
    await settle();
    expect(client.heard.at(-1)).toMatchObject({ class: "closed-by-peer", closeCode: 4000 });
  });

  it("is closed and terminated in one turn, and its peer gets the close frame", async () => {
    const { client, near, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    client.socket.close(4002, "rotated");
    client.socket.terminate();
    const { opcode, payload } = await peer.nextFrame();
    expect([opcode, payload.readUInt16BE(0)]).toEqual([OPCODE.close, 4002]);
    await settle();
    expect(near.destroyed).toBe(true);
  });

  it("refuses bytes that are detached, and sends what follows", async () => {
    const { client, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    const bytes = new Uint8Array([1, 2, 3]);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const said: unknown[] = [];
    client.socket.send(bytes, (error, refusal) => said.push(error?.name, refusal));
    client.sends("next");
    expect(said).toEqual(["TypeError", "invalid"]);
    expect((await peer.nextFrame()).payload.toString()).toBe("next");
  });

  it("is not open for frames before it is and once it is closing", async () => {
    const { client, peer } = await dial();
    const said: unknown[] = [];
    client.socket.send("early", (_, refusal) => said.push(refusal));
    await peer.upgrade();
    await client.until("opened");
    client.closes();
    client.socket.send("late", (_, refusal) => said.push(refusal));
    expect(said).toEqual(["not-open", "not-open"]);
  });

  it("sends compressed what bytes were when they were given", async () => {
    const { client, peer } = await dial(undefined, { perMessageDeflate: { threshold: 0 } });
    await peer.upgrade(Buffer.alloc(0), ["Sec-WebSocket-Extensions: permessage-deflate"]);
    await client.until("opened");
    const bytes = Buffer.from("BUY 1".repeat(50));
    client.sends(bytes);
    bytes.fill("SELL9");
    await client.until("sent");
    const { payload } = await peer.nextFrame();
    const tail = Buffer.from([0, 0, 0xff, 0xff]); // RFC 7692 §7.2.2
    const inflated = inflateRawSync(Buffer.concat([payload, tail]), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    expect(inflated.toString()).toBe("BUY 1".repeat(50));
  });

  it("leaves no stream open when its owner terminates it", async () => {
    const { client, near, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    client.socket.terminate();
    await settle();
    expect(near.destroyed).toBe(true);
  });
});
