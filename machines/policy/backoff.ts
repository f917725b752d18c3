/**
 * How long to wait before the next attempt, before the server's own floor and the budget are heard.
 *
 * Jitter is drawn under the cap, never clipped by it: a formula that clips lines up every client at
 * the cap (socket.io: 100 % of them in the same 100 ms, peers.md §0).
 */
import { toTimerMs } from "./duration.ts";

/** What a backoff may know. */
export interface BackoffContext {
  /** Consecutive failures since the last stable connection; 1 at the first retry. */
  readonly failures: number;
  /** The wait before, in milliseconds; 0 at the first retry. */
  readonly previousMs: number;
  /** How long the outage has lasted, in milliseconds. */
  readonly outageMs: number;
  /** True once the outage is longer than `longOutageAfterMs`. */
  readonly isLongOutage: boolean;
  /** Uniform in [0, 1), from the connection's seed. Use this instead of `Math.random()`. */
  readonly random: number;
}

/** A wait in milliseconds as a function. A throw or NaN falls back to the default formula and is reported. */
export type BackoffFunction = (context: BackoffContext) => number;

/**
 * A backoff as data. With `c = min(capMs, baseMs * factor^(failures - 1))`:
 *
 * | jitter | wait | for |
 * |---|---|---|
 * | `full` | U(0, c) | a crowd; now and then nearly no wait |
 * | `equal` | U(c/2, c) | a crowd that must not retry at once |
 * | `decorrelated` | U(baseMs, min(c', 3 * previous)), c' the cap | servers that see few clients |
 *
 * @see {@link https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/}
 */
export interface BackoffShape {
  readonly jitter: "full" | "equal" | "decorrelated";
  /** When given, the first wait is U(0, firstMs) whatever the jitter: its width sets a herd's peak. */
  readonly firstMs?: number | undefined;
  readonly baseMs: number;
  /** Growth per failure. @defaultValue 2 */
  readonly factor?: number | undefined;
  /** Longest wait while the outage is young: it sets how late the last of a herd is back. */
  readonly capMs: number;
  /** Takes the cap's place (and c's) in a long outage. @defaultValue 30,000, or capMs if longer */
  readonly longOutageCapMs?: number | undefined;
}

/**
 * First wait U(0, 3 s), then U(c/2, c) with c growing 1.5x from 3 s to 8 s; 30 s in a long outage.
 *
 * Chosen by herd simulation: 1,000 clients against a server that takes 50 a second are back after
 * 23.9 s at the 99th percentile (the floor is 19.8 s) with 2.9 attempts each and a peak of 48 per
 * 100 ms; after an outage of 60 s, after 22.7 s. No other of its family is better in every respect
 * (docs/benchmarks.md, `npm run bench -- herd`). The first wait sets the peak, the cap the tail. A
 * wider one would spread a herd better still, and have a lone client wait for nothing.
 */
export const defaultBackoff: BackoffShape = {
  jitter: "equal",
  firstMs: 3_000,
  baseMs: 3_000,
  factor: 1.5,
  capMs: 8_000,
  longOutageCapMs: 30_000,
};

/**
 * For the only client of a server, who wants to be back at once: first wait U(0, 100 ms), then
 * U(c/2, c) with c doubling from 250 ms to 5 s. A thousand of these at once would be a herd.
 */
export const loneClientBackoff: BackoffShape = {
  jitter: "equal",
  firstMs: 100,
  baseMs: 250,
  factor: 2,
  capMs: 5_000,
  longOutageCapMs: 10_000,
};

/**
 * The wait before the next attempt, in milliseconds, always one that a timer can hold.
 *
 * A {@link BackoffFunction} is trusted only as far as its result is a number: options wrap it so
 * that it cannot throw. NaN, from wherever, gives way to the default formula: 0 would be a hot loop.
 */
export function backoffMs(
  backoff: BackoffShape | BackoffFunction,
  context: BackoffContext,
): number {
  const waitMs = typeof backoff === "function" ? backoff(context) : shapeMs(backoff, context);
  return toTimerMs(waitMs, toTimerMs(shapeMs(defaultBackoff, context), defaultBackoff.capMs));
}

function shapeMs(shape: BackoffShape, context: BackoffContext): number {
  const { random, failures } = context;
  if (failures <= 1 && shape.firstMs !== undefined && !context.isLongOutage) {
    return random * shape.firstMs;
  }
  const ceilingMs = context.isLongOutage
    ? Math.max(shape.longOutageCapMs ?? 30_000, shape.capMs)
    : Math.min(shape.capMs, shape.baseMs * (shape.factor ?? 2) ** (failures - 1));
  switch (shape.jitter) {
    case "full":
      return random * ceilingMs;
    case "equal":
      return (ceilingMs * (1 + random)) / 2;
    case "decorrelated": {
      const capMs = context.isLongOutage ? ceilingMs : shape.capMs;
      const widestMs = Math.min(capMs, Math.max(shape.baseMs, context.previousMs) * 3);
      return shape.baseMs + random * Math.max(widestMs - shape.baseMs, 0);
    }
  }
}
