/**
 * A chart as the config that a machine can be made of: for inspectors that draw from configs.
 *
 * Made from what is shown, not from the original: names only, nothing executable, no parameters.
 * Targets are absolute, so that it means the same wherever it is read.
 */
import { groupBy } from "./groups.ts";
import type { ChartView, StateView, TransitionView } from "./protocol.ts";

/** A config of XState 5, or of XState 4 where guards are called `cond`. */
export type Config = { [key: string]: unknown };

export interface Dialects {
  readonly guardKey: "guard" | "cond";
  /** Whether a transition restarts its source: `reenter` in XState 5, `internal: false` in 4. */
  readonly reentry: (reenter: boolean) => Config;
}

export const xstate5: Dialects = {
  guardKey: "guard",
  reentry: (reenter) => (reenter ? { reenter } : {}),
};
export const xstate4: Dialects = {
  guardKey: "cond",
  reentry: (reenter) => ({ internal: !reenter }),
};

/** The config of a whole chart. */
export function configOf(chart: ChartView, dialect: Dialects): Config {
  const [root] = chart.states;
  if (root === undefined) return { id: chart.name };
  const children = groupBy(chart.states, ({ parent }) => parent);
  const transitions = groupBy(chart.transitions, ({ source }) => source);
  const build = (state: StateView): Config => {
    const own = transitions.get(state.id) ?? [];
    const nested = children.get(state.id) ?? [];
    return {
      id: state.id,
      ...(state.type === "compound" || state.type === "atomic" ? {} : { type: state.type }),
      ...(state.description === null ? {} : { description: state.description }),
      ...(state.initial === null ? {} : { initial: keyOf(state.initial, nested) }),
      ...some("tags", state.tags),
      ...some("entry", state.entry.map(named)),
      ...some("exit", state.exit.map(named)),
      ...some(
        "invoke",
        state.invokes.map((id) => ({ id, src: id })),
      ),
      ...grouped("on", own.filter(isOnEvent), ({ event }) => event, dialect),
      ...grouped("after", own.filter(isDelayed), ({ label }) => delayOf(label), dialect),
      ...some(
        "always",
        own.filter(({ event }) => event === "").map((one) => written(one, dialect)),
      ),
      ...(nested.length === 0
        ? {}
        : { states: Object.fromEntries(nested.map((child) => [child.key, build(child)])) }),
    };
  };
  return build(root);
}

function keyOf(id: string, nested: readonly StateView[]): string | undefined {
  return nested.find((child) => child.id === id)?.key;
}

function some(key: string, items: readonly unknown[]): Config {
  return items.length === 0 ? {} : { [key]: items };
}

function named(type: string): Config {
  return { type };
}

function isDelayed({ event }: TransitionView): boolean {
  return event.startsWith("xstate.after.");
}

function isOnEvent(transition: TransitionView): boolean {
  return transition.event !== "" && !isDelayed(transition);
}

/** `after backoff` → `backoff`, `after 500 ms` → `500`. */
function delayOf(label: string): string {
  return label.replace(/^after /, "").replace(/ ms$/, "");
}

function grouped(
  key: string,
  transitions: readonly TransitionView[],
  by: (transition: TransitionView) => string,
  dialect: Dialects,
): Config {
  if (transitions.length === 0) return {};
  const groups = [...groupBy(transitions, by)];
  return {
    [key]: Object.fromEntries(
      groups.map(([name, all]) => [name, all.map((one) => written(one, dialect))]),
    ),
  };
}

function written(transition: TransitionView, { guardKey, reentry }: Dialects): Config {
  const { targets, guard, actions, reenter } = transition;
  return {
    ...(targets.length === 0 ? {} : { target: targets.map((id) => `#${id}`) }),
    ...(guard === null ? {} : { [guardKey]: guard }),
    ...some("actions", actions.map(named)),
    ...reentry(reenter),
  };
}
