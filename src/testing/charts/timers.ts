/**
 * Timers by name. XState knows a timer by an id that it may have made up; here its name is the type of
 * the event that it brings, for an `after` without XState's prefix: `backoff.connection.reconnecting`.
 * Where that is clear the delay alone will do: `backoff`.
 */
import type { AnyActorRef } from "xstate";

/** The name of the timer that brings an event of this type. */
export function timerName(eventType: string): string {
  const prefix = "xstate.after.";
  return eventType.startsWith(prefix) ? eventType.slice(prefix.length) : eventType;
}

/** Whether `name`, or the delay alone, means this timer. */
export function isCalled(timer: string, name: string): boolean {
  return timer === name || timer.startsWith(`${name}.`);
}

/** The names of the timers that `actor` has armed now, sorted. */
export function armedTimers(actor: AnyActorRef): readonly string[] {
  return Object.values(actor.system.getSnapshot()._scheduledEvents)
    .filter(({ source }) => source === actor)
    .map(({ event }) => timerName(event.type))
    .sort();
}
