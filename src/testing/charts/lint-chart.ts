/**
 * What neither XState nor the compiler says of a chart.
 *
 * An unknown action is passed over in silence, an unknown delay fires at once, an unknown event is
 * never heard (xstate#4718, #5375): a misspelt word makes a chart that runs, and does something else.
 */
import type { AnyStateMachine, AnyStateNode } from "xstate";
import { reachableStates } from "./reachable.ts";
import { definitionsOf, nameOfTransition, statesOf } from "./transitions.ts";
import { isNamedReference, partsOfGuard, writtenActions } from "./words.ts";

export interface LintOptions {
  /** Every type of event that the chart is to hear. Without it events are not looked at. */
  readonly events?: readonly string[] | undefined;
}

/**
 * Problems, one sentence each, in the order of the chart; none is good.
 *
 * Unknown actions, guards, delays, actors and events; events that no state hears; states that nothing
 * leads to; transitions that stand behind one that is always taken.
 *
 * ```ts
 * expect(lintChart(doorMachine, { events: ["open", "close"] })).toEqual([]);
 * ```
 */
export function lintChart(machine: AnyStateMachine, options: LintOptions = {}): readonly string[] {
  return [
    ...statesOf(machine).flatMap((state) => unknownWords(machine, state)),
    ...unknownDelaysOfActions(machine),
    ...(options.events === undefined ? [] : wrongEvents(machine, options.events)),
    ...unreachable(machine),
    ...statesOf(machine).flatMap(shadowed),
  ];
}

type Kind = "action" | "guard" | "delay" | "actor";

/** Only what is named can be unknown; functions stand for themselves. */
function problem(
  machine: AnyStateMachine,
  kind: Kind,
  reference: unknown,
  where: string,
): string[] {
  const name = isNamedReference(reference) ? reference.type : reference;
  if (typeof name !== "string") return [];
  const defined: object = machine.implementations[`${kind}s`];
  return Object.hasOwn(defined, name) ? [] : [`${where}: no ${kind} is called "${name}"`];
}

function unknownWords(machine: AnyStateMachine, state: AnyStateNode): string[] {
  const own = writtenActions([...state.entry, ...state.exit]);
  const actions = own.map((action) => [action, state.id] as const);
  const transitions = definitionsOf(state).map((definition) => ({
    definition,
    where: nameOfTransition(definition) ?? state.id,
  }));
  for (const { definition, where } of transitions) {
    for (const action of definition.actions) actions.push([action, where]);
  }
  return [
    ...state.invoke
      .map(({ src }): unknown => src)
      .filter((src) => typeof src === "string" && !src.startsWith("xstate.invoke."))
      .flatMap((src) => problem(machine, "actor", src, state.id)),
    ...state.after.flatMap(({ delay }) => problem(machine, "delay", delay, state.id)),
    ...actions.flatMap(([action, where]) => problem(machine, "action", action, where)),
    ...actions.flatMap(([action, where]) => wordsWithin(machine, action, where)),
    ...transitions.flatMap(({ definition, where }) =>
      simpleGuards(definition.guard).flatMap((guard) => problem(machine, "guard", guard, where)),
    ),
  ];
}

/** Also those that a named action waits for, or spawns. */
function unknownDelaysOfActions(machine: AnyStateMachine): string[] {
  return Object.entries<unknown>(machine.implementations.actions).flatMap(([name, action]) =>
    wordsWithin(machine, action, `action ${name}`),
  );
}

/** `raise` and `sendTo` may name a delay, `spawnChild` an actor. */
function wordsWithin(machine: AnyStateMachine, action: unknown, where: string): string[] {
  if (typeof action !== "function") return [];
  return [
    ...("delay" in action ? problem(machine, "delay", action.delay, where) : []),
    ...("src" in action ? problem(machine, "actor", action.src, where) : []),
  ];
}

/** `and`, `or` and `not` taken apart. */
function simpleGuards(guard: unknown): readonly unknown[] {
  const parts = partsOfGuard(guard);
  return parts.length === 0 ? [guard] : parts.flatMap(simpleGuards);
}

function wrongEvents(machine: AnyStateMachine, known: readonly string[]): string[] {
  const heard = statesOf(machine).flatMap((state) =>
    [...state.transitions.keys()]
      .filter((descriptor) => !descriptor.startsWith("xstate."))
      .map((descriptor) => ({ state, descriptor })),
  );
  return [
    ...heard
      .filter(({ descriptor }) => !known.some((event) => matches(event, descriptor)))
      .map(({ state, descriptor }) => `${state.id}: no event is called "${descriptor}"`),
    ...known
      .filter((event) => !heard.some(({ descriptor }) => matches(event, descriptor)))
      .map((event) => `no state hears "${event}"`),
  ];
}

/** XState's wildcards: `*`, and `socket.*` for everything that begins with `socket`. */
function matches(event: string, descriptor: string): boolean {
  if (descriptor === "*" || descriptor === event) return true;
  return descriptor.endsWith(".*") && `${event}.`.startsWith(descriptor.slice(0, -1));
}

function unreachable(machine: AnyStateMachine): string[] {
  const reached = reachableStates(machine);
  return statesOf(machine)
    .filter((state) => !reached.has(state))
    .map((state) => `${state.id}: nothing leads here`);
}

/** Candidates are asked in order: behind one without a guard nobody gets a turn. */
function shadowed(state: AnyStateNode): string[] {
  return [...state.transitions.values(), state.always ?? []].flatMap((candidates) => {
    const certain = candidates.findIndex(({ guard }) => guard === undefined);
    return certain === -1
      ? []
      : candidates
          .slice(certain + 1)
          .map((definition) => `${nameOfTransition(definition)}: never has a turn`);
  });
}
