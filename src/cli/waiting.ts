/** Waiting, on a clock, for as long as nobody asks to stop. */
import { MAX_TIMER_MS } from "../../machines/policy/duration.ts";
import type { Clock } from "../system.ts";

/** Resolves when `signal` is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Resolves after `delayMs`, which may be Infinity, or when `signal` is aborted. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  // A timer holds 24.8 days.
  for (let leftMs = delayMs; leftMs > 0 && !signal.aborted; leftMs -= MAX_TIMER_MS) {
    await timer(clock, Math.min(leftMs, MAX_TIMER_MS), signal);
  }
}

/** Calls back every `intervalMs` until the function it gives is called. */
export function every(clock: Clock, intervalMs: number, callback: () => void): () => void {
  const next = (): unknown =>
    clock.setTimeout(() => {
      handle = next();
      callback();
    }, intervalMs);
  let handle = next();
  return () => clock.clearTimeout(handle);
}

function timer(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(handle);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const handle = clock.setTimeout(end, delayMs);
    signal.addEventListener("abort", end);
  });
}
