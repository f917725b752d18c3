/** Durations that a timer can hold. */

/**
 * The longest delay Node's timers take, in milliseconds (2^31 - 1, about 24.8 days).
 *
 * A longer one, NaN or a negative one fires after 1 ms: a server's `Retry-After: 99999999` would
 * become a hot loop (faults.md §0 #15).
 *
 * @see {@link https://nodejs.org/api/timers.html#settimeoutcallback-delay-args}
 */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** `ms` as a delay that a timer holds: rounded, in [0, {@link MAX_TIMER_MS}]; `fallbackMs` for NaN. */
export function toTimerMs(ms: number, fallbackMs = 0): number {
  if (Number.isNaN(ms)) return fallbackMs;
  return Math.min(Math.max(Math.round(ms), 0), MAX_TIMER_MS);
}
