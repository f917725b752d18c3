/**
 * Options, a target and perhaps a venue, checked and merged into what the parts of a supervisor need.
 *
 * Everything is checked here, before any I/O, and functions given by users come out guarded: what
 * they throw is reported and changes nothing else.
 */
import type { InspectionEvent } from "xstate";
import type { ConnectionPolicy } from "../../machines/connection.context.ts";
import { checkHeaders, checkProtocols, checkUrl } from "../connection/check-dial.ts";
import type { Authenticate } from "../connection/authentication.ts";
import { isRenewable, type DialTarget } from "../connection/resolvable.ts";
import { OptionError } from "../errors.ts";
import type { SequencePoint } from "../sequence/point.ts";
import type { PacingWindow } from "../subscriptions/pacer.ts";
import type { SubscriptionProtocol } from "../subscriptions/protocol.ts";
import { topicKeys } from "../subscriptions/topic.ts";
import { randomSeed, realClock, type Clock } from "../system.ts";
import type { Transport } from "../transport/transport.ts";
import type { WsTransportOptions } from "../transport/ws-options.ts";
import type { VenueProfile } from "../venues/venue.ts";
import {
  checkFunction,
  checkInteger,
  checkKeys,
  checkMs,
  checkSignal,
  type ReportFailure,
} from "./check.ts";
import {
  checkOutbox,
  checkPacing,
  checkProbe,
  checkProtocol,
  checkResubscribe,
  type ResubscribeSettings,
} from "./check-intent.ts";
import { byteLength } from "./byte-length.ts";
import { checkPolicy } from "./check-policy.ts";
import type { SupervisorOptions, Target } from "./options.ts";
import type { OutboxPolicy } from "./outbox.ts";

/** What a supervisor is built from. */
export interface Settings<M> extends ResubscribeSettings {
  readonly target: DialTarget;
  readonly authenticate: Authenticate | undefined;
  readonly policy: ConnectionPolicy;
  readonly seed: number;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly signal: AbortSignal | undefined;
  readonly outbox: OutboxPolicy;
  readonly topics: readonly string[];
  /** Throws an {@link OptionError} for a topic that the venue does not know. */
  readonly checkTopics: (topics: readonly string[], path: string) => void;
  readonly topicsPerConnection: number;
  readonly protocol: SubscriptionProtocol<M>;
  readonly pacing: readonly PacingWindow[];
  readonly countsControlFrames: boolean;
  readonly probe: (() => string | Uint8Array | undefined) | undefined;
  readonly decode: (data: Buffer, isBinary: boolean) => M;
  readonly sequence: ((message: M) => SequencePoint | undefined) | undefined;
  readonly inspect: Inspect | undefined;
}

type Inspect = (event: InspectionEvent) => void;

/** Makes the transport where the user gives none: Node's over `ws`, a browser's over its own sockets. */
export type CreateTransport = (options: WsTransportOptions) => Transport;

const KNOWN = [
  "topics",
  "protocols",
  "headers",
  "authenticate",
  "subscriptions",
  "decode",
  "sequence",
  "connectTimeoutMs",
  "backoff",
  "longOutageAfterMs",
  "maxRetries",
  "retryBudget",
  "stableAfterMs",
  "resubscribe",
  "pacing",
  "heartbeat",
  "closeTimeoutMs",
  "outbox",
  "verdict",
  "ws",
  "transport",
  "clock",
  "seed",
  "signal",
  "inspect",
] as const satisfies readonly (keyof SupervisorOptions)[];

export function checkSettings<M>(
  given: Target<M>,
  options: SupervisorOptions<M>,
  report: ReportFailure,
  createTransport: CreateTransport,
): Settings<M> {
  checkKeys(options, "options", KNOWN);
  for (const name of ["authenticate", "decode", "sequence", "transport"] as const) {
    checkFunction(options[name], name);
  }
  const venue = isVenue(given) ? given : undefined;
  const target = checkTarget(venue === undefined ? given : venue.url, options);
  const credentials =
    isRenewable(target) || options.authenticate !== undefined ? "renewable" : "fixed";
  const protocol = checkProtocol(options.subscriptions, venue);
  const topics = options.topics === undefined ? [] : topicKeys(options.topics, "topics");
  const resubscribe = checkResubscribe(options.resubscribe, protocol);
  const checkTopics = topicCheck(venue);
  checkTopics(topics, "topics");
  const policy = checkPolicy({
    options,
    venueHeartbeat: venue?.heartbeat,
    venueRules: venue?.verdict ?? [],
    credentials,
    report,
  });
  return {
    target,
    authenticate: options.authenticate,
    policy,
    seed: checkSeed(options.seed),
    clock: checkClock(options.clock),
    transport: checkTransport(options, policy.closeTimeoutMs, createTransport),
    signal: checkSignal(options.signal, "signal"),
    outbox: checkOutbox(options.outbox),
    topics,
    checkTopics,
    topicsPerConnection: venue?.limits.topicsPerConnection ?? Infinity,
    protocol,
    ...resubscribe,
    pacing: checkPacing(options.pacing, venue?.limits.pacing ?? []),
    countsControlFrames: venue?.limits.countsControlFrames ?? false,
    probe: checkProbe(options.heartbeat, report),
    decode: options.decode ?? venue?.decode.bind(venue) ?? (decodeRaw as Settings<M>["decode"]),
    sequence: options.sequence ?? venue?.sequence?.bind(venue),
    inspect: checkInspect(options.inspect, report),
  };
}

/** Chance is asked for only where no seed is given. */
function checkSeed(seed: unknown): number {
  return seed === undefined ? randomSeed() : checkInteger(seed, "seed", 0, Number.MIN_SAFE_INTEGER);
}

function isVenue<M>(target: Target<M>): target is VenueProfile<M> {
  return typeof target === "object" && target !== null && "limits" in target;
}

/** Text as a string, bytes as they are. */
function decodeRaw(data: Buffer, isBinary: boolean): string | Buffer {
  return isBinary ? data : data.toString("utf8");
}

function checkTarget<M>(url: unknown, options: SupervisorOptions<M>): DialTarget {
  const { protocols = [], headers = {} } = options;
  return {
    url: typeof url === "function" ? (url as DialTarget["url"]) : checkUrl(url, "url"),
    protocols: typeof protocols === "function" ? protocols : checkProtocols(protocols, "protocols"),
    headers: typeof headers === "function" ? headers : checkHeaders(headers, "headers"),
  };
}

/** An inspector may be an observer, as XState takes it. What it throws would end the chart. */
function checkInspect(
  value: SupervisorOptions["inspect"],
  report: ReportFailure,
): Inspect | undefined {
  if (value === undefined) return undefined;
  const isObserver = typeof value === "object" && value !== null;
  const next: unknown = isObserver ? value.next : value;
  if (typeof next !== "function")
    throw new OptionError("inspect", "a function or an observer", value);
  return (event) => {
    try {
      if (isObserver) value.next?.(event);
      else value(event);
    } catch (error) {
      report("inspect", error);
    }
  };
}

function checkClock(value: Clock | undefined): Clock {
  if (value === undefined) return realClock;
  if (typeof value !== "object" || value === null) throw new OptionError("clock", "a clock", value);
  for (const method of ["nowMs", "setTimeout", "clearTimeout", "nextTurn"] as const) {
    if (typeof value[method] !== "function") {
      throw new OptionError(`clock.${method}`, "a function", value[method]);
    }
  }
  return value;
}

function checkTransport(
  options: Pick<SupervisorOptions, "ws" | "transport">,
  closeTimeoutMs: number,
  createTransport: CreateTransport,
): Transport {
  if (options.transport === undefined) {
    // The chart's deadline decides; ws's own must not cut a handshake short before it.
    return createTransport({ closeTimeout: Math.max(closeTimeoutMs, 2_000), ...options.ws });
  }
  if (options.ws !== undefined) {
    throw new OptionError("ws", "undefined where `transport` is given", options.ws);
  }
  return options.transport;
}

function topicCheck<M>(venue: VenueProfile<M> | undefined): Settings<M>["checkTopics"] {
  return (topics, path) => {
    topics.forEach((topic, index) => {
      const expected = venue?.checkTopic?.(topic);
      if (expected !== undefined) {
        throw new OptionError(topics.length === 1 ? path : `${path}[${index}]`, expected, topic);
      }
    });
  };
}

/** A close code that an application may send (RFC 6455 §7.4: 1000, 3000-4999), and a short reason. */
export function checkClose(code: unknown, reason: unknown): void {
  const isAllowed =
    typeof code === "number" &&
    (code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999));
  if (!isAllowed) throw new OptionError("code", "1000 or an integer from 3000 to 4999", code);
  if (typeof reason !== "string" || byteLength(reason) > 123) {
    throw new OptionError("reason", "a string of at most 123 bytes", reason);
  }
}

/** The time to live of one send. */
export function checkTtl(ttlMs: unknown): number | null | undefined {
  if (ttlMs === undefined || ttlMs === null) return ttlMs;
  return checkMs(ttlMs, "ttlMs", 0, 1);
}
