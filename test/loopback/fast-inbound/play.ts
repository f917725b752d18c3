/**
 * A planned stream through the transport and the real `ws`, over an in-memory stream: all that the owner
 * and the peer see of it, in order.
 *
 * Each read is a turn of the loop, as reads are. Payloads are written down when all is over: bytes that
 * were overwritten meanwhile would show.
 */
import { createHash } from "node:crypto";
import type { Loss } from "../../../machines/loss.ts";
import { realClock } from "../../../src/system.ts";
import type { SocketSink, TransportSocket } from "../../../src/transport/transport.ts";
import { createWsTransport } from "../../../src/transport/ws-transport.ts";
import { MemoryStream, onreadOf } from "../ws-table/memory-stream.ts";
import type { Act, StreamPlan } from "./plan.ts";

type Entry = string | { readonly is: string; readonly data: Buffer };

export interface Account {
  /** What happened, by read. */
  readonly entries: readonly string[];
  /** Bytes that reached `ws`. */
  readonly toWs: number;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Read by Node's own way and `ws` alone; through the shared buffer; or by the fast way in. */
export type Way = "plain" | "shared" | "fast";

export async function play(plan: StreamPlan, way: Way): Promise<Account> {
  const entries: Entry[] = [];
  const [near, far] = MemoryStream.pair();
  const upgraded = new Peer(far, plan, entries);
  let nowMs = 1;
  let socket: TransportSocket | undefined;
  let heard = 0;
  let toWs = 0;
  let isPaused = false;
  let isNested = false;
  const edges = [...plan.cuts.filter((cut) => cut > plan.withUpgrade), plan.bytes.length];
  let nextRead = 0;
  let from = plan.withUpgrade;
  const next = (): Buffer => {
    const bytes = plan.bytes.subarray(from, edges[nextRead]);
    nextRead += 1;
    from += bytes.length;
    return bytes;
  };

  const doers: Record<Act, (socket: TransportSocket) => void> = {
    pause: (to) => {
      isPaused = true;
      to.pause();
    },
    resume: (to) => {
      isPaused = false;
      to.resume();
    },
    close: (to) => to.close(4000, "enough"),
    terminate: (to) => to.terminate(),
    send: (to) => to.send("hello", () => {}),
    ping: (to) => to.ping(() => entries.push("ponged")),
    // Once at a time: of two, `ws` alone reads the second even after an error in the first.
    read: () => {
      if (isNested || nextRead >= edges.length || near.destroyed) return;
      isNested = true;
      near.arrive(next());
    },
    throw: () => {
      throw new Error("the owner throws");
    },
  };
  const act = (): void => {
    const acts = plan.acts.get(heard) ?? [];
    heard += 1;
    for (const each of acts) {
      entries.push(`(${each})`);
      if (socket !== undefined) doers[each](socket);
    }
  };
  const sink: SocketSink = {
    progressed: () => {},
    opened: () => {
      entries.push("opened");
      near.on("data", (bytes: Buffer) => {
        toWs += bytes.length;
      });
    },
    message: (data, isBinary) => {
      const stamp = socket?.lastByteAtMs;
      entries.push({ is: `${isBinary ? "binary" : "text"} at ${stamp}`, data });
      act();
    },
    pinged: () => {
      entries.push("pinged");
      act();
    },
    ended: (loss: Loss) => entries.push(JSON.stringify(loss)),
  };

  const transport = createWsTransport({
    fastInbound: way === "fast",
    maxPayload: plan.maxPayload,
    maxFragments: plan.maxFragments,
    maxBufferedChunks: plan.maxBufferedChunks,
    maxPendingAutoPongs: plan.maxPendingAutoPongs,
    skipUTF8Validation: plan.skipUTF8Validation,
    perMessageDeflate: plan.perMessageDeflate,
    createConnection: (options) => {
      if (way !== "plain") near.onread = onreadOf(options);
      return near;
    },
  });
  const clock = { ...realClock, nowMs: () => nowMs };
  socket = transport({ url: "ws://feed.test/", protocols: [], headers: {}, clock }, sink);
  await upgraded.done;
  await turn();
  while (nextRead < edges.length) {
    nowMs += 1;
    entries.push(`read ${nextRead}`);
    if (isPaused && nextRead >= plan.resumesAt) {
      isPaused = false;
      socket.resume();
      if (!plan.isResumedLate) await turn();
    }
    isNested = false;
    const bytes = next();
    if (bytes.length > 0 && !far.destroyed) far.write(bytes);
    await turn();
  }
  nowMs += 1;
  entries.push(plan.end);
  if (plan.end === "FIN") far.end();
  if (plan.end === "RST") far.resetAndDestroy();
  await turn();
  if (isPaused) socket.resume();
  for (let turns = 0; turns < 3; turns += 1) await turn();
  entries.push(`last byte at ${socket.lastByteAtMs}`);
  socket.terminate();
  await turn();
  far.destroy();
  return { entries: entries.map(written), toWs };
}

function written(entry: Entry): string {
  if (typeof entry === "string") return entry;
  const { is, data } = entry;
  const bytes =
    data.length > 64 ? createHash("md5").update(data).digest("hex") : data.toString("hex");
  return `${is}: ${data.length} ${bytes}`;
}

/** The server: completes the upgrade, and writes down what it is sent. */
class Peer {
  readonly done: Promise<void>;
  #head = "";
  #isUp = false;
  #unread = Buffer.alloc(0);
  readonly #entries: Entry[];

  constructor(stream: MemoryStream, plan: StreamPlan, entries: Entry[]) {
    this.#entries = entries;
    stream.on("error", () => {});
    stream.on("end", () => entries.push("peer: FIN"));
    this.done = new Promise((resolve) => {
      stream.on("data", (bytes: Buffer) => {
        if (this.#isUp) this.#hear(bytes);
        else this.#head += bytes.toString("latin1");
        if (this.#isUp || !this.#head.includes("\r\n\r\n")) return;
        this.#isUp = true;
        const first = plan.bytes.subarray(0, plan.withUpgrade);
        stream.write(Buffer.concat([upgradeAnswer(this.#head, plan.perMessageDeflate), first]));
        resolve();
      });
    });
  }

  #hear(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      const [first = 0, second = 0] = this.#unread;
      const end = 6 + (second & 0x7f); // pongs, a close frame, a greeting: all of them short
      if (this.#unread.length < end) return;
      const mask = this.#unread.subarray(2, 6);
      const payload = this.#unread.subarray(6, end).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
      this.#entries.push(`peer: ${first.toString(16)} ${Buffer.from(payload).toString("hex")}`);
      this.#unread = this.#unread.subarray(end);
    }
  }
}

function upgradeAnswer(head: string, compresses: boolean): Buffer {
  const key = /^sec-websocket-key: *(.+)\r$/im.exec(head)?.[1] ?? "";
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(compresses ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}
