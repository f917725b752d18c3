/**
 * How long a recovery waits before its next try, and when it counts as failing.
 *
 * Nothing that may heal is given up: after `retries` fast tries an alert is raised and the tries go on
 * slowly. Slow waits for what may be back at any moment (HTTP, a venue that does not answer) are a minute at
 * most. Waits for what was obtained and broke again are longer, as each of them costs the venue a
 * subscription or a connection.
 */
import type { RecoveryPacing, RecoveryStrategy } from "../recovery.door.ts";
import { toTimerMs } from "./duration.ts";

/** The longest wait of our own accord for an answer; a server may ask for more. */
const MAX_RETRY_MS = 60_000;

/** Between two tries of a stream that keeps breaking, once that is an alert: at most 26 tries in the first hour. */
const RECURRING_MS = 180_000;

/** The longest wait between two connections that are asked for because numbers keep missing. */
const MAX_RECONNECT_MS = 6 * 3_600_000;

/** How old a snapshot may be, at a stream that is failing: its deltas wait for so long before it is fetched. */
export const HOLD_MS = 10_000;

/** A stream that was whole for so long begins a new count when it breaks. */
export const CALM_MS = 600_000;

/** A stream that was whole for less has one recurrence forgiven for each such time. */
const FORGIVE_MS = 120_000;

/** A stream that broke more often than this, each time soon after it was whole, is failing. */
const MAX_RECURRENCES = 5;

type Pace = Pick<RecoveryPacing, "retries" | "retryMs">;

/** What has gone wrong with one stream so far. */
export interface Count {
  /** Tries in a row that brought nothing. */
  readonly failures: number;
  /** Times in a row that it broke soon after it was whole. */
  readonly recurrences: number;
}

/** True once the fast tries are used up: the alert is raised, and waits are slow. */
export function isFailing(pace: Pace, { failures, recurrences }: Count): boolean {
  return failures > pace.retries || mustProve(recurrences);
}

/** True where a stream must stay whole for a while before it is said to be. */
export function mustProve(recurrences: number): boolean {
  return recurrences > MAX_RECURRENCES;
}

/** The wait after the `failures`-th try in a row that brought nothing: it doubles, up to a minute. */
export function retryWaitMs({ retryMs }: Pace, failures: number): number {
  return toTimerMs(Math.min(retryMs * 2 ** (failures - 1), MAX_RETRY_MS));
}

/**
 * The wait before a stream is recovered that broke again soon after it was whole: none the first time, then
 * doubling, and from the alert on {@link RECURRING_MS}, or for new connections four times the last, up to
 * {@link MAX_RECONNECT_MS}.
 */
export function recurrenceWaitMs(
  pace: Pace,
  strategy: RecoveryStrategy,
  recurrences: number,
): number {
  if (!mustProve(recurrences)) {
    return recurrences < 2 ? 0 : retryWaitMs(pace, recurrences - 1);
  }
  if (strategy !== "reconnect") return RECURRING_MS;
  return Math.min(RECURRING_MS * 4 ** (recurrences - MAX_RECURRENCES - 1), MAX_RECONNECT_MS);
}

/** How long such a stream must stay whole before that is said of it, in milliseconds. */
export function proofMs(recurrences: number): number {
  return mustProve(recurrences) ? RECURRING_MS : 0;
}

/**
 * What a break counts as: 0 for the first in a while, else one more than what is left of the count.
 *
 * @param recurrences - The count when the stream was last whole
 * @param wholeForMs - How long it was whole; undefined where it never was
 */
export function recurrencesAtBreak(recurrences: number, wholeForMs: number | undefined): number {
  if (wholeForMs === undefined || wholeForMs >= CALM_MS) return 0;
  return Math.max(recurrences - Math.floor(wholeForMs / FORGIVE_MS), 0) + 1;
}
