/**
 * The WHATWG `WebSocket` behind {@link Transport}: for browsers, and wherever there is one.
 *
 * It can do less than `ws`, and says so here: no headers (a dial that has some is a `config` loss), no
 * ping (a heartbeat needs a probe, a message that the peer answers), no pause, no terminate (a socket
 * that is let go ends in its own time, unheard), and no reason why it could not connect. Bytes count as
 * taken once the platform has them. It says nothing of a close frame until TCP is over: a frame that is to be
 * sent meanwhile finds the socket not open, and is refused.
 */
import type { Loss, LossPhase } from "../../machines/loss.ts";
import { checkSync } from "../check.ts";
import { isError } from "../shape.ts";
import { printable } from "./printable.ts";
import { explainSendError } from "./send-error.ts";
import type { Dial, SendRefusal, SocketSink, Transport, TransportSocket } from "./transport.ts";

/** As much of a `WebSocket` as this uses; every platform's fits. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  addEventListener(type: string, listener: (event: never) => void): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export interface WebSocketTransportOptions {
  /** @defaultValue the platform's `WebSocket` */
  readonly WebSocket?: WebSocketConstructor | undefined;
}

const OPEN = 1;

/** What an error means is said by the `close` that follows. */
const ignore = (): void => undefined;

/** A transport over the platform's own sockets. */
export function createWebSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  const { WebSocket = globalThis.WebSocket as unknown as WebSocketConstructor } = options;
  checkSync(options.WebSocket, "WebSocket");
  return (dial, sink) => new WhatwgSocket(dial, sink, WebSocket);
}

class WhatwgSocket implements TransportSocket {
  lastByteAtMs = 0;
  readonly #dial: Dial;
  /** Undefined once the socket is over: that is what makes it inert. */
  #socket: WebSocketLike | undefined;
  #sink: SocketSink | undefined;
  #phase: LossPhase = "tcp";

  constructor(dial: Dial, sink: SocketSink, WebSocket: WebSocketConstructor) {
    this.#dial = dial;
    this.#sink = sink;
    if (Object.keys(dial.headers).length > 0) {
      this.#end({ class: "config", phase: "resolve", detail: "this transport sends no headers" });
      return;
    }
    try {
      this.#socket = new WebSocket(dial.url, [...dial.protocols]);
    } catch (error) {
      // A URL or a protocol that it does not take; its words may hold the URL.
      const code = isError(error) ? error.name : "Error";
      this.#end({ class: "config", phase: "resolve", code: printable(code) });
      return;
    }
    this.#socket.binaryType = "arraybuffer";
    // Of a class that is an emitter of Node's too, as that of `ws`, an error without a listener ends the process.
    // It may come late, when the socket is let go: this listener stays.
    this.#socket.addEventListener("error", ignore);
    for (const [type, listener] of this.#listeners) this.#socket.addEventListener(type, listener);
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(data: string | Uint8Array, done: (error?: Error, refusal?: SendRefusal) => void): void {
    if (this.#socket?.readyState !== OPEN) {
      done(new Error("the socket is not open"), "not-open");
      return;
    }
    try {
      this.#socket.send(data);
    } catch (error) {
      done(explainSendError(error), "invalid");
      return;
    }
    done();
  }

  /** There is none: a heartbeat on this transport asks by a probe. */
  ping(): void {}

  /** What comes is delivered all the same. */
  pause(): void {}

  resume(): void {}

  close(code: number, reason: string): void {
    if (this.#phase !== "open") {
      this.terminate(); // there is nobody to shake hands with
      return;
    }
    this.#phase = "closing";
    try {
      this.#socket?.close(code, reason);
    } catch {
      this.#socket?.close(); // a code or a reason that a page may not use
    }
  }

  terminate(): void {
    const socket = this.#socket;
    this.#release();
    socket?.close();
  }

  readonly #listeners: readonly (readonly [string, (event: never) => void])[] = [
    ["open", () => this.#opened()],
    ["message", ({ data }: { readonly data: unknown }) => this.#message(data)],
    ["close", (event: { readonly code: number; readonly reason: string }) => this.#closed(event)],
  ];

  #opened(): void {
    this.#phase = "open";
    this.lastByteAtMs = this.#dial.clock.nowMs();
    this.#tell((sink) => sink.opened());
  }

  #message(data: unknown): void {
    this.lastByteAtMs = this.#dial.clock.nowMs();
    if (typeof data === "string") this.#tell((sink) => sink.message(bytesOf(data), false));
    else if (data instanceof ArrayBuffer) this.#tell((sink) => sink.message(bytesOf(data), true));
  }

  #closed({ code, reason }: { readonly code: number; readonly reason: string }): void {
    const phase = this.#phase;
    const wasOpen = phase === "open" || phase === "closing";
    // Refused, unreachable, not trusted: a page is not told which.
    if (!wasOpen) this.#end({ class: "unreachable", phase });
    else if (code === 1005) this.#end({ class: "ended-without-code", phase });
    else if (code === 1006) this.#end({ class: "dropped", phase });
    else {
      const detail = reason === "" ? {} : { detail: printable(reason) };
      this.#end({ class: "closed-by-peer", phase, closeCode: code, ...detail });
    }
  }

  #end(loss: Loss): void {
    const sink = this.#sink;
    this.#release();
    try {
      sink?.ended(loss);
    } catch {
      // Promised not to throw; it must not become an uncaught error of the page's.
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

  #release(): void {
    for (const [type, listener] of this.#listeners) {
      this.#socket?.removeEventListener(type, listener);
    }
    this.#socket = undefined;
    this.#sink = undefined;
  }
}

/** A `Buffer` where there is one; in a browser the `Uint8Array` that it is made of. */
function bytesOf(data: string | ArrayBuffer): Buffer {
  if (typeof Buffer !== "undefined") {
    return typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data);
  }
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
  return bytes as Buffer;
}
