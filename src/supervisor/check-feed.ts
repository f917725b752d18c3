/** The options about what comes in: how gaps are recovered from, and how long a topic may be silent. */
import { OptionError, wrongValue } from "../errors.ts";
import {
  checkInteger,
  checkKeys,
  checkMs,
  requireFunction,
  requireSync,
  type ReportFailure,
} from "../check.ts";
import { isPlainObject } from "../shape.ts";
import type { FetchSnapshot, Recovery } from "../recovery/recovery.ts";
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
  if (value === undefined) return venue === undefined ? undefined : guarded(venue, report);
  if (value === null || value === "none") return undefined;
  if (typeof value !== "function") {
    const recovery = readRecovery(value, "recovery");
    return () => recovery;
  }
  requireSync(value, "recovery");
  const own = value as (stream: string) => Recovery | undefined;
  return guarded((stream) => own(stream) ?? venue?.(stream) ?? "none", report);
}

/** It is asked in the midst of the data path, which must go on. */
function guarded(recoveryOf: RecoveryOf, report: ReportFailure): RecoveryOf {
  return (stream) => {
    try {
      return readRecovery(recoveryOf(stream), "recovery()");
    } catch (error) {
      report("recovery", error);
      return "none";
    }
  };
}

function readRecovery(value: unknown, path: string): Recovery {
  if (typeof value === "string" && NAMES.includes(value)) return value as Recovery;
  if (!isPlainObject(value)) throw wrongValue(path, EXPECTED, value);
  const { fetchSnapshot, bridge, host } = checkKeys(value, path, [
    "fetchSnapshot",
    "bridge",
    "host",
  ]);
  requireFunction(fetchSnapshot, `${path}.fetchSnapshot`);
  requireSync(bridge, `${path}.bridge`);
  if (host !== undefined && (typeof host !== "string" || host === "")) {
    throw new OptionError(`${path}.host`, "a name of 1 character or more", host);
  }
  return { fetchSnapshot: fetchSnapshot as FetchSnapshot, bridge: bridge as never, host };
}

/** One policy for all topics, a function of the topic, or null for none. @defaultValue the venue's */
export function checkFreshness(
  value: unknown,
  venue: FreshnessOf | undefined,
  report: ReportFailure,
): FreshnessOf | undefined {
  if (value === undefined && venue === undefined) return undefined;
  if (value === null) return undefined;
  if (typeof value === "function") requireSync(value, "freshness");
  else if (value !== undefined) {
    const policy = readFreshness(value, "freshness");
    return () => policy;
  }
  return (topic) => {
    try {
      const own: unknown = (value as FreshnessOf | undefined)?.(topic);
      const given: unknown = own === undefined ? (venue?.(topic) ?? null) : own;
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
  if (value === undefined) return base;
  const given = checkKeys(value, "quarantine", [
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
