/**
 * A simulated exchange and its clients on one virtual clock.
 *
 * A client does nothing by itself; it writes down what its socket tells.
 */
import type { Loss } from "../../../machines/index.ts";
import {
  createMemoryExchange,
  VirtualClock,
  type ExchangeEvent,
  type MemoryExchange,
  type MemoryExchangeOptions,
} from "../../../src/testing/index.ts";
import type { TransportSocket } from "../../../src/transport/transport.ts";

export interface TestClient {
  readonly socket: TransportSocket;
  readonly messages: string[];
  readonly losses: Loss[];
  isOpen: boolean;
  /** Pings that came, each answered by the socket itself. */
  pings: number;
  /** The messages as JSON. */
  json(): Record<string, unknown>[];
  /** Text as it is; anything else as JSON. */
  send(frame: unknown): void;
  /** As at Binance. */
  request(method: string, params?: readonly unknown[], id?: unknown): void;
}

export interface TestWorld {
  readonly clock: VirtualClock;
  readonly exchange: MemoryExchange;
  readonly events: ExchangeEvent[];
  readonly dial: (path: string) => TestClient;
  /** Dials and waits until the socket is open. */
  readonly connect: (path: string) => TestClient;
}

export function startWorld(options: Partial<MemoryExchangeOptions> = {}): TestWorld {
  const clock = new VirtualClock();
  const events: ExchangeEvent[] = [];
  const exchange = createMemoryExchange({
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  });

  const dial = (path: string): TestClient => {
    const messages: string[] = [];
    const losses: Loss[] = [];
    const socket = exchange.transport(
      { url: `ws://exchange.test${path}`, protocols: [], headers: {}, clock },
      {
        progressed: () => {},
        opened: () => {
          client.isOpen = true;
        },
        message: (data) => {
          messages.push(data.toString("utf8"));
        },
        pinged: () => {
          client.pings += 1;
        },
        ended: (loss) => {
          client.isOpen = false;
          losses.push(loss);
        },
      },
    );
    const client: TestClient = {
      socket,
      messages,
      losses,
      isOpen: false,
      pings: 0,
      json: () => messages.map((message) => JSON.parse(message) as Record<string, unknown>),
      send: (frame) => {
        socket.send(typeof frame === "string" ? frame : JSON.stringify(frame), () => {});
      },
      request: (method, params, id = 1) => {
        socket.send(JSON.stringify({ method, params, id }), () => {});
      },
    };
    return client;
  };

  return {
    clock,
    exchange,
    events,
    dial,
    connect: (path) => {
      const client = dial(path);
      clock.advance(2);
      return client;
    },
  };
}

/** No market data: what comes is the protocol's own. */
export const quietMarket = { symbols: ["BTCUSDT"], tradesPerSecond: 0, bookTickersPerSecond: 0 };
