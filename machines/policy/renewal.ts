/**
 * The renewal of credentials that a server refused: when new ones are asked for, and how often.
 *
 * From a refusal until the connection is ready every dial asks for new credentials, whatever ended the
 * dial before: a token server that is down, a network that fails, or a server that refuses the new ones
 * too. What grows is the distance between the calls. The first one after a good time is made at once.
 */
import type { Loss } from "../loss.ts";

/** What a connection remembers of its credentials. */
export interface Renewal {
  /** The credentials were refused, and it was not ready since. */
  readonly isDue: boolean;
  /** What refused them; null while no renewal is due. */
  readonly refused: { readonly loss: Loss; readonly rule: string } | null;
  /** Dials that asked for new ones since the connection was last stable. */
  readonly calls: number;
  /** When the last of them was made; null before the first. */
  readonly calledAtMs: number | null;
}

/** Nothing was refused yet. */
export const noRenewal: Renewal = { isDue: false, refused: null, calls: 0, calledAtMs: null };

/** The shortest distance between two calls, in milliseconds. */
const CALL_EVERY_MS = 10_000;
/** The longest one, jitter included: so that healing is seen within two minutes. */
const CALL_AT_LEAST_EVERY_MS = 100_000;
/** Jitter on top of a floor, in milliseconds. */
const SPREAD_MS = 3_000;

/** A dial asks for new credentials. */
export function afterCall(renewal: Renewal, atMs: number): Renewal {
  return { ...renewal, calls: renewal.calls + 1, calledAtMs: atMs };
}

/** The credentials were refused. */
export function afterRefusal(renewal: Renewal, loss: Loss, rule: string): Renewal {
  return { ...renewal, isDue: true, refused: { loss, rule } };
}

/** The connection is ready: what it showed is good. How often was asked is not forgiven yet. */
export function afterReady(renewal: Renewal): Renewal {
  return renewal.isDue ? { ...renewal, isDue: false, refused: null } : renewal;
}

/** Given up: a command that starts over waits for no pace. */
export function afterFailure(renewal: Renewal): Renewal {
  return { ...renewal, calledAtMs: null };
}

/** The connection is stable, or starts over: the next refusal is the first one. */
export function forgive(renewal: Renewal): Renewal {
  return renewal.calls === 0 ? renewal : { ...renewal, calls: 0 };
}

/** How long until new credentials may be asked for again, in milliseconds; 0 where none are to be. */
export function untilCallMs({ isDue, calledAtMs }: Renewal, atMs: number): number {
  if (!isDue || calledAtMs === null) return 0;
  return Math.max(calledAtMs + CALL_EVERY_MS - atMs, 0);
}

/** The wait after a dial that asked in vain: 10 s, 20 s, 40 s, 80 s, then 97 s, and up to 3 s of jitter. */
export function renewalWait({ calls }: Renewal): {
  readonly floorMs: number;
  readonly spreadMs: number;
} {
  const floorMs = CALL_EVERY_MS * 2 ** Math.min(Math.max(calls - 1, 0), 10);
  return { floorMs: Math.min(floorMs, CALL_AT_LEAST_EVERY_MS - SPREAD_MS), spreadMs: SPREAD_MS };
}
