/**
 * Kraken Futures (`/ws/v1`), public feeds: one answer per product and no ids, books and trades counted by
 * product, and pings that the client must send.
 *
 * Sources, read 2026-11-22 (venues.md §3.4) and 2026-11-25: [docs] docs.kraken.com futures websocket
 * "book", "trade", "heartbeat", [ping] support.kraken.com "WebSockets subscriptions", [limits] limits as
 * arbitrage-observatory read them (2026-07-26), [rec] recorded traffic of 2021-07-22.
 */
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame, textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { channelGrammar, splitTopic } from "./kit/topic-grammar.ts";
import { TopicNames } from "./kit/topic-names.ts";
import { krakenFuturesRefusals } from "./refusal-tables.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

export interface KrakenFuturesLevel {
  readonly price: number;
  readonly qty: number;
}

/** The whole book, with which the feed `book` begins. [docs, rec] */
export interface KrakenFuturesBookSnapshot {
  readonly feed: "book_snapshot";
  readonly product_id: string;
  readonly timestamp: number;
  readonly seq: number;
  readonly bids: readonly KrakenFuturesLevel[];
  readonly asks: readonly KrakenFuturesLevel[];
}

/** One level of the book; a quantity of 0 deletes it. [docs, rec] */
export interface KrakenFuturesBookChange extends KrakenFuturesLevel {
  readonly feed: "book";
  readonly product_id: string;
  readonly side: "buy" | "sell";
  readonly seq: number;
  readonly timestamp: number;
}

/** `side` is the taker's. [docs, rec] */
export interface KrakenFuturesTrade {
  readonly feed: "trade";
  readonly product_id: string;
  readonly uid: string;
  readonly side: "buy" | "sell";
  readonly type: "fill" | "liquidation" | "termination" | "block";
  readonly seq: number;
  readonly time: number;
  readonly qty: number;
  readonly price: number;
}

/**
 * The last trades, the newest first, with which the feed `trade` begins [docs, rec]. On a new socket it
 * brings what was missed, and may repeat what was not: dedupe by `seq`.
 */
export interface KrakenFuturesTradeSnapshot {
  readonly feed: "trade_snapshot";
  readonly product_id: string;
  readonly trades: readonly KrakenFuturesTrade[];
}

export interface KrakenFuturesTicker {
  readonly feed: "ticker" | "ticker_lite";
  readonly product_id: string;
  readonly bid: number;
  readonly ask: number;
}

/** A message, as it comes. */
export type KrakenFuturesMessage =
  | KrakenFuturesBookSnapshot
  | KrakenFuturesBookChange
  | KrakenFuturesTradeSnapshot
  | KrakenFuturesTrade
  | KrakenFuturesTicker;

export interface KrakenFuturesOptions {
  /** Scheme, host and port. @defaultValue "wss://futures.kraken.com" */
  readonly endpoint?: string | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "docs.kraken.com futures websocket: book, trade, heartbeat",
    readOn: "2026-11-25",
  },
  { tag: "ping", what: "support.kraken.com WebSockets subscriptions", readOn: "2026-11-25" },
  { tag: "limits", what: "arbitrage-observatory, Kraken (2026-07-26)", readOn: "2026-11-22" },
  { tag: "rec", what: "recorded traffic of 2021-07-22 (cryptofeed)", readOn: "2026-11-25" },
];

const FEEDS = ["book", "trade", "ticker", "ticker_lite"];

/** The profile of Kraken Futures. Topics are `feed:product`, or `{ feed, product_id }`. */
export function krakenFutures(
  options: KrakenFuturesOptions = {},
): VenueProfile<KrakenFuturesMessage> {
  const { endpoint = "wss://futures.kraken.com" } = options;
  return defineVenue<KrakenFuturesMessage>({
    id: "kraken-futures",
    sources,
    url: `${endpoint.replace(/\/+$/, "")}/ws/v1`,
    topics: channelGrammar({
      channelOf: (feed) => (FEEDS.includes(feed) ? { service: "default" } : undefined),
      channelKey: "feed",
      itemKey: "product_id",
      // Lower case is taken too, but answered in upper case [rec]: there is one text for a topic.
      item: /^[A-Z]{2}_[A-Z0-9]+(_[0-9]{6})?$/,
      expected: `one of ${FEEDS.join(", ")} and a product in upper case`,
      example: "book:PF_XBTUSD",
    }),
    limits: {
      pacing: [{ frames: 80, perMs: 1_000 }], // 100 a second for a connection [limits]
      subscriptionPacing: [{ frames: 20, perMs: 1_000 }],
      groupOf: (topic) => splitTopic(topic)[0], // one feed in a message [docs]
    },
    // A ping at least every 60 s, whatever else flows [ping]: one may be lost.
    keepalive: { mode: "client-ping", everyMs: 25_000 },
    // A new subscription brings the whole book [docs]. Trades are not told twice.
    recovery: (stream) => (splitTopic(stream)[0] === "book" ? "resubscribe" : "none"),
    // Every feed begins with what there is [docs, rec], and may then be quiet.
    freshness: () => ({ firstMs: 30_000, silenceMs: null }),
    open: converse,
  });
}

function converse(): Conversation<KrakenFuturesMessage> {
  const names = new TopicNames();
  const topicOf = (message: KrakenFuturesMessage): string | undefined => {
    const { feed, product_id: product }: Partial<KrakenFuturesMessage> = message;
    if (feed === undefined || product === undefined) return undefined;
    return names.of(feed.endsWith(SNAPSHOT) ? feed.slice(0, -SNAPSHOT.length) : feed, product);
  };
  return {
    subscribe: (topics) => request("subscribe", topics),
    unsubscribe: (topics) => request("unsubscribe", topics),
    decode,
    control,
    topicOf,
    sequence: (message) => sequence(message, topicOf(message)),
  };
}

/** A feed's name with this is how it begins. [docs] */
const SNAPSHOT = "_snapshot";

function request(event: string, topics: readonly string[]) {
  const [feed] = splitTopic(topics[0] ?? "");
  return { event, feed, product_ids: topics.map((topic) => splitTopic(topic)[1]) };
}

function decode(data: Buffer): KrakenFuturesMessage {
  const message = parseFrame(data);
  const isEvent = isRecord(message) && typeof message["event"] === "string";
  const isData =
    isRecord(message) &&
    typeof message["feed"] === "string" &&
    (message["feed"] === "heartbeat" || typeof message["product_id"] === "string");
  if (!isEvent && !isData) throw new Error("neither a product's message nor an event");
  return message as unknown as KrakenFuturesMessage;
}

/** What a Kraken Futures event says. [docs, rec] */
interface KrakenFuturesEvent {
  readonly event?: string;
  readonly feed?: string;
  readonly product_ids?: readonly string[];
  readonly message?: string;
}

/** One answer per product, which names it; an error names nothing. [docs, rec] */
function control(message: KrakenFuturesMessage): VenueWord | undefined {
  const { event, feed = "", product_ids, message: text }: KrakenFuturesEvent = message as object;
  const topics = (product_ids ?? []).map((product) => `${feed}:${product}`);
  switch (event) {
    case undefined:
      return feed === "heartbeat" ? { kind: "alive" } : undefined;
    case "info":
      return { kind: "alive" };
    case "subscribed":
    case "unsubscribed":
    case "unsubscribed_failed": // it is not subscribed, which is what we want
      return { kind: "answer", answer: { topics } };
    case "subscribed_failed": {
      const refusal = refusalBy(krakenFuturesRefusals, text);
      return { kind: "answer", answer: { topics, error: textOf(text ?? event), refusal } };
    }
  }
  // "Invalid product id", "Invalid feed", "Json Error" [docs]: the request's deadline tells whose it was.
  return {
    kind: "notice",
    notice: { action: "status", detail: `${event}: ${textOf(text ?? "")}` },
  };
}

const COUNTS = sequenceRules.contiguous();
const COVERS = sequenceRules.range();

/**
 * `seq` counts a product's book from its snapshot on [rec: 7,014 of 7,014], and a product's trades in a
 * numbering of their own [rec: a snapshot of 1437 … 1487, then 1488]. No documentation says that neither
 * has holes.
 */
function sequence(
  message: KrakenFuturesMessage,
  stream: string | undefined,
): SequencePoint | undefined {
  if (stream === undefined) return undefined;
  switch (message.feed) {
    case "book_snapshot": {
      const { seq } = message;
      return { stream, first: seq, last: seq, scope: "stream", rule: COUNTS, restarts: true };
    }
    case "book":
    case "trade":
      return { stream, first: message.seq, last: message.seq, scope: "stream", rule: COUNTS };
    case "trade_snapshot": {
      const [newest, oldest] = [message.trades[0], message.trades.at(-1)];
      if (newest === undefined || oldest === undefined) return undefined;
      const { seq: first } = oldest;
      return { stream, first, last: newest.seq, scope: "stream", rule: COVERS, retold: true };
    }
    case "ticker":
    case "ticker_lite":
      return undefined;
  }
}
