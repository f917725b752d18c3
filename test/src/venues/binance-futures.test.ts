import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import {
  binanceCoinm,
  binanceUsdm,
  type BinanceFuturesMessage,
} from "../../../src/venues/index.ts";
import { promisesSettle, startSupervisor } from "../start-supervisor.ts";
import type { Sample } from "./samples.ts";
import { hears, readSamples, startOpen, statesOf } from "./start-venue.ts";

const STREAM = "akrousdt@depth@100ms";
const depth = (U: number, u: number, pu: number | undefined, stream = STREAM) => ({
  stream,
  data: {
    e: "depthUpdate",
    E: 1626992741077,
    T: 1626992740974,
    s: "AKROUSDT",
    U,
    u,
    pu,
    b: [],
    a: [],
  },
});
const trade = (t: number) => ({
  stream: "btcusdt@trade",
  data: { e: "trade", E: 1, T: 1, s: "BTCUSDT", t, p: "1", q: "1", X: "MARKET", m: true },
});
const ticker = (u: number) => ({
  stream: "btcusdt@bookTicker",
  data: { e: "bookTicker", u, s: "BTCUSDT", b: "1", B: "1", a: "1", A: "1", T: 1, E: 1 },
});

const start = (
  topics: readonly string[] = [],
  options: SupervisorOptions<BinanceFuturesMessage> = { recovery: null },
) => startOpen(binanceUsdm(), topics, options);

describe("the frames of Binance futures", () => {
  it("go to the route of their class, and COIN-M to its one", () => {
    expect(binanceUsdm().url).toBe("wss://fstream.binance.com/public/stream");
    expect(binanceUsdm({ service: "market" }).url).toBe("wss://fstream.binance.com/market/stream");
    expect(binanceCoinm({ endpoint: "ws://127.0.0.1:9000/" }).url).toBe(
      "ws://127.0.0.1:9000/stream",
    );
  });

  it("are never more than eight in 1.1 seconds, our ping and pong apart", () => {
    const world = start();
    for (let index = 0; index < 20; index += 1) world.feed.subscribe(`s${index}usdt@trade`);
    for (let turn = 0; turn < 40; turn += 1) world.clock.advance(100);
    const sentAtMs = world.socket.sent.map(({ atMs }) => atMs);
    for (const atMs of sentAtMs) {
      const within = sentAtMs.filter((other) => other >= atMs && other < atMs + 1_100);
      expect(within.length).toBeLessThanOrEqual(8);
    }
  });

  it("are answered as at spot", () => {
    const world = start([STREAM, "btcusdt@trade"]);
    hears(world, { result: null, id: 1 });
    expect(statesOf(world)).toEqual({ [STREAM]: "confirmed", "btcusdt@trade": "confirmed" });
  });
});

describe("a topic of Binance futures", () => {
  it.each([
    "btcusdt@depth",
    "btcusdt@depth@0ms",
    "btcusdt@depth20@100ms",
    "btcusdt@rpiDepth@500ms",
    "btcusdt@bookTicker",
    "!bookTicker",
    "btcusdt@trade",
  ])("of the public route is %s", (topic) => {
    expect(() => startSupervisor({ target: binanceUsdm(), topics: [topic] })).not.toThrow();
    const market = binanceUsdm({ service: "market" });
    expect(() => startSupervisor({ target: market, topics: [topic] })).toThrow(
      `expected a topic of binance-usdm's endpoint "market" (this one belongs to "public"), received "${topic}"`,
    );
  });

  it.each(["btcusdt@aggTrade", "btcusdt@markPrice@1s", "btcusdt@kline_1m", "!forceOrder@arr"])(
    "of the market route is %s",
    (topic) => {
      const market = binanceUsdm({ service: "market" });
      expect(() => startSupervisor({ target: market, topics: [topic] })).not.toThrow();
      expect(() => startSupervisor({ target: binanceUsdm(), topics: [topic] })).toThrow(
        `expected a topic of binance-usdm's endpoint "public" (this one belongs to "market"), received "${topic}"`,
      );
    },
  );

  it("of COIN-M is served at one endpoint, with an underscore in its symbol", () => {
    const topics = ["btcusd_perp@depth@100ms", "btcusd_perp@aggTrade"];
    expect(() => startSupervisor({ target: binanceCoinm(), topics })).not.toThrow();
    expect(binanceCoinm().topics.parse({ channel: "trade", symbol: "BTCUSD_PERP" })).toMatchObject({
      topic: "btcusd_perp@trade",
    });
  });

  it("may be one of 200, and none in upper case", () => {
    const topics = Array.from({ length: 200 }, (_, index) => `s${index}usdt@trade`);
    const world = startSupervisor({ target: binanceUsdm(), topics });
    expect(() => world.feed.subscribe("btcusdt@trade")).toThrow(
      "topic: expected at most 200 topics on a connection, received 201",
    );
    expect(() => world.feed.subscribe("BTCUSDT@trade")).toThrow(OptionError);
  });
});

describe("the numbers of Binance futures", () => {
  it("jump in books, and are linked by pu", () => {
    const world = start();
    hears(world, depth(10, 20, 5), depth(31, 40, 20), depth(90, 95, 40), depth(90, 95, 40));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 1, unclaimed: 3 });
    hears(world, depth(120, 130, 110));
    expect(world.heard("gap")).toMatchObject([{ stream: STREAM, from: 96, to: 110 }]);
  });

  it("of a change that lacks its pu explain nothing: it follows nobody", () => {
    const world = start();
    hears(world, depth(10, 20, 5), depth(21, 30, undefined));
    expect(world.heard("gap")).toEqual([]);
    expect(world.heard("reset")).toMatchObject([{ stream: STREAM }]);
  });

  it("of partial books and best prices only rise", () => {
    const world = start();
    const partial = "btcusdt@depth5@100ms";
    hears(world, depth(1, 9, 0, partial), depth(40, 50, 33, partial), ticker(7), ticker(99));
    hears(world, ticker(99));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 1, unclaimed: 4 });
  });

  it("of trades count one by one; what is not known passes", () => {
    const world = start();
    const mark = { stream: "btcusdt@markPrice", data: { e: "markPriceUpdate" } };
    hears(world, trade(5), trade(6), trade(9), mark, mark);
    expect(world.heard("gap")).toMatchObject([{ stream: "btcusdt@trade", from: 7, to: 8 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, unclaimed: 5 });
  });
});

describe("a book of Binance futures", () => {
  /** What the venue answers is said by the test. */
  function startBook(answers: readonly { status?: number; body: unknown }[]) {
    const urls: string[] = [];
    const queue = [...answers];
    const target = binanceUsdm({
      fetch: (url) => {
        urls.push(url);
        const { status = 200, body } = queue.shift() ?? { body: {} };
        return Promise.resolve({
          ok: status < 400,
          status,
          text: () => Promise.resolve(typeof body === "string" ? body : JSON.stringify(body)),
        });
      },
    });
    const world = startOpen(target, [STREAM]);
    hears(world, { result: null, id: 1 });
    const band: string[] = [];
    world.feed.on("message", ({ first, position }) => {
      band.push(`${first}..${position}`);
    });
    return { world, urls, band };
  }

  it("begins with a snapshot over HTTP, joined where pu lies in it", async () => {
    const { world, urls, band } = startBook([{ body: { lastUpdateId: 35, bids: [], asks: [] } }]);
    hears(world, depth(10, 20, 5), depth(31, 40, 20), depth(90, 95, 40));
    await promisesSettle();
    expect(urls).toEqual(["https://fapi.binance.com/fapi/v1/depth?symbol=AKROUSDT&limit=1000"]);
    expect(world.heard("snapshot")).toMatchObject([{ stream: STREAM, position: 35 }]);
    expect(band).toEqual(["31..40", "90..95"]);
    expect(world.heard("valid")).toHaveLength(1);
  });

  it("fetches again what is too old, what fails and what is no snapshot", async () => {
    const { world, urls, band } = startBook([
      { body: { lastUpdateId: 3 } },
      { status: 429, body: "" },
      { body: "<html>" },
      { body: { lastUpdateId: "7" } },
      { body: { lastUpdateId: 20 } },
    ]);
    hears(world, depth(10, 20, 5), depth(31, 40, 20));
    await promisesSettle();
    for (let second = 0; second < 40; second += 1) {
      world.clock.advance(1_000);
      hears(world, trade(second + 1)); // the connection lives
      await promisesSettle();
    }
    expect(urls).toHaveLength(5);
    expect(band.filter((text) => text.includes(".."))).toContain("31..40");
    expect(world.heard("valid")).toHaveLength(1);
  });

  it("is only told of its gaps where no snapshot can be had: at an endpoint of one's own", () => {
    expect(binanceUsdm({ endpoint: "ws://127.0.0.1:1" }).recovery?.(STREAM)).toBe("none");
    expect(binanceUsdm().recovery?.("btcusdt@depth5")).toBe("none");
    expect(binanceUsdm().recovery?.("btcusdt@trade")).toBe("none");
    expect(binanceCoinm().recovery?.("btcusd_perp@depth@500ms")).toMatchObject({});
  });
});

describe("the samples of Binance futures", () => {
  it.for([
    ["binance-usdm", binanceUsdm()],
    ["binance-coinm", binanceCoinm()],
  ] as const)("are read, each as what it is: %s", ([venue, profile], { skip }) => {
    // Without their stream they are of the raw endpoint, which is not ours.
    const isRaw = ({ message }: Sample) => !JSON.stringify(message).startsWith('{"stream"');
    const samples = readSamples(profile, venue, isRaw);
    skip(samples === undefined, "../shared/recordings is not here");
    for (const { channel, word, topic, last } of samples ?? []) {
      expect([channel, word]).toEqual([channel, undefined]);
      expect(topic).toContain(channel === "depthUpdate" ? "@depth" : `@${channel}`);
      expect(last).toBeGreaterThan(0);
    }
    expect(samples).toHaveLength(9);
  });
});
