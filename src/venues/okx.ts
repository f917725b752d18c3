/**
 * OKX v5, public channels: `/public` (books, trades, tickers) and `/business` (candles, all trades).
 *
 * Sources, read 2026-11-22 (venues.md §3.5): [connect] okx.com/docs-v5 "WebSocket overview, connect,
 * subscribe", [book] "Order book channel" (2026-07-07), [codes] "WebSocket error codes and close
 * frames", [notice] "Notification", [checksum] help article on the checksum's end (2026-05-21), [rec]
 * recorded traffic of 2022.
 */
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import { exactPosition } from "../sequence/exact.ts";
import type { Position, SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame } from "./kit/json.ts";
import { RequestMemory } from "./kit/request-memory.ts";
import { channelGrammar, splitTopic } from "./kit/topic-grammar.ts";
import { TopicNames } from "./kit/topic-names.ts";
import { nameOf, wordOf, type OkxArg } from "./okx-answers.ts";
import type { Conversation, VenueProfile, VenueSource } from "./venue.ts";

export type { OkxArg };

/** One side's levels: price, size, a dead field, number of orders; all decimal strings. [book] */
export type OkxLevel = readonly [price: string, size: string, zero: string, orders: string];

/** A book or a change of it; `prevSeqId` is the `seqId` of the one before, -1 in a snapshot. [book] */
export interface OkxBook {
  readonly asks: readonly OkxLevel[];
  readonly bids: readonly OkxLevel[];
  readonly ts: string;
  readonly seqId: number;
  readonly prevSeqId?: number;
}

export interface OkxTrade {
  readonly instId: string;
  readonly tradeId: string;
  readonly px: string;
  readonly sz: string;
  readonly side: "buy" | "sell";
  readonly ts: string;
}

/** Payloads by channel; the others are delivered as they come. */
export interface OkxPayloads {
  readonly books: OkxBook;
  readonly "books-l2-tbt": OkxBook;
  readonly "books50-l2-tbt": OkxBook;
  readonly books5: OkxBook;
  readonly "bbo-tbt": OkxBook;
  readonly trades: OkxTrade;
  readonly "trades-all": OkxTrade;
}

/** A push, as it comes. */
export interface OkxMessage {
  readonly arg: OkxArg;
  /** Books only: whether `data` is all of it, or a change. */
  readonly action?: "snapshot" | "update";
  readonly data: readonly unknown[];
}

export interface OkxOptions {
  /** @defaultValue "public" */
  readonly service?: "public" | "business" | undefined;
  /** Scheme, host and port. @defaultValue "wss://ws.okx.com:8443"; in Europe "wss://wseea.okx.com:8443" */
  readonly endpoint?: string | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "connect",
    what: "okx.com/docs-v5 WebSocket overview, connect, subscribe",
    readOn: "2026-11-22",
  },
  { tag: "book", what: "okx.com/docs-v5 Order book channel (2026-07-07)", readOn: "2026-11-22" },
  {
    tag: "codes",
    what: "okx.com/docs-v5 WebSocket error codes, close frames",
    readOn: "2026-11-22",
  },
  { tag: "notice", what: "okx.com/docs-v5 Notification", readOn: "2026-11-22" },
  {
    tag: "checksum",
    what: "OKX help: checksum field deprecation (2026-05-21)",
    readOn: "2026-11-22",
  },
];

/** Books that are linked message by message. `books5` and `bbo-tbt` are whole each time. [book] */
const LINKED = new Set(["books", "books-l2-tbt", "books50-l2-tbt"]);
const WHOLE = new Set(["books5", "bbo-tbt"]);

/** Named, so that a change that lacks its link is never judged by its number alone. */
const LINKS = sequenceRules.linked();

/**
 * The same number again is the same book, said again. A lower one is the venue's maintenance, as in the
 * linked books whose numbers these are [book]: taken for a late one, it would silence the topic.
 */
const GROWS = sequenceRules.monotonic({ equal: "alive", lower: "reset" });

/** On `/business`; a wrong endpoint answers 60018 or 64001. [connect, codes] */
const BUSINESS = /^(mark-price-|index-)?candle\w+$|^trades-all$|^sprd-/;

const verdict: readonly VerdictRule[] = [
  {
    // 4001 login failed, 4002 invalid request, 4003 too many for this key, 4007 key changed. [codes]
    name: "okx-refused",
    when: { class: "closed-by-peer", closeCode: [4001, 4002, 4003, 4007] },
    ruling: { action: "refuse" },
  },
  {
    // Nothing was subscribed, or nothing sent, for 30 s. [codes]
    name: "okx-idle",
    when: { class: "closed-by-peer", closeCode: 4004 },
    ruling: { action: "retry" },
  },
  {
    // 4005 we read too slowly, 4006 abnormal, 4008 and 4009 too many channels. [codes]
    name: "okx-too-much",
    when: { class: "closed-by-peer", closeCode: [4005, 4006, 4008, 4009] },
    ruling: { action: "slow", floorMs: 10_000, alerts: true },
  },
];

/** The profile of OKX v5. Topics are `channel:instId`, or `{ channel, instId }`. */
export function okx(options: OkxOptions = {}): VenueProfile<OkxMessage> {
  const { service = "public", endpoint = "wss://ws.okx.com:8443" } = options;
  return defineVenue<OkxMessage>({
    id: "okx",
    sources,
    service,
    services: ["public", "business"],
    url: `${endpoint.replace(/\/+$/, "")}/ws/v5/${service}`,
    topics: channelGrammar({
      channelOf: (channel) =>
        /^[a-zA-Z][\w-]*$/.test(channel)
          ? {
              service: BUSINESS.test(channel) ? "business" : "public",
              isGlobal: channel === "status",
            }
          : undefined,
      itemKey: "instId",
      item: /^[A-Z0-9]+(-[A-Z0-9_]+)*$/,
      expected: "an OKX channel and instrument",
      example: "books:BTC-USDT",
    }),
    limits: {
      pacing: [],
      // 480 subscribes, unsubscribes and logins an hour for a connection, whatever they carry
      // [connect]; ten are kept for recoveries that a full hour must not forbid.
      subscriptionPacing: [
        { frames: 3, perMs: 1_000 },
        { frames: 470, perMs: 3_600_000 },
      ],
      countsControlFrames: false,
      topicsPerConnection: Infinity, // none is published; fewer than 30 deep books are advised [book]
      topicsPerFrame: 100, // 64 KB a request [connect]: at most 100 bytes an argument
      connects: [{ attempts: 3, perMs: 1_000 }], // per address [connect]
      firstSubscribeWithinMs: 30_000, // [connect]
    },
    // Within 30 s of silence the text `ping` must be said, and `pong` comes. [connect]
    keepalive: { mode: "idle-probe" },
    heartbeat: { intervalMs: 20_000, timeoutMs: 5_000, probe: () => "ping" },
    verdict,
    recovery: (stream) => (LINKED.has(splitTopic(stream)[0]) ? "resubscribe" : "none"),
    // A resubscribe is two of the 480 an hour.
    recoveryPolicy: { concurrent: 2, spacingMs: 1_000 },
    // A book says every 60 s that it is alive, even without a change [book]. Others may be quiet.
    freshness: (topic) =>
      LINKED.has(splitTopic(topic)[0])
        ? { firstMs: 10_000, silenceMs: 90_000 }
        : { firstMs: 60_000, silenceMs: null },
    open: converse,
  });
}

function converse(): Conversation<OkxMessage> {
  const names = new TopicNames();
  const asked = new RequestMemory();
  const topicOf = ({ arg }: OkxMessage): string | undefined =>
    arg === undefined ? undefined : nameOf(names, arg);
  return {
    subscribe: (topics, id) => {
      asked.remember(id, topics);
      return request("subscribe", topics, id);
    },
    unsubscribe: (topics, id) => request("unsubscribe", topics, id),
    decode,
    control: (message) => wordOf(message, names, asked),
    topicOf,
    isSnapshot: ({ action }) => action === "snapshot",
    sequence: (message, raw) => sequence(message, topicOf(message), raw),
  };
}

function request(op: string, topics: readonly string[], id: number) {
  return { id: String(id), op, args: topics.map(argOf) };
}

function argOf(topic: string): OkxArg {
  const [channel, instId] = splitTopic(topic);
  return instId === "" ? { channel } : { channel, instId };
}

/** The answer to a probe is no JSON. [connect] */
const PONG = { event: "pong" } as unknown as OkxMessage;

function decode(data: Buffer): OkxMessage {
  if (data.length === 4 && data.toString("latin1") === "pong") return PONG;
  const message = parseFrame(data);
  const isOurs =
    isRecord(message) && ("event" in message || ("arg" in message && "data" in message));
  if (!isOurs) throw new Error("neither a push nor an event");
  return message as unknown as OkxMessage;
}

/**
 * `prevSeqId` is the last `seqId`, else messages are missing. Equal is a sign of life; a lower `seqId`
 * that is properly linked is the venue's maintenance, not a gap. [book] There is no checksum any more:
 * the field is always 0. [checksum]
 */
function sequence(
  message: OkxMessage,
  stream: string | undefined,
  raw: Buffer,
): SequencePoint | undefined {
  if (stream === undefined) return undefined;
  const { channel } = message.arg;
  const [book] = message.data as readonly Partial<OkxBook>[];
  if (book?.seqId === undefined) return undefined; // before 2023 books had none [rec]
  const seqId = exact(book.seqId, raw, "seqId");
  if (LINKED.has(channel)) {
    const { prevSeqId } = book;
    const previous = prevSeqId === undefined ? undefined : exact(prevSeqId, raw, "prevSeqId");
    const restarts = message.action === "snapshot" || previous === -1;
    return restarts
      ? { stream, first: seqId, last: seqId, scope: "stream", restarts }
      : { stream, first: seqId, last: seqId, previous, scope: "stream", rule: LINKS };
  }
  if (WHOLE.has(channel)) {
    return { stream, first: seqId, last: seqId, scope: "stream", rule: GROWS };
  }
  return undefined;
}

/** The numbers are beyond what a double holds, or may come to be. */
function exact(number: number, raw: Buffer, field: keyof OkxBook): Position {
  return exactPosition(number, raw, "data", 0, field) ?? NaN;
}
