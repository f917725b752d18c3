/** What a page may ask for, where commands are switched on. */
import type { AnyActorRef } from "xstate";
import type { ActorView, Command } from "./protocol.ts";
import type { InspectableSupervisor } from "./targets.ts";

/** Gives a command to a supervisor; what is wrong with it otherwise. */
export function giveCommand(
  command: Command,
  supervisor: InspectableSupervisor | undefined,
  atMs: number,
): string | undefined {
  if (supervisor === undefined) return "there is no supervisor behind this actor";
  switch (command) {
    case "connect":
      supervisor.connect();
      return undefined;
    case "reconnect":
      supervisor.reconnect();
      return undefined;
    case "close":
      void supervisor.close();
      return undefined;
    case "drop":
      return drop(supervisor, atMs);
  }
}

/** As if the network had ended the socket: the chart hears what a transport would have said. */
function drop({ actor }: InspectableSupervisor, atMs: number): string | undefined {
  const children: unknown = actor?.getSnapshot().children;
  const hasSocket = typeof children === "object" && children !== null && "socket" in children;
  if (actor === undefined || !hasSocket) return "there is no socket to drop";
  const loss = { class: "dropped", phase: "open", detail: "by command of the inspector" } as const;
  actor.send({ type: "socket.ended", loss, atMs });
  return undefined;
}

/** Events that an owner may send; a chart's facts come with payloads that nobody here can know. */
const OWNERS: readonly string[] = ["connect", "reconnect", "close", "terminate"];

/** Sends an event without a payload. */
export function sendEvent(
  ref: AnyActorRef | undefined,
  actor: ActorView | undefined,
  type: string,
): string | undefined {
  if (ref === undefined || actor === undefined) return "there is no such actor in this process";
  if (actor.isConnection && !OWNERS.includes(type)) {
    return "a connection takes its owner's commands only";
  }
  ref.send({ type });
  return undefined;
}
