/**
 * One HTTP server on 127.0.0.1: the page's files, and one WebSocket path per dialect.
 *
 * It never keeps the process alive, answers nobody without the right Host, Origin and token, and
 * drops a viewer that does not read: what waits for it lies in our memory.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { OptionError } from "../../errors.ts";
import { Access } from "./access.ts";
import { readAssets, securityHeaders, type Asset } from "./assets.ts";

/** One viewer's end of a dialect. */
export interface Talk {
  readonly receive: (text: string) => void;
  readonly ended?: () => void;
}

/** What is spoken on one path. */
export interface Dialect {
  readonly path: string;
  /** A viewer has come in; what is sent to it goes out as one text frame each. */
  open(send: (text: string) => void): Talk;
}

export interface InspectorServerParts {
  /** Undefined: the first that is free from {@link FIRST_PORT} on, or any. */
  readonly port: number | undefined;
  readonly maxViewers: number;
  /** Bytes that may wait for one viewer. */
  readonly maxBufferedBytes: number;
  readonly dialects: readonly Dialect[];
}

const FIRST_PORT = 7_460;
const PORTS_TRIED = 10;
const HOST = "127.0.0.1";
/** Instrumented programs send whole snapshots. */
const MAX_PAYLOAD = 4 * 1024 * 1024;

export class InspectorServer {
  readonly access = new Access();
  readonly #parts: InspectorServerParts;
  readonly #http: Server;
  readonly #ws = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD,
    perMessageDeflate: false,
  });
  readonly #assets: ReadonlyMap<string, Asset> = readAssets();
  #port = 0;
  #viewersDropped = 0;

  constructor(parts: InspectorServerParts) {
    this.#parts = parts;
    this.#http = createServer((request, response) => this.#answer(request, response));
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http.on("connection", (socket) => socket.unref());
  }

  get port(): number {
    return this.#port;
  }

  get viewers(): number {
    return this.#ws.clients.size;
  }

  /** How many were dropped for not reading. */
  get viewersDropped(): number {
    return this.#viewersDropped;
  }

  /** @throws {@link OptionError} when the port that was asked for is taken. */
  async listen(): Promise<void> {
    const { port } = this.#parts;
    const wanted = port === undefined ? [...candidates()] : [port];
    for (const candidate of wanted) {
      const problem = await listenOn(this.#http, candidate);
      if (problem === undefined) break;
      if (problem.code !== "EADDRINUSE" && problem.code !== "EACCES") throw problem;
      if (candidate === wanted.at(-1)) {
        throw new OptionError("port", `a port that is free (${problem.code})`, candidate);
      }
    }
    this.#http.unref();
    this.#port = (this.#http.address() as AddressInfo).port;
    this.access.listensOn(this.#port);
  }

  close(): Promise<void> {
    for (const client of this.#ws.clients) client.terminate();
    this.#http.closeAllConnections();
    return new Promise((resolve) => {
      this.#http.close(() => resolve());
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(securityHeaders(this.#port)))
      response.setHeader(name, value);
    const denial = this.access.denies(request);
    if (denial !== undefined) return end(response, 403, `refused: ${denial}\n`);
    if (request.method !== "GET" && request.method !== "HEAD")
      return end(response, 405, "GET only\n");
    const { pathname } = urlOf(request);
    if (pathname === "/token") {
      // The page asks why its socket was refused: a browser does not tell it.
      const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
      return this.access.knows(token)
        ? end(response, 204, "")
        : end(response, 401, "refused: token\n");
    }
    const asset = this.#assets.get(pathname);
    if (asset !== undefined) {
      response.setHeader("content-type", asset.type);
      response.end(request.method === "HEAD" ? undefined : asset.body);
      return;
    }
    if (pathname === "/")
      return end(response, 503, "The inspector's page is not built: npm run build\n");
    end(response, 404, "nothing here\n");
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const { pathname, searchParams } = urlOf(request);
    const dialect = this.#parts.dialects.find(({ path }) => path === pathname);
    const denial = this.access.denies(request);
    if (denial !== undefined) return refuse(socket, "403 Forbidden");
    if (!this.access.knows(searchParams.get("token"))) return refuse(socket, "401 Unauthorized");
    if (dialect === undefined) return refuse(socket, "404 Not Found");
    if (this.#ws.clients.size >= this.#parts.maxViewers)
      return refuse(socket, "503 Service Unavailable");
    this.#ws.handleUpgrade(request, socket, head, (viewer) => this.#serve(viewer, dialect));
  }

  #serve(viewer: WebSocket, dialect: Dialect): void {
    const { maxBufferedBytes } = this.#parts;
    const send = (text: string): void => {
      if (viewer.readyState !== viewer.OPEN) return;
      viewer.send(text);
      if (viewer.bufferedAmount <= maxBufferedBytes) return;
      this.#viewersDropped += 1;
      viewer.terminate();
    };
    const talk = dialect.open(send);
    viewer.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) talk.receive(data.toString("utf8"));
    });
    viewer.on("error", () => undefined);
    viewer.on("close", () => talk.ended?.());
  }
}

function* candidates(): Generator<number> {
  for (let index = 0; index < PORTS_TRIED; index += 1) yield FIRST_PORT + index;
  yield 0;
}

function listenOn(server: Server, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve(error);
    server.once("error", failed);
    server.listen(port, HOST, () => {
      server.off("error", failed);
      resolve(undefined);
    });
  });
}

/** A path that is none is as good as no path. */
function urlOf(request: IncomingMessage): URL {
  return URL.parse(request.url ?? "/", `http://${HOST}`) ?? new URL(`http://${HOST}/`);
}

function end(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(text);
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
