/**
 * KuCoin's classic sockets, spot and futures: an address and a token from HTTP for each, a welcome to be
 * awaited, JSON pings, and acknowledgements that prove nothing. (Its newer ones are in `kucoin-uta.ts`.)
 *
 * Sources, read 2026-11-22 (venues.md §3.10) and 2026-11-25: [intro] kucoin.com/docs-new, classic WebSocket
 * "Introduction", [book] its "Orderbook - Increment" of spot and of futures, [rest] kucoin.com/docs "Get
 * Full Order Book", "Get Part Order Book", "Rate limit", [limits] "Rate Limit Rule (Classic)" and the
 * error codes, quoted in [probe] the live venue's futures, probed on 2026-09-22 (arbitrage-observatory),
 * [rec] recorded spot traffic of 2021, [clients] code of several clients, [errors] kucoin.com/docs-new
 * "Error Code" of WebSocket (2026-11-30).
 */
import { checkFunction } from "../check.ts";
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import { defineVenue } from "./define-venue.ts";
import type { Fetch } from "./kit/fetch-json.ts";
import { isRecord, parseFrame, type JsonRecord } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { channelGrammar, splitTopic } from "./kit/topic-grammar.ts";
import { snapshotRecovery, tokenUrl } from "./kucoin-http.ts";
import { awaitWelcome, textOfError } from "./kucoin-welcome.ts";
import { kucoinRefusals } from "./refusal-tables.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

export type KucoinService = "spot" | "futures";

/** Price, size, and the number of the change; a price of "0" changes nothing but the number. [book, rec] */
export type KucoinChange = readonly [price: string, size: string, sequence: string];

/** Changes of a spot book, subject `trade.l2update`. [book] */
export interface KucoinBookUpdate {
  readonly symbol: string;
  readonly sequenceStart: number;
  readonly sequenceEnd: number;
  readonly changes: {
    readonly asks: readonly KucoinChange[];
    readonly bids: readonly KucoinChange[];
  };
}

/** One level of a futures book, subject `level2`: `"83614,buy,12"` is price, side and size. [book] */
export interface KucoinFuturesBookUpdate {
  readonly sequence: number;
  readonly change: string;
  readonly timestamp: number;
}

/** A spot trade, subject `trade.l3match`. Its `sequence` skips; `tradeId` identifies it. [rec] */
export interface KucoinTrade {
  readonly symbol: string;
  readonly sequence: string;
  readonly side: "buy" | "sell";
  readonly size: string;
  readonly price: string;
  readonly time: string;
  readonly tradeId: string;
}

/** What a snapshot holds: of spot the best 100 levels of each side, of futures all. [rest] */
export interface KucoinBookSnapshot {
  readonly sequence: string | number;
  readonly bids: readonly (readonly [price: string | number, size: string | number])[];
  readonly asks: readonly (readonly [price: string | number, size: string | number])[];
}

/** A push, as it comes. Data without a type here is delivered as it is. */
export interface KucoinMessage {
  readonly type: "message";
  readonly topic: string;
  readonly subject: string;
  readonly data: KucoinBookUpdate | KucoinFuturesBookUpdate | KucoinTrade | object;
}

export interface KucoinOptions {
  /** @defaultValue "spot" */
  readonly service?: KucoinService | undefined;
  /**
   * Where tokens and snapshots are asked for: scheme, host and port.
   * @defaultValue "https://api.kucoin.com", and of futures "https://api-futures.kucoin.com"
   */
  readonly restEndpoint?: string | undefined;
  /** Asks for them. @defaultValue the platform's */
  readonly fetch?: Fetch | undefined;
}

const docs = "kucoin.com/docs-new";
const sources: readonly VenueSource[] = [
  { tag: "intro", what: `${docs} classic WebSocket Introduction`, readOn: "2026-11-22" },
  {
    tag: "book",
    what: `${docs} Orderbook - Increment, 3470068w0, 3470082w0`,
    readOn: "2026-11-25",
  },
  {
    tag: "rest",
    what: "kucoin.com/docs Get Full Order Book, Get Part Order Book; rate-limit",
    readOn: "2026-11-25",
  },
  { tag: "errors", what: `${docs} error-code/websocket`, readOn: "2026-11-30" },
  { tag: "limits", what: `${docs} rate-limit-rule-classic, error codes`, readOn: "2026-11-22" },
  { tag: "probe", what: "the live venue's futures, probed 2026-09-22", readOn: "2026-11-25" },
  { tag: "rec", what: "recorded spot traffic of 2021-04-25", readOn: "2026-11-22" },
  { tag: "clients", what: "code of several clients (2026)", readOn: "2026-11-25" },
];

const PING = { id: "ping", type: "ping" } as const;

/** Where each service is asked, and what it gives without a key. [rest] */
const HTTP = {
  spot: { endpoint: "https://api.kucoin.com", bookPath: "/api/v1/market/orderbook/level2_100" },
  futures: { endpoint: "https://api-futures.kucoin.com", bookPath: "/api/v1/level2/snapshot" },
} as const;

/** The profile of KuCoin's classic sockets. Topics are its own, such as `/market/level2:BTC-USDT`. */
export function kucoin(options: KucoinOptions = {}): VenueProfile<KucoinMessage> {
  const { service = "spot", restEndpoint, fetch } = options;
  checkFunction(fetch, "fetch");
  const { endpoint, bookPath } = HTTP[service];
  const http = { endpoint: (restEndpoint ?? endpoint).replace(/\/+$/, ""), fetch };
  const recovery = snapshotRecovery(http, bookPath);
  return defineVenue<KucoinMessage>({
    id: "kucoin",
    sources,
    service,
    services: ["spot", "futures"],
    url: tokenUrl(http),
    topics: channelGrammar({
      channelOf,
      itemKey: "symbol",
      item: /^[A-Za-z0-9.]+([-_][A-Za-z0-9]+)*$/,
      expected: "a KuCoin channel and one symbol",
      example: service === "spot" ? "/market/level2:BTC-USDT" : "/contractMarket/level2:XBTUSDTM",
    }),
    limits: {
      pacing: [{ frames: 95, perMs: 10_000 }], // 100 messages in 10 s [limits]
      // 300 of a session by the error codes; of futures "unlimited" by the rules. [limits]
      topicsPerConnection: service === "spot" ? 300 : Infinity,
      topicsPerFrame: 100, // [limits]
      groupOf: (topic) => splitTopic(topic)[0], // a frame names one channel and many symbols [intro]
    },
    // Every `pingInterval`, which is 18 s; cut 60 s after our last word, whatever flows. [intro, probe]
    keepalive: { mode: "client-message", everyMs: 15_000, frame: () => PING },
    heartbeat: { intervalMs: 20_000, timeoutMs: 10_000, probe: () => PING },
    authenticate: awaitWelcome(({ type }) => type === "welcome"),
    maxAgeMs: 86_400_000, // the token's [intro]
    recovery: (stream) => (isCounted(stream) ? recovery : "none"),
    // A snapshot weighs 4 at most of the 2,000 that an address has in 30 s. [rest]
    recoveryPolicy: { concurrent: 2, spacingMs: 100 },
    freshness,
    open: () => conversation,
  });
}

/** Below which path a channel is tells who serves it. [intro, probe] */
function channelOf(channel: string) {
  if (/^\/(market|spotMarket|indicator)\/\w+$/.test(channel)) return { service: "spot" };
  if (channel === "/contract/announcement") return { service: "futures", isGlobal: true };
  return /^\/(contract|contractMarket)\/\w+$/.test(channel) ? { service: "futures" } : undefined;
}

/** Changes of a book, which only a snapshot makes whole. */
function isCounted(topic: string): boolean {
  return topic.startsWith("/market/level2:") || topic.startsWith("/contractMarket/level2:");
}

/** Unknown symbols are acknowledged, and silent. [probe] */
function freshness(topic: string): FreshnessPolicy | null {
  if (topic === "/contract/announcement") return null;
  // Every 100 ms, changed or not; and the mark price every second. [probe]
  const isTold = /^\/contractMarket\/level2Depth|^\/contract\/instrument:/.test(topic);
  return isTold ? { firstMs: 10_000, silenceMs: 30_000 } : { firstMs: 60_000, silenceMs: null };
}

/** It remembers nothing, so one serves every socket. */
const conversation: Conversation<KucoinMessage> = {
  subscribe: (topics, id) => request("subscribe", topics, id),
  unsubscribe: (topics, id) => request("unsubscribe", topics, id),
  decode,
  control,
  topicOf: ({ topic }) => topic,
  sequence,
};

/** Topics of one channel. */
function request(type: string, topics: readonly string[], id: number) {
  const [channel] = splitTopic(topics[0] ?? "");
  const symbols = topics.map((topic) => splitTopic(topic)[1]).filter((symbol) => symbol !== "");
  const topic = symbols.length === 0 ? channel : `${channel}:${symbols.join(",")}`;
  return { id: String(id), type, topic, privateChannel: false, response: true };
}

function decode(data: Buffer): KucoinMessage {
  const message = parseFrame(data);
  const isOurs =
    isRecord(message) &&
    typeof message["type"] === "string" &&
    (message["type"] !== "message" ||
      (typeof message["topic"] === "string" && isRecord(message["data"])));
  if (!isOurs) throw new Error("neither a push nor an answer");
  return message as unknown as KucoinMessage;
}

/** `ack` and `error` repeat the request's id as text. [rec, probe] */
function control(message: KucoinMessage): VenueWord | undefined {
  if (message.type === "message") return undefined;
  const { type, id, code, data } = message as unknown as JsonRecord;
  if (type === "welcome" || type === "pong") return { kind: "alive" };
  const requestId = typeof id === "string" && id !== "" ? Number(id) : NaN;
  if (Number.isSafeInteger(requestId)) {
    if (type !== "error") return { kind: "answer", answer: { id: requestId } };
    const error = textOfError({ code, data });
    const refusal = refusalBy(kucoinRefusals, code);
    return { kind: "answer", answer: { id: requestId, error, refusal } };
  }
  if (type !== "error") return { kind: "answer", answer: { unmatched: true } };
  // Of the connection, such as "ping timeout" before its end. [probe]
  return { kind: "notice", notice: { action: "status", detail: textOfError({ code, data }) } };
}

/** `sequenceStart` is the number after the last `sequenceEnd`. [book, rec] */
const RANGE = sequenceRules.range();
/** Futures: one by one. [book, probe] */
const COUNTS = sequenceRules.contiguous();
/** Whole each time; said again every 100 ms under the number that it had. [probe] */
const GROWS = sequenceRules.monotonic({ equal: "alive", lower: "reset" });

function sequence({ topic: stream, data }: KucoinMessage): SequencePoint | undefined {
  if (stream.startsWith("/market/level2:")) {
    const { sequenceStart: first, sequenceEnd: last } = data as KucoinBookUpdate;
    return { stream, first, last, scope: "stream", rule: RANGE };
  }
  const isCounting = stream.startsWith("/contractMarket/level2:");
  if (!isCounting && !stream.startsWith("/contractMarket/level2Depth")) return undefined;
  const { sequence: last } = data as KucoinFuturesBookUpdate;
  return { stream, first: last, last, scope: "stream", rule: isCounting ? COUNTS : GROWS };
}
