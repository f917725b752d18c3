import { describe, expect, it } from "vitest";
import { Market, type MarketOptions } from "../../../src/testing/exchange/market.ts";

const START_MS = 1_700_000_000_000;

/** What a market says in its first `durationMs`, as `[stream, payload, instant]`. */
function listen(seed: number, durationMs: number, options?: MarketOptions) {
  const market = new Market(seed, START_MS, options);
  const events: { stream: string; data: Record<string, unknown>; atMs: number }[] = [];
  for (;;) {
    const atMs = market.nextAtMs ?? Infinity;
    if (atMs > START_MS + durationMs) return events;
    const { stream, text } = market.take();
    events.push({ stream, data: JSON.parse(text) as Record<string, unknown>, atMs });
  }
}

function numbersOf(events: ReturnType<typeof listen>, stream: string, name: string): number[] {
  return events.filter((event) => event.stream === stream).map(({ data }) => data[name] as number);
}

describe("a generated market", () => {
  it("is the same for the same seed and another for another", () => {
    expect(listen(7, 5_000)).toEqual(listen(7, 5_000));
    expect(listen(7, 5_000)).not.toEqual(listen(8, 5_000));
  });

  it("says of a symbol the same whatever other symbols there are", () => {
    const alone = listen(7, 5_000, { symbols: ["ETHUSDT"] });
    const together = listen(7, 5_000, { symbols: ["BTCUSDT", "ETHUSDT"] });
    expect(together.filter(({ stream }) => stream.startsWith("ethusdt@"))).toEqual(alone);
  });

  it("numbers trades one by one, depth without a hole, and book tickers upwards", () => {
    const events = listen(3, 60_000);
    const trades = numbersOf(events, "btcusdt@trade", "t");
    expect(trades.length).toBeGreaterThan(400);
    expect(trades).toEqual(trades.map((_, index) => (trades[0] ?? 0) + index));

    for (const stream of ["btcusdt@depth", "btcusdt@depth@100ms"]) {
      const firsts = numbersOf(events, stream, "U");
      const lasts = numbersOf(events, stream, "u");
      expect(firsts.slice(1)).toEqual(lasts.slice(0, -1).map((last) => last + 1));
      expect(firsts.every((first, index) => first <= (lasts[index] ?? 0))).toBe(true);
    }

    const tickers = numbersOf(events, "btcusdt@bookTicker", "u");
    expect(tickers.slice(1).every((u, index) => u > (tickers[index] ?? 0))).toBe(true);
    expect(tickers.at(-1)).toBeGreaterThan((tickers[0] ?? 0) + tickers.length);
  });

  it("speaks at the rates it was given, in the order of time, and not at rate 0", () => {
    const events = listen(1, 100_000, { symbols: ["BTCUSDT"], tradesPerSecond: 20 });
    const instants = events.map(({ atMs }) => atMs);
    expect(instants).toEqual(instants.toSorted((one, other) => one - other));
    expect(numbersOf(events, "btcusdt@depth@100ms", "u")).toHaveLength(1_000);
    expect(numbersOf(events, "btcusdt@depth", "u")).toHaveLength(100);
    const trades = numbersOf(events, "btcusdt@trade", "t").length;
    expect(trades).toBeGreaterThan(1_900);
    expect(trades).toBeLessThan(2_100);
    expect(listen(1, 10_000, { tradesPerSecond: 0 }).some(({ data }) => "t" in data)).toBe(false);
  });

  it("has Binance's payloads, key by key", () => {
    const events = listen(1, 5_000);
    const keysOf = (stream: string) =>
      Object.keys(events.find((event) => event.stream === stream)?.data ?? {}).join(" ");
    expect(keysOf("btcusdt@trade")).toBe("e E s t p q T m M");
    expect(keysOf("btcusdt@depth")).toBe("e E s U u b a");
    expect(keysOf("btcusdt@bookTicker")).toBe("u s b B a A");
  });

  it("refuses what can't be a market", () => {
    expect(() => new Market(1, 0, { symbols: [] })).toThrow(/market\.symbols/);
    expect(() => new Market(1, 0, { tradesPerSecond: NaN })).toThrow(/tradesPerSecond.*NaN/);
  });
});
