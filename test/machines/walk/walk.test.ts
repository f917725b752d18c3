/**
 * Every chart, walked by the real supervisor over an in-memory transport on virtual time: all that can
 * happen in every abstract state, compared with the chart's own arithmetic after each step.
 */
import { describe, expect, it } from "vitest";
import type { AnyStateMachine } from "xstate";
import {
  ChartCoverage,
  coverEdges,
  walkChart,
  type WalkOptions,
} from "../../../src/testing/index.ts";
import { charts } from "../charts.ts";
import { commandsWalk, connectionWalk } from "./connection-walk.ts";
import { heartbeatOffWalk, heartbeatWalk } from "./heartbeat-world.ts";
import { recoveriesWalk } from "./recoveries-walk.ts";
import { recoveryWalks } from "./recovery-walk.ts";

/** Walks every edge of a model and counts what it walks. */
type Walk = (counts: {
  readonly coverage: ChartCoverage;
  readonly edges: EdgeCount;
}) => Promise<void>;

class EdgeCount {
  readonly walked = new Set<object>();
  total = 0;
}

/** The walks of each chart. Together they take every transition that is written in it. */
const walks: { readonly [C in keyof typeof charts]: readonly Walk[] } = {
  connection: [everyEdge(connectionWalk), everyEdge(commandsWalk)],
  heartbeat: [everyEdge(heartbeatWalk), everyEdge(heartbeatOffWalk)],
  recoveries: [everyEdge(recoveriesWalk)],
  recovery: recoveryWalks.map((walk) => everyEdge(walk)),
};

function everyEdge<M extends AnyStateMachine, N extends string>(
  walk: Pick<WalkOptions<M, N>, "model" | "start">,
): Walk {
  return async ({ coverage, edges }) => {
    edges.total += walk.model.edges.length;
    for (const path of coverEdges(walk.model)) {
      await walkChart({ ...walk, paths: [path], coverage });
      for (const edge of path) edges.walked.add(edge);
    }
  };
}

describe.each(Object.keys(charts) as (keyof typeof charts)[])("the chart %s", (name) => {
  const coverage = new ChartCoverage(charts[name]);
  const edges = new EdgeCount();

  it("does what its model says, whatever happens in whatever state", async () => {
    for (const walk of walks[name]) await walk({ coverage, edges });
    expect(edges.walked.size).toBe(edges.total);
  });

  it("takes every transition that is written in it", ({ task }) => {
    const missing = coverage.missing();
    task.meta.figures = [
      `${name} ${coverage.covered}/${coverage.total}`,
      ...missing.map((transition) => `  missing ${transition}`),
      `${name} edges ${edges.walked.size}/${edges.total}`,
    ];
    expect(missing).toEqual([]);
  });
});
