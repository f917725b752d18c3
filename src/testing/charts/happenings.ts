/** What can happen to a chart where it stands: the stimuli that are possible there, and its timers. */
import type { AnyEventObject, AnyStateMachine, SnapshotFrom } from "xstate";
import { checkGiven, isFlag, isList } from "./check-given.ts";
import type { ChartStimulus } from "./model.ts";
import type { Configuration } from "./pure-chart.ts";
import { isCalled } from "./timers.ts";
import { statesOf } from "./transitions.ts";
import { delaysOf } from "./words.ts";

/** One thing that can happen. */
export interface Happening {
  readonly name: string;
  readonly timer: ArmedTimer | undefined;
  /** What the chart hears, after the timer's own event. */
  readonly events: readonly AnyEventObject[];
}

/** A timer, by XState's id and by its name. */
export interface ArmedTimer {
  readonly id: string;
  readonly name: string;
}

export class Happenings<M extends AnyStateMachine> {
  readonly #stimuli: readonly (readonly [string, ChartStimulus<M>])[];
  readonly #delays: readonly string[];

  constructor(machine: M, stimuli: Readonly<Record<string, ChartStimulus<M>>>) {
    this.#stimuli = Object.entries(stimuli);
    this.#delays = statesOf(machine).flatMap((state) => [...delaysOf(state).values()]);
  }

  in(configuration: Configuration): readonly Happening[] {
    if (configuration.snapshot.status !== "active") return [];
    const snapshot = snapshotOf<M>(configuration);
    const armed = armedIn(configuration);
    const given = this.#stimuli.flatMap(([name, stimulus]) => {
      const { timer: wanted } = stimulus;
      const timer = armed.find((one) => wanted !== undefined && isCalled(one.name, wanted));
      if (wanted !== undefined && timer === undefined) return [];
      const events = eventsOf(stimulus, snapshot);
      const isPossible =
        checkGiven("when", stimulus.when?.(snapshot), "true or false", isFlag) ??
        (timer !== undefined || (events[0] !== undefined && configuration.snapshot.can(events[0])));
      return isPossible ? [{ name, timer, events }] : [];
    });
    const own = armed
      .filter((timer) => !this.#isNamed(timer))
      .map((timer) => ({ name: this.#nameOf(timer), timer, events: [] }));
    return [...given, ...own];
  }

  #isNamed({ name }: ArmedTimer): boolean {
    return this.#stimuli.some(([, { timer }]) => timer !== undefined && isCalled(name, timer));
  }

  /** The delay alone, where the chart waits for it in one place only. */
  #nameOf({ name }: ArmedTimer): string {
    const [delay, ...others] = this.#delays.filter((one) => isCalled(name, one));
    return `timer ${delay !== undefined && others.length === 0 ? delay : name}`;
  }
}

/** The timers that are armed, by name. */
export function armedIn({ timers }: Configuration): readonly ArmedTimer[] {
  return [...timers]
    .map(([id, { name }]) => ({ id, name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** XState's generics end here: a chart's own snapshot, typed as its users know it. */
export function snapshotOf<M extends AnyStateMachine>({
  snapshot,
}: Configuration): SnapshotFrom<M> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return snapshot as SnapshotFrom<M>;
}

function eventsOf<M extends AnyStateMachine>(
  { events }: ChartStimulus<M>,
  snapshot: SnapshotFrom<M>,
): readonly AnyEventObject[] {
  if (typeof events !== "function") return events;
  return checkGiven("events", events(snapshot), "a list of events", isList);
}
