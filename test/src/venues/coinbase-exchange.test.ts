import { describe, expect, it } from "vitest";
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import {
  coinbaseExchange,
  type CoinbaseExchangeMessage,
  type CoinbaseExchangeOptions,
} from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { samplesOfVenue } from "./samples.ts";

type World = SupervisorWorld<CoinbaseExchangeMessage>;

function startVenue(
  options: SupervisorOptions<CoinbaseExchangeMessage> = {},
  of: CoinbaseExchangeOptions = {},
): World {
  return startSupervisor<CoinbaseExchangeMessage>({ target: coinbaseExchange(of), ...options });
}

/** Open, its topics asked for. */
function startOpen(topics: readonly string[], of?: CoinbaseExchangeOptions): World {
  const world = startVenue({ topics }, of);
  world.socket.opens();
  return world;
}

function receives(world: World, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

const state = (channels: Readonly<Record<string, readonly string[] | null>>) => ({
  type: "subscriptions",
  channels: Object.entries(channels).map(([name, product_ids]) => ({ name, product_ids })),
});
const refused = (reason: string) => ({ type: "error", message: "Failed to subscribe", reason });
const match = (trade_id: number, sequence = 0, type = "match", product_id = "BTC-USD") => ({
  type,
  trade_id,
  sequence,
  product_id,
  maker_order_id: "m",
  taker_order_id: "t",
  side: "sell",
  size: "0.04",
  price: "14.7775",
  time: "2021-04-17T16:43:30.244075Z",
});
const order = (type: string, sequence?: number) => ({ type, product_id: "BTC-USD", sequence });
const ticker = (sequence: number) => ({ type: "ticker", product_id: "BTC-USD", sequence });
const snapshot = { type: "snapshot", product_id: "BTC-USD", bids: [["1", "2"]], asks: [] };
const l2update = { type: "l2update", product_id: "BTC-USD", changes: [["sell", "3", "1"]] };
const heartbeat = (sequence: number, last_trade_id: number) => ({
  type: "heartbeat",
  sequence,
  last_trade_id,
  product_id: "BTC-USD",
  time: "2014-11-07T08:19:28.464459Z",
});

/** The topics of the messages that were delivered. */
function topicsOf(world: World, ...frames: readonly unknown[]): unknown[] {
  const topics: unknown[] = [];
  const off = world.feed.on("message", ({ topic }) => {
    topics.push(topic);
  });
  receives(world, ...frames);
  off();
  return topics;
}

describe("the frames of Coinbase Exchange", () => {
  it("go to the public feed, or to another", () => {
    expect(startVenue().socket.dial.url).toBe("wss://ws-feed.exchange.coinbase.com");
    const endpoint = "wss://ws-feed-public.sandbox.exchange.coinbase.com";
    expect(startVenue({}, { endpoint }).socket.dial.url).toBe(endpoint);
  });

  it("ask for all channels of a product at once, and apart for those that need a login", () => {
    const world = startOpen([
      "level2_batch:BTC-USD",
      "matches:ETH-USD",
      "matches:BTC-USD",
      "level2:BTC-USD",
      "status",
    ]);
    const subscribe = (...channels: readonly object[]) => ({ type: "subscribe", channels });
    expect(world.socket.sentJson).toEqual([
      subscribe(
        { name: "level2_batch", product_ids: ["BTC-USD"] },
        { name: "matches", product_ids: ["BTC-USD"] },
      ),
      subscribe({ name: "matches", product_ids: ["ETH-USD"] }),
      subscribe({ name: "level2", product_ids: ["BTC-USD"] }),
      subscribe({ name: "status" }),
    ]);
  });

  it("end topics in the same shape, confirmed by a state without them", () => {
    const world = startOpen(["matches:BTC-USD", "ticker:BTC-USD"]);
    receives(world, state({ matches: ["BTC-USD"], ticker: ["BTC-USD"] }));
    world.feed.unsubscribe("ticker:BTC-USD");
    expect(world.socket.sentJson.at(-1)).toEqual({
      type: "unsubscribe",
      channels: [{ name: "ticker", product_ids: ["BTC-USD"] }],
    });
    receives(world, state({ matches: ["BTC-USD"] }));
    expect(world.feed.status().topics).toMatchObject({ confirmed: 1, pending: 0 });
  });

  it("are signed anew each time by who can, and only to subscribe", () => {
    let timestamp = 0;
    const sign = () => {
      timestamp += 1;
      return { key: "k", passphrase: "p", signature: "s", timestamp: String(timestamp) };
    };
    const world = startOpen(["full:BTC-USD"], { sign });
    receives(world, state({ full: ["BTC-USD"] }));
    world.feed.subscribe("level2:BTC-USD");
    world.feed.unsubscribe("full:BTC-USD");
    world.clock.advance(1_000);
    expect(world.socket.sentJson).toMatchObject([
      { type: "subscribe", key: "k", passphrase: "p", signature: "s", timestamp: "1" },
      { type: "subscribe", timestamp: "2" },
      { type: "unsubscribe" },
    ]);
    expect(world.socket.sentJson.at(-1)).not.toHaveProperty("signature");
  });

  it("number forty in a second at most", () => {
    const topics = Array.from({ length: 100 }, (_, index) => `ticker:A${index}-USD`);
    const world = startOpen(topics);
    for (const sent of [40, 80, 100]) {
      expect(world.sent()).toHaveLength(sent);
      world.clock.advance(999);
      expect(world.sent()).toHaveLength(sent);
      world.clock.advance(1);
    }
  });
});

describe("an answer of Coinbase Exchange", () => {
  it("confirms what its state shows, and waits for the rest", () => {
    const world = startOpen(["matches:BTC-USD", "matches:ETH-USD", "status"]);
    receives(world, state({ matches: ["BTC-USD"] }));
    expect(world.feed.status()).toMatchObject({
      isReady: false,
      topics: { confirmed: 1, pending: 2 },
    });
    receives(world, state({ matches: ["ETH-USD", "BTC-USD"], status: null }));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 3 } });
    expect(world.feed.status().inbound).toMatchObject({ control: 2, delivered: 0, invalid: 0 });
  });

  it("may call the batched book by its other name", () => {
    const world = startOpen(["level2_batch:BTC-USD"]);
    receives(world, state({ level2_50: ["BTC-USD"] }));
    expect(world.feed.status().topics).toMatchObject({ confirmed: 1 });
  });

  it("that knows no such product rejects all that was asked of it, and no other", () => {
    const world = startOpen(["matches:NO-BODY", "ticker:NO-BODY", "matches:BTC-USD"]);
    receives(world, refused("NO-BODY is not a valid product"));
    const reason = "Failed to subscribe: NO-BODY is not a valid product";
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: "matches:NO-BODY", reason },
      { topic: "ticker:NO-BODY", reason },
    ]);
    expect(world.feed.status().topics).toMatchObject({ pending: 1 });
    receives(world, state({ matches: ["BTC-USD"] }));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
  });

  it("that wants a login rejects the channels that it names", () => {
    const world = startOpen(["level2:BTC-USD", "full:BTC-USD", "level2_batch:BTC-USD"]);
    receives(
      world,
      refused("level2, level3, and full channels now require authentication. https://docs.example"),
    );
    expect(world.heard("topic.rejected").map(({ topic }) => topic)).toEqual([
      "level2:BTC-USD",
      "full:BTC-USD",
    ]);
  });

  it("that was confirmed already is not taken back by a refusal of something else", () => {
    const world = startOpen(["matches:BTC-USD"]);
    receives(world, state({ matches: ["BTC-USD"] }), refused("BTC-USD is not a valid product"));
    expect(world.heard("topic.rejected")).toEqual([]);
    expect(world.feed.status().topics).toMatchObject({ confirmed: 1 });
  });

  it("that names nothing is said, and the request's deadline tells whose it was", () => {
    const world = startOpen(["matches:BTC-USD"]);
    receives(world, refused("No channels provided"));
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "Failed to subscribe: No channels provided" },
    ]);
    expect(world.feed.status().topics).toMatchObject({ pending: 1 });
    world.clock.advance(4_999);
    expect(world.alerts("subscriptions-timed-out")).toEqual([]);
    world.clock.advance(1);
    expect(world.alerts("subscriptions-timed-out")).toMatchObject([
      { topics: ["matches:BTC-USD"] },
    ]);
  });
});

describe("a topic of Coinbase Exchange", () => {
  it.each([
    ["matches:BTC-USD", "matches:BTC-USD"],
    ["status", "status"],
    [{ channel: "heartbeat", product_id: "00-USD" }, "heartbeat:00-USD"],
    [{ channel: "status" }, "status"],
  ])("may be %j", (topic, text) => {
    expect(coinbaseExchange().topics.parse(topic)).toMatchObject({ topic: text });
    expect(() => startVenue({ topics: [topic] })).not.toThrow();
  });

  it.each([
    ["matches", "no product"],
    ["matches:btc-usd", "a product in lower case"],
    ["market_trades:BTC-USD", "a channel of Advanced Trade"],
    ["status:BTC-USD", "a channel that takes no product"],
    [{ channel: "matches", product_ids: ["BTC-USD"] }, "a key that is none"],
  ])("may not be %j: %s", (topic, _why) => {
    const message =
      "expected status, or one of level2, level2_batch, matches, ticker, ticker_batch, heartbeat, " +
      "full and a product, such as matches:BTC-USD";
    expect(() => startVenue({ topics: [topic] })).toThrow(OptionError);
    expect(() => startVenue({ topics: [topic] })).toThrow(message);
  });
});

describe("a message of Coinbase Exchange", () => {
  it("belongs to its channel and product", () => {
    const world = startOpen([]);
    receives(world, state({ full: ["ETH-USD"] }));
    expect(
      topicsOf(
        world,
        snapshot,
        l2update,
        ticker(1),
        match(1),
        heartbeat(90, 20),
        order("done", 5),
        { type: "status", products: [], currencies: [] },
        { type: "auction", product_id: "BTC-USD" },
      ),
    ).toEqual([
      "level2:BTC-USD",
      "level2:BTC-USD",
      "ticker:BTC-USD",
      "matches:BTC-USD",
      "heartbeat:BTC-USD",
      "full:BTC-USD",
      "status",
      undefined,
    ]);
  });

  it("belongs to the batched channel where that is the one subscribed", () => {
    const world = startOpen([]);
    receives(world, state({ level2_batch: ["BTC-USD"], ticker_batch: ["BTC-USD"] }));
    expect(topicsOf(world, snapshot, l2update, ticker(1))).toEqual([
      "level2_batch:BTC-USD",
      "level2_batch:BTC-USD",
      "ticker_batch:BTC-USD",
    ]);
    receives(world, state({ level2_batch: ["BTC-USD"], level2: ["BTC-USD"] }));
    expect(topicsOf(world, l2update)).toEqual(["level2:BTC-USD"]);
  });
});

describe("the numbers of Coinbase Exchange", () => {
  it("count a product's matches by trade_id, whatever their sequence", () => {
    const world = startOpen([]);
    receives(world, match(10, 500, "last_match"), match(11, 700), match(11, 700), match(14, 701));
    expect(world.heard("gap")).toMatchObject([{ stream: "matches:BTC-USD", from: 12, to: 13 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, unclaimed: 3 });
    receives(world, match(3, 1, "match", "ETH-USD")); // another product, another numbering
    expect(world.heard("gap")).toHaveLength(1);
  });

  it("do not judge the sequence of tickers and heartbeats, nor books, which have none", () => {
    const world = startOpen([]);
    const frames = [ticker(5), ticker(90), heartbeat(7, 1), heartbeat(9, 8), snapshot, l2update];
    receives(world, ...frames, match(2));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 0, unclaimed: 7 });
  });

  it("count all that happens to a product in the channel full, its matches too", () => {
    const world = startOpen([]);
    receives(world, state({ full: ["BTC-USD"] }));
    const frames = [order("received", 20), order("open", 21), match(1, 22), order("activate")];
    receives(world, ...frames, order("done", 23), order("change", 22), match(90, 26));
    expect(world.heard("gap")).toMatchObject([{ stream: "full:BTC-USD", from: 24, to: 25 }]);
    expect(world.feed.status().inbound).toMatchObject({ gaps: 1, stale: 1, unclaimed: 6 });
  });

  it("go on over sockets: the last match tells at once what came meanwhile", () => {
    const world = startOpen([]);
    receives(world, match(10));
    world.socket.drops();
    world.waitsItsTurn();
    world.socket.opens();
    receives(world, match(14, 0, "last_match"), match(15));
    expect(world.heard("gap")).toMatchObject([{ stream: "matches:BTC-USD", from: 11, to: 13 }]);
  });

  it("take a repeated last match for what it is", () => {
    const world = startOpen([]);
    receives(world, match(10), match(10, 0, "last_match"), match(11));
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1, gaps: 0, unclaimed: 2 });
  });
});

describe("a connection to Coinbase Exchange", () => {
  it("is noticed to be dead within 20 s of silence", () => {
    const world = startOpen([]);
    world.socket.isSilent = true;
    world.clock.advance(19_999);
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });

  it("asks anew for a heartbeat that stops, though others flow", () => {
    const world = startOpen(["heartbeat:BTC-USD", "matches:BTC-USD"]);
    receives(world, state({ heartbeat: ["BTC-USD"], matches: ["BTC-USD"] }), heartbeat(1, 1));
    for (let trade = 1; trade <= 9; trade += 1) {
      world.clock.advance(1_000);
      receives(world, match(trade));
    }
    expect(world.sent()).toHaveLength(1);
    world.clock.advance(1_000);
    expect(world.socket.sentJson.at(-1)).toEqual({
      type: "unsubscribe",
      channels: [{ name: "heartbeat", product_ids: ["BTC-USD"] }],
    });
  });
});

describe("a frame that is no message of Coinbase Exchange", () => {
  it.each([
    ["no JSON", "<html>"],
    ["a bare value", "5"],
    ["null", "null"],
    ["a message of Advanced Trade", '{"channel":"l2_data","events":[]}'],
    ["a type that is no text", '{"type":5}'],
    ["a match without its number", '{"type":"match","product_id":"BTC-USD"}'],
    ["a match without its product", '{"type":"match","trade_id":5}'],
    ["a number in quotes", '{"type":"match","product_id":"BTC-USD","trade_id":"5"}'],
    ["a state without channels", '{"type":"subscriptions"}'],
  ])("is reported and counted, and the next one comes: %s", (_, garbage) => {
    const world = startOpen([]);
    receives(world, match(1), garbage, match(2));
    expectReported(world, garbage);
  });
});

describe("real frames of Coinbase Exchange", () => {
  const samples = samplesOfVenue("coinbase-exchange");

  it("are read for what they are", ({ skip }) => {
    skip(samples === undefined, "../shared/recordings is not here");
    const talk = coinbaseExchange().open();
    for (const { kind, channel, message } of samples ?? []) {
      const raw = Buffer.from(JSON.stringify(message));
      const read = talk.decode(raw, false);
      const { product_id: product } = message as { product_id?: string };
      if (kind === "ack") {
        expect(talk.control?.(read)).toMatchObject({ kind: "answer" });
        continue;
      }
      expect(talk.control?.(read)).toBeUndefined();
      const topic = `${{ match: "matches", last_match: "matches", l2update: "level2" }[channel] ?? channel}:${product}`;
      expect(talk.topicOf?.(read)).toBe(topic);
      expect(talk.sequence?.(read, raw)?.stream).toBe(
        topic.startsWith("matches") ? topic : undefined,
      );
    }
    expect(samples?.length).toBeGreaterThan(10);
  });
});
