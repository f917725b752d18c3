/**
 * The planned reconnect: a connection that its venue would cut anyway is replaced before, at a moment of
 * our own choosing.
 *
 * The moment is random, so that a thousand clients which were told the same thing do not come back in the
 * same instant; it is drawn once per socket. Later a connection that is already ready takes the old
 * one's place (make-before-break): the plan stays, only what is done at its moment changes.
 */
import { toTimerMs } from "./policy/duration.ts";

/** When and why the open socket will be replaced. */
export interface Rotation {
  /** Where in the allowed window, in [0, 1). */
  readonly share: number;
  /** The wait, counted from when it was planned, in milliseconds. */
  readonly inMs: number;
  readonly dueAtMs: number;
  /** `maximum age`, `mute`, or what the venue said. */
  readonly detail: string;
  /** Where the socket is mute: for how long, in milliseconds. */
  readonly silentMs?: number;
}

/** Of the venue's maximum age: well before its cut, and not so early that connections are wasted. */
const AGE_WINDOW = { from: 0.9, to: 0.98 } as const;

/** Of the time that a notice leaves: the rest is for the new connection to come up in. */
const NOTICE_WINDOW = { from: 0, to: 0.8 } as const;

export function rotationByAge(maxAgeMs: number, share: number, openedAtMs: number): Rotation {
  return planned(maxAgeMs, AGE_WINDOW, { share, detail: "maximum age", atMs: openedAtMs });
}

/** One that leaves no time is followed at once. */
export function rotationByNotice(
  withinMs: number,
  share: number,
  detail: string | undefined,
  atMs: number,
): Rotation {
  return planned(withinMs, NOTICE_WINDOW, { share, detail: detail ?? "notice", atMs });
}

/** A mute connection is replaced at once. */
export function rotationByMute(silentMs: number, share: number, atMs: number): Rotation {
  return { share, inMs: 0, dueAtMs: atMs, detail: "mute", silentMs };
}

export function endsSooner(plan: Rotation, than: Rotation | null): boolean {
  return than === null || plan.dueAtMs < than.dueAtMs;
}

function planned(
  lengthMs: number,
  window: { readonly from: number; readonly to: number },
  { share, detail, atMs }: { share: number; detail: string; atMs: number },
): Rotation {
  const inMs = toTimerMs(lengthMs * (window.from + share * (window.to - window.from)));
  return { share, inMs, dueAtMs: atMs + inMs, detail };
}
