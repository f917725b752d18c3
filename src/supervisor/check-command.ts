/** What the commands of a supervisor are given, checked before anything is done. */
import { checkMs } from "../check.ts";
import { OptionError } from "../errors.ts";
import { byteLength } from "./byte-length.ts";

/** A close code that an application may send (RFC 6455 §7.4: 1000, 3000-4999), and a short reason. */
export function checkClose(code: unknown, reason: unknown): void {
  const isAllowed =
    typeof code === "number" &&
    (code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999));
  if (!isAllowed) throw new OptionError("code", "1000 or an integer from 3000 to 4999", code);
  if (typeof reason !== "string" || byteLength(reason) > 123) {
    throw new OptionError("reason", "a string of at most 123 bytes", reason);
  }
}

/** The time to live of one send. */
export function checkTtl(ttlMs: unknown): number | null | undefined {
  if (ttlMs === undefined || ttlMs === null) return ttlMs;
  return checkMs(ttlMs, "ttlMs", 0, 1);
}
