import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { kucoinUta, type KucoinService, type KucoinUtaMessage } from "../../../src/venues/index.ts";
import { promisesSettle, startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<KucoinUtaMessage>;

const BOOK = "obu:XBTUSDTM:increment@10ms";
const TRADES = "trade:XBTUSDTM";
const WELCOME = { sessionId: "e8e46556", message: "welcome", pingInterval: 18000 };

/** In binary frames, as the venue sends them. */
function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    const text = typeof frame === "string" ? frame : JSON.stringify(frame);
    world.socket.receives(Buffer.from(text));
  }
}

async function startOpen(
  topics: readonly string[],
  service: KucoinService = "futures",
): Promise<World> {
  const world = startSupervisor<KucoinUtaMessage>({ target: kucoinUta({ service }), topics });
  world.socket.opens();
  receives(world, WELCOME);
  await promisesSettle();
  return world;
}

const book = (t: "snapshot" | "delta", O: number, C = O, dp = "increment@10ms") => ({
  T: "obu.FUTURES",
  dp,
  t,
  P: 1790114459840640000,
  d: { a: [], b: [["85973.3", "16236"]], C, s: "XBTUSDTM", M: 1790114459839000000, O },
});

function topicsOf(world: World): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

describe("the frames of KuCoin UTA", () => {
  it.each([
    ["spot", "wss://x-push-spot.kucoin.com"],
    ["futures", "wss://x-push-futures.kucoin.com"],
  ] as const)("of %s go to %s, without a token, after the welcome", async (service, url) => {
    const topic = service === "spot" ? "ticker:BTC-USDT" : "ticker:XBTUSDTM";
    const world = startSupervisor<KucoinUtaMessage>({
      target: kucoinUta({ service }),
      topics: [topic],
    });
    expect(world.socket.dial.url).toBe(url);
    world.socket.opens();
    await promisesSettle();
    expect(world.sent()).toEqual([]);
    receives(world, WELCOME);
    await promisesSettle();
    expect(world.sent()).toHaveLength(1);
  });

  it("ask for one topic each, and end it in the same words", async () => {
    const world = await startOpen([BOOK, TRADES, "kline:XBTUSDTM:1min"]);
    const common = { action: "SUBSCRIBE", tradeType: "FUTURES", symbol: "XBTUSDTM" };
    expect(world.socket.sentJson).toEqual([
      { id: "1", channel: "obu", depth: "increment@10ms", ...common },
      { id: "2", channel: "trade", ...common },
      { id: "3", channel: "kline", interval: "1min", ...common },
    ]);
    receives(world, ...["1", "2", "3"].map((id) => ({ id, result: true })));
    world.feed.unsubscribe(BOOK);
    expect(world.socket.sentJson.at(-1)).toEqual({
      id: "4",
      channel: "obu",
      depth: "increment@10ms",
      ...common,
      action: "UNSUBSCRIBE",
    });
  });

  it("ping every 15 s, and never twice in a second", async () => {
    const world = await startOpen([]);
    for (let beat = 1; beat <= 8; beat += 1) {
      world.clock.advance(15_000);
      expect(world.sent()).toHaveLength(beat);
      receives(world, { type: "pong", id: "ping", ts: 1790113111261396000 });
    }
    expect(new Set(world.sent())).toEqual(new Set(['{"id":"ping","type":"ping"}']));
  });
});

describe("an answer of KuCoin UTA", () => {
  it("confirms by a boolean, or by its text, and refuses with a reason, or a message", async () => {
    const topics = [BOOK, TRADES, "obu:XBTUSDTM:50", "obu:XBTUSDTM:5"];
    const world = await startOpen(topics);
    receives(
      world,
      { id: "1", result: true },
      { id: "2", result: "true" },
      { id: "3", result: false, reason: "symbols are not supported for topic obu" },
      { id: "4", result: false, message: "invalid request data" },
    );
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: "obu:XBTUSDTM:50", reason: "symbols are not supported for topic obu" },
      { topic: "obu:XBTUSDTM:5", reason: "invalid request data" },
    ]);
    expect(topicsOf(world)).toMatchObject({ [BOOK]: "confirmed", [TRADES]: "confirmed" });
  });

  it("of an unknown id changes nothing", async () => {
    const world = await startOpen([BOOK]);
    receives(world, { id: "99", result: true }, { id: "x", result: true }, { result: true });
    expect(topicsOf(world)).toEqual({ [BOOK]: "pending" });
    expect(world.feed.status().inbound).toMatchObject({ invalid: 0, unclaimed: 0 });
  });
});

describe("a topic of KuCoin UTA", () => {
  it.each([
    [BOOK, BOOK, "futures"],
    ["obu:BTC-USDT:50", "obu:BTC-USDT:50", "spot"],
    ["kline:BTC-USDT:1hour", "kline:BTC-USDT:1hour", "spot"],
    ["ticker:BTC-USDT", "ticker:BTC-USDT", "spot"],
    [{ channel: "obu", symbol: "XBTUSDTM", depth: "increment@10ms" }, BOOK, "futures"],
    [{ channel: "obu", symbol: "BTC-USDT", depth: 50 }, "obu:BTC-USDT:50", "spot"],
    [{ channel: "trade", symbol: "XBTUSDTM" }, TRADES, "futures"],
  ])("has one text, and is served where its symbol says: %o", (given, topic, service) => {
    expect(kucoinUta().topics.parse(given)).toEqual({ topic, service });
  });

  it.each([
    "obu:XBTUSDTM",
    "obu:XBTUSDTM:increment",
    "obu:XBTUSDTM:20",
    "obu:xbtusdtm:50",
    "trade:XBTUSDTM:50",
    "trade",
    "mark-price:XBTUSDTM",
    "kline:BTC-USDT:7min",
    "toString:BTC-USDT",
    { channel: "obu", symbol: "XBTUSDTM", interval: "50" },
    { channel: "obu", symbol: "XBTUSDTM" },
    { channel: "toString", symbol: "XBTUSDTM" },
  ])("may not be %o", async (topic) => {
    const world = await startOpen([]);
    const subscribe = () => world.feed.subscribe(topic);
    expect(subscribe).toThrow(OptionError);
    expect(subscribe).toThrow("such as obu:BTC-USDT:increment@10ms");
  });

  it("may be one of 600, and no more", async () => {
    const world = await startOpen(Array.from({ length: 600 }, (_, index) => `trade:S${index}M`));
    expect(() => world.feed.subscribe(BOOK)).toThrow("at most 600 topics on a connection");
  });
});

describe("the numbers of KuCoin UTA", () => {
  it("begin with a snapshot and go on in ranges, from the next or before it", async () => {
    const world = await startOpen([BOOK]);
    const seen: [number | bigint | undefined, boolean][] = [];
    world.feed.on("message", ({ position, isSnapshot }) => {
      seen.push([position, isSnapshot]);
    });
    receives(
      world,
      { id: "1", result: true },
      book("snapshot", 100),
      book("delta", 101, 222),
      book("delta", 220, 230),
      book("delta", 225, 230),
    );
    expect(seen).toEqual([
      [100, true],
      [222, false],
      [230, false],
    ]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 1, resets: 0 });
  });

  it("that are missed are said, and bring a new socket, whose snapshot makes the book whole", async () => {
    const world = await startOpen([BOOK]);
    receives(world, { id: "1", result: true }, book("snapshot", 100), book("delta", 105, 106));
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, from: 101, to: 104 }]);
    world.clock.advance(5_000);
    await promisesSettle();
    expect(world.dials).toBe(2);
    world.socket.opens();
    receives(world, WELCOME);
    await promisesSettle();
    receives(world, { id: "2", result: true }, book("snapshot", 300), book("delta", 301));
    expect(world.feed.status()).toMatchObject({ isReady: true });
    expect(world.heard("gap")).toHaveLength(1);
  });

  it("of books that are whole each time may repeat, skip and restart", async () => {
    const world = await startOpen([]);
    const numbers = [7, 7, 90, 3];
    receives(world, ...numbers.map((number) => book("snapshot", number, number, "50")));
    expect(world.feed.status().inbound).toMatchObject({
      unclaimed: 4,
      gaps: 0,
      duplicates: 0,
      resets: 1,
    });
  });

  it("of trades are beyond what JSON.parse can hold, and are not read", async () => {
    const world = await startOpen([]);
    const trade = { T: "trade.FUTURES", P: 1, d: { E: 24021490985222144, s: "XBTUSDTM", ti: "2" } };
    receives(world, trade, trade);
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 2, duplicates: 0, invalid: 0 });
  });
});

describe("the messages of KuCoin UTA", () => {
  it("are told apart by channel, symbol and option", async () => {
    const world = await startOpen([], "spot");
    const heard: (string | undefined)[] = [];
    world.feed.on("message", ({ topic }) => {
      heard.push(topic);
    });
    receives(
      world,
      book("snapshot", 1),
      book("snapshot", 1, 1, "1"),
      { T: "kline.SPOT", P: 1, d: { s: "BTC-USDT", i: "1min" } },
      { T: "ticker.SPOT", P: 1, d: { s: "BTC-USDT" } },
    );
    expect(heard).toEqual([BOOK, "obu:XBTUSDTM:1", "kline:BTC-USDT:1min", "ticker:BTC-USDT"]);
  });

  it("are awaited for 15 s where a book begins, as its unknown symbol is acknowledged too", () => {
    const { freshness } = kucoinUta();
    expect(freshness?.(BOOK)).toEqual({ firstMs: 15_000, silenceMs: null });
    expect(freshness?.("obu:XBTUSDTM:50")).toEqual({ firstMs: 15_000, silenceMs: 30_000 });
    expect(freshness?.(TRADES)).toEqual({ firstMs: 60_000, silenceMs: null });
  });
});

describe("a frame that is no message of KuCoin UTA", () => {
  it.each([
    ["no JSON", "hello"],
    ["a bare value", "5"],
    ["null", "null"],
    ["something else", '{"hello":1}'],
    ["a push without data", '{"T":"obu.FUTURES","dp":"50"}'],
    ["a book without numbers", '{"T":"obu.FUTURES","dp":"50","t":"snapshot","d":{"s":"XBTUSDTM"}}'],
  ])("is reported and counted, and the next one comes: %s", async (_, garbage) => {
    const world = await startOpen([]);
    receives(world, book("snapshot", 1), garbage, book("delta", 2));
    expectReported(world, garbage);
  });
});

describe("the samples of KuCoin UTA", () => {
  const samples = samplesOfVenue("kucoin")?.filter(
    ({ kind }) => /UTA/.test(kind) && !kind.startsWith("subscribe"),
  );
  it.skipIf(samples === undefined)("are understood, each as what it is", () => {
    const talk = kucoinUta({ service: "futures" }).open();
    const words = (samples ?? []).map(({ kind, message }) => {
      const raw = Buffer.from(JSON.stringify(message));
      const decoded = talk.decode(raw, true);
      const word = talk.control?.(decoded);
      return [kind, word?.kind ?? talk.sequence?.(decoded, raw)];
    });
    expect(words).toMatchObject([
      ["welcome (UTA, binary frame)", "alive"],
      ["ack (UTA)", "answer"],
      ["error (UTA)", "answer"],
      ["delta (UTA)", { stream: BOOK, first: 1747821262584, last: 1747821262585 }],
      ["pong (UTA)", "alive"],
    ]);
  });
});
