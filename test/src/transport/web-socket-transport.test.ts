/** The transport over a WHATWG socket, and the supervisor of browsers on it, against a socket played by hand. */
import { createSupervisor, createWebSocketTransport } from "ws-supervisor/browser";
import { describe, expect, it } from "vitest";
import type { Loss } from "../../../machines/loss.ts";
import type { Dial } from "../../../src/transport/transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

type Handler = (event: never) => void;

/** A page's socket, as a test drives it. */
class HandSocket {
  static dialled: HandSocket[] = [];
  binaryType = "blob";
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: unknown[] = [];
  readonly closes: unknown[][] = [];
  readonly #listeners = new Map<string, Handler>();

  readonly protocols: readonly string[];

  constructor(url: string, protocols: string[]) {
    this.protocols = protocols;
    if (url.includes("bad")) throw new SyntaxError(`no URL: ${url}`);
    HandSocket.dialled.push(this);
  }

  addEventListener(type: string, listener: Handler): void {
    this.#listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.#listeners.delete(type);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(...args: unknown[]): void {
    if (args[0] === 1001) throw new Error("InvalidAccessError");
    this.closes.push(args);
  }

  tells(type: string, event: object = {}): void {
    if (type === "open") this.readyState = 1;
    (this.#listeners.get(type) as ((event: object) => void) | undefined)?.(event);
  }
}

function dialled(dial: Partial<Dial> = {}) {
  const clock = new VirtualClock();
  const told: unknown[] = [];
  const losses: Loss[] = [];
  const socket = createWebSocketTransport({ WebSocket: HandSocket })(
    { url: "ws://feed.test/", protocols: ["v1"], headers: {}, clock, ...dial },
    {
      progressed: () => undefined,
      opened: () => void told.push("opened"),
      message: (data, isBinary) => void told.push([data.toString(), isBinary]),
      pinged: () => undefined,
      ended: (loss) => void losses.push(loss),
    },
  );
  return { clock, told, losses, socket, peer: HandSocket.dialled.at(-1) as HandSocket };
}

describe("a socket of the page's", () => {
  it("tells of its opening and of text and binary messages, each with its instant", () => {
    const { clock, told, socket, peer } = dialled();
    expect(peer.protocols).toEqual(["v1"]);
    expect(peer.binaryType).toBe("arraybuffer");
    peer.tells("open");
    clock.advance(5);
    peer.tells("message", { data: "é" });
    peer.tells("message", { data: new Uint8Array([104, 105]).buffer });
    expect(told).toEqual(["opened", ["é", false], ["hi", true]]);
    expect(socket.lastByteAtMs).toBe(clock.nowMs());
  });

  it.each([
    [{ code: 1006, reason: "" }, true, { class: "dropped", phase: "open" }],
    [{ code: 1005, reason: "" }, true, { class: "ended-without-code", phase: "open" }],
    [
      { code: 4001, reason: "bye\u001b[31m" },
      true,
      { class: "closed-by-peer", phase: "open", closeCode: 4001, detail: "bye\\u{1b}[31m" },
    ],
    [{ code: 1006, reason: "" }, false, { class: "unreachable", phase: "tcp" }],
  ])("ends once, as %j says", (event, isOpen, loss) => {
    const { losses, peer } = dialled();
    if (isOpen) peer.tells("open");
    peer.tells("close", event);
    peer.tells("close", event);
    expect(losses).toEqual([loss]);
  });

  it("is deaf once it is terminated", () => {
    const { told, losses, socket, peer } = dialled();
    peer.tells("open");
    socket.terminate();
    peer.tells("message", { data: "late" });
    peer.tells("close", { code: 1006, reason: "" });
    expect(told).toEqual(["opened"]);
    expect(losses).toEqual([]);
    expect(peer.closes).toEqual([[]]);
  });

  it("closes with a code and a reason, or plainly where a page may not use them", () => {
    const first = dialled();
    first.peer.tells("open");
    first.socket.close(4000, "done");
    expect(first.peer.closes).toEqual([[4000, "done"]]);
    const second = dialled();
    second.peer.tells("open");
    second.socket.close(1001, "going");
    expect(second.peer.closes).toEqual([[]]);
  });

  it("says that it is not open once the page's socket is closing, before any event does", () => {
    const { socket, peer, losses } = dialled();
    peer.tells("open");
    peer.readyState = 2;
    const said: unknown[] = [];
    socket.send("late", (_, refusal) => said.push(refusal));
    expect(said).toEqual(["not-open"]);
    peer.tells("close", { code: 4001, reason: "" });
    expect(losses).toMatchObject([{ class: "closed-by-peer", closeCode: 4001 }]);
  });

  it("refuses what the page's socket throws at, and sends what follows", () => {
    const { socket, peer } = dialled();
    peer.tells("open");
    const send = peer.send.bind(peer);
    peer.send = (data) => {
      if (data === "bad") throw new TypeError("no such bytes");
      send(data);
    };
    const said: unknown[] = [];
    socket.send("bad", (error, refusal) => said.push(error?.message, refusal));
    socket.send("good", (error) => said.push(error));
    expect(said).toEqual(["no such bytes", "invalid", undefined]);
    expect(peer.sent).toEqual(["good"]);
  });

  it("closes and lets go in one turn with the code that was asked for", () => {
    const { socket, peer } = dialled();
    peer.tells("open");
    socket.close(4002, "rotated");
    socket.terminate();
    expect(peer.closes[0]).toEqual([4002, "rotated"]);
  });

  it("takes no send before it is open and none after", () => {
    const { socket, peer } = dialled();
    const fates: unknown[] = [];
    socket.send("early", (error) => fates.push(error?.message));
    peer.tells("open");
    socket.send("now", (error) => fates.push(error?.message));
    expect(fates).toEqual(["the socket is not open", undefined]);
    expect(peer.sent).toEqual(["now"]);
  });

  it("refuses headers and what is no URL as the caller's mistakes, and shows neither", () => {
    expect(dialled({ headers: { authorization: "secret" } }).losses).toEqual([
      { class: "config", phase: "resolve", detail: "this transport sends no headers" },
    ]);
    expect(dialled({ url: "ws://bad?token=secret" }).losses).toEqual([
      { class: "config", phase: "resolve", code: "SyntaxError" },
    ]);
  });
});

describe("the supervisor of browsers", () => {
  function supervised() {
    const clock = new VirtualClock();
    const transport = createWebSocketTransport({ WebSocket: HandSocket });
    const feed = createSupervisor("ws://feed.test/", {
      clock,
      transport,
      seed: 1,
      backoff: () => 1_000,
      heartbeat: { intervalMs: 5_000, timeoutMs: 3_000, probe: () => "ping" },
    });
    const messages: unknown[] = [];
    feed.on("message", ({ data }) => messages.push(data));
    feed.start();
    return { clock, feed, messages, peer: () => HandSocket.dialled.at(-1) as HandSocket };
  }

  it("asks by a message, takes any message for life, and replaces a peer that is silent", () => {
    const { clock, feed, messages, peer } = supervised();
    const first = peer();
    first.tells("open");
    clock.advance(5_000);
    expect(first.sent).toEqual(["ping"]);
    first.tells("message", { data: "pong" });
    clock.advance(3_000);
    expect(feed.state).toBe("connected");
    expect(messages).toEqual(["pong"]);
    clock.advance(7_000);
    expect(feed.status().lastLoss?.class).toBe("silent");
    clock.advance(1_000);
    expect(peer()).not.toBe(first);
  });

  it("wants to be told what its heartbeat asks by", () => {
    const create = (options: object) => () => createSupervisor("ws://feed.test/", options as never);
    expect(create({})).toThrow(/heartbeat: expected one with a `probe`/);
    expect(create({ heartbeat: { intervalMs: 1_000 } })).toThrow(/a page has no ping/);
    expect(create({ heartbeat: null })).not.toThrow();
  });
});
