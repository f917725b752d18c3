/** What the commands of a supervisor are given, checked before anything is done. */
import type { CloseFrameChoice } from "../../machines/close-frame.ts";
import { checkKeys, checkMs } from "../check.ts";
import { OptionError } from "../errors.ts";
import { cutReason, isOwnCloseCode } from "../transport/close-frame.ts";

/**
 * A close code that an application may send (RFC 6455 §7.4: 1000, 3000-4999), and a short reason; what is
 * undefined is left to the connection.
 */
export function checkClose(code: unknown, reason: unknown): void {
  if (code !== undefined && !isOwnCloseCode(code)) {
    throw new OptionError("code", "1000 or an integer from 3000 to 4999", code);
  }
  if (reason !== undefined && (typeof reason !== "string" || cutReason(reason) !== reason)) {
    throw new OptionError("reason", "a string of at most 123 bytes", reason);
  }
}

/** What `reconnect` is given. */
export function checkCloseFrame(frame: unknown): CloseFrameChoice {
  const { code, reason } = checkKeys(frame, "reconnect", ["code", "reason"]);
  checkClose(code, reason);
  return { code, reason } as CloseFrameChoice;
}

/** The time to live of one send. */
export function checkTtl(ttlMs: unknown): number | null | undefined {
  if (ttlMs === undefined || ttlMs === null) return ttlMs;
  return checkMs(ttlMs, "ttlMs", 0, 1);
}
