/**
 * What a venue profile is: facts about an exchange as data, plus a few pure functions.
 *
 * Facts cite their source and the day they were read, where they stand. Everything a profile says can
 * be overridden by the options of `supervise`.
 */
import type { HeartbeatPolicy } from "../../machines/connection.context.ts";
import type { VerdictRule } from "../../machines/policy/verdict.ts";
import type { Resolvable } from "../connection/resolvable.ts";
import type { SequencePoint } from "../sequence/point.ts";
import type { PacingWindow } from "../subscriptions/pacer.ts";
import type { SubscriptionProtocol } from "../subscriptions/protocol.ts";

export interface VenueProfile<M> {
  /** Kebab-case: `binance-spot`. */
  readonly id: string;
  readonly url: Resolvable<string>;
  readonly subscriptions: SubscriptionProtocol<M>;
  /** One frame as a message. May throw: the frame is then counted and reported as invalid. */
  decode(data: Buffer, isBinary: boolean): M;
  /** Where a message stands in its stream; undefined for what is not numbered. */
  sequence?(message: M): SequencePoint | undefined;
  /** What is wrong with a topic, in words that complete "expected …"; undefined when it is good. */
  checkTopic?(topic: string): string | undefined;
  readonly limits: VenueLimits;
  readonly heartbeat: HeartbeatPolicy;
  /** Rows for losses that mean something else at this venue. */
  readonly verdict?: readonly VerdictRule[] | undefined;
}

export interface VenueLimits {
  /** Frames that one connection may send; several windows may hold at once. */
  readonly pacing: readonly PacingWindow[];
  /** Whether the venue counts our pings and pongs among them. */
  readonly countsControlFrames: boolean;
  /** Topics on one connection. */
  readonly topicsPerConnection: number;
}
