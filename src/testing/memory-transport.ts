/**
 * A transport without a network: the test plays the peer.
 *
 * It has `ws`'s nasty habits, because code that only meets a polite fake breaks on the real thing
 * (faults.md §0 #5-#8, §A4): what is left of a chunk arrives after `close`, `terminate` and `pause`; a
 * drop has no error; nothing ends while paused; a send on a dead link is "ok"; a peer may never answer.
 * Everything happens synchronously, within the call that causes it. What an end means is asked of the
 * functions that the adapter of `ws` asks, and `test/loopback/ws-table` holds both to the same cases.
 */
import type { Loss, LossPhase } from "../../machines/loss.ts";
import { checkClock, checkSync } from "../check.ts";
import { wrongValue } from "../errors.ts";
import { isPromiseLike } from "../shape.ts";
import type { Clock } from "../system.ts";
import { classifyClose, classifyError, classifyResponse } from "../transport/classify.ts";
import { cutReason, isCloseCode } from "../transport/close-frame.ts";
import type { Dial, SocketSink, Transport, TransportSocket } from "../transport/transport.ts";

export interface MemoryTransportOptions {
  /** The clock that the code under test runs on: stamps `lastByteAtMs` and what is sent. */
  readonly clock: Clock;
  /**
   * Called with each new socket before the transport has returned it: a script may open or end it
   * at once, as a transport is free to do.
   */
  readonly onDial?: ((socket: MemorySocket) => void) | undefined;
  /**
   * Whether messages follow the end of a socket: the rest of a chunk after `terminate`, what a pause
   * held back, whatever the peer sends then. `ws` does that and every transport may; the adapter of
   * this package turns deaf instead, and so does this one without strays. @defaultValue true
   */
  readonly strays?: boolean | undefined;
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
  const { strays, onDial } = options;
  const clock = checkClock(options.clock);
  checkSync(onDial, "onDial");
  const sockets: MemorySocket[] = [];
  const transport: Transport = (dial, sink) => {
    const socket = new MemorySocket(dial, sink, clock, undefined, strays);
    sockets.push(socket);
    const given: unknown = onDial?.(socket);
    if (isPromiseLike(given)) throw wrongValue("onDial()", "nothing, as it cannot wait", given);
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
  /** What the client's `close` put on the wire. */
  closedWith: { readonly code: number; readonly reason: string } | undefined;
  /** A dead link: pings get no pong, sends are still "ok". Set it back for a link that recovers. */
  isSilent = false;
  /** Told of every chunk that is read, a pong's too, just before what it brings. */
  onHeard: (() => void) | undefined;
  /** Keeps sends in our own buffer, as a stalled peer does once the kernel's is full. */
  holdsSends = false;
  readonly #sink: SocketSink;
  readonly #clock: Clock;
  readonly #peer: MemoryPeer | undefined;
  readonly #strays: boolean;
  readonly #held: { readonly bytes: number; readonly done: (error?: Error) => void }[] = [];
  /** What the kernel holds while reading is paused. */
  readonly #unread: (() => void)[] = [];
  #lastByteAtMs = 0;
  #ponged: (() => void) | undefined;
  #isOpen = false;
  #isEnded = false;
  #hasLeft = false;

  constructor(dial: Dial, sink: SocketSink, clock: Clock, peer?: MemoryPeer, strays = true) {
    this.dial = dial;
    this.#sink = sink;
    this.#clock = clock;
    this.#peer = peer;
    this.#strays = strays;
  }

  // What the client sees happen.

  progresses(phase: LossPhase): void {
    if (!this.isOver) this.#sink.progressed(phase);
  }

  /** The upgrade is answered with 101. */
  opens(): void {
    if (this.isOver || this.#isOpen) return;
    this.#isOpen = true;
    this.#heard();
    this.#sink.opened();
  }

  /**
   * One chunk of frames: text, or binary as bytes. Once its first frame is out the rest follows,
   * whatever the client does meanwhile. While paused the whole chunk waits in the kernel.
   *
   * What a sink throws, which it must not, is thrown here when the chunk is done.
   */
  receives(...frames: readonly (string | Uint8Array)[]): void {
    this.#read(() => {
      this.#heard();
      const thrown: unknown[] = [];
      for (const frame of frames) {
        if (this.#isDeaf) break;
        const isBinary = typeof frame !== "string";
        try {
          this.#sink.message(isBinary ? Buffer.from(frame) : Buffer.from(frame, "utf8"), isBinary);
        } catch (error) {
          thrown.push(error);
        }
      }
      if (thrown.length > 0) throw thrown[0];
    });
  }

  /** A ping from the peer; it is answered unless reading is paused, or the socket closing or over. */
  receivesPing(payload = ""): void {
    this.#read(() => {
      this.#heard();
      if (!this.#canSend) return;
      this.#sink.pinged();
      if (!this.isOver) this.#peer?.ponged(payload);
    });
  }

  /** The answer to a ping. */
  receivesPong(): void {
    this.#read(() => {
      this.#heard();
      const ponged = this.#ponged;
      this.#ponged = undefined;
      ponged?.();
    });
  }

  /** Any loss, at once. Only the first is told, and none after `terminate`. */
  ends(loss: Loss): void {
    if (this.isOver) return;
    this.#isEnded = true;
    this.#leave(`the socket ended: ${loss.class}`);
    this.#sink.ended(loss);
  }

  /**
   * TCP ends without a close frame: FIN, or with a code such as `ECONNRESET` an error. While paused,
   * a FIN behind unread data is not seen; an error delivers that data first (faults.md I36-I39).
   */
  drops(code?: string): void {
    const loss = this.#isOpen
      ? classifyClose(1006, "", this.#phase, code)
      : classifyClose(1006, "", "upgrade", code ?? "ECONNRESET");
    if (code === undefined && this.#unread.length > 0) {
      this.#read(() => this.ends(loss));
      return;
    }
    this.#readAll();
    this.ends(loss);
  }

  /**
   * A close frame arrives; without a code it is an empty one, with one that no frame may carry it is a
   * protocol error. Not seen while paused.
   */
  closes(code?: number, reason = ""): void {
    if (code !== undefined && !isCloseCode(code)) this.breaksFraming("WS_ERR_INVALID_CLOSE_CODE");
    else {
      this.#read(() => {
        this.#heard();
        this.ends(classifyClose(code ?? 1005, reason, this.#phase));
      });
    }
  }

  /**
   * Bytes arrive that are no frame, or too large a one: `code` is what `ws` says of them. Not seen
   * while paused.
   */
  breaksFraming(code = "WS_ERR_UNEXPECTED_RSV_2_3"): void {
    this.#read(() => {
      this.#heard();
      this.ends(classifyError(Object.assign(new Error(), { code }), this.#phase));
    });
  }

  /** The peer answers the client's `close` with the same code. */
  answersClose(): void {
    this.closes(this.closedWith?.code ?? 1000, this.closedWith?.reason);
  }

  /**
   * The upgrade is answered with `status` and no upgrade: a refusal, a redirect to `location`, or with
   * 101 no WebSocket.
   */
  refuses(status: number, retryAfterMs?: number, location?: string): void {
    const answer = { statusCode: status, headers: { location } };
    const floor = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.ends({ ...classifyResponse(answer, this.dial.url, this.#clock.nowMs()), ...floor });
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
    if (!this.#canSend) {
      done(new Error("the socket is not open"));
      return;
    }
    this.sent.push({ data, atMs: this.#clock.nowMs() });
    this.#peer?.frameSent(data);
    if (this.holdsSends) this.#held.push({ bytes: Buffer.byteLength(data), done });
    else done();
  }

  ping(ponged?: () => void): void {
    if (!this.#canSend) return;
    this.pings += 1;
    this.#ponged = ponged ?? this.#ponged;
    if (this.#peer !== undefined) this.#peer.pinged();
    else if (!this.isSilent) this.receivesPong();
  }

  pause(): void {
    if (this.#canSend) this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#readAll();
  }

  close(code: number, reason: string): void {
    if (this.closedWith !== undefined || this.isOver) return;
    if (!this.#isOpen) {
      this.terminate(); // there is nobody to shake hands with
      return;
    }
    const onWire = { code: isCloseCode(code) ? code : 1000, reason: cutReason(reason) };
    this.closedWith = onWire;
    this.#peer?.closeSent(onWire.code, onWire.reason);
  }

  /** Flushes what a pause held back, as `ws` does (faults.md I43), unless without strays. */
  terminate(): void {
    if (this.isTerminated) return;
    this.isTerminated = true;
    this.#leave("the socket was terminated");
    this.#readAll();
  }

  get #phase(): LossPhase {
    return this.closedWith === undefined ? "open" : "closing";
  }

  get #canSend(): boolean {
    return this.#isOpen && this.closedWith === undefined;
  }

  /** Over, and as silent then as the adapter. */
  get #isDeaf(): boolean {
    return this.isOver && !this.#strays;
  }

  #heard(): void {
    this.#lastByteAtMs = this.#clock.nowMs();
    this.onHeard?.();
  }

  #read(chunk: () => void): void {
    if (this.isPaused && !this.isOver) this.#unread.push(chunk);
    else if (!this.#isDeaf) chunk();
  }

  #readAll(): void {
    for (const chunk of this.#unread.splice(0)) if (!this.#isDeaf) chunk();
  }

  /** What was not taken by the kernel may or may not have gone out. */
  #leave(why: string): void {
    this.#isOpen = false;
    if (!this.#hasLeft) this.#peer?.left();
    this.#hasLeft = true;
    for (const send of this.#held.splice(0)) send.done(new Error(why));
  }
}
