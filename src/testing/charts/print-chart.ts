/**
 * A chart as text: everything that it says, nothing that it means.
 *
 * A model generated from a chart cannot see what the chart forgot, and coverage of transitions is
 * blind to a lost entry action or tag; a text in review is not.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { definitionsOf, statesOf } from "./transitions.ts";
import { conditionToText, referenceToText, targetToText, writtenActions } from "./words.ts";

/**
 * The whole chart as stable text, for a golden file: each state with its entry actions, invokes and
 * tags, then what leads out of it.
 *
 * ```ts
 * expect(printChart(machine)).toMatchFileSnapshot("./machine.golden.txt");
 * ```
 */
export function printChart(machine: AnyStateMachine): string {
  return statesOf(machine)
    .map((state) => `${stateToText(state)}\n`)
    .join("\n");
}

function stateToText(state: AnyStateNode): string {
  const initial = state.type === "compound" ? state.initial.target.map(({ id }) => id) : [];
  const lines = [
    state.id,
    line("type", state.type === "atomic" ? [] : [state.type]),
    line("initial", initial),
    line("tags", state.tags),
    line("entry", writtenActions(state.entry).map(referenceToText)),
    line("exit", writtenActions(state.exit).map(referenceToText)),
    ...state.invoke.map(({ src, id }) => `  invoke ${referenceToText(src)} as ${id}`),
    ...definitionsOf(state).map((transition) => `  ${transitionToText(transition)}`),
  ];
  return lines.filter((text) => text !== "").join("\n");
}

function transitionToText(transition: AnyTransitionDefinition): string {
  const { actions } = transition;
  const parts = [
    conditionToText(transition),
    targetToText(transition),
    actions.length === 0 ? "" : `/ ${actions.map(referenceToText).join(", ")}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function line(label: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `  ${label} ${items.join(", ")}`;
}
