/**
 * Deribit v2: JSON-RPC over one endpoint, with a heartbeat that must be answered.
 *
 * Sources, read 2026-11-22 (venues.md §3.8): [docs] docs.deribit.com as quoted there, [probe] the live
 * venue probed 2026-09-22..24 (arbitrage-observatory), [rec] recorded traffic of 2021-07-22, [clients]
 * tardis-node 18.2 and nautilus_trader, whose authors met the exceptions; read 2026-11-30: [errors]
 * nautilus_trader's list of codes that are worth a retry, with what docs.deribit.com says of them.
 */
import { never } from "../../machines/refusal.ts";
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import { defineVenue } from "./define-venue.ts";
import { login, OTHER_ID, type DeribitCredentials } from "./deribit-login.ts";
import { rangeOf } from "./kit/range-of.ts";
import { isRecord, parseFrame, textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { RequestMemory } from "./kit/request-memory.ts";
import { deribitRefusals } from "./refusal-tables.ts";
import type { Conversation, TopicGrammar, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

/** A level of a change: what happened to it, its price and its amount. */
export type DeribitChange = readonly [
  action: "new" | "change" | "delete",
  price: number,
  amount: number,
];

/** A book or a change of it; `prev_change_id` is the `change_id` of the one before. [docs, rec] */
export interface DeribitBook {
  readonly type: "snapshot" | "change";
  readonly timestamp: number;
  readonly instrument_name: string;
  readonly change_id: number;
  readonly prev_change_id?: number;
  readonly bids: readonly DeribitChange[];
  readonly asks: readonly DeribitChange[];
}

export interface DeribitTrade {
  readonly trade_seq: number;
  readonly trade_id: string;
  readonly timestamp: number;
  readonly instrument_name: string;
  readonly price: number;
  readonly amount: number;
  readonly direction: "buy" | "sell";
}

/** A notification. Channels without a type here are delivered as they come. */
export interface DeribitMessage {
  readonly method: "subscription";
  readonly params: {
    readonly channel: string;
    readonly data: DeribitBook | readonly DeribitTrade[] | object;
  };
}

export interface DeribitOptions {
  /** The whole URL's scheme, host and port. @defaultValue "wss://www.deribit.com"; test "wss://test.deribit.com" */
  readonly endpoint?: string | undefined;
  /** Logs in on every socket; `.raw` channels need it. @defaultValue none */
  readonly credentials?: DeribitCredentials | undefined;
}

const sources: readonly VenueSource[] = [
  { tag: "docs", what: "docs.deribit.com, quoted by arbitrage-observatory", readOn: "2026-11-22" },
  { tag: "probe", what: "live venue, probed 2026-09-22..24", readOn: "2026-11-22" },
  { tag: "rec", what: "recorded traffic of 2021-07-22", readOn: "2026-11-22" },
  { tag: "clients", what: "tardis-node 18.2, nautilus_trader (2026)", readOn: "2026-11-22" },
  {
    tag: "errors",
    what: "nautilustrader.io nautilus_deribit DERIBIT_RETRY_ERROR_CODES, after docs.deribit.com",
    readOn: "2026-11-30",
  },
];

const verdict: readonly VerdictRule[] = [
  {
    // A test_request was not answered within 10 s. [probe]
    name: "deribit-heartbeat",
    when: { class: "closed-by-peer", closeCode: 4000 },
    ruling: { action: "retry" },
  },
  {
    // The 33rd connection of an address. [docs]
    name: "deribit-too-many-connections",
    when: { class: "http-refusal", status: 429 },
    ruling: { action: "slow", floorMs: 30_000, alerts: true },
  },
];

const TEST = { jsonrpc: "2.0", id: OTHER_ID, method: "public/test", params: {} } as const;

/** The shortest that the venue takes. [docs] */
const SET_HEARTBEAT = {
  jsonrpc: "2.0",
  id: OTHER_ID,
  method: "public/set_heartbeat",
  params: { interval: 10 },
} as const;

/** The profile of Deribit. Topics are its channels, such as `book.BTC-PERPETUAL.100ms`. */
export function deribit(options: DeribitOptions = {}): VenueProfile<DeribitMessage> {
  const { endpoint = "wss://www.deribit.com", credentials } = options;
  return defineVenue<DeribitMessage>({
    id: "deribit",
    sources,
    url: `${endpoint.replace(/\/+$/, "")}/ws/api/v2`,
    topics,
    limits: {
      pacing: [{ frames: 10, perMs: 1_000 }],
      // A subscribe costs 3,000 of 30,000 credits, which come back at 10,000 a second. [docs]
      subscriptionPacing: [{ frames: 3, perMs: 1_000 }],
      topicsPerFrame: 500, // [docs]
      // Without a login a `.raw` channel has its whole request refused (13778). [probe]
      groupOf: (topic) => (topic.endsWith(".raw") ? "raw" : "aggregated"),
    },
    opening: () => [SET_HEARTBEAT],
    // After 10 to 13 s of silence the venue asks; unanswered it closes with 4000. [probe]
    keepalive: { mode: "challenge" },
    heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, probe: () => TEST },
    authenticate: credentials === undefined ? undefined : login(credentials),
    verdict,
    recovery: (stream) => (isLinkedBook(stream) ? "resubscribe" : "none"),
    // A book says nothing while nothing changes; its snapshot comes at once.
    freshness: (topic) => ({
      firstMs: topic.startsWith("book.") ? 10_000 : 60_000,
      silenceMs: null,
    }),
    open: converse,
  });
}

const CHANNEL = /^[a-z_]+(\.[\w.-]+)*$/;
const EXAMPLE = "book.BTC-PERPETUAL.100ms";

const topics: TopicGrammar = {
  example: EXAMPLE,
  parse: (topic) => {
    const expected = `a Deribit channel, such as ${EXAMPLE}`;
    if (typeof topic === "string") return CHANNEL.test(topic) ? { topic } : { expected };
    const { channel, instrument, interval, ...rest } = topic;
    const parts = [channel, instrument, ...(interval === undefined ? [] : [interval])];
    const isText = parts.every((part) => typeof part === "string");
    const text = parts.join(".");
    const isGood = isText && Object.keys(rest).length === 0 && CHANNEL.test(text);
    return isGood ? { topic: text } : { expected };
  },
};

function converse(): Conversation<DeribitMessage> {
  const asked = new RequestMemory();
  const request = (method: string, channels: readonly string[], id: number) => {
    asked.remember(id, channels);
    return { jsonrpc: "2.0", id, method, params: { channels } };
  };
  return {
    subscribe: (channels, id) => request("public/subscribe", channels, id),
    unsubscribe: (channels, id) => request("public/unsubscribe", channels, id),
    decode,
    control: (message) => control(message, asked),
    topicOf: ({ params }) => params?.channel,
    sequence,
  };
}

function decode(data: Buffer): DeribitMessage {
  const message = parseFrame(data);
  if (!isRecord(message) || !("method" in message || "result" in message || "error" in message)) {
    throw new Error("no JSON-RPC message");
  }
  return message as unknown as DeribitMessage;
}

interface DeribitReply {
  readonly method?: string;
  readonly params?: { readonly type?: string };
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

function control(message: DeribitMessage, asked: RequestMemory): VenueWord | undefined {
  const { method, params, id, result, error }: DeribitReply = message as object;
  if (method === "subscription") return undefined;
  if (method === "heartbeat") {
    return params?.type === "test_request" ? { kind: "challenge", reply: TEST } : { kind: "alive" };
  }
  if (id === OTHER_ID) return error === undefined ? { kind: "alive" } : complaint(error);
  if (typeof id !== "number") return { kind: "answer", answer: { unmatched: true } };
  return { kind: "answer", answer: read(id, result, error, asked.take(id)) };
}

/** Of what was no subscription: a heartbeat or a login that was refused. */
function complaint({ code, message }: NonNullable<DeribitReply["error"]>): VenueWord {
  const detail = `error ${textOf(code)}: ${textOf(message)}`;
  return { kind: "notice", notice: { action: "status", detail } };
}

/** `result` holds what was accepted, in any order; what is unknown is silently missing. [probe] */
function read(
  id: number,
  result: unknown,
  error: DeribitReply["error"],
  channels: readonly string[],
): Acknowledgement {
  if (error !== undefined) {
    const refusal = refusalBy(deribitRefusals, error.code);
    return { id, error: `${textOf(error.code)}: ${textOf(error.message)}`, refusal };
  }
  const accepted = new Set(Array.isArray(result) ? result : []);
  const missing = channels.filter((channel) => !accepted.has(channel));
  const reason = "not among the accepted channels";
  return { id, rejected: missing.map((topic) => ({ topic, reason, refusal: never })) };
}

/** `book.{instrument}.{interval}`; grouped ones (`.{group}.{depth}.{interval}`) are whole each time. */
function isLinkedBook(channel: string): boolean {
  return channel.startsWith("book.") && channel.split(".").length === 3;
}

/** `trades.{instrument}.{interval}`; those of a kind or currency mix instruments. */
function isTradesOfOne(channel: string): boolean {
  return channel.startsWith("trades.") && channel.split(".").length === 3;
}

/** Named, so that a change that lacks its link is never judged by its number alone. */
const LINKS = sequenceRules.linked();

/** Ids of grouped books rise; the same again is the same book, and a lower one no late one. */
const GROWS = sequenceRules.monotonic({ equal: "alive", lower: "reset" });

/**
 * `change_id` is shared by many instruments, so it jumps; the link tells a gap [rec: 36 of 36, probe].
 * Without a link, or with 0, it is a snapshot [clients]. `trade_seq` counts by one per instrument [rec].
 */
function sequence({ params }: DeribitMessage): SequencePoint | undefined {
  const { channel: stream, data } = params;
  if (stream.startsWith("book.")) {
    const { change_id: last, prev_change_id: previous = 0 } = data as DeribitBook;
    if (!isLinkedBook(stream)) return { stream, first: last, last, scope: "stream", rule: GROWS };
    const restarts = previous === 0 || (data as DeribitBook).type === "snapshot";
    return restarts
      ? { stream, first: last, last, scope: "stream", restarts }
      : { stream, first: last, last, previous, scope: "stream", rule: LINKS };
  }
  if (!isTradesOfOne(stream) || !Array.isArray(data) || data.length === 0) return undefined;
  const numbers = (data as readonly DeribitTrade[]).map((trade) => trade.trade_seq);
  const [first, last] = rangeOf(numbers);
  return { stream, first, last, scope: "stream" };
}
