import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import { krakenFutures, type KrakenFuturesMessage } from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<KrakenFuturesMessage>;

function startVenue(options: SupervisorOptions<KrakenFuturesMessage> = {}): World {
  return startSupervisor<KrakenFuturesMessage>({ target: krakenFutures(), ...options });
}

/** Open, its topics asked for. */
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

const answer = (event: string, feed: string, ...product_ids: readonly string[]) => ({
  event,
  feed,
  product_ids,
});
const bookSnapshot = (seq: number, product_id = "PF_XBTUSD") => ({
  feed: "book_snapshot",
  product_id,
  timestamp: 1612269825817,
  seq,
  tickSize: null,
  bids: [{ price: 34892.5, qty: 6385 }],
  asks: [{ price: 34911.5, qty: 20598 }],
});
const book = (seq: number, product_id = "PF_XBTUSD") => ({
  feed: "book",
  product_id,
  side: "sell",
  seq,
  price: 34892.5,
  qty: 0,
  timestamp: 1612269825817,
});
const trade = (seq: number) => ({
  feed: "trade",
  product_id: "PF_XBTUSD",
  uid: "caa9c653-420b-4c24-a9f1-462a054d86f1",
  side: "sell",
  type: "fill",
  seq,
  time: 1612269657781,
  qty: 440,
  price: 34893,
});
const tradeSnapshot = (...seqs: readonly number[]) => ({
  feed: "trade_snapshot",
  product_id: "PF_XBTUSD",
  trades: seqs.map(trade),
});

describe("the frames of Kraken Futures", () => {
  it("go to the venue, or to its demo", () => {
    expect(startVenue().socket.dial.url).toBe("wss://futures.kraken.com/ws/v1");
    const demo = krakenFutures({ endpoint: "wss://demo-futures.kraken.com/" });
    expect(startSupervisor({ target: demo }).socket.dial.url).toBe(
      "wss://demo-futures.kraken.com/ws/v1",
    );
  });

  it("ask for one feed each, for all its products", () => {
    const world = startOpen(["book:PF_XBTUSD", "trade:PF_XBTUSD", "book:FI_ETHUSD_211231"]);
    expect(world.socket.sentJson).toEqual([
      { event: "subscribe", feed: "book", product_ids: ["PF_XBTUSD", "FI_ETHUSD_211231"] },
      { event: "subscribe", feed: "trade", product_ids: ["PF_XBTUSD"] },
    ]);
  });

  it("end topics in the same shape", () => {
    const world = startOpen(["book:PF_XBTUSD"]);
    receives(world, answer("subscribed", "book", "PF_XBTUSD"));
    world.feed.unsubscribe("book:PF_XBTUSD");
    expect(world.socket.sentJson.at(-1)).toEqual({
      event: "unsubscribe",
      feed: "book",
      product_ids: ["PF_XBTUSD"],
    });
  });

  it("ping every 25 s, whatever else flows: a minute without one ends the connection", () => {
    const world = startOpen([]);
    const pingsAtMs: number[] = [];
    for (let second = 0; second <= 100; second += 1) {
      const before = world.socket.pings;
      world.clock.advance(1_000);
      receives(world, trade(second));
      if (world.socket.pings > before) pingsAtMs.push(world.clock.nowMs());
    }
    const beganAtMs = pingsAtMs[0] ?? NaN;
    expect(pingsAtMs.map((atMs) => atMs - beganAtMs)).toEqual([0, 25_000, 50_000, 75_000]);
  });
});

describe("an answer of Kraken Futures", () => {
  it("confirms its product, one by one", () => {
    const world = startOpen(["book:PF_XBTUSD", "book:PF_ETHUSD"]);
    receives(world, { event: "info", version: 1 }, answer("subscribed", "book", "PF_XBTUSD"));
    expect(world.feed.status()).toMatchObject({
      isReady: false,
      topics: { confirmed: 1, pending: 1 },
    });
    receives(world, answer("subscribed", "book", "PF_ETHUSD"));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    expect(world.feed.status().inbound).toMatchObject({ control: 3, delivered: 0, invalid: 0 });
  });

  it("of another feed confirms nothing", () => {
    const world = startOpen(["book:PF_XBTUSD"]);
    receives(world, answer("subscribed", "trade", "PF_XBTUSD"), {
      event: "subscribed",
      feed: "heartbeat",
    });
    expect(world.feed.status().topics).toMatchObject({ confirmed: 0, pending: 1 });
  });

  it("that is a failure refuses its product, and the others live", () => {
    const world = startOpen(["book:PF_NOBODY", "book:PF_XBTUSD"]);
    receives(
      world,
      answer("subscribed_failed", "book", "PF_NOBODY"),
      answer("subscribed", "book", "PF_XBTUSD"),
    );
    expect(world.heard("topic.refused")).toMatchObject([
      { topic: "book:PF_NOBODY", reason: "subscribed_failed" },
    ]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
  });

  it.each(["unsubscribed", "unsubscribed_failed"])("%s: it is over either way", (event) => {
    const world = startOpen(["book:PF_XBTUSD"]);
    receives(world, answer("subscribed", "book", "PF_XBTUSD"));
    world.feed.unsubscribe("book:PF_XBTUSD");
    receives(world, answer(event, "book", "PF_XBTUSD"));
    world.feed.subscribe("book:PF_XBTUSD");
    world.clock.advance(1_000);
    expect(world.socket.sentJson).toMatchObject([
      { event: "subscribe" },
      { event: "unsubscribe" },
      { event: "subscribe" },
    ]);
    expect(world.heard("topic.rejected")).toEqual([]);
  });

  it("that names nothing is said, and what was asked for is asked for again alone", () => {
    const world = startOpen(["book:PF_NOBODY", "book:PF_XBTUSD"]);
    receives(world, { event: "error", message: "Invalid product id" });
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "error: Invalid product id" },
    ]);
    world.clock.advance(5_000);
    expect(world.alerts("subscriptions-timed-out")).toMatchObject([
      { topics: ["book:PF_NOBODY", "book:PF_XBTUSD"] },
    ]);
    world.clock.advance(10_000);
    expect(world.socket.sentJson.slice(1)).toMatchObject([
      { product_ids: ["PF_NOBODY"] },
      { product_ids: ["PF_XBTUSD"] },
    ]);
  });

  it("that it was subscribed already is a word for people", () => {
    const world = startOpen([]);
    receives(world, { event: "alert", message: "Already subscribed to feed, re-requesting" });
    expect(world.heard("notice")).toMatchObject([{ action: "status" }]);
  });
});

describe("a topic of Kraken Futures", () => {
  it.each([
    ["book:PF_XBTUSD", "book:PF_XBTUSD"],
    ["trade:FI_ETHUSD_211231", "trade:FI_ETHUSD_211231"],
    [{ feed: "ticker_lite", product_id: "PI_XBTUSD" }, "ticker_lite:PI_XBTUSD"],
  ])("may be %j", (topic, text) => {
    expect(krakenFutures().topics.parse(topic)).toMatchObject({ topic: text });
    expect(() => startVenue({ topics: [topic] })).not.toThrow();
  });

  it.each([
    ["book:pf_xbtusd", "lower case: it would be answered in upper case"],
    ["book:BTC/USD", "a pair of the spot market"],
    ["book", "no product"],
    ["book_snapshot:PF_XBTUSD", "a feed that cannot be asked for"],
    [{ channel: "book", product_id: "PF_XBTUSD" }, "a key that is none"],
  ])("may not be %j: %s", (topic, _why) => {
    const message =
      "expected one of book, trade, ticker, ticker_lite and a product in upper case, such as " +
      "book:PF_XBTUSD";
    expect(() => startVenue({ topics: [topic] })).toThrow(OptionError);
    expect(() => startVenue({ topics: [topic] })).toThrow(message);
  });
});

describe("the numbers of Kraken Futures", () => {
  it("count a product's book from its snapshot on", () => {
    const world = startOpen([]);
    receives(world, bookSnapshot(100), book(101), book(102), book(102), book(105), book(106));
    expect(world.heard("gap")).toMatchObject([{ stream: "book:PF_XBTUSD", from: 103, to: 104 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 5 });
    receives(world, book(7, "PF_ETHUSD"));
    expect(world.heard("gap")).toHaveLength(1);
  });

  it("begin anew with a snapshot, which is no gap", () => {
    const world = startOpen([]);
    receives(world, bookSnapshot(100), book(101), bookSnapshot(5), book(6));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0, unclaimed: 4 });
    expect(world.heard("reset")).toMatchObject([{ stream: "book:PF_XBTUSD" }]);
  });

  it("bring a new book after a gap: its topic is ended and asked for again", () => {
    const world = startOpen(["book:PF_XBTUSD"]);
    receives(world, answer("subscribed", "book", "PF_XBTUSD"), bookSnapshot(100), book(105));
    world.clock.advance(1_000);
    receives(world, answer("unsubscribed", "book", "PF_XBTUSD"));
    world.clock.advance(1_000);
    expect(world.socket.sentJson.slice(1)).toEqual([
      { event: "unsubscribe", feed: "book", product_ids: ["PF_XBTUSD"] },
      { event: "subscribe", feed: "book", product_ids: ["PF_XBTUSD"] },
    ]);
  });

  it("count a product's trades, on from the snapshot of the last ones", () => {
    const world = startOpen(["trade:PF_XBTUSD"]);
    receives(world, tradeSnapshot(1487, 1486, 1485), trade(1488), trade(1490));
    expect(world.heard("gap")).toMatchObject([{ stream: "trade:PF_XBTUSD", from: 1489, to: 1489 }]);
  });

  it("go on over sockets: a snapshot that reaches back brings what was missed, else it is a gap", () => {
    const world = startOpen([]);
    receives(world, trade(10));
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    receives(world, tradeSnapshot(12, 11, 10, 9)); // all of it
    receives(world, tradeSnapshot(12, 11, 10)); // nothing new
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 1, unclaimed: 2 });
    receives(world, tradeSnapshot(20, 19, 18));
    expect(world.heard("gap")).toMatchObject([{ stream: "trade:PF_XBTUSD", from: 13, to: 17 }]);
  });

  it("do not judge tickers, nor a snapshot without trades", () => {
    const world = startOpen([]);
    const ticker = { feed: "ticker_lite", product_id: "PI_XBTUSD", bid: 1, ask: 2 };
    receives(world, ticker, ticker, tradeSnapshot(), tradeSnapshot());
    expect(world.feed.status().inbound).toMatchObject({ unclaimed: 4, duplicates: 0, invalid: 0 });
  });

  it("hear a heartbeat as a sign of life, and no more", () => {
    const world = startOpen([]);
    receives(world, { feed: "heartbeat", time: 1534262350627 });
    expect(world.feed.status().inbound).toMatchObject({ control: 1, unclaimed: 0, invalid: 0 });
  });
});

describe("a frame that is no message of Kraken Futures", () => {
  it.each([
    ["no JSON", "<html>"],
    ["a bare value", "5"],
    ["null", "null"],
    ["something else", '{"hello":1}'],
    ["a message of no product", '{"feed":"book","seq":5}'],
    ["a change without its number", '{"feed":"book","product_id":"PF_XBTUSD"}'],
    ["a number in quotes", '{"feed":"trade","product_id":"PF_XBTUSD","seq":"5"}'],
    ["trades that are none", '{"feed":"trade_snapshot","product_id":"PF_XBTUSD"}'],
  ])("is reported and counted, and the next one comes: %s", (_, garbage) => {
    const world = startOpen([]);
    receives(world, trade(1), garbage, trade(2));
    expectReported(world, garbage);
  });
});

describe("real frames of Kraken Futures", () => {
  const samples = samplesOfVenue("kraken-futures");

  it("are read for what they are", ({ skip }) => {
    skip(samples === undefined, "../shared/recordings is not here");
    const talk = krakenFutures().open();
    for (const { kind, channel, message } of samples ?? []) {
      const raw = Buffer.from(JSON.stringify(message));
      const read = talk.decode(raw, false);
      const word = talk.control?.(read);
      const { product_id: product, seq } = message as { product_id?: string; seq?: number };
      if (kind === "ack") expect(word).toMatchObject({ kind: "answer" });
      else if (channel === "info") expect(word).toEqual({ kind: "alive" });
      else {
        expect(word).toBeUndefined();
        expect(talk.topicOf?.(read)).toBe(`${channel.replace("_snapshot", "")}:${product}`);
        expect(talk.sequence?.(read, raw)?.last).toBe(seq);
      }
    }
    expect(samples?.length).toBeGreaterThan(10);
  });
});
