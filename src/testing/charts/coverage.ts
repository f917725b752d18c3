/** Which transitions of a chart were taken, as its running actors tell the inspector. */
import type { AnyStateMachine, InspectionEvent } from "xstate";
import { nameOfTransition, transitionsOf } from "./transitions.ts";

/**
 * Coverage of a chart's transitions, by name. One may serve any number of actors, walks and tests.
 *
 * ```ts
 * const coverage = new ChartCoverage(doorMachine);
 * createActor(doorMachine, { inspect: coverage.inspect }).start();
 * coverage.missing(); // ["door.open: after closing -> door.closed", …]
 * ```
 */
export class ChartCoverage {
  readonly #machine: AnyStateMachine;
  readonly #counts: Map<string, number>;

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    this.#counts = new Map(transitionsOf(machine).map(({ name }) => [name, 0]));
  }

  /** For `createActor(…, { inspect })`. The machine may be `provide()`d with other words. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type !== "@xstate.microstep") return;
    for (const definition of event._transitions) {
      if (definition.source.machine.config !== this.#machine.config) continue;
      const name = nameOfTransition(definition);
      if (name !== undefined) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    }
  };

  /** How many transitions are written in the chart. */
  get total(): number {
    return this.#counts.size;
  }

  /** How many of them were taken. */
  get covered(): number {
    return this.total - this.missing().length;
  }

  /** The names of those that were never taken, in the order of the chart. */
  missing(): readonly string[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([name]) => name);
  }

  /** How often each was taken, by name. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
