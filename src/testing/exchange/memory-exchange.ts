/**
 * The simulated exchange in memory: the model behind a `Transport`, on a clock that may be virtual.
 *
 * Everything between client and exchange takes `latencyMs` one way and keeps its order. Losses are
 * classified as the adapter of `ws` would. The client's end is a {@link MemorySocket}, with all its
 * nasty habits: what was on its way when a socket is terminated still arrives.
 */
import { checkClock } from "../../check.ts";
import { OptionError } from "../../errors.ts";
import { isError } from "../../shape.ts";
import type { Clock } from "../../system.ts";
import type { Dial, SocketSink, Transport } from "../../transport/transport.ts";
import { MemorySocket, type MemoryPeer } from "../memory-transport.ts";
import { Alarm } from "./alarm.ts";
import type { Fault } from "./faults.ts";
import type { HttpRequest } from "./dialect.ts";
import type { ExchangeLedger } from "./ledger.ts";
import type { BookView } from "./market-event.ts";
import type { ExchangeModel } from "./model.ts";
import { createModel, type ExchangeOptions } from "./options.ts";
import type { Admission, ExchangePort, HttpReply } from "./port.ts";

export interface MemoryExchangeOptions extends ExchangeOptions {
  readonly clock: Clock;
  /** How long anything takes from one side to the other. @defaultValue 1 */
  readonly latencyMs?: number | undefined;
  /** A frame over this ends the socket as `too-big`, as `ws`'s `maxPayload` does. @defaultValue 4 MiB */
  readonly maxPayloadBytes?: number | undefined;
}

/** As much of `fetch` as an exchange needs. */
export type ExchangeFetch = (
  input: string | URL,
  init?: { readonly method?: string; readonly signal?: AbortSignal },
) => Promise<Response>;

export interface MemoryExchange {
  /** Reaches this exchange, whatever host the URL names. */
  readonly transport: Transport;
  /** Reaches its plain HTTP side, whatever host the URL names; takes the place of the global `fetch`. */
  readonly fetch: ExchangeFetch;
  readonly ledger: ExchangeLedger;
  /** Live sessions, as the exchange sees it. */
  readonly sessions: number;
  /** A fault strikes now. */
  inject(fault: Fault): void;
  /** The true book; at a position, as a client that missed nothing had it there. A few seconds are kept. */
  book(instrument: string, position?: number): BookView | undefined;
  /** Ends everything without a word: no timer is left, and no socket is told. */
  stop(): void;
}

/** @throws OptionError */
export function createMemoryExchange(options: MemoryExchangeOptions): MemoryExchange {
  const { latencyMs = 1, maxPayloadBytes = 4 * 1024 * 1024 } = options;
  const clock = checkClock(options.clock);
  if (!(latencyMs >= 0 && latencyMs < Infinity)) {
    throw new OptionError("latencyMs", "a time of 0 or more", latencyMs);
  }
  const sockets = new Map<number, MemorySocket>();
  const wire = new Wire(clock, latencyMs);
  const toClient = (sessionId: number, happens: (socket: MemorySocket) => void): void => {
    const socket = sockets.get(sessionId);
    if (socket !== undefined) wire.carry(() => happens(socket));
  };
  /** The last thing that reaches a client. */
  const end = (sessionId: number, happens: (socket: MemorySocket) => void): void => {
    toClient(sessionId, happens);
    sockets.delete(sessionId);
  };
  const port: ExchangePort = {
    send: (id, data) => {
      const isTooBig = data.length > maxPayloadBytes || Buffer.byteLength(data) > maxPayloadBytes;
      if (isTooBig) toClient(id, endAsTooBig);
      else toClient(id, (socket) => socket.receives(data));
    },
    ping: (id, payload) => toClient(id, (socket) => socket.receivesPing(payload)),
    pong: (id) => toClient(id, (socket) => socket.receivesPong()),
    close: (id, code, reason) => end(id, (socket) => socket.closes(code, reason)),
    fin: (id) => end(id, (socket) => socket.drops()),
    reset: (id) => end(id, (socket) => socket.drops("ECONNRESET")),
    breakFraming: (id) => toClient(id, endAsBroken),
    listen: () => {}, // the model itself refuses the dial
  };

  const model = createModel(options, Math.floor(clock.nowMs()), port);
  const alarm = new Alarm(clock, () => act(() => model.advanceTo(clock.nowMs())));
  let isStopped = false;
  /** Lets the model do something and arms the alarm for what it wants next. */
  const act = <T>(something: () => T): T => {
    const result = something();
    if (!isStopped) alarm.set(model.nextDueAtMs);
    return result;
  };
  act(() => {});

  return {
    transport: (dial, sink) => {
      const line = new Line({ model, clock, wire, sockets, act });
      const socket = new MemorySocket(dial, sink, clock, line);
      line.dial(dial, sink, socket);
      return socket;
    },
    ledger: model.ledger,
    get sessions() {
      return model.sessions;
    },
    fetch: createFetch(wire, (request) => act(() => model.request(request, clock.nowMs()))),
    inject: (fault) => act(() => model.inject(fault, clock.nowMs())),
    book: (instrument, position) => model.book(instrument, position),
    stop: () => {
      isStopped = true;
      alarm.off();
      wire.cut();
      sockets.clear();
    },
  };
}

/** One way to the exchange and one way back. What is never answered waits for the caller's signal. */
function createFetch(wire: Wire, serve: (request: HttpRequest) => HttpReply): ExchangeFetch {
  return (input, { method = "GET", signal } = {}) =>
    new Promise((resolve, reject) => {
      const abort = (): void => reject(toError(signal?.reason));
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener("abort", abort, { once: true });
      const { pathname, search, host } = new URL(input);
      wire.carry(() => {
        const reply = serve({ method, path: `${pathname}${search}`, host });
        wire.carry(() => {
          if (reply.kind === "unanswered") return;
          signal?.removeEventListener("abort", abort);
          if (reply.kind === "refused") reject(new TypeError("fetch failed"));
          else resolve(toResponse(reply));
        });
      });
    });
}

function toResponse(reply: Exclude<HttpReply, { kind: "refused" | "unanswered" }>): Response {
  switch (reply.kind) {
    case "nothing":
      return new Response(null, { status: 404 });
    case "status": {
      const { status, retryAfterSeconds } = reply;
      const headers = new Headers();
      if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
      return new Response(null, { status, headers });
    }
    case "answered":
      return new Response(reply.body, {
        status: reply.status,
        headers: { "Content-Type": "application/json" },
      });
  }
}

function toError(reason: unknown): Error {
  return isError(reason) ? reason : new Error("aborted", { cause: reason });
}

interface LineParts {
  readonly model: ExchangeModel;
  readonly clock: Clock;
  readonly wire: Wire;
  /** The client's end of each session that the exchange may still write to. */
  readonly sockets: Map<number, MemorySocket>;
  readonly act: (something: () => void) => void;
}

/** What the client's end of one socket does, carried to the model. */
class Line implements MemoryPeer {
  readonly #parts: LineParts;
  #sessionId: number | undefined;
  #isCut = false;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /** One way to the exchange and one way back: TCP and the upgrade are not told apart. */
  dial(dial: Dial, sink: SocketSink, socket: MemorySocket): void {
    const path = pathOf(dial.url);
    if (path === undefined) {
      socket.ends({ class: "config", phase: "resolve", detail: "not a WebSocket URL" });
      return;
    }
    sink.progressed("tcp");
    const { model, clock, wire, sockets, act } = this.#parts;
    wire.carry(() => {
      if (this.#isCut) return;
      act(() => {
        const admission = model.connect(path, clock.nowMs());
        // Before anything the exchange says next: the wire keeps its order.
        wire.carry(() => {
          if (!socket.isOver) settle(admission, sink, socket);
        });
        if (admission.kind !== "accepted") return;
        this.#sessionId = admission.sessionId;
        sockets.set(admission.sessionId, socket);
        model.opened(admission.sessionId, clock.nowMs());
      });
    });
  }

  frameSent(data: string | Uint8Array): void {
    const text = typeof data === "string" ? data : Buffer.from(data).toString("utf8");
    this.#carry((sessionId, nowMs) => this.#parts.model.receive(sessionId, text, nowMs));
  }

  pinged(): void {
    this.#carry((sessionId, nowMs) => this.#parts.model.receivePing(sessionId, "", nowMs));
  }

  ponged(payload: string): void {
    this.#carry((sessionId, nowMs) => this.#parts.model.receivePong(sessionId, payload, nowMs));
  }

  closeSent(code: number, reason: string): void {
    this.#carry((sessionId, nowMs) =>
      this.#parts.model.receiveClose(sessionId, code, reason, nowMs),
    );
  }

  left(): void {
    this.#isCut = true;
    this.#carry((sessionId, nowMs) => {
      this.#parts.sockets.delete(sessionId);
      this.#parts.model.disconnect(sessionId, nowMs);
    });
  }

  #carry(arrive: (sessionId: number, nowMs: number) => void): void {
    const { clock, wire, act } = this.#parts;
    wire.carry(() => {
      const sessionId = this.#sessionId;
      if (sessionId !== undefined) act(() => arrive(sessionId, clock.nowMs()));
    });
  }
}

/** Both ways between the clients and the exchange: a delay that keeps the order. */
class Wire {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #alarm: Alarm;
  readonly #underway: { readonly dueAtMs: number; readonly arrive: () => void }[] = [];
  #isCut = false;

  constructor(clock: Clock, latencyMs: number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#alarm = new Alarm(clock, () => this.#deliver());
  }

  carry(arrive: () => void): void {
    if (this.#isCut) return;
    this.#underway.push({ dueAtMs: this.#clock.nowMs() + this.#latencyMs, arrive });
    this.#alarm.set(this.#underway[0]?.dueAtMs);
  }

  cut(): void {
    this.#isCut = true;
    this.#underway.length = 0;
    this.#alarm.off();
  }

  #deliver(): void {
    const nowMs = this.#clock.nowMs();
    for (let next = this.#underway[0]; next !== undefined && next.dueAtMs <= nowMs;) {
      this.#underway.shift();
      next.arrive();
      next = this.#underway[0];
    }
    this.#alarm.set(this.#underway[0]?.dueAtMs);
  }
}

function settle(admission: Admission, sink: SocketSink, socket: MemorySocket): void {
  if (admission.kind === "refused") {
    socket.failsToConnect();
    return;
  }
  sink.progressed("upgrade");
  switch (admission.kind) {
    case "accepted":
      socket.opens();
      return;
    case "status": {
      const { status, retryAfterSeconds } = admission;
      socket.refuses(
        status,
        retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000,
      );
      return;
    }
    case "unanswered":
  }
}

/** What `ws` reports of a frame over its `maxPayload` (faults.md F27). */
function endAsTooBig(socket: MemorySocket): void {
  socket.ends({ class: "too-big", phase: "open", code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" });
}

/** What `ws` reports of bytes that are no frame (faults.md F11). */
function endAsBroken(socket: MemorySocket): void {
  socket.ends({ class: "peer-protocol", phase: "open", code: "WS_ERR_UNEXPECTED_RSV_2_3" });
}

function pathOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, pathname, search } = new URL(url);
  return ["ws:", "wss:", "http:", "https:"].includes(protocol) ? `${pathname}${search}` : undefined;
}
