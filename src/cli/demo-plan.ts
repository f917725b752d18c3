/**
 * What goes wrong in a demo, and when: a fixed order of faults, spread over the run by its length and
 * shifted a little by the seed.
 *
 * Each fault has a slot that is long enough to recover in. A short run has as many slots as fit, a
 * long one goes round again. The run ends with a tail without faults, in which every stream delivers:
 * a loss at the very end would show to nobody.
 */
import { createRandom } from "../../machines/policy/random.ts";
import type { Fault, FaultPlan, PlannedFault } from "../testing/index.ts";

export interface DemoPlan {
  readonly faults: FaultPlan;
  /** When the last fault has passed, in milliseconds from the start. */
  readonly calmFromMs: number;
  /** When the run may end; Infinity for one that runs until it is stopped. */
  readonly endsAtMs: number;
}

interface Slot {
  /** Time to strike, be noticed and recover on a slow day, in milliseconds. */
  readonly lengthMs: number;
  readonly faults: readonly Fault[];
}

/** 24 s at the closest: all of them fit in the 30 s of `npm start`. */
const SLOTS: readonly Slot[] = [
  { lengthMs: 2_000, faults: [{ kind: "reset" }] },
  { lengthMs: 1_000, faults: [{ kind: "skip", count: 3 }] },
  { lengthMs: 2_000, faults: [{ kind: "close", code: 1001, reason: "going away" }] },
  // The heartbeat must find it, and does so in 1.5 s.
  { lengthMs: 3_000, faults: [{ kind: "silence" }] },
  { lengthMs: 2_000, faults: [{ kind: "fin" }] },
  // Retry-After of 1 s, and up to 3 s of jitter on top of it.
  {
    lengthMs: 5_500,
    faults: [{ kind: "status", status: 503, retryAfterSeconds: 1, durationMs: 700 }],
  },
  { lengthMs: 1_000, faults: [{ kind: "repeat", count: 3 }, { kind: "garbage" }] },
  { lengthMs: 2_500, faults: [{ kind: "refuse", durationMs: 600 }] },
  { lengthMs: 2_000, faults: [{ kind: "close", code: 1011, reason: "internal error" }] },
  { lengthMs: 3_000, faults: [{ kind: "flap", afterMs: 40, durationMs: 500 }] },
];

/** A run without an end has faults for this long. */
const FOR_EVER_MS = 24 * 3_600_000;

/** @param seconds - Length of the run; Infinity for one that runs until it is stopped. */
export function planDemo(seed: number, seconds: number): DemoPlan {
  const endsAtMs = seconds * 1_000;
  const lengthMs = Math.min(endsAtMs, FOR_EVER_MS);
  const leadMs = Math.min(1_000, lengthMs / 10);
  const tailMs = Math.max(1_500, Math.min(lengthMs / 10, 5_000));
  const roomMs = Math.max(0, lengthMs - leadMs - tailMs);

  const slots = slotsWithin(roomMs);
  const stretch = roomMs / slots.reduce((sum, slot) => sum + slot.lengthMs, 0);
  const random = createRandom(seed);
  const faults: PlannedFault[] = [];
  let beginsAtMs = leadMs;
  for (const slot of slots) {
    // Early in its slot, so that the rest is time to recover; how early is the seed's.
    const atMs = Math.round(
      beginsAtMs + random() * (slot.lengthMs * stretch - slot.lengthMs + 200),
    );
    for (const fault of slot.faults) faults.push({ atMs, fault });
    beginsAtMs += slot.lengthMs * stretch;
  }
  const calmFromMs = faults.reduce((latest, planned) => Math.max(latest, endOf(planned)), 0);
  return { faults, calmFromMs, endsAtMs };
}

/** As many slots, in order and round again, as fit. */
function slotsWithin(roomMs: number): readonly Slot[] {
  const slots: Slot[] = [];
  let usedMs = 0;
  for (;;) {
    const slot = SLOTS[slots.length % SLOTS.length];
    if (slot === undefined || usedMs + slot.lengthMs > roomMs) return slots;
    slots.push(slot);
    usedMs += slot.lengthMs;
  }
}

function endOf({ atMs, fault }: PlannedFault): number {
  return atMs + ("durationMs" in fault ? (fault.durationMs ?? 0) : 0);
}
