import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { deribit } from "../../../src/venues/index.ts";
import { promisesSettle, startSupervisor } from "../start-supervisor.ts";
import { expectReported } from "./reported.ts";
import { hears, readSamples, startOpen, statesOf } from "./start-venue.ts";

const BOOK = "book.BTC-PERPETUAL.100ms";
const GROUPED = "book.BTC-PERPETUAL.none.20.100ms";
const TRADES = "trades.BTC-PERPETUAL.100ms";

const start = (...topics: string[]) => startOpen(deribit(), topics);

const reply = (id: number, result: unknown) => ({ jsonrpc: "2.0", id, result, usDiff: 75 });
const refusal = (id: number | undefined, code: number, message: string) => ({
  jsonrpc: "2.0",
  id,
  error: { code, message },
});
const says = (channel: string, data: unknown) => ({
  jsonrpc: "2.0",
  method: "subscription",
  params: { channel, data },
});
const snapshot = (change_id: number, channel = BOOK) =>
  says(channel, { type: "snapshot", change_id, bids: [], asks: [] });
const change = (prev_change_id: number | undefined, change_id: number, channel = BOOK) =>
  says(channel, { type: "change", change_id, prev_change_id, bids: [], asks: [] });
const trades = (...numbers: readonly number[]) =>
  says(
    TRADES,
    numbers.map((trade_seq) => ({ trade_seq, price: 1, amount: 1 })),
  );
const SET_HEARTBEAT = {
  jsonrpc: "2.0",
  id: 0,
  method: "public/set_heartbeat",
  params: { interval: 10 },
};
const TEST = { jsonrpc: "2.0", id: 0, method: "public/test", params: {} };

describe("the frames of Deribit", () => {
  it("ask for a heartbeat first, then for channels", () => {
    const world = start(BOOK, TRADES);
    expect(world.socket.dial.url).toBe("wss://www.deribit.com/ws/api/v2");
    expect(world.socket.sentJson).toEqual([
      SET_HEARTBEAT,
      { jsonrpc: "2.0", id: 1, method: "public/subscribe", params: { channels: [BOOK, TRADES] } },
    ]);
    hears(world, reply(0, "ok"), reply(1, [TRADES, BOOK]));
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    world.feed.unsubscribe(TRADES);
    expect(world.socket.sentJson.at(-1)).toEqual({
      jsonrpc: "2.0",
      id: 2,
      method: "public/unsubscribe",
      params: { channels: [TRADES] },
    });
    hears(world, reply(2, [TRADES]));
    expect(statesOf(world)).toEqual({ [BOOK]: "confirmed" });
  });

  it("hold 500 channels each, three in a second", () => {
    const world = start(...Array.from({ length: 1_900 }, (_, index) => `trades.S${index}.100ms`));
    expect(world.sent()).toHaveLength(1 + 3);
    world.clock.advance(1_000);
    expect(world.sent()).toHaveLength(1 + 4);
  });

  it("ask for raw channels apart, which a missing login has refused together", () => {
    const raw = "book.BTC-PERPETUAL.raw";
    const world = start(BOOK, raw);
    hears(world, refusal(2, 13778, "raw_subscriptions_not_available_for_unauthorized"));
    hears(world, reply(1, [BOOK]));
    expect(statesOf(world)).toEqual({ [BOOK]: "confirmed", [raw]: "rejected" });
  });

  it("answer a test_request at once, and nothing else of the heartbeat", () => {
    const world = start();
    const heartbeat = (type: string) => ({ params: { type }, method: "heartbeat", jsonrpc: "2.0" });
    hears(world, heartbeat("heartbeat"));
    expect(world.socket.sentJson).toEqual([SET_HEARTBEAT]);
    hears(world, heartbeat("test_request"), reply(0, { version: "1.2.26" }));
    expect(world.socket.sentJson).toEqual([SET_HEARTBEAT, TEST]);
    expect(world.feed.status().inbound).toMatchObject({ control: 3, unclaimed: 0 });
  });

  it("probe a silence of 15 s", () => {
    const world = start();
    world.clock.advance(15_000);
    expect(world.socket.sentJson.at(-1)).toEqual(TEST);
    world.clock.advance(5_001);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
  });
});

describe("a login at Deribit", () => {
  const credentials = { clientId: "me", clientSecret: "s3cret" };

  it("comes before all else, on every socket", async () => {
    const world = startOpen(deribit({ credentials }), [BOOK]);
    await promisesSettle();
    expect(world.socket.sentJson).toEqual([
      {
        jsonrpc: "2.0",
        id: 0,
        method: "public/auth",
        params: {
          grant_type: "client_credentials",
          client_id: "me",
          client_secret: "s3cret",
        },
      },
    ]);
    hears(
      world,
      { params: {}, method: "heartbeat", jsonrpc: "2.0" },
      reply(0, { access_token: "x" }),
    );
    await promisesSettle();
    expect(world.socket.sentJson.slice(1)).toMatchObject([
      SET_HEARTBEAT,
      { method: "public/subscribe" },
    ]);
  });

  it("that is refused fails the attempt, and never tells the secret", async () => {
    const world = startOpen(deribit({ credentials }), [BOOK]);
    await promisesSettle();
    hears(world, refusal(0, 13004, "invalid_credentials"));
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { detail: expect.stringContaining("13004: invalid_credentials") } },
    ]);
    expect(JSON.stringify(world.facts)).not.toContain("s3cret");
  });
});

describe("a login at Deribit that is refused", () => {
  const credentials = { clientId: "me", clientSecret: "s3cret" };
  const refuse = async (code: number) => {
    const world = startOpen(deribit({ credentials }), [BOOK]);
    await promisesSettle();
    hears(world, refusal(0, code, "no"));
    await promisesSettle();
    return world;
  };

  it.each([10_000, 13_004, 13_009, 13_021])("with %i is final: the key is wrong", async (code) => {
    const world = await refuse(code);
    expect(world.feed.state).toBe("failed");
    expect(world.heard("failed")).toMatchObject([{ rule: "auth-never" }]);
  });

  it.each([10_028, 10_040, 10_041, 10_047, 10_066, 11_051, 11_094, 13_028, 13_888])(
    "with %i is tried again after ten seconds, with an alert",
    async (code) => {
      const world = await refuse(code);
      expect(world.heard("attempt.failed")).toMatchObject([{ rule: "auth-later" }]);
      expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(10_000);
      expect(world.feed.status().retryInMs).toBeLessThanOrEqual(13_000);
      expect(world.alerts("loss")).toHaveLength(1);
    },
  );

  it.each([10_001, 12_345])(
    "with %i, which may be anything, is tried again slowly",
    async (code) => {
      const world = await refuse(code);
      expect(world.heard("attempt.failed")).toMatchObject([{ rule: "auth" }]);
      expect(world.feed.state).toBe("reconnecting");
      expect(world.alerts("loss")).toHaveLength(1);
    },
  );
});

describe("an answer of Deribit", () => {
  it("rejects what it silently leaves out, in whatever order the rest is", () => {
    const nope = "book.NOPE-PERPETUAL.100ms";
    const world = start(BOOK, nope, TRADES);
    hears(world, reply(1, [TRADES, BOOK]));
    expect(statesOf(world)).toEqual({
      [BOOK]: "confirmed",
      [nope]: "rejected",
      [TRADES]: "confirmed",
    });
    expect(world.heard("topic.rejected")).toMatchObject([
      { topic: nope, reason: "not among the accepted channels" },
    ]);
  });

  it("with an error rejects its request", () => {
    const world = start(BOOK);
    hears(world, refusal(1, 13009, "unauthorized"));
    expect(world.heard("topic.rejected")).toMatchObject([{ reason: "13009: unauthorized" }]);
  });

  it("that there were too many requests passes: what it was about is asked for again", () => {
    const world = start(BOOK);
    hears(world, refusal(1, 10028, "too_many_requests"));
    expect(statesOf(world)).toEqual({ [BOOK]: "refused" });
    world.clock.advance(3_000);
    hears(world, reply(2, [BOOK]));
    expect(statesOf(world)).toEqual({ [BOOK]: "confirmed" });
  });

  it("without an id, or to nothing of ours, decides nothing", () => {
    const world = start(BOOK);
    hears(world, refusal(undefined, 11050, "bad_request"), reply(77, [BOOK]));
    expect(statesOf(world)).toEqual({ [BOOK]: "pending" });
    expect(world.feed.status().inbound).toMatchObject({ control: 2, invalid: 0 });
  });

  it("that refuses the heartbeat is told", () => {
    const world = start();
    hears(world, refusal(0, -32602, "Invalid params"));
    expect(world.heard("notice")).toMatchObject([
      { action: "status", detail: "error -32602: Invalid params" },
    ]);
  });
});

describe("a topic of Deribit", () => {
  it.each([
    [BOOK, BOOK],
    [GROUPED, GROUPED],
    ["platform_state", "platform_state"],
    ["deribit_price_index.btc_usd", "deribit_price_index.btc_usd"],
    [{ channel: "book", instrument: "BTC-PERPETUAL", interval: "100ms" }, BOOK],
    [{ channel: "quote", instrument: "BTC-PERPETUAL" }, "quote.BTC-PERPETUAL"],
  ])("given as %o has one text", (given, topic) => {
    expect(deribit().topics.parse(given)).toEqual({ topic });
  });

  it.each([
    "BOOK.BTC",
    "book.",
    "book.BTC PERPETUAL",
    { channel: "book" },
    { channel: "book", instrument: "BTC", interval: 100 },
    { channel: "book", instrument: "BTC", speed: "raw" },
  ])("may not be %o", (topic) => {
    const world = startSupervisor({ target: deribit() });
    expect(() => world.feed.subscribe(topic)).toThrow(OptionError);
    expect(() => world.feed.subscribe(topic)).toThrow(
      "topic: expected a Deribit channel, such as book.BTC-PERPETUAL.100ms, received ",
    );
  });
});

describe("the numbers of Deribit", () => {
  it("jump, and are linked", () => {
    const world = start();
    hears(world, snapshot(100), change(100, 250), change(250, 251), change(250, 251));
    expect(world.feed.status().inbound).toMatchObject({ gaps: 0, duplicates: 1, unclaimed: 3 });
  });

  it("show a loss by the link, and the book is asked for anew: unsubscribed first", () => {
    const world = start(BOOK);
    hears(world, reply(1, [BOOK]), snapshot(100), change(100, 250), change(300, 301));
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, from: 251, to: 300 }]);
    expect(world.socket.sentJson.at(-1)).toMatchObject({ method: "public/unsubscribe" });
    hears(world, reply(2, [BOOK]));
    expect(world.socket.sentJson.at(-1)).toMatchObject({ method: "public/subscribe" });
    hears(world, reply(3, [BOOK]), snapshot(400));
    expect(world.heard("valid")).toMatchObject([{ stream: BOOK }]);
  });

  it.each([
    ["without a link", undefined],
    ["with the link 0", 0],
  ])("%s are those of a snapshot", (_, previous) => {
    const world = start();
    const seen: unknown[] = [];
    world.feed.on("message", ({ isSnapshot, position }) => {
      seen.push([isSnapshot, position]);
    });
    hears(world, snapshot(100), change(previous, 90), change(90, 95));
    expect(seen).toEqual([
      [true, 100],
      [true, 90],
      [false, 95],
    ]);
    expect(world.heard("gap")).toEqual([]);
  });

  it("of trades count one by one, several in a message", () => {
    const world = start();
    hears(world, trades(5, 6), trades(7), trades(10, 11), trades(11, 10));
    expect(world.heard("gap")).toMatchObject([{ stream: TRADES, from: 8, to: 9 }]);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 1 });
  });

  it("of grouped books only rise; the same again is life, and a lower one a reset", () => {
    const world = start();
    const window = (change_id: number) => says(GROUPED, { change_id, bids: [], asks: [] });
    hears(world, window(10), window(99), window(99), window(5), window(6));
    expect(world.feed.status().inbound).toMatchObject({
      gaps: 0,
      duplicates: 0,
      resets: 1,
      unclaimed: 5,
    });
  });

  it("are none in tickers, and in trades of many instruments", () => {
    const world = start();
    const ticker = says("ticker.BTC-PERPETUAL.100ms", { last_price: 1 });
    const mixed = says("trades.future.BTC.100ms", [{ trade_seq: 7 }]);
    hears(world, ticker, ticker, mixed, mixed);
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, unclaimed: 4 });
  });
});

describe("a loss at Deribit", () => {
  it("for an unanswered heartbeat is a plain one", () => {
    const world = start(BOOK);
    hears(world, reply(1, [BOOK]));
    world.socket.closes(4000, "heartbeat close");
    expect(world.heard("down")).toMatchObject([{ rule: "deribit-heartbeat" }]);
    expect(world.feed.state).toBe("reconnecting");
  });

  it("of one connection too many is slow", () => {
    const world = startSupervisor({ target: deribit() });
    world.socket.refuses(429);
    expect(world.heard("attempt.failed")).toMatchObject([{ rule: "deribit-too-many-connections" }]);
    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(30_000);
  });
});

describe("a frame that is no message of Deribit", () => {
  it.each([
    "<html>",
    "5",
    "null",
    "[]",
    '{"hello":1}',
    '{"method":"subscription"}',
    `{"method":"subscription","params":{"channel":"${BOOK}","data":null}}`,
    `{"method":"subscription","params":{"channel":"${BOOK}","data":{"change_id":"5"}}}`,
    `{"method":"subscription","params":{"channel":"${TRADES}","data":[{"trade_seq":"5"}]}}`,
    `{"method":"subscription","params":{"channel":"${TRADES}","data":[{}]}}`,
  ])("is reported and counted, and the next one comes: %s", (garbage) => {
    const world = start();
    hears(world, trades(1), garbage, trades(2));
    expectReported(world, garbage);
  });
});

describe("the samples of Deribit", () => {
  it("are read, each as what it is", ({ skip }) => {
    const ours = ["subscribe", "heartbeat-setup", "test-answer"];
    const samples = readSamples(deribit(), "deribit", ({ kind }) => ours.includes(kind));
    skip(samples === undefined, "../shared/recordings is not here");
    for (const { channel, kind, word, topic, last, isSnapshot } of samples ?? []) {
      const expected =
        channel !== "control" ? undefined : kind === "test_request" ? "challenge" : "answer";
      expect([channel, kind, word?.kind]).toEqual([channel, kind, expected]);
      if (channel === "control") continue;
      expect(topic).toMatch(/^(book|trades)\./);
      expect(last).toBeGreaterThan(0);
      expect([kind, isSnapshot]).toEqual([kind, kind === "snapshot"]);
    }
    expect(samples?.length).toBeGreaterThan(9);
  });
});
