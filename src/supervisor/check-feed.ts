/** The options about what comes in: how gaps are recovered from, and how long a topic may be silent. */
import { defaultRecoveryPacing } from "../../machines/recovery.door.ts";
import { OptionError } from "../errors.ts";
import { checkInteger, checkKeys, checkMs, type ReportFailure } from "../check.ts";
import type { FetchSnapshot, Recovery, RecoveryPolicy } from "../recovery/recovery.ts";
import { defaultQuarantine, type QuarantinePolicy } from "../subscriptions/quarantine.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";

type RecoveryOf = (stream: string) => Recovery;
type FreshnessOf = (topic: string) => FreshnessPolicy | null;

const NAMES = ["none", "resubscribe", "reconnect"];
const EXPECTED = `"none", "resubscribe", "reconnect" or { fetchSnapshot, bridge }`;

/** A name for all streams, a function of the stream, or null for none. @defaultValue the venue's */
export function checkRecovery(
  value: unknown,
  venue: RecoveryOf | undefined,
  report: ReportFailure,
): RecoveryOf | undefined {
  if (value === undefined) return venue;
  if (value === null || value === "none") return undefined;
  if (typeof value !== "function") {
    const recovery = readRecovery(value, "recovery");
    return () => recovery;
  }
  return (stream) => {
    try {
      const given: unknown = (value as RecoveryOf)(stream);
      return given === undefined ? (venue?.(stream) ?? "none") : readRecovery(given, "recovery()");
    } catch (error) {
      report("recovery", error);
      return "none";
    }
  };
}

function readRecovery(value: unknown, path: string): Recovery {
  if (typeof value === "string" && NAMES.includes(value)) return value as Recovery;
  if (typeof value !== "object" || value === null) throw new OptionError(path, EXPECTED, value);
  const { fetchSnapshot, bridge } = checkKeys(value, path, ["fetchSnapshot", "bridge"]);
  if (typeof fetchSnapshot !== "function") {
    throw new OptionError(`${path}.fetchSnapshot`, "a function", fetchSnapshot);
  }
  if (typeof bridge !== "function") throw new OptionError(`${path}.bridge`, "a function", bridge);
  return { fetchSnapshot: fetchSnapshot as FetchSnapshot, bridge: bridge as never };
}

const defaultRecoveryPolicy: RecoveryPolicy = { ...defaultRecoveryPacing, bufferMessages: 10_000 };

export function checkRecoveryPolicy(
  value: unknown,
  venue: Partial<RecoveryPolicy> | undefined,
): RecoveryPolicy {
  const base = { ...defaultRecoveryPolicy, ...venue };
  const given = checkKeys(value === undefined ? {} : value, "recoveryPolicy", [
    "concurrent",
    "spacingMs",
    "timeoutMs",
    "retries",
    "retryMs",
    "bufferMessages",
  ]);
  return {
    concurrent: checkInteger(given.concurrent, at("concurrent"), base.concurrent, 1, 64),
    spacingMs: checkMs(given.spacingMs, at("spacingMs"), base.spacingMs),
    timeoutMs: checkMs(given.timeoutMs, at("timeoutMs"), base.timeoutMs, 1),
    retries: checkInteger(given.retries, at("retries"), base.retries),
    retryMs: checkMs(given.retryMs, at("retryMs"), base.retryMs, 1),
    bufferMessages: checkInteger(
      given.bufferMessages,
      at("bufferMessages"),
      base.bufferMessages,
      1,
    ),
  };
}

function at(name: keyof RecoveryPolicy): string {
  return `recoveryPolicy.${name}`;
}

/** One policy for all topics, a function of the topic, or null for none. @defaultValue the venue's */
export function checkFreshness(
  value: unknown,
  venue: FreshnessOf | undefined,
  report: ReportFailure,
): FreshnessOf | undefined {
  if (value === undefined) return venue;
  if (value === null) return undefined;
  if (typeof value !== "function") {
    const policy = readFreshness(value, "freshness");
    return () => policy;
  }
  return (topic) => {
    try {
      const given: unknown = (value as FreshnessOf)(topic);
      if (given === undefined) return venue?.(topic) ?? null;
      return given === null ? null : readFreshness(given, "freshness()");
    } catch (error) {
      report("freshness", error);
      return null;
    }
  };
}

function readFreshness(value: unknown, path: string): FreshnessPolicy {
  const { firstMs, silenceMs } = checkKeys(value, path, ["firstMs", "silenceMs"]);
  const read = (ms: unknown, name: string): number | null =>
    ms === undefined || ms === null ? null : checkMs(ms, `${path}.${name}`, 0, 1);
  return { firstMs: read(firstMs, "firstMs"), silenceMs: read(silenceMs, "silenceMs") };
}

/** @defaultValue {@link defaultQuarantine} */
export function checkQuarantine(value: unknown): QuarantinePolicy | null {
  if (value === null) return null;
  const base = defaultQuarantine;
  const given = checkKeys(value === undefined ? {} : value, "quarantine", [
    "suspectWithinMs",
    "suspectAfter",
    "strikes",
    "quarantineMs",
  ]);
  return {
    suspectWithinMs: checkMs(
      given.suspectWithinMs,
      "quarantine.suspectWithinMs",
      base.suspectWithinMs,
      1,
    ),
    suspectAfter: checkInteger(given.suspectAfter, "quarantine.suspectAfter", base.suspectAfter, 1),
    strikes: checkInteger(given.strikes, "quarantine.strikes", base.strikes, 1),
    quarantineMs: checkMs(given.quarantineMs, "quarantine.quarantineMs", base.quarantineMs, 1),
  };
}
