/**
 * How every profile behaves at the simulated exchange of its venue: it breaks none of the venue's rules,
 * hears its refusals and its notices, and finds what falls silent.
 */
import { describe, expect, it } from "vitest";
import { simulatedVenues } from "../../../src/testing/index.ts";
import { startFeed } from "./feed-world.ts";
import { spokenVenues } from "./venues.ts";

it("knows every venue that the exchange speaks", () => {
  expect(new Set(spokenVenues.map(({ id }) => id))).toEqual(new Set(simulatedVenues));
});

const quiet = { tradesPerSecond: 0, bookTickersPerSecond: 0, books: false } as const;

describe("as many topics as a connection may hold, at most 500,", () => {
  it.each(spokenVenues)("are replayed at $id without breaking a rule", async (venue) => {
    const most = venue.profile({}).limits.topicsPerConnection;
    const count = Math.min(500, most);
    const symbols = Array.from({ length: count }, (_, index) => venue.symbol(index));
    const world = startFeed(venue, {
      topics: symbols.map(venue.light),
      exchange: { market: { ...quiet, symbols } },
      options: { freshness: null }, // all of them are silent
    });
    const { exchange, feed } = world;
    for (let round = 0; round < 3; round += 1) {
      await world.passes(40_000, 200);
      expect(feed.status()).toMatchObject({ isReady: true, topics: { confirmed: count } });
      exchange.inject({ kind: "reset" });
      await world.passes(10); // the next socket is under way, or waits
    }
    await world.passes(40_000, 200);
    expect(feed.status()).toMatchObject({ isReady: true, topics: { confirmed: count } });
    expect(exchange.ledger.sessions.size).toBe(4);
    expect(exchange.ledger.violations).toEqual(new Map());
    if (most > 500) return;
    expect(() => feed.subscribe(venue.light(venue.symbol(count)))).toThrow(
      `at most ${most} topics on a connection`,
    );
  });
});

describe("a quiet connection", () => {
  it.each(spokenVenues)("to $id lives for two hours, whatever that takes", async (venue) => {
    const [first] = venue.instruments;
    const world = startFeed(venue, {
      topics: [venue.trades(first)],
      exchange: { market: { ...quiet, symbols: [first] } },
      options: { freshness: null },
    });
    await world.passes(2_000); // a token and a welcome, where they are needed
    await world.passes(7_200_000, 5_000);
    expect(world.heard("down")).toEqual([]);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
    expect(world.exchange.ledger.sessions.size).toBe(1);
    expect(world.exchange.ledger.violations).toEqual(new Map());
  });

  it.each(spokenVenues)("to $id that dies is noticed and replaced", async (venue) => {
    const [first] = venue.instruments;
    const world = startFeed(venue, {
      topics: [venue.trades(first)],
      exchange: { market: { ...quiet, symbols: [first] } },
    });
    await world.passes(5_000);
    world.exchange.inject({ kind: "silence" });
    const { intervalMs, timeoutMs } = venue.profile({}).heartbeat;
    await world.passes(intervalMs + timeoutMs + 1);
    expect(world.heard("down")).toMatchObject([{ loss: { class: "silent" } }]);
    await world.passes(30_000);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 1 } });
  });
});

describe("a topic that the venue does not have", () => {
  it.each(spokenVenues)("does not take the others down at $id", async (venue) => {
    const [first, second] = venue.instruments;
    const [unknown, end] = venue.unknown;
    const others = [venue.book(first), venue.trades(first), venue.book(second)];
    const [one = "", ...rest] = others;
    const world = startFeed(venue, {
      topics: [one, unknown, ...rest],
      exchange: { market: { symbols: [first, second], bookTickersPerSecond: 0 } },
    });
    await world.passes(400_000);
    const states = world.topics();
    for (const topic of others) expect([topic, states[topic]]).toEqual([topic, "confirmed"]);
    const alerts = world.heard("alert").map(({ alert }) => alert);
    const naming = { topics: [unknown] };
    switch (end) {
      case "rejected":
        expect(states[unknown]).toBe("rejected");
        expect(world.heard("topic.rejected")).toMatchObject([{ topic: unknown }]);
        expect(alerts).toMatchObject([{ kind: "topic-rejected", ...naming }]);
        break;
      case "refused": {
        // The code says "subscription failed", not for how long: asked again after 30, 60 and 100 s.
        expect(states[unknown]).toBe("refused");
        const refusals = world.heard("topic.refused").map(({ retryInMs }) => retryInMs);
        expect(refusals.slice(0, 4)).toEqual([30_000, 60_000, 100_000, 100_000]);
        expect(alerts).toMatchObject([{ kind: "topic-refused", ...naming }]);
        break;
      }
      case "unanswered":
        // Nothing tells "never" from "not now": asked again for as long as it is wanted, slowly.
        expect(alerts.at(-1)).toMatchObject({
          kind: "subscriptions-timed-out",
          ...naming,
          retryInMs: 100_000,
        });
        break;
      case "quarantined":
        expect(states[unknown]).toBe("quarantined");
        break;
      case "stale": {
        // Confirmed and never heard of: asked again after 60 s of silence, then ever more slowly.
        const stale = world.heard("topic.stale");
        expect(new Set(stale.map(({ topic }) => topic))).toEqual(new Set([unknown]));
        expect(stale.map(({ silentMs }) => silentMs)).toEqual([60_000, expect.any(Number)]);
        expect(alerts).toMatchObject([{ kind: "topic-stale", ...naming }]);
        break;
      }
    }
    expect(world.exchange.ledger.violations).toEqual(new Map());
    if (end !== "quarantined") expect(world.exchange.ledger.sessions.size).toBe(1);
  });
});

describe("a subscription that the venue lost", () => {
  it.each(spokenVenues.filter(({ id }) => ["okx", "bitfinex"].includes(id)))(
    "is found by its silence, and asked for anew, at $id",
    async (venue) => {
      const world = startFeed(venue);
      const topic = venue.book(venue.instruments[0]);
      await world.passes(5_000);
      world.exchange.inject({ kind: "mute", topic });
      await world.passes(120_000);
      expect(world.heard("topic.stale")).toMatchObject([{ topic, action: "resubscribe" }]);
      expect(world.heard("topic.fresh")).toMatchObject([{ topic }]);
      expect(world.exchange.ledger.sessions.size).toBe(1);
      const { ours, theirs } = await world.compareBooks();
      expect(ours).toEqual(theirs);
    },
  );
});

describe("the announcement that the server goes away", () => {
  it.each(spokenVenues.filter(({ leavesWithinMs }) => leavesWithinMs !== undefined))(
    "leads to a new connection before it does: $id",
    async (venue) => {
      const { leavesWithinMs = 0 } = venue;
      const world = startFeed(venue);
      await world.passes(30_000);
      const saidAtMs = world.clock.nowMs();
      world.exchange.inject({ kind: "shutdown-notice" });
      await world.passes(leavesWithinMs + 1_000);
      const [old, fresh] = [...world.exchange.ledger.sessions.values()];
      expect(world.heard("notice")).toMatchObject([
        { action: "replace", withinMs: leavesWithinMs },
      ]);
      expect(world.exchange.ledger.sessions.size).toBe(2);
      expect((old?.endedAtMs ?? Infinity) - saidAtMs).toBeLessThanOrEqual(leavesWithinMs);
      expect((fresh?.acceptedAtMs ?? Infinity) - saidAtMs).toBeLessThanOrEqual(leavesWithinMs + 10);
      await world.passes(20_000);
      expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 4 } });
      const { ours, theirs } = await world.compareBooks();
      expect(ours).toEqual(theirs);
      expect(world.exchange.ledger.violations).toEqual(new Map());
    },
  );
});

describe("Bitfinex's maintenance", () => {
  it("is no silence, and everything is subscribed anew after it", async () => {
    const venue = spokenVenues.find(({ id }) => id === "bitfinex");
    if (venue === undefined) throw new Error("no Bitfinex");
    const world = startFeed(venue);
    await world.passes(10_000);
    world.exchange.inject({ kind: "pause", durationMs: 119_000 });
    await world.passes(118_000);
    expect(world.heard("topic.stale")).toEqual([]);
    const snapshots = () =>
      world.items.filter((item) => item.kind === "message" && item.isSnapshot).length;
    const before = snapshots();
    await world.passes(20_000);
    expect(world.heard("notice")).toMatchObject([{ action: "pause" }, { action: "resume" }]);
    expect(snapshots()).toBe(before + 4);
    expect(world.feed.status()).toMatchObject({
      topics: { confirmed: 4 },
      inbound: { gaps: 0 },
    });
    // What came between the end and the new subscriptions may be off, and is made good by them.
    expect([...world.books.values()].map(({ isValid }) => isValid)).toEqual([true, true]);
    expect(world.exchange.ledger.sessions.size).toBe(1);
    const { ours, theirs } = await world.compareBooks();
    expect(ours).toEqual(theirs);
  });
});

describe("a connection that the venue cuts at its age", () => {
  it.each(spokenVenues.filter(({ id }) => id.startsWith("binance")))(
    "is replaced before: $id",
    (venue) => {
      const [first] = venue.instruments;
      const world = startFeed(venue, {
        topics: [venue.trades(first)],
        exchange: { market: { ...quiet, symbols: [first] } },
        options: { freshness: null },
      });
      world.clock.advance(86_400_000);
      const [old] = [...world.exchange.ledger.sessions.values()];
      expect(world.exchange.ledger.sessions.size).toBe(2);
      const ageMs = (old?.endedAtMs ?? Infinity) - (old?.acceptedAtMs ?? 0);
      expect(ageMs).toBeLessThan(0.985 * 86_400_000);
      expect(ageMs).toBeGreaterThan(0.895 * 86_400_000);
      expect(world.exchange.ledger.violations).toEqual(new Map());
    },
  );
});
