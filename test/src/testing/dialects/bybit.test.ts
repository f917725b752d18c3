import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const BOOK = "orderbook.50.BTCUSDT";
const BEST = "orderbook.1.BTCUSDT";
const TRADES = "publicTrade.BTCUSDT";

interface Frame {
  readonly op?: string;
  readonly success?: boolean;
  readonly ret_msg?: string;
  readonly topic?: string;
  readonly type?: string;
  readonly data?: {
    readonly u: number;
    readonly b: readonly [string, string][];
    readonly a: readonly [string, string][];
  };
}

const framesOf = (client: TestClient): Frame[] => client.json();
const pushesOf = (client: TestClient, topic: string): Frame[] =>
  framesOf(client).filter((frame) => frame.topic === topic);
const answersOf = (client: TestClient): Frame[] =>
  framesOf(client).filter(({ op }) => op !== undefined);
const numbersOf = (client: TestClient, topic: string): number[] =>
  pushesOf(client, topic).map(({ data }) => data?.u ?? NaN);

function start(service = "linear", options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "bybit", ...options });
  const client = world.connect(`/v5/public/${service}`);
  const ask = (args: readonly string[], op = "subscribe") =>
    client.send({ req_id: "test", op, args });
  return { ...world, client, ask };
}

describe("the simulated Bybit", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client, ask } = start();
    ask(["orderbook.50.NOPEUSDT"]);
    ask([BOOK, TRADES]);
    client.send({ req_id: "100001", op: "ping" });
    clock.advance(3_000);
    const frames = framesOf(client);
    const find = (is: (frame: Frame) => boolean): Frame | undefined => frames.find(is);
    const compared = [
      [find(({ success }) => success === false), "control", "error"],
      [
        find(({ op, success }) => op === "subscribe" && success === true),
        "control",
        "ack (linear/inverse)",
      ],
      [find(({ op }) => op === "ping"), "control", "pong (linear/inverse)"],
      [
        find(({ type, topic }) => topic === BOOK && type === "snapshot"),
        "orderbook.50",
        "snapshot",
      ],
      [find(({ type }) => type === "delta"), "orderbook.50", "delta"],
      [find(({ topic }) => topic === TRADES), "publicTrade", "data"],
    ] as const;
    for (const [frame, channel, kind] of compared) {
      expect(differences(frame, samplesOf("bybit", channel, kind)[0])).toEqual([]);
    }
    const option = start("option");
    option.ask(["orderbook.100.BTCUSDT"]);
    option.client.send({ op: "ping" });
    option.clock.advance(2);
    const [command, pong] = [
      framesOf(option.client).find(({ type }) => type === "COMMAND_RESP"),
      framesOf(option.client).find(({ op }) => op === "pong"),
    ];
    const kinds = [
      [command, "ack (option/spread)"],
      [pong, "pong (option/spread)"],
    ] as const;
    for (const [frame, kind] of kinds) {
      expect(differences(frame, samplesOf("bybit", "control", kind)[0])).toEqual([]);
    }
  });

  it("answers a request once, and refuses all of it for one topic", () => {
    const { clock, client, ask } = start();
    ask([BOOK, "tickers.NOPEUSDT", TRADES]);
    ask([BOOK, TRADES]);
    ask([TRADES]);
    ask(["orderbook.30.BTCUSDT"]);
    client.send({ op: "nope" });
    client.send("hello");
    clock.advance(2);
    expect(answersOf(client).map(({ success, ret_msg }) => [success, ret_msg])).toEqual([
      [false, "error:handler not found,topic:tickers.NOPEUSDT"],
      [true, ""],
      [false, `error:already subscribed,topic:${TRADES}`],
      [false, "error:handler not found,topic:orderbook.30.BTCUSDT"],
      [false, "error:invalid op"],
      [false, "Failed to decode incoming data:hello"],
    ]);
    expect(pushesOf(client, BOOK)).toHaveLength(1);
  });

  it("of spot takes ten arguments in a request, and names an unknown symbol in brackets", () => {
    const { clock, exchange, client, ask } = start("spot");
    ask(Array.from({ length: 11 }, () => TRADES));
    ask(["tickers.NOPEUSDT"]);
    ask([TRADES]);
    clock.advance(2);
    expect(answersOf(client).map(({ ret_msg }) => ret_msg)).toEqual([
      "args size >10",
      "Invalid symbol :[tickers.NOPEUSDT]",
      "subscribe",
    ]);
    expect([...exchange.ledger.violations]).toEqual([["args per request", 1]]);
  });

  it("gives a book that is the true one at every u, counted one by one", () => {
    const { clock, exchange, client, ask } = start();
    ask([BOOK]);
    const book = new ClientBook();
    let compared = 0;
    for (let ms = 0; ms < 10_000; ms += 500) {
      clock.advance(500);
      for (const { data } of pushesOf(client, BOOK).slice(compared)) {
        const { u, b, a } = data ?? { u: 0, b: [], a: [] };
        book.apply(u, b, a);
        expect(book.view).toEqual(exchange.book("BTCUSDT", u));
        compared += 1;
      }
    }
    expect(compared).toBe(101);
    const numbers = numbersOf(client, BOOK);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  });

  it("leaves a hole where a change is lost, and sends all of the book after a restart", () => {
    const { clock, exchange, client, ask } = start("linear", { market: { tradesPerSecond: 0 } });
    ask([BOOK]);
    clock.advance(1_000);
    exchange.inject({ kind: "skip" });
    clock.advance(1_000);
    const numbers = numbersOf(client, BOOK);
    const holes = numbers.filter((u, index) => index > 0 && u !== (numbers[index - 1] ?? 0) + 1);
    expect(holes).toHaveLength(1);
    exchange.inject({ kind: "renumber" });
    clock.advance(102);
    const last = pushesOf(client, BOOK).at(-1);
    expect(last?.type).toBe("snapshot");
    expect(last?.data?.u).toBeLessThan(numbers.at(-1) ?? 0);
    expect(last?.data?.b).toHaveLength(exchange.book("BTCUSDT")?.bids.length ?? 0);
  });

  it("says level 1 again every 3 s in which nothing changes, under the same u", () => {
    const quiet = { bookTickersPerSecond: 0, books: false };
    const { clock, client, ask } = start("linear", { market: quiet });
    ask([BEST]);
    clock.advance(9_500);
    expect(pushesOf(client, BEST).map(({ type }) => type)).toEqual(Array(4).fill("snapshot"));
    expect(new Set(numbersOf(client, BEST)).size).toBe(1);
    ask([BEST], "unsubscribe");
    clock.advance(9_500);
    expect(pushesOf(client, BEST)).toHaveLength(4);
  });

  it("of options takes each topic by itself", () => {
    const { clock, client, ask } = start("option");
    ask(["orderbook.25.BTCUSDT", "orderbook.25.NOPE", "orderbook.50.BTCUSDT"]);
    clock.advance(2);
    expect(framesOf(client)[0]).toMatchObject({
      type: "COMMAND_RESP",
      data: {
        successTopics: ["orderbook.25.BTCUSDT"],
        failTopics: ["orderbook.25.NOPE", "orderbook.50.BTCUSDT"],
      },
    });
  });

  it("holds no more than 21,000 characters of topics", () => {
    const symbols = Array.from({ length: 914 }, (_, index) => `SYM${1_000 + index}USDT`);
    const { clock, exchange, client, ask } = start("linear", {
      market: { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false },
    });
    const topics = symbols.map((symbol) => `publicTrade.${symbol}`); // 23 characters each
    ask(topics.slice(0, 913));
    ask(topics.slice(913, 914));
    clock.advance(2);
    expect(answersOf(client).map(({ success }) => success)).toEqual([true, false]);
    expect([...exchange.ledger.violations]).toEqual([["characters per connection", 1]]);
  });

  it("drops at 61 s who has subscribed to nothing and says nothing, and no one else", () => {
    const { clock, client, connect } = start();
    const pinger = connect("/v5/public/linear");
    const subscriber = connect("/v5/public/linear");
    subscriber.send({ op: "subscribe", args: [BOOK] });
    clock.advance(40_000);
    pinger.send({ op: "ping" });
    clock.advance(20_990);
    expect(client.isOpen).toBe(true);
    clock.advance(12);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect([pinger.isOpen, subscriber.isOpen]).toEqual([true, true]);
  });
});
