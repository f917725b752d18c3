/** How recoveries are paced and bounded, checked: the user's words, then the venue's, then ours. */
import { defaultRecoveryPacing } from "../../machines/recovery.door.ts";
import { checkInteger, checkKeys, checkMs } from "../check.ts";
import type { RecoveryPolicy } from "./recovery.ts";

const defaultRecoveryPolicy: RecoveryPolicy = { ...defaultRecoveryPacing, bufferMessages: 10_000 };

export function checkRecoveryPolicy(
  value: unknown,
  venue: Partial<RecoveryPolicy> | undefined,
  path = "recoveryPolicy",
): RecoveryPolicy {
  if (value === undefined && venue === undefined) return defaultRecoveryPolicy;
  const at = (name: keyof RecoveryPolicy) => `${path}.${name}`;
  const base = { ...defaultRecoveryPolicy, ...venue };
  const given = checkKeys(value === undefined ? {} : value, path, [
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
