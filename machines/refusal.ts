/**
 * What a refusal means for the next try: one vocabulary for logins, subscriptions, snapshots, credentials
 * and HTTP statuses.
 *
 * A server that says no may mean "never" (no such topic, a key without rights) or "not now" (maintenance,
 * overload, too many requests). Where neither is known the refusal counts as one for now, with a long wait:
 * giving up would end a feed for a server's bad minute.
 */

/** `never`: the same request will always be refused. `later`: it may be granted at another time. */
export type Refusal =
  | { readonly kind: "never" }
  | {
      readonly kind: "later";
      /** How long the server wants to be left alone, in milliseconds. @defaultValue our own growing wait */
      readonly afterMs?: number | undefined;
    };

/** The same request will always be refused. */
export const never: Refusal = { kind: "never" };

/** The request may be granted later; `afterMs` is the wait that the server asks for, in milliseconds. */
export function later(afterMs?: number): Refusal {
  return afterMs === undefined ? { kind: "later" } : { kind: "later", afterMs };
}

/**
 * What an error says of itself, read by its shape: `refusal` as of `RefusedError`, or a number of
 * milliseconds in `retryAfterMs`. Undefined where it says nothing.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("refusal" in error && isRefusal(error.refusal)) return error.refusal;
  if ("retryAfterMs" in error && isWait(error.retryAfterMs)) return later(error.retryAfterMs);
  return undefined;
}

export function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  if (value.kind === "never") return true;
  if (value.kind !== "later") return false;
  return !("afterMs" in value) || value.afterMs === undefined || isWait(value.afterMs);
}

function isWait(value: unknown): value is number {
  return typeof value === "number" && value >= 0; // false for NaN
}
