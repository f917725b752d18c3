/**
 * What goes wrong in a soak, and when, all from the seed: each line meets a fault every 1 to 4 s, and
 * three times the whole supervisor process stands still for 3 s.
 *
 * Around the first and the last stop nothing else goes wrong, so that whatever is lost there is a
 * false alarm; around the one between faults go on. Real time makes a replay only roughly equal: the
 * schedule is the same, what it meets is not.
 */
import { createRandom } from "../../machines/policy/random.ts";
import type { Fault } from "../../src/testing/index.ts";
import type { RelayFault } from "./relay.ts";

export type Blow = Fault | RelayFault;

interface Strike {
  readonly atMs: number;
  readonly line: number;
  readonly blow: Blow;
}

export interface Schedule {
  readonly strikes: readonly Strike[];
  /** When the supervisor process stops, each time for {@link STOP_MS}. */
  readonly stopsAtMs: readonly number[];
}

export const STOP_MS = 3_000;
/** Longer than a line needs to be back after whatever struck it. */
const CALM_BEFORE_MS = 5_000;
const CALM_AFTER_MS = 2_000;

/** @param relayed - Which lines run through a relay, and so can meet its faults too. */
export function planSoak(seed: number, lengthMs: number, relayed: readonly boolean[]): Schedule {
  const stopsAtMs = [0.25, 0.5, 0.75].map((part) => Math.round(lengthMs * part));
  const calm = [stopsAtMs[0] ?? 0, stopsAtMs[2] ?? 0].map((atMs) => ({
    fromMs: atMs - CALM_BEFORE_MS,
    untilMs: atMs + STOP_MS + CALM_AFTER_MS,
  }));
  const strikes = relayed.flatMap((isRelayed, line) => {
    const random = createRandom(seed * 31 + line);
    const kinds = isRelayed ? [...exchangeBlows, ...relayBlows] : exchangeBlows;
    const drawn: Strike[] = [];
    let order: ((random: () => number) => Blow)[] = [];
    for (let atMs = 1_000; atMs < lengthMs; atMs += 1_000 + random() * 3_000) {
      // Every kind once, in a new order each round: none is left to luck.
      if (order.length === 0) order = shuffle(kinds, random);
      const draw = order.pop();
      if (draw === undefined) break;
      const isCalm = calm.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
      if (!isCalm) drawn.push({ atMs: Math.round(atMs), line, blow: draw(random) });
    }
    return drawn;
  });
  strikes.sort((one, other) => one.atMs - other.atMs);
  return { strikes, stopsAtMs };
}

type Draw = (random: () => number) => Blow;

const between = (random: () => number, low: number, high: number): number =>
  Math.round(low + random() * (high - low));

function oneOf<T>(random: () => number, first: T, ...others: readonly T[]): T {
  return [first, ...others][Math.floor(random() * (others.length + 1))] ?? first;
}

/** Every kind that the exchange knows. */
const exchangeBlows: readonly Draw[] = [
  () => ({ kind: "reset" }),
  () => ({ kind: "fin" }),
  (random) => ({ kind: "close", code: oneOf(random, 1000, 1001, 1008, 1011, 1012, 1013, 4_001) }),
  () => ({ kind: "silence" }),
  (random) => ({ kind: "silence", durationMs: between(random, 200, 1_000) }),
  (random) => ({ kind: "stall", durationMs: between(random, 200, 1_200) }),
  (random) => ({ kind: "stall", durationMs: between(random, 2_000, 5_000) }),
  (random) => ({ kind: "refuse", durationMs: between(random, 200, 1_200) }),
  (random) => ({ kind: "never-answer", durationMs: between(random, 200, 1_500) }),
  (random) => {
    const status = oneOf(random, 429, 500, 502, 503);
    const durationMs = between(random, 200, 1_200);
    const isFloor = status === 429 || status === 503;
    return { kind: "status", status, durationMs, ...(isFloor ? { retryAfterSeconds: 1 } : {}) };
  },
  (random) => ({ kind: "flap", afterMs: between(random, 0, 150), durationMs: 800 }),
  (random) => ({ kind: "skip", count: between(random, 1, 50) }),
  (random) => ({ kind: "repeat", count: between(random, 1, 50) }),
  () => ({ kind: "garbage" }),
  () => ({ kind: "oversized", bytes: 4 * 1024 * 1024 + 1 }),
  () => ({ kind: "protocol-error" }),
  () => ({ kind: "shutdown-notice" }),
];

const relayBlows: readonly Draw[] = [
  () => ({ kind: "swallow-down" }),
  () => ({ kind: "swallow-up" }),
  (random) => ({ kind: "slices", bytes: between(random, 500, 3_000) }),
  (random) => ({ kind: "latency", delayMs: between(random, 50, 400), durationMs: 1_500 }),
  (random) => ({ kind: "cut", afterBytes: between(random, 1, 5_000) }),
];

/** Fisher-Yates. */
function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items];
  const shuffled: T[] = [];
  while (rest.length > 0) shuffled.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return shuffled;
}
