// One client on the server: its handshake, its wire, and what its URL asked for.
//
//   /feed?group=G&wire=W   waits until the benchmark has the server send something to its group
//   /idle?wire=W           answers pings, says nothing
//   /echo                  sends back what comes
//   /sink                  takes what comes
//   /reset?id=I&afterMs=M&topics=N   says when it was reset last, once N topics were asked for; resets
import { CLOSE, encodeFrame, FrameReader, PING, PONG, upgradeAnswer } from "./frames.mjs";
import { wires } from "./wires.mjs";

/** When the server last reset each client that is named, in nanoseconds of CLOCK_MONOTONIC. */
const resetAtNs = new Map();

export class Session {
  pings = 0;
  isReady = false;
  /** Paced frames so far: their numbers. */
  sent = 0;
  #socket;
  #path;
  #query;
  #onReady;
  #topics = 0;

  constructor(socket, head, onReady) {
    const url = new URL(head.split(" ")[1], "http://server");
    this.#socket = socket;
    this.#query = url.searchParams;
    // socket.io's client has a path of its own.
    this.#path = this.#query.get("mode") ?? url.pathname.slice(1);
    this.#onReady = onReady;
    this.wire = wires[this.#query.get("wire") ?? "plain"];
    socket.write(upgradeAnswer(head));
    const reader = new FrameReader((opcode, payload) => this.#hear(opcode, payload));
    socket.on("data", (chunk) => reader.push(chunk));
    this.wire.greet(this);
  }

  get socket() {
    return this.#socket;
  }

  get group() {
    return this.#query.get("group") ?? "";
  }

  get isIdle() {
    return this.#path === "idle";
  }

  /** How often a protocol whose server pings does so. */
  get pingSeconds() {
    return Number(this.#query.get("pingSeconds") ?? 25);
  }

  write(frame) {
    this.#socket.write(frame);
  }

  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs);
    this.#socket.once("close", () => clearInterval(timer));
  }

  ready() {
    if (this.isReady) return;
    this.isReady = true;
    this.#onReady(this);
    if (this.#path === "reset") this.#greetAfterReset();
  }

  #hear(opcode, payload) {
    if (opcode === PING) {
      this.pings += 1;
      this.write(encodeFrame(payload, PONG));
    } else if (opcode === CLOSE) this.#socket.end(encodeFrame(payload, CLOSE));
    else if (opcode !== PONG) this.#hearData(opcode, payload);
  }

  #hearData(opcode, payload) {
    if (this.#path === "echo") this.write(encodeFrame(payload, opcode));
    else if (this.#path === "sink") return;
    else if (this.#path === "reset" && this.wire === wires.plain) this.#hearTopics(payload);
    else this.wire.hear(this, payload);
  }

  /** `{ id, topics }` is answered with `{ id }`; when all are there the first message comes. */
  #hearTopics(payload) {
    const { id, topics } = JSON.parse(payload);
    this.#topics += topics.length;
    this.write(encodeFrame(JSON.stringify({ id })));
    this.#greetAfterReset();
  }

  #greetAfterReset() {
    if (this.#topics < Number(this.#query.get("topics") ?? 0)) return;
    const id = this.#query.get("id");
    this.write(this.wire.encode(`{"resetAtNs":"${resetAtNs.get(id) ?? 0}"}`));
    setTimeout(
      () => {
        if (this.#socket.destroyed) return;
        resetAtNs.set(id, process.hrtime.bigint());
        this.#socket.resetAndDestroy();
      },
      Number(this.#query.get("afterMs")),
    );
  }
}
