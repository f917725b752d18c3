/**
 * The simulated exchange on a real port, heard through the real adapter: that its faults are what they
 * are called, and that both of its faces say the same.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Loss } from "../../machines/index.ts";
import { realClock } from "../../src/system.ts";
import {
  createMemoryExchange,
  loadRecording,
  startExchange,
  VirtualClock,
  type ExchangeEvent,
  type Fault,
  type RecordedFrame,
  type RunningExchange,
  type StartExchangeOptions,
} from "../../src/testing/index.ts";
import type { SocketSink, TransportSocket } from "../../src/transport/transport.ts";
import { createWsTransport } from "../../src/transport/ws-transport.ts";

const SPOT = join(
  import.meta.dirname,
  "../../../shared/recordings/hftbacktest/spot_btcusdt_20240808.gz",
);
const isHere = existsSync(SPOT);
if (!isHere) console.warn(`skipped: ${SPOT} is not here`);

const quietMarket = { symbols: ["BTCUSDT"], tradesPerSecond: 0, bookTickersPerSecond: 0 };

/** A client that does nothing by itself; each wait ends with an event, never with a time. */
class Client implements SocketSink {
  readonly messages: string[] = [];
  readonly losses: Loss[] = [];
  isOpen = false;
  pings = 0;
  readonly socket: TransportSocket;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    const dial = { url, protocols: [], headers: {}, clock: realClock };
    this.socket = createWsTransport()(dial, this);
  }

  progressed(): void {}

  opened(): void {
    this.isOpen = true;
    this.#wake();
  }

  message(data: Buffer): void {
    this.messages.push(data.toString("utf8"));
    this.#wake();
  }

  pinged(): void {
    this.pings += 1;
    this.#wake();
  }

  ended(loss: Loss): void {
    this.losses.push(loss);
    this.#wake();
  }

  async until(holds: () => boolean): Promise<this> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this;
  }

  opens(): Promise<this> {
    return this.until(() => this.isOpen);
  }

  async loss(): Promise<Loss | undefined> {
    await this.until(() => this.losses.length > 0);
    return this.losses[0];
  }

  request(method: string, params: readonly unknown[] = [], id = 1): void {
    this.socket.send(JSON.stringify({ method, params, id }), () => {});
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

let running: RunningExchange | undefined;
let clients: Client[] = [];

afterEach(async () => {
  for (const { socket } of clients) socket.terminate();
  clients = [];
  await running?.stop();
  running = undefined;
});

interface World {
  readonly exchange: RunningExchange;
  readonly dial: (path: string) => Client;
  /** Resolves when the exchange has told so. */
  readonly tells: (type: ExchangeEvent["type"], times?: number) => Promise<void>;
}

async function start(options: StartExchangeOptions = {}): Promise<World> {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const exchange = await startExchange({
    ...options,
    onEvent: ({ type }) => {
      told.push(type);
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
  });
  running = exchange;
  return {
    exchange,
    dial: (path) => {
      const client = new Client(`${exchange.url}${path}`);
      clients.push(client);
      return client;
    },
    tells: async (type, times = 1) => {
      while (told.filter((one) => one === type).length < times) {
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
  };
}

/** How the exchange in memory ends a live connection. */
function lossInMemory(fault: Fault): Loss | undefined {
  const clock = new VirtualClock();
  const exchange = createMemoryExchange({ clock, market: quietMarket });
  let loss: Loss | undefined;
  exchange.transport(
    { url: "ws://exchange.test/ws", protocols: [], headers: {}, clock },
    {
      progressed: () => {},
      opened: () => {},
      message: () => {},
      pinged: () => {},
      ended: (ended) => {
        loss = ended;
      },
    },
  );
  clock.advance(2);
  exchange.inject(fault);
  clock.advance(1_000);
  return loss;
}

/** A payload without its instants: the two faces did not start at the same time. */
function timeless(text: string): Record<string, unknown> {
  const { E: _, T: __, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return rest;
}

/** What can be compared of two losses: not the words. */
function facts(loss: Loss | undefined): Partial<Loss> {
  const { detail: _, ...rest } = loss ?? {};
  return rest;
}

describe("both faces of the simulated exchange", () => {
  it("say the same numbers and prices for the same seed", async () => {
    const market = { symbols: ["BTCUSDT"], tradesPerSecond: 200 };
    const { dial } = await start({ seed: 11, market });
    const client = dial("/ws/btcusdt@trade");
    await client.until(() => client.messages.length >= 50);

    const clock = new VirtualClock();
    const inMemory = new Map<unknown, Record<string, unknown>>();
    createMemoryExchange({ clock, seed: 11, market }).transport(
      { url: "ws://exchange.test/ws/btcusdt@trade", protocols: [], headers: {}, clock },
      {
        progressed: () => {},
        opened: () => {},
        message: (data) => {
          const trade = timeless(data.toString());
          inMemory.set(trade["t"], trade);
        },
        pinged: () => {},
        ended: () => {},
      },
    );
    clock.advance(60_000);

    const trades = client.messages.map(timeless);
    expect(trades).toEqual(trades.map(({ t }) => inMemory.get(t)));
  });

  it.each<Fault>([
    { kind: "reset" },
    { kind: "fin" },
    { kind: "close", code: 4001, reason: "go away" },
    { kind: "close", code: 1012 },
    { kind: "refuse", durationMs: 50 },
    { kind: "never-answer", durationMs: 50 },
    { kind: "status", status: 503, durationMs: 50 },
    { kind: "flap", afterMs: 10, durationMs: 50 },
    { kind: "oversized", bytes: 4 * 1024 * 1024 + 1 },
    { kind: "protocol-error" },
  ])("end a live connection with the same loss: $kind", async (fault) => {
    const { exchange, dial } = await start({ market: quietMarket });
    const client = await dial("/ws").opens();
    exchange.inject(fault);
    const loss = await client.loss();
    expect(facts(loss)).toEqual(facts(lossInMemory(fault)));
  });
});

describe("the simulated exchange on a real port", () => {
  it("speaks the protocol and keeps its account of what it wrote", async () => {
    const { exchange, dial } = await start({ market: quietMarket });
    const client = await dial("/stream").opens();
    client.request("SUBSCRIBE", ["btcusdt@depth@100ms"], 7);
    await client.until(() => client.messages.length >= 4);
    expect(client.messages[0]).toBe('{"result":null,"id":7}');
    const depths = client.messages
      .slice(1)
      .map((text) => JSON.parse(text) as { stream: string; data: { U: number; u: number } });
    expect(depths[0]?.stream).toBe("btcusdt@depth@100ms");
    const written = exchange.ledger.sessions.get(1)?.written.get("btcusdt@depth@100ms");
    expect(written?.runs).toHaveLength(1);
    expect(written?.runs[0]?.first).toBe(depths[0]?.data.U);
    expect(written?.runs[0]?.last).toBeGreaterThanOrEqual(depths.at(-1)?.data.u ?? Infinity);
  });

  it("greets as the venue does, and speaks its language", async () => {
    const { dial, exchange } = await start({ venue: "bitfinex", market: { symbols: ["tBTCUSD"] } });
    const client = dial("/ws/2");
    await client.until(() => client.messages.length > 0);
    expect(JSON.parse(client.messages[0] ?? "")).toMatchObject({ event: "info", version: 2 });
    const request = { event: "subscribe", channel: "book", symbol: "tBTCUSD" };
    client.socket.send(JSON.stringify(request), () => {});
    await client.until(() => client.messages.some((text) => text.startsWith("[")));
    expect(exchange.ledger.violations.size).toBe(0);
  });

  it("answers plain HTTP beside: a snapshot, nothing, or what a fault says", async () => {
    const { exchange } = await start({ market: quietMarket });
    const url = exchange.url.replace("ws:", "http:");
    const response = await fetch(`${url}/api/v3/depth?symbol=BTCUSDT&limit=5`);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toMatchObject({ lastUpdateId: expect.any(Number) });
    expect((await fetch(`${url}/elsewhere`)).status).toBe(426);

    exchange.inject({ kind: "status", status: 429, retryAfterSeconds: 2, durationMs: 60_000 });
    const limited = await fetch(`${url}/api/v3/depth?symbol=BTCUSDT`);
    expect([limited.status, limited.headers.get("Retry-After")]).toEqual([429, "2"]);
    exchange.inject({ kind: "never-answer", durationMs: 60_000 });
    const gone = new AbortController();
    const waiting = fetch(`${url}/api/v3/depth?symbol=BTCUSDT`, { signal: gone.signal });
    gone.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  it("takes five frames a second and closes at the sixth", async () => {
    const { dial } = await start({ market: quietMarket });
    const client = await dial("/ws").opens();
    for (let id = 1; id <= 5; id += 1) client.request("LIST_SUBSCRIPTIONS", [], id);
    await client.until(() => client.messages.length === 5);
    expect(client.losses).toEqual([]);
    client.socket.ping();
    expect(await client.loss()).toMatchObject({ closeCode: 1008, detail: "Too many requests" });
  });

  it("pings, keeps who answers and closes who does not", async () => {
    const limits = { pingIntervalMs: 100, pongTimeoutMs: 400, inboundPerSecond: 100 };
    const { exchange, dial } = await start({ market: quietMarket, limits });
    const client = await dial("/ws").opens();
    const mute = new WebSocket(`${exchange.url}/ws`, { autoPong: false });
    const [code, reason] = await new Promise<readonly [number, string]>((resolve) => {
      mute.on("close", (code, reason) => resolve([code, reason.toString()]));
    });
    expect([code, reason]).toEqual([1008, "Pong timeout"]);
    await client.until(() => client.pings >= 4);
    expect(client.losses).toEqual([]);
  });

  it("answers with a status and Retry-After, for as long as the fault lasts", async () => {
    const { exchange, dial, tells } = await start({ market: quietMarket });
    exchange.inject({ kind: "status", status: 429, retryAfterSeconds: 7, durationMs: 100 });
    expect(await dial("/ws").loss()).toMatchObject({
      class: "http-refusal",
      status: 429,
      retryAfterMs: 7_000,
    });
    await tells("fault.passed");
    await dial("/ws").opens();
    expect(await dial("/nowhere").loss()).toMatchObject({ class: "http-refusal", status: 404 });
  });

  it("closes its port and opens it again", async () => {
    const { exchange, dial, tells } = await start({ market: quietMarket });
    exchange.inject({ kind: "refuse", durationMs: 100 });
    expect(await dial("/ws").loss()).toMatchObject({
      class: "unreachable",
      code: "ECONNREFUSED",
    });
    await tells("fault.passed");
    // The port opens a moment after the fault has passed.
    for (;;) {
      const client = dial("/ws");
      await client.until(() => client.isOpen || client.losses.length > 0);
      if (client.isOpen) break;
    }
  });

  it("never answers, but to whoever comes later", async () => {
    const { exchange, dial, tells } = await start({ market: quietMarket });
    exchange.inject({ kind: "never-answer", durationMs: 100 });
    const waiting = dial("/ws");
    await tells("dial.rejected");
    await tells("fault.passed");
    await dial("/ws").opens();
    expect([waiting.isOpen, waiting.losses]).toEqual([false, []]);
  });

  it("drops whom it accepts", async () => {
    const { exchange, dial } = await start({ market: quietMarket });
    exchange.inject({ kind: "flap", afterMs: 40, durationMs: 60_000 });
    const client = await dial("/ws").opens();
    expect(await client.loss()).toMatchObject({ class: "dropped" });
  });

  it("is silent to those there are: no data, no pong, no answer to a close frame", async () => {
    const { exchange, dial, tells } = await start({ market: quietMarket });
    const client = await dial("/ws/btcusdt@depth@100ms").until(
      () => (clients[0]?.messages.length ?? 0) > 0,
    );
    exchange.inject({ kind: "silence" });
    client.request("LIST_SUBSCRIPTIONS");
    client.socket.ping();
    client.socket.close(1000, "anybody?");
    const other = dial("/ws/btcusdt@depth@100ms");
    await other.until(() => other.messages.length >= 1); // what was under way has arrived
    const heard = client.messages.length;
    const heardAtMs = client.socket.lastByteAtMs;
    await other.until(() => other.messages.length >= 4);
    expect(client.messages).toHaveLength(heard);
    expect(client.socket.lastByteAtMs).toBe(heardAtMs);
    expect(client.losses).toEqual([]);
    client.socket.terminate();
    await tells("session.ended");
    expect(exchange.sessions).toBe(1);
  });

  it("holds bytes up and then lets them come, none lost", async () => {
    const { exchange, dial } = await start({ market: quietMarket });
    const client = dial("/ws/btcusdt@depth@100ms");
    await client.until(() => client.messages.length >= 2);
    exchange.inject({ kind: "stall", durationMs: 400 });
    await client.until(() => client.messages.length >= 8);
    const depths = client.messages.map((text) => JSON.parse(text) as { U: number; u: number });
    expect(depths.slice(1).map(({ U }) => U)).toEqual(depths.slice(0, -1).map(({ u }) => u + 1));
  });

  it("is gone when it has stopped: the port is free at once, clients see the end", async () => {
    const { exchange, dial } = await start({ market: quietMarket });
    const client = await dial("/ws").opens();
    exchange.inject({ kind: "never-answer", durationMs: 60_000 });
    const waiting = dial("/ws");
    await client.loss();
    await exchange.stop();
    expect((await waiting.loss())?.class).toMatch(/handshake-cut|unreachable/);
    await exchange.stop(); // harmless
    running = await startExchange({ port: exchange.port });
    expect(running.port).toBe(exchange.port);
    await expect(startExchange({ port: exchange.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    await expect(startExchange({ port: 65_536 })).rejects.toThrow(/port: .*65536/);
  });
});

describe("a replay on a real port", () => {
  it("keeps the recorded pace, times its speed", async () => {
    const recording: RecordedFrame[] = Array.from({ length: 1_000 }, (_, index) => ({
      atMs: index * 10,
      text: `{"n":${index}}`,
    }));
    const { dial } = await start({ recording, speed: 20 });
    const client = await dial("/").until(() => (clients[0]?.messages.length ?? 0) > 0);
    const startedAtMs = realClock.nowMs();
    await client.until(() => client.messages.length === 1_000);
    // 9,990 recorded milliseconds; a machine that is busy may take longer, never less.
    expect(realClock.nowMs() - startedAtMs).toBeGreaterThan(400);
    expect(client.messages).toEqual(recording.map(({ text }) => text));
  });
});

describe.skipIf(!isHere)("the spot recording replayed on a real port", () => {
  it("arrives byte for byte and in order, on a stream list that names none of it", async () => {
    const recording = await loadRecording(SPOT);
    const { exchange, dial } = await start({ recording, speed: Infinity });
    const client = dial("/stream?streams=ethusdt@trade");
    await client.until(() => client.messages.length === 41_248);
    expect(client.messages).toEqual(recording.map(({ text }) => text));
    const trades = exchange.ledger.streams.get("btcusdt@trade");
    expect(trades).toMatchObject({ events: 9_757 });
    expect(trades?.runs).toHaveLength(1);
    expect(exchange.ledger.streams.get("btcusdt@depth@100ms")?.runs).toHaveLength(1);
  });

  it("takes the recorded 346 s divided by 50, without drifting", async () => {
    const { dial } = await start({ recording: SPOT, speed: 50 });
    const client = dial("/ws/btcusdt@trade");
    await client.until(() => client.messages.length > 0);
    const startedAtMs = realClock.nowMs();
    await client.until(() => client.messages.length === 41_248);
    const tookMs = realClock.nowMs() - startedAtMs;
    expect(tookMs).toBeGreaterThan(6_700);
    expect(tookMs).toBeLessThan(10_000);
  });
});
