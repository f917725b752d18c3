import { describe, expect, it } from "vitest";
import type { FeedItem } from "../../../src/supervisor/items.ts";
import {
  kucoin,
  type Fetch,
  type KucoinBookSnapshot,
  type KucoinBookUpdate,
  type KucoinChange,
  type KucoinMessage,
} from "../../../src/venues/index.ts";
import { promisesSettle } from "../start-supervisor.ts";
import { ClientBook } from "../testing/dialects/client-book.ts";
import { holesOf, startExchangeWorld, type ExchangeWorld } from "./exchange-world.ts";

const BOOK = "/market/level2:BTC-USDT";
const TRADES = "/market/match:BTC-USDT";

type World = ExchangeWorld<KucoinMessage>;
type ExchangeOptions = Omit<Parameters<typeof startExchangeWorld>[1], "venue">;

function start(topics: readonly string[], options: ExchangeOptions = {}): World {
  const fetch: Fetch = async (url, init) => {
    await Promise.resolve(); // the first is asked for while the world is still being made
    return world.exchange.fetch(url, init);
  };
  const profile = kucoin({ fetch });
  const world: World = startExchangeWorld(profile, { venue: "kucoin", ...options }, { topics });
  return world;
}

/** Time that also lets HTTP be answered, in steps. */
async function passes(world: World, forMs: number, stepMs = 100): Promise<void> {
  for (let passedMs = 0; passedMs < forMs; passedMs += stepMs) {
    world.clock.advance(stepMs);
    await promisesSettle();
  }
}

/** What a consumer is given, as kinds; what `look` throws ends the reading with `failed`. */
function inBand(world: World, look: (item: FeedItem<KucoinMessage>) => void = () => {}): string[] {
  const kinds: string[] = [];
  const read = async (): Promise<void> => {
    for await (const item of world.feed.messages()) {
      kinds.push(item.kind);
      look(item);
    }
  };
  read().catch((error: unknown) => kinds.push(`failed: ${String(error)}`));
  return kinds;
}

const toLevel = ([price, size]: KucoinChange) => [price, size] as const;

describe("KuCoin's profile at a simulated KuCoin", () => {
  it("gets its token, is welcomed and subscribes, and nobody complains for half an hour", async () => {
    const world = start([BOOK, TRADES, "/market/ticker:ETH-USDT"]);
    await passes(world, 1_800_000, 1_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 3 },
      inbound: { gaps: 0, invalid: 0, duplicates: 0, resets: 0 },
    });
    expect(world.heard("down")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });

  it("stays connected without any topic, by its pings alone", async () => {
    const world = start([]);
    await passes(world, 600_000, 1_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("makes a book whole by a snapshot, and again what was lost: it is the true one at every change", async () => {
    const world = start([BOOK]);
    const mine = new ClientBook();
    let isWhole = false;
    let compared = 0;
    const kinds = inBand(world, (item) => {
      if (item.kind === "invalid") isWhole = false;
      if (item.kind === "snapshot") {
        const { bids, asks } = item.data as KucoinBookSnapshot;
        mine.clear();
        mine.apply(Number(item.position), bids, asks);
        isWhole = true;
      }
      if (item.kind !== "message" || !isWhole) return;
      const { changes, sequenceEnd } = item.data.data as KucoinBookUpdate;
      mine.apply(sequenceEnd, changes.bids.map(toLevel), changes.asks.map(toLevel));
      const truth = world.exchange.book("BTC-USDT", sequenceEnd);
      if (truth === undefined) throw new Error("the true book is not kept for so long");
      expect(mine.view).toEqual(truth);
      compared += 1;
    });
    await passes(world, 5_000);
    world.exchange.inject({ kind: "skip", count: 3 });
    await passes(world, 10_000);
    const holes = holesOf(world.exchange, 1, BOOK);
    expect(holes).toHaveLength(1);
    expect(world.heard("gap")).toMatchObject([{ stream: BOOK, ...holes[0] }]);
    expect(compared).toBeGreaterThan(100);
    expect(kinds.filter((kind) => kind !== "message")).toEqual([
      "invalid",
      "snapshot",
      "valid",
      "gap",
      "invalid",
      "snapshot",
      "valid",
    ]);
  });

  it("finds out that an acknowledged symbol is unknown, by its silence", async () => {
    const world = start([BOOK, "/market/level2:NOPE-USDT"]);
    await passes(world, 200_000, 1_000);
    expect(world.feed.status().topics.confirmed).toBe(2);
    expect(world.heard("alert").map(({ alert }) => alert)).toMatchObject([
      { kind: "topic-stale", topics: ["/market/level2:NOPE-USDT"] },
    ]);
  });

  it("has a channel that does not exist rejected, and all others subscribed", async () => {
    const world = start([BOOK, "/market/nope:BTC-USDT", TRADES]);
    await passes(world, 1_000);
    expect(world.topics()).toEqual({
      [BOOK]: "confirmed",
      "/market/nope:BTC-USDT": "rejected",
      [TRADES]: "confirmed",
    });
  });

  it("comes back after a reset, and after a silence, with a new token, all its topics and a whole book", async () => {
    const world = start([BOOK, TRADES]);
    const kinds = inBand(world);
    await passes(world, 5_000);
    world.exchange.inject({ kind: "reset" });
    await passes(world, 20_000);
    world.exchange.inject({ kind: "silence" });
    await passes(world, 60_000);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "dropped" } },
      { loss: { class: "silent" } },
    ]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    expect(kinds.filter((kind) => kind === "valid")).toHaveLength(3);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it("replays 300 topics after a loss without breaking a rule", async () => {
    const symbols = Array.from({ length: 150 }, (_, index) => `S${index}-USDT`);
    const market = { symbols, tradesPerSecond: 0, bookTickersPerSecond: 0, books: false };
    const topics = symbols.flatMap((symbol) => [
      `/market/level2:${symbol}`,
      `/market/match:${symbol}`,
    ]);
    const world = start(topics, { market });
    for (let round = 0; round < 2; round += 1) {
      await passes(world, 30_000, 500);
      expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 300 } });
      world.exchange.inject({ kind: "reset" });
    }
    await passes(world, 30_000, 500);
    expect(world.feed.status().topics.confirmed).toBe(300);
    expect(world.exchange.ledger.sessions.size).toBe(3);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });
});
