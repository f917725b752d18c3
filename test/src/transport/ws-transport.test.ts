/**
 * The adapter over a stream in memory. What is written has arrived, so that what should have happened
 * can be looked for after a few turns of the loop: over TCP one could only wait for it, for ever when
 * it does not come. The rest of the adapter's behaviour is in test/loopback.
 */
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { realClock } from "../../../src/system.ts";
import { createWsTransport } from "../../../src/transport/ws-transport.ts";
import { frame, OPCODE, RawConnection, text } from "../../loopback/raw-peer.ts";
import { Client } from "../../loopback/ws-table/client.ts";
import type { Reactions } from "../../loopback/ws-table/case.ts";
import { MemoryStream } from "../../loopback/ws-table/memory-stream.ts";

/** A client whose request has arrived, its stream, and the peer at the other end. */
async function dial(reactions?: Reactions) {
  const [near, far] = MemoryStream.pair();
  const peer = new RawConnection(far as unknown as Socket);
  const client = new Client(reactions);
  client.socket = createWsTransport({ createConnection: () => near })(
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

  it("leaves no stream open when its owner terminates it", async () => {
    const { client, near, peer } = await dial();
    await peer.upgrade();
    await client.until("opened");
    client.socket.terminate();
    await settle();
    expect(near.destroyed).toBe(true);
  });
});
