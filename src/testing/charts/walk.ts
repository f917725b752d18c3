/**
 * Paths of a model, walked with the real thing: after each step it must have taken what the model
 * took, stand where the model stands, and have armed exactly the timers that the model has armed.
 */
import type { AnyActorRef, AnyStateMachine, InspectionEvent } from "xstate";
import { ChartClock } from "./chart-clock.ts";
import type { ChartPath } from "./cover.ts";
import type { ChartCoverage } from "./coverage.ts";
import type { ChartEdge, ChartModel, ChartState } from "./model.ts";
import { armedTimers } from "./timers.ts";
import { nameOfTransition, type ChartTransition } from "./transitions.ts";

/** The real thing, as a walk handles it. Made anew for every path. */
export interface ChartDriver<N extends string> {
  /** The actor that runs the chart; it may be somebody's child. */
  readonly actor: AnyActorRef;
  /** How each stimulus of the model is made to happen. */
  readonly stimuli: Readonly<Record<N, () => void | Promise<void>>>;
  /** @defaultValue {@link ChartClock.fire} */
  readonly fire?: ((timer: string) => void | Promise<void>) | undefined;
  /** What must hold at the start and after each step, told as the step; throws where it does not. */
  readonly check?: ((step: ChartStep) => void | Promise<void>) | undefined;
  /** The path is over: ends the real thing, and throws if it leaves anything behind. */
  readonly end?: (() => void | Promise<void>) | undefined;
}

/** A step as invariants see it. */
export interface ChartStep {
  /** The stimulus; undefined at the start. */
  readonly name: string | undefined;
  /** Names of the transitions that were taken. */
  readonly taken: readonly string[];
}

export interface WalkOptions<M extends AnyStateMachine, N extends string> {
  readonly model: ChartModel<M, N>;
  readonly paths: readonly ChartPath<M>[];
  /**
   * Starts the real thing, on `clock` and with `inspect` as its actor system's inspector. It returns
   * when the chart is where its model starts.
   */
  readonly start: (world: {
    readonly clock: ChartClock;
    readonly inspect: (event: InspectionEvent) => void;
  }) => ChartDriver<N> | Promise<ChartDriver<N>>;
  /** Counts what the walk takes; several walks may share one. */
  readonly coverage?: ChartCoverage | undefined;
}

/** How far a walk went. */
export interface WalkReport {
  readonly paths: number;
  readonly steps: number;
}

/**
 * Walks every path and throws at the first step where reality leaves the model, or an invariant is
 * broken, with the path that led there.
 *
 * ```ts
 * const model = exploreChart(doorMachine, {
 *   stimuli: {
 *     "somebody knocks": { events: [{ type: "knock" }] },
 *     "the motor jams": { events: [{ type: "motor.jammed" }] },
 *   },
 * });
 * const coverage = new ChartCoverage(doorMachine);
 * await walkChart({
 *   model,
 *   paths: coverEdges(model),
 *   coverage,
 *   start: ({ clock, inspect }) => {
 *     const motor = new FakeMotor();
 *     const door = new Door({ motor, clock, inspect }); // your code, with the chart in it
 *     return {
 *       actor: door.actor,
 *       stimuli: {
 *         "somebody knocks": () => door.knock(),
 *         "the motor jams": () => motor.jams(),
 *       },
 *       check: () => expect(motor.isOn).toBe(door.actor.getSnapshot().hasTag("moving")),
 *       end: () => door.remove(),
 *     };
 *   },
 * });
 * expect(coverage.missing()).toEqual([]);
 * ```
 */
export async function walkChart<M extends AnyStateMachine, N extends string>(
  options: WalkOptions<M, N>,
): Promise<WalkReport> {
  let steps = 0;
  for (const path of options.paths) {
    await walkPath(options, path);
    steps += path.length;
  }
  return { paths: options.paths.length, steps };
}

async function walkPath<M extends AnyStateMachine, N extends string>(
  { model, start, coverage }: WalkOptions<M, N>,
  path: ChartPath<M>,
): Promise<void> {
  const clock = new ChartClock();
  const microsteps: MicrostepEvent[] = [];
  const inspect = (event: InspectionEvent): void => {
    clock.inspect(event);
    coverage?.inspect(event);
    if (event.type === "@xstate.microstep") microsteps.push(event);
  };
  const walked: string[] = [];
  try {
    const driver = await start({ clock, inspect });
    const stimuli = new Map<string, () => void | Promise<void>>(Object.entries(driver.stimuli));
    await check(driver, undefined, model.start, model.startTaken);
    for (const edge of path) {
      walked.push(edge.name);
      await happen(driver, stimuli.get(edge.name), edge);
      await check(driver, edge.name, edge.to, edge.taken);
    }
    await driver.end?.();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`after ${["the start", ...walked].join(" > ")}: ${reason}`, { cause: error });
  }

  async function happen(
    driver: ChartDriver<N>,
    stimulus: (() => void | Promise<void>) | undefined,
    { name, timer }: ChartEdge<M>,
  ): Promise<void> {
    if (stimulus !== undefined) await stimulus();
    else if (timer === undefined) throw new Error(`the driver has no stimulus "${name}"`);
    else if (driver.fire === undefined) clock.fire(timer, driver.actor);
    else await driver.fire(timer);
  }

  async function check(
    driver: ChartDriver<N>,
    name: string | undefined,
    state: ChartState<M>,
    transitions: readonly ChartTransition[],
  ): Promise<void> {
    const { actor } = driver;
    const taken = microsteps
      .splice(0)
      .filter(({ actorRef }) => actorRef === actor)
      .flatMap(({ _transitions }) => _transitions.map(nameOfTransition))
      .filter((transition) => transition !== undefined);
    const real = { key: model.key(actor.getSnapshot()), timers: armedTimers(actor), taken };
    const expected = {
      key: state.key,
      timers: state.timers,
      taken: transitions.map((transition) => transition.name),
    };
    for (const aspect of ["taken", "key", "timers"] as const) {
      compare(aspect, real[aspect], expected[aspect]);
    }
    await driver.check?.({ name, taken });
  }
}

type MicrostepEvent = Extract<InspectionEvent, { readonly type: "@xstate.microstep" }>;

const aspects = {
  taken: "takes",
  key: "stands in",
  timers: "has armed",
} as const;

function compare(aspect: keyof typeof aspects, real: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(real), JSON.stringify(expected)];
  if (is === should) return;
  throw new Error(`the model ${aspects[aspect]} ${should}, the real thing ${is}`);
}
