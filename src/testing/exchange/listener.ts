/**
 * A listening port that can be closed and opened again while connections live: what `refuse` needs.
 *
 * Each opening is a new `http.Server` on the same port; the old one ends with its last connection. A
 * closed port can't be held, so somebody else may take it meanwhile: then it is tried again until it
 * is free.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { OptionError } from "../../errors.ts";
import type { Clock } from "../../system.ts";

const RETRY_MS = 50;

export interface ListenerHandlers {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
}

export class Listener {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #handlers: ListenerHandlers;
  /** Every TCP connection, upgraded or not: what `stop` has to cut. */
  readonly #connections = new Set<Socket>();
  #port = 0;
  #server: Server | undefined;
  #isWanted = false;
  /** Settles when the last attempt to listen has. */
  #attempt: Promise<void> = Promise.resolve();
  /** Settles when the server closed last has lost its last connection. */
  #closed: Promise<void> = Promise.resolve();
  #retry: unknown;

  constructor(host: string, clock: Clock, handlers: ListenerHandlers) {
    this.#host = host;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** The port, once {@link open} has resolved. */
  get port(): number {
    return this.#port;
  }

  /** Rejects with the error of the listening socket. */
  async open(port: number): Promise<void> {
    this.#isWanted = true;
    await this.#listen(port);
  }

  /** Closes the port; who is connected stays so. */
  close(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#clock.clearTimeout(this.#retry);
    this.#closed = closeServer(this.#server);
  }

  /** The same port again, as soon as it is free. */
  reopen(): void {
    this.#isWanted = true;
    this.#attempt = this.#attempt
      .then(() => (this.#isWanted ? this.#listen(this.#port) : undefined))
      .catch(() => {
        if (this.#isWanted) this.#retry = this.#clock.setTimeout(() => this.reopen(), RETRY_MS);
      });
  }

  /** Closes the port and cuts every connection. */
  async stop(): Promise<void> {
    this.close();
    await this.#attempt;
    for (const socket of this.#connections) socket.destroy();
    await this.#closed;
  }

  async #listen(port: number): Promise<void> {
    const server = createServer(this.#handlers.request);
    this.#server = server;
    server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
      socket.on("error", () => {}); // `close` follows, and says enough
      socket.setNoDelay(true);
    });
    server.on("upgrade", this.#handlers.upgrade);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, this.#host, () => {
        server.off("error", reject);
        resolve();
      });
    });
    const address = server.address();
    if (isAddress(address)) this.#port = address.port;
    if (!this.#isWanted) this.#closed = closeServer(server); // closed again while it was being opened
  }
}

/** @throws OptionError */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  throw new OptionError("port", "a port number from 0 to 65535", port);
}

/** Stops listening; resolves when the last connection has ended too. */
function closeServer(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (server === undefined) resolve();
    else server.close(() => resolve());
  });
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
