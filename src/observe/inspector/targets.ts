/** What can be inspected: a supervisor, or any actor of XState 5. Told by their looks: there may be two copies. */
import type { AnyActorRef } from "xstate";
import type { ConnectionActor } from "../../../machines/connection.machine.ts";
import type { Loss } from "../../../machines/loss.ts";
import { hasMethods } from "../../shape.ts";
import type { Fact } from "../../supervisor/facts.ts";
import type { OutageReport } from "../../supervisor/outage.ts";

/** A `Supervisor`, as far as an inspector needs one. */
export interface InspectableSupervisor {
  readonly actor: ConnectionActor | undefined;
  /** What it is called on the page, where the inspector is not told otherwise. */
  readonly name: string;
  status(): {
    readonly outage: { readonly cause: Loss; readonly sinceMs: number } | undefined;
    readonly lastOutage: OutageReport | undefined;
  };
  on(type: "*", listener: (fact: Fact) => void): () => void;
  connect(): void;
  reconnect(): void;
  close(): Promise<void>;
}

export type Inspectable = InspectableSupervisor | AnyActorRef;

export function isSupervisor(target: unknown): target is InspectableSupervisor {
  return hasMethods(target, ["on", "status", "reconnect", "close"]) && "actor" in target;
}

export function isActor(target: unknown): target is AnyActorRef {
  return (
    hasMethods(target, ["send", "subscribe", "getSnapshot"]) &&
    "system" in target &&
    hasMethods(target.system, ["inspect", "getSnapshot"])
  );
}
