/**
 * What Binance's spot and futures streams have in common: combined streams, requests and answers,
 * notices, and books that are joined with a snapshot fetched over HTTP.
 *
 * Sources, read 2026-11-22, as in `binance-spot.ts` and `binance-futures.ts`.
 */
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import { checkFunction } from "../check.ts";
import type { Bridge, Recovery, Snapshot } from "../recovery/recovery.ts";
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules, type SequenceRule } from "../sequence/rule.ts";
import { defineVenue } from "./define-venue.ts";
import { fetchJson, hostOfUrl, HttpError, type Fetch } from "./kit/fetch-json.ts";
import { isRecord, parseFrame, textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { binanceRefusals } from "./refusal-tables.ts";
import type {
  ParsedTopic,
  TopicGrammar,
  VenueHeartbeat,
  VenueLimits,
  VenueProfile,
  VenueSource,
  VenueWord,
} from "./venue.ts";

export interface BinanceOptions {
  /** Fetches book snapshots. @defaultValue the platform's */
  readonly fetch?: Fetch | undefined;
}

/** The numbers of a message in its stream. */
export interface BinanceNumbers {
  readonly first: number;
  readonly last: number;
  /** The `u` of the message before, where the venue says it (futures). */
  readonly previous?: number | undefined;
  /** @defaultValue range */
  readonly rule?: SequenceRule | undefined;
}

export interface BinanceParts<M extends BinanceFrame> {
  readonly id: string;
  readonly sources: readonly VenueSource[];
  readonly endpoint: string;
  readonly path: string;
  readonly service: string;
  readonly services: readonly string[];
  /** The endpoint that serves a stream. @defaultValue `service` */
  readonly serviceOf?: ((stream: string) => string) | undefined;
  /** Scheme, host and port of the HTTP interface; undefined where no snapshot can be had. */
  readonly rest: string | undefined;
  readonly restPath: string;
  readonly snapshotLimit: number;
  readonly fetch: Fetch | undefined;
  readonly limits: VenueLimits;
  readonly heartbeat: VenueHeartbeat;
  readonly numbersOf: (message: M) => BinanceNumbers | undefined;
  readonly bridge: Bridge;
}

/** A frame of a combined stream. */
export interface BinanceFrame {
  readonly stream: string;
  readonly data: object;
}

export const binanceSources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "binance/binance-spot-api-docs@a5e0bc3 web-socket-streams.md, rest-api.md (2026-07-21)",
    readOn: "2026-11-22",
  },
  { tag: "rec", what: "recorded traffic of 2024-08-08", readOn: "2026-11-22" },
  {
    tag: "issues",
    what: "binance-connector-js#530, binance-connector-go#90",
    readOn: "2026-11-22",
  },
];

export const binanceLimits = {
  countsControlFrames: true,
  topicsPerFrame: 100,
  connects: [{ attempts: 300, perMs: 300_000 }], // per address [docs]
} as const;

/** The numbers of what is whole each time: they rise and jump. */
const GROWS = sequenceRules.monotonic();

export function growing(last: number): BinanceNumbers {
  return { first: last, last, rule: GROWS };
}

/** 24 hours [docs]. */
const MAX_AGE_MS = 86_400_000;

/** `serverShutdown` has no fixed lead time, "open a new connection at once" [docs]; spread a little. */
const SHUTDOWN_WITHIN_MS = 5_000;

const verdict: readonly VerdictRule[] = [
  {
    // Public data has no credentials: 403 is the web firewall's, and it passes. [docs rest-api.md]
    name: "binance-waf",
    when: { class: "http-refusal", status: 403 },
    ruling: { action: "slow", floorMs: 60_000, alerts: true },
  },
  {
    // The message limit was exceeded; those who go on are banned by IP. [docs, issues]
    name: "binance-too-many-requests",
    when: { class: "closed-by-peer", closeCode: 1008 },
    ruling: { action: "slow", floorMs: 10_000, alerts: true },
  },
];

export function createBinance<M extends BinanceFrame>(parts: BinanceParts<M>): VenueProfile<M> {
  const endpoint = parts.endpoint.replace(/\/+$/, "");
  const { rest, numbersOf } = parts;
  checkFunction(parts.fetch, "fetch");
  const recovery: Recovery = {
    bridge: parts.bridge,
    ...(rest === undefined ? {} : { host: hostOfUrl(rest) }),
    fetchSnapshot: (stream, signal) => fetchDepth(parts, stream, signal),
  };
  return defineVenue<M>({
    id: parts.id,
    sources: parts.sources,
    service: parts.service,
    services: parts.services,
    url: `${endpoint}${parts.path}`,
    topics: grammar(parts),
    limits: parts.limits,
    keepalive: { mode: "server-ping" },
    heartbeat: parts.heartbeat,
    maxAgeMs: MAX_AGE_MS,
    verdict,
    recovery: (stream) => (rest !== undefined && isDepthDiff(stream) ? recovery : "none"),
    // One at a time: a snapshot weighs 250 of the 6,000 that an address has in a minute. [docs]
    recoveryPolicy: { concurrent: 1, spacingMs: 3_000 },
    // An unknown symbol is acknowledged and then silent [venues.md §3.1]; a quiet one is silent too.
    freshness: () => ({ firstMs: 60_000, silenceMs: null }),
    open: () => ({
      subscribe: (topics, id) => ({ method: "SUBSCRIBE", params: topics, id }),
      unsubscribe: (topics, id) => ({ method: "UNSUBSCRIBE", params: topics, id }),
      decode: decode as (data: Buffer) => M,
      control,
      topicOf: ({ stream }) => stream,
      sequence: (message) => point(message.stream, numbersOf(message)),
    }),
  });
}

function point(stream: string, numbers: BinanceNumbers | undefined): SequencePoint | undefined {
  if (numbers === undefined) return undefined;
  return { stream, ...numbers, scope: "stream" };
}

function decode(data: Buffer): BinanceFrame {
  const message = parseFrame(data);
  if (isRecord(message)) {
    if (typeof message["stream"] === "string" && "data" in message) {
      return message as unknown as BinanceFrame;
    }
    // An answer; `control` takes it from here.
    if ("result" in message || "error" in message || "code" in message) {
      return message as unknown as BinanceFrame;
    }
  }
  throw new Error("neither a message of a combined stream nor an answer to a request");
}

/** One answer per request: `{"result":null,"id":1}`. Errors may be flat or nested, and lack the id. [docs] */
function control(message: BinanceFrame): VenueWord | undefined {
  const { stream } = message;
  if (stream === "!serverShutdown") {
    return {
      kind: "notice",
      notice: { action: "replace", withinMs: SHUTDOWN_WITHIN_MS, detail: "serverShutdown" },
    };
  }
  if (stream !== undefined) return undefined;
  const answer: {
    readonly id?: unknown;
    readonly code?: unknown;
    readonly msg?: unknown;
    readonly error?: { readonly code?: unknown; readonly msg?: unknown };
  } = message as object;
  const { id } = answer;
  const failure = answer.error ?? (answer.code === undefined ? undefined : answer);
  if (typeof id !== "number") return { kind: "answer", answer: { unmatched: true } };
  if (failure === undefined) return { kind: "answer", answer: { id } };
  const error = `${textOf(failure.code)}: ${textOf(failure.msg)}`;
  const refusal = refusalBy(binanceRefusals, failure.code);
  return { kind: "answer", answer: { id, error, refusal } };
}

// `<symbol>@<stream>`: symbols are lower case in stream names [docs]. An upper-case one would be
// acknowledged and then stay silent for ever.
const STREAM = /^[a-z0-9_]+@[A-Za-z0-9_@+:-]+$|^![A-Za-z0-9_@]+$/;

const EXAMPLE = "btcusdt@trade";

/** Binance's own `<symbol>@<stream>`, or `{ channel, symbol }`. */
function grammar({
  service,
  serviceOf,
}: Pick<BinanceParts<never>, "service" | "serviceOf">): TopicGrammar {
  const expected = `a Binance stream name with its symbol in lower case, such as ${EXAMPLE}`;
  const read = (stream: string): ParsedTopic =>
    STREAM.test(stream) ? { topic: stream, service: serviceOf?.(stream) ?? service } : { expected };
  return {
    example: EXAMPLE,
    parse: (topic) => {
      if (typeof topic === "string") return read(topic);
      const { channel, symbol } = topic;
      if (typeof channel !== "string" || typeof symbol !== "string") return { expected };
      return read(`${symbol.toLowerCase()}@${channel}`);
    },
  };
}

/** `depth`, `depth@100ms`: changes of a book, which only a snapshot makes whole. Not `depth20`. */
function isDepthDiff(stream: string): boolean {
  return /@depth(@\d+ms)?$/.test(stream);
}

async function fetchDepth<M extends BinanceFrame>(
  { rest = "", restPath, snapshotLimit, fetch }: BinanceParts<M>,
  stream: string,
  signal: AbortSignal,
): Promise<Snapshot> {
  const symbol = stream.slice(0, stream.indexOf("@")).toUpperCase();
  const url = `${rest.replace(/\/+$/, "")}${restPath}?symbol=${symbol}&limit=${snapshotLimit}`;
  const data = await fetchJson(fetch, "GET", url, signal);
  const position = isRecord(data) ? data["lastUpdateId"] : undefined;
  if (typeof position !== "number" || !Number.isSafeInteger(position)) {
    throw new HttpError("the snapshot has no lastUpdateId", 200);
  }
  return { data, position };
}
