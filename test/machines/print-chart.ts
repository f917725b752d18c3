/**
 * A chart as text: everything that it says, nothing that it means.
 *
 * A model generated from a chart cannot see what the chart forgot, and transition coverage is blind to
 * a lost entry action or tag; a text in review is not (xstate.md §4).
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";

/** The whole chart: each state with its entry actions, invokes and tags, then what leads out of it. */
export function printChart(machine: AnyStateMachine): string {
  return [...statesWithin(machine.root)].map((state) => `${printState(state)}\n`).join("\n");
}

/** `state` and every state inside it, in the order in which the chart names them. */
export function* statesWithin(state: AnyStateNode): Generator<AnyStateNode> {
  yield state;
  for (const child of Object.values(state.states)) yield* statesWithin(child);
}

/** Every transition written in `state` itself: after, on, done and always. */
export function transitionsOf(state: AnyStateNode): AnyTransitionDefinition[] {
  return [...[...state.transitions.values()].flat(), ...(state.always ?? [])];
}

function printState(state: AnyStateNode): string {
  const lines = [
    nameOf(state),
    line("type", state.type === "atomic" ? [] : [state.type]),
    line("initial", state.type === "compound" ? state.initial.target.map(nameOf) : []),
    line("tags", state.tags),
    line("entry", written(state.entry).map(printReference)),
    line("exit", written(state.exit).map(printReference)),
    ...state.invoke.map((invoke) => `  invoke ${printReference(invoke.src)} as ${invoke.id}`),
    ...transitionsOf(state).map((transition) => `  ${printTransition(transition)}`),
  ];
  return lines.filter((text) => text !== "").join("\n");
}

function printTransition(transition: AnyTransitionDefinition): string {
  const { eventType, guard, target, reenter, actions } = transition;
  const parts = [
    printTrigger(eventType, transition.source),
    guard === undefined ? "" : `[${printReference(guard)}]`,
    target === undefined ? "" : `-> ${target.map(nameOf).join(", ")}`,
    reenter ? "(reenter)" : "",
    actions.length === 0 ? "" : `/ ${actions.map(printReference).join(", ")}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** `after backoff`, `done heartbeat`, `on close`, `always`. */
function printTrigger(eventType: string, source: AnyStateNode): string {
  if (eventType === "") return "always";
  if (eventType.startsWith("xstate.after.")) {
    return `after ${eventType.slice("xstate.after.".length, -`.${source.id}`.length)}`;
  }
  if (eventType.startsWith("xstate.done.actor.")) {
    return `done ${eventType.slice("xstate.done.actor.".length)}`;
  }
  return `on ${eventType}`;
}

/** An action, guard or actor by its name, with what the chart itself hands to it. */
function printReference(reference: unknown): string {
  if (typeof reference === "string") return reference;
  if (typeof reference === "function") return reference.name === "" ? "(unnamed)" : reference.name;
  const { type, params } = reference as { readonly type: string; readonly params?: unknown };
  return params === undefined || typeof params === "function"
    ? type
    : `${type}(${JSON.stringify(params)})`;
}

/** Without the delayed raises and their cancels that XState adds for every `after`. */
function written(actions: readonly unknown[]): readonly unknown[] {
  return actions.filter((action) => typeof action !== "function");
}

function nameOf(state: AnyStateNode): string {
  return state.id;
}

function line(label: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `  ${label} ${items.join(", ")}`;
}
