import { describe, expect, it } from "vitest";
import type { BookView, Level, VenueId } from "../../../../src/testing/index.ts";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

interface Depth {
  readonly e: "depthUpdate";
  readonly U: number;
  readonly u: number;
  readonly pu: number;
  readonly b: [string, string][];
  readonly a: [string, string][];
}

interface Snapshot {
  readonly lastUpdateId: number;
  readonly bids: [string, string][];
  readonly asks: [string, string][];
}

/** Where each market is, and what it calls the same things. */
const venues = [
  { venue: "binance-spot", path: "/stream", symbol: "BTCUSDT", http: "/api/v3/depth" },
  { venue: "binance-usdm", path: "/public/stream", symbol: "BTCUSDT", http: "/fapi/v1/depth" },
  { venue: "binance-coinm", path: "/stream", symbol: "BTCUSD_PERP", http: "/dapi/v1/depth" },
] as const satisfies readonly { venue: VenueId; path: string; symbol: string; http: string }[];

function dataOf<T>(client: TestClient, stream: string): T[] {
  return client.json().flatMap((frame) => (frame["stream"] === stream ? [frame["data"] as T] : []));
}

/** By the venue's rule: what the snapshot has is dropped, the first event must reach it. */
function bridges(venue: VenueId, { lastUpdateId }: Snapshot, { U, u, pu }: Depth): boolean {
  if (venue === "binance-spot") return U <= lastUpdateId + 1 && lastUpdateId + 1 <= u;
  return (U <= lastUpdateId && lastUpdateId <= u) || pu === lastUpdateId;
}

/** COIN-M writes quantities in contracts, which a client reads as a thousand thousandths each. */
function inUnits(venue: VenueId, book: BookView | undefined): BookView | undefined {
  if (venue !== "binance-coinm" || book === undefined) return book;
  const scale = (levels: readonly Level[]): Level[] =>
    levels.map(([price, quantity]) => [price, quantity * 1_000]);
  return { ...book, bids: scale(book.bids), asks: scale(book.asks) };
}

describe.each(venues)("the simulated $venue", ({ venue, path, symbol, http }) => {
  const stream = (kind: string): string => `${symbol.toLowerCase()}@${kind}`;
  const url = `https://api.test${http}?symbol=${symbol}&limit=1000`;

  it("answers a depth snapshot over HTTP that the stream joins, and the book is the true one", async () => {
    const { clock, exchange, connect } = startWorld({ venue });
    const client = connect(`${path}?streams=${stream("depth@100ms")}`);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const from = dataOf(client, stream("depth@100ms")).length;
      clock.advance(330);
      const asked = exchange.fetch(url);
      clock.advance(2);
      const response = await asked;
      expect(response.status).toBe(200);
      const snapshot = (await response.json()) as Snapshot;
      clock.advance(1_000);
      const updates = dataOf<Depth>(client, stream("depth@100ms")).slice(from);
      const kept = updates.filter(
        ({ u, pu }) => u > snapshot.lastUpdateId || pu === snapshot.lastUpdateId,
      );
      const joined = updates.findIndex((update) => bridges(venue, snapshot, update));
      expect(joined).toBeGreaterThanOrEqual(0);
      expect(kept.length).toBeGreaterThan(5);
      const book = new ClientBook();
      book.apply(snapshot.lastUpdateId, snapshot.bids, snapshot.asks);
      for (const { u, b, a } of updates.slice(joined)) {
        book.apply(u, b, a);
        expect(book.view).toEqual(inUnits(venue, exchange.book(symbol, u)));
      }
    }
  });

  it("tells the slow depth stream as one that follows on from itself", () => {
    const { clock, connect } = startWorld({ venue });
    const client = connect(`${path}?streams=${stream("depth")}`);
    clock.advance(20_000);
    const updates = dataOf<Depth>(client, stream("depth"));
    expect(updates.length).toBeGreaterThanOrEqual(19);
    for (const [index, { U, pu }] of updates.entries()) {
      const before = updates[index - 1];
      if (before === undefined) continue;
      if (venue === "binance-spot") expect(U).toBe(before.u + 1);
      else expect(pu).toBe(before.u);
    }
    if (venue !== "binance-spot") {
      expect(
        updates.some(({ U }, index) => index > 0 && U !== (updates[index - 1]?.u ?? 0) + 1),
      ).toBe(true);
    }
  });

  it("shows the best levels on a partial depth stream", () => {
    const { clock, exchange, connect } = startWorld({ venue });
    const client = connect(`${path}?streams=${stream("depth5@100ms")}`);
    clock.advance(1_000);
    const last = dataOf<Partial<Snapshot & Depth>>(client, stream("depth5@100ms")).at(-1);
    const prices = (last?.bids ?? last?.b ?? []).map(([price]) => Math.round(Number(price) * 10));
    expect(prices).toEqual(
      exchange
        .book(symbol)
        ?.bids.slice(0, 5)
        .map(([price]) => price),
    );
  });

  it("refuses a symbol it doesn't know over HTTP, and answers nothing at other paths", async () => {
    const { clock, exchange } = startWorld({ venue });
    const asked = [
      exchange.fetch(url.replace(symbol, "NOBODY")),
      exchange.fetch("https://api.test/elsewhere"),
      exchange.fetch(url, { method: "POST" }),
    ];
    clock.advance(2);
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses).toEqual([400, 404, 404]);
  });
});

describe("the simulated futures of Binance", () => {
  it.skipIf(!samplesAreHere)("write their frames in the shapes of real ones", () => {
    const { clock, connect } = startWorld({ venue: "binance-usdm" });
    const kinds = ["trade", "bookTicker", "depth@100ms"].map((kind) => `btcusdt@${kind}`);
    const client = connect(`/public/stream?streams=${kinds.join("/")}`);
    const market = connect("/market/ws/btcusdt@aggTrade");
    clock.advance(2_000);
    const find = (kind: string) =>
      client.json().find((frame) => frame["stream"] === `btcusdt@${kind}`);
    const sample = (channel: string, kind = "data") => samplesOf("binance-usdm", channel, kind)[0];
    expect(differences(find("trade"), sample("trade"))).toEqual([]);
    expect(differences(find("bookTicker"), sample("bookTicker"))).toEqual([]);
    expect(differences(find("depth@100ms")?.["data"], sample("depth", "delta"))).toEqual([]);
    expect(differences(market.json()[0], sample("aggTrade"))).toEqual([]);
  });

  it("serve a stream on the route of its class, and are silent about it on the other", () => {
    const { clock, connect } = startWorld({ venue: "binance-usdm" });
    const streams = "btcusdt@aggTrade/btcusdt@bookTicker";
    const heard = ["/public", "/market", ""].map((route) => {
      const client = connect(`${route}/stream?streams=${streams}`);
      clock.advance(3_000);
      return [...new Set(client.json().map((frame) => frame["stream"]))];
    });
    expect(heard).toEqual([["btcusdt@bookTicker"], ["btcusdt@aggTrade"], ["btcusdt@bookTicker"]]);
  });

  it("take ten frames in a second", () => {
    const { clock, exchange, connect } = startWorld({ venue: "binance-usdm" });
    const client = connect("/public/ws");
    for (let id = 1; id <= 11; id += 1) client.request("LIST_SUBSCRIPTIONS", [], id);
    clock.advance(2);
    expect(client.losses).toMatchObject([{ closeCode: 1008 }]);
    expect([...exchange.ledger.violations]).toEqual([["10 frames in 1000 ms", 1]]);
  });

  it("are reached over HTTP as they are over WebSocket: refused, or answered with a status", async () => {
    const { clock, exchange } = startWorld({ venue: "binance-usdm" });
    const url = "https://fapi.test/fapi/v1/depth?symbol=BTCUSDT";
    exchange.inject({ kind: "status", status: 429, retryAfterSeconds: 3, durationMs: 100 });
    const limited = exchange.fetch(url);
    clock.advance(200);
    const response = await limited;
    expect([response.status, response.headers.get("Retry-After")]).toEqual([429, "3"]);

    exchange.inject({ kind: "refuse", durationMs: 100 });
    const refused = expect(exchange.fetch(url)).rejects.toThrow("fetch failed");
    clock.advance(200);
    await refused;

    exchange.inject({ kind: "never-answer", durationMs: 100 });
    const gone = new AbortController();
    const waiting = expect(exchange.fetch(url, { signal: gone.signal })).rejects.toThrow("enough");
    clock.advance(60_000);
    gone.abort(new Error("enough"));
    await waiting;
  });
});
