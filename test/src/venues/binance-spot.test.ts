import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import { binanceSpot, type BinanceStreamMessage } from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";

type World = SupervisorWorld<BinanceStreamMessage>;

function startVenue(options: SupervisorOptions<BinanceStreamMessage> = {}): World {
  return startSupervisor<BinanceStreamMessage>({
    target: binanceSpot(),
    recovery: null,
    ...options,
  });
}

/** The samples of the documentation, in their combined form. */
const trade = (t: number) => ({
  stream: "bnbbtc@trade",
  data: {
    e: "trade",
    E: 1672515782136,
    s: "BNBBTC",
    t,
    p: "0.001",
    q: "100",
    T: 1672515782136,
    m: true,
    M: true,
  },
});
const depth = (U: number, u: number) => ({
  stream: "bnbbtc@depth",
  data: {
    e: "depthUpdate",
    E: 1672515782136,
    s: "BNBBTC",
    U,
    u,
    b: [["0.0024", "10"]],
    a: [["0.0026", "100"]],
  },
});
const bookTicker = (u: number) => ({
  stream: "bnbusdt@bookTicker",
  data: {
    u,
    s: "BNBUSDT",
    b: "25.35190000",
    B: "31.21000000",
    a: "25.36520000",
    A: "40.66000000",
  },
});

function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

/** Open, its topics asked for. */
function startOpen(topics: readonly string[]): World {
  const world = startVenue({ topics });
  world.socket.opens();
  return world;
}

describe("the frames of Binance spot", () => {
  it("go to the combined stream, whatever the endpoint", () => {
    expect(startVenue().socket.dial.url).toBe("wss://stream.binance.com:9443/stream");
    const mirror = binanceSpot({ endpoint: "wss://data-stream.binance.vision/" });
    expect(startSupervisor({ target: mirror }).socket.dial.url).toBe(
      "wss://data-stream.binance.vision/stream",
    );
  });

  it("subscribe and unsubscribe as documented", () => {
    const world = startOpen(["btcusdt@aggTrade", "btcusdt@depth"]);
    expect(world.sent()).toEqual([
      '{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@depth"],"id":1}',
    ]);
    receives(world, { result: null, id: 1 });
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });

    world.feed.unsubscribe("btcusdt@depth");
    expect(world.sent().at(-1)).toBe('{"method":"UNSUBSCRIBE","params":["btcusdt@depth"],"id":2}');
  });

  it("hold a hundred topics each, three in 1.1 seconds", () => {
    const topics = Array.from({ length: 401 }, (_, index) => `s${index}usdt@trade`);
    const world = startOpen(topics);
    expect(world.sent()).toHaveLength(3);
    world.clock.advance(1_099);
    expect(world.sent()).toHaveLength(3);
    world.clock.advance(1);
    expect(world.sent()).toHaveLength(5);
    const asked = world.socket.sentJson.flatMap((frame) => (frame as { params: string[] }).params);
    expect(asked).toEqual(topics);
  });

  it("leave room for the pongs that the venue counts too: never five in a second", () => {
    const topics = Array.from({ length: 1_000 }, (_, index) => `s${index}usdt@trade`);
    const world = startOpen(topics);
    const countedAtMs: number[] = [];
    for (let second = 0; second < 10; second += 1) {
      world.socket.receivesPing("x");
      countedAtMs.push(world.clock.nowMs());
      world.clock.advance(1_000);
      for (const { id } of world.socket.sentJson as { id: number }[]) {
        receives(world, { result: null, id });
      }
    }
    countedAtMs.push(...world.socket.sent.map(({ atMs }) => atMs));
    for (const atMs of countedAtMs) {
      const within = countedAtMs.filter((other) => other >= atMs && other < atMs + 1_000);
      expect(within.length).toBeLessThanOrEqual(5);
    }
    expect(world.socket.sent).toHaveLength(10);
  });
});

describe("an answer of Binance spot", () => {
  it("that is an error rejects its request, in the documented shape and in the nested one", () => {
    for (const error of [
      { code: 2, msg: "Invalid request: unknown variant", id: 1 },
      { error: { code: 2, msg: "Invalid request: unknown variant" }, id: 1 },
    ]) {
      const world = startOpen(["btcusdt@trade"]);
      receives(world, error);
      expect(world.heard("topic.rejected")).toMatchObject([
        { topic: "btcusdt@trade", reason: "2: Invalid request: unknown variant" },
      ]);
      expect(world.feed.status().isReady).toBe(true);
    }
  });

  it("without an id, or with one that is no number, is swallowed and decides nothing", () => {
    const world = startOpen(["btcusdt@trade"]);
    receives(
      world,
      { code: 3, msg: "Invalid JSON" },
      { result: null, id: null },
      { result: null, id: "1" },
    );
    expect(world.feed.status()).toMatchObject({
      isReady: false,
      topics: { pending: 1 },
      inbound: { control: 3, invalid: 0, delivered: 0, unclaimed: 0 },
    });
  });

  it("to a request that was not ours is swallowed", () => {
    const world = startOpen([]);
    receives(world, { result: ["btcusdt@trade"], id: 77 });
    expect(world.feed.status().inbound).toMatchObject({ control: 1, invalid: 0 });
  });
});

describe("a topic of Binance spot", () => {
  it.each([
    "btcusdt@trade",
    "btcusdt@depth@100ms",
    "btcusdt@bookTicker",
    "1000satsusdt@kline_1m",
    "btcusdt@kline_1d@+08:00",
    "!miniTicker@arr",
  ])("may be %s", (topic) => {
    expect(() => startVenue({ topics: [topic] })).not.toThrow();
  });

  it.each([
    ["BTCUSDT@trade", "upper case: it would be acknowledged, and then silent for ever"],
    ["btcusdt", "no stream"],
    ["btcusdt@", "an empty stream"],
    ["btc usdt@trade", "a space"],
    ["btcusdt@trade/ethusdt@trade", "two in one"],
  ])("may not be %s: %s", (topic) => {
    const world = startVenue();
    const message =
      `topic: expected a Binance stream name with its symbol in lower case, such as btcusdt@trade,` +
      ` received "${topic}"`;
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(message);
    expect(() => startVenue({ topics: ["btcusdt@trade", topic] })).toThrow(/^topics\[1\]: /);
  });

  it("may be one of 1,024, and no more", () => {
    const topics = Array.from({ length: 1_024 }, (_, index) => `s${index}usdt@trade`);
    const world = startVenue({ topics });
    expect(() => world.feed.subscribe("onemore@trade")).toThrow(
      "topic: expected at most 1024 topics on a connection, received 1025",
    );
    world.feed.subscribe("s0usdt@trade"); // wanted already
    world.feed.unsubscribe("s1usdt@trade");
    expect(() => world.feed.subscribe("onemore@trade")).not.toThrow();
  });
});

describe("the numbers of Binance spot", () => {
  it("count trades one by one", () => {
    const world = startOpen([]);
    receives(world, trade(12345), trade(12346), trade(12346), trade(12349));
    expect(world.heard("gap")).toMatchObject([{ stream: "bnbbtc@trade", from: 12347, to: 12348 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 3 });
  });

  it("join a change of the book to the one before, from U to u", () => {
    const world = startOpen([]);
    receives(world, depth(157, 160), depth(161, 161), depth(165, 170));
    expect(world.heard("gap")).toMatchObject([{ stream: "bnbbtc@depth", from: 162, to: 164 }]);
  });

  it("say nothing about jumps of the book ticker", () => {
    const world = startOpen([]);
    receives(world, bookTicker(400900217), bookTicker(400900999), bookTicker(400900999));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 1, unclaimed: 2 });
  });

  it("do not judge what is not known: klines and partial books pass", () => {
    const world = startOpen([]);
    const kline = { stream: "btcusdt@kline_1m", data: { e: "kline", k: {} } };
    const partial = { stream: "btcusdt@depth20", data: { lastUpdateId: 160, bids: [], asks: [] } };
    receives(world, kline, kline, partial, partial);
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 4, duplicates: 0, invalid: 0 });
  });

  it("go on over sockets: what came meanwhile is a gap", () => {
    const world = startOpen([]);
    receives(world, trade(10));
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    receives(world, trade(15));
    expect(world.heard("gap")).toMatchObject([{ from: 11, to: 14 }]);
  });
});

describe("a frame that is no message of Binance", () => {
  it.each([
    ["no JSON", "<html>"],
    ["a bare value", "5"],
    ["null", "null"],
    ["something else", '{"hello":1}'],
    ["a message without its data", '{"stream":"a@trade","data":null}'],
    ["a trade without its number", '{"stream":"a@trade","data":{"e":"trade"}}'],
    ["a number in quotes", '{"stream":"a@trade","data":{"e":"trade","t":"5"}}'],
    ["a number beyond 2^53", '{"stream":"a@trade","data":{"e":"trade","t":9007199254740993}}'],
    ["a stream that is none", '{"stream":5,"data":{}}'],
  ])("is reported and counted, and the next one comes: %s", (_, garbage) => {
    const world = startOpen([]);
    receives(world, trade(1), garbage, trade(2));
    expectReported(world, garbage);
  });
});

describe("a loss at Binance spot", () => {
  it.each([
    ["the web firewall's 403 passes", { status: 403 }, "binance-waf", 60_000],
    ["too many requests is slow", { closeCode: 1008 }, "binance-too-many-requests", 10_000],
    ["a ban is not refused for good", { status: 418 }, "http-banned", 120_000],
  ])("%s", (_, how, rule, atLeastMs) => {
    const world = startVenue();
    if ("status" in how) {
      world.socket.refuses(how.status);
    } else {
      world.comesUp();
      world.socket.closes(how.closeCode, "Too many requests");
    }
    const told = [...world.heard("down"), ...world.heard("attempt.failed")];
    expect(told).toMatchObject([{ rule }]);
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(atLeastMs);
  });

  it("is noticed within 30 s of silence", () => {
    const world = startVenue().comesUp();
    world.socket.isSilent = true;
    world.clock.advance(29_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});

describe("recorded frames", () => {
  const file = resolve(
    import.meta.dirname,
    "../../../../shared/recordings/hftbacktest/spot_btcusdt_20240808.gz",
  );

  it("come out byte for byte, judged by their own numbers", ({ skip }) => {
    skip(!existsSync(file), "../shared/recordings is not here");
    const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n");
    /** The first frame of each kind, as received. */
    const frames = ["@depth@100ms", "@bookTicker", "@trade"].map((suffix) => {
      const line = lines.find((text) => text.includes(`"btcusdt${suffix}"`)) ?? "";
      return line.slice(line.indexOf(" ") + 1);
    });
    const world = startOpen([]);
    const seen: unknown[] = [];
    world.feed.on("message", ({ raw, stream, first, position }) => {
      seen.push({ raw: raw.toString(), stream, first, position });
    });
    receives(world, ...frames);
    expect(seen).toEqual([
      { raw: frames[0], stream: "btcusdt@depth@100ms", first: 50093239189, position: 50093239202 },
      { raw: frames[1], stream: "btcusdt@bookTicker", first: 50093239212, position: 50093239212 },
      { raw: frames[2], stream: "btcusdt@trade", first: 3735683259, position: 3735683259 },
    ]);
  });

  it("hold no gap and no duplicate, all 41,248 of them", ({ skip }) => {
    skip(!existsSync(file), "../shared/recordings is not here");
    const world = startOpen([]);
    for (const line of gunzipSync(readFileSync(file)).toString("utf8").split("\n")) {
      const frame = line.slice(line.indexOf(" ") + 1);
      if (frame.startsWith('{"stream"')) world.socket.receives(frame);
    }
    expect(world.feed.status().inbound).toMatchObject({
      messages: 41_248,
      unclaimed: 41_248,
      gaps: 0,
      duplicates: 0,
      invalid: 0,
    });
  });
});
