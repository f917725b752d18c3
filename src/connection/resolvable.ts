/** Values that may be given plainly, or asked for anew at every attempt. */
import type { DialReason } from "../../machines/link.ts";
import { ignoreRejection, isPromiseLike } from "../shape.ts";

/** What a per-attempt function may know. */
export interface AttemptContext {
  /** `first`, `retry`, `renewal` (the server refused the last credentials) or `command`. */
  readonly reason: DialReason;
  /** Dials since the connection was last ready; 1 for the first. */
  readonly attempt: number;
  /** Aborted when the attempt is over: its deadline, a close, a reconnect. */
  readonly signal: AbortSignal;
}

/** A value, or a function of the attempt that gives it or a promise of it. */
export type Resolvable<T> = T | ((attempt: AttemptContext) => T | Promise<T>);

/** Where to, and with what: the user's or the venue's. */
export interface DialTarget {
  readonly url: Resolvable<string | URL>;
  readonly protocols: Resolvable<string | readonly string[]>;
  readonly headers: Resolvable<Readonly<Record<string, string>>>;
}

/** Whether credentials can be renewed: something is asked for anew at every attempt. */
export function isRenewable(target: DialTarget): boolean {
  return [target.url, target.protocols, target.headers].some((part) => typeof part === "function");
}

/** Asks every part at once. Plain parts cost no promise. */
export function resolveTarget(
  target: DialTarget,
  context: AttemptContext,
): readonly unknown[] | Promise<readonly unknown[]> {
  const ask = (part: unknown): unknown =>
    typeof part === "function" ? (part as (context: AttemptContext) => unknown)(context) : part;
  const parts: unknown[] = [];
  try {
    for (const part of [target.url, target.protocols, target.headers]) parts.push(ask(part));
  } catch (error) {
    // Another one may be under way already; if it fails too, its rejection is handled here.
    for (const part of parts) ignoreRejection(part);
    throw error;
  }
  return parts.some(isPromiseLike) ? Promise.all(parts) : parts;
}
