import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { bitfinex } from "../../../src/venues/index.ts";
import { startSupervisor } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { hears, readSamples, startOpen, statesOf } from "./start-venue.ts";

const start = (...topics: string[]) => startOpen(bitfinex(), topics);

const INFO = { event: "info", version: 2, serverId: "x", platform: { status: 1 } };
const CONF = { event: "conf", status: "OK", flags: 196_608 };
const subscribed = (chanId: number, channel = "book", more: object = {}) => ({
  event: "subscribed",
  channel,
  chanId,
  symbol: "tBTCUSD",
  ...(channel === "book" ? { prec: "P0", freq: "F0", len: "25" } : {}),
  pair: "BTCUSD",
  ...more,
});
const error = (code: number, msg: string, echo: object = {}) => ({
  event: "error",
  msg,
  code,
  ...echo,
});
const ECHO = { channel: "book", symbol: "tBTCUSD", prec: "P0", freq: "F0", len: "25" };
const ASK = {
  event: "subscribe",
  channel: "book",
  symbol: "tBTCUSD",
  prec: "P0",
  freq: "F0",
  len: "25",
};

/** A book with its checksum as the documentation puts it together: level by level, bid before ask. */
const BIDS = [
  [6000, 1],
  [5900, 2],
  [5800.5, 0.5],
] as const;
const ASKS = [
  [6100, -3],
  [6200.25, -0.0042],
] as const;
const TEXT = "6000:1:6100:-3:5900:2:6200.25:-0.0042:5800.5:0.5";
const levels = [...BIDS, ...ASKS].map(([price, amount]) => [price, 1, amount]);
const sum = (text: string) => crc32(text) | 0;

/** A book that is subscribed as 17 and whole: its numbers are 1 and 2. */
function startBook() {
  const world = start("book:tBTCUSD");
  hears(world, INFO, CONF, subscribed(17), [17, levels, 1], [17, "cs", sum(TEXT), 2]);
  return world;
}

describe("the frames of Bitfinex", () => {
  it("ask for numbers and checksums first, then for one channel each", () => {
    const world = start("book:tBTCUSD", "trades:tBTCUSD", "candles:trade:1m:tBTCUSD");
    expect(world.socket.dial.url).toBe("wss://api-pub.bitfinex.com/ws/2");
    expect(world.socket.sentJson).toEqual([
      { event: "conf", flags: 196_608 },
      ASK,
      { event: "subscribe", channel: "trades", symbol: "tBTCUSD" },
      { event: "subscribe", channel: "candles", key: "trade:1m:tBTCUSD" },
    ]);
    const plain = startOpen(bitfinex({ checksums: false }));
    expect(plain.socket.sentJson).toEqual([{ event: "conf", flags: 65_536 }]);
  });

  it("end a channel by the number that the server gave it", () => {
    const world = start("book:tBTCUSD", "trades:tBTCUSD");
    hears(world, subscribed(18, "trades"), subscribed(17));
    world.feed.unsubscribe("book:tBTCUSD");
    expect(world.socket.sentJson.at(-1)).toEqual({ event: "unsubscribe", chanId: 17 });
    hears(world, { event: "unsubscribed", status: "OK", chanId: 17 });
    expect(statesOf(world)).toEqual({ "trades:tBTCUSD": "confirmed" });
  });

  it("probe a silence of 20 s in the venue's own way", () => {
    const world = start("book:tBTCUSD");
    hears(world, subscribed(17));
    world.clock.advance(20_000);
    expect(world.socket.sentJson.at(-1)).toEqual({ event: "ping", cid: 0 });
    hears(world, { event: "pong", ts: 1511545528111, cid: 0 });
    world.clock.advance(10_000);
    expect(world.heard("down")).toEqual([]);
  });
});

describe("an answer of Bitfinex", () => {
  it("is told by what it echoes, in any order", () => {
    const world = start("book:tBTCUSD", "book:tBTCUSD:P1:F1:100", "trades:tBTCUSD");
    hears(
      world,
      subscribed(3, "trades"),
      subscribed(2, "book", { prec: "P1", freq: "F1", len: "100" }),
    );
    expect(statesOf(world)).toEqual({
      "book:tBTCUSD": "pending",
      "book:tBTCUSD:P1:F1:100": "confirmed",
      "trades:tBTCUSD": "confirmed",
    });
  });

  it("that refuses says which by the echo", () => {
    const world = start("book:tNOPEUSD", "book:tBTCUSD");
    hears(world, error(10300, "symbol: invalid", { ...ECHO, symbol: "tNOPEUSD", pair: "NOPEUSD" }));
    expect(world.heard("topic.refused")).toMatchObject([
      { topic: "book:tNOPEUSD", reason: "10300: symbol: invalid", retryInMs: 30_000 },
    ]);
    expect(statesOf(world)).toMatchObject({ "book:tBTCUSD": "pending" });
  });

  it("that a channel is subscribed already is success, even before its own answer", () => {
    const world = start("book:tBTCUSD");
    hears(world, error(10301, "subscribe: dup", ECHO));
    expect(statesOf(world)).toEqual({ "book:tBTCUSD": "confirmed" });
    expect(world.heard("topic.rejected")).toEqual([]);
    hears(world, subscribed(17));
    expect(statesOf(world)).toEqual({ "book:tBTCUSD": "confirmed" });
  });

  it("without an echo decides nothing", () => {
    const world = start("book:tBTCUSD");
    hears(world, error(10305, "subscribe: limit"), error(10000, "event: unknown"));
    expect(statesOf(world)).toEqual({ "book:tBTCUSD": "pending" });
    expect(world.feed.status().inbound).toMatchObject({ control: 2, invalid: 0 });
  });

  it("to an end that comes late does not forget the new number of the channel", () => {
    const talk = bitfinex().open();
    const hear = (event: object) =>
      talk.control?.(talk.decode(Buffer.from(JSON.stringify(event)), false));
    hear(subscribed(17));
    hear(subscribed(18));
    hear({ event: "unsubscribed", status: "OK", chanId: 17 });
    expect(talk.unsubscribe?.(["book:tBTCUSD"], 1)).toEqual({ event: "unsubscribe", chanId: 18 });
  });
});

describe("a topic of Bitfinex", () => {
  it.each([
    ["ticker:tBTCUSD", "ticker:tBTCUSD"],
    ["trades:fUSD", "trades:fUSD"],
    ["book:tBTCF0:USTF0", "book:tBTCF0:USTF0"],
    ["book:tBTCUSD:P0:F0:25", "book:tBTCUSD"],
    ["book:tBTCF0:USTF0:R0:F0:100", "book:tBTCF0:USTF0:R0:F0:100"],
    ["status:deriv:tBTCF0:USTF0", "status:deriv:tBTCF0:USTF0"],
    [{ channel: "book", symbol: "tBTCUSD" }, "book:tBTCUSD"],
    [{ channel: "book", symbol: "tBTCUSD", len: 100 }, "book:tBTCUSD:P0:F0:100"],
    [{ channel: "candles", key: "trade:1m:tBTCUSD" }, "candles:trade:1m:tBTCUSD"],
  ])("given as %o has one text", (given, topic) => {
    expect(bitfinex().topics.parse(given)).toEqual({ topic });
  });

  it.each([
    "book",
    "book:BTCUSD",
    "book:tBTCUSD:P9:F0:25",
    "book:tBTCUSD:P0:F0:50",
    "trades:tBTCUSD:P0:F0:25",
    "candles:1m",
    "orders:tBTCUSD",
    { channel: "trades" },
    { channel: "trades", symbol: "tBTCUSD", prec: "P0" },
    { channel: "book", symbol: "tBTCUSD", depth: 25 },
  ])("may not be %o", (topic) => {
    const world = startSupervisor({ target: bitfinex() });
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(
      "topic: expected ticker, trades, book, candles or status and a symbol, such as book:tBTCUSD, received ",
    );
  });

  it("may be one of 30", () => {
    const topics = Array.from({ length: 30 }, (_, index) => `trades:tS${index}USD`);
    const world = startSupervisor({ target: bitfinex(), topics });
    expect(() => world.feed.subscribe("trades:tBTCUSD")).toThrow(
      "topic: expected at most 30 topics on a connection, received 31",
    );
  });
});

describe("the numbers of Bitfinex", () => {
  it("count all arrays of the connection, and no events", () => {
    const world = startBook();
    hears(world, subscribed(18, "trades"), [18, [[5, 1, 1, 6000]], 3], [17, "hb", 4]);
    hears(world, INFO, [18, "te", [6, 1, 1, 6000], 5], [18, "tu", [6, 1, 1, 6000], 6]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0 });
    hears(world, [17, "hb", 9]);
    expect(world.heard("gap")).toMatchObject([{ stream: "connection", from: 7, to: 8 }]);
  });

  it("are none before they were granted", () => {
    const world = start("trades:tBTCUSD");
    hears(world, { ...CONF, status: "FAILED" }, subscribed(18, "trades"));
    hears(world, [18, "te", [5, 1, 1, 100]], [18, "te", [6, 1, 1, 5]]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0, unclaimed: 2 });
  });

  it("drop a copy of a frame", () => {
    const world = startBook();
    hears(world, [17, [6000, 1, 4], 3], [17, [6000, 1, 4], 3]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, gaps: 0 });
  });

  it("show a loss on the whole connection: a new one is made, and with it all is whole", () => {
    const world = startBook();
    hears(world, [17, [6000, 1, 4], 4]);
    expect(world.heard("invalid")).toMatchObject([{ stream: "connection", cause: "gap" }]);
    world.clock.advance(5_000);
    expect(world.dials).toBe(2);
    world.socket.opens();
    hears(world, INFO, CONF, subscribed(40), [40, levels, 1]);
    expect(world.heard("valid")).toMatchObject([{ stream: "connection" }]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 1, duplicates: 0 });
  });
});

describe("a book of Bitfinex", () => {
  it("is whole by its checksum over both sides in turn", () => {
    const world = startBook();
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, control: 4 });
  });

  it("stays whole over changes: another amount, a level gone, one more", () => {
    const world = startBook();
    hears(
      world,
      [17, [6000, 2, 1.5], 3],
      [17, [5900, 0, 1], 4],
      [17, [6100, 0, -1], 5],
      [17, [6050, 1, -7], 6],
      [17, "cs", sum("6000:1.5:6050:-7:5800.5:0.5:6200.25:-0.0042"), 7],
    );
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, gaps: 0 });
  });

  it("is summed over 25 levels a side, and no more", () => {
    const world = start("book:tBTCUSD:P0:F0:100");
    const deep = Array.from({ length: 30 }, (_, index) => [100 - index, 1, 1]);
    const text = deep.slice(0, 25).map(([price]) => `${price}:1`);
    hears(world, CONF, subscribed(17, "book", { len: "100" }), [17, deep, 1]);
    hears(world, [17, "cs", sum(text.join(":")), 2]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0 });
    hears(world, [17, [76, 0, 1], 3], [17, "cs", sum(text.join(":")), 4]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1 });
  });

  it("that is not what its checksum says is asked for anew, alone", () => {
    const world = startBook();
    hears(world, [17, [6000, 1, 9], 3], [17, "cs", sum(TEXT), 4]);
    expect(world.heard("mismatch")).toMatchObject([{ stream: "book:tBTCUSD" }]);
    expect(world.heard("invalid")).toMatchObject([{ stream: "book:tBTCUSD", cause: "checksum" }]);
    expect(world.socket.sentJson.at(-1)).toEqual({ event: "unsubscribe", chanId: 17 });
    hears(world, { event: "unsubscribed", status: "OK", chanId: 17 });
    expect(world.socket.sentJson.at(-1)).toEqual(ASK);
    hears(world, subscribed(41), [41, levels, 5], [41, "cs", sum(TEXT), 6]);
    expect(world.heard("valid")).toMatchObject([{ stream: "book:tBTCUSD" }]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1, gaps: 0 });
  });

  it("is told once to be wrong, until its next snapshot", () => {
    const world = startBook();
    hears(world, [17, [6000, 1, 9], 3], [17, "cs", sum(TEXT), 4], [17, "cs", sum(TEXT), 5]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1 });
    hears(world, [17, levels, 6], [17, "cs", sum(TEXT), 7], [17, "cs", 5, 8], [17, "cs", 5, 9]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 2 });
  });

  it("may be empty, and begins so", () => {
    const world = start("book:tBTCUSD");
    const seen: boolean[] = [];
    world.feed.on("message", ({ isSnapshot }) => {
      seen.push(isSnapshot);
    });
    hears(world, CONF, subscribed(17), [17, [], 1], [17, "cs", sum(""), 2]);
    hears(world, [17, [6000, 1, 1], 3], [17, "cs", sum("6000:1"), 4], [17, [], 5]);
    hears(world, [17, "cs", sum(""), 6]);
    expect(seen).toEqual([true, false, true]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0 });
  });

  it.each([
    ["of funding, with entries of four", "book:fUSD", { symbol: "fUSD" }, [0.0002, 30, 2, -5e5]],
    ["that is aggregated", "book:tBTCUSD:P1:F0:25", { prec: "P1" }, [6000, 1, 1]],
    ["that is told of every two seconds", "book:tBTCUSD:P0:F1:25", { freq: "F1" }, [6000, 1, 1]],
    ["of one level", "book:tBTCUSD:P0:F0:1", { len: "1" }, [6000, 1, 1]],
  ])("%s has no checksum that is known: none is looked at", (_, topic, answer, entry) => {
    const world = start(topic);
    hears(world, CONF, subscribed(17, "book", answer), [17, [entry], 1], [17, "cs", 5, 2]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, control: 3 });
    expect(world.heard("invalid")).toEqual([]);
  });

  it("whose checksum is no number is not judged by it", () => {
    const world = start("book:tBTCUSD");
    hears(world, CONF, subscribed(17), [17, [[6000, 1, 1]], 1], [17, "cs", null, 2]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0 });
  });

  it("of single orders has another checksum, which is not ours to judge", () => {
    const world = start("book:tBTCUSD:R0:F0:25");
    hears(world, CONF, subscribed(17, "book", { prec: "R0" }), [17, [[1, 2, 3]], 1]);
    hears(world, [17, "cs", 5, 2]);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, control: 3 });
  });
});

describe("a notice of Bitfinex", () => {
  it("20051 has the connection replaced soon", () => {
    const world = start();
    hears(world, { event: "info", code: 20051, msg: "Stopping." });
    expect(world.heard("notice")).toMatchObject([
      { action: "replace", withinMs: 5_000, detail: "20051: Stopping." },
    ]);
    world.clock.advance(5_000);
    expect(world.dials).toBe(2);
  });

  it("20060 is a pause in which silence means nothing; after 20061 all is subscribed anew", () => {
    const world = start("trades:tBTCUSD");
    hears(world, CONF, subscribed(18, "trades"), [18, [], 1]);
    hears(world, { event: "info", code: 20060, msg: "pause" });
    for (let second = 0; second < 110; second += 10) {
      world.clock.advance(10_000);
      hears(world, [18, "hb", 2 + second / 10]);
    }
    expect(world.heard("topic.stale")).toEqual([]);
    hears(world, { event: "info", code: 20061, msg: "resume" });
    expect(world.socket.sentJson.at(-1)).toEqual({ event: "unsubscribe", chanId: 18 });
    expect(world.heard("notice")).toMatchObject([{ action: "pause" }, { action: "resume" }]);
  });

  it("says when the platform is in maintenance", () => {
    const world = start();
    hears(world, { ...INFO, platform: { status: 0 } });
    expect(world.heard("notice")).toMatchObject([{ detail: "platform in maintenance" }]);
  });
});

describe("a frame that is no message of Bitfinex", () => {
  it.each([
    "<html>",
    "5",
    "null",
    "[]",
    '["17",[1,1,1],3]',
    '{"hello":1}',
    '[17,[6000,1,4],"3"]',
    "[17,[6000,1,4],3.5]",
    "[17,[6000,1,4],null]",
  ])("is reported and counted, and the next one comes: %s", (garbage) => {
    const world = startBook();
    hears(world, garbage, [17, [6000, 1, 4], 3]);
    expectReported(world, garbage);
  });
});

describe("the samples of Bitfinex", () => {
  it("are read, each as what it is", ({ skip }) => {
    const samples = readSamples(bitfinex(), "bitfinex", () => false);
    skip(samples === undefined, "../shared/recordings is not here");
    for (const { channel, kind, word, isSnapshot } of samples ?? []) {
      const isBeat = channel.startsWith("hb") || kind === "checksum";
      const isEvent = ["info", "conf", "pong"].includes(channel) || kind === "pong";
      const isAnswer = kind === "ack" || kind === "error";
      const expected = isAnswer ? "answer" : isBeat || isEvent ? "alive" : undefined;
      expect([channel, kind, word?.kind]).toEqual([channel, kind, expected]);
      if (expected === undefined)
        expect([kind, isSnapshot]).toEqual([kind, kind.startsWith("bulk")]);
    }
    expect(samples?.length).toBeGreaterThan(15);
  });
});
