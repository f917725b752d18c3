/**
 * Kraken spot v2, public channels: books that only a checksum proves whole, one answer for each symbol,
 * a heartbeat by itself, and a ban for who dials too often.
 *
 * Sources, read 2026-11-22 (venues.md §3.4) and 2026-11-25: [docs] docs.kraken.com, spot WebSocket v2
 * reference and guides (2026), [intro] "Spot Websockets Introduction" (condensed copy), [wire] a wire
 * reference captured 2026-09-24, [fixture] nautilus_trader's fixtures, [clients] a client's comment on
 * refusals (2026).
 */
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import { defineVenue } from "./define-venue.ts";
import { KrakenTalk } from "./kraken-talk.ts";
import { krakenGroup, krakenTopics, splitKrakenTopic } from "./kraken-topics.ts";
import type { VenueProfile, VenueSource } from "./venue.ts";

/** A quantity of 0 takes the level away. [docs] */
export interface KrakenLevel {
  readonly price: number;
  readonly qty: number;
}

/** A book or a change of it; `checksum` is of the book that results. [docs] */
export interface KrakenBookRow {
  readonly symbol: string;
  readonly bids: readonly KrakenLevel[];
  readonly asks: readonly KrakenLevel[];
  readonly checksum: number;
  readonly timestamp?: string;
}

/** `trade_id` counts the trades of a book. [docs] */
export interface KrakenTrade {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly price: number;
  readonly qty: number;
  readonly ord_type: "limit" | "market";
  readonly trade_id: number;
  readonly timestamp: string;
}

/** A push, as it comes. Rows without a type here are delivered as they are. */
export interface KrakenMessage {
  readonly channel: string;
  readonly type: "snapshot" | "update";
  readonly data: readonly (KrakenBookRow | KrakenTrade | object)[];
}

export interface KrakenOptions {
  /** @defaultValue "wss://ws.kraken.com" */
  readonly endpoint?: string | undefined;
  /** Holds each book against its checksums. @defaultValue true */
  readonly checksums?: boolean | undefined;
}

const sources: readonly VenueSource[] = [
  { tag: "docs", what: "docs.kraken.com spot WebSocket v2 (2026)", readOn: "2026-11-25" },
  { tag: "intro", what: "Spot Websockets Introduction, condensed copy", readOn: "2026-11-22" },
  { tag: "wire", what: "wire reference captured 2026-09-24", readOn: "2026-11-22" },
  { tag: "fixture", what: "nautilus_trader fixtures (2026)", readOn: "2026-11-22" },
  { tag: "clients", what: "a client's comment on refusals (2026)", readOn: "2026-11-25" },
];

const PING = { method: "ping" } as const;

const verdict: readonly VerdictRule[] = [
  {
    // Too many connects are banned for 10 minutes by Cloudflare [intro], which refuses with a status.
    name: "kraken-banned",
    when: { class: "http-refusal", status: [403, 429] },
    ruling: { action: "slow", floorMs: 600_000, alerts: true },
  },
  {
    // In maintenance and outages at most one attempt in 5 s. [intro]
    name: "kraken-outage",
    when: { class: "http-refusal", status: [500, 502, 503, 504, 520, 521, 522, 523, 524] },
    ruling: { action: "slow", floorMs: 5_000 },
  },
];

/** The profile of Kraken spot. Topics are `channel:symbol`, such as `book:BTC/USD` or `trade:BTC/USD`. */
export function kraken(options: KrakenOptions = {}): VenueProfile<KrakenMessage> {
  const { endpoint = "wss://ws.kraken.com", checksums = true } = options;
  return defineVenue<KrakenMessage>({
    id: "kraken",
    sources,
    url: `${endpoint.replace(/\/+$/, "")}/v2`,
    topics: krakenTopics,
    limits: {
      pacing: [{ frames: 20, perMs: 1_000 }], // none is published: a civil pace
      subscriptionPacing: [{ frames: 5, perMs: 1_000 }],
      groupOf: krakenGroup, // one channel, depth and interval in a request [docs]
      connects: [{ attempts: 150, perMs: 600_000 }], // per address [intro]
    },
    // A full bucket and what is refilled meanwhile stay below 150 in any 10 minutes.
    retryBudget: { attempts: 70, perMs: 600_000 },
    // Once a second where nothing else comes, as soon as anything is subscribed [docs]. Before that the
    // probe keeps the connection, which would be closed after a minute [intro].
    keepalive: { mode: "server-message" },
    heartbeat: { intervalMs: 10_000, timeoutMs: 5_000, probe: () => PING },
    verdict,
    recovery: (stream) => (splitKrakenTopic(stream).channel === "book" ? "resubscribe" : "none"),
    // All but trades begin with a snapshot [docs]; none says anything where nothing happens.
    freshness: (topic) =>
      splitKrakenTopic(topic).channel === "trade" ? null : { firstMs: 10_000, silenceMs: null },
    open: () => new KrakenTalk(checksums),
  });
}
