/** The options that become the chart's policy, checked one by one. */
import type { ConnectionPolicy, HeartbeatPolicy } from "../../machines/connection.context.ts";
import {
  defaultBackoff,
  loneClientBackoff,
  type BackoffContext,
  type BackoffFunction,
  type BackoffShape,
} from "../../machines/policy/backoff.ts";
import {
  commandBudget,
  defaultRetryBudget,
  type RetryBudget,
} from "../../machines/policy/retry-budget.ts";
import { defaultRecoveryPacing, type RecoveryPacing } from "../../machines/recovery.door.ts";
import type { VerdictPolicy, VerdictRule } from "../../machines/policy/verdict.ts";
import { OptionError, wrongValue } from "../errors.ts";
import {
  checkInteger,
  checkKeys,
  checkMs,
  checkNumber,
  checkOneOf,
  requireSync,
  type ReportFailure,
} from "../check.ts";
import { checkVerdict } from "./check-verdict.ts";
import { defaults, type SupervisorOptions } from "./options.ts";

/** The options that the chart goes by; none of them speaks of messages. */
type PolicyOptions = Pick<
  SupervisorOptions,
  | "connectTimeoutMs"
  | "backoff"
  | "longOutageAfterMs"
  | "maxRetries"
  | "retryBudget"
  | "stableAfterMs"
  | "resubscribe"
  | "heartbeat"
  | "closeTimeoutMs"
  | "maxAgeMs"
  | "verdict"
>;

export interface PolicyParts {
  readonly options: PolicyOptions;
  readonly venueHeartbeat: HeartbeatPolicy | undefined;
  readonly venueBudget: RetryBudget | undefined;
  readonly venueRules: readonly VerdictRule[];
  readonly credentials: VerdictPolicy["credentials"];
  readonly report: ReportFailure;
  readonly venueMaxAgeMs?: number | undefined;
  /** Checked already. @defaultValue {@link defaultRecoveryPacing} */
  readonly recovery?: RecoveryPacing | undefined;
}

export function checkPolicy(parts: PolicyParts): ConnectionPolicy {
  const { options, report } = parts;
  const resubscribe = options.resubscribe ?? {};
  return {
    connectTimeoutMs: checkMs(
      options.connectTimeoutMs,
      "connectTimeoutMs",
      defaults.connectTimeoutMs,
      1,
    ),
    backoff: checkBackoff(options.backoff, report),
    longOutageAfterMs: checkMs(
      options.longOutageAfterMs,
      "longOutageAfterMs",
      defaults.longOutageAfterMs,
      1,
    ),
    maxRetries: checkInteger(options.maxRetries, "maxRetries", defaults.maxRetries, 0, Infinity),
    retryBudget: checkBudget(options.retryBudget, parts.venueBudget ?? defaultRetryBudget),
    commandBudget,
    stableAfterMs: checkMs(options.stableAfterMs, "stableAfterMs", defaults.stableAfterMs),
    resubscribeTimeoutMs: checkMs(
      resubscribe.timeoutMs,
      "resubscribe.timeoutMs",
      defaults.resubscribe.timeoutMs,
      1,
    ),
    heartbeat: checkHeartbeat(options.heartbeat, parts.venueHeartbeat ?? defaults.heartbeat),
    closeTimeoutMs: checkMs(options.closeTimeoutMs, "closeTimeoutMs", defaults.closeTimeoutMs),
    maxAgeMs: checkMaxAge(options.maxAgeMs, parts.venueMaxAgeMs ?? null),
    recovery: parts.recovery ?? defaultRecoveryPacing,
    verdict: checkVerdict({
      given: options.verdict,
      venueRules: parts.venueRules,
      credentials: parts.credentials,
      report,
    }),
  };
}

function checkHeartbeat(value: unknown, fallback: HeartbeatPolicy): HeartbeatPolicy | null {
  if (value === undefined) return fallback === defaults.heartbeat ? fallback : policyOf(fallback);
  if (value === null) return null;
  const keys = ["intervalMs", "timeoutMs", "suspendedAfterMs", "probe"] as const;
  const given = checkKeys(value, "heartbeat", keys);
  const intervalMs = checkMs(given.intervalMs, "heartbeat.intervalMs", fallback.intervalMs, 1);
  const timeoutMs = checkMs(
    given.timeoutMs,
    "heartbeat.timeoutMs",
    Math.min(fallback.timeoutMs, intervalMs),
    1,
  );
  if (timeoutMs > intervalMs) {
    // A byte late in a longer wait would stretch the next one, and with it the bound of detection.
    const expected = `at most heartbeat.intervalMs (${intervalMs})`;
    throw new OptionError("heartbeat.timeoutMs", expected, timeoutMs);
  }
  const suspendedAfterMs = checkMs(
    given.suspendedAfterMs,
    "heartbeat.suspendedAfterMs",
    fallback.suspendedAfterMs ?? defaults.heartbeat.suspendedAfterMs,
    1,
  );
  return { intervalMs, timeoutMs, suspendedAfterMs };
}

/** Without a venue's probe, which is no number and no part of the chart. */
function policyOf({ intervalMs, timeoutMs, suspendedAfterMs }: HeartbeatPolicy): HeartbeatPolicy {
  return { intervalMs, timeoutMs, suspendedAfterMs };
}

function checkMaxAge(value: unknown, fallback: number | null): number | null {
  if (value === undefined) return fallback;
  return value === null ? null : checkMs(value, "maxAgeMs", 0, 1);
}

function checkBackoff(value: unknown, report: ReportFailure): BackoffShape | BackoffFunction {
  if (value === undefined || value === "default") return defaultBackoff;
  if (value === "lone-client") return loneClientBackoff;
  if (typeof value === "function") {
    requireSync(value, "backoff");
    return guardBackoff(value as BackoffFunction, report);
  }
  if (typeof value === "string") {
    throw new OptionError("backoff", '"default", "lone-client", a shape or a function', value);
  }
  const shape = checkKeys(value, "backoff", [
    "jitter",
    "firstMs",
    "baseMs",
    "factor",
    "capMs",
    "longOutageCapMs",
  ]);
  const baseMs = checkMs(shape.baseMs, "backoff.baseMs", defaultBackoff.baseMs, 1);
  const capMs = checkMs(shape.capMs, "backoff.capMs", Math.max(defaultBackoff.capMs, baseMs), 1);
  if (capMs < baseMs) throw new OptionError("backoff.capMs", `at least baseMs (${baseMs})`, capMs);
  return {
    jitter: checkOneOf(shape.jitter, "backoff.jitter", ["full", "equal", "decorrelated"], "equal"),
    firstMs: shape.firstMs === undefined ? undefined : checkMs(shape.firstMs, "backoff.firstMs", 0),
    baseMs,
    factor: checkNumber(shape.factor, "backoff.factor", 2, 1, 100),
    capMs,
    longOutageCapMs: checkMs(
      shape.longOutageCapMs,
      "backoff.longOutageCapMs",
      Math.max(30_000, capMs),
    ),
  };
}

/** A throw or NaN becomes NaN, for which `backoffMs` takes the default formula. */
function guardBackoff(backoff: BackoffFunction, report: ReportFailure): BackoffFunction {
  return (context: BackoffContext) => {
    try {
      const waitMs: unknown = backoff(context);
      if (typeof waitMs === "number" && !Number.isNaN(waitMs)) return waitMs;
      report("backoff", wrongValue("backoff()", "a number of milliseconds", waitMs));
    } catch (error) {
      report("backoff", error);
    }
    return NaN;
  };
}

function checkBudget(value: unknown, fallback: RetryBudget): RetryBudget {
  if (value === undefined) return fallback;
  const { attempts, perMs } = checkKeys(value, "retryBudget", ["attempts", "perMs"]);
  return {
    attempts: checkInteger(attempts, "retryBudget.attempts", fallback.attempts, 1),
    perMs: checkMs(perMs, "retryBudget.perMs", fallback.perMs, 1),
  };
}
