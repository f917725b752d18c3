/** Which recovery tries next, and what is known of the hosts that fail. Pure, over plain data. */
import type { RecoveryPacing } from "../recovery.door.ts";
import { retryWaitMs } from "./recovery-pace.ts";
import { toTimerMs } from "./duration.ts";
import { believedRetryAfterMs } from "./verdict.ts";

/** One recovery, as the desk sees it. */
export interface Place {
  readonly run: number;
  readonly stream: string;
  readonly host: string | undefined;
  /** `waiting` for its next try, or for a proof · `queued` for a slot · `trying` in a slot. */
  readonly phase: "waiting" | "queued" | "trying";
  /** When it began to want a slot, as a count. */
  readonly turn: number;
  /** It has tried, since it broke. */
  readonly hasTried: boolean;
}

/** A host that fails: nothing is asked of it until the wait is over, and then by one stream. */
export interface HostGate {
  readonly host: string;
  /** In a row. */
  readonly failures: number;
  /** `waiting` · `due` one may ask · `probing` one asks. */
  readonly state: "waiting" | "due" | "probing";
  /** Who asks; -1 for nobody. */
  readonly run: number;
  /** How long it is left alone since its last failure, in milliseconds. */
  readonly waitMs: number;
}

interface Queue {
  readonly places: readonly (Place | null)[];
  readonly hosts: readonly HostGate[];
  readonly policy: Pick<RecoveryPacing, "concurrent">;
}

/**
 * Who has the next slot; undefined where nobody wants one or none is free. Those who have not tried yet go
 * before those who have, then whoever wanted it first. A host that is due is asked by the stream that broke
 * last of those that have not tried: of it the least is known.
 */
export function nextOf({ places, hosts, policy }: Queue): Place | undefined {
  const trying = places.filter((place) => place?.phase === "trying").length;
  if (trying >= policy.concurrent) return undefined;
  // `trying` includes those who try for the first time: then the last slot is kept for such a one.
  const isKept = policy.concurrent > 1 && trying === policy.concurrent - 1;
  let next: Place | undefined;
  for (const place of places) {
    if (place?.phase !== "queued" || (isKept && place.hasTried)) continue;
    const gate = hosts.find(({ host }) => host === place.host);
    if (gate !== undefined && gate.state !== "due") continue;
    if (next === undefined || isBefore(place, next, gate !== undefined)) next = place;
  }
  return next;
}

function isBefore(one: Place, other: Place, isProbe: boolean): boolean {
  if (one.hasTried !== other.hasTried) return !one.hasTried;
  if (isProbe && !one.hasTried && one.host === other.host) return one.turn > other.turn;
  return one.turn < other.turn;
}

/**
 * A host has failed. Streams that had asked it before that was known do not count; what they were told of a
 * longer wait does.
 */
export function markFailed(
  hosts: readonly HostGate[],
  host: string,
  policy: Pick<RecoveryPacing, "retries" | "retryMs">,
  retryAfterMs: number | undefined,
): readonly HostGate[] {
  const gate = hosts.find((one) => one.host === host);
  const askedMs = believedRetryAfterMs(retryAfterMs);
  const isWaiting = gate?.state === "waiting";
  if (isWaiting && askedMs <= gate.waitMs) return hosts;
  const failures = (gate?.failures ?? 0) + (isWaiting ? 0 : 1);
  const waitMs = toTimerMs(Math.max(retryWaitMs(policy, failures), askedMs));
  return [...without(hosts, host), { host, failures, state: "waiting", run: -1, waitMs }];
}

/** One may ask it. */
export function markDue(hosts: readonly HostGate[], host: string): readonly HostGate[] {
  return hosts.map((gate) => (gate.host === host ? { ...gate, state: "due", run: -1 } : gate));
}

/** One asks it. */
export function markProbing(hosts: readonly HostGate[], { host, run }: Place): readonly HostGate[] {
  return hosts.map((gate) => (gate.host === host ? { ...gate, state: "probing", run } : gate));
}

/** It has given an answer, be it a refusal. */
export function markAnswered(
  hosts: readonly HostGate[],
  host: string | undefined,
): readonly HostGate[] {
  return hosts.some((gate) => gate.host === host) ? without(hosts, host) : hosts;
}

function without(hosts: readonly HostGate[], host: string | undefined): readonly HostGate[] {
  return hosts.filter((gate) => gate.host !== host);
}
