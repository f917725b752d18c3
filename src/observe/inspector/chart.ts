/**
 * A chart as data, for drawing: its states with their nesting, its transitions with their labels.
 *
 * Names only. Parameters of actions and guards, inputs of invoked actors and `meta` are values, and
 * values of a chart may be secrets as well as any other.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { definitionsOf, statesOf } from "../../testing/charts/transitions.ts";
import { isNamedReference, partsOfGuard, writtenActions } from "../../testing/charts/words.ts";
import type { ChartView, StateView, TransitionView } from "./protocol.ts";

/** A chart with the way from XState's own objects to what is shown. */
export interface KnownChart {
  readonly view: ChartView;
  readonly transitionOf: ReadonlyMap<AnyTransitionDefinition, TransitionView>;
}

/** Describes a machine; who keeps its chart gives it an id. */
export function describeChart(machine: AnyStateMachine): KnownChart {
  const states = statesOf(machine);
  const transitionOf = new Map<AnyTransitionDefinition, TransitionView>();
  for (const state of states) {
    definitionsOf(state).forEach((definition, index) => {
      transitionOf.set(definition, describeTransition(definition, `${state.id}|${index}`));
    });
  }
  const transitions = [...transitionOf.values()];
  const view = { id: "", name: machine.root.key, states: states.map(describeState), transitions };
  return { view, transitionOf };
}

/** Every name in a chart: all of them come from code. */
export function* wordsOf({ states, transitions }: ChartView): Generator<string> {
  for (const state of states) {
    yield state.id;
    yield state.key;
    yield* state.tags;
    yield* state.entry;
    yield* state.exit;
  }
  for (const { event, actions, guard } of transitions) {
    yield event;
    yield* actions;
    if (guard !== null) yield guard;
  }
}

function describeState(state: AnyStateNode): StateView {
  const initial: unknown = state.initial?.target[0];
  return {
    id: state.id,
    key: state.key,
    parent: state.parent?.id ?? null,
    type: state.type,
    initial: isNode(initial) ? initial.id : null,
    description: state.description ?? null,
    tags: [...state.tags],
    entry: names(state.entry),
    exit: names(state.exit),
    invokes: state.invoke.map(({ id, src }) =>
      typeof src === "string" && !isMade(src) ? src : id,
    ),
  };
}

function describeTransition(transition: AnyTransitionDefinition, id: string): TransitionView {
  const targets = (transition.target ?? []).map((target: AnyStateNode) => target.id);
  return {
    id,
    source: transition.source.id,
    targets,
    event: transition.eventType,
    label: labelOf(transition),
    guard: transition.guard === undefined ? null : guardName(transition.guard),
    actions: names(transition.actions),
    reenter: transition.reenter,
  };
}

/** What brings a transition about, in words. */
function labelOf(transition: AnyTransitionDefinition): string {
  const { eventType: type, source } = transition;
  const delay = delayOf(transition);
  if (type === "") return "always";
  if (delay !== undefined) return `after ${delay}`;
  if (type === `xstate.done.state.${source.id}`) return "done";
  const [, what, from] = /^xstate\.(done|error|snapshot)\.(?:actor|state)\.(.*)$/.exec(type) ?? [];
  return what === undefined ? type : `${what} ${isMade(from ?? "") ? "" : from}`.trim();
}

function delayOf(transition: AnyTransitionDefinition): string | undefined {
  const delay: unknown = "delay" in transition ? transition.delay : undefined;
  if (typeof delay === "number") return `${delay} ms`;
  if (typeof delay === "string") return delay;
  return delay === undefined ? undefined : "a computed delay";
}

/** Ids that XState makes up: `0.connection.connected`. */
function isMade(name: string): boolean {
  return /^(?:\d+\.|xstate\.invoke\.)/.test(name);
}

function guardName(guard: unknown): string {
  const parts = partsOfGuard(guard).map(guardName);
  if (parts.length > 0) return parts.join(", ");
  return nameOf(guard);
}

/** Action names. The built-in ones show as what they do: `raise`, `assign`. */
function names(actions: readonly unknown[]): readonly string[] {
  return writtenActions(actions).map(nameOf);
}

function nameOf(reference: unknown): string {
  if (typeof reference === "string") return reference;
  if (isNamedReference(reference)) return reference.type;
  return typeof reference === "function" && reference.name !== "" ? reference.name : "(unnamed)";
}

function isNode(value: unknown): value is AnyStateNode {
  return typeof value === "object" && value !== null && "id" in value;
}
