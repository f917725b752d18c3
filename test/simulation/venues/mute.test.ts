/** Connections that live and bring nothing: pings, answers and heartbeats go on, data does not. */
import { describe, expect, it } from "vitest";
import { startFeed } from "./feed-world.ts";
import { spokenVenues, type SpokenVenue } from "./venues.ts";

const MINUTE_MS = 60_000;

/** Book and trades of one instrument. */
function startOne(venue: SpokenVenue) {
  const [first] = venue.instruments;
  return startFeed(venue, {
    topics: [venue.book(first), venue.trades(first)],
    exchange: { market: { symbols: [first], tradesPerSecond: 5, bookTickersPerSecond: 0 } },
  });
}

describe("a connection that falls mute", () => {
  it.each(spokenVenues)("is replaced within three minutes: $id", async (venue) => {
    const world = startOne(venue);
    await world.passes(MINUTE_MS, 200);
    world.exchange.inject({ kind: "mute", all: true, until: "socket" });
    await world.passes(5);
    const messages = () => world.items.filter(({ kind }) => kind === "message").length;
    const before = messages();
    await world.passes(3 * MINUTE_MS, 200);
    expect(world.exchange.ledger.sessions.size).toBe(2);
    expect(world.heard("alert").length).toBeGreaterThan(0);
    expect(messages()).toBeGreaterThan(before);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
    expect(world.exchange.ledger.violations).toEqual(new Map());
  });

  it.each(spokenVenues)("is healed by asking again, where that helps: $id", async (venue) => {
    const world = startOne(venue);
    await world.passes(MINUTE_MS, 200);
    world.exchange.inject({ kind: "mute", all: true });
    await world.passes(2 * MINUTE_MS, 200);
    const recent = world.items.filter(
      (item) => item.kind === "message" && item.receivedAtMs > world.clock.nowMs() - 5_000,
    );
    expect(recent.length).toBeGreaterThan(5);
    expect(world.feed.status()).toMatchObject({ isReady: true, topics: { confirmed: 2 } });
  });
});
