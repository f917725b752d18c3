/** What the adapters have in common: facts are measured as they come, everybody is known to the census. */
import { followFacts } from "../channels.ts";
import type { Observed } from "../observed.ts";
import { Census } from "./census.ts";
import { ConnectionLabels } from "./labels.ts";
import { recordFacts, type Measure } from "./record-facts.ts";

export interface ConnectionWatch {
  readonly census: Census;
  readonly stop: () => void;
}

/** @param connections - Those that ran before: who has said nothing since is known from here only. */
export function watchConnections(
  connections: Iterable<Observed>,
  measure: Measure,
): ConnectionWatch {
  const labels = new ConnectionLabels();
  const census = new Census(labels);
  for (const supervisor of connections) census.add(supervisor);
  const record = recordFacts(measure, labels);
  const stop = followFacts({
    ...record,
    // The first fact of every connection, and the one of every step.
    state: (fact, supervisor) => {
      census.add(supervisor);
      record.state?.(fact, supervisor);
    },
    closed: (_, supervisor) => census.leave(supervisor),
  });
  return { census, stop };
}
