import { describe, expect, it } from "vitest";
import { bitfinexChecksum } from "../../../../src/testing/exchange/dialects/bitfinex.ts";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const FLAGS = { timestamp: 32_768, seqAll: 65_536, checksum: 131_072, bulk: 536_870_912 };
const book = { event: "subscribe", channel: "book", symbol: "tBTCUSD", prec: "P0", len: "25" };
const trades = { event: "subscribe", channel: "trades", symbol: "tBTCUSD" };

type Fields = Readonly<Record<string, unknown>>;

function eventsOf(client: TestClient): Fields[] {
  return client.json().filter((frame) => !Array.isArray(frame));
}

function arraysOf(client: TestClient): unknown[][] {
  return client.json().filter((frame): frame is never => Array.isArray(frame));
}

function start(flags = 0, options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "bitfinex", ...options });
  const client = world.connect("/ws/2");
  if (flags !== 0) client.send({ event: "conf", flags });
  return { ...world, client };
}

describe("the simulated Bitfinex", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, exchange, client } = start(FLAGS.seqAll);
    client.send({ event: "ping", cid: 1234 });
    client.send({ event: "subscribe", channel: "ticker", symbol: "tBTCUSD" });
    client.send(trades);
    client.send({ ...book, symbol: "tNOPEF0:USTF0" });
    client.send(book);
    clock.advance(15_002);
    exchange.inject({ kind: "shutdown-notice" });
    clock.advance(2);
    const find = (event: string): Fields | undefined =>
      eventsOf(client).find((frame) => frame["event"] === event);
    for (const [event, channel, kind] of [
      ["info", "info", "data"],
      ["conf", "conf", "data"],
      ["subscribed", "ack", "ack"],
      ["pong", "control", "pong"],
      ["error", "control", "error"],
    ] as const) {
      expect(differences(find(event), samplesOf("bitfinex", channel, kind)[0])).toEqual([]);
    }
    const arrays = arraysOf(client);
    const compare = (frame: unknown, channel: string, kind: string): void => {
      expect(differences(frame, samplesOf("bitfinex", channel, kind)[0])).toEqual([]);
    };
    compare(
      arrays.find((frame) => frame[1] === "hb"),
      "hb+seq",
      "data",
    );
    compare(
      arrays.find((frame) => frame[1] === "te"),
      "trades",
      "te+seq",
    );
    compare(
      arrays.find((frame) => frame[1] === "tu"),
      "trades",
      "tu+seq",
    );
    const chanId = eventsOf(client).find(
      ({ event, channel }) => event === "subscribed" && channel === "book",
    )?.["chanId"];
    const updates = arraysOf(client).filter(([id, data]) => id === chanId && Array.isArray(data));
    compare(updates[1], "book update+seq", "data");
  });

  it("numbers every array frame of the connection, heartbeats too, and no object", () => {
    const { clock, exchange, client } = start(FLAGS.seqAll | FLAGS.checksum);
    client.send(book);
    client.send(trades);
    clock.advance(31_000);
    const numbers = arraysOf(client).map((frame) => frame.at(-1));
    expect(numbers.length).toBeGreaterThan(1_000);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(arraysOf(client).filter((frame) => frame[1] === "hb")).toHaveLength(4);
    expect(arraysOf(client).filter((frame) => frame[1] === "cs")).toHaveLength(12);
    const { numbered } = exchange.ledger.sessions.get(1) ?? {};
    expect(numbered).toMatchObject({
      frames: numbers.length,
      runs: [{ first: 1, last: numbers.length }],
    });
  });

  it("leaves a hole in the connection's numbers where an event is lost", () => {
    const { clock, exchange, client } = start(FLAGS.seqAll);
    client.send(book);
    clock.advance(1_000);
    exchange.inject({ kind: "skip" });
    clock.advance(1_000);
    const numbers = arraysOf(client).map((frame) => Number(frame.at(-1)));
    const holes = numbers.filter((number, index) => number !== (numbers[index - 1] ?? 0) + 1);
    expect(holes).toHaveLength(1);
    expect(exchange.ledger.sessions.get(1)?.numbered.runs).toEqual([
      { first: 1, last: numbers[numbers.indexOf(holes[0] ?? 0) - 1] },
      { first: holes[0], last: numbers.at(-1) },
    ]);
  });

  it.each([
    ["a frame for each level", FLAGS.checksum],
    ["bulk updates", FLAGS.checksum | FLAGS.bulk],
  ])("gives a book that is the true one, by %s", (_name, flags) => {
    const { clock, exchange, client } = start(flags);
    client.send(book);
    clock.advance(200);
    let seen = 0;
    const mine = new ClientBook();
    for (let ms = 0; ms < 10_000; ms += 100) {
      clock.advance(100);
      for (const [, data] of arraysOf(client).slice(seen)) {
        seen += 1;
        if (!Array.isArray(data)) continue;
        const levels = (Array.isArray(data[0]) ? data : [data]) as [number, number, number][];
        for (const [price, count, amount] of levels) {
          const level = [price, count === 0 ? 0 : Math.abs(amount)] as const;
          mine.apply(0, amount > 0 ? [level] : [], amount < 0 ? [level] : []);
        }
      }
      const { bids, asks } = mine.view;
      expect({ bids, asks }).toEqual({
        bids: exchange.book("tBTCUSD")?.bids,
        asks: exchange.book("tBTCUSD")?.asks,
      });
    }
    expect(seen).toBeGreaterThan(90);
  });

  it("proves the book with a signed CRC32 of bids and asks in turn", () => {
    const bids = [
      [61_000, 1_500],
      [60_990, 20],
    ] as const;
    const asks = [[61_010, 500]] as const;
    // CRC32 of "6100:1.5:6101:-0.5:6099:0.02", by another implementation (Python's zlib), signed.
    expect(bitfinexChecksum({ position: 0, bids, asks })).toBe(-268575637);
  });

  it("puts the time after the number when both are wanted", () => {
    const { clock, client } = start(FLAGS.seqAll | FLAGS.timestamp);
    client.send(trades);
    clock.advance(500);
    const [first] = arraysOf(client);
    expect(first?.slice(2)).toEqual([1, expect.any(Number)]);
    expect(first?.[3]).toBeGreaterThan(0);
  });

  it("refuses by repeating what was asked, with the venue's codes", () => {
    const { clock, client } = start();
    const asked = [
      { event: "subscribe", channel: "book", symbol: "tNOBODY", prec: "P0", len: "25" },
      { event: "subscribe", channel: "weather", symbol: "tBTCUSD" },
      book,
      book,
      { event: "unsubscribe", chanId: 5 },
      { event: "sing" },
    ];
    for (const frame of asked) client.send(frame);
    clock.advance(2);
    const errors = eventsOf(client).filter(({ event }) => event === "error");
    expect(errors.map(({ code }) => code)).toEqual([10300, 10302, 10301, 10400, 10000]);
    expect(errors[0]).toMatchObject({ channel: "book", symbol: "tNOBODY", pair: "NOBODY" });
  });

  it("takes 36 channels, and a place that was given up", () => {
    const symbols = Array.from({ length: 37 }, (_, index) => `tX${index}USD`);
    const { clock, exchange, client } = start(0, { market: { symbols } });
    for (const symbol of symbols) client.send({ ...trades, symbol });
    clock.advance(2);
    const subscribed = () => eventsOf(client).filter(({ event }) => event === "subscribed");
    expect(subscribed()).toHaveLength(36);
    expect(eventsOf(client).at(-1)).toEqual({
      event: "error",
      msg: "subscribe: limit",
      code: 10305,
    });
    expect([...exchange.ledger.violations]).toEqual([["topics per connection", 1]]);
    client.send({ event: "unsubscribe", chanId: subscribed()[0]?.["chanId"] });
    client.send({ ...trades, symbol: symbols[36] });
    clock.advance(2);
    expect(eventsOf(client).at(-1)).toMatchObject({ event: "subscribed", symbol: symbols[36] });
  });

  it("hands out other numbers on every connection", () => {
    const { clock, connect } = start();
    const ids = [connect("/ws/2"), connect("/ws/2")].map((client) => {
      client.send(book);
      clock.advance(2);
      return eventsOf(client).find(({ event }) => event === "subscribed")?.["chanId"];
    });
    expect(new Set(ids).size).toBe(2);
  });

  it("announces a pause and its end, and greets with it who comes meanwhile", () => {
    const { clock, exchange, client, connect } = start();
    client.send(book);
    clock.advance(1_000);
    exchange.inject({ kind: "pause", durationMs: 3_000 });
    const late = connect("/ws/2");
    expect(eventsOf(late)[0]).toMatchObject({ event: "info", platform: { status: 0 } });
    const count = arraysOf(client).length;
    clock.advance(2_990);
    expect(arraysOf(client)).toHaveLength(count);
    clock.advance(1_000);
    expect(eventsOf(client).flatMap(({ code }) => code ?? [])).toEqual([20060, 20061]);
    expect(arraysOf(client).length).toBeGreaterThan(count);
    exchange.inject({ kind: "shutdown-notice" });
    clock.advance(2);
    expect(eventsOf(client).at(-1)).toMatchObject({ event: "info", code: 20051 });
  });

  it("drops at 60 s who has no channel and says nothing", () => {
    const { clock, client, connect } = start();
    const talker = connect("/ws/2");
    clock.advance(30_000);
    talker.send({ event: "ping" });
    clock.advance(29_997);
    expect(client.isOpen).toBe(true);
    clock.advance(4);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(talker.isOpen).toBe(true);
  });
});
