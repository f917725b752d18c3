/** Faults of numbers, at the simulated exchange: what is on the wire, and what the ledger has of it. */
import { describe, expect, it } from "vitest";
import type { NumberRun } from "../../../src/testing/index.ts";
import { startWorld, type TestClient, type TestWorld } from "./start-world.ts";

const TRADES = "btcusdt@trade";
const DEPTH = "btcusdt@depth@100ms";

interface Payload {
  readonly e?: string;
  readonly t?: number;
  readonly p?: string;
  readonly U?: number;
  readonly u?: number;
  readonly pu?: number;
}

const payloadsOf = (client: TestClient) => client.json() as Payload[];
const idsOf = (client: TestClient) => payloadsOf(client).flatMap(({ t }) => t ?? []);

function start(stream: string, venue: "binance-spot" | "binance-usdm" = "binance-spot") {
  const world = startWorld({ venue, market: { symbols: ["BTCUSDT"], bookTickersPerSecond: 0 } });
  const client = world.connect(`/ws/${stream}`);
  world.clock.advance(2_000);
  return { ...world, client };
}

/** The numbers of a session's stream. */
function runsOf({ exchange }: Pick<TestWorld, "exchange">, stream: string, session = 1) {
  return exchange.ledger.sessions.get(session)?.written.get(stream)?.runs ?? [];
}

/** Neighbours without a hole. */
function runs(numbers: readonly number[]): NumberRun[] {
  const found: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = found.at(-1);
    if (run !== undefined && number === run.last + 1) run.last = number;
    else found.push({ first: number, last: number });
  }
  return found;
}

describe("renumber", () => {
  it("makes trades begin again behind the number that was named, on the same socket", () => {
    const world = start(TRADES);
    world.exchange.inject({ kind: "renumber", of: "trades", to: 7 });
    world.clock.advance(2_000);
    const [before, after, ...others] = runs(idsOf(world.client));
    expect(others).toEqual([]);
    expect(before?.first).toBeGreaterThan(1e9);
    expect(after?.first).toBe(8);
    world.clock.advance(1);
    expect(runsOf(world, TRADES)).toEqual([before, after]);
    expect(world.exchange.ledger.streams.get(TRADES)?.runs).toHaveLength(2);
  });

  it("happens while no client is connected, where that is wanted", () => {
    const world = start(TRADES);
    world.exchange.inject({ kind: "renumber", of: "trades", offline: true });
    world.clock.advance(1);
    expect(world.client.losses).toMatchObject([{ code: "ECONNRESET" }]);
    const next = world.connect(`/ws/${TRADES}`);
    world.clock.advance(1_000);
    expect(runs(idsOf(next))).toHaveLength(1);
    expect(Math.max(...idsOf(next))).toBeLessThan(Math.min(...idsOf(world.client)));
    expect(runsOf(world, TRADES, 2)).toEqual(runs(idsOf(next)));
  });

  it.each(["binance-spot", "binance-usdm"] as const)(
    "lets a book of %s begin again without a link or a snapshot, when unannounced",
    (venue) => {
      const world = start(DEPTH, venue);
      const before = payloadsOf(world.client).length;
      world.exchange.inject({ kind: "renumber", unannounced: true });
      world.clock.advance(2_000);
      const [known, first, second] = payloadsOf(world.client).slice(before - 1);
      expect(first?.u).toBeLessThan(known?.u ?? 0);
      if (venue === "binance-usdm") {
        expect(first?.pu).toBeLessThan(first?.u ?? 0);
        expect(second?.pu).toBe(first?.u);
      } else expect(second?.U).toBe((first?.u ?? 0) + 1);
      expect(runsOf(world, DEPTH)).toHaveLength(2);
    },
  );

  it("leaves books as they are when it is of trades, and trades when it is of books", () => {
    const world = start(`${TRADES}/${DEPTH}`);
    world.exchange.inject({ kind: "renumber", of: "trades" });
    world.clock.advance(1_000);
    expect([runsOf(world, TRADES).length, runsOf(world, DEPTH).length]).toEqual([2, 1]);
    world.exchange.inject({ kind: "renumber", of: "books", unannounced: true });
    world.clock.advance(1_000);
    expect([runsOf(world, TRADES).length, runsOf(world, DEPTH).length]).toEqual([2, 2]);
    world.exchange.inject({ kind: "renumber", of: "all", unannounced: true });
    world.clock.advance(1_000);
    expect([runsOf(world, TRADES).length, runsOf(world, DEPTH).length]).toEqual([3, 3]);
  });
});

describe("absurd-number", () => {
  it.each([1, undefined])("is on one message (%s), and the next goes on", (number) => {
    const world = start(TRADES);
    world.exchange.inject({ kind: "absurd-number", number });
    world.clock.advance(2_000);
    const [before, absurd, after, ...others] = runs(idsOf(world.client));
    expect(others).toEqual([]);
    const expected = number ?? Number.MAX_SAFE_INTEGER;
    expect(absurd).toEqual({ first: expected, last: expected });
    expect(after?.first).toBe((before?.last ?? 0) + 1);
    expect(world.exchange.ledger.met.get("absurd-number")).toBe(1);
  });

  it("keeps a change of a book whole, and the next covers its numbers", () => {
    const world = start(DEPTH);
    const before = payloadsOf(world.client).length;
    world.exchange.inject({ kind: "absurd-number", number: 3 });
    world.clock.advance(1_000);
    const [known, absurd, next] = payloadsOf(world.client).slice(before - 1);
    expect([absurd?.U, absurd?.u]).toEqual([3, 3]);
    expect(next?.U).toBe((known?.u ?? 0) + 1);
  });

  it("waits for somebody to hear it", () => {
    const world = start(TRADES);
    world.client.socket.terminate();
    world.clock.advance(10);
    world.exchange.inject({ kind: "absurd-number" });
    world.clock.advance(5_000);
    expect(world.exchange.ledger.streams.get(TRADES)?.runs).toHaveLength(1);
    const next = world.connect(`/ws/${TRADES}`);
    world.clock.advance(1_000);
    expect(idsOf(next)).toContain(Number.MAX_SAFE_INTEGER);
  });
});

describe("constant-number", () => {
  it("tells other trades under one number, then goes on behind it", () => {
    const world = start(TRADES);
    world.exchange.inject({ kind: "constant-number", durationMs: 3_000 });
    world.clock.advance(5_000);
    const ids = idsOf(world.client);
    const stuck = ids.find((id, index) => ids[index + 1] === id);
    const under = payloadsOf(world.client).filter(({ t }) => t === stuck);
    expect(under.length).toBeGreaterThan(20);
    expect(new Set(under.map((each) => JSON.stringify(each))).size).toBe(under.length);
    expect(runs([...new Set(ids)])).toHaveLength(1);
    world.clock.advance(1);
    expect(runsOf(world, TRADES)).toHaveLength(1);
    expect(world.events.map(({ type }) => type)).toContain("fault.passed");
  });
});

describe("the counter of a connection", () => {
  function startBitfinex() {
    const world = startWorld({
      venue: "bitfinex",
      market: { symbols: ["tBTCUSD"], bookTickersPerSecond: 0, books: false },
    });
    const client = world.connect("/ws/2");
    client.send({ event: "conf", flags: 65_536 });
    client.send({ event: "subscribe", channel: "trades", symbol: "tBTCUSD" });
    world.clock.advance(2_000);
    const numbers = (): number[] =>
      (client.json() as unknown[]).filter(Array.isArray).map((frame) => Number(frame.at(-1)));
    return { ...world, client, numbers };
  }

  it("begins again, is absurd for a frame, and stays as it is", () => {
    const { clock, exchange, numbers } = startBitfinex();
    exchange.inject({ kind: "renumber", of: "connection" });
    clock.advance(1_000);
    expect(runs(numbers()).map(({ first }) => first)).toEqual([1, 1]);
    exchange.inject({ kind: "absurd-number", number: 5e15 });
    clock.advance(1_000);
    const [, again, absurd, after] = runs(numbers());
    expect(absurd).toEqual({ first: 5e15, last: 5e15 });
    expect(after?.first).toBe((again?.last ?? 0) + 1);
    exchange.inject({ kind: "constant-number", durationMs: 1_000 });
    clock.advance(2_000);
    const { runs: counted = [], frames = 0 } = exchange.ledger.sessions.get(1)?.numbered ?? {};
    expect(counted).toHaveLength(4);
    const covered = counted.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    expect(frames).toBeGreaterThan(covered + 10);
  });
});
