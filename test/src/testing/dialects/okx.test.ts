import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const PUBLIC = "/ws/v5/public";
const arg = { channel: "books", instId: "BTC-USDT" };
const subscribe = (...args: readonly object[]) => ({ id: "1512", op: "subscribe", args });

interface Frame {
  readonly event?: string;
  readonly code?: string;
  readonly msg?: string;
  readonly action?: string;
  readonly arg?: { readonly channel: string; readonly instId: string };
  readonly data?: readonly {
    readonly prevSeqId: number;
    readonly seqId: number;
    readonly bids: readonly [string, string][];
    readonly asks: readonly [string, string][];
  }[];
}

function framesOf(client: TestClient): Frame[] {
  return client.messages.filter((text) => text !== "pong").map((text) => JSON.parse(text) as Frame);
}

function linksOf(client: TestClient): (readonly [number, number])[] {
  return framesOf(client).flatMap(({ data, arg: { channel } = { channel: "" } }) =>
    channel === "books" && data !== undefined
      ? data.map(({ prevSeqId, seqId }) => [prevSeqId, seqId] as const)
      : [],
  );
}

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "okx", ...options });
  const client = world.connect(PUBLIC);
  return { ...world, client };
}

describe("the simulated OKX", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, exchange, client } = start();
    client.send(subscribe(arg, { channel: "bbo-tbt", instId: "BTC-USDT" }));
    client.send(subscribe({ channel: "trades", instId: "BTC-USDT" }));
    client.send({ id: "1512", op: "subscribe", argss: [] });
    clock.advance(3_000);
    exchange.inject({ kind: "shutdown-notice" });
    clock.advance(2);
    const frames = framesOf(client);
    const find = (is: (frame: Frame) => boolean): Frame | undefined => frames.find(is);
    const compared = [
      [find(({ event }) => event === "subscribe"), "control", "ack"],
      [find(({ event }) => event === "error"), "control", "error"],
      [find(({ event }) => event === "notice"), "control", "notice"],
      [find(({ action }) => action === "snapshot"), "books", "snapshot"],
      [
        find(({ action, data }) => action === "update" && (data?.[0]?.asks.length ?? 0) > 0),
        "books",
        "delta",
      ],
      [
        find((frame) => frame.arg?.channel === "bbo-tbt" && frame.data !== undefined),
        "bbo-tbt",
        "data",
      ],
    ] as const;
    for (const [frame, channel, kind] of compared) {
      expect(differences(frame, samplesOf("okx", channel, kind).at(-1))).toEqual([]);
    }
    const trade = find((frame) => frame.arg?.channel === "trades" && frame.data !== undefined);
    expect(differences(trade, samplesOf("okx", "trades", "data").at(-1))).toEqual([]);
  });

  it("acknowledges each argument by itself, repeats too, and refuses what it doesn't know", () => {
    const { clock, client } = start();
    const nobody = { channel: "books", instId: "NO-BODY" };
    client.send(subscribe(arg, nobody, { channel: "candle1m", instId: "BTC-USDT" }, arg));
    clock.advance(2);
    const answers = framesOf(client).filter(({ event }) => event !== undefined);
    expect(answers.map(({ event, code, arg: of }) => [event, code ?? of?.instId])).toEqual([
      ["subscribe", "BTC-USDT"],
      ["error", "60018"],
      ["error", "60018"], // a business channel
      ["subscribe", "BTC-USDT"],
    ]);
    expect(framesOf(client).filter(({ action }) => action === "snapshot")).toHaveLength(1);
  });

  it("gives a book that is the true one at every seqId, linked by prevSeqId", () => {
    const { clock, exchange, client } = start();
    client.send(subscribe(arg));
    const book = new ClientBook();
    let compared = 0;
    for (let ms = 0; ms < 20_000; ms += 500) {
      clock.advance(500);
      for (const { data } of framesOf(client).splice(1 + compared)) {
        const [{ seqId, bids, asks } = { seqId: 0, bids: [], asks: [] }] = data ?? [];
        book.apply(seqId, bids, asks);
        expect(book.view).toEqual(exchange.book("BTC-USDT", seqId));
        compared += 1;
      }
    }
    expect(compared).toBe(201); // every 100 ms, and the snapshot
    const links = linksOf(client);
    expect(links[0]?.[0]).toBe(-1);
    expect(links.slice(1).map(([previous]) => previous)).toEqual(
      links.slice(0, -1).map(([, last]) => last),
    );
    expect(links.some(([previous, last]) => last > previous + 1_000)).toBe(true);
  });

  it("leaves a hole in the links where an event is lost, and begins lower after a restart", () => {
    const { clock, exchange, client } = start();
    client.send(subscribe(arg));
    clock.advance(1_000);
    exchange.inject({ kind: "skip" });
    clock.advance(1_000);
    const holes = linksOf(client).filter(
      ([previous], index, links) => index > 0 && previous !== links[index - 1]?.[1],
    );
    expect(holes).toHaveLength(1);
    const written = exchange.ledger.sessions.get(1)?.written.get("books:BTC-USDT");
    expect(written?.runs).toHaveLength(2);

    exchange.inject({ kind: "renumber" });
    const before = linksOf(client).at(-1)?.[1] ?? 0;
    clock.advance(102);
    const [previous, seqId] = linksOf(client).at(-1) ?? [0, 0];
    expect(previous).toBe(before);
    expect(seqId).toBeLessThan(before);
  });

  it("says once a minute that a book without changes is alive", () => {
    const { clock, client } = start({ market: { books: false } });
    client.send(subscribe(arg, { channel: "trades", instId: "BTC-USDT" }));
    clock.advance(130_000);
    const [snapshot, ...alive] = linksOf(client);
    const [, position] = snapshot ?? [0, 0];
    expect(alive).toEqual([
      [position, position],
      [position, position],
    ]);
  });

  it("answers a text ping with a text pong, and cuts at 30 s without a push", () => {
    const { clock, exchange, client } = start();
    clock.advance(20_000);
    client.send("ping");
    clock.advance(2);
    expect(client.messages).toEqual(["pong"]);
    clock.advance(29_998);
    expect(client.isOpen).toBe(true);
    clock.advance(3);
    expect(client.losses).toMatchObject([{ class: "closed-by-peer", closeCode: 4004 }]);
    expect([...exchange.ledger.violations]).toEqual([["idle for 30 s", 1]]);
  });

  it("allows 480 requests in an hour and 64 KB for one", () => {
    const { clock, exchange, client } = start();
    for (let request = 0; request < 481; request += 1) {
      client.send({ id: String(request), op: "unsubscribe", args: [arg] });
    }
    clock.advance(2);
    expect(framesOf(client).filter(({ event }) => event === "unsubscribe")).toHaveLength(480);
    expect(framesOf(client).at(-1)).toMatchObject({ event: "error", code: "60014" });
    client.send("x".repeat(64 * 1024 + 1));
    clock.advance(2);
    expect(client.losses).toMatchObject([{ closeCode: 1009 }]);
    expect([...exchange.ledger.violations]).toEqual([
      ["480 requests per hour", 1],
      ["64 KB per request", 1],
    ]);
  });

  it("serves business channels on their own path, and nothing on others", () => {
    const { clock, connect } = start();
    const business = connect("/ws/v5/business");
    business.send(subscribe({ channel: "trades-all", instId: "BTC-USDT" }, arg));
    clock.advance(2);
    expect(framesOf(business).flatMap(({ event }) => event ?? [])).toEqual(["subscribe", "error"]);
    expect(connect("/ws/v5").losses).toMatchObject([{ class: "http-refusal", status: 404 }]);
  });

  it("mutes a topic until it is subscribed anew", () => {
    const { clock, exchange, client } = start({ market: { tradesPerSecond: 0 } });
    client.send(subscribe(arg, { channel: "tickers", instId: "BTC-USDT" }));
    clock.advance(1_000);
    exchange.inject({ kind: "mute", topic: "books:BTC-USDT" });
    clock.advance(2);
    const books = () => client.messages.filter((text) => text.includes('"seqId"')).length;
    const count = books();
    clock.advance(70_000); // a book says every 60 s that it is alive, if it is subscribed at all
    expect(books()).toBe(count);
    client.send({ op: "unsubscribe", args: [arg] });
    client.send(subscribe(arg));
    clock.advance(1_000);
    expect(books()).toBeGreaterThan(count + 8);
  });
});
