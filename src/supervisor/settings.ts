/**
 * Options, a target and perhaps a venue, checked and merged into what the parts of a supervisor need.
 *
 * Everything is checked here, before any I/O, and functions given by users come out guarded: what
 * they throw is reported and changes nothing else.
 */
import type { InspectionEvent } from "xstate";
import type { ConnectionPolicy } from "../../machines/connection.context.ts";
import type { MutePolicy } from "../../machines/policy/mute.ts";
import { checkHeaders, checkProtocols, checkUrl } from "../connection/check-dial.ts";
import type { Authenticate } from "../connection/authentication.ts";
import type { LinkKeepalive } from "../connection/link.ts";
import { isRenewable, type DialTarget } from "../connection/resolvable.ts";
import type { CloseFrame } from "../connection/socket-attempt.ts";
import { OptionError, wrongValue } from "../errors.ts";
import type { Recovery, RecoveryPolicy } from "../recovery/recovery.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import type { PacingWindow } from "../subscriptions/pacer.ts";
import type { QuarantinePolicy } from "../subscriptions/quarantine.ts";
import { topicKeys, type Topic } from "../subscriptions/topic.ts";
import { randomSeed, realClock, type Clock } from "../system.ts";
import { printable } from "../transport/printable.ts";
import type { Transport } from "../transport/transport.ts";
import type { VenueProfile } from "../venues/venue.ts";
import { checkVenue } from "../venues/check-venue.ts";
import {
  checkClock,
  checkFunction,
  checkInteger,
  checkKeys,
  checkSignal,
  checkSync,
  requireFunction,
  type ReportFailure,
} from "../check.ts";
import { isPlainObject, onRejection } from "../shape.ts";
import {
  checkKeepalive,
  checkOpening,
  checkOutbox,
  checkPacing,
  checkProbe,
  checkProtocol,
  checkResubscribe,
  type ResubscribeSettings,
} from "./check-intent.ts";
import { checkPolicy } from "./check-policy.ts";
import { checkMute } from "./check-mute.ts";
import type { SupervisorOptions, Target } from "./options.ts";
import { checkFreshness, checkQuarantine, checkRecovery } from "./check-feed.ts";
import type { Platform } from "./platform.ts";
import { checkRecoveryPolicy } from "../recovery/check-recovery-policy.ts";
import type { OutboxPolicy } from "./outbox.ts";
import { checkSchema, type SchemaOf } from "./schema.ts";
import { talksOf, type Talk } from "./talk.ts";

/** What a supervisor is built from. */
export interface Settings<M> extends ResubscribeSettings {
  /** What the user calls it, or what its default name begins with. */
  readonly name: string;
  readonly isNamed: boolean;
  /** The id of the venue, where there is one. */
  readonly venue: string | undefined;
  readonly target: DialTarget;
  readonly authenticate: Authenticate | undefined;
  readonly policy: ConnectionPolicy;
  readonly seed: number;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly warn: Platform["warn"];
  readonly signal: AbortSignal | undefined;
  readonly outbox: OutboxPolicy;
  readonly topics: readonly string[];
  /** The texts of topics, one or several. Throws an {@link OptionError} for what is none here. */
  readonly parseTopics: (topics: unknown, path: string) => readonly string[];
  readonly topicsPerConnection: number;
  readonly charsPerConnection: number;
  /** Begins to talk on a new socket. */
  readonly talk: () => Talk<M>;
  readonly canUnsubscribe: boolean;
  /** Whether requests are answered; if not, written is confirmed. */
  readonly isAnswered: boolean;
  readonly opening: (() => readonly (string | Uint8Array)[]) | undefined;
  readonly keepalive: LinkKeepalive | undefined;
  /** What ends of ours say to the peer; undefined for the usual. */
  readonly closeFrame: CloseFrame | undefined;
  readonly groupOf: ((topic: string) => string) | undefined;
  readonly recovery: ((stream: string) => Recovery) | undefined;
  readonly recoveryPolicy: RecoveryPolicy;
  readonly freshness: ((topic: string) => FreshnessPolicy | null) | undefined;
  readonly quarantine: QuarantinePolicy | null;
  /** Null: mute connections are not looked for. */
  readonly mute: MutePolicy | null;
  readonly schema: SchemaOf | undefined;
  readonly pacing: readonly PacingWindow[];
  readonly countsControlFrames: boolean;
  readonly probe: (() => string | Uint8Array | undefined) | undefined;
  readonly inspect: Inspect | undefined;
}

type Inspect = (event: InspectionEvent) => void;

const KNOWN = [
  "topics",
  "protocols",
  "headers",
  "authenticate",
  "subscriptions",
  "decode",
  "sequence",
  "recovery",
  "recoveryPolicy",
  "freshness",
  "quarantine",
  "mute",
  "schema",
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
  "maxAgeMs",
  "outbox",
  "verdict",
  "ws",
  "transport",
  "clock",
  "seed",
  "signal",
  "inspect",
  "name",
] as const satisfies readonly (keyof SupervisorOptions)[];

const none: readonly never[] = [];
const noHeaders: Readonly<Record<string, string>> = {};

export function checkSettings<M>(
  given: Target<M>,
  options: SupervisorOptions<M>,
  report: ReportFailure,
  platform: Platform,
): Settings<M> {
  checkKeys(options, "options", KNOWN);
  checkFunction(options.authenticate, "authenticate");
  for (const name of ["decode", "sequence", "transport"] as const) checkSync(options[name], name);
  const venue = isVenue(given) ? given : undefined;
  if (venue !== undefined) checkVenue(venue);
  const target = checkTarget(venue === undefined ? given : venue.url, options);
  const credentials =
    isRenewable(target) || options.authenticate !== undefined ? "renewable" : "fixed";
  const protocol = checkProtocol(options.subscriptions, venue);
  const parseTopics = topicParser(venue);
  const topics = options.topics === undefined ? none : parseTopics(options.topics, "topics");
  const resubscribe = checkResubscribe(options.resubscribe, protocol, venue?.limits);
  const talk = talksOf(options, venue, report);
  const words = talk();
  const recoveryPolicy = checkRecoveryPolicy(options.recoveryPolicy, venue?.recoveryPolicy);
  const policy = checkPolicy({
    options,
    venueHeartbeat: venue?.heartbeat,
    venueBudget: venue?.retryBudget,
    recovery: recoveryPolicy,
    venueMaxAgeMs: venue?.maxAgeMs,
    venueRules: venue?.verdict ?? [],
    credentials,
    report,
  });
  return {
    name: checkName(options.name, venue),
    isNamed: options.name !== undefined,
    venue: venue?.id,
    target,
    authenticate: options.authenticate ?? venue?.authenticate,
    policy,
    seed: checkSeed(options.seed),
    clock: checkClock(options.clock, realClock),
    transport: checkTransport(options, policy.closeTimeoutMs, platform.createTransport),
    warn: platform.warn,
    signal: checkSignal(options.signal, "signal"),
    outbox: checkOutbox(options.outbox),
    topics,
    parseTopics,
    topicsPerConnection: venue?.limits.topicsPerConnection ?? Infinity,
    charsPerConnection: venue?.limits.charsPerConnection ?? Infinity,
    talk,
    canUnsubscribe: words.unsubscribe !== undefined,
    isAnswered: words.control !== undefined,
    opening: checkOpening(venue?.opening, report),
    keepalive: checkKeepalive(venue?.keepalive, report),
    closeFrame: venue?.closeFrame && {
      code: venue.closeFrame.code,
      reason: venue.closeFrame.reason ?? "",
    },
    groupOf:
      options.subscriptions === undefined ? checkGroups(venue?.limits.groupOf, report) : undefined,
    ...resubscribe,
    recovery: checkRecovery(options.recovery, venue?.recovery?.bind(venue), report),
    recoveryPolicy,
    freshness: checkFreshness(options.freshness, venue?.freshness?.bind(venue), report),
    quarantine: checkQuarantine(options.quarantine),
    mute: checkMute(options.mute, venue?.mute),
    schema: checkSchema(options.schema, report),
    pacing: checkPacing(options.pacing, venue?.limits.pacing ?? none),
    countsControlFrames: venue?.limits.countsControlFrames ?? false,
    probe: checkProbe(options.heartbeat, venue?.heartbeat.probe, report),
    inspect: checkInspect(options.inspect, report),
  };
}

/** It stands in log lines and as a label: short, and nothing that moves a cursor. */
function checkName<M>(name: unknown, venue: VenueProfile<M> | undefined): string {
  if (name === undefined) return venue === undefined ? "connection" : endpointOf(venue);
  const isName = typeof name === "string" && name.length > 0 && printable(name, 100) === name;
  if (!isName) throw new OptionError("name", "1 to 100 printable characters", name);
  return name;
}

/** A connection is to one endpoint of its venue. */
function endpointOf<M>({ id, service, services }: VenueProfile<M>): string {
  return services.length > 1 ? `${id}-${service}` : id;
}

/** Chance is asked for only where no seed is given. */
function checkSeed(seed: unknown): number {
  return seed === undefined ? randomSeed() : checkInteger(seed, "seed", 0, Number.MIN_SAFE_INTEGER);
}

function isVenue<M>(target: Target<M>): target is VenueProfile<M> {
  return typeof target === "object" && target !== null && "limits" in target;
}

/** What is not given is the same for all, and what is made per attempt is checked per attempt. */
function checkGiven<T, C>(
  value: T | undefined,
  path: string,
  fallback: C,
  check: (value: T) => C,
): C | Extract<T, (...args: never) => unknown> {
  if (value === undefined) return fallback;
  if (typeof value !== "function") return check(value);
  requireFunction(value, path);
  return value as Extract<T, (...args: never) => unknown>;
}

function checkTarget<M>(url: unknown, options: SupervisorOptions<M>): DialTarget {
  const { protocols, headers } = options;
  return {
    url: checkGiven(url as DialTarget["url"], "url", "", (text) => checkUrl(text, "url")),
    protocols: checkGiven(protocols, "protocols", none, (list) =>
      checkProtocols(list, "protocols"),
    ),
    headers: checkGiven(headers, "headers", noHeaders, (list) => checkHeaders(list, "headers")),
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
      const result: unknown = isObserver ? value.next?.(event) : value(event);
      onRejection(result, (error) => report("inspect", error));
    } catch (error) {
      report("inspect", error);
    }
  };
}

function checkTransport(
  options: Pick<SupervisorOptions, "ws" | "transport">,
  closeTimeoutMs: number,
  createTransport: Platform["createTransport"],
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

/** With a venue a topic is what its grammar reads; without, any text or JSON. */
function topicParser<M>(venue: VenueProfile<M> | undefined): Settings<M>["parseTopics"] {
  if (venue === undefined) return topicKeys;
  return (topics, path) => {
    const list: readonly unknown[] = Array.isArray(topics) ? topics : [topics];
    return list.map((topic, index) => {
      const at = list.length === 1 ? path : `${path}[${index}]`;
      const [key] = topicKeys([topic], at);
      const parsed = venue.topics.parse(topic as Topic);
      checkParsed(parsed);
      if ("expected" in parsed) throw new OptionError(at, parsed.expected, key);
      if ("service" in parsed && parsed.service !== venue.service) {
        const ours = `a topic of ${venue.id}'s endpoint "${venue.service}"`;
        throw new OptionError(at, `${ours} (this one belongs to "${parsed.service}")`, key);
      }
      return parsed.topic;
    });
  };
}

function checkParsed(parsed: unknown): void {
  const isParsed =
    isPlainObject(parsed) &&
    (typeof parsed["topic"] === "string" || typeof parsed["expected"] === "string");
  if (!isParsed) throw wrongValue("venue.topics.parse()", "{ topic } or { expected }", parsed);
}

/** A topic whose group cannot be told shares its frame with no other. */
function checkGroups(
  groupOf: ((topic: string) => string) | undefined,
  report: ReportFailure,
): Settings<never>["groupOf"] {
  if (groupOf === undefined) return undefined;
  return (topic) => {
    try {
      const group: unknown = groupOf(topic);
      if (typeof group === "string") return group;
      throw wrongValue("venue.limits.groupOf()", "the name of a group", group);
    } catch (error) {
      report("venue.limits.groupOf", error);
      return `alone ${topic}`;
    }
  };
}
