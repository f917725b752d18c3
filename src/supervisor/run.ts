/**
 * One run of the chart: the actor, seen from the supervisor.
 *
 * It turns what the chart emits, and its changes of state, into facts. States are told from the
 * snapshot after each step, never read inside a transition.
 */
import type { ConnectionContext } from "../../machines/connection.context.ts";
import type { ConnectionCommand, ConnectionEmitted } from "../../machines/connection.events.ts";
import type { ConnectionActor } from "../../machines/connection.machine.ts";
import type { ConnectionOwner, ConnectionView } from "../../machines/link.ts";
import type { Clock } from "../system.ts";
import type { FactPayloads, FactType, SupervisorState } from "./facts.ts";

/** Who is told. */
export interface RunFacts {
  note<T extends FactType>(type: T, payload: FactPayloads[T]): void;
}

export class Run implements Required<Parameters<ConnectionOwner["subscribe"]>[0]> {
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #facts: RunFacts;
  #state: SupervisorState = "idle";
  #sinceMs: number;
  #isOver = false;
  #isReady = false;
  /** Not `unsubscribe`: what XState gives for that is 270 bytes, kept for what may never happen. */
  #isDetached = false;
  /** The chart is taking a step: listeners hear what it tells, and what its actions bring about. */
  #isStepping = false;
  /** Commands that its listeners gave meanwhile. */
  #held: ConnectionCommand[] = [];

  constructor(owner: ConnectionOwner, clock: Clock, facts: RunFacts) {
    this.#owner = owner;
    this.#clock = clock;
    this.#facts = facts;
    this.#sinceMs = clock.nowMs();
    owner.on("*", (fact) => this.#hear(fact));
    owner.subscribe(this);
  }

  get actor(): ConnectionActor {
    // The link was given the actor by the chart itself.
    return this.#owner as unknown as ConnectionActor;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Also in the listeners of `up` and `down`, where the snapshot is still the one before. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The substate, where the state has some. */
  get phase(): string | undefined {
    const { value } = this.#owner.getSnapshot();
    return typeof value === "object" && value !== null
      ? Object.values(value as Record<string, string>)[0]
      : undefined;
  }

  get context(): ConnectionContext {
    return this.actor.getSnapshot().context;
  }

  /**
   * A command that is given while the chart takes a step waits for the step's end: a dial that the step
   * makes may fail at once, and the chart would hear of it only after the command, as the loss of the
   * dial that the command made.
   */
  send(command: ConnectionCommand): void {
    if (this.#isStepping) this.#held.push(command);
    else if (!this.#isOver) this.#owner.send(command);
  }

  /** An action of the chart's is about to be done. */
  stepping(): void {
    this.#isStepping = true;
  }

  /** Another actor runs the chart now. */
  detach(): void {
    this.#isDetached = true;
  }

  #hear(fact: ConnectionEmitted): void {
    if (this.#isDetached) return;
    this.#isStepping = true;
    const { type, ...payload } = fact;
    if (type === "up" || type === "down") this.#isReady = type === "up";
    // `closed` is told once all is over, by `complete`: then no timer and no socket is left.
    if (type !== "closed") this.#facts.note(type, payload as FactPayloads[typeof type]);
  }

  // What the actor tells of itself.

  next({ value, tags }: ConnectionView): void {
    if (this.#isDetached) return;
    this.#isStepping = false;
    // One for each step: what a dial that it makes reports at once comes before the next.
    const [command, ...later] = this.#held;
    this.#held = later;
    if (command !== undefined) this.send(command);
    this.#isReady = tags.has("ready");
    this.#enter(topLevelOf(value));
  }

  /** A bug of ours; it must not leave a socket behind, nor a waiting `close()`. */
  error(): void {
    this.complete();
  }

  /** Final state, or stopped from outside by whoever embeds the chart. */
  complete(): void {
    if (this.#isDetached) return;
    this.#isOver = true;
    this.#isReady = false;
    this.detach();
    this.#enter("closed");
    this.#facts.note("closed", {});
  }

  // Within.

  #enter(state: SupervisorState): void {
    if (state === this.#state) return;
    const previous = this.#state;
    this.#state = state;
    this.#sinceMs = this.#clock.nowMs();
    this.#facts.note("state", { state, previous });
  }
}

function topLevelOf(value: unknown): SupervisorState {
  const name = typeof value === "string" ? value : Object.keys(value as object)[0];
  return name as SupervisorState;
}
