/**
 * Fault plans: drawn from a seed, or read from a line of text.
 *
 * A plan is data and counts from the start, so the same plan runs on both faces of the exchange. A
 * drawn one ends with a fault-free tail: what is lost at the very end is visible to nobody, so an
 * account can only be proven when every stream delivers once more after the last fault.
 */
import { createRandom } from "../../../machines/policy/random.ts";
import { OptionError } from "../../errors.ts";
import {
  faultKinds,
  OVERSIZED_BYTES,
  type Fault,
  type FaultKind,
  type FaultPlan,
  type PlannedFault,
} from "./faults.ts";

export interface FaultPlanOptions {
  /** How long the exchange runs, the tail included. */
  readonly durationMs: number;
  /** Which kinds to draw from. @defaultValue every kind that any exchange has */
  readonly kinds?: readonly FaultKind[] | undefined;
  /**
   * Mean time between two faults. @defaultValue what lets each kind strike once
   */
  readonly everyMs?: number | undefined;
  /** The fault-free time at the end. @defaultValue a third of `durationMs`, at most 10,000 */
  readonly quietTailMs?: number | undefined;
}

/**
 * A schedule from a seed: the kinds in shuffled order, shuffled anew when all have struck.
 *
 * Faults that last are over within the time to the next one, so that each meets a client that had a
 * chance to come back; a silence lasts until the client gives up, or the tail begins. Close codes and
 * statuses drawn are ones that a client comes back from soon (1001, 1011; 503 with `Retry-After: 1`).
 */
export function createFaultPlan(seed: number, options: FaultPlanOptions): FaultPlan {
  const { durationMs, kinds = faultKinds } = options;
  const quietTailMs = options.quietTailMs ?? Math.min(10_000, durationMs / 3);
  const loudMs = durationMs - quietTailMs;
  const everyMs = options.everyMs ?? loudMs / (kinds.length + 1);
  if (!(durationMs > 0 && durationMs < Infinity)) {
    throw new OptionError("durationMs", "a time above 0", durationMs);
  }
  if (!(quietTailMs >= 0 && quietTailMs < durationMs)) {
    throw new OptionError("quietTailMs", "less than durationMs", quietTailMs);
  }
  if (!(everyMs > 0)) throw new OptionError("everyMs", "a time above 0", everyMs);
  if (kinds.length === 0) throw new OptionError("kinds", "at least one kind", kinds);

  const random = createRandom(seed);
  const plan: PlannedFault[] = [];
  let order: FaultKind[] = [];
  for (let slot = 1; slot * everyMs + everyMs / 4 <= loudMs; slot += 1) {
    if (order.length === 0) order = shuffle(kinds, random);
    const kind = order.pop();
    if (kind === undefined) break;
    const atMs = Math.round((slot + (random() - 0.5) / 2) * everyMs);
    plan.push({ atMs, fault: draw(kind, everyMs, loudMs - atMs, random) });
  }
  return plan;
}

function draw(kind: FaultKind, everyMs: number, leftMs: number, random: () => number): Fault {
  const durationMs = Math.min(Math.round(everyMs * (0.3 + random() * 0.3)), leftMs);
  switch (kind) {
    case "close":
      return { kind, code: random() < 0.5 ? 1001 : 1011 };
    case "silence":
      return { kind, durationMs: leftMs };
    case "stall":
    case "pause":
    case "refuse":
    case "never-answer":
      return { kind, durationMs };
    case "status":
      return { kind, status: 503, retryAfterSeconds: 1, durationMs };
    case "flap":
      return { kind, afterMs: 20 + Math.round(random() * 80), durationMs };
    case "oversized":
      return { kind, bytes: OVERSIZED_BYTES };
    case "reset":
    case "fin":
    case "skip":
    case "repeat":
    case "garbage":
    case "protocol-error":
    case "shutdown-notice":
    case "renumber":
    case "mute":
    case "absurd-number":
      return { kind };
    case "constant-number":
    case "retell":
    case "lag":
    case "refuse-for-now":
    case "wrong-checksum":
      return { kind, durationMs };
    case "http-out":
      return { kind, status: 503, durationMs };
  }
}

/** Fisher-Yates. */
function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items];
  const shuffled: T[] = [];
  while (rest.length > 0) shuffled.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return shuffled;
}
