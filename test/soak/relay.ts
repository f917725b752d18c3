/**
 * A TCP relay before an exchange, for what only the network does: bytes late, in tiny pieces, cut off
 * within a frame, or swallowed in one direction while both ends think the link is up.
 *
 * TCP never loses bytes and goes on: a direction that swallows does so until its connection ends.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export type RelayFault =
  /** Half-open: what the exchange says is lost, and it does not know. */
  | { readonly kind: "swallow-down" }
  /** What the client says is lost; the data goes on coming. */
  | { readonly kind: "swallow-up" }
  /** The next bytes to the client come in pieces of 1 to 7. */
  | { readonly kind: "slices"; readonly bytes: number }
  | { readonly kind: "latency"; readonly delayMs: number; readonly durationMs: number }
  /** TCP reset after that many more bytes to the client, most likely within a frame. */
  | { readonly kind: "cut"; readonly afterBytes: number };

export class Relay {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(exchangePort: number) {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
      const pair = new Pair(client, exchangePort);
      this.#pairs.add(pair);
      client.once("close", () => this.#pairs.delete(pair));
    });
  }

  static async start(exchangePort: number): Promise<Relay> {
    const relay = new Relay(exchangePort);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  strike(fault: RelayFault): void {
    for (const pair of this.#pairs) pair.strike(fault);
  }

  stop(): void {
    this.#server.close();
    for (const pair of this.#pairs) pair.reset();
  }
}

class Pair {
  readonly #client: Socket;
  readonly #exchange: Socket;
  readonly #waiting: { readonly bytes: Buffer; readonly dueAtMs: number }[] = [];
  #isPumping = false;
  #isSwallowingUp = false;
  #isSwallowingDown = false;
  #slicedBytes = 0;
  #bytesToCut = Infinity;
  #delay = { ms: 0, untilMs: 0 };

  constructor(client: Socket, exchangePort: number) {
    this.#client = client;
    this.#exchange = connect({
      port: exchangePort,
      host: "127.0.0.1",
      noDelay: true,
      allowHalfOpen: true,
    });
    client.on("data", (bytes) => {
      if (!this.#isSwallowingUp) this.#exchange.write(bytes);
    });
    client.on("end", () => this.#exchange.end());
    client.on("error", () => this.#exchange.resetAndDestroy());
    client.on("close", () => this.#exchange.destroy());
    this.#exchange.on("data", (bytes) => this.#down(bytes));
    this.#exchange.on("end", () => this.#down(Buffer.alloc(0)));
    this.#exchange.on("error", () => this.reset());
  }

  strike(fault: RelayFault): void {
    switch (fault.kind) {
      case "swallow-down":
        this.#isSwallowingDown = true;
        return;
      case "swallow-up":
        this.#isSwallowingUp = true;
        return;
      case "slices":
        this.#slicedBytes = fault.bytes;
        return;
      case "latency":
        this.#delay = { ms: fault.delayMs, untilMs: performance.now() + fault.durationMs };
        return;
      case "cut":
        this.#bytesToCut = fault.afterBytes;
        return;
    }
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#exchange.destroy();
  }

  /** Bytes for the client, or none for the end; in order, whatever holds them up. */
  #down(bytes: Buffer): void {
    if (this.#isSwallowingDown) return;
    const nowMs = performance.now();
    const dueAtMs = nowMs + (nowMs < this.#delay.untilMs ? this.#delay.ms : 0);
    this.#waiting.push({ bytes, dueAtMs: Math.max(dueAtMs, this.#waiting.at(-1)?.dueAtMs ?? 0) });
    if (!this.#isPumping) this.#pump();
  }

  readonly #pump = (): void => {
    this.#isPumping = true;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || this.#client.destroyed) break;
      const waitMs = next.dueAtMs - performance.now();
      if (waitMs > 0) {
        setTimeout(this.#pump, waitMs);
        return;
      }
      this.#waiting.shift();
      if (this.#slicedBytes > 0 && next.bytes.length > 1) {
        const size = 1 + (this.#slicedBytes % 7);
        this.#slicedBytes -= size;
        const rest = next.bytes.subarray(size);
        if (rest.length > 0) this.#waiting.unshift({ bytes: rest, dueAtMs: next.dueAtMs });
        this.#write(next.bytes.subarray(0, size));
        setImmediate(this.#pump);
        return;
      }
      this.#write(next.bytes);
    }
    this.#isPumping = false;
  };

  #write(bytes: Buffer): void {
    if (bytes.length === 0) {
      this.#client.end();
      return;
    }
    this.#client.write(bytes.subarray(0, this.#bytesToCut));
    this.#bytesToCut -= bytes.length;
    if (this.#bytesToCut <= 0) this.reset();
  }
}
