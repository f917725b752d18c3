/**
 * The routine of a heartbeat: what a look at the peer calls for, as long as all is well.
 *
 * A peer that talks, or answers when it is asked, is routine, and routine is no step of a chart: the
 * link looks on a timer of its own and asks these rules what to do. What they do not settle is told to
 * the heartbeat's chart, which decides. So a quiet hour of a thousand connections costs their pings.
 */
import type { HeartbeatPolicy } from "../connection.context.ts";

/** What a look at the peer finds. */
export interface Silence {
  /** Time since the last inbound byte, in milliseconds. */
  readonly silentMs: number;
  readonly atMs: number;
}

/** The look before, or the opening of the socket. */
export interface LastLook {
  /** When that was; 0 where it is not known. */
  readonly atMs: number;
  /** The peer was asked then. */
  readonly hasAsked: boolean;
}

/** `wait` for the rest of the interval; `ask` the peer and wait for the timeout; `tell` the chart. */
export type Beat = "wait" | "ask" | "tell";

/** As long as Ably keeps the state of a connection that is gone (RTN14e). */
const SUSPENDED_AFTER_MS = 120_000;

/** What to do after a look at the peer. */
export function beat(policy: HeartbeatPolicy, last: LastLook, found: Silence): Beat {
  // Asked first: what was heard before a long stop says nothing about now.
  if (wasAway(policy, last.atMs, found.atMs)) return "tell";
  if (last.hasAsked) return hasAnswered(last.atMs, found) ? "wait" : "tell";
  return found.silentMs < policy.intervalMs ? "wait" : "ask";
}

/** How long until the peer could have been silent for the whole interval, in milliseconds. */
export function restOfInterval({ intervalMs }: HeartbeatPolicy, silentMs: number): number {
  return Math.max(intervalMs - silentMs, 0);
}

/** Something came since the probe. Compared with the probe, not with the timeout: timers fire early. */
export function hasAnswered(askedAtMs: number, { silentMs, atMs }: Silence): boolean {
  return silentMs <= atMs - askedAtMs;
}

/** So long after the look before that our own process must have stood still. */
export function wasAway(policy: HeartbeatPolicy, lastAtMs: number, atMs: number): boolean {
  const { intervalMs, suspendedAfterMs = SUSPENDED_AFTER_MS } = policy;
  return lastAtMs > 0 && atMs - lastAtMs > intervalMs + suspendedAfterMs;
}
