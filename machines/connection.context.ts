/**
 * What a connection's chart remembers, and the arithmetic on it.
 *
 * All of it is JSON but the link and the user's functions; none of it is a URL or a credential. Time
 * comes in on facts, chance from `rng`; everything a guard or a delay reads was decided here, once.
 */
import type { Loss, LossPhase } from "./loss.ts";
import type { ConnectionLink, DialReason } from "./link.ts";
import { backoffMs, type BackoffFunction, type BackoffShape } from "./policy/backoff.ts";
import { toTimerMs } from "./policy/duration.ts";
import { nextRandom } from "./policy/random.ts";
import {
  fullBudget,
  spend,
  waitForToken,
  type BudgetState,
  type RetryBudget,
} from "./policy/retry-budget.ts";
import { verdict, type PastLoss, type Verdict, type VerdictPolicy } from "./policy/verdict.ts";
import type { RecoveryPacing } from "./recovery.door.ts";
import type { Rotation } from "./rotation.ts";
import type { SocketLost } from "./connection.events.ts";

/** Every number and rule that the chart goes by. Checked where options are checked, not here. */
export interface ConnectionPolicy {
  readonly connectTimeoutMs: number;
  readonly backoff: BackoffShape | BackoffFunction;
  readonly longOutageAfterMs: number;
  /** Dials after a failure before `failed`; Infinity never gives up. */
  readonly maxRetries: number;
  readonly retryBudget: RetryBudget;
  readonly stableAfterMs: number;
  readonly resubscribeTimeoutMs: number;
  /** `null` where no heartbeat is wanted. */
  readonly heartbeat: HeartbeatPolicy | null;
  readonly closeTimeoutMs: number;
  /** The venue cuts a connection of this age, in milliseconds; `null` where it cuts none. */
  readonly maxAgeMs: number | null;
  /** How the recoveries of streams are paced. */
  readonly recovery: RecoveryPacing;
  readonly verdict: VerdictPolicy;
}

/** A dead peer is noticed at most `intervalMs + timeoutMs` and one loop turn after its last byte. */
export interface HeartbeatPolicy {
  /** Silence after which the peer is probed, in milliseconds. */
  readonly intervalMs: number;
  /** How long a probe may go unanswered, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * A stop of our own process longer than this ends the connection unasked, in milliseconds: by then
   * the server has given us up, and every NAT on the way has forgotten us. One shorter never does; one
   * longer by `intervalMs` always. @defaultValue 120,000
   */
  readonly suspendedAfterMs?: number | undefined;
}

export interface ConnectionInput {
  readonly link: ConnectionLink;
  readonly policy: ConnectionPolicy;
  /** Seed of the jitter, a 32-bit integer: the same seed and the same facts give the same waits. */
  readonly seed: number;
}

export interface ConnectionContext {
  readonly link: ConnectionLink;
  readonly policy: ConnectionPolicy;
  /** Dials since the connection was last ready. */
  readonly attempt: number;
  readonly dialReason: DialReason;
  /** When the current attempt began; null before it is known. */
  readonly dialledAtMs: number | null;
  readonly phase: LossPhase;
  /** Losses since the connection was last stable. */
  readonly failures: number;
  /** True from `up` to `down`. */
  readonly isUp: boolean;
  /** Since when the connection has not been ready; null while it is, or before the first dial. */
  readonly outageSinceMs: number | null;
  readonly lastLoss: Loss | null;
  readonly lastVerdict: Verdict | null;
  /** The wait that `reconnecting` is in, or was last in; null where no attempt follows by itself. */
  readonly retryInMs: number | null;
  readonly isBudgetEmpty: boolean;
  /** What this outage has raised an alert about already: once is enough. */
  readonly alerted: { readonly rule: string | null; readonly budget: boolean };
  readonly budget: BudgetState;
  /** Past losses, oldest first, at most {@link HISTORY_LENGTH}. */
  readonly history: readonly PastLoss[];
  readonly hasRenewed: boolean;
  /** When and why the open socket will be replaced unasked; null where that is not planned. */
  readonly rotation: Rotation | null;
  /** State of the jitter stream. */
  readonly rng: number;
}

/** Nothing has been alerted about yet in this outage. */
export const noAlerts: ConnectionContext["alerted"] = { rule: null, budget: false };

/** Enough for every "three times in five minutes" even when other losses come between. */
const HISTORY_LENGTH = 32;

export function initialContext({ link, policy, seed }: ConnectionInput): ConnectionContext {
  return {
    link,
    policy,
    attempt: 0,
    dialReason: "first",
    dialledAtMs: null,
    phase: "resolve",
    ...freshHistory,
    isUp: false,
    lastLoss: null,
    lastVerdict: null,
    retryInMs: null,
    isBudgetEmpty: false,
    rotation: null,
    budget: fullBudget(policy.retryBudget, 0),
    rng: seed | 0,
  };
}

/** What becoming stable forgives. Not the history: "three times in five minutes" outlives a success. */
export const forgiven = { failures: 0, hasRenewed: false } as const;

/**
 * What `connect` after `failed` wipes out: a rest in `failed` is no part of an outage. The budget is
 * never forgiven.
 */
export const freshHistory = {
  ...forgiven,
  history: [],
  outageSinceMs: null,
  alerted: noAlerts,
} as const;

/** A loss with its verdict: the one shape in which the chart decides. */
export function judged(context: ConnectionContext, loss: Loss, atMs: number): SocketLost {
  const { history: losses, hasRenewed, policy } = context;
  return {
    type: "socket.lost",
    loss,
    verdict: verdict(loss, { atMs, losses, hasRenewed }, policy.verdict),
    atMs,
  };
}

/** True when one more loss leaves no retry. */
export function isExhausted(context: ConnectionContext): boolean {
  return context.failures >= context.policy.maxRetries;
}

/** The context after a loss, with the wait that follows it. */
export function afterLoss(
  context: ConnectionContext,
  lost: SocketLost,
): Partial<ConnectionContext> {
  const { loss, verdict: ruling, atMs } = lost;
  const failures = context.failures + 1;
  const outageSinceMs = context.outageSinceMs ?? atMs;
  const past: PastLoss = { rule: ruling.rule, class: loss.class, atMs };
  return {
    ...retryAfter({ ...context, failures, outageSinceMs }, ruling, atMs),
    failures,
    outageSinceMs,
    lastLoss: loss,
    lastVerdict: ruling,
    hasRenewed: context.hasRenewed || ruling.renews,
    dialReason: ruling.renews ? "renewal" : "retry",
    history: [...context.history, past].slice(-HISTORY_LENGTH),
  };
}

/** Backoff, then the server's floor with jitter on top of it, then the budget; one number comes out. */
function retryAfter(
  context: ConnectionContext,
  ruling: Verdict,
  atMs: number,
): Pick<ConnectionContext, "retryInMs" | "isBudgetEmpty" | "rng"> {
  const { policy, failures, retryInMs: previousMs } = context;
  const outageMs = atMs - (context.outageSinceMs ?? atMs);
  const [random, afterFirst] = nextRandom(context.rng);
  const [spread, rng] = nextRandom(afterFirst);
  const isLongOutage = outageMs >= policy.longOutageAfterMs;
  const ownMs =
    ruling.action === "now"
      ? 0
      : backoffMs(policy.backoff, {
          failures,
          previousMs: failures === 1 ? 0 : (previousMs ?? 0),
          outageMs,
          isLongOutage,
          random,
        });
  const waitMs = Math.max(ownMs, ruling.floorMs + spread * ruling.spreadMs);
  const budgeted = waitForToken(policy.retryBudget, context.budget, atMs, waitMs);
  return { retryInMs: toTimerMs(budgeted.waitMs), isBudgetEmpty: budgeted.isEmpty, rng };
}

/** The context when the owner asks for a new socket while there is one. */
export function afterRequest(context: ConnectionContext): Partial<ConnectionContext> {
  return {
    ...dialledAtOnce({ class: "requested", phase: context.phase }),
    // Credentials that were refused are still to be renewed.
    dialReason: context.phase === "open" ? "command" : commanded(context.dialReason),
  };
}

/** The context when the moment for the planned reconnect has come. No failure is counted. */
export function afterRotation({ rotation }: ConnectionContext): Partial<ConnectionContext> {
  const { detail = "", silentMs } = rotation ?? {};
  return {
    ...dialledAtOnce(
      silentMs === undefined
        ? { class: "planned", phase: "open", detail }
        : { class: "mute", phase: "open", silentMs },
    ),
    dialReason: "rotation",
  };
}

/** A socket that was dropped for another one. What it may cost is not the verdict's to say. */
function dialledAtOnce(loss: Loss): Partial<ConnectionContext> {
  const history = { atMs: 0, losses: [], hasRenewed: false };
  return {
    lastLoss: loss,
    lastVerdict: verdict(loss, history, { rules: [], credentials: "fixed" }),
    retryInMs: 0,
    isBudgetEmpty: false,
  };
}

/** Why the next dial is made when the owner asks for it: a renewal that is due stays one. */
export function commanded(reason: DialReason): DialReason {
  return reason === "renewal" ? "renewal" : "command";
}

/** The context once an attempt has begun. */
export function afterDial(context: ConnectionContext, atMs: number): Partial<ConnectionContext> {
  return {
    dialledAtMs: atMs,
    outageSinceMs: context.outageSinceMs ?? atMs,
    budget: spend(context.policy.retryBudget, context.budget, atMs),
  };
}
