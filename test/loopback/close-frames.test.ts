/** What servers are told when we end a connection, over real sockets: TCP and TLS, `ws` and a WHATWG socket. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createWebSocketTransport } from "../../src/browser/index.ts";
import { supervise, type Supervisor, type SupervisorOptions } from "../../src/index.ts";
import type { WebSocketConstructor } from "../../src/transport/web-socket-transport.ts";
import { defineVenue } from "../../src/venues/index.ts";
import { selfSigned } from "./raw-peer.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** Everything that a server saw of the ends of its connections, in order. */
interface Server {
  readonly url: string;
  /** The next end: its code, and its reason. */
  readonly ended: () => Promise<readonly [code: number, reason: string]>;
}

async function serve(isSecure: boolean): Promise<Server> {
  const http = isSecure ? createServer(selfSigned()) : undefined;
  const server = new WebSocketServer(
    http === undefined ? { port: 0, host: "127.0.0.1" } : { server: http },
  );
  const ends: (readonly [number, string])[] = [];
  let wake = (): void => {};
  server.on("connection", (socket) => {
    const timer = setInterval(() => socket.send("tick"), 1);
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      clearInterval(timer);
      ends.push([code, reason.toString()]);
      wake();
    });
  });
  http?.listen(0, "127.0.0.1");
  const listening = http ?? server;
  await new Promise((done) => listening.once("listening", done));
  undo.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
    http?.close();
  });
  const { port } = listening.address() as AddressInfo;
  return {
    url: `${isSecure ? "wss" : "ws"}://127.0.0.1:${port}/`,
    ended: async () => {
      while (ends.length === 0) await new Promise<void>((done) => (wake = done));
      return ends.shift() as readonly [number, string];
    },
  };
}

const insecure = { rejectUnauthorized: false, dangerouslyAllowUntrusted: true };

const ways: readonly (readonly [string, boolean, () => SupervisorOptions<unknown>])[] = [
  ["ws over TCP", false, () => ({})],
  ["ws over TLS", true, () => ({ ws: insecure })],
  ["ws over TCP, with the fast way in", false, () => ({ ws: { fastInbound: true } })],
  [
    "a WHATWG socket",
    false,
    () => ({
      transport: createWebSocketTransport({
        WebSocket: WebSocket as unknown as WebSocketConstructor,
      }),
      heartbeat: null,
    }),
  ],
];

async function start(
  url: string,
  options: SupervisorOptions<unknown>,
): Promise<Supervisor<unknown>> {
  const feed = supervise<unknown>(
    defineVenue<unknown>({
      id: "codes",
      url,
      ...(options.name === "venue" && { closeFrame: { code: 4123, reason: "the venue's" } }),
      open: () => ({ subscribe: (topics) => ({ topics }), decode: (data) => data }),
    }),
    options,
  );
  undo.push(() => feed.close());
  await feed.ready();
  return feed;
}

describe.each(ways)("the server, over %s,", (_, isSecure, options) => {
  it("sees 1000 for a reconnect, or the code that was asked for", async () => {
    const server = await serve(isSecure);
    const feed = await start(server.url, options());
    feed.reconnect();
    expect(await server.ended()).toEqual([1000, ""]);
    await feed.ready();
    feed.reconnect({ code: 4321, reason: "rebalancing" });
    expect(await server.ended()).toEqual([4321, "rebalancing"]);
    await feed.ready();
    feed.reconnect();
    expect(await server.ended()).toEqual([1000, ""]);
  });

  it("sees 1000 when a connection is replaced for its age", async () => {
    const server = await serve(isSecure);
    await start(server.url, { ...options(), maxAgeMs: 100 });
    expect(await server.ended()).toEqual([1000, ""]);
  });

  it("sees the profile's code for every end of ours, and for close() without one", async () => {
    const server = await serve(isSecure);
    const feed = await start(server.url, { ...options(), name: "venue" });
    feed.reconnect();
    expect(await server.ended()).toEqual([4123, "the venue's"]);
    await feed.ready();
    await feed.close();
    expect(await server.ended()).toEqual([4123, "the venue's"]);
  });

  it("sees the code of close(), and no close frame for terminate()", async () => {
    const server = await serve(isSecure);
    const first = await start(server.url, options());
    await first.close(4002, "done");
    expect(await server.ended()).toEqual([4002, "done"]);
    const second = await start(server.url, options());
    second.terminate();
    // A WHATWG socket has no end but a closing handshake.
    const [code] = await server.ended();
    expect(code).toBe("transport" in options() ? 1005 : 1006);
  });
});

describe("a class of sockets that is an emitter of Node's too", () => {
  /** Keeps those that it makes. */
  class Kept extends WebSocket {
    static readonly made: Kept[] = [];

    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      Kept.made.push(this);
    }
  }
  const options = (): SupervisorOptions<unknown> => ({
    transport: createWebSocketTransport({ WebSocket: Kept as unknown as WebSocketConstructor }),
    heartbeat: null,
  });
  afterEach(() => {
    Kept.made.length = 0;
  });

  it("does not end the process by the error of a dial that is refused", async () => {
    const refusing = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await new Promise((done) => refusing.once("listening", done));
    const { port } = refusing.address() as AddressInfo;
    await new Promise((done) => refusing.close(done));
    const feed = supervise(`ws://127.0.0.1:${port}/`, options());
    undo.push(() => feed.close());
    const loss = await new Promise((done) => feed.on("attempt.failed", (fact) => done(fact.loss)));
    expect(loss).toMatchObject({ class: "unreachable" });
  });

  it("does not by the error of a dial that is given up before it is open", async () => {
    const server = await serve(false);
    const feed = supervise(server.url, options());
    await new Promise<void>((done) => {
      feed.on("state", ({ state }) => state === "connecting" && done());
    });
    const [socket] = Kept.made;
    const errors: unknown[] = [];
    const failed = new Promise<void>((done) => {
      socket?.once("error", (error) => {
        errors.push(error);
        done();
      });
    });
    feed.terminate();
    expect(socket?.listenerCount("error"), "another than this test's").toBeGreaterThan(1);
    await failed;
    expect(errors).toHaveLength(1);
  });
});
