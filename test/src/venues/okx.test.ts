import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { okx } from "../../../src/venues/index.ts";
import { startSupervisor } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { hears, readSamples, startOpen, statesOf } from "./start-venue.ts";
import type { Sample } from "./samples.ts";

const arg = (channel: string, instId = "BTC-USDT") => ({ channel, instId });
const ack = (given: object, event = "subscribe") => ({ event, arg: given, connId: "a4d3ae55" });
const error = (code: string, msg: string, more: object = {}) => ({
  event: "error",
  code,
  msg,
  connId: "a4d3ae55",
  ...more,
});
const missing = (channel: string, instId: string) =>
  `Wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`;

/** The official example: 10, 15, alive, reset to 3, 5. */
const book = (
  prevSeqId: number,
  seqId: number,
  action = prevSeqId === -1 ? "snapshot" : "update",
) => ({
  arg: arg("books"),
  action,
  data: [{ asks: [], bids: [], ts: "1597026383085", checksum: 0, prevSeqId, seqId }],
});
const best = (seqId: number) => ({
  arg: arg("bbo-tbt"),
  data: [{ asks: [], bids: [], ts: "1670324386802", seqId }],
});

const start = (...topics: string[]) => startOpen(okx(), topics);

describe("the frames of OKX", () => {
  it("go to the endpoint of the service", () => {
    expect(okx().url).toBe("wss://ws.okx.com:8443/ws/v5/public");
    const endpoint = "wss://wseea.okx.com:8443/";
    expect(okx({ service: "business", endpoint }).url).toBe(
      "wss://wseea.okx.com:8443/ws/v5/business",
    );
  });

  it("subscribe and unsubscribe as documented, with an id that is text", () => {
    const world = start("books:BTC-USDT", "status");
    expect(world.socket.sentJson).toEqual([
      { id: "1", op: "subscribe", args: [arg("books"), { channel: "status" }] },
    ]);
    hears(world, ack({ channel: "status" }), ack(arg("books")));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    world.feed.unsubscribe("books:BTC-USDT");
    expect(world.socket.sentJson.at(-1)).toEqual({
      id: "2",
      op: "unsubscribe",
      args: [arg("books")],
    });
    hears(world, ack(arg("books"), "unsubscribe"));
    expect(statesOf(world)).toEqual({ status: "confirmed" });
  });

  it("hold at most 64 KB and go out three in a second", () => {
    const topics = Array.from(
      { length: 500 },
      (_, index) => `trades:VERYLONGNAME${index}-USDT-SWAP`,
    );
    const world = start(...topics);
    expect(world.sent()).toHaveLength(3);
    world.clock.advance(1_000);
    expect(world.sent()).toHaveLength(5);
    for (const frame of world.sent()) expect(String(frame).length).toBeLessThan(64 * 1_024);
  });

  it("say ping after 20 s of silence, and take pong for life", () => {
    const world = start("books:BTC-USDT");
    hears(world, ack(arg("books")), book(-1, 10));
    world.clock.advance(19_999);
    expect(world.sent()).toHaveLength(1);
    world.clock.advance(1);
    expect(world.sent().at(-1)).toBe("ping");
    hears(world, "pong");
    world.clock.advance(19_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(5_001);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});

describe("an answer of OKX", () => {
  it("is one for every argument, and again for one that is subscribed already", () => {
    const world = start("books:BTC-USDT", "trades:BTC-USDT");
    hears(world, ack(arg("books")), ack(arg("books")));
    expect(statesOf(world)).toEqual({
      "books:BTC-USDT": "confirmed",
      "trades:BTC-USDT": "pending",
    });
  });

  it("that names its argument rejects that", () => {
    const world = start("books:BTC-USDT", "trades:BTC-USDT");
    hears(world, error("60018", "no such thing", { arg: arg("trades") }));
    expect(statesOf(world)).toEqual({ "books:BTC-USDT": "pending", "trades:BTC-USDT": "rejected" });
  });

  it("that names the request and one argument in its text rejects that argument alone", () => {
    const world = start("books:BTC-USDT", "books:NOPE-USDT", "trades:NADA-USDT");
    hears(
      world,
      error("60018", missing("books", "NOPE-USDT"), { id: "1" }),
      error("60018", missing("trades", "NADA-USDT"), { id: "1" }),
      ack(arg("books")),
    );
    expect(statesOf(world)).toEqual({
      "books:BTC-USDT": "confirmed",
      "books:NOPE-USDT": "rejected",
      "trades:NADA-USDT": "rejected",
    });
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: "books:NOPE-USDT", reason: `60018: ${missing("books", "NOPE-USDT")}` },
      { topic: "trades:NADA-USDT" },
    ]);
  });

  it("that names only the request rejects its one topic", () => {
    const world = start("books:BTC-USDT");
    hears(world, error("60012", "Invalid request", { id: "1" }));
    expect(world.heard("topic.rejected")).toMatchObject([{ reason: "60012: Invalid request" }]);
  });

  it("that names only a request of several decides nothing: each is asked for alone", () => {
    const world = start("books:BTC-USDT", "books:BAD-USDT");
    hears(world, error("60012", "Invalid request", { id: "1" }));
    expect(statesOf(world)).toEqual({ "books:BTC-USDT": "pending", "books:BAD-USDT": "pending" });
    world.clock.advance(11_000);
    expect(world.socket.sentJson.slice(1)).toEqual([
      { id: "2", op: "subscribe", args: [arg("books")] },
      { id: "3", op: "subscribe", args: [arg("books", "BAD-USDT")] },
    ]);
    hears(world, error("60012", "Invalid request", { id: "3" }), ack(arg("books")));
    expect(statesOf(world)).toEqual({
      "books:BTC-USDT": "confirmed",
      "books:BAD-USDT": "rejected",
    });
  });

  it.each(["60014", "64007"])("%s passes, and the topic is asked for again", (code) => {
    const world = start("books:BTC-USDT");
    hears(world, error(code, "later", { id: "1" }));
    expect(world.heard("topic.rejected")).toEqual([]);
    world.clock.advance(11_000);
    expect(world.socket.sentJson).toHaveLength(2);
  });

  it("that names nothing, or nothing of ours, is swallowed", () => {
    const world = start("books:BTC-USDT");
    hears(
      world,
      error("60012", "Invalid request"),
      error("60018", missing("books", "BTC-USDT"), { id: "77" }),
      { event: "subscribe" },
      ack(arg("tickers")),
    );
    expect(statesOf(world)).toEqual({ "books:BTC-USDT": "pending" });
    expect(world.feed.status().inbound).toMatchObject({ control: 4, invalid: 0, unclaimed: 0 });
  });
});

describe("a topic of OKX", () => {
  it.each([
    ["books:BTC-USDT", "books:BTC-USDT"],
    ["tickers:BTC-USD-220527", "tickers:BTC-USD-220527"],
    [{ channel: "books-l2-tbt", instId: "BTC-USDT-SWAP" }, "books-l2-tbt:BTC-USDT-SWAP"],
    [{ channel: "status" }, "status"],
  ])("given as %o has one text", (given, topic) => {
    expect(okx().topics.parse(given)).toEqual({ topic, service: "public" });
  });

  it.each([
    "books",
    "books:",
    "books:btc-usdt",
    "books:BTC-USDT:5",
    "status:BTC-USDT",
    ":BTC-USDT",
    { channel: "books" },
    { channel: "books", instId: 5 },
    { channel: "books", instId: "BTC-USDT", depth: 5 },
  ])("may not be %o", (topic) => {
    const world = startSupervisor({ target: okx() });
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(
      "topic: expected an OKX channel and instrument, such as books:BTC-USDT, received ",
    );
  });

  it.each([
    ["candle1m:BTC-USDT", "public", "business"],
    ["mark-price-candle1D:BTC-USDT", "public", "business"],
    ["trades-all:BTC-USDT", "public", "business"],
    ["books:BTC-USDT", "business", "public"],
  ] as const)("of another endpoint is said to be one: %s", (topic, service, owner) => {
    expect(() => startSupervisor({ target: okx({ service }), topics: [topic] })).toThrow(
      `topics: expected a topic of okx's endpoint "${service}" (this one belongs to "${owner}"), received "${topic}"`,
    );
  });
});

describe("the numbers of OKX", () => {
  it("are linked, with a sign of life and a reset, as in the official example", () => {
    const world = start();
    hears(world, book(-1, 10), book(10, 15), book(15, 15), book(15, 3), book(3, 5));
    expect(world.heard("gap")).toEqual([]);
    expect(world.heard("reset")).toMatchObject([{ stream: "books:BTC-USDT" }]);
    expect(world.heard("invalid")).toEqual([]); // it goes on from the message before
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, resets: 1, unclaimed: 5 });
  });

  it("show a loss by the link, and ask for that book anew", () => {
    const world = start("books:BTC-USDT");
    hears(world, ack(arg("books")), book(-1, 10), book(10, 15), book(21, 30));
    expect(world.heard("gap")).toMatchObject([{ stream: "books:BTC-USDT", from: 16, to: 21 }]);
    expect(world.heard("invalid")).toMatchObject([{ cause: "gap" }]);
    expect(world.socket.sentJson.at(-1)).toMatchObject({ op: "unsubscribe", args: [arg("books")] });
    hears(world, ack(arg("books"), "unsubscribe"));
    world.clock.advance(1_000);
    expect(world.socket.sentJson.at(-1)).toMatchObject({ op: "subscribe", args: [arg("books")] });
    hears(world, ack(arg("books")), book(-1, 40));
    expect(world.heard("valid")).toMatchObject([{ stream: "books:BTC-USDT" }]);
  });

  it("drop a copy", () => {
    const world = start();
    hears(world, book(-1, 10), book(10, 15), book(10, 15), book(-1, 20));
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 3, gaps: 0 });
  });

  it("of a change that lacks its link explain nothing: it follows nobody", () => {
    const world = start();
    const { arg: of, action, data } = book(10, 11);
    const [{ prevSeqId: _, ...lacking } = { prevSeqId: 0 }] = data;
    hears(world, book(-1, 10), { arg: of, action, data: [lacking] });
    expect(world.heard("gap")).toEqual([]);
    expect(world.heard("reset")).toHaveLength(1);
    expect(world.heard("invalid")).toMatchObject([{ cause: "reset" }]);
  });

  it("of what is whole each time only rise; the same again is life, and a lower one a reset", () => {
    const world = start();
    hears(world, best(100), best(250), best(250), best(7), best(8));
    expect(world.feed.status().inbound).toMatchObject({
      gaps: 0,
      duplicates: 0,
      resets: 1,
      unclaimed: 5,
    });
  });

  it("are no numbers in trades, nor in the books of 2022", () => {
    const world = start();
    const trade = { arg: arg("trades"), data: [{ tradeId: "130639474" }] };
    const old = {
      arg: arg("books"),
      action: "update",
      data: [{ asks: [], bids: [], checksum: 1 }],
    };
    hears(world, trade, trade, old, old);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, unclaimed: 4 });
  });
});

describe("OKX's own words", () => {
  it("64008 has the connection replaced within a minute; another notice is for people", () => {
    const world = start();
    hears(world, { event: "notice", code: "64000", msg: "hello" });
    hears(world, { event: "notice", code: "64008", msg: "The connection will soon be closed." });
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "64000: hello", withinMs: null },
      { action: "replace", detail: "64008: The connection will soon be closed.", withinMs: 60_000 },
    ]);
    world.clock.advance(60_000);
    expect(world.dials).toBeGreaterThan(1);
  });

  it.each([
    [4001, "okx-refused", "failed"],
    [4003, "okx-refused", "failed"],
    [4004, "okx-idle", "reconnecting"],
    [4008, "okx-too-much", "reconnecting"],
  ])("close code %i is judged by the row %s", (code, rule, state) => {
    const world = start("books:BTC-USDT");
    hears(world, ack(arg("books")));
    world.socket.closes(code, "");
    expect(world.heard("down")).toMatchObject([{ rule }]);
    expect(world.feed.state).toBe(state);
  });
});

describe("a frame that is no message of OKX", () => {
  it.each([
    "<html>",
    "5",
    "null",
    "ping",
    '{"hello":1}',
    '{"arg":{"channel":"books"}}',
    '{"arg":null,"data":[]}',
    '{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":5}',
    '{"arg":{"channel":"books","instId":"BTC-USDT"},"data":[{"seqId":"7","prevSeqId":6}]}',
    '{"arg":{"channel":"books","instId":"BTC-USDT"},"data":[{"seqId":7,"prevSeqId":"6"}]}',
  ])("is reported and counted, and the next one comes: %s", (garbage) => {
    const world = start();
    hears(world, book(-1, 10), garbage, book(10, 11));
    expectReported(world, garbage);
  });
});

describe("the samples of OKX", () => {
  it("are read, each as what it is", ({ skip }) => {
    const isOurs = ({ kind }: Sample) => ["subscribe", "ping", "pong"].includes(kind);
    const samples = readSamples(okx(), "okx", isOurs);
    skip(samples === undefined, "../shared/recordings is not here");
    const kinds = (samples ?? []).map(({ channel, kind, word }) => [channel, kind, word?.kind]);
    for (const [channel, kind, word] of kinds) {
      const expected =
        kind === "notice"
          ? "notice"
          : ["control", "ack"].includes(channel ?? "")
            ? "answer"
            : undefined;
      expect([channel, kind, word]).toEqual([channel, kind, expected]);
    }
    const numbered = (samples ?? []).filter(({ last }) => last !== undefined);
    expect(numbered.map(({ topic, last, isSnapshot }) => [topic, last, isSnapshot])).toEqual([
      ["books:BTC-USDT", 123456, true],
      ["books:BTC-USDT", 123457, false],
      ["bbo-tbt:BCH-USDT-SWAP", 363996337, false],
    ]);
    expect(samples?.length).toBeGreaterThan(15);
  });
});
