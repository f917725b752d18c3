/** Text of an error that may come from outside, made safe to show; and what it says of a refusal. */
import type { Loss } from "../../machines/loss.ts";
import { refusalOf } from "../../machines/refusal.ts";
import { isError, messageOf } from "../shape.ts";
import { printable } from "../transport/printable.ts";

/** One escaped, bounded phrase: an error's message and code. Never its other fields. */
export function explain(error: unknown): string {
  if (!isError(error)) return printable(messageOf(error));
  const code = "code" in error && typeof error.code === "string" ? error.code : "ERR_REFUSED";
  // What a `RefusedError` means is in the loss beside its text.
  return printable(code === "ERR_REFUSED" ? error.message : `${error.message} (${code})`);
}

/** What a function of the user's or the venue's has thrown, as the part of a loss that tells of it. */
export function refused(error: unknown): Pick<Loss, "detail" | "refusal" | "retryAfterMs"> {
  const detail = explain(error);
  const refusal = refusalOf(error);
  if (refusal === undefined) return { detail };
  if (refusal.kind === "never" || refusal.afterMs === undefined)
    return { detail, refusal: refusal.kind };
  // A loss is plain JSON, which has no Infinity.
  const retryAfterMs = Math.min(refusal.afterMs, Number.MAX_SAFE_INTEGER);
  return { detail, refusal: "later", retryAfterMs };
}
