/**
 * A server without mercy: numbered trades as fast as the client reads them, and a ping every half
 * second whose answer is timed. TCP's own backpressure is the only limit.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

const PING_EVERY_MS = 500;
/** Frames for one turn of the loop, and how much may wait in this process. */
const BATCH = 128;
const MAX_BUFFERED_BYTES = 256 * 1024;

export interface FloodReport {
  readonly sent: number;
  readonly pings: number;
  readonly pongs: number;
  readonly slowestPongMs: number;
  /** Connections beyond the first: none when nothing was lost. */
  readonly redials: number;
}

export class Flood {
  readonly #server: WebSocketServer;
  readonly #stream: string;
  #sent = 0;
  #pings = 0;
  #pongs = 0;
  #slowestPongMs = 0;
  #connections = 0;
  #isOver = false;

  private constructor(stream: string) {
    this.#stream = stream;
    this.#server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    this.#server.on("connection", (client) => this.#serve(client));
  }

  static async start(stream: string): Promise<Flood> {
    const flood = new Flood(stream);
    await once(flood.#server, "listening");
    return flood;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get report(): FloodReport {
    const [sent, pings, pongs] = [this.#sent, this.#pings, this.#pongs];
    const redials = Math.max(0, this.#connections - 1);
    return { sent, pings, pongs, slowestPongMs: this.#slowestPongMs, redials };
  }

  /** No more trades; pings go on, so that the line stays healthy and quiet. */
  calm(): void {
    this.#isOver = true;
  }

  stop(): void {
    this.#isOver = true;
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #serve(client: WebSocket): void {
    this.#connections += 1;
    const pinging = setInterval(() => {
      this.#pings += 1;
      client.ping(String(performance.now()));
    }, PING_EVERY_MS);
    client.on("pong", (payload) => {
      this.#pongs += 1;
      const tookMs = performance.now() - Number(payload.toString());
      this.#slowestPongMs = Math.max(this.#slowestPongMs, tookMs);
    });
    client.on("close", () => clearInterval(pinging));
    client.on("message", (data: Buffer) => {
      const { id } = JSON.parse(data.toString()) as { id: number };
      client.send(JSON.stringify({ result: null, id }));
      this.#pour(client);
    });
  }

  #pour(client: WebSocket): void {
    if (this.#isOver || client.readyState !== client.OPEN) return;
    if (client.bufferedAmount < MAX_BUFFERED_BYTES) {
      for (let i = 0; i < BATCH; i += 1) client.send(this.#trade());
    }
    setImmediate(() => this.#pour(client));
  }

  #trade(): string {
    const t = (this.#sent += 1);
    const rest = `"p":"64123.45000000","q":"0.00150000","T":1700000000000,"m":true,"M":true}`;
    return `{"stream":"${this.#stream}","data":{"e":"trade","E":1700000000000,"s":"FLOOD","t":${t},${rest}}`;
  }
}
