import { describe, expect, it } from "vitest";
import type { Loss } from "../../../machines/index.ts";
import { createMemoryTransport, VirtualClock } from "../../../src/testing/index.ts";
import type { SocketSink } from "../../../src/transport/transport.ts";

function openSocket(react: Partial<SocketSink> = {}) {
  const clock = new VirtualClock(1_000);
  const { transport, sockets } = createMemoryTransport({ clock });
  const messages: string[] = [];
  const losses: Loss[] = [];
  const client = transport(
    { url: "ws://feed.test", protocols: [], headers: {}, clock },
    {
      progressed: () => {},
      opened: () => {},
      pinged: () => {},
      ended: (loss) => losses.push(loss),
      ...react,
      message: (data, isBinary) => {
        messages.push(data.toString());
        react.message?.(data, isBinary);
      },
    },
  );
  const socket = sockets[0];
  if (socket === undefined) throw new Error("nothing was dialled");
  socket.opens();
  return { clock, client, socket, messages, losses };
}

describe("a socket in memory", () => {
  it("delivers the rest of a chunk whatever the client does at its first message", () => {
    for (const act of ["pause", "terminate"] as const) {
      const { socket, client, messages } = openSocket({ message: () => client[act]() });
      socket.receives("a", "b", "c");
      expect(messages).toEqual(["a", "b", "c"]);
    }
  });

  it("holds a chunk while paused and flushes it when terminated", () => {
    const { socket, client, messages } = openSocket();
    client.pause();
    socket.receives("a");
    expect(messages).toEqual([]);
    client.terminate();
    expect(messages).toEqual(["a"]);
  });

  it("sees neither a close frame nor a FIN behind data while paused, but a reset", () => {
    const closed = openSocket();
    closed.client.pause();
    closed.socket.closes(1001);
    expect(closed.losses).toEqual([]);
    closed.client.resume();
    expect(closed.losses).toEqual([{ class: "closed-by-peer", phase: "open", closeCode: 1001 }]);

    const reset = openSocket();
    reset.client.pause();
    reset.socket.receives("last");
    reset.socket.drops();
    expect(reset.losses).toEqual([]);
    reset.socket.drops("ECONNRESET");
    expect(reset.messages).toEqual(["last"]);
    expect(reset.losses).toHaveLength(1);
  });

  it("tells one loss, and then nothing but stray messages", () => {
    const { socket, losses, messages } = openSocket();
    socket.drops();
    socket.closes(1000);
    socket.receives("stray");
    expect(losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(messages).toEqual(["stray"]);
  });

  it("stamps the last byte at each chunk and pong, and not on a silent link", () => {
    const { clock, socket, client } = openSocket();
    expect(client.lastByteAtMs).toBe(1_000);
    clock.advance(10);
    client.ping();
    expect(client.lastByteAtMs).toBe(1_010);
    socket.isSilent = true;
    clock.advance(10);
    client.ping();
    client.send("heard by nobody", (error) => expect(error).toBeUndefined());
    expect(client.lastByteAtMs).toBe(1_010);
    expect(socket.pings).toBe(2);
  });

  it("gives every held send one fate", () => {
    const { socket, client } = openSocket();
    const fates: string[] = [];
    socket.holdsSends = true;
    client.send("ab", (error) => fates.push(error?.message ?? "ok"));
    expect(client.bufferedBytes).toBe(2);
    socket.releasesSends();
    expect(fates).toEqual(["ok"]);
    socket.holdsSends = true;
    client.send("cd", (error) => fates.push(error?.message ?? "ok"));
    client.terminate();
    client.send("ef", (error) => fates.push(error?.message ?? "ok"));
    expect(fates).toEqual(["ok", "the socket was terminated", "the socket is not open"]);
    expect(socket.sent.map(({ data }) => data)).toEqual(["ab", "cd"]);
  });

  it("classifies the ends of a handshake", () => {
    const ends: [(socket: ReturnType<typeof createMemoryTransport>["sockets"][0]) => void, Loss][] =
      [
        [
          (socket) => socket.refuses(503, 2_000),
          { class: "http-refusal", phase: "upgrade", status: 503, retryAfterMs: 2_000 },
        ],
        [
          (socket) => socket.failsToConnect(),
          { class: "unreachable", phase: "tcp", code: "ECONNREFUSED" },
        ],
        [
          (socket) => socket.drops(),
          { class: "handshake-cut", phase: "upgrade", code: "ECONNRESET" },
        ],
      ];
    for (const [end, expected] of ends) {
      const losses: Loss[] = [];
      const clock = new VirtualClock();
      const { transport } = createMemoryTransport({ clock, onDial: end });
      transport(
        { url: "ws://feed.test", protocols: [], headers: {}, clock },
        {
          progressed: () => {},
          opened: () => {},
          message: () => {},
          pinged: () => {},
          ended: (loss) => losses.push(loss),
        },
      );
      expect(losses).toEqual([expected]);
    }
  });
});
