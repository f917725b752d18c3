/**
 * A chart as a graph to lay out. Transitions between the same two states are one edge with a line of
 * label each; those that stay, or lead from a state into itself, are lines in the state's own box.
 */
import type { ChartView, StateView, TransitionView } from "../../src/observe/inspector/protocol.ts";

export interface Line {
  readonly text: string;
  /** Of the transition that it stands for; null for a remark. */
  readonly id: string | null;
}

export interface GraphNode {
  readonly state: StateView;
  readonly lines: readonly Line[];
  readonly children: readonly GraphNode[];
}

export interface GraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly lines: readonly Line[];
}

export interface Graph {
  readonly root: GraphNode;
  readonly edges: readonly GraphEdge[];
}

export function toGraph(chart: ChartView): Graph | null {
  const [root] = chart.states;
  if (root === undefined) return null;
  const parents = new Map(chart.states.map(({ id, parent }) => [id, parent]));
  const edges = new Map<string, { source: string; target: string; lines: Line[] }>();
  const lines = new Map<string, Line[]>(chart.states.map(({ id }) => [id, []]));
  for (const transition of chart.transitions) {
    const { id, source, targets } = transition;
    const outside = targets.filter(
      (target) => target !== source && !isWithin(target, source, parents),
    );
    if (outside.length === 0) lines.get(source)?.push({ id, text: ownText(transition, chart) });
    for (const target of outside) {
      const key = `${source}>${target}`;
      const edge = edges.get(key) ?? { source, target, lines: [] };
      edges.set(key, edge);
      edge.lines.push({ id, text: labelText(transition) });
    }
  }
  const build = (state: StateView): GraphNode => ({
    state,
    lines: [
      ...state.invokes.map((invoke) => ({ id: null, text: `runs ${invoke}` })),
      ...(lines.get(state.id) ?? []),
    ],
    children: chart.states.filter(({ parent }) => parent === state.id).map(build),
  });
  return { root: build(root), edges: [...edges].map(([id, edge]) => ({ id, ...edge })) };
}

function labelText({ label, guard }: TransitionView): string {
  return guard === null ? label : `${label} [${guard}]`;
}

function ownText(transition: TransitionView, chart: ChartView): string {
  const [target] = transition.targets;
  const text = labelText(transition);
  if (target === transition.source) return `${text} ↻`;
  if (target === undefined) return text;
  return `${text} → ${chart.states.find(({ id }) => id === target)?.key ?? target}`;
}

function isWithin(
  state: string,
  place: string,
  parents: ReadonlyMap<string, string | null>,
): boolean {
  for (let at = parents.get(state); at != null; at = parents.get(at)) if (at === place) return true;
  return false;
}

/** Ids of the states that a value means, all the way down. */
export function activeIds(chart: ChartView, value: unknown): ReadonlySet<string> {
  const active = new Set<string>();
  const enter = (parent: string, names: unknown): void => {
    const entries: [string, unknown][] =
      typeof names === "string" ? [[names, null]] : Object.entries(names ?? {});
    for (const [key, within] of entries) {
      const state = chart.states.find((one) => one.parent === parent && one.key === key);
      if (state === undefined) continue;
      active.add(state.id);
      enter(state.id, within);
    }
  };
  const [root] = chart.states;
  if (root !== undefined) enter(root.id, value);
  return active;
}
