/**
 * The real `ws` on real sockets, against a peer that breaks the rules: findings of faults.md §0, by
 * their number, as far as they are the transport's business.
 */
import { Agent } from "node:http";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Loss, LossPhase } from "../../machines/loss.ts";
import { realClock } from "../../src/system.ts";
import type { Dial, SocketSink, TransportSocket } from "../../src/transport/transport.ts";
import type { WsTransportOptions } from "../../src/transport/ws-options.ts";
import { createWsTransport } from "../../src/transport/ws-transport.ts";
import { close, frame, OPCODE, RawConnection, RawPeer, selfSigned, text } from "./raw-peer.ts";

const NOBODY = "ws://127.0.0.1:1/";

/** Writes down what a socket tells, and holds it to the rules of `transport.ts`. */
class Recorder implements SocketSink {
  readonly heard: string[] = [];
  readonly losses: Loss[] = [];
  /** Lifecycle that came after the end. */
  readonly strays: string[] = [];
  /** Called with each message, after it is written down. */
  onMessage: (data: string) => void = () => {};
  readonly #waiting = new Set<() => void>();

  progressed(phase: LossPhase): void {
    this.#lifecycle(phase);
  }

  opened(): void {
    this.#lifecycle("opened");
  }

  message(data: Buffer, isBinary: boolean): void {
    this.#hear(`${isBinary ? "binary" : "text"} ${data.toString()}`);
    this.onMessage(data.toString());
  }

  pinged(): void {
    this.#lifecycle("pinged");
  }

  ended(loss: Loss): void {
    this.losses.push(loss);
    this.#lifecycle("ended");
  }

  /** Resolves when `fact` has been heard so many times. */
  async until(fact: string, times = 1): Promise<void> {
    while (this.heard.filter((heard) => heard === fact).length < times) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The loss, when there is one. */
  async loss(): Promise<Loss | undefined> {
    await this.until("ended");
    return this.losses[0];
  }

  #lifecycle(fact: string): void {
    if (this.heard.includes("ended")) this.strays.push(fact);
    this.#hear(fact);
  }

  #hear(fact: string): void {
    this.heard.push(fact);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

interface Dialled {
  readonly socket: TransportSocket;
  readonly sink: Recorder;
}

/** Both ways in must look the same. */
const ways: readonly WsTransportOptions[] = [{}, { fastInbound: true }];
let way: WsTransportOptions = {};

/** What an open socket does, by each way. */
function describeOpen(title: string, tests: () => void): void {
  describe.each(ways)(`${title}, %j`, (each) => {
    beforeAll(() => {
      way = each;
    });
    tests();
    afterAll(() => {
      way = {};
    });
  });
}

const peers: RawPeer[] = [];
const dialled: Dialled[] = [];

async function listen(...how: Parameters<typeof RawPeer.listen>): Promise<RawPeer> {
  const peer = await RawPeer.listen(...how);
  peers.push(peer);
  return peer;
}

function dial(url: string, options: WsTransportOptions = {}, more: Partial<Dial> = {}): Dialled {
  const sink = new Recorder();
  const transport = createWsTransport(options.agent ? options : { ...way, ...options });
  const socket = transport({ url, protocols: [], headers: {}, clock: realClock, ...more }, sink);
  dialled.push({ socket, sink });
  return { socket, sink };
}

/** A client that is open, and the peer's end of it. */
async function open(
  options: WsTransportOptions = {},
  more: Partial<Dial> = {},
): Promise<Dialled & { readonly connection: RawConnection }> {
  let connection: RawConnection | undefined;
  const peer = await listen((accepted) => {
    connection = accepted;
    return accepted.upgrade();
  });
  const client = dial(peer.url(), options, more);
  await client.sink.until("opened");
  if (connection === undefined) throw new Error("opened without a connection");
  return { ...client, connection };
}

/** Lets everything that is already on its way arrive; what never comes has then had its chance. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const pings = (count: number): Buffer[] => Array.from({ length: count }, () => frame(OPCODE.ping));

const resolving =
  (...addresses: readonly string[]): NonNullable<WsTransportOptions["lookup"]> =>
  (_hostname, _options, callback) => {
    const list = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    setImmediate(callback, null, list);
  };

afterEach(() => {
  for (const { socket } of dialled) socket.terminate();
  for (const peer of peers) peer.stop();
  const broken = dialled.filter(({ sink }) => sink.losses.length > 1 || sink.strays.length > 0);
  dialled.length = 0;
  peers.length = 0;
  expect(broken.map(({ sink }) => sink.heard)).toEqual([]);
});

describe("dialling", () => {
  it("goes from tcp to upgrade where the host is an address", async () => {
    const { sink } = await open();
    expect(sink.heard).toEqual(["tcp", "upgrade", "opened"]);
  });

  it("looks a name up first", async () => {
    const peer = await listen((connection) => connection.upgrade());
    const { sink } = dial(peer.url("feed.test"), { lookup: resolving("127.0.0.1") });
    await sink.until("opened");
    expect(sink.heard).toEqual(["dns", "tcp", "upgrade", "opened"]);
  });

  it("goes through an agent", async () => {
    const agent = new Agent({ keepAlive: true });
    const { sink } = await open({ agent });
    expect(sink.heard).toEqual(["tcp", "upgrade", "opened"]);
    agent.destroy();
  });

  it("sends the caller's headers, subprotocols and origin, and offers no compression (#21)", async () => {
    const requests: string[] = [];
    const peer = await listen(async (connection) => {
      requests.push(await connection.request);
      await connection.upgrade(Buffer.alloc(0), ["Sec-WebSocket-Protocol: v2"]);
    });
    const { sink } = dial(
      peer.url(),
      { origin: "https://us.test" },
      { protocols: ["v1", "v2"], headers: { "X-Key": "abc" } },
    );
    await sink.until("opened");
    expect(requests[0]).toMatch(/^x-key: abc\r$/im);
    expect(requests[0]).toMatch(/^sec-websocket-protocol: v1,v2\r$/im);
    expect(requests[0]).toMatch(/^origin: https:\/\/us\.test\r$/im);
    expect(requests[0]).not.toMatch(/^sec-websocket-extensions:/im);
  });

  it("is unreachable where nobody listens", async () => {
    const { sink } = dial(NOBODY);
    expect(await sink.loss()).toMatchObject({
      class: "unreachable",
      phase: "tcp",
      code: "ECONNREFUSED",
    });
  });

  it("is unreachable where no address of a name answers", async () => {
    const { sink } = dial("ws://feed.test:1/", { lookup: resolving("::1", "127.0.0.1") });
    expect(await sink.loss()).toMatchObject({
      class: "unreachable",
      phase: "tcp",
      code: "ECONNREFUSED",
      detail: expect.stringContaining("127.0.0.1:1"),
    });
  });

  it("tries a name's next address when one refuses (#11)", async () => {
    const peer = await listen((connection) => connection.upgrade());
    const lookup = resolving("127.0.0.2", "127.0.0.1");
    const { sink } = dial(peer.url("feed.test"), { lookup });
    await sink.until("opened");
  });

  it("is unreachable where a unix socket is missing", async () => {
    const { sink } = dial("ws+unix:/nowhere/none.sock:/");
    expect(await sink.loss()).toMatchObject({ class: "unreachable", code: "ENOENT" });
  });

  it("survives a lookup that answers with nothing (#13)", async () => {
    const { sink } = dial("ws://feed.test/", { lookup: resolving() });
    expect(await sink.loss()).toMatchObject({
      class: "dns-not-found",
      phase: "dns",
      code: "ENOTFOUND",
    });
  });

  it("survives a lookup that throws", async () => {
    const { sink } = dial("ws://feed.test/", {
      lookup: () => {
        throw new Error("lookup boom");
      },
    });
    expect(await sink.loss()).toEqual({
      class: "dns-transient",
      phase: "dns",
      detail: "lookup boom",
    });
  });

  it.each([
    ["an unreadable URL", "wss://user:secret@:1/", {}],
    ["another scheme", "ftp://127.0.0.1/", {}],
    ["a fragment", "ws://127.0.0.1/#x", {}],
    ["a header with a line break", NOBODY, { headers: { "X-Key": "abc\r\nInjected: 1" } }],
    ["a subprotocol asked for twice", NOBODY, { protocols: ["v1", "v1"] }],
  ])("ends at once for %s, and the socket is inert", (_, url, more) => {
    const { socket, sink } = dial(url, {}, more);
    expect(sink.heard).toEqual(["ended"]);
    expect(sink.losses[0]).toMatchObject({ class: "config", phase: "resolve" });
    expect(JSON.stringify(sink.losses)).not.toMatch(/secret|abc/);

    const errors: unknown[] = [];
    socket.send("x", (error) => errors.push(error));
    expect(errors).toEqual([expect.any(Error)]);
    socket.ping();
    socket.pause();
    socket.resume();
    socket.close(1000, "");
    socket.terminate();
    expect([socket.lastByteAtMs, socket.bufferedBytes]).toEqual([0, 0]);
  });
});

describe("the handshake", () => {
  it("has no deadline of its own: a peer that drips is the owner's to end (#1)", async () => {
    let dripping: RawConnection | undefined;
    const peer = await listen(async (connection) => {
      dripping = connection;
      await connection.request;
      connection.write("HTTP/1.1 101 Swi");
    });
    const { socket, sink } = dial(peer.url());
    await sink.until("upgrade");
    await dripping?.request;
    socket.terminate();
    await dripping?.gone;
    await settle();
    expect(sink.heard).toEqual(["tcp", "upgrade"]);
  });

  it.each(["close", "terminate"] as const)(
    "ends without a word when its owner calls %s, in whatever phase (#18)",
    async (method) => {
      const peer = await listen(() => {});
      const end = ({ socket }: Dialled): void => {
        socket[method](1000, "");
        socket.pause();
        socket.resume();
        socket[method](1000, "");
      };
      const atOnce = dial(peer.url());
      end(atOnce);
      const lookingUp = dial("ws://feed.test/", { lookup: () => {} });
      const upgrading = dial(peer.url());
      await upgrading.sink.until("upgrade");
      end(lookingUp);
      end(upgrading);
      await settle();
      expect(atOnce.sink.heard).toEqual(["tcp"]);
      expect(lookingUp.sink.heard).toEqual(["dns"]);
      expect(upgrading.sink.heard).toEqual(["tcp", "upgrade"]);
    },
  );

  it("is cut by a FIN in place of an answer", async () => {
    const peer = await listen(async (connection) => {
      await connection.request;
      connection.end();
    });
    const { sink } = dial(peer.url());
    expect(await sink.loss()).toMatchObject({
      class: "handshake-cut",
      phase: "upgrade",
      code: "ECONNRESET",
    });
  });

  it("is cut by an RST in place of an answer", async () => {
    const peer = await listen(async (connection) => {
      await connection.request;
      connection.reset();
    });
    const { sink } = dial(peer.url());
    expect(await sink.loss()).toMatchObject({
      class: "handshake-cut",
      phase: "upgrade",
      code: "ECONNRESET",
    });
  });

  it.each([
    ["garbage", ["SSH-2.0-OpenSSH_9.2"], { code: "HPE_INVALID_CONSTANT" }],
    ["101 without Upgrade", ["HTTP/1.1 101 X", "Connection: Upgrade"], { status: 101 }],
    [
      "101 with another's key",
      ["HTTP/1.1 101 X", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: A="],
      { detail: "Invalid Sec-WebSocket-Accept header" },
    ],
  ])("that answers with %s is not WebSocket", async (_, answer, reason) => {
    const peer = await listen((connection) => connection.answer(...answer));
    const { sink } = dial(peer.url());
    expect(await sink.loss()).toMatchObject({
      class: "not-websocket",
      phase: "upgrade",
      ...reason,
    });
  });

  it("is refused by us when the subprotocol is", async () => {
    const peer = await listen((connection) => connection.upgrade());
    const { sink } = dial(peer.url(), {}, { protocols: ["v1"] });
    expect(await sink.loss()).toMatchObject({
      class: "negotiation",
      detail: "Server sent no subprotocol",
    });
  });

  it("that is refused hears Retry-After and leaves, however long the body is (#2)", async () => {
    let connection: RawConnection | undefined;
    const peer = await listen((accepted) => {
      connection = accepted;
      return accepted.answer("HTTP/1.1 503 Down", "Retry-After: 7", "Content-Length: 1000000");
    });
    const { sink } = dial(peer.url());
    expect(await sink.loss()).toEqual({
      class: "http-refusal",
      phase: "upgrade",
      status: 503,
      retryAfterMs: 7_000,
      detail: "Down",
    });
    await connection?.gone;
  });

  it("reads a date in Retry-After against the server's own clock (#15)", async () => {
    const peer = await listen((connection) =>
      connection.answer(
        "HTTP/1.1 429 X",
        "Date: Fri, 31 Dec 2027 23:59:00 GMT",
        "Retry-After: Fri, 31 Dec 2027 23:59:59 GMT",
      ),
    );
    const { sink } = dial(peer.url());
    expect(await sink.loss()).toMatchObject({ status: 429, retryAfterMs: 59_000 });
  });

  it("follows no redirect, and shows where it points without the secrets in it (#20)", async () => {
    const elsewhere = await listen(() => {});
    const location = elsewhere.url().replace("//", "//user:secret@");
    const peer = await listen((connection) =>
      connection.answer("HTTP/1.1 302 Found", `Location: ${location}x?token=abc`),
    );
    const { sink } = dial(peer.url(), {}, { headers: { Authorization: "Bearer s3cret" } });
    expect(await sink.loss()).toEqual({
      class: "redirect",
      phase: "upgrade",
      status: 302,
      location: `${elsewhere.url()}x`,
      detail: "Found",
    });
    expect(elsewhere.accepted).toBe(0);
  });
});

describeOpen("over TLS", () => {
  let identity: ReturnType<typeof selfSigned>;
  const lookup = resolving("127.0.0.1");

  beforeAll(() => {
    identity = selfSigned();
  });

  it("goes through every phase", async () => {
    const peer = await listen((connection) => connection.upgrade(text("first")), identity);
    const { sink } = dial(peer.url("localhost"), { lookup, ca: identity.cert });
    await sink.until("text first");
    expect(sink.heard).toEqual(["dns", "tcp", "tls", "upgrade", "opened", "text first"]);
  });

  it("trusts nobody unasked", async () => {
    const peer = await listen((connection) => connection.upgrade(), identity);
    const { sink } = dial(peer.url("localhost"), { lookup });
    expect(await sink.loss()).toMatchObject({
      class: "tls-trust",
      phase: "tls",
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
  });

  it("survives a check of the peer's identity that throws", async () => {
    const peer = await listen((connection) => connection.upgrade(), identity);
    const { sink } = dial(peer.url("localhost"), {
      lookup,
      ca: identity.cert,
      checkServerIdentity: () => {
        throw new Error("pin mismatch");
      },
    });
    expect(await sink.loss()).toEqual({ class: "tls-trust", phase: "tls", detail: "pin mismatch" });
  });

  it("knows when it is our certificate that is missing", async () => {
    const peer = await listen((connection) => connection.upgrade(), {
      ...identity,
      ca: identity.cert,
      requestCert: true,
      minVersion: "TLSv1.3",
    });
    const { sink } = dial(peer.url("localhost"), { lookup, ca: identity.cert });
    expect(await sink.loss()).toMatchObject({
      class: "tls-client-certificate",
      code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    });
  });

  it("is a TLS fault where the peer speaks plain text", async () => {
    const peer = await listen((connection) => connection.write("HTTP/1.1 400 X\r\n\r\n"));
    const { sink } = dial(peer.url().replace("ws:", "wss:"));
    expect(await sink.loss()).toMatchObject({ class: "tls-protocol", phase: "tls" });
  });
});

describeOpen("an open socket", () => {
  it("loses nothing that came in one packet with the 101 (#17)", async () => {
    const whole = Buffer.concat([text("first"), text("second"), text("third")]);
    let connection: RawConnection | undefined;
    const peer = await listen((accepted) => {
      connection = accepted;
      return accepted.upgrade(whole.subarray(0, -3)); // and the last frame only in part
    });
    const { sink } = dial(peer.url());
    await sink.until("text second");
    connection?.write(whole.subarray(-3));
    await sink.until("text third");
    expect(sink.heard.slice(2)).toEqual(["opened", "text first", "text second", "text third"]);
  });

  it("delivers whole messages of either kind as bytes", async () => {
    const { sink, connection } = await open();
    connection.write(
      text("a"),
      frame(OPCODE.binary, "b"),
      text("c", { fin: false }),
      frame(OPCODE.ping),
      frame(0, "d"),
      text(""),
      text("end"),
    );
    await sink.until("text end");
    expect(sink.heard.slice(3)).toEqual([
      "text a",
      "binary b",
      "pinged",
      "text cd",
      "text ",
      "text end",
    ]);
  });

  it("stamps each chunk once, before its messages", async () => {
    let nowMs = 1_000;
    let readings = 0;
    const clock = {
      ...realClock,
      nowMs: () => {
        readings += 1;
        return nowMs;
      },
    };
    const { socket, sink, connection } = await open({}, { clock });
    expect(socket.lastByteAtMs).toBe(1_000);

    nowMs = 2_000;
    readings = 0;
    const stamps = new Set<number>();
    sink.onMessage = () => stamps.add(socket.lastByteAtMs);
    connection.write(...Array.from({ length: 100 }, () => text("x")));
    await sink.until("text x", 100);
    expect([...stamps]).toEqual([2_000]);
    expect(readings).toBeLessThan(100);
  });

  it("takes any inbound byte for life, a pong too (#8, #9)", async () => {
    let nowMs = 1_000;
    const { socket, sink, connection } = await open(
      {},
      { clock: { ...realClock, nowMs: () => nowMs } },
    );
    socket.ping();
    const { opcode, payload } = await connection.nextFrame();
    expect(opcode).toBe(OPCODE.ping);
    nowMs = 2_000;
    connection.write(frame(OPCODE.pong, payload), frame(OPCODE.ping)); // the second only to be heard
    await sink.until("pinged");
    expect(socket.lastByteAtMs).toBe(2_000);
  });

  it("tells of a pong once, to who asked last", async () => {
    const { socket, sink, connection } = await open();
    const told: string[] = [];
    socket.ping(() => told.push("first"));
    socket.ping(() => told.push("second"));
    await connection.nextFrame();
    const { payload } = await connection.nextFrame();
    connection.write(frame(OPCODE.pong, payload), frame(OPCODE.pong, payload), frame(OPCODE.ping));
    await sink.until("pinged");
    expect(told).toEqual(["second"]);
  });

  it("tells the errno that ws swallows (#3)", async () => {
    const { sink, connection } = await open();
    connection.reset();
    expect(await sink.loss()).toEqual({ class: "dropped", phase: "open", code: "ECONNRESET" });
  });

  it("tells of a FIN without a close frame", async () => {
    const { sink, connection } = await open();
    connection.write(text("last"), text("half a frame", { length: 100 }));
    connection.end();
    expect(await sink.loss()).toEqual({ class: "dropped", phase: "open" });
    expect(sink.heard.slice(3)).toEqual(["text last", "ended"]);
  });

  it("ends at a protocol error, though the peer never ends TCP (#4)", async () => {
    const { sink, connection } = await open({ closeTimeout: 2 ** 31 - 1 });
    connection.write(text("good"), text("bad", { rsv: 2 }), text("after"));
    expect(await sink.loss()).toEqual({
      class: "peer-protocol",
      phase: "open",
      code: "WS_ERR_UNEXPECTED_RSV_2_3",
      detail: "Invalid WebSocket frame: RSV2 and RSV3 must be clear",
    });
    const { opcode, payload } = await connection.nextFrame();
    expect([opcode, payload.readUInt16BE(0)]).toEqual([OPCODE.close, 1002]);
    await connection.gone;
    expect(sink.heard.slice(3)).toEqual(["text good", "ended"]);
  });

  it("takes a message of 4 MiB and none of a byte more (#14)", async () => {
    const limit = 4 * 1024 * 1024;
    const { sink, connection } = await open({ maxPayload: undefined });
    const lengths: number[] = [];
    sink.onMessage = (data) => lengths.push(data.length);
    connection.write(frame(OPCODE.binary, Buffer.alloc(limit, "x")));
    connection.write(frame(OPCODE.binary, "", { length: limit + 1 }));
    expect(await sink.loss()).toMatchObject({
      class: "too-big",
      code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
    });
    expect(lengths).toEqual([limit]);
  });

  it("answers 60 pings of one packet, and takes 61 for abuse (#16)", async () => {
    const { sink, connection } = await open();
    connection.write(...pings(60));
    for (let i = 0; i < 60; i += 1) {
      expect(await connection.nextFrame()).toMatchObject({ opcode: OPCODE.pong });
    }
    expect(sink.heard.filter((fact) => fact === "pinged")).toHaveLength(60);

    connection.write(...pings(61));
    expect(await sink.loss()).toMatchObject({ class: "abusive-peer", phase: "open" });
    expect(sink.heard.filter((fact) => fact === "pinged")).toHaveLength(120);
  });

  it("does not take pings that were buffered before a reset for abuse", async () => {
    const { socket, sink, connection } = await open();
    socket.pause();
    connection.write(text("a"), ...pings(3));
    await settle();
    connection.reset(); // ws delivers what it had buffered when it is closing already
    await settle();
    socket.resume();
    expect(await sink.loss()).toMatchObject({ class: "dropped", phase: "open" });
    expect(sink.heard).toContain("text a");
  });

  it("goes on when its owner throws on a message (#6)", async () => {
    const { sink, connection } = await open();
    sink.onMessage = () => {
      throw new Error("owner's bug");
    };
    connection.write(text("1"), text("2"), frame(OPCODE.ping), close(1000));
    expect(await connection.nextFrame()).toMatchObject({ opcode: OPCODE.pong });
    connection.end();
    expect(await sink.loss()).toMatchObject({ class: "closed-by-peer", closeCode: 1000 });
    expect(sink.heard.slice(3)).toEqual(["text 1", "text 2", "pinged", "ended"]);
  });

  it("delivers the rest of a chunk after close and pause, not after terminate (#5)", async () => {
    const five = ["1", "2", "3", "4", "5"].map((each) => text(each));
    const all = ["text 1", "text 2", "text 3", "text 4", "text 5"];

    const closed = await open();
    closed.sink.onMessage = () => closed.socket.close(1000, "");
    closed.connection.write(...five);
    await closed.sink.until("text 5");
    expect(closed.sink.heard.slice(3)).toEqual(all);

    const paused = await open();
    paused.sink.onMessage = () => paused.socket.pause();
    paused.connection.write(...five);
    await paused.sink.until("text 5");
    expect(paused.sink.heard.slice(3)).toEqual(all);

    const terminated = await open();
    terminated.sink.onMessage = () => terminated.socket.terminate();
    terminated.connection.write(...five);
    await terminated.connection.gone;
    await settle();
    expect(terminated.sink.heard.slice(3)).toEqual(["text 1"]);
  });

  it("while paused hears neither message nor close frame, and all of it on resume (#7)", async () => {
    const { socket, sink, connection } = await open();
    socket.pause();
    connection.write(text("a"), text("b"), close(1001, "bye"));
    connection.end();
    await settle();
    expect(sink.heard.slice(3)).toEqual([]);
    socket.resume();
    expect(await sink.loss()).toMatchObject({ closeCode: 1001, detail: "bye" });
    expect(sink.heard.slice(3)).toEqual(["text a", "text b", "ended"]);
  });

  it("while paused takes no more than its stream holds, so that the peer is held up", async () => {
    let stream: Socket | undefined;
    const createConnection: WsTransportOptions["createConnection"] = (options) =>
      (stream = connect(options as NetConnectOpts));
    const { socket, connection } = await open({ createConnection });
    socket.pause();
    const message = frame(OPCODE.binary, Buffer.alloc(64 * 1024));
    connection.write(...Array.from({ length: 64 }, () => message));
    await open(); // by then the first of it has arrived
    await settle();
    expect(stream?.readableLength).toBeGreaterThan(0);
    expect(stream?.readableLength).toBeLessThan(256 * 1024);
  });
});

describeOpen("the end of an open socket", () => {
  it("is told once and then no more, whatever its owner calls", async () => {
    const { socket, sink, connection } = await open();
    connection.end();
    await sink.loss();
    const errors: unknown[] = [];
    socket.send("x", (error) => errors.push(error));
    socket.ping();
    socket.pause();
    socket.resume();
    socket.close(1000, "");
    socket.terminate();
    await connection.gone;
    await settle();
    expect(errors).toEqual([expect.any(Error)]);
    expect(sink.heard.slice(3)).toEqual(["ended"]);
  });

  it("is not told at all after terminate", async () => {
    const { socket, sink, connection } = await open();
    socket.terminate();
    await connection.gone;
    await settle();
    expect(sink.heard.slice(3)).toEqual([]);
  });

  it("is the peer's close code, and its reason made fit to show", async () => {
    const { sink, connection } = await open();
    connection.write(close(4001, "bye\r\n\u001b[31mforged"));
    await connection.nextFrame();
    connection.end();
    expect(await sink.loss()).toEqual({
      class: "closed-by-peer",
      phase: "open",
      closeCode: 4001,
      detail: "bye\\u{d}\\u{a}\\u{1b}[31mforged",
    });
  });

  it("is without a code where the close frame is", async () => {
    const { sink, connection } = await open();
    connection.write(close());
    await connection.nextFrame();
    connection.end();
    expect(await sink.loss()).toEqual({ class: "ended-without-code", phase: "open" });
  });

  it("does not wait long for a peer that closes and never ends TCP (#22)", async () => {
    const { sink, connection } = await open({ closeTimeout: 20 });
    connection.write(close(1012));
    expect(await sink.loss()).toMatchObject({ class: "closed-by-peer", closeCode: 1012 });
  });

  it("follows our close when the peer answers it", async () => {
    const { socket, sink, connection } = await open();
    socket.close(4000, "done");
    const { opcode, payload } = await connection.nextFrame();
    expect(opcode).toBe(OPCODE.close);
    expect([payload.readUInt16BE(0), payload.subarray(2).toString()]).toEqual([4000, "done"]);
    connection.write(text("one more"), close(4000));
    connection.end();
    expect(await sink.loss()).toEqual({
      class: "closed-by-peer",
      phase: "closing",
      closeCode: 4000,
    });
    expect(sink.heard.slice(3)).toEqual(["text one more", "ended"]);
  });

  it("is a drop where the peer answers our close with an RST", async () => {
    const { socket, sink, connection } = await open();
    socket.close(1000, "");
    await connection.nextFrame();
    connection.reset();
    expect(await sink.loss()).toEqual({ class: "dropped", phase: "closing", code: "ECONNRESET" });
  });

  it.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN])(
    "can be asked for with the code %d, which becomes 1000",
    async (code) => {
      const { socket, connection } = await open();
      expect(() => socket.close(code, "")).not.toThrow();
      const { payload } = await connection.nextFrame();
      expect(payload.readUInt16BE(0)).toBe(1000);
    },
  );

  it("can be asked for with a reason of any length, of which whole characters go out", async () => {
    const { socket, connection } = await open();
    socket.close(3000, "é".repeat(100));
    const { payload } = await connection.nextFrame();
    expect(payload.readUInt16BE(0)).toBe(3000);
    expect(payload.subarray(2).toString()).toBe("é".repeat(61)); // 122 of 123 bytes
  });
});

describeOpen("sending", () => {
  it("makes a text frame of a string and a binary one of bytes", async () => {
    const { socket, connection } = await open();
    const done: unknown[][] = [];
    socket.send("text", (...args) => done.push(args));
    socket.send(new Uint8Array([1, 2]), (...args) => done.push(args));
    socket.send("", (...args) => done.push(args));
    const frames = [
      await connection.nextFrame(),
      await connection.nextFrame(),
      await connection.nextFrame(),
    ];
    expect(frames).toEqual([
      { opcode: OPCODE.text, payload: Buffer.from("text") },
      { opcode: OPCODE.binary, payload: Buffer.from([1, 2]) },
      { opcode: OPCODE.text, payload: Buffer.alloc(0) },
    ]);
    expect(done).toEqual([[], [], []]);
  });

  it("before open is an error, and writes nothing", async () => {
    const peer = await listen(() => {});
    const { socket } = dial(peer.url());
    const errors: unknown[] = [];
    socket.send("early", (error) => errors.push(error));
    socket.ping();
    expect(errors).toEqual([expect.any(Error)]);
    expect(socket.bufferedBytes).toBe(0);
  });

  it("that cannot be framed is an error", async () => {
    const { socket, sink } = await open();
    const errors: unknown[] = [];
    socket.send({} as string, (error) => errors.push(error));
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(sink.heard.slice(3)).toEqual([]);
  });

  it("ends in exactly one answer for each, terminated in the middle or not (#19)", async () => {
    const { socket, connection } = await open();
    connection.socket.pause();
    const answers: number[] = Array.from({ length: 8 }, () => 0);
    const errors: unknown[] = [];
    let resolve: (() => void) | undefined;
    const answered = new Promise<void>((all) => {
      resolve = all;
    });
    for (let i = 0; i < 8; i += 1) {
      socket.send(Buffer.alloc(4_000_000), (error) => {
        answers[i] = (answers[i] ?? 0) + 1;
        if (error !== undefined) errors.push(error);
        if (answers.every((count) => count > 0)) resolve?.();
      });
    }
    expect(socket.bufferedBytes).toBeGreaterThan(0);
    socket.terminate();
    await answered;
    await settle();
    expect(answers).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(errors.length).toBeGreaterThan(0);
    expect(socket.bufferedBytes).toBe(0);
  });
});
