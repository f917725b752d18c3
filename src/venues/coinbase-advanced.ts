/**
 * Coinbase Advanced Trade, public channels: one counter over all that a connection sends, answers that
 * show the whole state, and a heartbeat channel without which quiet connections are closed.
 *
 * Sources, read 2026-11-22 (venues.md §3.3): [docs] "WebSocket Channels" (copy of 2026-06-28), [limits]
 * docs.cdp.coinbase.com "WebSocket rate limits", [seen] an adapter's cited facts and live observation
 * (2026-08-27), [fixture] nautilus_trader's recorded answer (2026-04-07).
 */
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame, textOf } from "./kit/json.ts";
import { channelGrammar, splitTopic } from "./kit/topic-grammar.ts";
import { TopicNames } from "./kit/topic-names.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

export interface CoinbaseLevel2Update {
  readonly side: "bid" | "offer";
  readonly event_time: string;
  readonly price_level: string;
  readonly new_quantity: string;
}

/** The first event of a product is its whole book. [docs] */
export interface CoinbaseLevel2Event {
  readonly type: "snapshot" | "update";
  readonly product_id: string;
  readonly updates: readonly CoinbaseLevel2Update[];
}

export interface CoinbaseMarketTrade {
  readonly trade_id: string;
  readonly product_id: string;
  readonly price: string;
  readonly size: string;
  readonly side: "BUY" | "SELL";
  readonly time: string;
}

/** The first event replays past trades: dedupe by `trade_id`. [docs] */
export interface CoinbaseTradesEvent {
  readonly type: "snapshot" | "update";
  readonly trades: readonly CoinbaseMarketTrade[];
}

/** A message, as it comes. Events without a type here are delivered as they are. */
export interface CoinbaseAdvancedMessage {
  /** `l2_data` for `level2`. */
  readonly channel: string;
  readonly timestamp: string;
  readonly sequence_num: number;
  readonly events: readonly (CoinbaseLevel2Event | CoinbaseTradesEvent | object)[];
}

export interface CoinbaseAdvancedOptions {
  /** @defaultValue "wss://advanced-trade-ws.coinbase.com" */
  readonly endpoint?: string | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "Advanced Trade WebSocket Channels (copy of 2026-06-28)",
    readOn: "2026-11-22",
  },
  { tag: "limits", what: "docs.cdp.coinbase.com WebSocket rate limits", readOn: "2026-11-22" },
  { tag: "seen", what: "WP-090, facts and live observation (2026-08-27)", readOn: "2026-11-22" },
  { tag: "fixture", what: "nautilus_trader, a recorded answer (2026-04-07)", readOn: "2026-11-22" },
];

const CHANNELS = ["level2", "market_trades", "ticker", "ticker_batch", "candles", "status"];

/** The profile of Coinbase Advanced Trade. Topics are `channel:product`, or `{ channel, product_id }`. */
export function coinbaseAdvanced(
  options: CoinbaseAdvancedOptions = {},
): VenueProfile<CoinbaseAdvancedMessage> {
  const { endpoint = "wss://advanced-trade-ws.coinbase.com" } = options;
  return defineVenue<CoinbaseAdvancedMessage>({
    id: "coinbase-advanced",
    sources,
    url: endpoint,
    topics: channelGrammar({
      channelOf: (channel) => (CHANNELS.includes(channel) ? { service: "default" } : undefined),
      itemKey: "product_id",
      // A -USDC product answers with the data of its -USD product [docs]: ask for that one.
      item: /^(?!.*-USDC$)[A-Z0-9]+(-[A-Z0-9]+)+$/,
      expected: `one of ${CHANNELS.join(", ")} and a product (-USD for -USDC)`,
      example: "level2:BTC-USD",
    }),
    limits: {
      // 8 unauthenticated messages a second for an address [limits]; one is left for others.
      pacing: [{ frames: 7, perMs: 1_000 }],
      groupOf: (topic) => splitTopic(topic)[0], // one channel in a message [docs]
      connects: [{ attempts: 8, perMs: 1_000 }], // per address [limits]
      firstSubscribeWithinMs: 5_000, // [docs]; `opening` is one
    },
    opening: () => [{ type: "subscribe", channel: "heartbeats" }],
    // Without it most channels are closed after 60 to 90 quiet seconds [docs]; it beats every second.
    keepalive: { mode: "channel" },
    heartbeat: { intervalMs: 5_000, timeoutMs: 5_000 },
    // Which topic missed what is not known: all of them begin anew.
    recovery: (stream) => (stream === CONNECTION ? "reconnect" : "resubscribe"),
    freshness: () => ({ firstMs: 30_000, silenceMs: null }),
    open: converse,
  });
}

/** The stream of the connection's own counter. */
const CONNECTION = "connection";
const COUNTS = sequenceRules.connection();

function converse(): Conversation<CoinbaseAdvancedMessage> {
  const names = new TopicNames();
  return {
    subscribe: (topics) => request("subscribe", topics),
    unsubscribe: (topics) => request("unsubscribe", topics),
    decode,
    control: (message) => control(message),
    topicOf: (message) => topicOf(message, names),
    isSnapshot: ({ channel, events: [event] }) =>
      channel === "l2_data" && event !== undefined && "type" in event && event.type === "snapshot",
    sequence,
    numbersControl: true,
  };
}

function request(type: string, topics: readonly string[]) {
  const [channel] = splitTopic(topics[0] ?? "");
  return { type, product_ids: topics.map((topic) => splitTopic(topic)[1]), channel };
}

function decode(data: Buffer): CoinbaseAdvancedMessage {
  const message = parseFrame(data);
  const isOurs = isRecord(message) && ("channel" in message || message["type"] === "error");
  if (!isOurs) throw new Error("neither a channel's message nor an error");
  return message as unknown as CoinbaseAdvancedMessage;
}

/** No answer bears an id: `subscriptions` shows all that is subscribed. [docs, fixture] */
function control(message: CoinbaseAdvancedMessage): VenueWord | undefined {
  switch (message.channel) {
    case "subscriptions":
      return { kind: "answer", answer: { state: message.events.flatMap(subscribedIn) } };
    case "heartbeats":
      return { kind: "alive" };
    case undefined: {
      const { message: detail }: { readonly message?: unknown } = message as object;
      return { kind: "notice", notice: { action: "status", detail: `error: ${textOf(detail)}` } };
    }
    default:
      return undefined;
  }
}

function subscribedIn(event: object): readonly string[] {
  const { subscriptions }: { readonly subscriptions?: unknown } = event;
  if (!isRecord(subscriptions)) return [];
  return Object.entries(subscriptions).flatMap(([channel, products]) =>
    Array.isArray(products) ? products.map((product) => `${channel}:${textOf(product)}`) : [],
  );
}

function topicOf(message: CoinbaseAdvancedMessage, names: TopicNames): string | undefined {
  const [event] = message.events ?? [];
  if (event === undefined) return undefined;
  const channel = message.channel === "l2_data" ? "level2" : message.channel;
  const product = productOf(event);
  return product === undefined ? undefined : names.of(channel, product);
}

/** In the event itself, or in the first of its trades, tickers, candles or products. */
function productOf(event: object): string | undefined {
  const own: { readonly product_id?: unknown } = event;
  if (typeof own.product_id === "string") return own.product_id;
  for (const rows of Object.values(event) as readonly unknown[]) {
    if (!Array.isArray(rows)) continue;
    const [row] = rows as readonly unknown[];
    if (isRecord(row) && typeof row["product_id"] === "string") return row["product_id"];
  }
  return undefined;
}

/** One counter from 0 over all frames, answers and heartbeats too. [seen] */
function sequence(message: CoinbaseAdvancedMessage): SequencePoint | undefined {
  const { sequence_num: number } = message;
  if (number === undefined) return undefined;
  return { stream: CONNECTION, first: number, last: number, scope: "connection", rule: COUNTS };
}
