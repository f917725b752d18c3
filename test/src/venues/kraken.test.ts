import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import { kraken, type KrakenMessage, type KrakenOptions } from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<KrakenMessage>;

function startVenue(options: SupervisorOptions<KrakenMessage> = {}, of: KrakenOptions = {}): World {
  return startSupervisor<KrakenMessage>({ target: kraken(of), ...options });
}

function startOpen(topics: readonly string[], of?: KrakenOptions): World {
  const world = startVenue({ topics }, of);
  world.socket.opens();
  return world;
}

function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

const TIMES = { time_in: "2026-09-24T03:54:28.829165Z", time_out: "2026-09-24T03:54:28.829217Z" };
const accepted = (result: object, req_id?: number, method = "subscribe") => ({
  method,
  req_id,
  result: { snapshot: true, ...result },
  success: true,
  ...TIMES,
});
const refused = (
  symbol: string,
  req_id?: number,
  error = `Currency pair not supported ${symbol}`,
) => ({
  error,
  method: "subscribe",
  req_id,
  success: false,
  symbol,
  ...TIMES,
});
const status = (system: string) => ({
  channel: "status",
  type: "update",
  data: [{ version: "2.0.10", system, api_version: "v2", connection_id: 9471984923 }],
});
const trade = (...ids: readonly number[]) => ({
  channel: "trade",
  type: "update",
  data: ids.map((trade_id) => ({ symbol: "BTC/USD", side: "buy", price: 1, qty: 1, trade_id })),
});

/** The worked example of the venue's guide, as it is written there; its checksum is 3310070434. */
const BIDS: readonly Level[] = [
  ["45283.5", "0.10000000"],
  ["45283.4", "1.54582015"],
  ["45282.1", "0.10000000"],
  ["45281.0", "0.10000000"],
  ["45280.3", "1.54592586"],
  ["45279.0", "0.07990000"],
  ["45277.6", "0.03310103"],
  ["45277.5", "0.30000000"],
  ["45277.3", "1.54602737"],
  ["45276.6", "0.15445238"],
];
const ASKS: readonly Level[] = [
  ["45285.2", "0.00100000"],
  ["45286.4", "1.54571953"],
  ["45286.6", "1.54571109"],
  ["45289.6", "1.54560911"],
  ["45290.2", "0.15890660"],
  ["45291.8", "1.54553491"],
  ["45294.7", "0.04454749"],
  ["45296.1", "0.35380000"],
  ["45297.5", "0.09945542"],
  ["45299.5", "0.18772827"],
];
const CHECKSUM = 3310070434;
/** What the guide concatenates of it. */
const ASK_DIGITS =
  "45285210000045286415457195345286615457110945289615456091145290215890660452918154553491452947445474945296135380000452975994554245299518772827";
const BID_DIGITS =
  "452835100000004528341545820154528211000000045281010000000452803154592586452790799000045277633101034527753000000045277315460273745276615445238";

type Level = readonly [price: string, qty: string];

/** Numbers stand in the frame as they are written here, zeros included. */
function bookFrame(
  type: "snapshot" | "update",
  bids: readonly Level[],
  asks: readonly Level[],
  checksum: number,
): string {
  const side = (levels: readonly Level[]) =>
    levels.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join(",");
  return (
    `{"channel":"book","type":"${type}","data":[{"symbol":"BTC/USD",` +
    `"bids":[${side(bids)}],"asks":[${side(asks)}],"checksum":${checksum},` +
    `"timestamp":"2023-10-06T17:35:55.440295Z"}]}`
  );
}
const snapshot = bookFrame("snapshot", BIDS, ASKS, CHECKSUM);

function topicsOf(world: World): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

describe("the frames of Kraken", () => {
  it("subscribe a channel at a depth, and unsubscribe it, as documented", () => {
    const world = startOpen(["book:BTC/USD:100", "book:ETH/USD:100"]);
    expect(world.socket.dial.url).toBe("wss://ws.kraken.com/v2");
    expect(world.socket.sentJson).toEqual([
      {
        method: "subscribe",
        params: { channel: "book", symbol: ["BTC/USD", "ETH/USD"], depth: 100 },
        req_id: 1,
      },
    ]);
    receives(world, accepted({ channel: "book", depth: 100, symbol: "BTC/USD" }, 1));
    expect(world.feed.status()).toMatchObject({ isReady: false, topics: { confirmed: 1 } });
    receives(world, accepted({ channel: "book", depth: 100, symbol: "ETH/USD" }, 1));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });

    world.feed.unsubscribe("book:ETH/USD:100");
    expect(world.socket.sentJson.at(-1)).toEqual({
      method: "unsubscribe",
      params: { channel: "book", symbol: ["ETH/USD"], depth: 100 },
      req_id: 2,
    });
    const left = { channel: "book", depth: 100, symbol: "ETH/USD" };
    receives(world, accepted(left, 2, "unsubscribe"));
    expect(topicsOf(world)).toEqual({ "book:BTC/USD:100": "confirmed" });
  });

  it("hold one channel, depth and interval each", () => {
    const world = startOpen([
      "book:BTC/USD",
      "trade:BTC/USD",
      "book:ETH/USD:25",
      "trade:ETH/USD",
      "ohlc:BTC/USD:60",
    ]);
    expect(world.socket.sentJson).toMatchObject([
      { params: { channel: "book", symbol: ["BTC/USD"], depth: 10 } },
      { params: { channel: "trade", symbol: ["BTC/USD", "ETH/USD"] } },
      { params: { channel: "book", symbol: ["ETH/USD"], depth: 25 } },
      { params: { channel: "ohlc", symbol: ["BTC/USD"], interval: 60 } },
    ]);
  });

  it("ask for instruments without a symbol", () => {
    const world = startOpen(["instrument"]);
    expect(world.socket.sentJson).toEqual([
      { method: "subscribe", params: { channel: "instrument" }, req_id: 1 },
    ]);
    receives(world, accepted({ channel: "instrument" }, 1));
    expect(topicsOf(world)).toEqual({ instrument: "confirmed" });
  });

  it("probe a silent connection, whose heartbeats are enough otherwise", () => {
    const world = startOpen([]);
    for (let second = 0; second < 60; second += 1) {
      world.clock.advance(1_000);
      receives(world, { channel: "heartbeat" });
    }
    expect(world.sent()).toEqual([]);
    expect(world.feed.status().inbound).toMatchObject({ control: 60, invalid: 0 });
    world.clock.advance(10_000);
    expect(world.sent()).toEqual(['{"method":"ping"}']);
    receives(world, { method: "pong", ...TIMES });
    world.socket.isSilent = true;
    world.clock.advance(14_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});

describe("an answer of Kraken", () => {
  it("that refuses a symbol rejects that one, not the others of its request", () => {
    const world = startOpen(["trade:NOPE/USD", "trade:BTC/USD"]);
    receives(world, refused("NOPE/USD", 1), accepted({ channel: "trade", symbol: "BTC/USD" }, 1));
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: "trade:NOPE/USD", reason: "Currency pair not supported NOPE/USD" },
    ]);
    expect(topicsOf(world)).toEqual({
      "trade:NOPE/USD": "rejected",
      "trade:BTC/USD": "confirmed",
    });
  });

  it("that names no symbol is the whole request's", () => {
    const world = startOpen(["trade:BTC/USD", "trade:ETH/USD"]);
    receives(world, { method: "subscribe", success: false, error: "Malformed request", req_id: 1 });
    expect(topicsOf(world)).toEqual({ "trade:BTC/USD": "rejected", "trade:ETH/USD": "rejected" });
  });

  it("to a channel with the same symbol in another request is not mistaken", () => {
    const world = startOpen(["trade:BTC/USD", "ticker:BTC/USD"]);
    receives(world, refused("BTC/USD", 2));
    expect(topicsOf(world)).toEqual({ "trade:BTC/USD": "pending", "ticker:BTC/USD": "rejected" });
  });

  it("that a topic is subscribed already is success", () => {
    const world = startOpen(["trade:BTC/USD"]);
    receives(world, refused("BTC/USD", 1, "Already subscribed"));
    expect(topicsOf(world)).toEqual({ "trade:BTC/USD": "confirmed" });
  });

  it("that another interval of the symbol is subscribed already is none", () => {
    const world = startOpen(["ohlc:BTC/USD:5"]);
    receives(world, accepted({ channel: "ohlc", interval: 5, symbol: "BTC/USD" }, 1));
    world.feed.subscribe("ohlc:BTC/USD:60");
    const error = "Already subscribed to one ohlc interval on this symbol";
    receives(world, refused("BTC/USD", 2, error));
    expect(topicsOf(world)).toEqual({
      "ohlc:BTC/USD:5": "confirmed",
      "ohlc:BTC/USD:60": "refused",
    });
    const seen: unknown[] = [];
    world.feed.on("message", ({ topic }) => {
      seen.push(topic);
    });
    const candle = { symbol: "BTC/USD", interval: 5 };
    receives(world, { channel: "ohlc", type: "update", data: [candle] });
    expect(seen).toEqual(["ohlc:BTC/USD:5"]);
  });

  it("that was not asked for is swallowed", () => {
    const world = startOpen(["trade:BTC/USD"]);
    receives(world, refused("BTC/USD"), { error: "Unknown", method: "what", success: false });
    expect(world.feed.status()).toMatchObject({
      topics: { pending: 1 },
      inbound: { control: 2, invalid: 0 },
    });
  });
});

describe("a topic of Kraken", () => {
  it.each([
    ["book:BTC/USD", "book:BTC/USD"],
    ["book:BTC/USD:10", "book:BTC/USD"],
    ["book:BTC/USD:1000", "book:BTC/USD:1000"],
    ["ohlc:BTC/USD:1", "ohlc:BTC/USD"],
    ["ohlc:BTC/USD:21600", "ohlc:BTC/USD:21600"],
    ["ticker:1INCH/EUR", "ticker:1INCH/EUR"],
    ["instrument", "instrument"],
    [{ channel: "book", symbol: "BTC/USD", depth: 25 }, "book:BTC/USD:25"],
    [{ channel: "ohlc", symbol: "BTC/USD", interval: 1 }, "ohlc:BTC/USD"],
    [{ channel: "trade", symbol: "BTC/USD" }, "trade:BTC/USD"],
    [{ channel: "instrument" }, "instrument"],
  ])("given as %o has one text", (given, topic) => {
    expect(kraken().topics.parse(given)).toEqual({ topic });
  });

  it.each([
    "book",
    "book:BTCUSD",
    "book:XBT/USD",
    "trade:BTC/USD:10",
    "book:BTC/USD:10:10",
    "level3:BTC/USD",
    "book:BTC/USD:",
    "instrument:BTC/USD",
  ])("may not be %s", (topic) => {
    const world = startVenue();
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(
      "expected book, trade, ticker or ohlc and a symbol, such as book:BTC/USD, or instrument",
    );
  });

  it.each([
    ["book:BTC/USD:50", "book's depth to be one of 10, 25, 100, 500, 1000"],
    ["ohlc:BTC/USD:2", "ohlc's interval to be one of 1, 5, 15, 30, 60, 240, 1440, 10080, 21600"],
  ])("names what may stand in its place: %s", (topic, expected) => {
    expect(() => startVenue({ topics: [topic] })).toThrow(`topics: expected ${expected}`);
  });

  it.each([
    { channel: "trade", symbol: "BTC/USD", depth: 10 },
    { channel: "book", symbol: "BTC/USD", depth: "10" },
    { channel: "book", depth: 10 },
  ])("may not be %o", (topic) => {
    expect(() => startVenue().feed.subscribe(topic)).toThrow(OptionError);
  });
});

describe("the trades of Kraken", () => {
  it("count one by one, several in a message", () => {
    const world = startOpen([]);
    receives(world, trade(10218208, 10218209), trade(10218210), trade(10218210), trade(10218214));
    expect(world.heard("gap")).toMatchObject([
      { stream: "trade:BTC/USD", from: 10218211, to: 10218213 },
    ]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 3 });
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

describe("a book of Kraken", () => {
  it("is held against its checksum: the guide's own example is whole", () => {
    expect(crc32(ASK_DIGITS + BID_DIGITS)).toBe(CHECKSUM);
    const world = startOpen(["book:BTC/USD"]);
    receives(world, snapshot);
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 1, mismatches: 0 });
  });

  it("stays whole over changes: another quantity, a level gone, one that takes its place", () => {
    const world = startOpen(["book:BTC/USD"]);
    const bids = BID_DIGITS.replace("45283510000000", "45283520000000");
    const without = bids.replace("45282110000000", "");
    receives(
      world,
      snapshot,
      bookFrame("update", [["45283.5", "0.20000000"]], [], crc32(ASK_DIGITS + bids)),
      bookFrame(
        "update",
        [
          ["45282.1", "0.00000000"],
          ["45276.5", "0.00500000"],
        ],
        [],
        crc32(`${ASK_DIGITS}${without}452765500000`),
      ),
    );
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, unclaimed: 3 });
  });

  it("forgets what falls out of its depth, of which nothing more is told", () => {
    const world = startOpen(["book:BTC/USD"]);
    const better = `45283610000000${BID_DIGITS.replace("45276615445238", "")}`;
    const worse = `${BID_DIGITS.replace("45276615445238", "")}452760100000000`;
    receives(
      world,
      snapshot,
      bookFrame("update", [["45283.6", "0.10000000"]], [], crc32(ASK_DIGITS + better)),
      // 45276.6 fell out above: it does not come back when the best level goes.
      bookFrame(
        "update",
        [
          ["45283.6", "0.00000000"],
          ["45276.0", "1.00000000"],
        ],
        [],
        crc32(ASK_DIGITS + worse),
      ),
    );
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, unclaimed: 3 });
  });

  it("that missed a change shows it at the next message, and names its topic at its depth", () => {
    const world = startOpen(["book:BTC/USD:25"]);
    receives(world, accepted({ channel: "book", depth: 25, symbol: "BTC/USD" }, 1), snapshot);
    receives(world, bookFrame("update", [["45283.5", "0.30000000"]], [], CHECKSUM));
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1 });
    receives(world, bookFrame("update", [["45283.5", "0.40000000"]], [], CHECKSUM));
    expect(world.heard("mismatch")).toMatchObject([{ stream: "book:BTC/USD:25" }]); // said once
    expect(kraken().recovery?.("book:BTC/USD:25")).toBe("resubscribe");
    expect(kraken().recovery?.("trade:BTC/USD")).toBe("none");
    receives(world, snapshot);
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1 });
    receives(world, bookFrame("update", [["45283.5", "0.30000000"]], [], CHECKSUM));
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 2 });
  });

  it("is compared by what was written: zeros at the end count", () => {
    const world = startOpen(["book:BTC/USD"]);
    const asNumbers = BIDS.map(
      ([price, qty]) => [String(Number(price)), String(Number(qty))] as const,
    );
    receives(world, bookFrame("snapshot", asNumbers, ASKS, CHECKSUM));
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1 });
  });

  it("is not looked at where no checksums are wanted", () => {
    const world = startOpen(["book:BTC/USD"], { checksums: false });
    receives(world, bookFrame("snapshot", BIDS, ASKS, 1));
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0, unclaimed: 1 });
  });

  it("is not judged where the venue gives no checksum any more", () => {
    const world = startOpen(["book:BTC/USD"]);
    const row = '{"symbol":"BTC/USD","bids":[{"price":1.0,"qty":1.0}],"asks":[]}';
    receives(world, `{"channel":"book","type":"snapshot","data":[${row}]}`);
    receives(world, `{"channel":"book","type":"update","data":[${row}]}`);
    receives(world, '{"channel":"book","type":"update","data":[]}');
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 0 });
  });

  it("does not become valid by a snapshot that fails its own checksum", () => {
    const world = startOpen(["book:BTC/USD"]);
    receives(world, bookFrame("snapshot", BIDS, ASKS, 1));
    expect(world.heard("mismatch")).toHaveLength(1);
    expect(world.heard("invalid")).toMatchObject([{ cause: "checksum" }]);
    expect(world.heard("valid")).toEqual([]);
    receives(world, bookFrame("snapshot", BIDS, ASKS, CHECKSUM));
    expect(world.heard("valid")).toHaveLength(1);
  });

  it("begins with a snapshot, and is delivered as numbers under its topic", () => {
    const world = startOpen(["book:BTC/USD:25"]);
    const seen: unknown[] = [];
    world.feed.on("message", ({ topic, isSnapshot, data }) => {
      seen.push([topic, isSnapshot, (data.data[0] as { bids: unknown[] }).bids[0]]);
    });
    receives(world, snapshot, bookFrame("update", [["45283.5", "0.10000000"]], [], CHECKSUM));
    const level = { price: 45283.5, qty: 0.1 };
    expect(seen).toEqual([
      ["book:BTC/USD:25", true, level],
      ["book:BTC/USD:25", false, level],
    ]);
  });
});

describe("a notice of Kraken", () => {
  it("says what the system's status is, when it changes", () => {
    const world = startOpen([]);
    receives(world, status("online"));
    expect(world.heard("notice")).toEqual([]);
    receives(world, status("maintenance"), status("maintenance"), status("online"));
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "system: maintenance" },
      { action: "status", detail: "system: online" },
    ]);
  });
});

describe("a loss at Kraken", () => {
  it.each([
    [403, "kraken-banned", 600_000],
    [429, "kraken-banned", 600_000],
    [503, "kraken-outage", 5_000],
    [521, "kraken-outage", 5_000],
  ])("by %i waits, by the row %s", (code, rule, atLeastMs) => {
    const world = startVenue();
    world.socket.refuses(code);
    expect(world.heard("attempt.failed")).toMatchObject([{ rule }]);
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(atLeastMs);
  });

  it("after loss never leads to 150 dials in any ten minutes", () => {
    const world = startVenue({ backoff: () => 1 });
    const dialledAtMs: number[] = [];
    for (let dial = 0; dial < 400; dial += 1) {
      dialledAtMs.push(world.clock.nowMs());
      world.socket.drops();
      world.waitsItsTurn();
    }
    for (const atMs of dialledAtMs) {
      const within = dialledAtMs.filter((other) => other >= atMs && other < atMs + 600_000);
      expect(within.length).toBeLessThan(150);
    }
  });
});

describe("a frame that is no message of Kraken", () => {
  it.each([
    ["no JSON", "<html>"],
    ["a bare value", "5"],
    ["null", "null"],
    ["something else", '{"hello":1}'],
    ["a push without data", '{"channel":"trade","type":"update"}'],
    ["a trade without its number", '{"channel":"trade","data":[{"symbol":"BTC/USD"}]}'],
    ["a word for a number", '{"channel":"trade","data":[{"symbol":"BTC/USD","trade_id":"x"}]}'],
    ["a number in quotes", '{"channel":"trade","data":[{"symbol":"BTC/USD","trade_id":"2"}]}'],
    ["no number at all", '{"channel":"trade","data":[{"symbol":"BTC/USD","trade_id":null}]}'],
  ])("is reported and counted, and the next one comes: %s", (_, garbage) => {
    const world = startOpen([]);
    receives(world, trade(1), garbage, trade(2));
    expectReported(world, garbage);
  });

  it("and a book that holds no levels is no proof of wholeness", () => {
    const world = startOpen(["book:BTC/USD"]);
    receives(
      world,
      snapshot,
      '{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":5}]}',
    );
    expect(world.feed.status().inbound).toMatchObject({ mismatches: 1 });
  });
});

describe("the samples of Kraken", () => {
  it("are read, each as what it is", ({ skip }) => {
    const samples = samplesOfVenue("kraken-v2");
    skip(samples === undefined, "../shared/recordings is not here");
    for (const { kind, channel, message } of samples ?? []) {
      if (kind === "subscribe" || kind === "ping") continue; // the client's own
      const talk = kraken().open();
      const raw = Buffer.from(JSON.stringify(message));
      const read = talk.decode(raw, false);
      const isData = ["ticker", "book", "trade"].includes(channel);
      expect([channel, kind, talk.control?.(read) === undefined]).toEqual([channel, kind, isData]);
      if (!isData) continue;
      expect(talk.topicOf?.(read)).toMatch(new RegExp(`^${channel}:(BTC/USD|USDT/USD)$`));
      expect(talk.isSnapshot?.(read)).toBe(kind === "snapshot");
      const point = talk.sequence?.(read, raw);
      expect(point?.last).toBe(channel === "trade" ? 10218209 : undefined);
    }
    expect(samples?.length).toBeGreaterThan(8);
  });
});
