/**
 * A peer made of bare TCP, with no WebSocket code in it: it can do all that a good one never would.
 *
 * Nothing in here waits for time to pass; what happened is a promise.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** One frame that the client sent. */
interface ClientFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

interface FrameOptions {
  /** @defaultValue true */
  readonly fin?: boolean;
  /** The three reserved bits, as a number. @defaultValue 0 */
  readonly rsv?: number;
  /** The length that the header claims. @defaultValue the payload's own */
  readonly length?: number;
}

/** A server's frame, as right or wrong as it is asked for. */
export function frame(
  opcode: number,
  payload: Buffer | string = "",
  options: FrameOptions = {},
): Buffer {
  const body = Buffer.from(payload);
  const { fin = true, rsv = 0, length = body.length } = options;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), body]);
  const header = Buffer.alloc(10);
  header[0] = first;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, body]);
}

export const text = (payload: string, options?: FrameOptions): Buffer =>
  frame(OPCODE.text, payload, options);

export function close(code?: number, reason = ""): Buffer {
  if (code === undefined) return frame(OPCODE.close);
  const status = Buffer.alloc(2);
  status.writeUInt16BE(code);
  return frame(OPCODE.close, Buffer.concat([status, Buffer.from(reason)]));
}

/** One client's TCP connection. */
export class RawConnection {
  readonly socket: Socket;
  /** The request, when it has been read. */
  readonly request: Promise<string>;
  /** The client has gone: FIN, RST or both. */
  readonly gone: Promise<void>;
  #key = "";
  #unread: Buffer = Buffer.alloc(0);
  readonly #frames: ClientFrame[] = [];
  #waiting: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {}); // its own reset, or the client's
    this.gone = new Promise((resolve) => {
      socket.once("end", resolve);
      socket.once("close", () => resolve());
    });
    this.request = new Promise((resolve) => {
      let head = "";
      const read = (chunk: Buffer): void => {
        head += chunk.toString("latin1");
        if (!head.includes("\r\n\r\n")) return;
        socket.off("data", read);
        socket.on("data", (bytes: Buffer) => this.#read(bytes));
        this.#key = /^sec-websocket-key: *(.+)\r$/im.exec(head)?.[1] ?? "";
        resolve(head);
      };
      socket.on("data", read);
    });
  }

  /** Completes the upgrade; `first` goes out in the same packet. */
  async upgrade(first: Buffer = Buffer.alloc(0), headers: readonly string[] = []): Promise<void> {
    await this.request;
    const accept = createHash("sha1")
      .update(`${this.#key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    const head = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
      ...headers,
    ];
    this.write(Buffer.concat([lines(...head), first]));
  }

  /** Answers with these lines and a blank one. */
  async answer(...head: readonly string[]): Promise<void> {
    await this.request;
    this.write(lines(...head));
  }

  /** Writes in one packet, as far as TCP lets anyone say so. */
  write(...chunks: readonly (Buffer | string)[]): void {
    this.socket.write(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))));
  }

  /** FIN; the other direction stays open. */
  end(): void {
    this.socket.end();
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** The client's next frame. */
  async nextFrame(): Promise<ClientFrame> {
    for (;;) {
      const next = this.#frames.shift();
      if (next !== undefined) return next;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (let next = this.#take(); next !== undefined; next = this.#take()) this.#frames.push(next);
    this.#waiting?.();
  }

  /** A client's frame is masked; those over 64 KiB are not expected here. */
  #take(): ClientFrame | undefined {
    const bytes = this.#unread;
    if (bytes.length < 2) return undefined;
    const short = bytes.readUInt8(1) & 0x7f;
    const start = short === 126 ? 4 : 2;
    if (bytes.length < start + 4) return undefined;
    const length = short === 126 ? bytes.readUInt16BE(2) : short;
    const end = start + 4 + length;
    if (bytes.length < end) return undefined;
    const mask = bytes.subarray(start, start + 4);
    const payload = Buffer.from(bytes.subarray(start + 4, end));
    for (const [i, byte] of payload.entries()) payload[i] = byte ^ (mask[i % 4] ?? 0);
    this.#unread = bytes.subarray(end);
    return { opcode: bytes.readUInt8(0) & 0x0f, payload };
  }
}

/** A server on a free port of this machine. */
export class RawPeer {
  readonly #server: Server;
  readonly #scheme: string;
  readonly #connections = new Set<RawConnection>();

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** `play` is called for each connection as it is accepted. */
  static async listen(
    play: (connection: RawConnection) => unknown,
    tls?: TlsOptions,
  ): Promise<RawPeer> {
    const accepted = (socket: Socket): void => {
      const connection = new RawConnection(socket);
      peer.#connections.add(connection);
      void play(connection);
    };
    // Half-open: a peer that goes on after the client's FIN is one of those we want.
    const server =
      tls === undefined
        ? createServer({ allowHalfOpen: true }, accepted)
        : createTlsServer(tls, accepted);
    server.on("tlsClientError", () => {});
    const peer = new RawPeer(server, tls === undefined ? "ws" : "wss");
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  /** How many connections have been accepted. */
  get accepted(): number {
    return this.#connections.size;
  }

  url(host = "127.0.0.1"): string {
    return `${this.#scheme}://${host}:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    for (const { socket } of this.#connections) socket.destroy();
    this.#server.close();
  }
}

/** A key and its self-signed certificate for `localhost`, made anew: none is ever committed. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -out - -days 1 " +
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
  const pem = execFileSync("openssl", request.split(" "), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const start = pem.indexOf("-----BEGIN CERTIFICATE-----");
  return { key: pem.slice(0, start), cert: pem.slice(start) };
}

function lines(...head: readonly string[]): Buffer {
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n`);
}
