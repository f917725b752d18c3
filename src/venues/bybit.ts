/**
 * Bybit v5, public channels: one endpoint per category, JSON pings whatever else flows, books that count
 * their changes one by one and begin anew with every snapshot.
 *
 * Sources, read 2026-11-22 (venues.md §3.6) and 2026-11-25: [docs] bybit-exchange/docs, `docs/v5/
 * websocket` (2026-07-24), [full] its `full-ob.mdx` (2026-07-16), [probe] a relay of Bybit linear, probed
 * and compared frame by frame with Bybit on 2026-09-23 (arbitrage-observatory), [clients] several
 * clients' code and fixtures, which agree.
 */
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import { BybitRequests, hearCommand, type BybitAnswer } from "./bybit-answers.ts";
import { bybitServices, bybitTopics, splitBybitTopic, type BybitService } from "./bybit-topics.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame } from "./kit/json.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

export type { BybitService } from "./bybit-topics.ts";

/** Price and size; a size of 0 takes the level away. [docs] */
export type BybitLevel = readonly [price: string, size: string];

/** A book or a change of it. `seq` is the engine's: it grows, and skips. [docs] */
export interface BybitBook {
  readonly s: string;
  readonly b: readonly BybitLevel[];
  readonly a: readonly BybitLevel[];
  readonly u: number;
  readonly seq: number;
}

/** `i` identifies a trade and counts nothing. [docs] */
export interface BybitTrade {
  readonly T: number;
  readonly s: string;
  readonly S: "Buy" | "Sell";
  readonly v: string;
  readonly p: string;
  readonly i: string;
  readonly BT: boolean;
}

/** A push, as it comes. Data without a type here is delivered as it is. */
export interface BybitMessage {
  readonly topic: string;
  readonly type: "snapshot" | "delta";
  readonly ts: number;
  readonly cts?: number;
  readonly data: BybitBook | readonly BybitTrade[] | object;
}

export interface BybitOptions {
  /** @defaultValue "spot" */
  readonly service?: BybitService | undefined;
  /** @defaultValue "wss://stream.bybit.com"; test "wss://stream-testnet.bybit.com" */
  readonly endpoint?: string | undefined;
}

const sources: readonly VenueSource[] = [
  { tag: "docs", what: "bybit-exchange/docs v5/websocket (2026-07-24)", readOn: "2026-11-22" },
  { tag: "full", what: "bybit-exchange/docs full-ob.mdx (2026-07-16)", readOn: "2026-11-25" },
  { tag: "probe", what: "relay of Bybit linear, probed 2026-09-23", readOn: "2026-11-22" },
  { tag: "clients", what: "code and fixtures of several clients (2026)", readOn: "2026-11-25" },
];

const PING = { op: "ping" } as const;

const verdict: readonly VerdictRule[] = [
  {
    // Too many connections of an address: "access too frequent", for at least 10 minutes. [docs]
    name: "bybit-too-frequent",
    when: { class: "http-refusal", status: 403 },
    ruling: { action: "slow", floorMs: 600_000, alerts: true },
  },
];

/** The profile of Bybit. Topics are its own, such as `orderbook.50.BTCUSDT`. */
export function bybit(options: BybitOptions = {}): VenueProfile<BybitMessage> {
  const { service = "spot", endpoint = "wss://stream.bybit.com" } = options;
  return defineVenue<BybitMessage>({
    id: "bybit",
    sources,
    service,
    services: bybitServices,
    url: `${endpoint.replace(/\/+$/, "")}/v5/public/${service}`,
    topics: bybitTopics(service),
    limits: {
      pacing: [{ frames: 20, perMs: 1_000 }], // none is published: a civil pace
      subscriptionPacing: [{ frames: 10, perMs: 1_000 }], // 18 at once were taken [probe]
      topicsPerConnection: service === "option" ? 2_000 : Infinity, // [docs]
      topicsPerFrame: service === "spot" ? 10 : 100, // 10 for spot, no limit for others [docs]
      charsPerConnection: 21_000, // [docs]
      connects: [{ attempts: 500, perMs: 300_000 }], // per domain [docs]
      firstSubscribeWithinMs: 60_000, // [probe]
    },
    // Every 20 s, even where data flows. [docs]
    keepalive: { mode: "client-message", everyMs: 20_000, frame: () => PING },
    // The pong to each is a byte at least every 20 s: a healthy connection needs no probe beyond them.
    heartbeat: { intervalMs: 25_000, timeoutMs: 5_000, probe: () => PING },
    verdict,
    recovery: (stream) => (bookOf(stream) === "counted" ? "resubscribe" : "none"),
    freshness: (topic) => freshness(topic, service),
    open: converse,
  });
}

/**
 * - `whole`: all of it each time.
 * - `counted`: a snapshot, then changes, which count one by one.
 * - `grown`: the same with numbers that only grow, as far as is documented.
 * - `unbased`: changes alone, for a snapshot over HTTP that is joined by two numbers at once, which is
 *   not done here.
 */
type BookKind = "whole" | "counted" | "grown" | "unbased";

const SPECIAL_BOOKS = new Map<string, BookKind>([
  ["1", "whole"],
  ["rpi", "grown"],
  ["full", "unbased"],
]);

function bookOf(topic: string): BookKind | undefined {
  const parts = splitBybitTopic(topic);
  if (parts?.channel !== "orderbook") return undefined;
  return SPECIAL_BOOKS.get(parts.option) ?? "counted";
}

/**
 * Level 1 says itself again after 3 s without a change, except for options and spreads [docs]. Books begin with
 * a snapshot at once. Trades and liquidations come when they happen.
 */
function freshness(topic: string, service: BybitService) {
  const book = bookOf(topic);
  const repeats = book === "whole" && service !== "option" && service !== "spread";
  if (repeats) return { firstMs: 10_000, silenceMs: 30_000 };
  if (book !== undefined) return { firstMs: 10_000, silenceMs: null };
  return /^(publicTrade|allLiquidation)\./.test(topic)
    ? null
    : { firstMs: 60_000, silenceMs: null };
}

function converse(): Conversation<BybitMessage> {
  const requests = new BybitRequests();
  return {
    subscribe: (topics, id) => requests.subscribe(topics, id),
    unsubscribe: (topics, id) => requests.unsubscribe(topics, id),
    decode,
    control: (message) => control(message, requests),
    topicOf: ({ topic }) => topic,
    isSnapshot: ({ topic, type }) => type === "snapshot" && bookOf(topic) !== undefined,
    sequence,
  };
}

function decode(data: Buffer): BybitMessage {
  const message = parseFrame(data);
  const isOurs =
    isRecord(message) &&
    (isPush(message) || typeof message["op"] === "string" || message["type"] === "COMMAND_RESP");
  if (!isOurs) throw new Error("neither a push nor an answer");
  return message as unknown as BybitMessage;
}

function isPush({ topic, data }: Readonly<Record<string, unknown>>): boolean {
  return typeof topic === "string" && typeof data === "object" && data !== null;
}

/** Pongs: `op` is `ping` again with `ret_msg` "pong", or for options and spreads `pong`. [docs] */
function control(message: BybitMessage, requests: BybitRequests): VenueWord | undefined {
  if (message.topic !== undefined) return undefined;
  const other = message as BybitAnswer & { readonly type?: string };
  if (other.type === "COMMAND_RESP") return hearCommand({ ...other, type: other.type });
  if (other.op === "subscribe" || other.op === "unsubscribe") return requests.hear(other);
  if (other.op === "ping" || other.op === "pong") return { kind: "alive" };
  return { kind: "answer", answer: { unmatched: true } };
}

/** One by one; a change before its snapshot, or after a missed one, is a gap. [docs, full, probe] */
const COUNTS = sequenceRules.contiguous();
/** After a restart of the service, or a new tick size, `u` is 1 again. [full] */
const COUNTS_ANEW = sequenceRules.contiguous({ lower: "reset" });
/** Whole each time: the same `u` is the same book, a lower one another numbering. [docs] */
const GROWS = sequenceRules.monotonic({ equal: "alive", lower: "reset" });

/** `u` of books. Trades are not numbered: their `seq` repeats and skips. [docs] */
function sequence({ topic: stream, type, data }: BybitMessage): SequencePoint | undefined {
  const book = bookOf(stream);
  if (book === undefined) return undefined;
  const { u } = data as BybitBook;
  const point = { stream, first: u, last: u, scope: "stream" } as const;
  if (book === "unbased") return { ...point, rule: COUNTS_ANEW };
  if (book === "whole") return { ...point, rule: GROWS };
  // A snapshot in mid-stream, and `u` = 1 most of all, is the venue's own restart. [docs]
  const restarts = type === "snapshot" || u === 1;
  if (restarts) return { ...point, restarts };
  return { ...point, rule: book === "counted" ? COUNTS : GROWS };
}
