import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const level2 = { type: "subscribe", channel: "level2", product_ids: ["BTC-USD"] };
const heartbeats = { type: "subscribe", channel: "heartbeats" };

interface Frame {
  readonly type?: string;
  readonly channel?: string;
  readonly sequence_num?: number;
  readonly events?: readonly {
    readonly type?: string;
    readonly product_id?: string;
    readonly subscriptions?: object;
    readonly heartbeat_counter?: string;
    readonly updates?: readonly { side: string; price_level: string; new_quantity: string }[];
  }[];
}

function framesOf(client: TestClient): Frame[] {
  return client.messages.map((text) => JSON.parse(text) as Frame);
}

function channelOf(client: TestClient, channel: string) {
  return framesOf(client)
    .filter((frame) => frame.channel === channel)
    .flatMap(({ events }) => events ?? []);
}

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "coinbase-advanced", ...options });
  const client = world.connect("/");
  return { ...world, client };
}

describe("the simulated Coinbase Advanced Trade", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client } = start();
    clock.advance(1_000);
    client.send({ ...level2, channel: "market_trades" });
    client.send({ ...level2, channel: "ticker" });
    client.send(level2);
    client.send(heartbeats);
    clock.advance(1_500);
    const find = (channel: string, type?: string): Frame | undefined =>
      framesOf(client).find(
        (frame) =>
          frame.channel === channel && (type === undefined || frame.events?.[0]?.type === type),
      );
    for (const [frame, channel, kind] of [
      [find("l2_data", "snapshot"), "l2_data", "snapshot"],
      [find("l2_data", "update"), "l2_data", "delta"],
      [find("market_trades", "snapshot"), "market_trades", "snapshot"],
      [find("ticker", "snapshot"), "ticker", "snapshot"],
      [find("heartbeats"), "heartbeats", "heartbeat"],
    ] as const) {
      expect(differences(frame, samplesOf("coinbase-advanced", channel, kind)[0])).toEqual([]);
    }
  });

  it("acknowledges with the whole state, and data of level2 comes as l2_data", () => {
    const { clock, client } = start();
    client.send({ ...level2, product_ids: ["BTC-USD", "ETH-USD"] });
    client.send(heartbeats);
    client.send({ type: "unsubscribe", channel: "level2", product_ids: ["ETH-USD"] });
    clock.advance(100);
    expect(channelOf(client, "subscriptions").map(({ subscriptions }) => subscriptions)).toEqual([
      { level2: ["BTC-USD", "ETH-USD"] },
      { level2: ["BTC-USD", "ETH-USD"], heartbeats: ["heartbeats"] },
      { level2: ["BTC-USD"], heartbeats: ["heartbeats"] },
    ]);
    const snapshots = channelOf(client, "l2_data").filter(({ type }) => type === "snapshot");
    expect(snapshots.map(({ product_id }) => product_id)).toEqual(["BTC-USD", "ETH-USD"]);
  });

  it("numbers every frame of the connection from 0: answers, heartbeats and data", () => {
    const { clock, exchange, client } = start();
    client.send(level2);
    client.send({ ...level2, channel: "market_trades" });
    client.send(heartbeats);
    clock.advance(10_000);
    const numbers = framesOf(client).map(({ sequence_num }) => sequence_num);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(channelOf(client, "heartbeats").map((event) => event.heartbeat_counter)).toEqual(
      Array.from({ length: 9 }, (_, index) => String(index + 1)),
    );
    expect(exchange.ledger.sessions.get(1)?.numbered.runs).toEqual([
      { first: 0, last: numbers.length - 1 },
    ]);
  });

  it("loses the numbers of what a silent link swallowed", () => {
    const { clock, client, exchange } = start();
    client.send(level2);
    clock.advance(1_000);
    exchange.inject({ kind: "silence", durationMs: 2_000 });
    clock.advance(4_000);
    const numbers = framesOf(client).map(({ sequence_num = 0 }) => sequence_num);
    const jumps = numbers.flatMap((number, index) =>
      index > 0 && number !== (numbers[index - 1] ?? 0) + 1
        ? [number - (numbers[index - 1] ?? 0)]
        : [],
    );
    expect(jumps).toEqual([21]); // twenty changes of the book in two seconds
  });

  it("gives a book that is the true one", () => {
    const { clock, client, exchange } = start();
    client.send(level2);
    const book = new ClientBook();
    let seen = 0;
    for (let ms = 0; ms < 10_000; ms += 100) {
      clock.advance(100);
      for (const { updates = [] } of channelOf(client, "l2_data").slice(seen)) {
        seen += 1;
        for (const { side, price_level, new_quantity } of updates) {
          const level = [price_level, new_quantity] as const;
          book.apply(0, side === "bid" ? [level] : [], side === "offer" ? [level] : []);
        }
      }
      if (seen === 0) continue;
      const { bids, asks } = book.view;
      const truth = exchange.book("BTC-USD");
      expect({ bids, asks }).toEqual({ bids: truth?.bids, asks: truth?.asks });
    }
    expect(seen).toBeGreaterThan(90);
  });

  it("answers a product in USDC with the data of the one in USD", () => {
    const { clock, client } = start();
    client.send({ ...level2, product_ids: ["BTC-USDC"] });
    clock.advance(500);
    expect(channelOf(client, "subscriptions")[0]?.subscriptions).toEqual({ level2: ["BTC-USDC"] });
    const products = channelOf(client, "l2_data").map(({ product_id }) => product_id);
    expect(new Set(products)).toEqual(new Set(["BTC-USD"]));
    expect(products.length).toBeGreaterThan(3);
  });

  it.each([
    ["no JSON", "{"],
    ["another type", { type: "sing" }],
    ["an unknown channel", { ...level2, channel: "weather" }],
    ["an unknown product", { ...level2, product_ids: ["NO-BODY"] }],
    ["no products", { type: "subscribe", channel: "level2" }],
  ])("refuses %s with an error that has no number", (_name, frame) => {
    const { clock, client } = start();
    client.send(frame);
    clock.advance(2);
    expect(framesOf(client)).toEqual([{ type: "error", message: expect.any(String) }]);
  });

  it("drops who subscribes to nothing within 5 s", () => {
    const { clock, exchange, client } = start();
    clock.advance(4_999);
    expect(client.isOpen).toBe(true);
    clock.advance(2);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect([...exchange.ledger.violations]).toEqual([["first subscribe within 5 s", 1]]);
  });

  it("drops a connection to which it has nothing to say, unless it beats", () => {
    const { clock, client, connect } = start({
      market: { tradesPerSecond: 0, bookTickersPerSecond: 0, books: false },
    });
    const beating = connect("/");
    client.send(level2);
    beating.send(heartbeats);
    clock.advance(75_010);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(beating.isOpen).toBe(true);
  });

  it("takes eight requests in a second", () => {
    const { clock, exchange, client } = start();
    for (let request = 0; request < 9; request += 1) client.send(heartbeats);
    clock.advance(2);
    expect(framesOf(client).at(-1)).toEqual({ type: "error", message: "rate limit exceeded" });
    expect([...exchange.ledger.violations]).toEqual([["8 frames in 1000 ms", 1]]);
  });
});
