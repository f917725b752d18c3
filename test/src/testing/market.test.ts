import { describe, expect, it } from "vitest";
import { Market, type MarketOptions } from "../../../src/testing/exchange/market.ts";
import type {
  BookChange,
  BookNumbering,
  BookView,
  Feed,
  Level,
  MarketEvent,
} from "../../../src/testing/exchange/market-event.ts";

const START_MS = 1_700_000_000_000;
const SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

function open(seed: number, options?: MarketOptions, numbering?: BookNumbering): Market {
  return new Market(
    seed,
    START_MS,
    { ...options, symbols: options?.symbols ?? SYMBOLS },
    numbering,
  );
}

/** What a market says in its first `durationMs`. */
function listen(
  seed: number,
  durationMs: number,
  options?: MarketOptions,
  numbering?: BookNumbering,
): MarketEvent[] {
  return take(open(seed, options, numbering), durationMs);
}

function take(market: Market, durationMs: number): MarketEvent[] {
  const events: MarketEvent[] = [];
  while ((market.nextAtMs ?? Infinity) <= START_MS + durationMs) events.push(market.take());
  return events;
}

function changesOf(events: readonly MarketEvent[], feed: Feed, symbol = "BTCUSDT"): BookChange[] {
  return events.flatMap((event) =>
    event.instrument === symbol && event.feed === feed && "bids" in event ? [event] : [],
  );
}

/** A client's book: what it was, with the change applied. */
function apply(book: BookView, change: BookChange): BookView {
  const merge = (levels: readonly Level[], changed: readonly Level[], sign: number): Level[] =>
    [...new Map([...levels, ...changed])]
      .filter(([, quantity]) => quantity > 0)
      .sort(([one], [other]) => sign * (one - other));
  return {
    position: change.last,
    bids: merge(book.bids, change.bids, -1),
    asks: merge(book.asks, change.asks, 1),
  };
}

describe("a generated market", () => {
  it("is the same for the same seed and another for another", () => {
    expect(listen(7, 5_000)).toEqual(listen(7, 5_000));
    expect(listen(7, 5_000)).not.toEqual(listen(8, 5_000));
  });

  it("says of a symbol the same whatever other symbols there are", () => {
    const alone = listen(7, 5_000, { symbols: ["ETHUSDT"] });
    const together = listen(7, 5_000, { symbols: ["BTCUSDT", "ETHUSDT"] });
    expect(together.filter(({ instrument }) => instrument === "ETHUSDT")).toEqual(alone);
  });

  it("numbers trades one by one, books without a hole, and quotes upwards", () => {
    const events = listen(3, 60_000).filter(({ instrument }) => instrument === "BTCUSDT");
    const trades = events.flatMap((event) => (event.feed === "trades" ? [event.id] : []));
    expect(trades.length).toBeGreaterThan(400);
    expect(trades).toEqual(trades.map((_, index) => (trades[0] ?? 0) + index));

    for (const feed of ["book", "slow-book"] as const) {
      const changes = changesOf(events, feed);
      expect(changes.slice(1).map(({ first }) => first)).toEqual(
        changes.slice(0, -1).map(({ last }) => last + 1),
      );
      expect(changes.every(({ first, last }) => first <= last)).toBe(true);
    }

    const quotes = events.flatMap((event) => (event.feed === "quotes" ? [event.position] : []));
    expect(quotes.slice(1).every((position, index) => position > (quotes[index] ?? 0))).toBe(true);
    expect(quotes.at(-1)).toBeGreaterThan((quotes[0] ?? 0) + quotes.length);
  });

  it("numbers the changes of a book as the venue does", () => {
    const single = changesOf(listen(3, 10_000, {}, "single"), "book");
    expect(
      single.every(({ first, last, previous }) => first === last && last === previous + 1),
    ).toBe(true);
    expect(single.map(({ last }) => last - (single[0]?.last ?? 0))).toEqual(
      single.map((_, index) => index),
    );
    const linked = changesOf(listen(3, 10_000, {}, "linked"), "book");
    expect(linked.slice(1).map(({ previous }) => previous)).toEqual(
      linked.slice(0, -1).map(({ last }) => last),
    );
    expect(linked.filter(({ first, previous }) => first > previous + 1).length).toBeGreaterThan(90);
  });

  it.each<[BookNumbering]>([["range"], ["single"], ["linked"]])(
    "tells a book whose changes make it, at every position (%s)",
    (numbering) => {
      const market = open(5, {}, numbering);
      const start = market.book("BTCUSDT");
      if (start === undefined) throw new Error("no book");
      for (const feed of ["book", "slow-book"] as const) {
        let [client, compared] = [start, 0];
        const another = open(5, {}, numbering);
        for (let event = another.take(); event.atMs < START_MS + 60_000; event = another.take()) {
          const [change] = changesOf([event], feed);
          if (change === undefined) continue;
          client = apply(client, change);
          expect(client).toEqual(another.bookAt("BTCUSDT", client.position));
          compared += 1;
        }
        expect(compared).toBeGreaterThan(50);
      }
    },
  );

  it("remembers what a book was a few seconds ago, and no longer", () => {
    const market = open(5);
    const [change] = changesOf(take(market, 1_000), "book").slice(-1);
    const then = market.book("BTCUSDT");
    take(market, 5_000);
    expect(market.book("BTCUSDT")).not.toEqual(then);
    expect(market.bookAt("BTCUSDT", change?.last ?? 0)).toEqual(then);
    take(market, 60_000);
    expect(market.bookAt("BTCUSDT", change?.last ?? 0)).toBeUndefined();
  });

  it("keeps bids below asks, and quotes the best of both", () => {
    const market = open(9, { tradesPerSecond: 50 });
    for (let event = market.take(); event.atMs < START_MS + 30_000; event = market.take()) {
      const { bids, asks } = market.liveBook(event.instrument) ?? { bids: [], asks: [] };
      expect(bids[0]?.[0]).toBeLessThan(asks[0]?.[0] ?? 0);
      if (event.feed === "quotes") expect([event.bid, event.ask]).toEqual([bids[0], asks[0]]);
    }
  });

  it("begins anew under lower numbers when the venue restarts", () => {
    const market = open(5, {}, "linked");
    const before = changesOf(take(market, 1_000), "book").at(-1);
    market.renumber();
    const [restart, next] = changesOf(take(market, 1_300), "book");
    expect(restart).toMatchObject({ restarts: true, previous: before?.last });
    expect(restart?.last).toBeLessThan(before?.last ?? 0);
    expect(next).toMatchObject({ restarts: false, previous: restart?.last });
  });

  it("speaks at the rates it was given, in the order of time, and not at rate 0", () => {
    const events = listen(1, 100_000, { symbols: ["BTCUSDT"], tradesPerSecond: 20 });
    const instants = events.map(({ atMs }) => atMs);
    expect(instants).toEqual(instants.toSorted((one, other) => one - other));
    expect(changesOf(events, "book")).toHaveLength(1_000);
    expect(changesOf(events, "slow-book")).toHaveLength(100);
    const trades = events.filter(({ feed }) => feed === "trades").length;
    expect(trades).toBeGreaterThan(1_900);
    expect(trades).toBeLessThan(2_100);
    const silent = listen(1, 10_000, { tradesPerSecond: 0, books: false });
    expect(new Set(silent.map(({ feed }) => feed))).toEqual(new Set(["quotes"]));
  });

  it("refuses what can't be a market", () => {
    expect(() => open(1, { symbols: [] })).toThrow(/market\.symbols/);
    expect(() => open(1, { tradesPerSecond: NaN })).toThrow(/tradesPerSecond.*NaN/);
  });
});
