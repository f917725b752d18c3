import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import type { SnapshotRecovery } from "../../../src/recovery/recovery.ts";
import {
  kucoin,
  type Fetch,
  type KucoinMessage,
  type KucoinService,
} from "../../../src/venues/index.ts";
import { promisesSettle, startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<KucoinMessage>;

const BOOK = "/market/level2:BTC-USDT";
const TRADES = "/market/match:BTC-USDT";
const FUTURES = "/contractMarket/level2:XBTUSDTM";

/** What the venue answers over HTTP, by path; what it was asked is written down. */
function http(answers: Record<string, unknown> = {}) {
  const asked: string[] = [];
  const bullet = {
    code: "200000",
    data: {
      token: "2neAiu+Y/Q==",
      instanceServers: [
        { endpoint: "wss://ws-api-spot.kucoin.com/", pingInterval: 18000, pingTimeout: 10000 },
      ],
    },
  };
  const fetch: Fetch = (url, { method }) => {
    asked.push(`${method} ${url}`);
    const { pathname } = new URL(url);
    const answer = { "/api/v1/bullet-public": bullet, ...answers }[pathname];
    const isText = typeof answer === "string";
    return Promise.resolve({
      ok: answer !== undefined,
      status: answer === undefined ? 404 : 200,
      text: () => Promise.resolve(isText ? answer : JSON.stringify(answer)),
    });
  };
  return { asked, fetch };
}

interface StartOptions {
  readonly service?: KucoinService | undefined;
  readonly answers?: Record<string, unknown>;
}

async function startVenue(
  options: SupervisorOptions<KucoinMessage> = {},
  { service, answers }: StartOptions = {},
) {
  const { asked, fetch } = http(answers);
  const world: World = startSupervisor<KucoinMessage>({
    target: kucoin({ service, fetch }),
    ...options,
  });
  await promisesSettle();
  return { world, asked };
}

const WELCOME = { id: "hQvf8jkno", type: "welcome" };

async function startOpen(topics: readonly string[], service?: KucoinService) {
  const { world } = await startVenue({ topics, recovery: null }, { service });
  await welcomes(world);
  return world;
}

async function welcomes(world: World): Promise<void> {
  world.socket.opens();
  receives(world, WELCOME);
  await promisesSettle();
}

function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

const ack = (id: number) => ({ id: String(id), type: "ack" });
const book = (sequenceStart: number, sequenceEnd = sequenceStart, topic = BOOK) => ({
  topic,
  type: "message",
  subject: "trade.l2update",
  data: { symbol: "BTC-USDT", sequenceStart, sequenceEnd, changes: { asks: [], bids: [] } },
});
const futuresBook = (sequence: number, topic = FUTURES) => ({
  topic,
  type: "message",
  subject: "level2",
  sn: sequence,
  data: { sequence, change: "83614,buy,12", timestamp: 1790113097240 },
});

function topicsOf(world: World): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

describe("a socket of KuCoin", () => {
  it.each([
    ["spot", "https://api.kucoin.com"],
    ["futures", "https://api-futures.kucoin.com"],
  ] as const)("of %s has its address and token from HTTP, anew for each", async (service, host) => {
    const { world, asked } = await startVenue({}, { service });
    expect(asked).toEqual([`POST ${host}/api/v1/bullet-public`]);
    expect(world.socket.dial.url).toBe("wss://ws-api-spot.kucoin.com/?token=2neAiu%2BY%2FQ%3D%3D");
    await welcomes(world);
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    await promisesSettle();
    expect(asked).toHaveLength(2);
    expect(world.dials).toBe(2);
  });

  it.each([
    ["no token", { code: "200000", data: { instanceServers: [{ endpoint: "wss://x" }] } }],
    ["no server", { code: "200000", data: { token: "secret", instanceServers: [] } }],
    ["no address", { code: "200000", data: { token: "secret", instanceServers: [{}] } }],
    ["a refusal", { code: "429000", msg: "Too Many Requests" }],
    ["nothing like it", []],
    ["no JSON", "<html>"],
  ])("without them is tried again, and no token is told: %s", async (_, answer) => {
    const { world } = await startVenue({}, { answers: { "/api/v1/bullet-public": answer } });
    expect(world.heard("attempt.failed")).toMatchObject([{ loss: { class: "resolver" } }]);
    expect(JSON.stringify(world.facts)).not.toContain("secret");
    expect(world.feed.status().retryInMs).toBeGreaterThan(0);
  });

  it("is asked for nothing before it has said welcome, which is not delivered", async () => {
    const { world } = await startVenue({ topics: [BOOK] });
    world.socket.opens();
    await promisesSettle();
    expect(world.sent()).toEqual([]);
    receives(world, WELCOME);
    await promisesSettle();
    expect(world.sent()).toHaveLength(1);
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 0, invalid: 0 });
  });

  it.each([
    [401, "auth-never", 0],
    [500, "auth-later", 10_000],
    [509, "auth-later", 10_000],
    [418, "auth", 0],
  ] as const)(
    "that says error %i in its place is tried again by %s",
    async (code, rule, floorMs) => {
      const { world } = await startVenue();
      world.socket.opens();
      receives(world, { id: "1", type: "error", code, data: "no" });
      await promisesSettle();
      expect(world.heard("attempt.failed")).toMatchObject([{ rule }]);
      expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(floorMs);
      expect(world.feed.state).toBe("reconnecting");
    },
  );

  it("that says an error instead is one that refused", async () => {
    const { world } = await startVenue();
    world.socket.opens();
    receives(world, { id: "1", type: "error", code: 401, data: "token is invalid" });
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "auth", detail: "401: token is invalid" } },
    ]);
  });

  it("is replaced before its token is 24 hours old", async () => {
    const world = await startOpen([]);
    for (let hour = 0; hour < 24 && world.dials === 1; hour += 1) {
      for (let beat = 0; beat < 240 && world.dials === 1; beat += 1) {
        world.clock.advance(15_000);
        if (!world.socket.isOver) receives(world, { id: "ping", type: "pong", timestamp: 1 });
        await promisesSettle();
      }
    }
    expect(world.heard("down")).toMatchObject([{ loss: { class: "planned" } }]);
    expect(world.dials).toBe(2);
  });
});

describe("the frames of KuCoin", () => {
  it("name one channel and its symbols, and end in the same words", async () => {
    const world = await startOpen([BOOK, TRADES, "/market/level2:ETH-USDT"]);
    const common = { type: "subscribe", privateChannel: false, response: true };
    expect(world.socket.sentJson).toEqual([
      { id: "1", topic: "/market/level2:BTC-USDT,ETH-USDT", ...common },
      { id: "2", topic: TRADES, ...common },
    ]);
    receives(world, ack(1), ack(2));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 3 } });
    world.feed.unsubscribe(TRADES);
    expect(world.socket.sentJson.at(-1)).toEqual({
      id: "3",
      topic: TRADES,
      ...common,
      type: "unsubscribe",
    });
    receives(world, ack(3));
    expect(world.feed.topics()).toHaveLength(2);
  });

  it("name a channel without symbols by itself", async () => {
    const world = await startOpen(["/contract/announcement"], "futures");
    expect(world.socket.sentJson).toMatchObject([{ topic: "/contract/announcement" }]);
  });

  it("hold at most 100 topics each", async () => {
    const topics = Array.from({ length: 250 }, (_, index) => `/market/level2:S${index}-USDT`);
    const frames = (await startOpen(topics)).socket.sentJson as { topic: string }[];
    expect(frames.map(({ topic }) => topic.split(",").length)).toEqual([100, 100, 50]);
  });

  it("ping every 15 s, whatever else flows, and nothing more", async () => {
    const world = await startOpen([]);
    const pings = () =>
      world.sent().filter((frame) => frame === '{"id":"ping","type":"ping"}').length;
    for (let second = 1; second <= 60; second += 1) {
      world.clock.advance(1_000);
      receives(world, book(second));
      expect(pings()).toBe(Math.floor(second / 15));
    }
    for (let beat = 5; beat <= 8; beat += 1) {
      world.clock.advance(15_000);
      receives(world, { id: "ping", type: "pong", timestamp: 1790113097236506 });
      expect(pings()).toBe(beat);
    }
  });
});

describe("an answer of KuCoin", () => {
  it("that the topic does not exist rejects the request's topics, and no others", async () => {
    const nope = "/market/nope:BTC-USDT";
    const world = await startOpen([BOOK, nope]);
    receives(world, { id: "2", type: "error", code: 404, data: "topic does not exist" }, ack(1));
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: nope, reason: "404: topic does not exist" },
    ]);
    expect(topicsOf(world)).toEqual({ [BOOK]: "confirmed", [nope]: "rejected" });
  });

  it("proves nothing: a topic that stays silent is asked for again, and then reported", async () => {
    const world = await startOpen(["/market/level2:NOPE-USDT"]);
    receives(world, ack(1));
    const beats = (count: number) => {
      for (let beat = 0; beat < count; beat += 1) {
        world.clock.advance(15_000);
        receives(world, { id: "ping", type: "pong", timestamp: 1 });
      }
    };
    beats(4);
    expect(world.heard("topic.stale")).toMatchObject([{ action: "resubscribe" }]);
    receives(world, ack(2), ack(3));
    beats(5);
    expect(world.alerts("topic-stale")).toMatchObject([{ topics: ["/market/level2:NOPE-USDT"] }]);
  });

  it("that is the connection's is told to people", async () => {
    const world = await startOpen([BOOK]);
    receives(world, ack(1), { type: "error", code: 400, data: "ping timeout" });
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "400: ping timeout" },
    ]);
    world.socket.closes(1_000, "Bye");
    expect(world.heard("down")).toMatchObject([{ loss: { class: "closed-by-peer" } }]);
    expect(world.feed.status().retryInMs).toBeGreaterThan(0);
  });

  it("of an unknown id, or to nothing, changes nothing", async () => {
    const world = await startOpen([BOOK]);
    receives(world, ack(99), { id: "x", type: "ack" }, { type: "ack" });
    expect(topicsOf(world)).toEqual({ [BOOK]: "pending" });
    expect(world.feed.status().inbound).toMatchObject({ invalid: 0, unclaimed: 0 });
  });
});

describe("a topic of KuCoin", () => {
  it.each([
    [BOOK, "spot"],
    ["/market/ticker:all", "spot"],
    ["/market/candles:BTC-USDT_1hour", "spot"],
    ["/spotMarket/level2Depth50:BTC-USDT", "spot"],
    [FUTURES, "futures"],
    ["/contract/instrument:XBTUSDTM", "futures"],
    ["/contract/announcement", "futures"],
  ] as const)("is served where its path says: %s", (topic, service) => {
    for (const chosen of ["spot", "futures"] as const) {
      expect(kucoin({ service: chosen }).topics.parse(topic)).toEqual({ topic, service });
    }
  });

  it("may be written as a typed value", () => {
    const typed = { channel: "/market/level2", symbol: "BTC-USDT" };
    expect(kucoin().topics.parse(typed)).toEqual({ topic: BOOK, service: "spot" });
  });

  it.each([
    "/market/level2",
    "/market/level2:",
    "/market/level2:BTC-USDT,ETH-USDT",
    "market/level2:BTC-USDT",
    "/account/balance:BTC",
    "/contract/announcement:XBTUSDTM",
    "level2:BTC-USDT",
    { channel: "/market/level2", symbol: "BTC-USDT", depth: 5 },
  ])("may not be %o", async (topic) => {
    const { world } = await startVenue();
    const subscribe = () => world.feed.subscribe(topic);
    expect(subscribe).toThrow(OptionError);
    expect(subscribe).toThrow("a KuCoin channel and one symbol, such as /market/level2:BTC-USDT");
  });

  it("of spot may be one of 300, and no more", async () => {
    const topics = Array.from({ length: 300 }, (_, index) => `/market/match:S${index}-USDT`);
    const { world } = await startVenue({ topics });
    expect(() => world.feed.subscribe(BOOK)).toThrow("at most 300 topics on a connection");
    expect(kucoin({ service: "futures" }).limits.topicsPerConnection).toBe(Infinity);
  });
});

describe("the numbers of KuCoin", () => {
  it("of a spot book cover a range, and begin after the last", async () => {
    const world = await startOpen([]);
    receives(world, book(100, 104), book(105), book(105), book(109, 112), book(111, 115));
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, from: 106, to: 108 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, gaps: 1, resets: 0 });
  });

  it("of a futures book count one by one", async () => {
    const world = await startOpen([], "futures");
    receives(world, futuresBook(100), futuresBook(101), futuresBook(104), futuresBook(104));
    expect(world.heard("gap")).toMatchObject([{ stream: FUTURES, from: 102, to: 103 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, gaps: 1 });
  });

  it("of futures books that are whole may repeat, skip and restart", async () => {
    const topic = "/contractMarket/level2Depth50:XBTUSDTM";
    const world = await startOpen([], "futures");
    receives(world, ...[7, 7, 90, 3].map((number) => futuresBook(number, topic)));
    expect(world.feed.status().inbound).toMatchObject({
      unclaimed: 4,
      gaps: 0,
      duplicates: 0,
      resets: 1,
    });
  });

  it("of trades are the book's, and say nothing", async () => {
    const world = await startOpen([]);
    const trade = (sequence: string) => ({
      topic: TRADES,
      type: "message",
      subject: "trade.l3match",
      data: { symbol: "BTC-USDT", sequence, tradeId: sequence },
    });
    receives(world, trade("11067996711960577"), trade("5"), trade("5"));
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 3, duplicates: 0, resets: 0 });
  });
});

describe("a book of KuCoin", () => {
  const recoveryOf = (service: KucoinService, topic: string, answers: Record<string, unknown>) => {
    const { asked, fetch } = http(answers);
    const recovery = kucoin({ service, fetch }).recovery?.(topic) as SnapshotRecovery;
    return { asked, recovery, signal: new AbortController().signal };
  };

  it.each([
    ["spot", BOOK, "/api/v1/market/orderbook/level2_100", "3262786978", 3262786978],
    ["spot", BOOK, "/api/v1/market/orderbook/level2_100", "11067996711960577", 11067996711960577n],
    ["futures", FUTURES, "/api/v1/level2/snapshot", 16, 16],
  ] as const)(
    "of %s has a public snapshot, numbered exactly",
    async (service, topic, path, sequence, position) => {
      const data = { sequence, bids: [], asks: [] };
      const { asked, recovery, signal } = recoveryOf(service, topic, {
        [path]: { code: "200000", data },
      });
      expect(await recovery.fetchSnapshot(topic, signal)).toEqual({ data, position });
      const host = service === "spot" ? "api.kucoin.com" : "api-futures.kucoin.com";
      const symbol = service === "spot" ? "BTC-USDT" : "XBTUSDTM";
      expect(asked).toEqual([`GET https://${host}${path}?symbol=${symbol}`]);
    },
  );

  it.each([
    { code: "200000", data: {} },
    { code: "200000", data: { sequence: "" } },
    { code: "200000", data: { sequence: 1.5 } },
    { code: "400100", msg: "symbol not exists" },
    null,
  ])("without a number has none: %o", async (answer) => {
    const path = "/api/v1/market/orderbook/level2_100";
    const { recovery, signal } = recoveryOf("spot", BOOK, { [path]: answer });
    await expect(recovery.fetchSnapshot(BOOK, signal)).rejects.toThrow(/sequence|KuCoin answered/);
  });

  it("is joined with the change that covers the number after the snapshot's", () => {
    const { recovery } = recoveryOf("spot", BOOK, {});
    expect(recovery.bridge(100, { first: 95, last: 100 })).toBe("drop");
    expect(recovery.bridge(100, { first: 99, last: 103 })).toBe("apply");
    expect(recovery.bridge(100, { first: 101, last: 101 })).toBe("apply");
    expect(recovery.bridge(100, { first: 102, last: 103 })).toBe("refetch");
  });

  it("is made whole from its first change on, and again after a gap", async () => {
    const path = "/api/v1/market/orderbook/level2_100";
    const data = { sequence: "101", bids: [], asks: [] };
    const { world } = await startVenue(
      { topics: [BOOK] },
      { answers: { [path]: { code: "200000", data } } },
    );
    await welcomes(world);
    const kinds: string[] = [];
    void (async () => {
      for await (const item of world.feed.messages()) {
        kinds.push(item.kind === "message" ? `message ${String(item.position)}` : item.kind);
      }
    })();
    receives(world, ack(1), book(100, 101), book(102, 105));
    world.clock.advance(1_000);
    await promisesSettle();
    await promisesSettle();
    expect(kinds).toEqual(["invalid", "snapshot", "message 105", "valid"]);
    data.sequence = "112";
    receives(world, book(108, 112), book(113));
    world.clock.advance(1_000);
    await promisesSettle();
    await promisesSettle();
    expect(kinds.slice(4)).toEqual(["gap", "invalid", "snapshot", "message 113", "valid"]);
  });

  it("is not recovered where it is whole each time", () => {
    const { recovery } = kucoin({ service: "futures" });
    expect(recovery?.("/contractMarket/level2Depth5:XBTUSDTM")).toBe("none");
    expect(recovery?.("/contractMarket/execution:XBTUSDTM")).toBe("none");
  });
});

describe("silence at KuCoin", () => {
  it("is short where something is told at fixed times, and else may last after the first message", () => {
    const { freshness } = kucoin();
    const told = { firstMs: 10_000, silenceMs: 30_000 };
    expect(freshness?.("/contractMarket/level2Depth5:XBTUSDTM")).toEqual(told);
    expect(freshness?.("/contract/instrument:XBTUSDTM")).toEqual(told);
    expect(freshness?.(BOOK)).toEqual({ firstMs: 60_000, silenceMs: null });
    expect(freshness?.("/contract/announcement")).toBeNull();
  });
});

describe("a frame that is no message of KuCoin", () => {
  it.each([
    ["no JSON", "hello"],
    ["a bare value", "5"],
    ["null", "null"],
    ["an array", "[]"],
    ["something else", '{"hello":1}'],
    ["a push without data", `{"type":"message","topic":"${BOOK}"}`],
    ["a push without a topic", '{"type":"message","data":{}}'],
    ["a book without numbers", `{"type":"message","topic":"${BOOK}","data":{"changes":{}}}`],
    ["a number in quotes", `{"type":"message","topic":"${FUTURES}","data":{"sequence":"5"}}`],
  ])("is reported and counted, and the next one comes: %s", async (_, garbage) => {
    const world = await startOpen([]);
    receives(world, book(1), garbage, book(2));
    expectReported(world, garbage);
  });
});

describe("the samples of KuCoin", () => {
  const samples = samplesOfVenue("kucoin")?.filter(
    ({ kind, channel }) => !/UTA/.test(kind) && channel !== "obu",
  );
  it.skipIf(samples === undefined)("are understood, each as what it is", () => {
    const talk = kucoin().open();
    const words = (samples ?? []).map(({ message }) => {
      const raw = Buffer.from(JSON.stringify(message));
      const decoded = talk.decode(raw, false);
      const word = talk.control?.(decoded);
      if (word !== undefined) return word.kind;
      const point = talk.sequence?.(decoded, raw);
      return `${talk.topicOf?.(decoded)} ${point === undefined ? "-" : String(point.last)}`;
    });
    expect(words).toEqual([
      "alive", // pong
      "notice", // the id of the error is the prober's own
      "notice", // ping timeout
      "/contractMarket/level2:XBTUSDTM 1747821025244",
      "alive", // welcome
      "answer",
      "answer",
      ...[4, 5, 6, 7, 8].map((last) => `/market/level2:BCHSV-USDT 161327718387${last}`),
      ...Array.from({ length: 3 }, () => "/market/match:DAPPT-BTC -"),
      "/market/ticker:SNX-BTC -",
      "/market/ticker:BCHSV-USDT -",
    ]);
  });
});
