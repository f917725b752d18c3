/** What a supervisor looks like from outside, at one instant. Derived, never stored. */
import type { Loss } from "../../machines/loss.ts";
import type { StreamStatus } from "../recovery/broken-stream.ts";
import type { RecoveryCounts } from "../recovery/parts.ts";
import type { SupervisorState } from "./facts.ts";
import type { InboundCounts } from "./inbound-parts.ts";
import type { OutageReport } from "./outage.ts";
import type { OutboxCounts } from "./outbox.ts";

export interface Status {
  readonly state: SupervisorState;
  /** The state within `connected`: `resubscribing`, `probation` or `stable`. */
  readonly phase: string | undefined;
  /** Whether subscriptions are settled and sends flow. */
  readonly isReady: boolean;
  /** Since when it has been in `state`. */
  readonly sinceMs: number;
  /** Dials since the connection was last ready. */
  readonly attempt: number;
  /** Losses since it was last stable. */
  readonly failures: number;
  /** The wait of `reconnecting`, as announced; null elsewhere. */
  readonly retryInMs: number | null;
  /** When the next attempt begins; null outside `reconnecting`. */
  readonly nextAttemptAtMs: number | null;
  readonly lastLoss: Loss | null;
  /** The outage under way, if there is one: known since `sinceMs`, the last sign of life was before. */
  readonly outage:
    { readonly cause: Loss; readonly sinceMs: number; readonly startedAtMs: number } | undefined;
  /** The report on the last outage that ended. Its `missed` goes on being counted. */
  readonly lastOutage: OutageReport | undefined;
  /** When the peer was last heard on the current socket; 0 without one. */
  readonly lastByteAtMs: number;
  /** From the heartbeat's last ping on this socket to its pong; null before one, and without pings. */
  readonly roundTripMs: number | null;
  readonly topics: {
    readonly wanted: number;
    readonly confirmed: number;
    readonly pending: number;
    /** Refused for good on this socket. */
    readonly rejected: number;
    /** Refused for now: they wait to be asked for again. */
    readonly refused: number;
    readonly quarantined: number;
  };
  readonly inbound: Readonly<InboundCounts> & {
    /** Messages that came from a socket that was over. */
    readonly late: number;
    /** Messages that are held until the messages after them show what their numbers mean. */
    readonly inDoubt: number;
    /** Numbered messages beyond the bound of streams. */
    readonly unfollowed: number;
  };
  /** What recoveries came to, and every stream that is not whole. */
  readonly recovery: Readonly<RecoveryCounts> & { readonly streams: readonly StreamStatus[] };
  /** How sends ended, and those that have no fate yet: they wait here, or a socket has them (`inFlight`). */
  readonly outbox: Readonly<OutboxCounts> & {
    readonly messages: number;
    readonly bytes: number;
    /** Handed to the current socket, and not yet taken by the kernel. */
    readonly inFlight: number;
    /** Frames that are no sends and never went out: requests, logins, probes, replies, keepalives. */
    readonly ownFramesDropped: number;
  };
  /** One row per `messages()` iterator. */
  readonly queues: readonly {
    readonly depth: number;
    readonly delivered: number;
    readonly dropped: number;
    readonly conflated: number;
    readonly pauses: number;
  }[];
  /** How often a function of the user's has thrown. */
  readonly callbackFailures: number;
  /** Listeners attached with `on`: a number that only grows is a leak of whoever attaches them. */
  readonly listeners: number;
}
