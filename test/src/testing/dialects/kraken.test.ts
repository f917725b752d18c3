import { describe, expect, it } from "vitest";
import { krakenChecksum } from "../../../../src/testing/exchange/dialects/kraken.ts";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

interface Frame {
  readonly method?: string;
  readonly success?: boolean;
  readonly error?: string;
  readonly symbol?: string;
  readonly req_id?: number;
  readonly channel?: string;
  readonly type?: string;
  readonly data?: readonly {
    readonly system?: string;
    readonly trade_id?: number;
    readonly checksum?: number;
    readonly bids?: readonly { readonly price: number; readonly qty: number }[];
    readonly asks?: readonly { readonly price: number; readonly qty: number }[];
  }[];
}

const framesOf = (client: TestClient): Frame[] => client.json();
const pushesOf = (client: TestClient, channel: string): Frame[] =>
  framesOf(client).filter((frame) => frame.channel === channel);
const answersOf = (client: TestClient): Frame[] =>
  framesOf(client).filter(({ method }) => method !== undefined);

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "kraken", ...options });
  const client = world.connect("/v2");
  const ask = (params: object, method = "subscribe") => client.send({ method, params, req_id: 7 });
  return { ...world, client, ask };
}

const book = { channel: "book", symbol: ["BTC/USD"], depth: 10 };

describe("the simulated Kraken", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client, ask } = start();
    client.send({ method: "ping", req_id: 42 });
    client.send({ method: "subscribe", params: { ...book, symbol: ["NOPE/USD"] } });
    ask(book);
    ask({ channel: "trade", symbol: ["BTC/USD"] });
    ask({ channel: "ticker", symbol: ["BTC/USD"] });
    clock.advance(3_000);
    const frames = framesOf(client);
    const find = (is: (frame: Frame) => boolean): Frame | undefined => frames.find(is);
    const compared = [
      [find(({ channel }) => channel === "status"), "status", "status"],
      [find(({ method }) => method === "pong"), "ping", "pong"],
      [find(({ success }) => success === false), "control", "error"],
      [find(({ channel }) => channel === "ticker"), "ticker", "snapshot"],
      [find(({ channel, type }) => channel === "book" && type === "update"), "book", "delta"],
      [find(({ channel }) => channel === "trade"), "trade", "data"],
    ] as const;
    for (const [frame, channel, kind] of compared) {
      expect(differences(frame, samplesOf("kraken-v2", channel, kind)[0])).toEqual([]);
    }
  });

  it("answers for each symbol by itself, with the number of its request", () => {
    const { clock, client, ask } = start();
    ask({ ...book, symbol: ["BTC/USD", "NOPE/USD", "ETH/USD"] });
    ask({ ...book, depth: 25 });
    ask({ channel: "weather", symbol: ["BTC/USD"] });
    ask(book, "unsubscribe");
    ask(book, "unsubscribe");
    clock.advance(2);
    expect(answersOf(client).map(({ success, error, req_id }) => [success, error, req_id])).toEqual(
      [
        [true, undefined, 7],
        [false, "Currency pair not supported NOPE/USD", 7],
        [true, undefined, 7],
        [false, "Already subscribed to one book on this symbol", 7],
        [false, "Unsupported channel", 7],
        [true, undefined, 7],
        [false, "Subscription Not Found", 7],
      ],
    );
  });

  it("gives a book that is the true one, each message with its checksum", () => {
    const { clock, exchange, client, ask } = start();
    ask(book);
    const mine = new ClientBook();
    let seen = 0;
    for (let ms = 0; ms < 10_000; ms += 100) {
      clock.advance(100);
      for (const { data } of pushesOf(client, "book").slice(seen)) {
        const [{ bids = [], asks = [], checksum } = {}] = data ?? [];
        const levels = (side: typeof bids) => side.map(({ price, qty }) => [price, qty] as const);
        mine.apply(0, levels(bids), levels(asks));
        expect(checksum).toBe(krakenChecksum(mine.view));
        seen += 1;
      }
      const { bids, asks } = exchange.book("BTC/USD") ?? {};
      expect(mine.view).toMatchObject({ bids, asks });
    }
    expect(seen).toBeGreaterThan(95);
  });

  it("proves a book with the digits of asks, then of bids", () => {
    const bids = [
      [452_835, 100],
      [452_834, 1],
    ] as const;
    const asks = [[452_852, 1_000]] as const;
    // CRC32 of "452852100000000" + "45283510000000" + "452834100000", by Python's zlib.
    expect(krakenChecksum({ position: 0, bids, asks })).toBe(1830158984);
  });

  it("leaves a hole in the trades where one is lost", () => {
    const { clock, exchange, client, ask } = start({ market: { books: false } });
    ask({ channel: "trade", symbol: ["BTC/USD"] });
    clock.advance(2_000);
    exchange.inject({ kind: "skip", count: 3 });
    clock.advance(3_000);
    const ids = pushesOf(client, "trade").map(({ data }) => data?.[0]?.trade_id ?? NaN);
    const missing = ids.map((id, index) => id - (ids[index - 1] ?? id - 1) - 1);
    expect(missing.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(1);
  });

  it("beats in each second in which nothing else is said, once anything is subscribed", () => {
    const quiet = { tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
    const { clock, client, ask } = start({ market: quiet });
    clock.advance(5_000);
    expect(pushesOf(client, "heartbeat")).toEqual([]);
    ask(book);
    clock.advance(10_500);
    expect(pushesOf(client, "heartbeat")).toHaveLength(10);
    const busy = start();
    busy.ask(book);
    busy.clock.advance(10_500);
    expect(pushesOf(busy.client, "heartbeat")).toEqual([]);
  });

  it("greets with the system's status, and says when that changes", () => {
    const { clock, exchange, client } = start();
    exchange.inject({ kind: "pause", durationMs: 1_000 });
    clock.advance(1_100);
    const systems = pushesOf(client, "status").map(({ data }) => data?.[0]?.system);
    expect(systems).toEqual(["online", "maintenance", "online"]);
  });

  it("drops at a minute who has subscribed to nothing and says nothing", () => {
    const { clock, client, connect } = start();
    const pinger = connect("/v2");
    clock.advance(30_000);
    pinger.send({ method: "ping" });
    clock.advance(29_990);
    expect(client.isOpen).toBe(true);
    clock.advance(12);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(pinger.isOpen).toBe(true);
  });
});
