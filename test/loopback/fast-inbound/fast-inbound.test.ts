/** The fast way in: that it cannot be told from `ws` alone, and that it is taken. */
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../../src/system.ts";
import type { TransportSocket } from "../../../src/transport/transport.ts";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { createWsTransport } from "../../../src/transport/ws-transport.ts";
import { frame, OPCODE, type RawConnection, RawPeer, selfSigned, text } from "../raw-peer.ts";
import { Client } from "../ws-table/client.ts";
import { lacking } from "../ws-table/this-machine.ts";
import { compare } from "./compare.ts";

const peers: RawPeer[] = [];
const sockets: TransportSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const peer of peers.splice(0)) peer.stop();
});

interface Opened {
  readonly client: Client;
  readonly connection: RawConnection;
  /** Bytes that have reached `ws` since the socket is open. */
  readonly bytesToWs: () => number;
  /** What `createConnection` made, unless the test has one of its own. */
  readonly stream: Socket | undefined;
}

async function open(
  options: WsTransportOptions = {},
  { headers = [], tls, first }: { headers?: string[]; tls?: boolean; first?: Buffer } = {},
): Promise<Opened> {
  const certificate = tls === true ? selfSigned() : undefined;
  let connection: RawConnection | undefined;
  const peer = await RawPeer.listen((accepted) => {
    connection = accepted;
    return accepted.upgrade(first, headers);
  }, certificate);
  peers.push(peer);
  let stream: Socket | undefined;
  const transport = createWsTransport({
    fastInbound: true,
    createConnection: (given) => {
      stream = tls === true ? connectTls(given) : connect(given as NetConnectOpts);
      return stream;
    },
    ...(certificate && { ca: certificate.cert }),
    ...options,
  });
  const client = new Client();
  let bytes = 0;
  const dial = { url: peer.url("localhost"), protocols: [], headers: {}, clock: realClock };
  client.socket = transport(dial, client);
  sockets.push(client.socket);
  await client.until("opened");
  stream?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  if (connection === undefined) throw new Error("opened without a connection");
  return { client, connection, bytesToWs: () => bytes, stream };
}

/** A stream of an owner's own, such as a proxy's. */
function around(socket: Socket, passes: (chunk: Buffer) => void): Duplex {
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _, done) => void socket.write(chunk as Buffer, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => {
    passes(chunk);
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => stream.destroy(error));
  return stream;
}

const ping = frame(OPCODE.ping, "A");
const pong = frame(OPCODE.pong);

describe("the fast way in", () => {
  it("cannot be told from ws alone: messages, pongs, errors, ends, stamps, 3,000 streams", async () => {
    const { differences, plainBytes, fastBytes } = await compare(1, 3_000);
    expect(differences).toEqual([]);
    expect(fastBytes).toBeLessThan(plainBytes);
  });

  for (const tls of [false, true]) {
    const missing = tls ? lacking("openssl") : undefined;
    it.skipIf(missing !== undefined)(
      `leaves ws nothing of whole messages, ${tls ? "over TLS" : "over TCP"}`,
      async () => {
        const { client, connection, bytesToWs } = await open({}, { tls });
        connection.write(text("a"), frame(OPCODE.binary, "bc"), text("d"));
        await client.until("text d");
        expect(client.heard.slice(-3)).toEqual(["text a", "binary 2 bytes", "text d"]);
        expect(bytesToWs()).toBe(0);
      },
    );
  }

  it("leaves ws what is no whole message, and goes on behind it", async () => {
    const { client, connection, bytesToWs } = await open();
    const fragments = [text("x", { fin: false }), frame(0, "y")];
    connection.write(text("a"), ping, text("b"), pong, text("c"), ...fragments, text("d"));
    await client.until("text d");
    connection.write(text("e"));
    await client.until("text e");
    const heard = ["text a", "pinged", "text b", "text c", "text xy", "text d", "text e"];
    expect(client.heard.slice(-7)).toEqual(heard);
    expect(bytesToWs()).toBe(Buffer.concat([ping, pong, ...fragments]).length);
  });

  it("goes on behind frames that came in one packet with the 101", async () => {
    const { client, connection, bytesToWs } = await open(
      {},
      { first: text("half").subarray(0, 3) },
    );
    connection.write(text("half").subarray(3), text("whole"));
    await client.until("text whole");
    expect(client.heard.slice(-2)).toEqual(["text half", "text whole"]);
    expect(bytesToWs()).toBe(3); // and three before we looked
  });

  it("goes on behind the pong that somebody waited for", async () => {
    const { client, connection, bytesToWs } = await open();
    client.socket.ping(() => client.message(Buffer.from("ponged"), false));
    connection.write(pong, text("a"));
    await client.until("text a");
    connection.write(text("b"));
    await client.until("text b");
    expect(client.heard.slice(-3)).toEqual(["text ponged", "text a", "text b"]);
    expect(bytesToWs()).toBe(pong.length);
  });

  it.skipIf(lacking("openssl") !== undefined)(
    "keeps the order where an owner's empty write makes TLS read while a chunk is on its way",
    async () => {
      const { client, connection, stream } = await open({}, { tls: true });
      const heard: string[] = [];
      client.message = (data: Buffer): void => {
        heard.push(data.toString().trim());
        stream?.write("");
        if (heard.length === 200) client.ended({ class: "requested", phase: "open" });
      };
      const sent = Array.from({ length: 200 }, (_, i) => `message ${i}`);
      // Several TLS records at once, each of them a chunk, and frames across their borders.
      connection.write(Buffer.concat(sent.map((each) => text(each.padEnd(1_000)))));
      await client.loss();
      expect(heard).toEqual(sent);
    },
  );

  it.skipIf(lacking("openssl") !== undefined)(
    "checks text as it came, whatever has been read into the buffer since",
    async () => {
      const { client, connection, stream } = await open({}, { tls: true });
      client.message = (data: Buffer): void => {
        stream?.write("");
        if (data.length === 40_000) client.ended({ class: "requested", phase: "open" });
      };
      const bad = frame(OPCODE.text, Buffer.alloc(100, 0xff));
      // The second TLS record is good text, and where the first has the bad one.
      connection.write(Buffer.concat([text("a"), ping, bad, text("x".repeat(40_000))]));
      await client.loss();
      expect(client.heard.at(-1)).toMatchObject({ code: "WS_ERR_INVALID_UTF8" });
    },
  );

  it("is not taken by a stream that is made around its socket", async () => {
    const passed: Buffer[] = [];
    const { client, connection } = await open({
      createConnection: (given) =>
        around(connect(given as NetConnectOpts), (chunk) => void passed.push(chunk)),
    });
    const sent = Buffer.concat([text("a"), ping, text("b")]);
    connection.write(sent);
    await client.until("text b");
    expect(Buffer.concat(passed).subarray(-sent.length)).toEqual(sent);
    expect(client.heard.slice(-3)).toEqual(["text a", "pinged", "text b"]);
  });

  it.skipIf(process.platform === "win32")("is taken over a unix socket", async () => {
    const path = join(tmpdir(), `ws-supervisor-${process.pid}.sock`);
    const front = createServer((socket) => {
      // The peer listens on TCP.
      const back = connect({ host: "localhost", port });
      socket.pipe(back).pipe(socket);
      for (const end of [socket, back]) end.on("error", () => {});
      unix.push(socket, back);
    });
    let port = 0;
    const unix: Socket[] = [];
    await new Promise<void>((listening) => {
      front.listen(path, listening);
    });
    try {
      let stream: Socket | undefined;
      let bytes = 0;
      const { client, connection } = await open({
        createConnection: (given) => {
          port = Number(given.port);
          stream = connect({ ...(given as NetConnectOpts), path });
          return stream;
        },
      });
      stream?.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      connection.write(text("a"), ping, text("b"));
      await client.until("text b");
      expect(client.heard.slice(-3)).toEqual(["text a", "pinged", "text b"]);
      expect(bytes).toBe(ping.length);
    } finally {
      for (const socket of unix) socket.destroy();
      front.close();
      rmSync(path, { force: true });
    }
  });

  it("is not taken where an extension is agreed on", async () => {
    const headers = ["Sec-WebSocket-Extensions: permessage-deflate"];
    const { client, connection, bytesToWs } = await open({ perMessageDeflate: true }, { headers });
    connection.write(text("plain"));
    await client.until("text plain");
    expect(bytesToWs()).toBe(text("plain").length);
  });

  it("is not taken over a stream that was made without it", async () => {
    const { client, connection } = await open({
      createConnection: ({ port }) => connect({ host: "localhost", port: Number(port) }),
    });
    connection.write(text("a"), ping, text("b"));
    await client.until("text b");
    expect(client.heard.slice(-3)).toEqual(["text a", "pinged", "text b"]);
  });

  it("hands messages out that later ones leave alone", async () => {
    const { client, connection } = await open();
    const kept: Buffer[] = [];
    client.message = (data: Buffer): void => {
      kept.push(data);
      if (kept.length < 3) connection.write(text(`message ${kept.length}`));
      else client.ended({ class: "requested", phase: "open" });
    };
    connection.write(text("message 0"));
    await client.loss();
    expect(kept.map(String)).toEqual(["message 0", "message 1", "message 2"]);
  });

  it("sees a reset while paused, as ws alone does", async () => {
    const { client, connection } = await open();
    client.pauses();
    connection.reset();
    await open(); // by then it has arrived
    expect(client.heard.at(-1)).toMatchObject({ class: "dropped", code: "ECONNRESET" });
  });
});
