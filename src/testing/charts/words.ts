/**
 * A chart in its own words: states by id, triggers as they are written (`after backoff`, `on close`,
 * `done heartbeat`, `always`), actions, guards and actors by name.
 */
import type { AnyStateNode, AnyTransitionDefinition } from "xstate";

/** An action or guard that the chart names, with what it hands to it. */
export interface NamedReference {
  readonly type: string;
  readonly params?: unknown;
}

export function isNamedReference(reference: unknown): reference is NamedReference {
  return (
    typeof reference === "object" &&
    reference !== null &&
    "type" in reference &&
    typeof reference.type === "string"
  );
}

/** An action, guard or actor by its name, with the parameters that are written in the chart. */
export function referenceToText(reference: unknown): string {
  if (typeof reference === "string") return reference;
  if (typeof reference === "function") {
    const name = reference.name === "" ? "(unnamed)" : reference.name;
    const parts = partsOfGuard(reference);
    return parts.length === 0 ? name : `${name}(${parts.map(referenceToText).join(", ")})`;
  }
  if (!isNamedReference(reference)) return "(unnamed)";
  const { type, params } = reference;
  return params === undefined || typeof params === "function"
    ? type
    : `${type}(${JSON.stringify(params)})`;
}

/** The guards that `and`, `or` and `not` are made of. */
export function partsOfGuard(guard: unknown): readonly unknown[] {
  if (typeof guard !== "function" || !("guards" in guard)) return [];
  return Array.isArray(guard.guards) ? guard.guards : [];
}

/** What makes a transition happen. */
function triggerToText({ eventType, source }: AnyTransitionDefinition): string {
  const type: string = eventType;
  const trigger = (prefix: string, word: string): string | undefined =>
    type.startsWith(prefix) ? `${word} ${type.slice(prefix.length)}` : undefined;
  if (type === "") return "always";
  if (type === `xstate.done.state.${source.id}`) return "done";
  return (
    trigger("xstate.after.", "after")?.slice(0, -`.${source.id}`.length) ??
    trigger("xstate.done.actor.", "done") ??
    trigger("xstate.error.actor.", "error") ??
    trigger("xstate.snapshot.", "snapshot") ??
    `on ${type}`
  );
}

/** Trigger and guard: `on socket.lost [isRefused]`. */
export function conditionToText(transition: AnyTransitionDefinition): string {
  const trigger = triggerToText(transition);
  const { guard } = transition;
  return guard === undefined ? trigger : `${trigger} [${referenceToText(guard)}]`;
}

/** Where a transition leads: `-> door.open (reenter)`; empty where it stays. */
export function targetToText({ target, reenter }: AnyTransitionDefinition): string {
  const to = target === undefined ? [] : [`-> ${target.map(({ id }) => id).join(", ")}`];
  return [...to, ...(reenter ? ["(reenter)"] : [])].join(" ");
}

/** Actions that somebody wrote: without the delayed raises and cancels that XState adds for `after`. */
export function writtenActions(actions: readonly unknown[]): readonly unknown[] {
  return actions.filter((action) => !isOfAfter(action));
}

function isOfAfter(action: unknown): boolean {
  if (typeof action !== "function") return false;
  const id =
    ("id" in action ? action.id : undefined) ?? ("sendId" in action ? action.sendId : undefined);
  return typeof id === "string" && id.startsWith("xstate.after.");
}

/** `after` delays of a state, as they are written, by the type of the event that each brings. */
export function delaysOf(state: AnyStateNode): ReadonlyMap<string, string> {
  return new Map(
    state.after.map((transition) => [String(transition.eventType), String(transition.delay)]),
  );
}
