/**
 * What a venue profile is: facts about an exchange as data, plus a few pure functions.
 *
 * Facts cite their source and the day they were read, where they stand. Everything a profile says can
 * be overridden by the options of `supervise`. `defineVenue` makes one and checks it.
 *
 * A profile is for one endpoint of its venue (a **service**), because a connection is. What belongs to
 * one socket only (numbers that the server hands out, a book to check sums against) lives in a
 * {@link Conversation}, which is made anew for every socket.
 */
import type { HeartbeatPolicy } from "../../machines/connection.context.ts";
import type { MutePolicy } from "../../machines/policy/mute.ts";
import type { RetryBudget } from "../../machines/policy/retry-budget.ts";
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import type { Authenticate } from "../connection/authentication.ts";
import type { Resolvable } from "../connection/resolvable.ts";
import type { Recovery, RecoveryPolicy } from "../recovery/recovery.ts";
import type { SequencePoint } from "../sequence/point.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import type { PacingWindow } from "../subscriptions/pacer.ts";
import type { Acknowledgement, Frame } from "../subscriptions/protocol.ts";
import type { Topic } from "../subscriptions/topic.ts";

/** Where a fact was read. Facts name it by `tag`, as in `[docs]`. */
export interface VenueSource {
  readonly tag: string;
  readonly what: string;
  /** ISO date. */
  readonly readOn: string;
}

export interface VenueProfile<M> {
  /** Kebab-case: `binance-spot`. */
  readonly id: string;
  readonly sources: readonly VenueSource[];
  /** Which of the venue's endpoints this profile is for, such as `public`; one of `services`. */
  readonly service: string;
  /** All of them. */
  readonly services: readonly string[];
  readonly url: Resolvable<string>;
  readonly topics: TopicGrammar;
  readonly limits: VenueLimits;
  /** What keeps the venue from cutting an idle connection. */
  readonly keepalive: Keepalive;
  readonly heartbeat: VenueHeartbeat;
  /** Sent first on every socket, before any subscription; their answers are `control`'s. */
  readonly opening?: (() => readonly Frame[]) | undefined;
  /**
   * What must be said and heard before a socket is usable: a welcome that must be awaited, a login.
   * The user's own `authenticate` option takes its place. What it reads is not delivered.
   */
  readonly authenticate?: Authenticate | undefined;
  /**
   * The venue cuts a connection of this age, in milliseconds. It is replaced at a random moment between
   * 90 % and 98 % of it.
   */
  readonly maxAgeMs?: number | undefined;
  /** Rows for losses that mean something else at this venue. */
  readonly verdict?: readonly VerdictRule[] | undefined;
  /** Attempts that the venue allows; the default where it allows more. */
  readonly retryBudget?: RetryBudget | undefined;
  /** How the data missed in a gap is obtained, by the stream that {@link Conversation.sequence} names. */
  readonly recovery?: ((stream: string) => Recovery) | undefined;
  /** How recoveries are paced. @defaultValue the supervisor's */
  readonly recoveryPolicy?: Partial<RecoveryPolicy> | undefined;
  /** How long a topic may be silent after its acknowledgement, and later; null: as long as it likes. */
  readonly freshness?: ((topic: string) => FreshnessPolicy | null) | undefined;
  /** When a connection that brings no data counts as mute; null for never. @defaultValue the supervisor's */
  readonly mute?: Partial<MutePolicy> | null | undefined;
  /** Begins to talk on a new socket. Where it throws, or gives no conversation, that socket is a loss `resolver`. */
  open(): Conversation<M>;
}

/** What one socket's talk remembers, and its words. All are pure but for that memory, and run guarded. */
export interface Conversation<M> {
  /** The frame that asks for `topics`. `id` is a positive integer, never used twice. */
  subscribe(topics: readonly string[], id: number): Frame;
  /**
   * The frame that ends them; undefined where there is nothing to end. Without this function an unwanted
   * topic goes on until the next socket.
   */
  unsubscribe?(topics: readonly string[], id: number): Frame | undefined;
  /**
   * One frame as a message. May throw: the frame is then counted and reported as invalid.
   */
  decode(data: Buffer, isBinary: boolean): M;
  /** What a message says besides data; undefined for data. */
  control?(message: M): VenueWord | undefined;
  /** The text of the topic that a message belongs to, as {@link TopicGrammar.parse} gives it. */
  topicOf?(message: M): string | undefined;
  /**
   * Where a message stands in its stream; undefined for what is not numbered. A stream is named as its
   * topic, unless its numbering is the whole connection's. `raw` is for positions that `JSON.parse` would
   * round.
   */
  sequence?(message: M, raw: Buffer): SequencePoint | undefined;
  /** Control messages are numbered like the others: `sequence` is asked for them too. @defaultValue false */
  readonly numbersControl?: boolean;
  /** True for a message with which its topic begins anew: a book's snapshot. Points may say so too. */
  isSnapshot?(message: M): boolean;
  /**
   * False when a message proves that what was delivered before it is not whole: a checksum. One that throws, or gives
   * no boolean, counts as a mismatch, and is reported (`callback.failed`).
   */
  verify?(message: M): boolean;
  /**
   * True for a message that {@link verify} is about to hold against a checksum: asked before it, and only where it
   * is to be said how much was proven. @defaultValue nothing has a checksum
   */
  carriesChecksum?(message: M): boolean;
}

/** How a venue's topics are written. */
export interface TopicGrammar {
  /**
   * The one text of a topic that was given as the venue's own string or as a typed value. `expected`
   * says what is wrong instead, in words that complete "expected …"; `service` that it is right, and
   * belongs to another endpoint.
   */
  parse(topic: Topic): ParsedTopic;
  /** A topic for help texts. */
  readonly example: string;
}

export type ParsedTopic =
  | { readonly topic: string }
  | { readonly expected: string }
  | { readonly topic: string; readonly service: string };

/** What a message says that is no data. It is not delivered. */
export type VenueWord =
  /** An answer to requests. */
  | { readonly kind: "answer"; readonly answer: Acknowledgement }
  /** Several at once. */
  | { readonly kind: "answers"; readonly answers: readonly Acknowledgement[] }
  /** A heartbeat, a pong, a greeting: a sign of life and no more. */
  | { readonly kind: "alive" }
  /** Must be answered, at once. */
  | { readonly kind: "challenge"; readonly reply: Frame }
  | { readonly kind: "notice"; readonly notice: VenueNotice };

/** What a venue announces about the connection. `detail` is the venue's own text. */
export type VenueNotice =
  /** The server goes away within `withinMs`: the connection is replaced before, at a random moment. */
  | { readonly action: "replace"; readonly withinMs: number; readonly detail: string }
  /** Silence follows and means nothing. */
  | { readonly action: "pause"; readonly detail: string }
  /** The pause is over; everything is subscribed anew. */
  | { readonly action: "resume"; readonly detail: string }
  /** For people. */
  | { readonly action: "status"; readonly detail: string };

export interface VenueHeartbeat extends HeartbeatPolicy {
  /** A frame that the venue answers, where it is no protocol ping. */
  readonly probe?: (() => Frame) | undefined;
}

/**
 * What keeps a connection from being cut for idleness. Modes without `everyMs` need nothing of us
 * beyond the heartbeat; they are named for readers and for `ws-supervisor venues`.
 */
export type Keepalive =
  /** The server pings; `ws` answers. */
  | { readonly mode: "server-ping" }
  /** The server asks in a message, which `control` calls a challenge. */
  | { readonly mode: "challenge" }
  /** The server says something by itself, often enough. */
  | { readonly mode: "server-message" }
  /** A channel that must be subscribed for its heartbeats. */
  | { readonly mode: "channel" }
  /** The heartbeat's probe, sent when nothing was heard, is enough. */
  | { readonly mode: "idle-probe" }
  /** We must ping, whatever else flows. */
  | { readonly mode: "client-ping"; readonly everyMs: number }
  /** We must say this, whatever else flows. */
  | { readonly mode: "client-message"; readonly everyMs: number; readonly frame: () => Frame };

export interface VenueLimits {
  /** Frames of any kind that one connection may send; several windows may hold at once. */
  readonly pacing: readonly PacingWindow[];
  /** Frames that subscribe or unsubscribe, on top. @defaultValue `resubscribe.pacing`'s */
  readonly subscriptionPacing?: readonly PacingWindow[] | undefined;
  /** Whether the venue counts our pings and pongs among them. */
  readonly countsControlFrames: boolean;
  /** Topics on one connection; Infinity where nothing is known. */
  readonly topicsPerConnection: number;
  /** @defaultValue 100 */
  readonly topicsPerFrame?: number | undefined;
  /** Which topics may share a frame: those of one group. @defaultValue all may */
  readonly groupOf?: ((topic: string) => string) | undefined;
  /** Characters of all topics on one connection. */
  readonly charsPerConnection?: number | undefined;
  /** Dials that the venue allows from one address: for people, and for `ws-supervisor venues`. */
  readonly connects?: readonly { readonly attempts: number; readonly perMs: number }[] | undefined;
  /** A connection that asks for nothing within this is closed. */
  readonly firstSubscribeWithinMs?: number | undefined;
}
