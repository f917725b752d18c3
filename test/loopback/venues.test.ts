/**
 * Every profile at the simulated exchange of its venue over real sockets: forced resets and lost messages,
 * and an account that closes. Waits end with an event, never with a time.
 */
import { describe, expect, it } from "vitest";
import { createSupervisor, type Fact, type Supervisor } from "../../src/index.ts";
import type { FeedItem } from "../../src/supervisor/items.ts";
import { startExchange, type RunningExchange } from "../../src/testing/index.ts";
import { accountOf } from "../simulation/venues/account.ts";
import { BookKeeper } from "../simulation/venues/book-keeper.ts";
import { spokenVenues, type SpokenVenue } from "../simulation/venues/venues.ts";

const ROUNDS = 3;

interface World {
  readonly exchange: RunningExchange;
  readonly feed: Supervisor<unknown>;
  readonly items: FeedItem<unknown>[];
  readonly facts: Fact[];
  readonly books: readonly BookKeeper[];
  /** Asked again after everything that happens. */
  until(holds: () => boolean): Promise<void>;
}

async function start(venue: SpokenVenue): Promise<World> {
  const { instruments, book, trades } = venue;
  const exchange = await startExchange({
    venue: venue.id,
    market: { symbols: instruments, tradesPerSecond: 100, bookTickersPerSecond: 0 },
  });
  const { url } = exchange;
  const profile = venue.profile({ endpoint: url, restEndpoint: url.replace("ws:", "http:") });
  const feed = createSupervisor<unknown>(profile, {
    topics: instruments.flatMap((each) => [book(each), trades(each)]),
    backoff: () => 10,
    recoveryPolicy: { spacingMs: 10 },
    seed: 1,
  });
  const items: FeedItem<unknown>[] = [];
  const facts: Fact[] = [];
  const books = instruments.map((each) => new BookKeeper(venue, each));
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  feed.on("*", (fact) => {
    facts.push(fact);
    wake();
  });
  void (async () => {
    for await (const item of feed.messages({ highWaterMark: 100_000 })) {
      items.push(item);
      for (const each of books) each.accept(item);
      wake();
    }
  })();
  feed.start();
  return {
    exchange,
    feed,
    items,
    facts,
    books,
    until: async (holds) => {
      while (!holds()) await new Promise<void>((resolve) => waiting.add(resolve));
    },
  };
}

/** The books are whole, and everything that was asked for came `times` more. */
async function flows({ books, feed, items, until }: World, times: number): Promise<void> {
  const from = items.length;
  const wanted = feed.topics().map(({ topic }) => topic);
  await until(() => {
    if (!books.every(({ isValid }) => isValid)) return false;
    const came = items.slice(from).flatMap((item) => (item.kind === "message" ? item.topic : []));
    return wanted.every((topic) => came.filter((one) => one === topic).length >= times);
  });
}

/** The two books at positions that the exchange still knows; undefined where it does not. */
function differences({ books, exchange }: World, venue: SpokenVenue): string[] {
  return venue.instruments.flatMap((instrument, index) => {
    const ours = books[index]?.view;
    const theirs = exchange.book(instrument, ours?.position);
    if (theirs === undefined) return [`nothing of ${instrument} at ${ours?.position}`];
    return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [`${instrument} differs`];
  });
}

describe.concurrent("over real sockets with forced resets", () => {
  it.each(spokenVenues)("the account of $id closes", { timeout: 60_000 }, async (venue) => {
    const world = await start(venue);
    const { exchange, feed, facts, items, until } = world;
    const count = (type: string) => facts.filter((fact) => fact.type === type).length;
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await flows(world, 5);
        if (venue.numbers !== "none") {
          const missed = () => count("gap") + count("mismatch");
          const before = missed();
          exchange.inject({ kind: "skip", count: 20 });
          await until(() => missed() > before);
          await flows(world, 5);
        }
        const downs = count("down");
        exchange.inject({ kind: "reset" });
        await until(() => count("down") > downs);
      }
      await flows(world, 5);
      if (venue.numbers === "stream") expect(differences(world, venue)).toEqual([]);

      const { ledger } = exchange;
      if (venue.numbers === "connection") {
        const holes = [...ledger.sessions.values()].flatMap(({ numbered: { runs } }) =>
          runs.slice(1).map(({ first }, index) => [(runs[index]?.last ?? 0) + 1, first - 1]),
        );
        const gaps = facts.flatMap((fact) => (fact.type === "gap" ? [[fact.from, fact.to]] : []));
        // What was lost behind the last frame that got through is visible to nobody.
        expect(holes).toEqual(expect.arrayContaining(gaps));
        expect(gaps.length).toBeGreaterThanOrEqual(ROUNDS);
      } else {
        expect(accountOf(items, venue.profile({}), venue.tellsAgain).faults).toEqual([]);
      }
      expect(ledger.sessions.size).toBeGreaterThan(ROUNDS);
      expect(feed.status().inbound).toMatchObject({ invalid: 0 });
      // What is told again on a new socket may all be known: a market may be quiet for the whole outage.
      if (venue.tellsAgain === undefined) expect(feed.status().inbound.duplicates).toBe(0);
      expect(feed.status().topics).toMatchObject({ confirmed: 4, rejected: 0 });
      expect(ledger.violations).toEqual(new Map());
    } finally {
      await feed.close();
      await exchange.stop();
    }
  });
});
