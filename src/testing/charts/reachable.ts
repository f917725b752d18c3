/** The states of a chart that some chain of transitions leads to, guards aside. */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { definitionsOf } from "./transitions.ts";

export function reachableStates(machine: AnyStateMachine): ReadonlySet<AnyStateNode> {
  /** May be active: its transitions can be taken. */
  const reached = new Set<AnyStateNode>();
  /** Was entered as a target, so that it chose among its children. */
  const entered = new Set<AnyStateNode>();
  enter(machine.root);
  // A set's iterator sees what is added on the way.
  for (const state of reached) {
    for (const { target } of definitionsOf(state)) target?.forEach(enter);
  }
  return reached;

  function enter(state: AnyStateNode): void {
    if (entered.has(state)) return;
    entered.add(state);
    reach(state);
    childrenEnteredWith(state).forEach(enter);
  }

  /** With what encloses it; all regions of a parallel state are entered together. */
  function reach(state: AnyStateNode): void {
    if (reached.has(state)) return;
    reached.add(state);
    const { parent } = state;
    if (parent === undefined) return;
    if (parent.type === "parallel") enter(parent);
    else reach(parent);
  }
}

function childrenEnteredWith(state: AnyStateNode): readonly AnyStateNode[] {
  switch (state.type) {
    case "compound":
      return [...state.initial.target];
    case "parallel":
      return Object.values(state.states);
    case "history":
      return historyDefaults(state);
    case "atomic":
    case "final":
      return [];
  }
}

/** Where a history state leads while there is no history: its own target, or its parent's initial. */
function historyDefaults({ parent, config }: AnyStateNode): readonly AnyStateNode[] {
  if (parent === undefined) return [];
  const target: unknown = "target" in config ? config.target : undefined;
  const sibling = typeof target === "string" ? parent.states[target] : undefined;
  return sibling === undefined ? childrenEnteredWith(parent) : [sibling];
}
