/**
 * The options of a supervisor, and their defaults.
 *
 * Every time is in milliseconds and says so. `undefined` always means "the default": the venue's where
 * there is one, else the one written here. `null` means off, where off is possible. What functions may give, and
 * what comes of one that throws or gives something else, is in docs/functions.md.
 */
import type { ActorOptions } from "xstate";
import type { ConnectionMachine } from "../../machines/connection.machine.ts";
import type { BackoffFunction, BackoffShape } from "../../machines/policy/backoff.ts";
import type { MutePolicy } from "../../machines/policy/mute.ts";
import type { RetryBudget } from "../../machines/policy/retry-budget.ts";
import type { VerdictFunction, VerdictRule } from "../../machines/policy/verdict.ts";
import type { Authenticate } from "../connection/authentication.ts";
import type { Resolvable } from "../connection/resolvable.ts";
import type { Recovery, RecoveryPolicy } from "../recovery/recovery.ts";
import type { SequencePoint } from "../sequence/point.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import type { PacingWindow } from "../subscriptions/pacer.ts";
import type { QuarantinePolicy } from "../subscriptions/quarantine.ts";
import type { Frame, SubscriptionProtocol } from "../subscriptions/protocol.ts";
import type { Topic } from "../subscriptions/topic.ts";
import type { Clock } from "../system.ts";
import type { Transport } from "../transport/transport.ts";
import type { WsTransportOptions } from "../transport/ws-options.ts";
import type { VenueProfile } from "../venues/venue.ts";
import type { OutboxPolicy } from "./outbox.ts";
import type { SchemaOption } from "./schema.ts";

/** What to connect to: a URL, a function that gives one per attempt, or a venue. */
export type Target<M> = Resolvable<string | URL> | VenueProfile<M>;

/** A message where no `decode` is given: text as a string, binary as its bytes. */
export type RawMessage = string | Buffer;

export interface SupervisorOptions<M = RawMessage> {
  /**
   * What it is called in metrics, alerts and logs: a label, so one of few, never made of a topic, a URL or
   * a counter that goes on. Give one to each of several connections, or they are told apart by numbers.
   * @defaultValue the venue's id, with its service where it has several, or "connection"; with the lowest free
   * number from 2 (`binance-spot-2`) where a live supervisor of this process has that name
   */
  readonly name?: string | undefined;
  /** Topics wanted from the start. More with `subscribe()`. @defaultValue none */
  readonly topics?: readonly Topic[] | undefined;
  /** Subprotocols, or a function that gives them per attempt. @defaultValue none */
  readonly protocols?: Resolvable<string | readonly string[]> | undefined;
  /**
   * HTTP headers of the upgrade, or a function that gives them per attempt. With a function a 401 is
   * answered by one attempt at once with reason `renewal`. @defaultValue none
   */
  readonly headers?: Resolvable<Readonly<Record<string, string>>> | undefined;
  /** Logs in on the fresh socket, inside `connectTimeoutMs`. Throw to refuse. @defaultValue none */
  readonly authenticate?: Authenticate | undefined;
  /** How this server is asked for topics. @defaultValue a topic is the frame itself */
  readonly subscriptions?: SubscriptionProtocol<M> | undefined;
  /**
   * One frame as a message, at once: anything but `undefined` and a promise. What throws, or gives one of these, is
   * counted and reported (`message.invalid`), not delivered. @defaultValue the venue's, or a {@link RawMessage}
   */
  readonly decode?: ((data: Buffer, isBinary: boolean) => M) | undefined;
  /**
   * Where a message stands in its stream. `raw` is its bytes, for positions beyond 2^53 that `JSON.parse`
   * rounds. @defaultValue the venue's, or nothing is numbered
   */
  readonly sequence?: ((message: M, raw: Buffer) => SequencePoint | undefined) | undefined;
  /**
   * How the data missed in a gap is obtained: for all streams, or by stream (`undefined` leaves one to
   * the venue). `null` for not at all: gaps are reported, and that is all. @defaultValue the venue's
   */
  readonly recovery?: Recovery | ((stream: string) => Recovery | undefined) | null | undefined;
  /** How recoveries are paced and bounded. @defaultValue the venue's */
  readonly recoveryPolicy?: Partial<RecoveryPolicy> | undefined;
  /**
   * How long a topic may be silent: for all topics, or by topic (`undefined` leaves one to the venue,
   * `null` lets it be silent). A stale topic is subscribed anew, alone; then it is reported. `null` for
   * no deadline at all. @defaultValue the venue's
   */
  readonly freshness?:
    | Partial<FreshnessPolicy>
    | ((topic: string) => Partial<FreshnessPolicy> | null | undefined)
    | null
    | undefined;
  /**
   * When a topic is suspected of killing sockets, and how long it then rests, so that the others live.
   * `null`: never. @defaultValue two losses that it alone can be blamed for; 600,000 ms
   */
  readonly quarantine?: Partial<QuarantinePolicy> | null | undefined;
  /**
   * When a connection that is alive but brings no data counts as mute. Its topics are then asked for
   * again, and after that a new socket is dialled; without topics it is only told. By default after 60 s
   * of silence, or 10 times the longest of the last 256 gaps between data (3 times where that is over 10
   * minutes). Part by part over the venue's; `null`: never. See docs/silence.md.
   * @defaultValue the venue's, or 60,000 ms, 30,000 ms and 4 new sockets in a day
   */
  readonly mute?: Partial<MutePolicy> | null | undefined;
  /** Schemas (Standard Schema) by topic, or a function of the topic. @defaultValue nothing is checked */
  readonly schema?: SchemaOption | undefined;

  /**
   * From dial to usable, credentials and login included; absolute. Ours, because `ws`'s own
   * `handshakeTimeout` restarts with every byte. @defaultValue 10,000
   */
  readonly connectTimeoutMs?: number | undefined;
  /** Wait before the next attempt: a name, a shape or a function. @defaultValue "default" */
  readonly backoff?: "default" | "lone-client" | BackoffShape | BackoffFunction | undefined;
  /** An outage longer than this raises an alert and slows the attempts. @defaultValue 120,000 */
  readonly longOutageAfterMs?: number | undefined;
  /**
   * Dials after a failure before giving up in `failed`. Infinite by default: giving up would end a
   * feed in an exchange's maintenance. @defaultValue Infinity
   */
  readonly maxRetries?: number | undefined;
  /** Attempts per time, successes included; empty means wait. @defaultValue 120 per 600,000 ms */
  readonly retryBudget?: RetryBudget | undefined;
  /** Ready for this long forgives past failures. @defaultValue 10,000 */
  readonly stableAfterMs?: number | undefined;
  readonly resubscribe?: ResubscribeOptions | undefined;
  /** How many frames of any kind may go out. `null` for no limit. @defaultValue the venue's, or null */
  readonly pacing?: PacingWindow | readonly PacingWindow[] | null | undefined;
  /** `null` switches it off: a dead peer is then noticed by its TCP only, if ever. */
  readonly heartbeat?: HeartbeatOptions | null | undefined;
  /** Patience with the peer's half of a closing handshake. @defaultValue 2,000 */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * The server cuts a connection of this age. It is replaced before, at a random moment between 90 % and
   * 98 % of it; `null` for never. @defaultValue the venue's, or null
   */
  readonly maxAgeMs?: number | null | undefined;
  readonly outbox?: Partial<OutboxPolicy> | undefined;
  /** Rows before the table's own (and the venue's), or a function asked before all rows. */
  readonly verdict?: readonly VerdictRule[] | VerdictFunction | undefined;

  /** Options for the `ws` package. */
  readonly ws?: WsTransportOptions | undefined;
  /** Takes the place of `ws`. */
  readonly transport?: Transport | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
  /** Seed of the jitter, an integer. @defaultValue random */
  readonly seed?: number | undefined;
  /** Closes the connection when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** XState's inspector, for the actor that `supervise` starts. */
  readonly inspect?: ActorOptions<ConnectionMachine>["inspect"] | undefined;
}

export interface HeartbeatOptions {
  /** Silence after which the peer is probed. @defaultValue the venue's, or 15,000 */
  readonly intervalMs?: number | undefined;
  /**
   * How long the probe may go unanswered; at most `intervalMs`. A dead peer is noticed `intervalMs +
   * timeoutMs` and one loop turn after its last byte. @defaultValue the venue's, or 5,000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * A stop of our own process (SIGSTOP, a frozen container) longer than this replaces the connection
   * unasked: by then the server has given us up. Shorter stops are survived. @defaultValue 120,000
   */
  readonly suspendedAfterMs?: number | undefined;
  /** A frame that a living peer answers, where it ignores protocol pings. @defaultValue a ping */
  readonly probe?: (() => Frame) | undefined;
}

export interface ResubscribeOptions {
  /** The whole replay; then the connection is ready with what it has. @defaultValue 10,000 */
  readonly timeoutMs?: number | undefined;
  /** One request's answer. @defaultValue 5,000 */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How often a topic that was not answered is asked for again on the same socket, alone, after waits that
   * double from `requestTimeoutMs` to a minute. After that it is asked for slowly, every 100 s, at most ten
   * topics a minute together with those that were refused for now. 0 for never, where asking twice does
   * harm: then it rests until the next socket. @defaultValue 5
   */
  readonly retries?: number | undefined;
  /** Subscription frames per time, on top of `pacing`. @defaultValue the venue's, or 5 per 1,000 ms */
  readonly pacing?: PacingWindow | readonly PacingWindow[] | null | undefined;
  /** @defaultValue the protocol's or the venue's, or 100 */
  readonly topicsPerFrame?: number | undefined;
}

export const defaults = {
  connectTimeoutMs: 10_000,
  longOutageAfterMs: 120_000,
  maxRetries: Infinity,
  stableAfterMs: 10_000,
  resubscribe: {
    timeoutMs: 10_000,
    requestTimeoutMs: 5_000,
    retries: 5,
    pacing: [{ frames: 5, perMs: 1_000 }],
    topicsPerFrame: 100,
  },
  heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, suspendedAfterMs: 120_000 },
  closeTimeoutMs: 2_000,
} as const;
