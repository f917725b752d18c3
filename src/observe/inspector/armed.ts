/** The delayed events of an actor that are scheduled, with when they are due. */
import type { AnyActorRef } from "xstate";
import type { ArmedView } from "./protocol.ts";

/** One entry of XState's scheduler. `startedAt` is on the wall clock, whatever clock the system runs on. */
interface Scheduled {
  readonly source: AnyActorRef;
  readonly event: { readonly type: string };
  readonly delay: number;
  readonly id: string;
  readonly startedAt: number;
}

/** When each scheduled event was first seen: its delay counts from there. */
export type ArmedTimers = WeakMap<object, number>;

/** The most that one actor shows. */
const MAX_ARMED = 20;

/** What `actor` has armed, soonest first. Those not seen before are taken to be armed now. */
export function armedFor(
  actor: AnyActorRef,
  seen: ArmedTimers,
  nowMs: number,
): readonly ArmedView[] {
  const armed: ArmedView[] = [];
  for (const scheduled of scheduledIn(actor)) {
    if (scheduled.source !== actor) continue;
    const sinceMs = seen.get(scheduled) ?? nowMs;
    seen.set(scheduled, sinceMs);
    const { id, delay, event } = scheduled;
    armed.push({ id, label: labelOf(id, event.type), delayMs: delay, dueAtMs: sinceMs + delay });
  }
  return armed.sort((a, b) => a.dueAtMs - b.dueAtMs).slice(0, MAX_ARMED);
}

/** A late observer finds timers that have run for a while; the wall clock tells for how long. */
export function datesArmed(
  actor: AnyActorRef,
  seen: ArmedTimers,
  nowMs: number,
  wallMs: number,
): void {
  for (const scheduled of scheduledIn(actor)) {
    if (seen.has(scheduled)) continue;
    seen.set(scheduled, nowMs - Math.max(wallMs - scheduled.startedAt, 0));
  }
}

function scheduledIn(actor: AnyActorRef): readonly Scheduled[] {
  const { _scheduledEvents } = actor.system.getSnapshot();
  return Object.values(_scheduledEvents) as unknown as readonly Scheduled[];
}

/** `xstate.after.backoff.connection.reconnecting` → `backoff`; a raise with an id goes by its id. */
function labelOf(id: string, type: string): string {
  if (type.startsWith("xstate.after."))
    return type.slice("xstate.after.".length).split(".")[0] ?? type;
  // An id that XState made up says nothing.
  return /^[a-z0-9]{8,13}$/.test(id) && !/[a-z]{5}/.test(id) ? type : id;
}
