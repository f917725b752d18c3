import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

type Fields = Readonly<Record<string, unknown>>;

const ask = (...channels: readonly unknown[]) => ({ type: "subscribe", channels });
const of = (name: string, ...product_ids: readonly string[]) => ({ name, product_ids });

function ofType(client: TestClient, type: string): Fields[] {
  return client.json().filter((frame) => frame["type"] === type);
}

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "coinbase-exchange", ...options });
  const client = world.connect("/");
  return { ...world, client };
}

describe("the simulated Coinbase Exchange", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client } = start();
    clock.advance(1_000);
    const channels = ["matches", "ticker", "level2_batch", "heartbeat"];
    client.send(ask(...channels.map((name) => of(name, "BTC-USD"))));
    clock.advance(1_500);
    for (const [type, channel, kind] of [
      ["match", "match", "data"],
      ["last_match", "last_match", "data"],
      ["ticker", "ticker", "data"],
      ["l2update", "l2update", "data"],
      ["heartbeat", "heartbeat", "heartbeat"],
    ] as const) {
      const sample = samplesOf("coinbase-exchange", channel, kind)[0];
      expect(differences(ofType(client, type)[0], sample)).toEqual([]);
    }
    expect(ofType(client, "snapshot")).toHaveLength(1);
  });

  it("answers every request with the whole state, in either form", () => {
    const { clock, client } = start();
    client.send(ask(of("matches", "BTC-USD", "ETH-USD"), of("ticker", "BTC-USD"), of("status")));
    client.send({ type: "subscribe", product_ids: ["ETH-USD"], channels: ["matches", "ticker"] });
    client.send({ type: "unsubscribe", channels: [of("matches", "BTC-USD", "ETH-USD")] });
    clock.advance(10);
    expect(ofType(client, "subscriptions").map(({ channels }) => channels)).toEqual([
      [of("matches", "BTC-USD", "ETH-USD"), of("ticker", "BTC-USD"), of("status")],
      [of("matches", "BTC-USD", "ETH-USD"), of("ticker", "BTC-USD", "ETH-USD"), of("status")],
      [of("ticker", "BTC-USD", "ETH-USD"), of("status")],
    ]);
  });

  it("counts matches by one from the last match on, and their sequence jumps", () => {
    const { clock, client } = start();
    clock.advance(1_000);
    client.send(ask(of("matches", "BTC-USD")));
    clock.advance(10_000);
    const [last, ...rest] = ofType(client, "last_match").concat(ofType(client, "match"));
    expect(rest.length).toBeGreaterThan(50);
    expect(rest.map(({ trade_id }) => trade_id)).toEqual(
      rest.map((_, index) => Number(last?.["trade_id"]) + 1 + index),
    );
    const jumps = rest.filter(
      ({ sequence }, index) => index > 0 && sequence !== Number(rest[index - 1]?.["sequence"]) + 1,
    );
    expect(jumps.length).toBeGreaterThan(10);
  });

  it("beats once a second, with the last match's number", () => {
    const { clock, client } = start();
    client.send(ask(of("heartbeat", "BTC-USD"), of("matches", "BTC-USD")));
    clock.advance(10_500);
    const beats = ofType(client, "heartbeat");
    expect(beats).toHaveLength(10);
    const matches = ofType(client, "match").map(({ trade_id }) => trade_id);
    for (const { last_trade_id } of beats) expect(matches).toContain(last_trade_id);
  });

  it("gives a book that is the true one", () => {
    const { clock, client, exchange } = start();
    client.send(ask(of("level2_batch", "BTC-USD")));
    clock.advance(10_050);
    const book = new ClientBook();
    type Snapshot = Record<"bids" | "asks", [string, string][]>;
    for (const frame of ofType(client, "snapshot") as unknown as Snapshot[]) {
      book.apply(0, frame.bids, frame.asks);
    }
    const updates = ofType(client, "l2update") as unknown as {
      changes: [string, string, string][];
    }[];
    for (const [side, ...level] of updates.flatMap(({ changes }) => changes)) {
      book.apply(0, side === "buy" ? [level] : [], side === "sell" ? [level] : []);
    }
    expect(updates.length).toBeGreaterThan(90);
    const { bids, asks } = book.view;
    const truth = exchange.book("BTC-USD");
    expect({ bids, asks }).toEqual({ bids: truth?.bids, asks: truth?.asks });
  });

  it.each([
    ["no JSON", "{", "type must be subscribe or unsubscribe"],
    ["no channels", ask(), "No channels provided"],
    ["an unknown channel", ask(of("weather", "BTC-USD")), "weather is not a valid channel"],
    [
      "an unknown product",
      ask(of("matches", "BTC-USD", "NO-BODY")),
      "NO-BODY is not a valid product",
    ],
    [
      "no products",
      ask("heartbeat"),
      "You need to specify at least one product ID for channel heartbeat",
    ],
    [
      "a channel that needs a login",
      ask(of("full", "BTC-USD")),
      expect.stringContaining("channels now require authentication"),
    ],
  ])("refuses %s, and the whole request", (_name, frame, reason) => {
    const { clock, client } = start();
    client.send(frame);
    clock.advance(2_000);
    expect(client.json()).toEqual([{ type: "error", message: expect.any(String), reason }]);
  });

  it("drops who subscribes to nothing within 5 s", () => {
    const { clock, exchange, client } = start();
    client.send(ask(of("matches", "NO-BODY")));
    clock.advance(4_999);
    expect(client.isOpen).toBe(true);
    clock.advance(2);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect([...exchange.ledger.violations]).toEqual([["first subscribe within 5 s", 1]]);
  });

  it("takes a hundred requests in a second", () => {
    const { clock, exchange, client } = start();
    for (let request = 0; request < 101; request += 1) client.send(ask(of("status")));
    clock.advance(2);
    expect(ofType(client, "subscriptions")).toHaveLength(100);
    expect(client.json().at(-1)).toEqual({ type: "error", message: "Rate limit exceeded" });
    expect([...exchange.ledger.violations]).toEqual([["100 frames in 1000 ms", 1]]);
  });
});
