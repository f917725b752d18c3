import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { coinbaseAdvanced } from "../../../src/venues/index.ts";
import { startSupervisor } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { hears, readSamples, startOpen, statesOf } from "./start-venue.ts";
import type { Sample } from "./samples.ts";

const start = (...topics: string[]) => startOpen(coinbaseAdvanced(), topics);

const frame = (channel: string, sequence_num: number, ...events: readonly object[]) => ({
  channel,
  client_id: "",
  timestamp: "2026-04-07T14:30:00.000000Z",
  sequence_num,
  events,
});
const state = (sequence_num: number, subscriptions: object) =>
  frame("subscriptions", sequence_num, { subscriptions });
const beat = (sequence_num: number) =>
  frame("heartbeats", sequence_num, { heartbeat_counter: String(sequence_num) });
const book = (sequence_num: number, type = "update", product_id = "BTC-USD") =>
  frame("l2_data", sequence_num, { type, product_id, updates: [] });
const trades = (sequence_num: number, type = "update") =>
  frame("market_trades", sequence_num, {
    type,
    trades: [{ product_id: "BTC-USD", trade_id: "1" }],
  });

const HEARTBEATS = { type: "subscribe", channel: "heartbeats" };

describe("the frames of Coinbase Advanced", () => {
  it("ask for heartbeats first, then for one channel each", () => {
    const world = start("level2:BTC-USD", "market_trades:BTC-USD", "level2:ETH-USD");
    expect(world.socket.dial.url).toBe("wss://advanced-trade-ws.coinbase.com");
    expect(world.socket.sentJson).toEqual([
      HEARTBEATS,
      { type: "subscribe", product_ids: ["BTC-USD", "ETH-USD"], channel: "level2" },
      { type: "subscribe", product_ids: ["BTC-USD"], channel: "market_trades" },
    ]);
  });

  it("are never more than seven in a second, however many channels and products", () => {
    const channels = ["level2", "market_trades", "ticker", "ticker_batch", "candles", "status"];
    const topics = channels.flatMap((channel) =>
      Array.from({ length: 300 }, (_, index) => `${channel}:S${index}-USD`),
    );
    const world = start(...topics);
    for (let turn = 0; turn < 50; turn += 1) world.clock.advance(100);
    const sentAtMs = world.socket.sent.map(({ atMs }) => atMs);
    expect(sentAtMs.length).toBeGreaterThan(18);
    for (const atMs of sentAtMs) {
      const within = sentAtMs.filter((other) => other >= atMs && other < atMs + 1_000);
      expect(within.length).toBeLessThanOrEqual(7);
    }
  });

  it("notice a heartbeat that stays away", () => {
    const world = start("level2:BTC-USD");
    hears(world, state(0, { heartbeats: ["heartbeats"], level2: ["BTC-USD"] }));
    for (let second = 1; second <= 30; second += 1) {
      world.clock.advance(1_000);
      hears(world, beat(second));
    }
    expect(world.heard("down")).toEqual([]);
    world.socket.isSilent = true;
    world.clock.advance(10_001);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});

describe("an answer of Coinbase Advanced", () => {
  it("shows all that is subscribed: what is there is confirmed, what is not waits", () => {
    const world = start("level2:BTC-USD", "market_trades:BTC-USD");
    hears(world, state(0, { heartbeats: ["heartbeats"] }), state(1, { level2: ["BTC-USD"] }));
    expect(statesOf(world)).toEqual({
      "level2:BTC-USD": "confirmed",
      "market_trades:BTC-USD": "pending",
    });
    hears(world, state(2, { level2: ["BTC-USD"], market_trades: ["BTC-USD"] }));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
  });

  it("shows that a topic has left", () => {
    const world = start("level2:BTC-USD", "level2:ETH-USD");
    hears(world, state(0, { level2: ["BTC-USD", "ETH-USD"] }));
    world.feed.unsubscribe("level2:ETH-USD");
    expect(world.socket.sentJson.at(-1)).toEqual({
      type: "unsubscribe",
      product_ids: ["ETH-USD"],
      channel: "level2",
    });
    hears(world, state(1, { level2: ["BTC-USD"] }));
    world.feed.subscribe("level2:ETH-USD");
    expect(world.socket.sentJson.at(-1)).toMatchObject({ type: "subscribe" });
  });

  it("that is an error names nothing: it is told, and its topics are asked for again alone", () => {
    const world = start("level2:BTC-USD", "level2:NOPE-USD");
    hears(world, { type: "error", message: "NOPE-USD is not a valid product" });
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "error: NOPE-USD is not a valid product" },
    ]);
    for (let second = 0; second < 11; second += 1) {
      world.clock.advance(1_000);
      hears(world, beat(second));
    }
    expect(world.socket.sentJson.slice(2)).toMatchObject([
      { type: "subscribe", product_ids: ["BTC-USD"] },
      { type: "subscribe", product_ids: ["NOPE-USD"] },
    ]);
  });
});

describe("a topic of Coinbase Advanced", () => {
  it.each([
    ["level2:BTC-USD", "level2:BTC-USD"],
    ["market_trades:BTC-USDT", "market_trades:BTC-USDT"],
    [{ channel: "ticker", product_id: "00-USD" }, "ticker:00-USD"],
  ])("given as %o has one text", (given, topic) => {
    expect(coinbaseAdvanced().topics.parse(given)).toEqual({ topic, service: "default" });
  });

  it.each([
    "level2",
    "l2_data:BTC-USD",
    "heartbeats",
    "user:BTC-USD",
    "level2:BTCUSD",
    "level2:btc-usd",
    "level2:BTC-USDC", // it would come as BTC-USD
    { channel: "level2", symbol: "BTC-USD" },
  ])("may not be %o", (topic) => {
    const world = startSupervisor({ target: coinbaseAdvanced() });
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(
      "topic: expected one of level2, market_trades, ticker, ticker_batch, candles, status and a product (-USD for -USDC), such as level2:BTC-USD, received ",
    );
  });
});

describe("the numbers of Coinbase Advanced", () => {
  it("count all that the connection says, answers and heartbeats too", () => {
    const world = start("level2:BTC-USD");
    hears(world, state(0, {}), beat(1), book(2, "snapshot"), trades(3), beat(4), book(5));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0, control: 3 });
    hears(world, beat(8));
    expect(world.heard("gap")).toMatchObject([{ stream: "connection", from: 6, to: 7 }]);
  });

  it("drop a copy", () => {
    const world = start();
    hears(world, book(0), book(1), book(1));
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 2 });
  });

  it("that miss one have the connection replaced, whose first answer makes all whole", () => {
    const world = start("level2:BTC-USD");
    hears(world, state(0, { level2: ["BTC-USD"] }), book(1, "snapshot"), book(3));
    expect(world.heard("invalid")).toMatchObject([{ stream: "connection", cause: "gap" }]);
    world.clock.advance(5_000);
    expect(world.dials).toBe(2);
    world.socket.opens();
    hears(world, state(0, { level2: ["BTC-USD"] }));
    expect(world.heard("valid")).toMatchObject([{ stream: "connection" }]);
    hears(world, book(1, "snapshot"), book(2));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 1, duplicates: 0 });
    world.clock.advance(5_000);
    expect(world.dials).toBe(2);
  });
});

describe("a message of Coinbase Advanced", () => {
  it("belongs to the topic that was asked for, and says whether it is a book's snapshot", () => {
    const world = start("level2:ETH-USD");
    const seen: unknown[] = [];
    world.feed.on("message", ({ topic, isSnapshot }) => {
      seen.push([topic, isSnapshot]);
    });
    hears(world, book(0, "snapshot", "ETH-USD"), book(1, "update", "ETH-USD"));
    hears(world, trades(2, "snapshot"), trades(3));
    hears(world, frame("ticker", 4, { type: "update", tickers: [{ product_id: "BTC-USD" }] }));
    hears(world, frame("candles", 5, { type: "update", candles: [] }), frame("status", 6));
    expect(seen).toEqual([
      ["level2:ETH-USD", true],
      ["level2:ETH-USD", false],
      ["market_trades:BTC-USD", false], // past trades do not void what was known
      ["market_trades:BTC-USD", false],
      ["ticker:BTC-USD", false],
      [undefined, false],
      [undefined, false],
    ]);
  });
});

describe("a frame that is no message of Coinbase Advanced", () => {
  it.each([
    "<html>",
    "5",
    "null",
    "[]",
    '{"hello":1}',
    '{"channel":"subscriptions","sequence_num":1}',
    '{"channel":"l2_data","sequence_num":"1","events":[]}',
    '{"channel":"l2_data","sequence_num":1,"events":5}',
  ])("is reported and counted, and the next one comes: %s", (garbage) => {
    const world = start();
    hears(world, book(0), garbage, book(1));
    expectReported(world, garbage);
  });
});

describe("the samples of Coinbase Advanced", () => {
  it("are read, each as what it is", ({ skip }) => {
    const isOurs = ({ kind }: Sample) => kind === "subscribe";
    const samples = readSamples(coinbaseAdvanced(), "coinbase-advanced", isOurs);
    skip(samples === undefined, "../shared/recordings is not here");
    const read = (samples ?? []).map(({ channel, kind, word, topic, isSnapshot }) => [
      channel,
      kind,
      word?.kind,
      topic,
      isSnapshot,
    ]);
    expect(read).toEqual([
      ["heartbeats", "heartbeat", "alive", undefined, false],
      ["market_trades", "snapshot", undefined, "market_trades:ETH-USD", false],
      ["l2_data", "snapshot", undefined, "level2:BTC-USD", true],
      ["ticker", "snapshot", undefined, "ticker:BTC-USD", false],
      ["control", "ack", "answer", undefined, false],
      ["l2_data", "delta", undefined, "level2:BTC-USD", false],
    ]);
    expect((samples ?? []).map(({ last }) => typeof last)).toEqual(Array(6).fill("number"));
  });
});
