/** Faults that last, at the simulated exchange: what a client meets meanwhile, and that it passes. */
import { describe, expect, it } from "vitest";
import type { MemoryExchangeOptions, VenueId } from "../../../src/testing/index.ts";
import { promisesSettle } from "../start-supervisor.ts";
import { startWorld, type TestClient } from "./start-world.ts";

const market = { bookTickersPerSecond: 0 };

interface Speaker {
  readonly path: string;
  readonly symbol: string;
  /** Subscribes to the trades of the symbol. */
  readonly trades: object;
  readonly stream: string;
  /** The ids of the trades in a frame, where it holds trades. */
  readonly ids: (frame: never) => readonly number[];
  readonly refused: string;
}

const speakers: Partial<Record<VenueId, Speaker>> = {
  "binance-spot": {
    path: "/ws",
    symbol: "BTCUSDT",
    trades: { method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 },
    stream: "btcusdt@trade",
    ids: ({ t }: { t?: number }) => (t === undefined ? [] : [t]),
    refused: '"code":-1008',
  },
  deribit: {
    path: "/ws/api/v2",
    symbol: "BTC-PERPETUAL",
    trades: {
      jsonrpc: "2.0",
      id: 1,
      method: "public/subscribe",
      params: { channels: ["trades.BTC-PERPETUAL.100ms"] },
    },
    stream: "trades.BTC-PERPETUAL.100ms",
    ids: ({ params }: { params?: { data: { trade_seq: number }[] } }) =>
      params?.data.map(({ trade_seq }) => trade_seq) ?? [],
    refused: '"error":{"code":13028,"message":"temporarily_unavailable"}',
  },
  kraken: {
    path: "/v2",
    symbol: "BTC/USD",
    trades: { method: "subscribe", params: { channel: "trade", symbol: ["BTC/USD"] }, req_id: 1 },
    stream: "trade:BTC/USD",
    ids: ({ channel, data }: { channel?: string; data?: { trade_id: number }[] }) =>
      channel === "trade" ? (data?.map(({ trade_id }) => trade_id) ?? []) : [],
    refused: '"error":"EService:Unavailable"',
  },
  "kraken-futures": {
    path: "/ws/v1",
    symbol: "PF_XBTUSD",
    trades: { event: "subscribe", feed: "trade", product_ids: ["PF_XBTUSD"] },
    stream: "trade:PF_XBTUSD",
    ids: (frame: { feed?: string; seq?: number; trades?: { seq: number }[] }) => {
      if (frame.feed === "trade_snapshot")
        return frame.trades?.map(({ seq }) => seq).reverse() ?? [];
      return frame.feed === "trade" && frame.seq !== undefined ? [frame.seq] : [];
    },
    refused: '"event":"error"',
  },
  okx: {
    path: "/ws/v5/public",
    symbol: "BTC-USDT",
    trades: { id: "1", op: "subscribe", args: [{ channel: "trades", instId: "BTC-USDT" }] },
    stream: "trades:BTC-USDT",
    ids: ({ data }: { data?: { tradeId: string }[] }) =>
      data?.map(({ tradeId }) => Number(tradeId)) ?? [],
    refused: '"event":"error","code":"50001"',
  },
};

const cases = (Object.entries(speakers) as [VenueId, Speaker][]).map(([venue, speaker]) => ({
  venue,
  ...speaker,
}));

function start({ venue, path, symbol, trades, ids }: (typeof cases)[number]) {
  const options: Partial<MemoryExchangeOptions> = {
    venue,
    market: { ...market, symbols: [symbol], books: false },
  };
  const world = startWorld(options);
  /** A client that subscribes to the trades. */
  const subscribe = (): TestClient => {
    const client = world.connect(path);
    client.send(trades);
    world.clock.advance(2);
    return client;
  };
  const idsOf = (client: TestClient): number[] =>
    client.json().flatMap((frame) => [...ids(frame as never)]);
  subscribe(); // so that the market's time is kept
  world.clock.advance(10_000);
  return { ...world, subscribe, idsOf };
}

describe.each(cases)("at $venue", (venue) => {
  it("retell: a new subscription begins with the last trades, for as long as it lasts", () => {
    const { clock, exchange, subscribe, idsOf } = start(venue);
    exchange.inject({ kind: "retell", count: 20, durationMs: 1_000 });
    const client = subscribe();
    const told = idsOf(client);
    expect(told).toHaveLength(20);
    expect((told.at(-1) ?? 0) - (told[0] ?? 0)).toBe(19);
    expect(exchange.ledger.sessions.get(2)?.retold.get(venue.stream)?.frames).toBe(20);
    clock.advance(1_000);
    const ids = idsOf(client);
    expect(ids).toHaveLength((ids.at(-1) ?? 0) - (ids[0] ?? 0) + 1);
    const later = subscribe();
    expect(idsOf(later).length).toBeLessThanOrEqual(12);
    expect(exchange.ledger.met.get("retell")).toBe(1);
  });

  it("lag: a mirror begins behind what others were told, and leaves nothing out", () => {
    const { clock, exchange, subscribe, idsOf } = start(venue);
    exchange.inject({ kind: "lag", lagMs: 2_000, durationMs: 500 });
    const behind = subscribe();
    clock.advance(1_000);
    const ahead = subscribe();
    clock.advance(3_000);
    const [old, fresh] = [idsOf(behind), idsOf(ahead)];
    expect((fresh.at(-1) ?? 0) - (old.at(-1) ?? 0)).toBeGreaterThan(5);
    expect(old).toHaveLength((old.at(-1) ?? 0) - (old[0] ?? 0) + 1);
    expect(exchange.ledger.met.get("lag")).toBe(1);
  });

  it("refuse-for-now: refuses in the venue's words, then accepts", () => {
    const { clock, exchange, subscribe, idsOf } = start(venue);
    exchange.inject({ kind: "refuse-for-now", durationMs: 1_000 });
    const client = subscribe();
    expect(client.messages.at(-1)).toContain(venue.refused);
    clock.advance(1_000);
    expect(idsOf(client)).toEqual([]);
    client.send(venue.trades);
    clock.advance(1_000);
    expect(idsOf(client).length).toBeGreaterThan(0);
    expect(exchange.ledger.met.get("refuse-for-now")).toBe(1);
  });

  it("mute: nothing until the next connection, however often it is asked", () => {
    const { clock, exchange, subscribe, idsOf } = start(venue);
    exchange.inject({ kind: "retell" });
    const client = subscribe();
    exchange.inject({ kind: "mute", all: true, until: "socket" });
    clock.advance(1);
    const before = idsOf(client).length;
    client.send(venue.trades);
    clock.advance(5_000);
    expect([client.isOpen, idsOf(client).length]).toEqual([true, before]);
    const next = subscribe();
    clock.advance(1_000);
    expect(idsOf(next).length).toBeGreaterThan(0);
  });
});

describe("mute", () => {
  it("of all topics is over for those that are subscribed anew", () => {
    const { clock, exchange, connect } = startWorld({
      market: { ...market, symbols: ["BTCUSDT"] },
    });
    const client = connect("/stream?streams=btcusdt@trade/btcusdt@depth@100ms");
    exchange.inject({ kind: "mute", all: true });
    clock.advance(5_000);
    expect(client.messages).toEqual([]);
    client.request("SUBSCRIBE", ["btcusdt@trade"]);
    clock.advance(1_000);
    const streams = new Set(client.json().map(({ stream }) => stream));
    expect(streams).toEqual(new Set([undefined, "btcusdt@trade"]));
  });

  it("silences Hyperliquid's books, which are told by the clock, and answers pings", () => {
    const { clock, exchange, connect } = startWorld({ venue: "hyperliquid" });
    const client = connect("/ws");
    const subscription = { type: "l2Book", coin: "BTC", fast: true };
    client.send({ method: "subscribe", subscription });
    clock.advance(1_000);
    exchange.inject({ kind: "mute", all: true });
    clock.advance(1);
    const before = client.messages.length;
    clock.advance(5_000);
    client.send({ method: "ping" });
    clock.advance(2);
    expect(client.messages.slice(before)).toEqual(['{"channel":"pong"}']);
  });
});

describe("a login at Deribit", () => {
  const auth = {
    jsonrpc: "2.0",
    id: 0,
    method: "public/auth",
    params: { grant_type: "client_credentials", client_id: "a", client_secret: "b" },
  };

  it("is accepted, and refused for now with the code that was asked for", () => {
    const { clock, exchange, connect } = startWorld({ venue: "deribit" });
    const client = connect("/ws/api/v2");
    client.send(auth);
    clock.advance(2);
    expect(client.json().at(-1)).toMatchObject({ id: 0, result: { token_type: "bearer" } });
    exchange.inject({ kind: "refuse-for-now", of: "logins", code: "11051" });
    client.send(auth);
    clock.advance(2);
    expect(client.json().at(-1)).toMatchObject({
      error: { code: 11051, message: "system_maintenance" },
    });
    exchange.inject({ kind: "refuse-for-now", of: "subscriptions" });
    client.send(auth);
    clock.advance(2);
    expect(client.json().at(-1)).toMatchObject({ result: { token_type: "bearer" } });
    client.send({ ...auth, params: {} });
    clock.advance(2);
    expect(client.json().at(-1)).toMatchObject({ error: { code: 13004 } });
  });
});

describe("http-out", () => {
  const url = "https://api.example/api/v3/depth?symbol=BTCUSDT";

  it("answers with its status, or refuses, and serves again behind it", async () => {
    const { clock, exchange } = startWorld();
    const ask = async () => {
      const answer = exchange.fetch(url).catch((error: unknown) => error);
      clock.advance(10);
      await promisesSettle();
      return answer;
    };
    exchange.inject({ kind: "http-out", status: 429, retryAfterSeconds: 7, durationMs: 1_000 });
    const limited = (await ask()) as Response;
    expect([limited.status, limited.headers.get("Retry-After")]).toEqual([429, "7"]);
    exchange.inject({ kind: "http-out", durationMs: 1_000 });
    expect(await ask()).toBeInstanceOf(TypeError);
    clock.advance(1_000);
    expect(((await ask()) as Response).status).toBe(200);
    expect(exchange.ledger.met.get("http-out")).toBe(2);
  });
});

describe("wrong-checksum", () => {
  it("sends sums that are none of the book's, for a time", () => {
    const { clock, exchange, connect } = startWorld({ venue: "kraken", seed: 3 });
    const sums = (client: TestClient): number[] =>
      (client.json() as { channel?: string; data?: { checksum: number }[] }[]).flatMap((frame) =>
        frame.channel === "book" ? (frame.data ?? []).map(({ checksum }) => checksum) : [],
      );
    const request = {
      method: "subscribe",
      params: { channel: "book", symbol: ["BTC/USD"] },
      req_id: 1,
    };
    const right = startWorld({ venue: "kraken", seed: 3 });
    const [one, other] = [connect("/v2"), right.connect("/v2")];
    exchange.inject({ kind: "wrong-checksum", durationMs: 1_000 });
    for (const client of [one, other]) client.send(request);
    for (const each of [clock, right.clock]) each.advance(2_000);
    const [wrong, true_] = [sums(one), sums(other)];
    const differ = wrong.map((sum, index) => sum !== true_[index]);
    expect(differ.slice(0, 9)).not.toContain(false);
    expect(differ.slice(11)).not.toContain(true);
    expect(wrong).toHaveLength(true_.length);
  });
});
