/**
 * A transport without a network: the test plays the peer.
 *
 * It has `ws`'s nasty habits, because code that only meets a polite fake breaks on the real thing
 * (faults.md §0 #5-#8, §A4): what is left of a chunk arrives after `close`, `terminate` and `pause`; a
 * drop has no error; nothing ends while paused; a send on a dead link is "ok"; a peer may never answer.
 * Everything happens synchronously, within the call that causes it.
 */
import type { Loss, LossPhase } from "../../machines/loss.ts";
import type { Clock } from "../system.ts";
import type { Dial, SocketSink, Transport, TransportSocket } from "../transport/transport.ts";

export interface MemoryTransportOptions {
  /** The clock that the code under test runs on: stamps `lastByteAtMs` and what is sent. */
  readonly clock: Clock;
  /**
   * Called with each new socket before the transport has returned it: a script may open or end it
   * at once, as a transport is free to do.
   */
  readonly onDial?: ((socket: MemorySocket) => void) | undefined;
}

export interface MemoryTransport {
  readonly transport: Transport;
  /** Every socket dialled, oldest first. A long run empties it with `sockets.length = 0`. */
  readonly sockets: MemorySocket[];
}

/** One frame the client sent. */
export interface SentFrame {
  readonly data: string | Uint8Array;
  readonly atMs: number;
}

/** Hears what the client does, and answers in place of a test: the simulated exchange does. */
export interface MemoryPeer {
  frameSent(data: string | Uint8Array): void;
  pinged(): void;
  ponged(payload: string): void;
  closeSent(code: number, reason: string): void;
  /** The client's end is over: terminated, or ended by what it was told. At most once. */
  left(): void;
}

/** A transport whose sockets a test drives by hand. */
export function createMemoryTransport(options: MemoryTransportOptions): MemoryTransport {
  const sockets: MemorySocket[] = [];
  const transport: Transport = (dial, sink) => {
    const socket = new MemorySocket(dial, sink, options.clock);
    sockets.push(socket);
    options.onDial?.(socket);
    return socket;
  };
  return { transport, sockets };
}

/**
 * One socket, seen from both ends: the client's through {@link TransportSocket}, the peer's through
 * verbs in the third person (`opens`, `receives`, `drops`), which say what the client sees happen.
 */
export class MemorySocket implements TransportSocket {
  /** What was dialled. */
  readonly dial: Dial;
  /** Frames handed over while the socket was open, oldest first. */
  readonly sent: SentFrame[] = [];
  /** Protocol pings the client sent. */
  pings = 0;
  isPaused = false;
  isTerminated = false;
  /** What the client's `close` said. */
  closedWith: { readonly code: number; readonly reason: string } | undefined;
  /** A dead link: pings get no pong, sends are still "ok". Set it back for a link that recovers. */
  isSilent = false;
  /** Keeps sends in our own buffer, as a stalled peer does once the kernel's is full. */
  holdsSends = false;
  readonly #sink: SocketSink;
  readonly #clock: Clock;
  readonly #peer: MemoryPeer | undefined;
  readonly #held: { readonly bytes: number; readonly done: (error?: Error) => void }[] = [];
  /** What the kernel holds while reading is paused. */
  readonly #unread: (() => void)[] = [];
  #lastByteAtMs = 0;
  #isOpen = false;
  #isEnded = false;
  #hasLeft = false;

  constructor(dial: Dial, sink: SocketSink, clock: Clock, peer?: MemoryPeer) {
    this.dial = dial;
    this.#sink = sink;
    this.#clock = clock;
    this.#peer = peer;
  }

  // What the client sees happen.

  progresses(phase: LossPhase): void {
    this.#sink.progressed(phase);
  }

  /** The upgrade is answered with 101. */
  opens(): void {
    if (this.isOver) return;
    this.#isOpen = true;
    this.#heard();
    this.#sink.opened();
  }

  /**
   * One chunk of frames: text, or binary as bytes. Once its first frame is out the rest follows,
   * whatever the client does meanwhile. While paused the whole chunk waits in the kernel.
   */
  receives(...frames: readonly (string | Uint8Array)[]): void {
    this.#read(() => {
      this.#heard();
      for (const frame of frames) {
        const isBinary = typeof frame !== "string";
        this.#sink.message(isBinary ? Buffer.from(frame) : Buffer.from(frame, "utf8"), isBinary);
      }
    });
  }

  /** A ping from the peer; it is answered unless reading is paused. */
  receivesPing(payload = ""): void {
    this.#read(() => {
      this.#heard();
      this.#sink.pinged();
      if (!this.isOver) this.#peer?.ponged(payload);
    });
  }

  /** The answer to a ping. */
  receivesPong(): void {
    this.#read(() => this.#heard());
  }

  /** Any loss, at once. Only the first is told. */
  ends(loss: Loss): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#leave(`the socket ended: ${loss.class}`);
    this.#sink.ended(loss);
  }

  /**
   * TCP ends without a close frame: FIN, or with a code such as `ECONNRESET` an error. While paused,
   * a FIN behind unread data is not seen; an error delivers that data first (faults.md I36-I39).
   */
  drops(code?: string): void {
    const isHandshake = !this.#isOpen && this.closedWith === undefined;
    const loss: Loss = isHandshake
      ? { class: "handshake-cut", phase: "upgrade", code: code ?? "ECONNRESET" }
      : { class: "dropped", phase: this.#phase, ...(code === undefined ? {} : { code }) };
    if (code === undefined && this.#unread.length > 0) {
      this.#read(() => this.ends(loss));
      return;
    }
    this.#readAll();
    this.ends(loss);
  }

  /** A close frame arrives; without a code it is an empty one. Not seen while paused. */
  closes(code?: number, reason = ""): void {
    this.#read(() => {
      this.#heard();
      const phase = this.#phase;
      if (code === undefined) this.ends({ class: "ended-without-code", phase });
      else this.ends({ class: "closed-by-peer", phase, closeCode: code, detail: reason });
    });
  }

  /** The peer answers the client's `close` with the same code. */
  answersClose(): void {
    this.closes(this.closedWith?.code ?? 1000, this.closedWith?.reason);
  }

  /** The upgrade is answered with `status` instead of 101. */
  refuses(status: number, retryAfterMs?: number): void {
    const floor = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.ends({ class: "http-refusal", phase: "upgrade", status, ...floor });
  }

  /** Nothing listens at the address. */
  failsToConnect(code = "ECONNREFUSED"): void {
    this.ends({ class: "unreachable", phase: "tcp", code });
  }

  /** Takes what was held: each send is done, in order. */
  releasesSends(): void {
    this.holdsSends = false;
    for (const send of this.#held.splice(0)) send.done();
  }

  // What a test looks at.

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Ended or terminated: whatever follows is stray. */
  get isOver(): boolean {
    return this.#isEnded || this.isTerminated;
  }

  /** The text frames of {@link sent}, parsed as JSON. */
  get sentJson(): unknown[] {
    return this.sent.flatMap(({ data }) =>
      typeof data === "string" ? [JSON.parse(data) as unknown] : [],
    );
  }

  // The client's side.

  get lastByteAtMs(): number {
    return this.#lastByteAtMs;
  }

  get bufferedBytes(): number {
    return this.#held.reduce((sum, send) => sum + send.bytes, 0);
  }

  send(data: string | Uint8Array, done: (error?: Error) => void): void {
    if (!this.#isOpen || this.isTerminated || this.closedWith !== undefined) {
      done(new Error("the socket is not open"));
      return;
    }
    this.sent.push({ data, atMs: this.#clock.nowMs() });
    this.#peer?.frameSent(data);
    if (this.holdsSends) this.#held.push({ bytes: Buffer.byteLength(data), done });
    else done();
  }

  ping(): void {
    if (!this.#isOpen || this.isTerminated) return;
    this.pings += 1;
    if (this.#peer !== undefined) this.#peer.pinged();
    else if (!this.isSilent) this.receivesPong();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#readAll();
  }

  close(code: number, reason: string): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = { code, reason };
    if (!this.isOver) this.#peer?.closeSent(code, reason);
  }

  /** Flushes what a pause held back, as `ws` does (faults.md I43). */
  terminate(): void {
    if (this.isTerminated) return;
    this.isTerminated = true;
    this.#leave("the socket was terminated");
    this.#readAll();
  }

  get #phase(): LossPhase {
    return this.closedWith === undefined ? "open" : "closing";
  }

  #heard(): void {
    this.#lastByteAtMs = this.#clock.nowMs();
  }

  #read(chunk: () => void): void {
    if (this.isPaused && !this.isOver) this.#unread.push(chunk);
    else chunk();
  }

  #readAll(): void {
    for (const chunk of this.#unread.splice(0)) chunk();
  }

  /** What was not taken by the kernel may or may not have gone out. */
  #leave(why: string): void {
    this.#isOpen = false;
    if (!this.#hasLeft) this.#peer?.left();
    this.#hasLeft = true;
    for (const send of this.#held.splice(0)) send.done(new Error(why));
  }
}
