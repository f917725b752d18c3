/**
 * What a connection's chart remembers, and the arithmetic on it.
 *
 * All of it is JSON but the link and the user's functions; none of it is a URL or a credential. Time
 * comes in on facts, chance from `rng`; everything a guard or a delay reads was decided here, once.
 */
import type { Loss, LossPhase } from "./loss.ts";
import type { ConnectionLink, ConnectionParent, DialReason } from "./link.ts";
import { backoffMs, type BackoffFunction, type BackoffShape } from "./policy/backoff.ts";
import { toTimerMs } from "./policy/duration.ts";
import { nextRandom } from "./policy/random.ts";
import {
  afterCall,
  afterFailure,
  afterReady,
  afterRefusal,
  forgive,
  noRenewal,
  renewalWait,
  untilCallMs,
  type Renewal,
} from "./policy/renewal.ts";
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
  /** Dials after a failure before `failed`; Infinity, or null as JSON makes it, never gives up. */
  readonly maxRetries: number | null;
  readonly retryBudget: RetryBudget;
  /** The bucket of `connect` and `reconnect`. */
  readonly commandBudget: RetryBudget;
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
  /**
   * The chart that embeds the connection, where it wants the supervisor's facts as events
   * (`connection.up`, …): `({ context, self }) => ({ ...context.feed.input, parent: self })`.
   */
  readonly parent?: ConnectionParent | undefined;
}

export interface ConnectionContext {
  readonly link: ConnectionLink;
  readonly policy: ConnectionPolicy;
  /** The parent chart that gets facts as events; null where it did not ask for them. */
  readonly parent: ConnectionParent | null;
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
  /** When that wait ends, on the link's clock. */
  readonly retryAtMs: number;
  readonly isBudgetEmpty: boolean;
  /** What this outage has raised an alert about already: once is enough. */
  readonly alerted: {
    readonly rule: string | null;
    readonly budget: boolean;
    readonly credentials: boolean;
  };
  readonly budget: BudgetState;
  readonly commands: Commands;
  /** Past losses, oldest first, at most {@link HISTORY_LENGTH}. */
  readonly history: readonly PastLoss[];
  readonly renewal: Renewal;
  /** The connection was ready at least once; nothing makes that undone. */
  readonly wasReady: boolean;
  /** When and why the open socket will be replaced unasked; null where that is not planned. */
  readonly rotation: Rotation | null;
  /** State of the jitter stream. */
  readonly rng: number;
}

/** What is remembered of the commands that dial. */
interface Commands {
  readonly budget: BudgetState;
  /** One waits for a token, which its dial will take. */
  readonly isWaiting: boolean;
  /** In this wait a command was told that it is delayed: once is enough. */
  readonly isDelayTold: boolean;
}

/** Nothing has been alerted about yet in this outage. */
const noAlerts: ConnectionContext["alerted"] = {
  rule: null,
  budget: false,
  credentials: false,
};

/** Enough for every "three times in five minutes" even when other losses come between. */
const HISTORY_LENGTH = 32;

/** @throws {Error} where there is no input: the chart that embeds it has to give one. */
export function initialContext(input: ConnectionInput | undefined): ConnectionContext {
  if (input === undefined) {
    throw new Error("a connection needs an input: that of a supervisor, `supervisor.input`");
  }
  const { link, policy, seed, parent = null } = input;
  return {
    link,
    policy,
    parent,
    attempt: 0,
    dialReason: "first",
    dialledAtMs: null,
    phase: "resolve",
    failures: 0,
    history: [],
    outageSinceMs: null,
    alerted: noAlerts,
    renewal: noRenewal,
    wasReady: false,
    isUp: false,
    lastLoss: null,
    lastVerdict: null,
    retryInMs: null,
    retryAtMs: 0,
    isBudgetEmpty: false,
    rotation: null,
    budget: fullBudget(policy.retryBudget, 0),
    commands: {
      budget: fullBudget(policy.commandBudget, 0),
      isWaiting: false,
      isDelayTold: false,
    },
    rng: seed | 0,
  };
}

/** What becoming stable forgives. Not the history: "three times in five minutes" outlives a success. */
export function forgiven({
  renewal,
}: ConnectionContext): Pick<ConnectionContext, "failures" | "renewal"> {
  return { failures: 0, renewal: forgive(renewal) };
}

/**
 * What `connect` after `failed` wipes out: a rest in `failed` is no part of an outage. The budgets are
 * never forgiven, and an endpoint that was ready once stays one.
 */
export function startedAfresh(context: ConnectionContext): Partial<ConnectionContext> {
  return { ...forgiven(context), history: [], outageSinceMs: null, alerted: noAlerts };
}

/** What is remembered once the connection is ready: the outage, if there was one, is over. */
export function afterUp({ renewal }: ConnectionContext): Partial<ConnectionContext> {
  return {
    isUp: true,
    wasReady: true,
    outageSinceMs: null,
    attempt: 0,
    alerted: noAlerts,
    renewal: afterReady(renewal),
  };
}

/** The context when nothing happens any more until a command. After `afterLoss`. */
export function afterFailed({ renewal }: ConnectionContext): Partial<ConnectionContext> {
  return { retryInMs: null, renewal: afterFailure(renewal) };
}

/** A loss with its verdict: the one shape in which the chart decides. */
export function judged(context: ConnectionContext, loss: Loss, atMs: number): SocketLost {
  const { history: losses, wasReady, policy } = context;
  const history = { atMs, losses, wasReady, hasRenewed: hasRenewed(context, atMs) };
  return { type: "socket.lost", loss, verdict: verdict(loss, history, policy.verdict), atMs };
}

/**
 * Whether the attempt that ended showed renewed credentials. It did not where they were good for long
 * enough: those of a connection that was ready, and asked for them longer than `stableAfterMs` ago.
 */
function hasRenewed(
  { dialReason, renewal: { calls, calledAtMs }, isUp, policy }: ConnectionContext,
  atMs: number,
): boolean {
  if (dialReason !== "renewal" || calls === 0 || calledAtMs === null) return false;
  return !isUp || atMs - calledAtMs <= policy.stableAfterMs;
}

/** True when one more loss leaves no retry. */
export function isExhausted(context: ConnectionContext): boolean {
  return context.failures >= (context.policy.maxRetries ?? Infinity);
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
  const renewal = renewalAfter(context, lost);
  return {
    ...retryAfter({ ...context, failures, outageSinceMs, renewal }, ruling, atMs),
    failures,
    outageSinceMs,
    lastLoss: loss,
    lastVerdict: ruling,
    renewal,
    dialReason: renewal.isDue ? "renewal" : "retry",
    history: [...context.history, past].slice(-HISTORY_LENGTH),
  };
}

/** A refusal of what was good for long enough is the first one of its kind. */
function renewalAfter(
  context: ConnectionContext,
  { loss, verdict: ruling, atMs }: SocketLost,
): Renewal {
  if (!ruling.renews) return context.renewal;
  const { isUp, dialReason } = context;
  const wasGood = isUp && dialReason === "renewal" && !hasRenewed(context, atMs);
  const renewal = wasGood ? forgive(context.renewal) : context.renewal;
  return afterRefusal(renewal, loss, ruling.rule);
}

/**
 * Backoff, then the server's floor with jitter on top of it, then the pace of credentials, then the
 * budget; one number comes out.
 */
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
  const flooredMs = ruling.floorMs + spread * ruling.spreadMs;
  const waitMs = Math.max(ownMs, flooredMs, untilRenewalMs(context.renewal, ruling, atMs, spread));
  const budgeted = waitForToken(policy.retryBudget, context.budget, atMs, waitMs);
  return { retryInMs: toTimerMs(budgeted.waitMs), isBudgetEmpty: budgeted.isEmpty, rng };
}

/** How long the next dial waits for its new credentials' sake, in milliseconds. */
function untilRenewalMs(renewal: Renewal, ruling: Verdict, atMs: number, spread: number): number {
  if (!renewal.isDue) return 0;
  if (ruling.renews && ruling.action === "now") return untilCallMs(renewal, atMs);
  const { floorMs, spreadMs } = renewalWait(renewal);
  return floorMs + spread * spreadMs;
}

/** The context when the owner asks for a new socket while there is one. */
export function afterRequest({ phase }: ConnectionContext): Partial<ConnectionContext> {
  return dialledAtOnce({ class: "requested", phase });
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
  const history = { atMs: 0, losses: [], hasRenewed: false, wasReady: false };
  return {
    lastLoss: loss,
    lastVerdict: verdict(loss, history, { rules: [], credentials: "fixed" }),
    retryInMs: 0,
    isBudgetEmpty: false,
  };
}

/** The context once an attempt has begun. */
export function afterDial(context: ConnectionContext, atMs: number): Partial<ConnectionContext> {
  const { policy, commands, renewal } = context;
  return {
    dialledAtMs: atMs,
    outageSinceMs: context.outageSinceMs ?? atMs,
    budget: spend(policy.retryBudget, context.budget, atMs),
    renewal: context.dialReason === "renewal" ? afterCall(renewal, atMs) : renewal,
    commands: {
      budget: commands.isWaiting
        ? spend(policy.commandBudget, commands.budget, atMs)
        : commands.budget,
      isWaiting: false,
      isDelayTold: false,
    },
  };
}
