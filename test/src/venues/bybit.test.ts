import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import { bybit, type BybitMessage, type BybitService } from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<BybitMessage>;

const BOOK = "orderbook.50.BTCUSDT";
const TRADES = "publicTrade.BTCUSDT";
const OPTION = "orderbook.25.BTC-6JAN23-18000-C";

function startVenue(
  service: BybitService = "linear",
  options: SupervisorOptions<BybitMessage> = {},
): World {
  return startSupervisor<BybitMessage>({ target: bybit({ service }), ...options });
}

function startOpen(topics: readonly string[], service?: BybitService): World {
  const world = startVenue(service, { topics });
  world.socket.opens();
  return world;
}

function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

const answer = (req_id: string, ret_msg = "", success = ret_msg === "") => ({
  success,
  ret_msg,
  conn_id: "da7tmhs21nld3jk6lb70-8csm4",
  req_id,
  op: "subscribe",
});
const unknown = (topic: string) => `error:handler not found,topic:${topic}`;
const already = (topic: string) => `error:already subscribed,topic:${topic}`;

const book = (u: number, type = "delta", topic = BOOK) => ({
  topic,
  type,
  ts: 1790134712130,
  data: { s: "BTCUSDT", b: [["86723.40", "0.194"]], a: [], u, seq: 814547787693 },
  cts: 1790134712126,
});
const snapshot = (u: number, topic = BOOK) => book(u, "snapshot", topic);

function topicsOf(world: World): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

describe("the frames of Bybit", () => {
  it.each(["spot", "linear", "inverse", "option", "spread"] as const)(
    "go to the endpoint of their category: %s",
    (service) => {
      expect(startVenue(service).socket.dial.url).toBe(
        `wss://stream.bybit.com/v5/public/${service}`,
      );
    },
  );

  it("subscribe and unsubscribe as documented", () => {
    const world = startOpen([BOOK, TRADES]);
    expect(world.sent()).toEqual([
      `{"req_id":"1","op":"subscribe","args":["${BOOK}","${TRADES}"]}`,
    ]);
    receives(world, answer("1"));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    world.feed.unsubscribe(TRADES);
    expect(world.sent().at(-1)).toBe(`{"req_id":"2","op":"unsubscribe","args":["${TRADES}"]}`);
    receives(world, { ...answer("2"), op: "unsubscribe" });
    expect(topicsOf(world)).toEqual({ [BOOK]: "confirmed" });
  });

  it.each([
    ["spot", [10, 10, 5]],
    ["linear", [25]],
  ] as const)("of %s hold as many topics as the venue takes", (service, sizes) => {
    const topics = Array.from({ length: 25 }, (_, index) => `tickers.S${index}USDT`);
    const frames = startOpen(topics, service).socket.sentJson as { args: string[] }[];
    expect(frames.map(({ args }) => args.length)).toEqual(sizes);
    expect(frames.flatMap(({ args }) => args)).toEqual(topics);
  });

  it("ping every 20 s, whatever else flows, and nothing more", () => {
    const world = startOpen([BOOK]);
    receives(world, answer("1"), snapshot(1_000));
    const pings = () => world.sent().filter((frame) => frame === '{"op":"ping"}').length;
    for (let second = 1; second <= 100; second += 1) {
      world.clock.advance(1_000);
      receives(world, book(1_000 + second));
      expect(pings()).toBe(Math.floor(second / 20));
    }
  });

  it("need no probe where only pongs come, and find a silent peer within 30 s", () => {
    const world = startOpen([]);
    const pong = { success: true, ret_msg: "pong", conn_id: "x", req_id: "", op: "ping" };
    for (let beat = 1; beat <= 5; beat += 1) {
      world.clock.advance(20_000);
      receives(world, pong);
      expect(world.sent()).toHaveLength(beat);
    }
    world.socket.isSilent = true;
    world.clock.advance(29_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});

describe("an answer of Bybit", () => {
  it("that names an unknown topic rejects it, and the others are asked for again at once", () => {
    const world = startOpen([BOOK, "orderbook.50.NOPEUSDT", TRADES]);
    receives(world, answer("1", unknown("orderbook.50.NOPEUSDT")));
    expect(world.sent().at(-1)).toBe(
      `{"req_id":"1","op":"subscribe","args":["${BOOK}","${TRADES}"]}`,
    );
    expect(world.feed.status().isReady).toBe(false);
    receives(world, answer("1"));
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: "orderbook.50.NOPEUSDT", reason: unknown("orderbook.50.NOPEUSDT") },
    ]);
    expect(topicsOf(world)).toEqual({
      [BOOK]: "confirmed",
      "orderbook.50.NOPEUSDT": "rejected",
      [TRADES]: "confirmed",
    });
  });

  it("that names one unknown topic after the other ends with each of them rejected", () => {
    const bad = ["tickers.AUSDT", "tickers.BUSDT", "tickers.CUSDT"];
    const world = startOpen(bad);
    for (const topic of bad) receives(world, answer("1", unknown(topic)));
    expect(world.sent()).toHaveLength(3);
    expect(world.heard("topic.rejected").map(({ topic }) => topic)).toEqual(bad);
    expect(world.feed.status().isReady).toBe(true);
  });

  it("that it is subscribed already is the success we wanted, of that topic alone", () => {
    const world = startOpen([BOOK, TRADES]);
    receives(world, answer("1", already(BOOK)));
    expect(world.sent().at(-1)).toBe(`{"req_id":"1","op":"subscribe","args":["${TRADES}"]}`);
    receives(world, answer("1", already(TRADES)));
    expect(world.sent()).toHaveLength(2);
    expect(topicsOf(world)).toEqual({ [BOOK]: "confirmed", [TRADES]: "confirmed" });
    expect(world.heard("topic.rejected")).toEqual([]);
  });

  it("of spot names the unknown symbol in brackets", () => {
    const world = startOpen(["tickers.NOPEUSDT", BOOK], "spot");
    receives(world, answer("1", "Invalid symbol :[tickers.NOPEUSDT]"));
    receives(world, { ...answer("1", "subscribe"), success: true });
    expect(topicsOf(world)).toEqual({ "tickers.NOPEUSDT": "rejected", [BOOK]: "confirmed" });
  });

  it("that names no topic is the whole request's", () => {
    const world = startOpen([BOOK, TRADES]);
    receives(world, answer("1", "args size >10"));
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: BOOK, reason: "args size >10" },
      { topic: TRADES },
    ]);
  });

  it("of options and spreads names what succeeded and what failed", () => {
    const bad = "orderbook.25.BTC-6JAN23-1-C";
    const world = startOpen([OPTION, bad], "option");
    receives(world, {
      success: true,
      conn_id: "aa01fbfffe80af37",
      data: { failTopics: [bad], successTopics: [OPTION] },
      type: "COMMAND_RESP",
    });
    expect(topicsOf(world)).toEqual({ [OPTION]: "confirmed", [bad]: "refused" });
    expect(world.feed.status()).toMatchObject({ isReady: true, inbound: { control: 1 } });
  });

  it("without a number still counts for the topic that it names", () => {
    const world = startOpen([BOOK, TRADES]);
    receives(world, answer("", unknown(BOOK)), answer(""));
    expect(topicsOf(world)).toEqual({ [BOOK]: "rejected", [TRADES]: "pending" });
  });
});

describe("a topic of Bybit", () => {
  it.each([
    ["spot", "orderbook.full.BTCUSDT"],
    ["spot", "kline.D.BTCUSDT"],
    ["linear", "orderbook.rpi.BTCUSDT"],
    ["linear", "tickers.BTC-26DEC25"],
    ["inverse", "allLiquidation.BTCUSD"],
    ["option", "tickers.BTC-27MAR26-70000-P-USDT"],
    ["option", "tickers.XRP-27MAR26-1.5-P"],
    ["option", "publicTrade.BTC"],
    ["spread", "orderbook.25.SOLUSDT_SOL/USDT"],
  ] as const)("of %s may be %s", (service, topic) => {
    expect(bybit({ service }).topics.parse(topic)).toEqual({ topic, service });
  });

  it.each([
    ["a typed depth", { channel: "orderbook", depth: 50, symbol: "BTCUSDT" }, BOOK],
    ["a typed interval", { channel: "kline", interval: "D", symbol: "BTCUSDT" }, "kline.D.BTCUSDT"],
    ["a typed channel", { channel: "publicTrade", symbol: "BTCUSDT" }, TRADES],
  ])("may be written as %s", (_, typed, topic) => {
    expect(bybit().topics.parse(typed)).toEqual({ topic, service: "spot" });
  });

  it.each([
    ["spot", OPTION, "option"],
    ["linear", "tickers.SOLUSDT_SOL/USDT", "spread"],
    ["spot", "allLiquidation.BTCUSDT", "linear"],
  ] as const)(
    "of %s that another endpoint serves is known to be there: %s",
    (service, topic, home) => {
      expect(bybit({ service }).topics.parse(topic)).toEqual({ topic, service: home });
    },
  );

  it.each<[BybitService, string, string]>([
    ["spot", "orderbook.BTCUSDT", "a depth is missing"],
    ["spot", "orderbook.deep.BTCUSDT", "no depth"],
    ["spot", "tickers.btcusdt", "lower case"],
    ["spot", "trades.BTCUSDT", "no channel"],
    ["spot", "publicTrade", "no symbol"],
    ["option", "tickers.BTCUSDT", "no option"],
    ["spread", "tickers.BTCUSDT", "no spread"],
    ["option", "kline.1.BTC-6JAN23-18000-C", "options have no candles"],
  ])("of %s may not be %s: %s", (service, topic) => {
    const world = startVenue(service);
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(
      `a symbol of Bybit's ${service} endpoint, such as ${bybit({ service }).topics.example}`,
    );
  });

  it.each([
    { channel: "orderbook", symbol: "BTCUSDT" },
    { channel: "publicTrade", symbol: "BTCUSDT", depth: 50 },
    { channel: "orderbook", depth: 50, symbol: "BTCUSDT", speed: 1 },
  ])("may not be %o", (topic) => {
    expect(() => startVenue().feed.subscribe(topic)).toThrow(OptionError);
  });

  it("may fill 21,000 characters with its likes, and no more", () => {
    const topics = Array.from({ length: 1_050 }, (_, index) => `tickers.S${1_000 + index}USDTXXX`);
    const world = startVenue("linear", { topics });
    expect(topics.join("")).toHaveLength(21_000);
    expect(() => world.feed.subscribe("tickers.X")).toThrow(
      "at most 21000 characters in all topics of a connection",
    );
  });

  it("of options may be one of 2,000, however short they are", () => {
    // No two thousand real ones fit into 21,000 characters: the count is the venue's all the same.
    expect(bybit({ service: "option" }).limits.topicsPerConnection).toBe(2_000);
    expect(bybit({ service: "linear" }).limits.topicsPerConnection).toBe(Infinity);
  });
});

describe("the numbers of Bybit", () => {
  it("count the changes of a book one by one", () => {
    const world = startOpen([]);
    receives(world, snapshot(100), book(101), book(101), book(105));
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, from: 102, to: 104 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 3 });
  });

  it("begin anew with a snapshot, and with 1 above all", () => {
    const world = startOpen([]);
    receives(world, snapshot(100), snapshot(150), book(151), snapshot(1), book(2), book(4));
    expect(world.feed.status().inbound).toMatchObject({ resets: 2, gaps: 1, duplicates: 0 });
    expect(world.heard("gap")).toMatchObject([{ from: 3, to: 3 }]);
  });

  it("of level 1 may repeat as a sign of life, skip, and restart", () => {
    const topic = "orderbook.1.BTCUSDT";
    const world = startOpen([]);
    receives(world, snapshot(100, topic), snapshot(100, topic), snapshot(170, topic));
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 3, gaps: 0, duplicates: 0 });
    receives(world, snapshot(1, topic));
    expect(world.feed.status().inbound).toMatchObject({ resets: 1 });
  });

  it("of the full book begin anew without being a snapshot", () => {
    const topic = "orderbook.full.MNTUSDT";
    const world = startOpen([]);
    const seen: boolean[] = [];
    world.feed.on("message", ({ isSnapshot }) => {
      seen.push(isSnapshot);
    });
    receives(world, book(278547, "delta", topic), book(1, "delta", topic), book(3, "delta", topic));
    expect(world.feed.status().inbound).toMatchObject({ resets: 1, gaps: 1 });
    expect(seen).toEqual([false, false, false]);
  });

  it("say nothing about jumps of the RPI book, whose counting is not documented", () => {
    const topic = "orderbook.rpi.BTCUSDT";
    const world = startOpen([]);
    receives(world, snapshot(5, topic), book(9, "delta", topic));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, resets: 0, unclaimed: 2 });
  });

  it("do not exist for trades, whose seq repeats", () => {
    const world = startOpen([]);
    const trade = { topic: TRADES, type: "snapshot", ts: 1, data: [{ i: "20f4", seq: 7 }] };
    receives(world, trade, trade);
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 2, duplicates: 0, resets: 0 });
  });

  it("that are missed bring a book anew by a second subscription, where it begins with a snapshot", () => {
    const { recovery } = bybit();
    expect(recovery?.(BOOK)).toBe("resubscribe");
    for (const topic of ["orderbook.1.BTCUSDT", "orderbook.full.BTCUSDT"]) {
      expect(recovery?.(topic)).toBe("none");
    }
  });
});

describe("silence at Bybit", () => {
  it("of level 1 is not long, as it repeats itself after 3 s; of trades it may last", () => {
    const { freshness } = bybit({ service: "linear" });
    expect(freshness?.("orderbook.1.BTCUSDT")).toEqual({ firstMs: 10_000, silenceMs: 30_000 });
    expect(freshness?.(BOOK)).toEqual({ firstMs: 10_000, silenceMs: null });
    expect(freshness?.(TRADES)).toBeNull();
  });
});

describe("a loss at Bybit", () => {
  it("by 403 waits ten minutes, and is no refusal for good", () => {
    const world = startVenue();
    world.socket.refuses(403);
    expect(world.heard("attempt.failed")).toMatchObject([{ rule: "bybit-too-frequent" }]);
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(600_000);
  });
});

describe("a frame that is no message of Bybit", () => {
  it.each([
    ["no JSON", "Failed to decode incoming data"],
    ["a bare value", "5"],
    ["null", "null"],
    ["an array", "[]"],
    ["something else", '{"hello":1}'],
    ["a push without data", '{"topic":"tickers.BTCUSDT","type":"delta"}'],
    ["a book without its number", `{"topic":"${BOOK}","type":"delta","data":{"b":[],"a":[]}}`],
    ["a number in quotes", `{"topic":"${BOOK}","type":"delta","data":{"u":"5"}}`],
  ])("is reported and counted, and the next one comes: %s", (_, garbage) => {
    const world = startOpen([]);
    receives(world, snapshot(1), garbage, book(2));
    expectReported(world, garbage);
  });
});

describe("the samples of Bybit", () => {
  it("are read, each as what it is", ({ skip }) => {
    const samples = samplesOfVenue("bybit");
    skip(samples === undefined, "../shared/recordings is not here");
    for (const { kind, channel, message } of samples ?? []) {
      if (kind === "subscribe" || kind === "ping") continue; // the client's own
      const talk = bybit().open();
      const read = talk.decode(Buffer.from(JSON.stringify(message)), false);
      const word = talk.control?.(read)?.kind;
      const isData = channel !== "control";
      expect([channel, kind, word === undefined]).toEqual([channel, kind, isData]);
      if (kind.startsWith("pong")) expect(word).toBe("alive");
      if (!isData) continue;
      const point = talk.sequence?.(read, Buffer.alloc(0));
      expect(point?.stream).toBe(channel.startsWith("orderbook") ? read.topic : undefined);
      expect(talk.isSnapshot?.(read)).toBe(kind === "snapshot");
    }
    expect(samples?.length).toBeGreaterThan(10);
  });
});
