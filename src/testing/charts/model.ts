/**
 * A chart as a graph of what can happen: abstract states, and edges that say what each step takes.
 *
 * `createTestModel` of `xstate/graph` refuses charts with `after` and `invoke`, and its edges say
 * nothing of `always`. Here a step is everything that one stimulus sets off: raised events, eventless
 * transitions, and what the world answers at once.
 */
import type {
  AnyStateMachine,
  DoneActorEvent,
  ErrorActorEvent,
  EventFromLogic,
  InputFrom,
  SnapshotEvent,
  SnapshotFrom,
} from "xstate";
import { checkGiven, isEvent, isText } from "./check-given.ts";
import { armedIn, Happenings, snapshotOf } from "./happenings.ts";
import { PureChart, type Configuration } from "./pure-chart.ts";
import { transitionsOf, type ChartTransition } from "./transitions.ts";

/** What a chart may hear: its own events, and those of the actors that it runs. */
export type ChartEvent<M extends AnyStateMachine> =
  EventFromLogic<M> | DoneActorEvent | ErrorActorEvent | SnapshotEvent;

/** Something that happens in the world, as far as the chart hears of it. */
export interface ChartStimulus<M extends AnyStateMachine> {
  /** What the chart hears, in order; a function where that depends on where it stands. */
  readonly events:
    readonly ChartEvent<M>[] | ((snapshot: SnapshotFrom<M>) => readonly ChartEvent<M>[]);
  /**
   * The timer that sets it off, as {@link ChartClock.fire} takes it: the chart hears the timer's own
   * event first. Such a timer is walked only by the stimuli that name it.
   */
  readonly timer?: string | undefined;
  /** Where it can happen. @defaultValue where the first event can be taken, or the timer is armed */
  readonly when?: ((snapshot: SnapshotFrom<M>) => boolean) | undefined;
}

export interface ExploreOptions<M extends AnyStateMachine, N extends string> {
  readonly input?: InputFrom<M> | undefined;
  /**
   * All that can happen, by name. Timers need no stimulus: each that is armed gets one of its own,
   * `timer backoff`.
   */
  readonly stimuli: Readonly<Record<N, ChartStimulus<M>>>;
  /**
   * What the world answers within the same stimulus, told by where the chart stands; asked again
   * until it is undefined.
   */
  readonly answer?: ((snapshot: SnapshotFrom<M>) => ChartEvent<M> | undefined) | undefined;
  /**
   * The abstraction: snapshots with equal keys, and the same timers armed, are one state. Guards that
   * read the context want what they read in here. @defaultValue the state value
   */
  readonly key?: ((snapshot: SnapshotFrom<M>) => string) | undefined;
  /** More abstract states than this are a key that is too fine. @defaultValue 10,000 */
  readonly limit?: number | undefined;
}

/** An abstract state. */
export interface ChartState<M extends AnyStateMachine> {
  readonly key: string;
  /** One of the snapshots that it stands for. */
  readonly snapshot: SnapshotFrom<M>;
  /** The timers that are armed in it, by name, sorted. */
  readonly timers: readonly string[];
}

/** One step: what happens in a state, what the chart takes, and where that leads. */
export interface ChartEdge<M extends AnyStateMachine> {
  /** The stimulus, or `timer …` for a timer that none names. */
  readonly name: string;
  /** The timer that sets it off. */
  readonly timer: string | undefined;
  readonly from: ChartState<M>;
  readonly to: ChartState<M>;
  /** In order; empty where the chart ignores it. */
  readonly taken: readonly ChartTransition[];
}

export interface ChartModel<M extends AnyStateMachine, N extends string = string> {
  readonly machine: M;
  readonly start: ChartState<M>;
  /** What is taken before anything happens: `always` of initial states. */
  readonly startTaken: readonly ChartTransition[];
  readonly states: readonly ChartState<M>[];
  readonly edges: readonly ChartEdge<M>[];
  readonly stimuli: Readonly<Record<N, ChartStimulus<M>>>;
  /** Tells the abstract state of any snapshot. */
  readonly key: (snapshot: SnapshotFrom<M>) => string;
}

/**
 * Explores everything that `stimuli` can do to a chart, without executing any of its actions.
 *
 * ```ts
 * const model = exploreChart(doorMachine, {
 *   stimuli: {
 *     "somebody knocks": { events: [{ type: "knock" }] },
 *     "the motor jams": { events: [{ type: "xstate.error.actor.motor", error: 1, actorId: "motor" }] },
 *   },
 *   key: ({ value, context }) => `${JSON.stringify(value)} ${context.failures}`,
 * });
 * ```
 */
export function exploreChart<M extends AnyStateMachine, N extends string>(
  machine: M,
  options: ExploreOptions<M, N>,
): ChartModel<M, N> {
  const { key = ({ value }) => JSON.stringify(value), limit = 10_000 } = options;
  const chart = new PureChart(machine, options.input);
  const transitions = new Map(transitionsOf(machine).map((one) => [one.definition, one]));
  const happenings = new Happenings(machine, options.stimuli);
  const found = new Map<string, { state: ChartState<M>; configuration: Configuration }>();
  const edges: ChartEdge<M>[] = [];

  const start = settle(chart.start());
  const startState = stateOf(start);
  // A map's iterator sees what is added on the way: a queue, breadth first.
  for (const { state, configuration } of found.values()) {
    for (const { name, timer, events } of happenings.in(configuration)) {
      const before = { ...configuration, taken: [] };
      const begun = timer === undefined ? before : chart.fire(before, timer.id);
      const after = settle(events.reduce((at, event) => chart.hear(at, event), begun));
      edges.push({
        name,
        timer: timer?.name,
        from: state,
        to: stateOf(after),
        taken: takenIn(after),
      });
    }
  }
  return {
    machine,
    start: startState,
    startTaken: takenIn(start),
    states: [...found.values()].map(({ state }) => state),
    edges,
    stimuli: options.stimuli,
    key,
  };

  /** With what the world answers at once. */
  function settle(configuration: Configuration): Configuration {
    let settled = configuration;
    for (let answers = 0; answers < 100; answers += 1) {
      if (settled.snapshot.status !== "active") return settled;
      const answer = checkGiven(
        "answer",
        options.answer?.(snapshotOf<M>(settled)),
        "an event or undefined",
        isEvent,
      );
      if (answer === undefined) return settled;
      settled = chart.hear(settled, answer);
    }
    throw new Error("the model's `answer` never comes to an end");
  }

  function stateOf(configuration: Configuration): ChartState<M> {
    const snapshot = snapshotOf<M>(configuration);
    const state: ChartState<M> = {
      key: checkGiven("key", key(snapshot), "a text", isText),
      snapshot,
      timers: armedIn(configuration).map(({ name }) => name),
    };
    const id = JSON.stringify([state.key, state.timers]);
    const same = found.get(id);
    if (same !== undefined) return same.state;
    if (found.size === limit) {
      throw new Error(`more than ${limit} abstract states: the model's key is too fine`);
    }
    found.set(id, { state, configuration });
    return state;
  }

  function takenIn({ taken }: Configuration): readonly ChartTransition[] {
    return taken.flatMap((definition) => transitions.get(definition) ?? []);
  }
}
