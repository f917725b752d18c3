/**
 * Every profile against the dialect of its venue: what the exchange loses, repeats or numbers anew is
 * said with its exact range, and made whole by the venue's own way while all others live on.
 */
import { describe, expect, it } from "vitest";
import { accountOf } from "./account.ts";
import { startFeed, type FeedWorld } from "./feed-world.ts";
import { spokenVenues, type SpokenVenue } from "./venues.ts";

const byNumbers = (...kinds: readonly SpokenVenue["numbers"][]) =>
  spokenVenues.filter(({ numbers }) => kinds.includes(numbers));

/** Hyperliquid's books are whole each time, at moments of its own. */
const bookVenues = spokenVenues.filter(({ id }) => id !== "hyperliquid");

const WARM_UP_MS = 5_000;
const RECOVERY_MS = 15_000;

/** The facts that say something is wrong, or right again. */
const troubles = (world: FeedWorld): string[] =>
  (["gap", "reset", "mismatch", "invalid", "valid", "down"] as const)
    .flatMap((type) => world.heard(type))
    .map((fact) => ("stream" in fact ? `${fact.type} ${fact.stream}` : fact.type));

async function expectWholeBooks(world: FeedWorld): Promise<void> {
  expect([...world.books.values()].map(({ isValid }) => isValid)).toEqual([true, true]);
  const { ours, theirs } = await world.compareBooks();
  expect(ours).toEqual(theirs);
}

/** Only the first book, so that a fault strikes just that: nothing else is numbered, or comes. */
function startBook(venue: SpokenVenue, seed = 1): FeedWorld {
  const market = { symbols: [...venue.instruments], bookTickersPerSecond: 0, tradesPerSecond: 0 };
  const topics = [venue.book(venue.instruments[0])];
  return startFeed(venue, { topics, exchange: { market, seed } });
}

interface Told {
  readonly atMs: number;
  readonly end: number;
}

/** Where the messages of a stream end, in a life without a fault. */
async function toldWithoutFault(venue: SpokenVenue, stream: string): Promise<Told[]> {
  const twin = startBook(venue);
  await twin.passes(WARM_UP_MS + RECOVERY_MS);
  return twin.items.flatMap((item) =>
    item.kind === "message" && item.stream === stream
      ? [{ atMs: item.receivedAtMs, end: Number(item.position) }]
      : [],
  );
}

describe("a feed without a fault", () => {
  it.each(bookVenues)("of $id is whole from its beginning on", async (venue) => {
    const world = startFeed(venue);
    await world.passes(60_000);
    expect(world.feed.status()).toMatchObject({
      isReady: true,
      topics: { confirmed: 4, rejected: 0 },
      inbound: { gaps: 0, duplicates: 0, resets: 0, invalid: 0, mismatches: 0 },
    });
    await expectWholeBooks(world);
    expect(world.heard("alert")).toEqual([]);
    expect(world.exchange.ledger.violations.size).toBe(0);
    expect(world.exchange.ledger.sessions.size).toBe(1);
  });
});

describe("lost changes of a book", () => {
  it.each(byNumbers("stream"))("are said with their exact range: $id", async (venue) => {
    const world = startBook(venue);
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "skip", count: 3 });
    await world.passes(RECOVERY_MS);

    const [instrument] = venue.instruments;
    const stream = venue.book(instrument);
    const told = await toldWithoutFault(venue, stream);
    const gaps = world.heard("gap");
    expect(gaps).toHaveLength(1);
    const { from, to } = gaps[0] ?? { from: 0, to: 0 };
    const lost = told.filter(({ end }) => end >= Number(from) && end <= Number(to));
    // Each change of the book at an instant of its own, some venues in several frames.
    expect(new Set(lost.map(({ atMs }) => atMs)).size).toBe(3);
    expect(lost.at(-1)?.end).toBe(to);
    expect(told.map(({ end }) => end)).toContain(Number(from) - 1);
  });

  it.each(byNumbers("connection"))("are numbers of the connection: $id", async (venue) => {
    const world = startBook(venue);
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "skip", count: 3 });
    await world.passes(1_000);
    const runs = world.exchange.ledger.sessions.get(1)?.numbered.runs ?? [];
    expect(runs).toHaveLength(2);
    expect(world.heard("gap")).toMatchObject([
      { stream: "connection", from: (runs[0]?.last ?? 0) + 1, to: (runs[1]?.first ?? 0) - 1 },
    ]);
  });

  it.each(byNumbers("checksum"))("show in the checksum: $id", async (venue) => {
    const world = startBook(venue);
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "skip", count: 3 });
    await world.passes(RECOVERY_MS);
    expect(world.heard("mismatch")).toMatchObject([{ stream: venue.book(venue.instruments[0]) }]);
  });

  it.each(byNumbers("stream", "connection", "checksum"))(
    "are made good by a $way: $id",
    async (venue) => {
      const world = startFeed(venue);
      const [first] = venue.instruments;
      await world.passes(WARM_UP_MS);
      const told = troubles(world).length;
      world.exchange.inject({ kind: "skip", count: 2 });
      await world.passes(RECOVERY_MS);
      await expectWholeBooks(world);

      const invalid = world.heard("invalid").filter(({ cause }) => cause !== "start");
      const struck = invalid.map(({ stream }) => stream);
      const valid = world.heard("valid").map(({ stream }) => stream);
      expect(valid).toEqual(expect.arrayContaining(struck));
      expect(troubles(world).length).toBeGreaterThan(told);
      const sessions = world.exchange.ledger.sessions.size;
      if (venue.way === "reconnect") {
        expect(struck).toEqual(["connection"]);
        expect(sessions).toBe(2);
      } else {
        expect(sessions).toBe(1);
        expect(struck).not.toContain(venue.trades(first)); // trades are not obtained again
      }
      expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 4 } });
      expect(world.exchange.ledger.violations.size).toBe(0);
    },
  );

  it.each(spokenVenues.filter(({ way }) => way === "snapshot" || way === "resubscribe"))(
    "leave all other streams alone: $id",
    async (venue) => {
      const [first, second] = venue.instruments;
      const market = { symbols: [first, second], bookTickersPerSecond: 0, tradesPerSecond: 0 };
      const topics = [venue.book(first), venue.book(second)];
      const world = startFeed(venue, { topics, exchange: { market } });
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "skip", count: 1 });
      await world.passes(RECOVERY_MS);
      const broken = world.heard("invalid").filter(({ cause }) => cause !== "start");
      expect(broken).toHaveLength(1);
      const other = broken[0]?.stream === topics[0] ? topics[1] : topics[0];
      const since = broken[0]?.atMs ?? 0;
      expect(troubles(world).filter((text) => text.endsWith(other ?? ""))).toHaveLength(
        venue.way === "snapshot" ? 2 : 0, // `invalid` and `valid` of its start
      );
      const heard = world.items.filter(
        (item) => item.kind === "message" && item.topic === other && item.receivedAtMs > since,
      );
      expect(heard.length).toBeGreaterThan(RECOVERY_MS / 100 - 5); // one every 100 ms, without a pause
      await expectWholeBooks(world);
    },
  );
});

/** A change of the book is a frame for each level at these, so that a repeat is a run of lower numbers. */
const framesByLevel = new Set(["bitfinex", "kraken-futures"]);

describe("a repeat", () => {
  const numbered = byNumbers("stream", "connection");

  it.each(numbered.filter(({ id }) => !framesByLevel.has(id)))(
    "is not delivered: $id",
    async (venue) => {
      const world = startFeed(venue);
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "repeat", count: 5 });
      await world.passes(RECOVERY_MS);
      const { inbound } = world.feed.status();
      expect(inbound).toMatchObject({ gaps: 0, resets: 0, mismatches: 0 });
      expect(inbound.duplicates).toBeGreaterThanOrEqual(5);
      await expectWholeBooks(world);
      expect(world.exchange.ledger.sessions.size).toBe(1);
    },
  );

  // Two lower numbers in a row are a new numbering, as far as anyone can tell: better a reset too many than
  // a new numbering that is dropped.
  it.each(numbered.filter(({ id }) => framesByLevel.has(id)))(
    "of several frames is a reset, and made whole: $id",
    async (venue) => {
      const world = startFeed(venue);
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "repeat", count: 5 });
      await world.passes(RECOVERY_MS);
      const { inbound } = world.feed.status();
      expect(inbound).toMatchObject({ gaps: 0, mismatches: 0, invalid: 0 });
      expect(inbound.resets).toBeGreaterThan(0);
      expect(inbound.resets).toBeLessThanOrEqual(5);
      const resets = world.heard("reset").map(({ stream }) => stream);
      const valid = world.heard("valid").map(({ stream }) => stream);
      expect(new Set(valid)).toEqual(new Set(resets));
      expect(world.heard("alert")).toEqual([]);
      await expectWholeBooks(world);
    },
  );
});

describe("a numbering that starts over", () => {
  it.each(spokenVenues.filter(({ id }) => ["okx", "deribit", "bybit"].includes(id)))(
    "is a reset, and no gap: $id",
    async (venue) => {
      const world = startFeed(venue);
      await world.passes(WARM_UP_MS);
      world.exchange.inject({ kind: "renumber" });
      await world.passes(RECOVERY_MS);
      expect(world.feed.status().inbound).toMatchObject({ resets: 2, gaps: 0, duplicates: 0 });
      await expectWholeBooks(world);
      expect(world.exchange.ledger.sessions.size).toBe(1);
    },
  );

  it("is one for OKX's best prices too, whose numbers are the book's", async () => {
    const okx = spokenVenues.find(({ id }) => id === "okx");
    if (okx === undefined) throw new Error("no OKX");
    const market = { symbols: [...okx.instruments], tradesPerSecond: 0 };
    const world = startFeed(okx, { topics: ["bbo-tbt:BTC-USDT"], exchange: { market } });
    await world.passes(WARM_UP_MS);
    world.exchange.inject({ kind: "renumber" });
    await world.passes(RECOVERY_MS);
    const { resets, duplicates, delivered } = world.feed.status().inbound;
    expect([resets, duplicates]).toEqual([1, 0]);
    expect(delivered).toBeGreaterThan(60);
  });
});

describe("forced resets", () => {
  it.each(byNumbers("stream", "checksum"))("close the account of $id", async (venue) => {
    const world = startFeed(venue, { options: { backoff: () => 500 } });
    for (let round = 0; round < 8; round += 1) {
      await world.passes(4_000 + round * 333);
      world.exchange.inject({ kind: round % 4 === 3 ? "fin" : "reset" });
    }
    await world.passes(30_000);
    const profile = venue.profile({});
    const { faults, streams } = accountOf(world.items, profile, venue.tellsAgain);
    expect(faults).toEqual([]);
    expect(world.exchange.ledger.sessions.size).toBe(9);
    expect(streams.size).toBeGreaterThanOrEqual(2);
    for (const { delivered } of streams.values()) expect(delivered).toBeGreaterThan(100);
    await expectWholeBooks(world);
    expect(world.exchange.ledger.violations.size).toBe(0);
  });

  it.each(byNumbers("connection"))("close the account of $id, socket by socket", async (venue) => {
    const world = startFeed(venue, { options: { backoff: () => 500 } });
    for (let round = 0; round < 8; round += 1) {
      await world.passes(4_000 + round * 333);
      world.exchange.inject({ kind: "skip" });
      await world.passes(500);
      world.exchange.inject({ kind: "reset" });
    }
    // Numbers that are missing on each connection are an alert at the sixth, and the last must then prove to
    // be whole for three minutes.
    await world.passes(200_000);
    const { sessions, violations } = world.exchange.ledger;
    const holes = [...sessions.values()].flatMap(({ numbered: { runs } }) =>
      runs.slice(1).map(({ first }, index) => [(runs[index]?.last ?? 0) + 1, first - 1]),
    );
    expect(holes.length).toBeGreaterThanOrEqual(8);
    expect(world.heard("gap").map(({ from, to }) => [from, to])).toEqual(holes);
    // A sum may show the loss too, in the wait before the next connection.
    expect(world.feed.status().inbound).toMatchObject({ duplicates: 0, stale: 0 });
    expect(world.heard("alert")).toMatchObject([
      { alert: { kind: "recovery-failed", stream: "connection" } },
    ]);
    await expectWholeBooks(world);
    expect(violations.size).toBe(0);
  });
});
