import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const BTC = { type: "l2Book", coin: "BTC" };

interface Frame {
  readonly channel: string;
  readonly data?: unknown;
}

const framesOf = (client: TestClient): Frame[] => client.json() as unknown as Frame[];
const pushesOf = (client: TestClient, channel: string): Frame[] =>
  framesOf(client).filter((frame) => frame.channel === channel);

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "hyperliquid", ...options });
  const client = world.connect("/ws");
  const ask = (subscription: object, method = "subscribe") => client.send({ method, subscription });
  return { ...world, client, ask };
}

describe("the simulated Hyperliquid", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client, ask } = start();
    ask(BTC);
    ask(BTC);
    ask({ type: "bbo", coin: "BTC" });
    ask({ type: "trades", coin: "BTC" });
    client.send({ method: "ping" });
    clock.advance(5_000);
    const kinds = [
      ["subscriptionResponse", "control", "ack"],
      ["error", "control", "error"],
      ["pong", "control", "pong"],
      ["l2Book", "l2Book", "snapshot (trimmed)"],
      ["bbo", "bbo", "data"],
      ["trades", "trades", "data"],
    ] as const;
    for (const [name, channel, kind] of kinds) {
      const [frame] = pushesOf(client, name);
      expect(differences(frame, samplesOf("hyperliquid", channel, kind)[0])).toEqual([]);
    }
  });

  it("repeats a subscription with what it fills in, and says so when it holds it already, or not", () => {
    const { clock, client, ask } = start();
    const filled = { ...BTC, nSigFigs: null, mantissa: null, fast: false };
    ask(BTC);
    ask(filled);
    ask(BTC, "unsubscribe");
    ask(BTC, "unsubscribe");
    clock.advance(2);
    const answers = framesOf(client).filter(({ channel }) => channel !== "l2Book");
    expect(answers).toEqual([
      { channel: "subscriptionResponse", data: { method: "subscribe", subscription: filled } },
      { channel: "error", data: `Already subscribed: ${JSON.stringify(filled)}` },
      { channel: "subscriptionResponse", data: { method: "unsubscribe", subscription: filled } },
      { channel: "error", data: `Already unsubscribed: ${JSON.stringify(filled)}` },
    ]);
  });

  it.each([
    ["an unknown coin", { type: "bbo", coin: "NOPE" }],
    ["the wrong case", { type: "l2Book", coin: "btc" }],
    ["too many figures", { ...BTC, nSigFigs: 6 }],
    ["a mantissa without five figures", { ...BTC, nSigFigs: 4, mantissa: 2 }],
  ])("drops the socket a moment after %s, without a word", (_, subscription) => {
    const { clock, client, ask } = start();
    ask(subscription);
    ask(BTC);
    clock.advance(99);
    expect(client.isOpen).toBe(true);
    clock.advance(3);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(client.messages).toEqual([]);
  });

  it.each([
    { method: "subscribe", subscription: { type: "nope", coin: "BTC" } },
    { method: "subscribe", subscription: { type: "bbo", coin: ["BTC", "ETH"] } },
    { method: "subscribe", subscription: { type: "allMids", coin: "BTC" } },
    { method: "subscribe" },
    { method: "nope", subscription: BTC },
    "hello",
  ])("repeats what it does not understand, and stays: %o", (frame) => {
    const { clock, client } = start();
    client.send(frame);
    clock.advance(1_000);
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    const data = `Error parsing JSON into valid websocket request: ${text}`;
    expect(framesOf(client)).toEqual([{ channel: "error", data }]);
    expect(client.isOpen).toBe(true);
  });

  it("tells books at once and then by the clock, changed or not, five levels deep where they are fast", () => {
    const { clock, client, ask } = start({ market: { books: false } });
    ask(BTC);
    ask({ ...BTC, coin: "ETH", fast: true });
    clock.advance(54_001);
    const books = pushesOf(client, "l2Book").map(
      ({ data }) => data as { coin: string; levels: [] },
    );
    const of = (coin: string) => books.filter((book) => book.coin === coin);
    expect(of("BTC")).toHaveLength(1 + 10);
    expect(of("ETH")).toHaveLength(1 + 100);
    expect(of("ETH")[50]).toMatchObject({ levels: [{ length: 5 }, { length: 5 }] });
  });

  it("begins trades with those of the last 20 s", () => {
    const { clock, client, connect } = start();
    clock.advance(60_000);
    const late = connect("/ws");
    late.send({ method: "subscribe", subscription: { type: "trades", coin: "BTC" } });
    clock.advance(2);
    const [first] = pushesOf(late, "trades");
    const past = (first?.data ?? []) as { time: number; tid: number }[];
    expect(past.length).toBeGreaterThan(1);
    expect(Math.min(...past.map(({ time }) => time))).toBeGreaterThanOrEqual(
      clock.nowMs() - 20_003,
    );
    expect(new Set(past.map(({ tid }) => tid)).size).toBe(past.length);
    expect(client.messages).toEqual([]);
  });

  it("drops at a minute whom it had nothing to tell, whatever he said; a pong is enough", () => {
    const { clock, client, connect } = start();
    const pinger = connect("/ws");
    clock.advance(30_000);
    pinger.send({ method: "ping" });
    clock.advance(30_010);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(pinger.isOpen).toBe(true);
  });

  it("takes 1,000 subscriptions, and counts the next as a violation", () => {
    const symbols = Array.from({ length: 1_001 }, (_, index) => `C${index}`);
    const market = { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
    const { clock, exchange, ask } = start({ market });
    for (const coin of symbols.slice(0, 1_000)) ask({ type: "trades", coin });
    clock.advance(10);
    expect(exchange.ledger.violations.size).toBe(0);
    ask({ type: "trades", coin: "C1000" });
    clock.advance(10);
    expect([...exchange.ledger.violations]).toEqual([["topics per connection", 1]]);
  });
});
