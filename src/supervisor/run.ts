/**
 * One run of the chart: the actor, seen from the supervisor.
 *
 * It turns what the chart emits, and its changes of state, into facts. They are told after each step, when
 * the snapshot is the new one and the link has done what the step asked for.
 */
import type { ConnectionContext } from "../../machines/connection.context.ts";
import type { ConnectionCommand, ConnectionEmitted } from "../../machines/connection.events.ts";
import type { ConnectionActor } from "../../machines/connection.machine.ts";
import type { ConnectionOwner, ConnectionView } from "../../machines/link.ts";
import { InternalError } from "../errors.ts";
import { Queue } from "../queue.ts";
import type { Clock } from "../system.ts";
import { printable } from "../transport/printable.ts";
import type { FactPayloads, FactType, SupervisorState } from "./facts.ts";
import { stopChildren } from "./stop-children.ts";

/** Who is told. */
export interface RunFacts {
  note<T extends FactType>(type: T, payload: FactPayloads[T]): void;
  /** A step of the chart is under way: its facts wait. */
  hold(): void;
  /** It is over: they are told. */
  release(): void;
}

export class Run implements Required<Parameters<ConnectionOwner["subscribe"]>[0]> {
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #facts: RunFacts;
  /** The state that was told last, and since when it holds. */
  #state: SupervisorState = "idle";
  #sinceMs: number;
  #isOver = false;
  #internalError: InternalError | undefined;
  /** Not `unsubscribe`: what XState gives for that is 270 bytes, kept for what may never happen. */
  #isDetached = false;
  /** The chart is taking a step: listeners hear what it tells, and what its actions bring about. */
  #isStepping = false;
  /** Commands that its listeners gave meanwhile. */
  readonly #held = new Queue<ConnectionCommand>();

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

  /** The chart's, also while a step that leads to it is not told yet. */
  get state(): SupervisorState {
    return this.#isOver ? "closed" : topLevelOf(this.#owner.getSnapshot().value);
  }

  get sinceMs(): number {
    return this.state === this.#state ? this.#sinceMs : this.#clock.nowMs();
  }

  /** What ended the chart, where an error did. */
  get internalError(): InternalError | undefined {
    return this.#internalError;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isReady(): boolean {
    return !this.#isOver && this.#owner.getSnapshot().tags.has("ready");
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

  /** An action of the chart's is about to be done: commands and facts wait for the step's end. */
  stepping(): void {
    this.#isStepping = true;
    this.#facts.hold();
  }

  /** Another actor runs the chart now. */
  detach(): void {
    this.#isDetached = true;
  }

  #hear(fact: ConnectionEmitted): void {
    if (this.#isDetached) return;
    this.stepping();
    const { type, ...payload } = fact;
    // `closed` is told once all is over, by `complete`: then no timer and no socket is left.
    if (type !== "closed") this.#facts.note(type, payload as FactPayloads[typeof type]);
  }

  // What the actor tells of itself.

  next({ value }: ConnectionView): void {
    if (!this.#isDetached) {
      this.#isStepping = false;
      // One for each step: what a dial that it makes reports at once comes before the next.
      const command = this.#held.take();
      if (command !== undefined) this.send(command);
      this.#enter(topLevelOf(value));
    }
    this.#facts.release();
  }

  /** An error inside the chart or one of its actors: XState stops it as it stands. */
  error(cause: unknown): void {
    if (this.#isDetached) return;
    stopChildren(this.actor);
    this.#facts.hold();
    const error = new InternalError(cause);
    this.#internalError = error;
    this.#facts.note("internal", { error });
    const detail = printable(error.message);
    this.#facts.note("alert", { alert: { kind: "internal", detail } });
    this.complete();
  }

  /** Final state, or stopped from outside by whoever embeds the chart. */
  complete(): void {
    if (!this.#isDetached) {
      this.#isOver = true;
      this.detach();
      this.#enter("closed");
      const error = this.#internalError;
      this.#facts.note("closed", error === undefined ? {} : { error });
    }
    this.#facts.release();
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
