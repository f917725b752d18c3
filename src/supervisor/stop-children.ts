/** The children of a chart that an error has ended: XState leaves them running, with timers and sockets. */
import type { AnyActorRef } from "xstate";

/** What is read of a snapshot, whatever kind of actor it is of. */
interface Snapshot {
  readonly status: string;
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}

/** The event by which XState itself stops an actor, with all that it has started. */
const STOP = { type: "xstate.stop" } as const;

/** Stops every actor below `actor`, also below those that ended in an error themselves. */
export function stopChildren(actor: AnyActorRef): void {
  const { children = {} }: Snapshot = actor.getSnapshot();
  for (const child of Object.values(children)) {
    if (child === undefined) continue;
    const { status }: Snapshot = child.getSnapshot();
    if (status === "active") child.send(STOP);
    else stopChildren(child);
  }
}
