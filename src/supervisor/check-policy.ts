/** The options that become the chart's policy, checked one by one. */
import type { ConnectionPolicy, HeartbeatPolicy } from "../../machines/connection.context.ts";
import {
  defaultBackoff,
  loneClientBackoff,
  type BackoffContext,
  type BackoffFunction,
  type BackoffShape,
} from "../../machines/policy/backoff.ts";
import { defaultRetryBudget, type RetryBudget } from "../../machines/policy/retry-budget.ts";
import type {
  LossHistory,
  VerdictFunction,
  VerdictPolicy,
  VerdictRule,
} from "../../machines/policy/verdict.ts";
import type { Loss, LossClass } from "../../machines/loss.ts";
import { OptionError } from "../errors.ts";
import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkMs,
  checkNumber,
  checkOneOf,
} from "./check.ts";
import { defaults, type SupervisorOptions } from "./options.ts";

/** Tells of a user's function that threw. */
export type ReportFailure = (callback: string, error: unknown) => void;

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
  | "verdict"
>;

export interface PolicyParts {
  readonly options: PolicyOptions;
  readonly venueHeartbeat: HeartbeatPolicy | undefined;
  readonly venueRules: readonly VerdictRule[];
  readonly credentials: VerdictPolicy["credentials"];
  readonly report: ReportFailure;
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
    retryBudget: checkBudget(options.retryBudget),
    stableAfterMs: checkMs(options.stableAfterMs, "stableAfterMs", defaults.stableAfterMs),
    resubscribeTimeoutMs: checkMs(
      resubscribe.timeoutMs,
      "resubscribe.timeoutMs",
      defaults.resubscribe.timeoutMs,
      1,
    ),
    heartbeat: checkHeartbeat(options.heartbeat, parts.venueHeartbeat ?? defaults.heartbeat),
    closeTimeoutMs: checkMs(options.closeTimeoutMs, "closeTimeoutMs", defaults.closeTimeoutMs),
    verdict: checkVerdict(parts),
  };
}

function checkHeartbeat(value: unknown, fallback: HeartbeatPolicy): HeartbeatPolicy | null {
  if (value === undefined) return fallback;
  if (value === null) return null;
  const given = checkKeys(value, "heartbeat", ["intervalMs", "timeoutMs", "probe"]);
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
  return { intervalMs, timeoutMs };
}

function checkBackoff(value: unknown, report: ReportFailure): BackoffShape | BackoffFunction {
  if (value === undefined || value === "default") return defaultBackoff;
  if (value === "lone-client") return loneClientBackoff;
  if (typeof value === "function") return guardBackoff(value as BackoffFunction, report);
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
      ignoreRejection(waitMs);
      report("backoff", new OptionError("backoff()", "a number of milliseconds", waitMs));
    } catch (error) {
      report("backoff", error);
    }
    return NaN;
  };
}

function checkBudget(value: unknown): RetryBudget {
  if (value === undefined) return defaultRetryBudget;
  const { attempts, perMs } = checkKeys(value, "retryBudget", ["attempts", "perMs"]);
  return {
    attempts: checkInteger(attempts, "retryBudget.attempts", defaultRetryBudget.attempts, 1),
    perMs: checkMs(perMs, "retryBudget.perMs", defaultRetryBudget.perMs, 1),
  };
}

function checkVerdict({ options, venueRules, credentials, report }: PolicyParts): VerdictPolicy {
  const given: unknown = options.verdict;
  if (given === undefined) return { rules: venueRules, credentials };
  if (typeof given === "function") {
    const custom = guardVerdict(given as VerdictFunction, report);
    return { rules: venueRules, custom, credentials };
  }
  if (!Array.isArray(given)) {
    throw new OptionError("verdict", "a list of rules or a function", given);
  }
  const rules = given.map((rule, index) => checkRule(rule, `verdict[${index}]`));
  rules.forEach(({ name }, index) => {
    // Losses are counted by the name of their rule.
    if (rules.findIndex((rule) => rule.name === name) < index)
      throw new OptionError(`verdict[${index}].name`, "a name of its own", name);
  });
  return { rules: [...rules, ...venueRules], credentials };
}

/** All of them: a rule for a misspelt one would never match, silently. */
const CLASSES: Readonly<Record<LossClass, true>> = {
  config: true,
  "dns-transient": true,
  "dns-not-found": true,
  unreachable: true,
  "local-resource": true,
  "handshake-cut": true,
  "handshake-timeout": true,
  "tls-trust": true,
  "tls-protocol": true,
  "tls-client-certificate": true,
  "http-refusal": true,
  redirect: true,
  "not-websocket": true,
  negotiation: true,
  auth: true,
  resolver: true,
  "peer-protocol": true,
  "too-big": true,
  "abusive-peer": true,
  "closed-by-peer": true,
  "ended-without-code": true,
  dropped: true,
  silent: true,
  requested: true,
};

const ACTIONS = ["retry", "slow", "now", "renew", "refuse"] as const;

function checkRule(value: unknown, path: string): VerdictRule {
  const rule = checkKeys(value, path, ["name", "when", "ruling", "repeated"]);
  if (typeof rule.name !== "string" || rule.name === "") {
    throw new OptionError(`${path}.name`, "a non-empty string", rule.name);
  }
  checkMatch(rule.when, `${path}.when`);
  checkRuling(rule.ruling, `${path}.ruling`, ACTIONS);
  if (rule.repeated !== undefined) {
    const keys = ["times", "withinMs", "ruling"] as const;
    const repeated = checkKeys(rule.repeated, `${path}.repeated`, keys);
    checkInteger(repeated.times ?? NaN, `${path}.repeated.times`, 1, 1);
    checkMs(repeated.withinMs ?? NaN, `${path}.repeated.withinMs`, 1, 1);
    checkRuling(repeated.ruling, `${path}.repeated.ruling`, ["retry", "slow", "now", "refuse"]);
  }
  return value as VerdictRule;
}

function checkMatch(value: unknown, path: string): void {
  const keys = ["class", "status", "closeCode", "closeCodes", "code", "detailIncludes"] as const;
  const when = checkKeys(value, path, keys);
  checkEach(when.class, `${path}.class`, "the name of a class of loss", (name) =>
    typeof name === "string" ? Object.hasOwn(CLASSES, name) : false,
  );
  checkEach(when.status, `${path}.status`, "an HTTP status", Number.isInteger);
  checkEach(when.closeCode, `${path}.closeCode`, "a close code", Number.isInteger);
  checkEach(when.code, `${path}.code`, "a string", isText);
  if (when.detailIncludes !== undefined && !isText(when.detailIncludes)) {
    throw new OptionError(`${path}.detailIncludes`, "a non-empty string", when.detailIncludes);
  }
  const { closeCodes } = when;
  if (closeCodes === undefined) return;
  const [from, to, ...more]: readonly unknown[] = Array.isArray(closeCodes) ? closeCodes : [];
  if (typeof from !== "number" || typeof to !== "number" || !(from <= to) || more.length > 0) {
    throw new OptionError(`${path}.closeCodes`, "two close codes, [from, to]", closeCodes);
  }
}

/** A value, or a list of them. */
function checkEach(
  value: unknown,
  path: string,
  expected: string,
  isGood: (value: unknown) => boolean,
): void {
  if (value === undefined) return;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = values.find((one) => !isGood(one));
  if (wrong !== undefined || values.length === 0) {
    throw new OptionError(path, `${expected}, or a list of them`, wrong ?? value);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function checkRuling(value: unknown, path: string, actions: readonly string[]): void {
  const keys = ["action", "floorMs", "spreadMs", "alerts", "otherwise", "fixed"] as const;
  const ruling = checkKeys(value, path, keys);
  const { action } = ruling;
  if (typeof action !== "string" || !actions.includes(action)) {
    throw new OptionError(
      `${path}.action`,
      actions.map((name) => `"${name}"`).join(" or "),
      action,
    );
  }
  checkMs(ruling.floorMs, `${path}.floorMs`, 0);
  checkMs(ruling.spreadMs, `${path}.spreadMs`, 0);
  checkBoolean(ruling.alerts, `${path}.alerts`);
  if (action !== "renew") return;
  for (const branch of ["otherwise", "fixed"] as const) {
    checkRuling(ruling[branch], `${path}.${branch}`, ["retry", "slow", "now", "refuse"]);
  }
}

/** What the user's verdict says is checked each time; what is wrong leaves the loss to the table. */
function guardVerdict(custom: VerdictFunction, report: ReportFailure): VerdictFunction {
  return (loss: Loss, history: LossHistory) => {
    try {
      const ruling: unknown = custom(loss, history);
      if (ruling === undefined) return undefined;
      ignoreRejection(ruling);
      checkRuling(ruling, "verdict()", ["retry", "slow", "now", "refuse"]);
      return ruling as ReturnType<VerdictFunction>;
    } catch (error) {
      report("verdict", error);
      return undefined;
    }
  };
}

/** An async function where none can be awaited: its rejection must not end the process. */
function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
}
