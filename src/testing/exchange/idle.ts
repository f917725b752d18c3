/** Cutting a connection that has been idle: which silence counts is the venue's. */
import type { Desk } from "./dialect.ts";

/**
 * Calls once nothing was said (`lastSaidAtMs`) or heard (`lastHeardAtMs`) for a time. Whether it is cut
 * then is the callback's decision: when it is not, it is looked at again after the same time.
 */
export function whenIdle(
  desk: Desk,
  silence: "lastSaidAtMs" | "lastHeardAtMs",
  idleMs: number,
  ring: () => void,
): void {
  const quietMs = desk.nowMs - desk[silence];
  const isIdle = quietMs >= idleMs;
  if (isIdle) ring();
  desk.after(`idle ${silence}`, isIdle ? idleMs : idleMs - quietMs, () => {
    whenIdle(desk, silence, idleMs, ring);
  });
}
