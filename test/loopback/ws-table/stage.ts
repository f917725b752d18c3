/** Where a case is played: dials for it, listens for it, and knows when all of it is over. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { OPCODE, RawConnection } from "../raw-peer.ts";
import type { Case } from "./case.ts";
import type { Certificates } from "./certificates.ts";
import { Client } from "./client.ts";
import { MemoryStream, onreadOf } from "./memory-stream.ts";

/** Dials with the transport alone, or with a supervisor around it. */
export type Dialler = (url: string, options: WsTransportOptions, client: Client) => void;

interface Listener {
  url(host?: string, scheme?: string): string;
  /** The next connection that is accepted; with TLS, when its handshake is done. */
  next(): Promise<RawConnection>;
  /** TCP under the newest connection. */
  readonly raw: Socket | undefined;
}

export class Stage {
  readonly client: Client;
  readonly #row: Case;
  readonly #certificates: Certificates | undefined;
  readonly #dialler: Dialler;
  readonly #endings: Promise<unknown>[] = [];
  readonly #cleanups: (() => void)[] = [];
  #peer: RawConnection | undefined;

  constructor(row: Case, certificates: Certificates | undefined, dialler: Dialler) {
    this.#row = row;
    this.#certificates = certificates;
    this.#dialler = dialler;
    this.client = new Client(row.owner);
  }

  get certificates(): Certificates {
    if (this.#certificates === undefined) throw new Error("no certificates were made");
    return this.#certificates;
  }

  /** Dials over an in-memory stream, and gives its far end. */
  connect(): RawConnection {
    const [near, far] = MemoryStream.pair();
    const peer = this.#meet(new RawConnection(far as unknown as Socket));
    this.#endings.push(new Promise((resolve) => near.once("close", resolve)));
    this.dial("ws://feed.test/", {
      createConnection: (options) => {
        near.onread = onreadOf(options);
        return near;
      },
    });
    return peer;
  }

  /** The same, and the peer completes the upgrade. */
  async open(...upgrade: Parameters<RawConnection["upgrade"]>): Promise<RawConnection> {
    const peer = this.connect();
    await peer.upgrade(...upgrade);
    await this.client.until("opened");
    return peer;
  }

  dial(url: string, options: WsTransportOptions = {}): void {
    this.#dialler(url, { ...this.#row.options, ...options }, this.client);
  }

  /** A server on a free port of this machine. */
  async listen(tls?: TlsOptions): Promise<Listener> {
    const waiting: ((connection: RawConnection) => void)[] = [];
    const accepted: RawConnection[] = [];
    let raw: Socket | undefined;
    const accept = (socket: Socket): void => {
      const connection = this.#meet(new RawConnection(socket));
      this.#endings.push(connection.gone);
      const resolve = waiting.shift();
      if (resolve === undefined) accepted.push(connection);
      else resolve(connection);
    };
    const server: Server =
      tls === undefined
        ? createServer({ allowHalfOpen: true }, accept)
        : createTlsServer(tls, accept);
    server.on("tlsClientError", () => {});
    server.on("connection", (socket: Socket) => {
      raw = socket;
      socket.on("error", () => {});
      this.defer(() => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.defer(() => server.close());
    const { port } = server.address() as AddressInfo;
    return {
      url: (host = "127.0.0.1", scheme = tls === undefined ? "ws" : "wss") =>
        `${scheme}://${host}:${port}/`,
      next: () => {
        const connection = accepted.shift();
        if (connection !== undefined) return Promise.resolve(connection);
        return new Promise((resolve) => waiting.push(resolve));
      },
      get raw() {
        return raw;
      },
    };
  }

  /** Listens, dials and gives the connection: for what TCP itself is the point of. */
  async connectOverTcp(): Promise<RawConnection> {
    const listener = await this.listen();
    this.dial(listener.url());
    return listener.next();
  }

  async openOverTcp(): Promise<RawConnection> {
    const peer = await this.connectOverTcp();
    await peer.upgrade();
    await this.client.until("opened");
    return peer;
  }

  /** Runs when the test is over, passed or not. */
  defer(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  /** The socket is as usable as it was: a ping sent now arrives. */
  async staysOpen(): Promise<void> {
    if (this.#peer === undefined) throw new Error("nobody is at the other end");
    this.client.socket.ping();
    while ((await this.#peer.nextFrame()).opcode !== OPCODE.ping); // behind pongs, say
  }

  /** Resolves when all that the client had is gone: streams, connections, and what they still say. */
  async gone(): Promise<void> {
    await Promise.all(this.#endings);
    await settle();
  }

  clear(): void {
    for (const cleanup of this.#cleanups.splice(0).reverse()) cleanup();
  }

  #meet(peer: RawConnection): RawConnection {
    this.#peer = peer;
    return peer;
  }
}

/** One turn of the loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Lets everything that is already on its way arrive: all ends have been seen, no I/O is waited for. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}
