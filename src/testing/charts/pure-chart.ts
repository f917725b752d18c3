/**
 * A chart that runs without doing anything: each step as arithmetic.
 *
 * No action is executed and no actor is started. Only two things are heard: which transitions a step
 * takes, and which timers it arms or cancels, for what comes next may be one of these.
 */
import {
  createActor,
  type AnyActorRef,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type ExecutableActionObject,
} from "xstate";
import { timerName } from "./timers.ts";

/** Where a chart stands: its snapshot, and what it waits for. */
export interface Configuration {
  readonly snapshot: AnyMachineSnapshot;
  /** The timers that are armed, by XState's id or one like it. */
  readonly timers: ReadonlyMap<string, PureTimer>;
  /** What was taken on the way here, in order. */
  readonly taken: readonly AnyTransitionDefinition[];
}

/** A timer, by its name and what it will bring. */
export interface PureTimer {
  readonly name: string;
  /** Undefined where it is for another actor. */
  readonly event: AnyEventObject | undefined;
}

export class PureChart {
  readonly #machine: AnyStateMachine;
  readonly #start: () => AnyMachineSnapshot;
  readonly #self: AnyActorRef;
  readonly #scope: Parameters<AnyStateMachine["transition"]>[2];
  #taken: AnyTransitionDefinition[] = [];
  #timers = new Map<string, PureTimer>();

  constructor(machine: AnyStateMachine, input: unknown) {
    this.#machine = machine;
    this.#start = () => machine.getInitialSnapshot(this.#scope, input);
    // Never started: its system is only there to be listened to.
    const self = createActor(machine, { input });
    const { system } = self;
    system.inspect((event) => {
      if (event.type === "@xstate.microstep") this.#taken.push(...event._transitions);
    });
    this.#self = self;
    this.#scope = {
      self,
      system,
      id: self.id,
      sessionId: self.sessionId,
      logger: () => undefined,
      defer: () => undefined,
      stopChild: () => undefined,
      emit: () => undefined,
      actionExecutor: (action) => this.#noteTimer(action),
    };
  }

  start(): Configuration {
    return this.#step({ timers: new Map(), taken: [] }, this.#start);
  }

  /** An event comes; one that is over hears nothing. */
  hear(before: Configuration, event: AnyEventObject): Configuration {
    const { snapshot } = before;
    if (snapshot.status !== "active") return before;
    return this.#step(before, () => this.#machine.transition(snapshot, event, this.#scope));
  }

  /** A timer fires. */
  fire(before: Configuration, id: string): Configuration {
    const event = before.timers.get(id)?.event;
    const timers = new Map(before.timers);
    timers.delete(id);
    return event === undefined ? { ...before, timers } : this.hear({ ...before, timers }, event);
  }

  #step(
    { timers, taken }: Pick<Configuration, "timers" | "taken">,
    run: () => AnyMachineSnapshot,
  ): Configuration {
    this.#taken = [...taken];
    this.#timers = new Map(timers);
    const snapshot = run();
    // An actor that is over has no timers.
    if (snapshot.status !== "active") this.#timers.clear();
    return { snapshot, timers: this.#timers, taken: this.#taken };
  }

  #noteTimer({ type, params }: ExecutableActionObject): void {
    if (!isTimed(params)) return;
    const { id, sendId, delay, event, to } = params;
    switch (type) {
      case "xstate.cancel":
        if (sendId !== undefined) this.#timers.delete(sendId);
        return;
      case "xstate.raise":
      case "xstate.sendTo":
        if (delay === undefined || event === undefined) return;
        this.#timers.set(id ?? this.#freeId(event.type), {
          name: timerName(event.type),
          event: type === "xstate.raise" || to === this.#self ? event : undefined,
        });
        return;
    }
  }

  /** XState makes one up by chance. */
  #freeId(base: string): string {
    return this.#timers.has(base) ? this.#freeId(`${base}'`) : base;
  }
}

/** What XState's own actions that concern timers carry. */
interface TimerParams {
  readonly id?: string | undefined;
  readonly delay?: number | undefined;
  readonly event?: AnyEventObject;
  readonly to?: unknown;
  readonly sendId?: string;
}

function isTimed(params: unknown): params is TimerParams {
  return typeof params === "object" && params !== null;
}
