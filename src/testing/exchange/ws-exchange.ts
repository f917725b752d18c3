/**
 * The simulated exchange on a real port: the model behind `node:http` and `ws`.
 *
 * The upgrade is handled here, so that it can be refused with any status or never answered; the raw
 * socket is kept, so that it can be reset; `ws` answers neither pings nor, while the exchange is
 * deaf, close frames by itself. One timer drives it all and does what is due at each tick: a fast
 * replay is written in batches and doesn't drift.
 */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer, type RawData, type Server } from "ws";
import { checkClock } from "../../check.ts";
import { realClock, type Clock } from "../../system.ts";
import { Alarm } from "./alarm.ts";
import type { Fault } from "./faults.ts";
import type { ExchangeLedger } from "./ledger.ts";
import { checkPort, Listener } from "./listener.ts";
import type { BookView } from "./market-event.ts";
import type { ExchangeModel } from "./model.ts";
import { createModel, type ExchangeOptions } from "./options.ts";
import type { ExchangePort } from "./port.ts";
import { loadRecording, type RecordedFrame } from "./recording.ts";

export interface StartExchangeOptions extends Omit<ExchangeOptions, "recording"> {
  /** As for the exchange in memory, or the path of a recording to read. */
  readonly recording?: string | readonly RecordedFrame[] | undefined;
  /** 0 for any that is free. @defaultValue 0 */
  readonly port?: number | undefined;
  /** @defaultValue "127.0.0.1": it is a toy, so it stays on this machine */
  readonly host?: string | undefined;
  /** @defaultValue real time */
  readonly clock?: Clock | undefined;
}

export interface RunningExchange {
  /** `ws://host:port`, without a path. */
  readonly url: string;
  readonly port: number;
  readonly ledger: ExchangeLedger;
  /** Live sessions, as the exchange sees it. */
  readonly sessions: number;
  /** A fault strikes now. */
  inject(fault: Fault): void;
  /** The true book; at a position, as a client that missed nothing had it there. A few seconds are kept. */
  book(instrument: string, position?: number): BookView | undefined;
  /** Cuts every connection and frees the port: nothing keeps the process alive afterwards. */
  stop(): Promise<void>;
}

/** Reserved bits set, for which no extension was agreed (faults.md F11). */
const BROKEN_FRAME = Buffer.from([0xb1, 0x00]);

/**
 * Starts an exchange; resolves when it listens.
 *
 * @throws OptionError, or the error of the recording or of the listening socket
 */
export async function startExchange(options: StartExchangeOptions = {}): Promise<RunningExchange> {
  const { port = 0, recording } = options;
  checkPort(port);
  const frames = typeof recording === "string" ? await loadRecording(recording) : recording;
  const exchange = new WsExchange({ ...options, recording: frames });
  await exchange.start(port);
  return exchange;
}

interface Client {
  readonly ws: ExchangeSocket;
  readonly socket: Duplex;
}

class WsExchange implements RunningExchange {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #listener: Listener;
  readonly #model: ExchangeModel;
  readonly #alarm: Alarm;
  readonly #upgrader: Server<typeof ExchangeSocket>;
  readonly #clients = new Map<number, Client>();
  #isStopped = false;

  constructor(options: ExchangeOptions & Omit<StartExchangeOptions, "recording">) {
    this.#host = options.host ?? "127.0.0.1";
    this.#clock = checkClock(options.clock, realClock);
    this.#listener = new Listener(this.#host, this.#clock, {
      upgrade: (request, socket, head) => this.#meet(request, socket, head),
      request: (request, response) => this.#answer(request, response),
    });
    this.#model = createModel(options, Math.floor(this.#clock.nowMs()), this.#createPort());
    this.#alarm = new Alarm(this.#clock, () => {
      this.#act((nowMs) => this.#model.advanceTo(nowMs));
    });
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      autoPong: false,
      maxPayload: 64 * 1024,
      perMessageDeflate: false,
      WebSocket: ExchangeSocket,
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    const host = this.#host.includes(":") ? `[${this.#host}]` : this.#host;
    return `ws://${host}:${this.port}`;
  }

  get ledger(): ExchangeLedger {
    return this.#model.ledger;
  }

  get sessions(): number {
    return this.#model.sessions;
  }

  async start(port: number): Promise<void> {
    await this.#listener.open(port);
    this.#act(() => {});
  }

  inject(fault: Fault): void {
    this.#act((nowMs) => this.#model.inject(fault, nowMs));
  }

  book(instrument: string, position?: number): BookView | undefined {
    return this.#model.book(instrument, position);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#alarm.off();
    for (const { ws } of this.#clients.values()) ws.terminate(); // with ws's own close timers
    await this.#listener.stop();
  }

  /** Lets the model do something and arms the alarm for what it wants next. */
  #act(something: (nowMs: number) => void): void {
    if (this.#isStopped) return;
    something(this.#clock.nowMs());
    this.#alarm.set(this.#model.nextDueAtMs);
  }

  #meet(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#act((nowMs) => {
      const admission = this.#model.connect(request.url ?? "/", nowMs);
      switch (admission.kind) {
        case "accepted":
          this.#accept(admission.sessionId, request, socket, head);
          return;
        case "refused": // it came through just before the port was closed
          reset(socket);
          return;
        case "unanswered":
          socket.on("end", () => socket.end()).resume(); // until the client gives up
          return;
        case "status":
          socket.end(httpAnswer(admission.status, admission.retryAfterSeconds));
          return;
      }
    });
  }

  /** Plain HTTP. */
  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "GET", url: path = "/", headers } = request;
    this.#act((nowMs) => {
      const { host = `${this.#host}:${this.port}` } = headers;
      const reply = this.#model.request({ method, path, host }, nowMs);
      switch (reply.kind) {
        case "answered":
          response.writeHead(reply.status, { "Content-Type": "application/json" }).end(reply.body);
          return;
        case "status": {
          const { status, retryAfterSeconds } = reply;
          if (retryAfterSeconds !== undefined) response.setHeader("Retry-After", retryAfterSeconds);
          response.writeHead(status, { Connection: "close" }).end();
          return;
        }
        case "refused": // it came through just before the port was closed
          reset(response.socket ?? request.socket);
          return;
        case "unanswered":
          return;
        case "nothing":
          response.writeHead(426, { Connection: "close", Upgrade: "websocket" }).end();
      }
    });
  }

  #accept(sessionId: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const model = this.#model;
    const leave = (): void => this.#act((nowMs) => model.disconnect(sessionId, nowMs));
    socket.on("close", () => {
      this.#clients.delete(sessionId);
      leave();
    });
    // Calls back before it returns, or has answered a malformed handshake with 400 and ended.
    this.#upgrader.handleUpgrade(request, socket, head, (ws) => {
      this.#clients.set(sessionId, { ws, socket });
      ws.heedsClose = () => {
        if (model.isDeafTo(sessionId)) return false;
        leave();
        return true;
      };
      ws.on("error", () => {}); // a client that breaks the protocol; `close` follows
      ws.on("message", (data) => {
        this.#act((nowMs) => model.receive(sessionId, textOf(data), nowMs));
      });
      ws.on("ping", (data) => {
        this.#act((nowMs) => model.receivePing(sessionId, data.toString("latin1"), nowMs));
      });
      ws.on("pong", (data) => {
        this.#act((nowMs) => model.receivePong(sessionId, data.toString("latin1"), nowMs));
      });
      model.opened(sessionId, this.#clock.nowMs()); // inside the act that met the dial
    });
  }

  #createPort(): ExchangePort {
    const withClient = (sessionId: number, use: (client: Client) => void): void => {
      const client = this.#clients.get(sessionId);
      if (client?.ws.readyState === WebSocket.OPEN) use(client);
    };
    return {
      send: (id, data) => withClient(id, ({ ws }) => ws.send(data)),
      ping: (id, payload) => withClient(id, ({ ws }) => ws.ping(payload)),
      pong: (id, payload) => withClient(id, ({ ws }) => ws.pong(Buffer.from(payload, "latin1"))),
      close: (id, code, reason) => withClient(id, ({ ws }) => ws.closeFirst(code, reason)),
      fin: (id) => withClient(id, ({ socket }) => socket.end()),
      reset: (id) => withClient(id, ({ socket }) => reset(socket)),
      breakFraming: (id) => withClient(id, ({ socket }) => socket.write(BROKEN_FRAME)),
      listen: (isListening) => {
        if (isListening) this.#listener.reopen();
        else this.#listener.close();
      },
    };
  }
}

/** A socket that tells when the client closes it, and may take no notice of that. */
class ExchangeSocket extends WebSocket {
  /** The client's close frame came; false leaves it unanswered. */
  heedsClose: () => boolean = () => true;

  /** The exchange closes. */
  closeFirst(code: number, reason: string): void {
    super.close(code, reason);
  }

  /** `ws` calls this to answer the client's close frame. */
  override close(code?: number, data?: string | Buffer): void {
    if (this.heedsClose()) super.close(code, data);
  }
}

function reset(socket: Duplex): void {
  // Over HTTP it is always a TCP socket; the types promise less.
  if ("resetAndDestroy" in socket && typeof socket.resetAndDestroy === "function") {
    socket.resetAndDestroy();
  } else socket.destroy();
}

function httpAnswer(status: number, retryAfterSeconds: number | undefined): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    "Content-Length: 0",
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString("utf8");
}
