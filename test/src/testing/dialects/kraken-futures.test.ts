import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

type Fields = Readonly<Record<string, unknown>>;

const ask = (feed: string, ...product_ids: readonly unknown[]) => ({
  event: "subscribe",
  feed,
  product_ids,
});

function eventsOf(client: TestClient): Fields[] {
  return client.json().filter((frame) => "event" in frame);
}

function ofFeed(client: TestClient, feed: string): Fields[] {
  return client.json().filter((frame) => frame["feed"] === feed && !("event" in frame));
}

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "kraken-futures", ...options });
  const client = world.connect("/ws/v1");
  return { ...world, client };
}

/** Only the books move. */
const books = { tradesPerSecond: 0, bookTickersPerSecond: 0 };

describe("the simulated Kraken Futures", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client } = start();
    clock.advance(1_000);
    for (const feed of ["book", "trade", "ticker_lite"]) client.send(ask(feed, "PF_XBTUSD"));
    clock.advance(1_500);
    const [info, answer] = eventsOf(client);
    for (const [frame, channel, kind] of [
      [info, "info", "data"],
      [answer, "ack", "ack"],
      [ofFeed(client, "book")[0], "book", "data"],
      [ofFeed(client, "book_snapshot")[0], "book_snapshot", "snapshot"],
      [ofFeed(client, "trade")[0], "trade", "data"],
      [ofFeed(client, "ticker_lite")[0], "ticker_lite", "data"],
    ] as const) {
      expect(differences(frame, samplesOf("kraken-futures", channel, kind)[0])).toEqual([]);
    }
  });

  it("answers product by product, in upper case, and the others where one is unknown", () => {
    const { clock, client } = start();
    client.send(ask("trade", "pf_xbtusd", "PF_NOBODY", 5, "PF_ETHUSD"));
    client.send({ ...ask("trade", "PF_XBTUSD", "PF_SOLUSD"), event: "unsubscribe" });
    clock.advance(10);
    expect(eventsOf(client)).toEqual([
      { event: "info", version: 1 },
      { event: "subscribed", feed: "trade", product_ids: ["PF_XBTUSD"] },
      { event: "error", message: "Invalid product id" },
      { event: "error", message: "Invalid product id" },
      { event: "subscribed", feed: "trade", product_ids: ["PF_ETHUSD"] },
      { event: "unsubscribed", feed: "trade", product_ids: ["PF_XBTUSD"] },
      { event: "unsubscribed_failed", feed: "trade", product_ids: ["PF_SOLUSD"] },
    ]);
  });

  it.each([
    ["no JSON", "{", "Json Error"],
    ["another event", { event: "sing" }, "Json Error"],
    ["an unknown feed", ask("weather", "PF_XBTUSD"), "Invalid feed"],
    ["no products", { event: "subscribe", feed: "book" }, "Invalid product id"],
  ])("refuses %s", (_name, frame, message) => {
    const { clock, client } = start();
    client.send(frame);
    clock.advance(2_000);
    expect(client.json().slice(1)).toEqual([{ event: "error", message }]);
  });

  it("numbers a book by one, frame by frame, from its snapshot on", () => {
    const { clock, client } = start({ market: books });
    clock.advance(1_050);
    client.send(ask("book", "PF_XBTUSD"));
    clock.advance(10_000);
    const [snapshot, ...changes] = ofFeed(client, "book_snapshot").concat(ofFeed(client, "book"));
    expect(changes.length).toBeGreaterThan(200);
    const first = Number(snapshot?.["seq"]) + 1;
    expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, index) => first + index));
  });

  it("says the whole book where numbers begin anew", () => {
    const { clock, client, exchange } = start({ market: books });
    client.send(ask("book", "PF_XBTUSD"));
    clock.advance(1_050);
    exchange.inject({ kind: "renumber" });
    clock.advance(200);
    const [begun, anew] = ofFeed(client, "book_snapshot");
    expect(Number(anew?.["seq"])).toBeLessThan(Number(begun?.["seq"]));
    expect(ofFeed(client, "book").at(-1)?.["seq"]).toBeGreaterThan(Number(anew?.["seq"]));
  });

  it("begins trades with the last ones, the newest first, and goes on by one", () => {
    const { clock, client } = start();
    clock.advance(2_000);
    client.send(ask("trade", "PF_XBTUSD"));
    clock.advance(2_000);
    const snapshots = ofFeed(client, "trade_snapshot") as unknown as { trades: Fields[] }[];
    const seqs = snapshots.flatMap(({ trades }) => trades).map(({ seq }) => Number(seq));
    expect(seqs).toHaveLength(10);
    expect(seqs).toEqual(seqs.map((_, index) => Number(seqs[0]) - index));
    expect(ofFeed(client, "trade")[0]?.["seq"]).toBe(Number(seqs[0]) + 1);
  });

  it("says so when a feed is subscribed already, and begins it anew", () => {
    const { clock, client } = start({ market: books });
    client.send(ask("book", "PF_XBTUSD"));
    client.send(ask("book", "PF_XBTUSD"));
    clock.advance(10);
    expect(eventsOf(client).map(({ event }) => event)).toEqual([
      "info",
      "subscribed",
      "alert",
      "subscribed",
    ]);
    expect(ofFeed(client, "book_snapshot")).toHaveLength(2);
  });

  it("beats for whom it may", () => {
    const { clock, client } = start();
    client.send({ event: "subscribe", feed: "heartbeat" });
    clock.advance(30_010);
    expect(ofFeed(client, "heartbeat")).toHaveLength(3);
    client.send({ event: "unsubscribe", feed: "heartbeat" });
    clock.advance(20_000);
    expect(ofFeed(client, "heartbeat")).toHaveLength(3);
    expect(eventsOf(client).slice(1)).toEqual([
      { event: "subscribed", feed: "heartbeat" },
      { event: "unsubscribed", feed: "heartbeat" },
    ]);
  });

  it("drops who is not heard for a minute, whatever it is told", () => {
    const { clock, exchange, client, connect } = start();
    const pinging = connect("/ws/v1");
    client.send(ask("book", "PF_XBTUSD"));
    clock.advance(59_000);
    pinging.socket.ping();
    clock.advance(990);
    expect(client.isOpen).toBe(true);
    clock.advance(20);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(pinging.isOpen).toBe(true);
    expect([...exchange.ledger.violations]).toEqual([["a ping within 60 s", 1]]);
  });
});
