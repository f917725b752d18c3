/** What is written in a chart: its states, and every transition that leads out of them. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { conditionToText, targetToText } from "./words.ts";

/** One transition that is written in a chart. */
export interface ChartTransition {
  /** Stable and unique: `connection.connecting: on socket.lost [isRefused] -> connection.failed`. */
  readonly name: string;
  /** XState's own: the object that the inspector shows for actors of this very machine. */
  readonly definition: AnyTransitionDefinition;
}

/**
 * Every transition of a chart by name, in the order in which the chart is written: `on`, `after`,
 * `onDone`, `onError` and `onSnapshot` of invoked actors, `onDone` of states, `always`.
 */
export function transitionsOf(machine: AnyStateMachine): readonly ChartTransition[] {
  return [...namesIn(machine)].map(([definition, name]) => ({ name, definition }));
}

/** The name of a transition that the inspector shows; undefined for XState's own initial ones. */
export function nameOfTransition(definition: AnyTransitionDefinition): string | undefined {
  return namesIn(definition.source.machine).get(definition);
}

/** Every state of a chart, the root first, each before what is within it. */
export function statesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  return [...statesWithin(machine.root)];
}

/** The transitions written in `state` itself. */
export function definitionsOf(state: AnyStateNode): readonly AnyTransitionDefinition[] {
  return [...[...state.transitions.values()].flat(), ...(state.always ?? [])];
}

function* statesWithin(state: AnyStateNode): Generator<AnyStateNode> {
  yield state;
  for (const child of Object.values(state.states)) yield* statesWithin(child);
}

type Names = ReadonlyMap<AnyTransitionDefinition, string>;

/** A machine never changes, and a walk asks often. */
const known = new WeakMap<AnyStateMachine, Names>();

function namesIn(machine: AnyStateMachine): Names {
  const names = known.get(machine) ?? nameAll(machine);
  known.set(machine, names);
  return names;
}

function nameAll(machine: AnyStateMachine): Names {
  const uses = new Map<string, number>();
  return new Map(
    statesOf(machine)
      .flatMap(definitionsOf)
      .map((definition) => {
        const name = describe(definition);
        const use = (uses.get(name) ?? 0) + 1;
        uses.set(name, use);
        return [definition, use === 1 ? name : `${name} (${use})`];
      }),
  );
}

function describe(definition: AnyTransitionDefinition): string {
  const target = targetToText(definition);
  const condition = `${definition.source.id}: ${conditionToText(definition)}`;
  return target === "" ? condition : `${condition} ${target}`;
}
