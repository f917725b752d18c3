import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import { hyperliquid, type HyperliquidMessage } from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<HyperliquidMessage>;

const BOOK = "l2Book:BTC";
const FAST = "l2Book:BTC?fast=true";
const TRADES = "trades:BTC";

function startVenue(options: SupervisorOptions<HyperliquidMessage> = {}): World {
  return startSupervisor<HyperliquidMessage>({ target: hyperliquid(), ...options });
}

function startOpen(topics: readonly string[]): World {
  const world = startVenue({ topics });
  world.socket.opens();
  return world;
}

function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

const filled = (coin: string, given: object = {}) => ({
  type: "l2Book",
  coin,
  nSigFigs: null,
  mantissa: null,
  fast: false,
  ...given,
});
const answer = (subscription: object, method = "subscribe") => ({
  channel: "subscriptionResponse",
  data: { method, subscription },
});
const error = (data: string) => ({ channel: "error", data });
const book = (time: number, coin = "BTC") => ({
  channel: "l2Book",
  data: { coin, time, levels: [[{ px: "84143.0", sz: "10.25923", n: 36 }], []] },
});
const bbo = (time: number) => ({ channel: "bbo", data: { coin: "BTC", time, bbo: [null, null] } });
const trades = (coin: string, ...tids: number[]) => ({
  channel: "trades",
  data: tids.map((tid) => ({ coin, side: "A", px: "1", sz: "1", time: 1, hash: "0x", tid })),
});

function topicsOf(world: World): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

describe("the frames of Hyperliquid", () => {
  it("go to its one endpoint, and ask for one topic each", () => {
    const world = startOpen([BOOK, FAST, "candle:xyz:SP500?interval=1m", "allMids"]);
    expect(world.socket.dial.url).toBe("wss://api.hyperliquid.xyz/ws");
    expect(world.socket.sentJson).toEqual([
      { method: "subscribe", subscription: { type: "l2Book", coin: "BTC" } },
      { method: "subscribe", subscription: { type: "l2Book", coin: "BTC", fast: true } },
      { method: "subscribe", subscription: { type: "candle", coin: "xyz:SP500", interval: "1m" } },
      { method: "subscribe", subscription: { type: "allMids" } },
    ]);
    expect(hyperliquid({ endpoint: "wss://api.hyperliquid-testnet.xyz/" }).url).toBe(
      "wss://api.hyperliquid-testnet.xyz/ws",
    );
  });

  it("unsubscribe in the same words", () => {
    const world = startOpen([BOOK, TRADES]);
    receives(world, answer(filled("BTC")), answer({ type: "trades", coin: "BTC" }));
    world.feed.unsubscribe(BOOK);
    expect(world.sent().at(-1)).toBe(
      '{"method":"unsubscribe","subscription":{"type":"l2Book","coin":"BTC"}}',
    );
    receives(world, answer(filled("BTC"), "unsubscribe"));
    expect(topicsOf(world)).toEqual({ [TRADES]: "confirmed" });
  });

  it("are 1,000 within five seconds, and never 2,000 in a minute", () => {
    const topics = Array.from({ length: 1_000 }, (_, index) => `trades:C${index}`);
    const world = startOpen(topics);
    world.clock.advance(5_000);
    expect(world.sent()).toHaveLength(1_000);
    for (let round = 0; round < 3; round += 1) {
      for (const topic of topics) receives(world, answer({ type: "trades", coin: topic.slice(7) }));
      world.feed.unsubscribe(topics);
      world.feed.subscribe(topics);
    }
    world.clock.advance(54_000);
    expect(world.sent().length).toBeLessThanOrEqual(2_000);
  });

  it("ping only what is silent, which a pong keeps alive; the silent peer is found within 25 s", () => {
    const world = startOpen([]);
    const pings = () => world.sent().filter((frame) => frame === '{"method":"ping"}').length;
    for (let second = 1; second <= 60; second += 1) {
      world.clock.advance(1_000);
      receives(world, book(second));
    }
    expect(pings()).toBe(0);
    world.clock.advance(20_000);
    expect(pings()).toBe(1);
    receives(world, { channel: "pong" });
    expect(world.feed.status().inbound).toMatchObject({ control: 1, invalid: 0 });
    world.socket.isSilent = true;
    world.clock.advance(24_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });

  it("dial no oftener than 30 times in any minute, whatever comes of it", () => {
    const world = startVenue({ backoff: () => 0 });
    const dials: number[] = [];
    const endAtMs = world.clock.nowMs() + 180_000;
    while (world.clock.nowMs() < endAtMs) {
      while (dials.length < world.dials) {
        dials.push(world.clock.nowMs());
        world.socket.failsToConnect();
      }
      world.clock.advance(100);
    }
    const inMinuteFrom = (start: number) =>
      dials.filter((at) => at >= start && at < start + 60_000).length;
    expect(Math.max(...dials.map(inMinuteFrom))).toBeLessThanOrEqual(30);
    expect(dials.length).toBeGreaterThan(40);
  });
});

describe("an answer of Hyperliquid", () => {
  it("repeats what was asked with more filled in, and is for just that", () => {
    const world = startOpen([BOOK, FAST, "l2Book:BTC?nSigFigs=5&mantissa=2"]);
    receives(world, answer(filled("BTC", { fast: true })));
    expect(topicsOf(world)).toMatchObject({ [BOOK]: "pending", [FAST]: "confirmed" });
    receives(world, answer(filled("BTC", { nSigFigs: 5, mantissa: 2 })), answer(filled("BTC")));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 3 } });
  });

  it("may fill in what nobody has heard of yet", () => {
    const world = startOpen([BOOK]);
    receives(world, answer(filled("BTC", { speed: "usual" })));
    expect(topicsOf(world)).toEqual({ [BOOK]: "confirmed" });
  });

  it("that it is subscribed already is the success we wanted", () => {
    const world = startOpen(["l2Book:SOL"]);
    receives(world, error(`Already subscribed: ${JSON.stringify(filled("SOL"))}`));
    expect(topicsOf(world)).toEqual({ "l2Book:SOL": "confirmed" });
    world.feed.unsubscribe("l2Book:SOL");
    receives(world, error(`Already unsubscribed: ${JSON.stringify(filled("SOL"))}`));
    expect(topicsOf(world)).toEqual({});
    expect(world.heard("topic.rejected")).toEqual([]);
  });

  it("that a frame was not understood rejects the topic of that frame, and no other", () => {
    const world = startOpen([BOOK, TRADES]);
    const frame = String(world.sent()[1]);
    const text = `Error parsing JSON into valid websocket request: ${frame}`;
    receives(world, error(text));
    expect(world.heard("topic.rejected")).toMatchObject([{ topic: TRADES, reason: text }]);
    expect(topicsOf(world)).toMatchObject({ [BOOK]: "pending" });
  });

  it.each([
    error("Something else"),
    error('Already subscribed: {"type":"l2Book"'),
    error("Error parsing JSON into valid websocket request: hello"),
    { channel: "error" },
    { channel: "subscriptionResponse" },
    answer({ type: "userFills", user: "0x0" }),
  ])("that names nothing of ours changes nothing and is no data: %o", (frame) => {
    const world = startOpen([BOOK]);
    receives(world, frame);
    expect(topicsOf(world)).toEqual({ [BOOK]: "pending" });
    expect(world.feed.status().inbound).toMatchObject({ control: 1, unclaimed: 0, invalid: 0 });
  });
});

describe("a topic of Hyperliquid", () => {
  it.each([
    [BOOK, BOOK],
    ["l2Book:BTC?fast=true&nSigFigs=5&mantissa=2", "l2Book:BTC?nSigFigs=5&mantissa=2&fast=true"],
    ["l2Book:BTC?fast=false", BOOK],
    ["l2Book:@107", "l2Book:@107"],
    ["bbo:PURR/USDC", "bbo:PURR/USDC"],
    ["trades:xyz:SP500", "trades:xyz:SP500"],
    ["activeAssetCtx:kPEPE", "activeAssetCtx:kPEPE"],
    ["candle:BTC?interval=1M", "candle:BTC?interval=1M"],
    ["allMids?dex=xyz", "allMids?dex=xyz"],
    ["fastAssetCtxs", "fastAssetCtxs"],
    [{ type: "l2Book", coin: "BTC" }, BOOK],
    [{ type: "l2Book", coin: "BTC", nSigFigs: null, mantissa: null, fast: true }, FAST],
    [{ type: "candle", coin: "BTC", interval: "1m" }, "candle:BTC?interval=1m"],
    [{ type: "allMids", dex: "xyz" }, "allMids?dex=xyz"],
  ])("has one text: %o", (given, topic) => {
    expect(hyperliquid().topics.parse(given as string)).toEqual({ topic });
  });

  it.each([
    "BTC",
    "l2Book",
    "l2Book:",
    "l2Book:B C",
    "book:BTC",
    "l2Book:BTC?nSigFigs=6",
    "l2Book:BTC?nSigFigs=4&mantissa=2",
    "l2Book:BTC?mantissa=2",
    "l2Book:BTC?fast=yes",
    "l2Book:BTC?depth=5",
    "l2Book:BTC?fast=true&fast=true",
    "l2Book:BTC?fast=true?",
    "candle:BTC",
    "candle:BTC?interval=7m",
    "allMids:BTC",
    "toString:BTC",
    { type: "l2Book", coin: ["BTC"] },
    { type: "l2Book", coin: "BTC", nSigFigs: { toString: "5" } },
    { type: "userFills", user: "0x0" },
    { coin: "BTC" },
  ])("may not be what would kill the socket: %o", (topic) => {
    const world = startVenue();
    expect(() => world.feed.subscribe(topic as string)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic as string)).toThrow(/such as l2Book:BTC, candle:BTC/);
  });

  it("may be one of 1,000, and no more", () => {
    const world = startVenue({
      topics: Array.from({ length: 1_000 }, (_, index) => `bbo:C${index}`),
    });
    expect(() => world.feed.subscribe(BOOK)).toThrow("at most 1000 topics on a connection");
  });
});

describe("the messages of Hyperliquid", () => {
  it("are told apart by channel and coin, and books by what was asked for", () => {
    const world = startOpen([FAST, "l2Book:ETH"]);
    const heard: (string | undefined)[] = [];
    world.feed.on("message", ({ topic }) => {
      heard.push(topic);
    });
    receives(
      world,
      book(1),
      book(1, "ETH"),
      bbo(1),
      trades("kPEPE", 7),
      { channel: "candle", data: { s: "BTC", i: "1m", t: 1 } },
      { channel: "activeSpotAssetCtx", data: { coin: "@107", ctx: {} } },
      { channel: "allMids", data: { mids: {} } },
      { channel: "allMids", data: { dex: "xyz", mids: {} } },
      { channel: "fastAssetCtxs", data: "lX3Zcm" },
    );
    expect(heard).toEqual([
      FAST,
      "l2Book:ETH",
      "bbo:BTC",
      "trades:kPEPE",
      "candle:BTC?interval=1m",
      "activeAssetCtx:@107",
      "allMids",
      "allMids?dex=xyz",
      "fastAssetCtxs",
    ]);
  });

  it("of two books of one coin are nobody's, until one of them is ended", () => {
    const world = startOpen([BOOK, FAST]);
    receives(world, answer(filled("BTC")), answer(filled("BTC", { fast: true })));
    const heard: (string | undefined)[] = [];
    world.feed.on("message", ({ topic }) => {
      heard.push(topic);
    });
    receives(world, book(9), book(5));
    world.feed.unsubscribe(BOOK);
    receives(world, book(6));
    expect(heard).toEqual([undefined, undefined, FAST]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, gaps: 0 });
  });
});

describe("the numbers of Hyperliquid", () => {
  it("are times of books: later is next, equal is alive, earlier is old", () => {
    const world = startOpen([BOOK]);
    const seen: [number | bigint | undefined, boolean][] = [];
    world.feed.on("message", ({ position, isSnapshot }) => {
      seen.push([position, isSnapshot]);
    });
    receives(world, book(1_000), book(6_400), book(6_400), book(1_000), book(11_000));
    expect(seen).toEqual([
      [1_000, true],
      [6_400, true],
      [6_400, true],
      [11_000, true],
    ]);
    expect(world.feed.status().inbound).toMatchObject({ stale: 1, gaps: 0, resets: 0 });
  });

  it("say nothing of what a socket missed", () => {
    const world = startOpen([BOOK]);
    receives(world, answer(filled("BTC")), book(1_000));
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.socket.opens();
    receives(world, answer(filled("BTC")), book(60_000));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, resets: 0, duplicates: 0 });
    expect(hyperliquid().recovery).toBeUndefined();
  });

  it("do not exist for trades, whose tid has no order", () => {
    const world = startOpen([TRADES]);
    receives(world, trades("BTC", 9, 3), trades("BTC", 3), trades("BTC"));
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 3, duplicates: 0, gaps: 0 });
  });
});

describe("silence at Hyperliquid", () => {
  it("is long after five of the times at which something is told, and never for what only happens", () => {
    const { freshness } = hyperliquid();
    expect(freshness?.(BOOK)).toEqual({ firstMs: 27_000, silenceMs: 27_000 });
    expect(freshness?.("allDexsAssetCtxs")).toEqual({ firstMs: 68_000, silenceMs: 68_000 });
    for (const topic of [TRADES, "bbo:BTC", "candle:BTC?interval=1d"]) {
      expect(freshness?.(topic)).toBeNull();
    }
  });
});

describe("a frame that is no message of Hyperliquid", () => {
  it.each([
    ["no JSON", "hello"],
    ["a bare value", "5"],
    ["null", "null"],
    ["an array", "[]"],
    ["something else", '{"hello":1}'],
    ["a book without its data", '{"channel":"l2Book"}'],
    ["a book without its time", '{"channel":"l2Book","data":{"coin":"BTC","levels":[[],[]]}}'],
    ["a time in quotes", '{"channel":"bbo","data":{"coin":"BTC","time":"5","bbo":[null,null]}}'],
    ["trades that are no list", '{"channel":"trades","data":{"coin":"BTC"}}'],
  ])("is reported and counted, and the next one comes: %s", (_, garbage) => {
    const world = startOpen([]);
    receives(world, book(1), garbage, book(2));
    expectReported(world, garbage);
  });
});

describe("the samples of Hyperliquid", () => {
  const samples = samplesOfVenue("hyperliquid");
  it.skipIf(samples === undefined)("are understood, each as what it is", () => {
    const talk = hyperliquid().open();
    const words = (samples ?? [])
      .filter(({ message }) => !("method" in (message as object))) // what a client said
      .map(({ channel, kind, message }) => {
        const decoded = talk.decode(Buffer.from(JSON.stringify(message)), false);
        const word = talk.control?.(decoded);
        return [channel, kind, word ?? talk.topicOf?.(decoded)];
      });
    const confirmed = (topic: string) => ({
      kind: "answer",
      answer: { topics: [topic], error: undefined },
    });
    expect(words).toEqual([
      ["control", "ack", confirmed(FAST)],
      ["control", "ack-unsubscribe", confirmed("l2Book:BTC?nSigFigs=5")],
      ["control", "error", confirmed("l2Book:SOL")],
      ["control", "error", { kind: "answer", answer: { unmatched: true } }],
      ["control", "pong", { kind: "alive" }],
      ["l2Book", "snapshot (trimmed)", BOOK],
      ["bbo", "data", "bbo:BTC"],
      ["trades", "data", TRADES],
    ]);
  });
});
