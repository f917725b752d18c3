import { describe, expect, it } from "vitest";
import { dialectOf } from "../../../../src/testing/exchange/dialects/catalog.ts";
import { startWorld, type TestClient } from "../start-world.ts";
import { promisesSettle } from "../../start-supervisor.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const [PATH = ""] = dialectOf("kucoin").paths;
const BOOK = "/market/level2:BTC-USDT";

interface Frame {
  readonly id?: string;
  readonly type: string;
  readonly topic?: string;
  readonly code?: number;
  readonly data?: unknown;
}

const framesOf = (client: TestClient): Frame[] => client.json() as unknown as Frame[];
const ofType = (client: TestClient, type: string): Frame[] =>
  framesOf(client).filter((frame) => frame.type === type);

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "kucoin", ...options });
  const client = world.connect(PATH);
  const ask = (topic: string, type = "subscribe", id: unknown = 1) =>
    client.send({ id, type, topic, privateChannel: false, response: true });
  return { ...world, client, ask };
}

describe("the simulated KuCoin", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client, ask } = start();
    ask("/market/nope:BTC-USDT", "subscribe", "p28");
    ask(BOOK);
    ask("/market/match:BTC-USDT");
    ask("/market/ticker:BTC-USDT");
    client.send({ id: "p16", type: "ping" });
    clock.advance(3_000);
    const find = (is: (frame: Frame) => boolean): Frame | undefined => framesOf(client).find(is);
    const compared = [
      [find(({ type }) => type === "welcome"), "welcome", "data"],
      [find(({ type }) => type === "ack"), "ack", "ack"],
      [find(({ type }) => type === "error"), "control", "error (classic)"],
      [find(({ type }) => type === "pong"), "control", "pong (classic)"],
      [find(({ topic }) => topic === BOOK), "level2", "data"],
      [find(({ topic }) => topic?.startsWith("/market/match") === true), "match", "data"],
      [find(({ topic }) => topic?.startsWith("/market/ticker") === true), "ticker", "data"],
    ] as const;
    for (const [frame, channel, kind] of compared) {
      expect(differences(frame, samplesOf("kucoin", channel, kind)[0])).toEqual([]);
    }
  });

  it("gives a token and an address that leads back to it, and lets nobody in without", async () => {
    const { clock, exchange, connect } = start();
    const asked = exchange.fetch("http://rest.test:8080/api/v1/bullet-public", { method: "POST" });
    clock.advance(2);
    const { data } = (await (await asked).json()) as {
      data: { token: string; instanceServers: { endpoint: string; pingInterval: number }[] };
    };
    const [server] = data.instanceServers;
    expect(server).toMatchObject({ endpoint: "ws://rest.test:8080/endpoint", pingInterval: 18000 });
    expect(connect(`/endpoint?token=${data.token}`).isOpen).toBe(true);
    expect(connect("/endpoint").losses).toMatchObject([{ status: 401 }]);
    expect(connect("/endpoint?token=x").losses).toMatchObject([{ status: 401 }]);
  });

  it("acknowledges an unknown symbol and stays silent, and refuses an unknown channel", () => {
    const { clock, client, ask } = start({ market: { books: false } });
    ask("/market/match:NOPE-USDT,BTC-USDT", "subscribe", 1545910660739);
    ask("/market/nope:BTC-USDT");
    ask("/market/match");
    clock.advance(5_000);
    expect(ofType(client, "ack")).toEqual([{ id: "1545910660739", type: "ack" }]);
    const refusal = { type: "error", code: 404, data: "topic does not exist" };
    expect(ofType(client, "error")).toMatchObject([refusal, refusal]);
    const topics = new Set(ofType(client, "message").map(({ topic }) => topic));
    expect([...topics]).toEqual(["/market/match:BTC-USDT"]);
    ask("/market/match:BTC-USDT", "unsubscribe");
    clock.advance(10);
    const told = client.messages.length;
    clock.advance(5_000);
    expect(client.messages).toHaveLength(told);
  });

  it("takes 100 topics a request and 300 a session, and counts more as violations", () => {
    const { clock, exchange, client, ask } = start({ market: { books: false } });
    const list = (count: number, from = 0): string =>
      Array.from({ length: count }, (_, index) => `S${from + index}-USDT`).join(",");
    ask(`/market/match:${list(101)}`);
    for (const from of [0, 100, 200]) ask(`/market/match:${list(100, from)}`);
    ask(`/market/match:${list(1, 300)}`);
    clock.advance(2);
    expect(ofType(client, "ack")).toHaveLength(3);
    expect(ofType(client, "error")).toMatchObject([{ code: 509 }, { code: 509 }]);
    expect([...exchange.ledger.violations]).toEqual([
      ["topics per request", 1],
      ["topics per connection", 1],
    ]);
  });

  it("says Bye to a client that has said nothing for a minute, whatever it was told meanwhile", () => {
    const { clock, client, ask, connect } = start();
    ask(BOOK);
    const pinger = connect(PATH);
    clock.advance(30_000);
    pinger.send({ id: "1", type: "ping" });
    clock.advance(30_010);
    expect(client.losses).toMatchObject([{ class: "closed-by-peer", closeCode: 1_000 }]);
    expect(framesOf(client).at(-1)).toEqual({ type: "error", code: 400, data: "ping timeout" });
    expect(pinger.isOpen).toBe(true);
  });

  it("numbers each level of a change, and has a snapshot of the live book", async () => {
    const { clock, exchange, client, ask } = start();
    ask(BOOK);
    clock.advance(5_000);
    const path = "/api/v1/market/orderbook/level2_100?symbol=";
    const [asked, unknown] = ["BTC-USDT", "NOPE"].map((symbol) =>
      exchange.fetch(`http://rest.test${path}${symbol}`),
    );
    clock.advance(2);
    await promisesSettle();
    const answer = (await (await asked)?.json()) as { data: { sequence: string; bids: unknown[] } };
    const updates = ofType(client, "message").map(
      ({ data }) => data as { sequenceStart: number; sequenceEnd: number },
    );
    let last = (updates[0]?.sequenceStart ?? NaN) - 1;
    for (const { sequenceStart, sequenceEnd } of updates) {
      expect(sequenceStart).toBe(last + 1);
      last = sequenceEnd;
    }
    expect(Number(answer.data.sequence)).toBeGreaterThanOrEqual(last);
    expect(answer.data.bids.length).toBeGreaterThan(0);
    expect((await unknown)?.status).toBe(400);
  });
});
