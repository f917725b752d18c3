/** A small set of paths through a model that leaves nothing out. */
import type { AnyStateMachine } from "xstate";
import type { ChartEdge, ChartModel } from "./model.ts";

/** Steps from the start of a model, each from where the one before led. */
export type ChartPath<M extends AnyStateMachine> = readonly ChartEdge<M>[];

/** Paths that take every transition of the chart that its model can take. */
export function coverTransitions<M extends AnyStateMachine>(
  model: ChartModel<M>,
): readonly ChartPath<M>[] {
  return cover(model, ({ taken }) => taken);
}

/** Paths that take every edge of a model: everything that can happen, in every abstract state. */
export function coverEdges<M extends AnyStateMachine>(
  model: ChartModel<M>,
): readonly ChartPath<M>[] {
  return cover(model, (edge) => [edge]);
}

/** Greedy: walks to the nearest edge that still pays, goes on from there, starts anew at a dead end. */
function cover<M extends AnyStateMachine>(
  { start, startTaken, edges }: ChartModel<M>,
  worth: (edge: ChartEdge<M>) => readonly object[],
): readonly ChartPath<M>[] {
  const outgoing = new Map<object, ChartEdge<M>[]>();
  for (const edge of edges) {
    const siblings = outgoing.get(edge.from);
    if (siblings === undefined) outgoing.set(edge.from, [edge]);
    else siblings.push(edge);
  }
  const unpaid = new Set<object>(edges.flatMap(worth));
  for (const transition of startTaken) unpaid.delete(transition);

  const paths: ChartPath<M>[] = [];
  do {
    const path: ChartEdge<M>[] = [];
    for (let leg = nearest(start); leg.length > 0; leg = nearest(path.at(-1)?.to ?? start)) {
      path.push(...leg);
      for (const item of leg.flatMap(worth)) unpaid.delete(item);
    }
    // Even where nothing can happen, where the chart starts is worth a look.
    paths.push(path);
  } while (unpaid.size > 0);
  return paths;

  /** The shortest way from `state` over an edge that pays; empty when there is none. */
  function nearest(state: ChartEdge<M>["from"]): readonly ChartEdge<M>[] {
    const seen = new Set([state]);
    // Grows while it is walked.
    const queue: { readonly at: typeof state; readonly way: readonly ChartEdge<M>[] }[] = [
      { at: state, way: [] },
    ];
    for (const { at, way } of queue) {
      for (const edge of outgoing.get(at) ?? []) {
        if (worth(edge).some((item) => unpaid.has(item))) return [...way, edge];
        if (seen.has(edge.to)) continue;
        seen.add(edge.to);
        queue.push({ at: edge.to, way: [...way, edge] });
      }
    }
    return [];
  }
}
