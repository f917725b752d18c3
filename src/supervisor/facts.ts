/**
 * Everything that happens, as one typed union of facts.
 *
 * All of it goes through one `publish()`; `on(...)`, status, outage reports, logs and later metrics
 * and the inspector derive from it. `atMs` is on the supervisor's clock.
 */
import type { ConnectionAlert } from "../../machines/connection.events.ts";
import type { Loss } from "../../machines/loss.ts";
import type { InternalError } from "../errors.ts";
import type { MuteAction } from "../../machines/policy/mute.ts";
import type { FrameKind } from "../connection/frame-watch.ts";
import type { Position } from "../sequence/point.ts";
import type { TopicOutcome } from "../subscriptions/summary.ts";
import type { VenueNotice } from "../venues/venue.ts";
import type { InvalidItem, MessageItem, OverflowItem, SnapshotItem, ValidItem } from "./items.ts";
import type { OutageReport } from "./outage.ts";
import type { DropReason } from "./outbox.ts";

/** `idle` until an actor runs the supervisor's chart; else the chart's top-level states. */
export type SupervisorState =
  "idle" | "connecting" | "connected" | "reconnecting" | "failed" | "closing" | "closed";

/** Something a person should know: the chart's alerts and the supervisor's own. */
export type Alert =
  | ConnectionAlert
  /**
   * `retryInMs` until they are asked for again, each alone; null where that is not done on this socket
   * (`resubscribe.retries: 0`).
   */
  | {
      readonly kind: "subscriptions-timed-out";
      readonly topics: readonly string[];
      readonly retryInMs: number | null;
    }
  /** The peer refuses these for now: each is asked for again, alone. `reason` of one that is new. */
  | { readonly kind: "topic-refused"; readonly topics: readonly string[]; readonly reason: string }
  /** The peer refuses these for good: the next socket is asked. `reason` of one that is new. */
  | { readonly kind: "topic-rejected"; readonly topics: readonly string[]; readonly reason: string }
  /**
   * A stream could not be made whole in its fast tries, or breaks again whenever it is. It stays invalid, its
   * messages are delivered, and the tries go on slowly until `valid`, or `recovery.abandoned`.
   */
  | {
      readonly kind: "recovery-failed";
      readonly stream: string;
      /** Tries in a row that brought nothing, or did not last. */
      readonly tries: number;
      readonly detail: string;
    }
  | { readonly kind: "too-many-streams"; readonly limit: number }
  /** An error inside the chart or one of its actors has ended the connection: nothing goes on by itself. */
  | { readonly kind: "internal"; readonly detail: string }
  /**
   * Subscribed again and still silent: all such topics of the connection, and the longest of their
   * silences in milliseconds. They are asked for again, ever more slowly; `topic.fresh` tells of each
   * that speaks.
   */
  | { readonly kind: "topic-stale"; readonly topics: readonly string[]; readonly silentMs: number }
  /**
   * The connection is alive and brings no data: for so long, where its rhythm explains `boundMs`, both in
   * milliseconds. Once in a silence; `mute.ended` tells when data comes.
   */
  | { readonly kind: "mute"; readonly silentMs: number; readonly boundMs: number }
  /**
   * The socket refused three frames with none written between them: nothing can be sent, whatever is given.
   * `detail` is the last error's text, and says what helps where that is known. The connection stays, as a new
   * socket would refuse them too; `send.restored` tells when a frame is written.
   */
  | { readonly kind: "send-broken"; readonly throws: number; readonly detail: string }
  /** It killed the sockets that asked for it: it is not asked for until then, so that the others live. */
  | { readonly kind: "topic-quarantined"; readonly topic: string; readonly untilMs: number };

/** The facts by name; `atMs` and `type` are added by {@link Fact}. */
export interface FactPayloads {
  /** The chart entered another top-level state. */
  state: { readonly state: SupervisorState; readonly previous: SupervisorState };
  /** Subscriptions replayed and settled: messages flow, sends flow. Alternates with `down`. */
  up: { readonly attempt: number };
  /** No longer usable. Once per outage. */
  down: { readonly loss: Loss; readonly rule: string; readonly retryInMs: number | null };
  /** One dial, or a socket that never got ready, failed. `retryInMs` is null when none follows. */
  "attempt.failed": {
    readonly loss: Loss;
    readonly rule: string;
    readonly attempt: number;
    readonly failures: number;
    readonly retryInMs: number | null;
  };
  /**
   * Too many `connect()` and `reconnect()` lately: this one dials in `retryInMs`. Those that are given
   * until then are one with it.
   */
  "command.delayed": {
    readonly command: "connect" | "reconnect";
    readonly retryInMs: number;
  };
  /** Messages are missing. `through` the next message of the stream they never came. */
  gap: { readonly stream: string; readonly from: Position; readonly to: Position };
  /**
   * Messages have been held for a second, as their numbers are below the known position: late ones, or a
   * numbering that started over. The stream's next message tells, or the socket's end. Once per doubt.
   */
  "in-doubt": { readonly stream: string; readonly messages: number };
  /**
   * Four messages running had one number and different contents: the number says nothing, and the stream is
   * delivered unjudged until it grows. Once per time.
   */
  "numbering-stuck": { readonly stream: string; readonly position: Position };
  /** A venue started its numbering over. */
  reset: { readonly stream: string };
  /** A checksum proves that a stream is not what was sent. */
  mismatch: { readonly stream: string };
  /** A stream is not whole from here on. In band as an item of that kind. */
  invalid: Omit<InvalidItem, "kind">;
  /** A snapshot was fetched; the messages that follow go on from it. In band as an item of that kind. */
  snapshot: Omit<SnapshotItem, "kind">;
  /** The stream is whole again. In band as an item of that kind. */
  valid: Omit<ValidItem, "kind">;
  /** A stream whose recovery was failing is not wanted any more. */
  "recovery.abandoned": { readonly stream: string };
  /** What the venue announces about the connection or itself. `detail` is its own text, escaped. */
  notice: {
    readonly action: VenueNotice["action"];
    readonly detail: string;
    readonly withinMs: number | null;
  };
  /** A slow consumer's buffer dropped messages; once per burst, when it has caught up or every 1,000. */
  overflow: { readonly overflow: OverflowItem };
  /** Every wanted topic has its answer on this socket, or none within its time. */
  "subscriptions.settled": {
    readonly confirmed: readonly string[];
    readonly rejected: readonly TopicOutcome[];
    /** Refused for now: each is asked for again, alone. */
    readonly refused: readonly TopicOutcome[];
    readonly timedOut: readonly string[];
    /** Not asked for, as they killed earlier sockets. */
    readonly quarantined: readonly string[];
  };
  /** The peer refused one topic for good. The others live, and the next socket is asked for it. */
  "topic.rejected": { readonly topic: string; readonly reason: string };
  /**
   * The peer refused, for now, to begin one topic or to end it. `retryInMs` until that is asked again, alone;
   * null for an end that is not asked again: the topic counts as ended.
   */
  "topic.refused": {
    readonly topic: string;
    readonly request: "subscribe" | "unsubscribe";
    readonly reason: string;
    readonly retryInMs: number | null;
  };
  /** A subscribed topic has been silent for longer than it may: it is subscribed anew, alone. */
  "topic.stale": {
    readonly topic: string;
    readonly silentMs: number;
    readonly action: "resubscribe";
  };
  /** A stale topic speaks again. */
  "topic.fresh": { readonly topic: string; readonly silentMs: number };
  /**
   * A connection that is alive brings no data: for `silentMs`, where its rhythm explains `boundMs`. All
   * its topics are asked for again (`resubscribe`), it is replaced (`reconnect`), or nothing is done.
   */
  mute: {
    readonly silentMs: number;
    readonly boundMs: number;
    readonly action: MuteAction;
  };
  /** Data comes again after a silence that was told, in milliseconds. */
  "mute.ended": { readonly silentMs: number };
  /** A topic is not asked for until `untilMs`: sockets died of it. The others live. */
  "topic.quarantined": {
    readonly topic: string;
    readonly strikes: number;
    readonly untilMs: number;
  };
  /** Something a person should know. */
  alert: { readonly alert: Alert };
  /** An outage is over. */
  recovered: { readonly report: OutageReport };
  /** Refused for good, or out of retries. `connect()` starts over. */
  failed: { readonly loss: Loss; readonly rule: string };
  /**
   * An error inside the chart or one of its actors has ended the connection. Iterators throw `error`, `ready()`
   * rejects with it; socket and timers are gone. `closed` follows.
   */
  internal: { readonly error: InternalError };
  /** Closed by its owner; with an `error`, ended by an internal one. The last fact. */
  closed: { readonly error?: InternalError };
  /**
   * A message that `decode` could not read, or a function that threw on it, or gave what is none (docs/functions.md):
   * counted, not delivered. `excerpt` is escaped, bounded.
   */
  "message.invalid": { readonly reason: string; readonly excerpt: string };
  /**
   * A message was dropped, and counted: `duplicate` the number of its stream's last message once more ·
   * `stale` an older number, late or told again · `late` its socket was over. The first of each cause in a
   * minute; `stream` and `position` are null for `late`.
   */
  "message.dropped": {
    readonly cause: "duplicate" | "stale" | "late";
    readonly stream: string | null;
    readonly position: Position | null;
  };
  /**
   * The place of a message could not be read (`sequence` gave a number that is none): it is delivered all
   * the same, and counted. The first in a minute.
   */
  "message.unjudged": { readonly reason: string; readonly excerpt: string };
  /**
   * A message or a frame was dropped, and counted. `frame` says what it was: a `message` of `send()`, a
   * subscription's `request`, a frame of the `login`, the heartbeat's `probe`, or an `urgent` frame of the
   * venue's. The first of each kind and reason in a minute. `detail` is the socket's own text; null without one.
   */
  "send.dropped": {
    readonly frame: FrameKind;
    readonly reason: DropReason;
    readonly bytes: number;
    readonly detail: string | null;
  };
  /** A socket failed with a message of which nobody knows whether it arrived; counted. The first in a minute. */
  "send.unknown": { readonly bytes: number };
  /** A frame was written again after the alert `send-broken`. */
  "send.restored": object;
  /**
   * A function of the user's threw, rejected, or gave what it must not give. What comes of that is in
   * docs/functions.md. `callback` names it as its option.
   */
  "callback.failed": { readonly callback: string; readonly error: unknown };
}

export type FactType = keyof FactPayloads;

/** All of them, to tell one from a misspelt name. The compiler finds one that is missing here. */
export const factTypes: Readonly<Record<FactType, true>> = {
  state: true,
  up: true,
  down: true,
  "attempt.failed": true,
  "command.delayed": true,
  gap: true,
  "in-doubt": true,
  "numbering-stuck": true,
  reset: true,
  mismatch: true,
  invalid: true,
  snapshot: true,
  valid: true,
  "recovery.abandoned": true,
  notice: true,
  overflow: true,
  "subscriptions.settled": true,
  "topic.rejected": true,
  "topic.refused": true,
  "topic.stale": true,
  "topic.fresh": true,
  mute: true,
  "mute.ended": true,
  "topic.quarantined": true,
  alert: true,
  recovered: true,
  failed: true,
  internal: true,
  closed: true,
  "message.invalid": true,
  "message.dropped": true,
  "message.unjudged": true,
  "send.dropped": true,
  "send.unknown": true,
  "send.restored": true,
  "callback.failed": true,
};

/** One fact. */
export type Fact<T extends FactType = FactType> = {
  [K in T]: { readonly type: K; readonly atMs: number } & FactPayloads[K];
}[T];

/**
 * A fact as an event of a chart that embeds the connection and gives itself as `parent` in its input: of type
 * `connection.` and the fact's, with the fact's own fields.
 */
export type FactEvent<T extends FactType = FactType> = {
  [K in T]: { readonly type: `connection.${K}`; readonly atMs: number } & FactPayloads[K];
}[T];

/** What `on(type, listener)` hands to its listener: messages beside facts. */
interface ListenerArguments<M> {
  message: MessageItem<M>;
  /** Every fact, whatever its type; no messages. */
  "*": Fact;
}

export type EventName<M> = FactType | keyof ListenerArguments<M>;

export type Listener<M, E extends EventName<M>> = (
  event: E extends FactType
    ? Fact<E>
    : E extends keyof ListenerArguments<M>
      ? ListenerArguments<M>[E]
      : never,
) => void;
