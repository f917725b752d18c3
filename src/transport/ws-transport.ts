/**
 * The `ws` package behind {@link Transport}.
 *
 * `ws` reports a socket's end in four ways, twice for some faults, half a minute late for others, and
 * for an exception in a listener never (faults.md §0 #2-#6). Here the first word counts: it becomes
 * the one loss, and the socket is let go at once, deaf to whatever follows. Nothing in this file
 * decides what a loss means, and nothing arms a timer.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { LookupFunction, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import type { Loss, LossPhase } from "../../machines/loss.ts";
import { toError } from "../shape.ts";
import type { Clock } from "../system.ts";
import {
  classifyClose,
  classifyError,
  classifyResponse,
  classifyThrown,
  pingFlood,
} from "./classify.ts";
import { cutReason, isCloseCode } from "./close-frame.ts";
import { FastInbound } from "./fast-inbound.ts";
import { guardLookup } from "./lookup.ts";
import { denyPrivateHost } from "./private-address.ts";
import { readWhilePaused, sharedRead } from "./shared-read.ts";
import { watchChunks } from "./watch-chunks.ts";
import type { Dial, SocketSink, Transport, TransportSocket } from "./transport.ts";
import { buildWsOptions, checkWsOptions, type WsTransportOptions } from "./ws-options.ts";

/**
 * A transport over real sockets.
 *
 * @throws OptionError for an option that cannot work, before any I/O.
 */
export function createWsTransport(options: WsTransportOptions = {}): Transport {
  checkWsOptions(options);
  const wsOptions = buildWsOptions(options);
  const deniesPrivate = options.denyPrivateAddresses === true;
  const lookup = guardLookup(options.lookup, deniesPrivate);
  const isFast = options.fastInbound === true;
  return (dial, sink) => new WsSocket(dial, sink, { wsOptions, lookup, deniesPrivate, isFast });
}

/** In the order in which a socket goes through them. */
const PHASES: readonly LossPhase[] = ["resolve", "dns", "tcp", "tls", "upgrade", "open", "closing"];

const ignore = (): void => {};

interface WsSocketOptions {
  readonly wsOptions: Readonly<Record<string, unknown>>;
  readonly lookup: LookupFunction;
  readonly deniesPrivate: boolean;
  readonly isFast: boolean;
}

class WsSocket implements TransportSocket {
  lastByteAtMs = 0;
  readonly #clock: Clock;
  readonly #maxPings: number;
  #phase: LossPhase = "resolve";
  /** Undefined once the socket is over: that is what makes it inert. */
  #ws: WebSocket | undefined;
  #sink: SocketSink | undefined;
  /** The TCP or TLS socket under `ws`, from `open` on. */
  #stream: Socket | undefined;
  /** Ends the stamping of chunks. */
  #unwatch: (() => void) | undefined;
  #fast: FastInbound | undefined;
  #errno: string | undefined;
  /** Who waits for the next pong. */
  #ponged: (() => void) | undefined;

  constructor(dial: Dial, sink: SocketSink, options: WsSocketOptions) {
    const { wsOptions, lookup, deniesPrivate, isFast } = options;
    this.#clock = dial.clock;
    this.#sink = sink;
    if (isFast) {
      this.#fast = new FastInbound({
        maxPayload: Number(wsOptions["maxPayload"]),
        skipUTF8Validation: wsOptions["skipUTF8Validation"] === true,
      });
    }
    this.#maxPings = Number(wsOptions["maxPendingAutoPongs"]);
    try {
      if (deniesPrivate) denyPrivateHost(dial.url);
      this.#ws = new WebSocket(dial.url, [...dial.protocols], {
        ...wsOptions,
        // An agent may reuse a socket, and with it what was made for another.
        ...(wsOptions["agent"] === undefined && { onread: this.#fast?.onread ?? sharedRead }),
        headers: { ...dial.headers },
        lookup: this.#watched(lookup),
        finishRequest: (request: ClientRequest) => {
          this.#follow(request);
          request.end();
        },
      });
    } catch (error) {
      this.#end(classifyThrown(error));
      return;
    }
    this.#listen(this.#ws);
  }

  get bufferedBytes(): number {
    return this.#ws?.bufferedAmount ?? 0;
  }

  /** Calls `done` before it returns when the socket is not open. */
  send(data: string | Uint8Array, done: (error?: Error) => void): void {
    if (this.#ws?.readyState !== WebSocket.OPEN) {
      done(new Error("the socket is not open"));
      return;
    }
    try {
      this.#ws.send(data, (error) => {
        if (error) done(error);
        else done(); // ws says null
      });
    } catch (error) {
      done(toError(error));
    }
  }

  ping(ponged?: () => void): void {
    if (this.#ws?.readyState !== WebSocket.OPEN) return;
    // One at a time: a peer that never answers must not gather them.
    if (ponged !== undefined) this.#ponged = ponged;
    this.#ws.ping();
  }

  pause(): void {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.pause();
  }

  resume(): void {
    // Also while closing, for the peer's answer. Without a stream `ws` may fall over its own null.
    if (this.#stream !== undefined) this.#ws?.resume();
  }

  close(code: number, reason: string): void {
    const ws = this.#ws;
    if (ws === undefined) return;
    if (this.#stream === undefined) {
      this.terminate(); // there is nobody to shake hands with
      return;
    }
    this.#phase = "closing";
    ws.close(isCloseCode(code) ? code : 1000, cutReason(reason));
  }

  terminate(): void {
    this.#release();
  }

  /** Every listener, before anything can happen: `open` and the first message may share a tick (#17). */
  #listen(ws: WebSocket): void {
    ws.on("message", this.#message);
    ws.on("ping", () => {
      if (ws.readyState === WebSocket.OPEN) this.#tell((sink) => sink.pinged());
      else if (this.#isFlooded()) this.#end(pingFlood(this.#maxPings));
    });
    ws.on("pong", () => {
      const ponged = this.#ponged;
      this.#ponged = undefined;
      ponged?.();
    });
    ws.once("upgrade", ({ socket }) => ws.once("open", () => this.#opened(socket)));
    ws.on("unexpected-response", (_, response: IncomingMessage) => {
      // With this listener ws cleans up nothing: without a `terminate` it connects for ever (#2).
      this.#end(classifyResponse(response, ws.url, this.#clock.nowMs()));
    });
    ws.on("error", (error) => {
      // While open, `close` follows when the peer ends TCP or after `closeTimeout`, with 1006 (#4).
      this.#end(classifyError(error, this.#phase));
    });
    ws.on("close", (code, reason) => {
      this.#end(classifyClose(code, reason.toString(), this.#phase, this.#errno));
    });
    const fast = this.#fast;
    if (fast === undefined) return;
    // Last: a word is said when all have heard it, and what is read meanwhile comes behind it.
    for (const word of ["message", "ping", "pong"]) ws.on(word, () => fast.settle());
  }

  /** The data path. `data` is a Buffer by ws's default `binaryType`. */
  readonly #message = (data: Buffer, isBinary: boolean): void => {
    try {
      this.#sink?.message(data, isBinary);
    } catch {
      // A throw that reaches ws wedges the socket: no message, no pong, no close ever again (#6).
    }
  };

  #opened(stream: Socket): void {
    this.#phase = "open";
    this.#stream = stream;
    this.lastByteAtMs = this.#clock.nowMs();
    // Not sooner than `open`: a `data` listener before ws's own would swallow the bytes that came with
    // the 101. And told first, so that a message finds its own chunk's instant.
    this.#unwatch = watchChunks(stream, this.#stamp);
    stream.on("error", this.#noteErrno);
    // An extension may give frames another meaning.
    if (this.#ws?.extensions === "") {
      this.#fast?.start({ arrived: this.#stamp, message: this.#message });
    } else this.#fast?.stop();
    this.#tell((sink) => sink.opened());
  }

  /** A number for each chunk, none for each message. */
  readonly #stamp = (): void => {
    this.lastByteAtMs = this.#clock.nowMs();
  };

  /** From `open` on ws swallows it (#3). Only ever a reason: `close` tells that it is over. */
  readonly #noteErrno = (error: NodeJS.ErrnoException): void => {
    this.#errno ??= error.code ?? error.name;
  };

  /** At a ping too many ws destroys the socket, emits that ping all the same, and says 1006 (#16). */
  #isFlooded(): boolean {
    // Neither we nor the peer nor an I/O error began to end it, so ws did.
    return (
      this.#phase === "open" && this.#errno === undefined && this.#stream?.readableEnded === false
    );
  }

  #watched(lookup: LookupFunction): LookupFunction {
    return (hostname, options, callback) => {
      this.#advance("dns");
      lookup(hostname, options, (error, address, family) => {
        if (error === null) this.#advance("tcp");
        callback(error, address, family);
      });
    };
  }

  #follow(request: ClientRequest): void {
    // An address was given, or an agent has a road of its own: no lookup has been asked for.
    if (this.#phase === "resolve") this.#advance("tcp");
    request.once("socket", (stream) => {
      readWhilePaused(stream);
      this.#fast?.attach(stream);
      const isTls = stream instanceof TLSSocket && !request.reusedSocket;
      const connected = (): void => this.#advance(isTls ? "tls" : "upgrade");
      if (stream.connecting) stream.once("connect", connected);
      else if (!stream.destroyed) connected(); // it may have failed already, and be about to say so
      if (isTls) stream.once("secureConnect", () => this.#advance("upgrade"));
    });
  }

  /** Forwards only: an agent that queues requests looks names up after it was asked to connect. */
  #advance(phase: LossPhase): void {
    if (PHASES.indexOf(phase) <= PHASES.indexOf(this.#phase)) return;
    this.#phase = phase;
    this.#tell((sink) => sink.progressed(phase));
  }

  #end(loss: Loss): void {
    const sink = this.#sink;
    this.#release();
    try {
      sink?.ended(loss);
    } catch {
      // Promised not to throw; an `error` of ws must not become an uncaught one.
    }
  }

  #tell(fact: (sink: SocketSink) => void): void {
    if (this.#sink === undefined) return;
    try {
      fact(this.#sink);
    } catch {
      // As in `#end`.
    }
  }

  /** Ends the socket, whatever its state, and forgets all who listened. */
  #release(): void {
    const ws = this.#ws;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#stream?.off("error", this.#noteErrno);
    this.#sink = undefined;
    this.#ws = undefined;
    this.#stream = undefined;
    this.#ponged = undefined;
    this.#fast?.stop();
    if (ws === undefined) return;
    ws.removeAllListeners();
    ws.on("error", ignore); // a late one without a listener would end the process (#18)
    ws.terminate();
  }
}
