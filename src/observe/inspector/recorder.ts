/**
 * Watches the actor systems of this process.
 *
 * Attached late, it walks the actors that run already. It changes nothing in them: it only listens,
 * and what goes wrong in here stays in here.
 */
import type { AnyActor, AnyActorRef, AnyStateMachine, InspectionEvent } from "xstate";
import { realClock, type Clock } from "../../system.ts";
import { ActorRecord } from "./actor-record.ts";
import { datesArmed, type ArmedTimers } from "./armed.ts";
import { describeChart, wordsOf, type KnownChart } from "./chart.ts";
import type { History } from "./history.ts";
import type { Viewer } from "./views.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface RecorderParts {
  readonly clock: Clock;
  readonly viewer: Viewer;
  readonly vocabulary: Vocabulary;
  readonly history: History;
}

/** How an actor is to be called, and whether a supervisor stands behind it. */
export interface Naming {
  readonly name?: string | undefined;
  readonly isConnection: boolean;
}

export class Recorder {
  readonly #parts: RecorderParts;
  readonly #records = new Map<string, ActorRecord>();
  readonly #keys = new WeakMap<object, string>();
  readonly #charts = new WeakMap<AnyStateMachine, KnownChart>();
  readonly #names = new WeakMap<object, Naming>();
  readonly #timers: ArmedTimers = new WeakMap();
  /** One observer per system, however often one of its actors is attached. */
  readonly #systems = new Map<object, { uses: number; readonly end: () => void }>();
  #failures = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** How often looking at an actor went wrong: a bug of ours, or a value that bites. */
  get failures(): number {
    return this.#failures;
  }

  keyOf(actor: AnyActorRef): string | undefined {
    return this.#keys.get(actor);
  }

  refOf(key: string): AnyActorRef | undefined {
    return this.#records.get(key)?.ref;
  }

  /** Watches the whole system that `actor` runs in, until the function that comes back is called. */
  attach(actor: AnyActorRef, naming: Naming): () => void {
    this.#names.set(actor, naming);
    const { system } = actor;
    const watched = this.#systems.get(system) ?? { uses: 0, end: this.#watch(actor) };
    watched.uses += 1;
    this.#systems.set(system, watched);
    this.#rename(actor, naming);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      watched.uses -= 1;
      if (watched.uses > 0) return;
      watched.end();
      this.#systems.delete(system);
    };
  }

  #watch(actor: AnyActorRef): () => void {
    const root = rootOf(actor);
    const { clock } = this.#parts;
    this.#guarded(() => datesArmed(root, this.#timers, clock.nowMs(), realClock.nowMs()));
    const subscription = root.system.inspect((event: InspectionEvent) => {
      this.#guarded(() => this.#hear(event));
    });
    this.#guarded(() => this.#walk(root));
    return () => {
      subscription.unsubscribe();
      this.#forgetSystem(root);
    };
  }

  /** Nothing that goes wrong in here may reach the actor that is being watched. */
  #guarded(look: () => void): void {
    try {
      look();
    } catch {
      this.#failures += 1;
    }
  }

  #walk(actor: AnyActorRef): void {
    const snapshot: unknown = actor.getSnapshot();
    this.#recordOf(actor, snapshot);
    const { children = {} } = snapshot as { children?: Record<string, AnyActorRef | undefined> };
    for (const child of Object.values(children)) if (child !== undefined) this.#walk(child);
  }

  #hear(event: InspectionEvent): void {
    // One that has ended and was forgotten may still be sent to.
    const actor = event.actorRef as AnyActorRef; // XState's own actors are all there is
    const key = this.#keys.get(actor);
    if (key !== undefined && !this.#parts.history.has(key)) {
      this.#records.delete(key);
      return;
    }
    const { clock, history } = this.#parts;
    const atMs = clock.nowMs();
    switch (event.type) {
      case "@xstate.actor":
      case "@xstate.transition":
        return; // there is no snapshot yet; the first event tells of it
      case "@xstate.event": {
        const source = event.sourceRef === undefined ? null : this.#keys.get(event.sourceRef);
        const origin = { n: history.nextNumber(), atMs, source: source ?? null };
        this.#recordOf(actor).received(event, origin);
        return;
      }
      case "@xstate.microstep":
        this.#recordOf(actor).microstep(event);
        return;
      case "@xstate.action":
        // Its own (raises, spawns, cancels) show as what they bring about.
        if (!event.action.type.startsWith("xstate."))
          this.#recordOf(actor).acted(event.action.type);
        return;
      case "@xstate.snapshot": {
        const record = this.#recordOf(actor);
        const step = record.settled(event, { n: history.nextNumber(), atMs, source: null });
        history.addStep(step, record.view);
      }
    }
  }

  #recordOf(actor: AnyActorRef, snapshot?: unknown): ActorRecord {
    const known = this.#records.get(this.#keys.get(actor) ?? "");
    if (known !== undefined) return known;
    const { clock, viewer, history } = this.#parts;
    const key = history.nextKey();
    const naming = this.#names.get(actor);
    const parent = parentOf(actor);
    const record = new ActorRecord({
      key,
      name: naming?.name ?? viewer.eventType(nameOf(actor)),
      parent: parent === undefined ? null : (this.#keys.get(parent) ?? null),
      ref: actor,
      chart: this.#chartOf(actor),
      isConnection: naming?.isConnection ?? false,
      atMs: clock.nowMs(),
      viewer,
      timers: this.#timers,
    });
    this.#keys.set(actor, key);
    this.#records.set(key, record);
    if (snapshot !== undefined) record.look(snapshot, clock.nowMs());
    history.putActor(record.view, clock.nowMs());
    return record;
  }

  /** What was walked over before it was attached itself gets its name now. */
  #rename(actor: AnyActorRef, naming: Naming): void {
    const record = this.#records.get(this.#keys.get(actor) ?? "");
    if (record === undefined) return;
    record.rename(naming);
    this.#parts.history.putActor(record.view, this.#parts.clock.nowMs());
  }

  #chartOf(actor: AnyActorRef): KnownChart | undefined {
    const machine = machineOf(actor);
    if (machine === undefined) return undefined;
    const known = this.#charts.get(machine);
    if (known !== undefined) return known;
    const { history, vocabulary } = this.#parts;
    const described = describeChart(machine);
    const view = history.addChart(described.view);
    if (view === undefined) return undefined;
    const chart = { ...described, view };
    this.#charts.set(machine, chart);
    vocabulary.add(wordsOf(view));
    return chart;
  }

  #forgetSystem(root: AnyActorRef): void {
    for (const { key, ref } of this.#records.values()) {
      if (ref.system !== root.system) continue;
      this.#keys.delete(ref); // it may be attached again
      this.#records.delete(key);
      this.#parts.history.forget(key);
    }
  }
}

function rootOf(actor: AnyActorRef): AnyActorRef {
  const parent = parentOf(actor);
  return parent === undefined ? actor : rootOf(parent);
}

function parentOf(actor: AnyActorRef): AnyActorRef | undefined {
  return actor._parent;
}

function nameOf(actor: AnyActorRef): string {
  // The id of a root is its session's, unless it was given one: its chart's says more.
  return /^x:\d+$/.test(actor.id) ? (machineOf(actor)?.root.key ?? actor.id) : actor.id;
}

function machineOf(actor: AnyActorRef): AnyStateMachine | undefined {
  const logic: unknown = (actor as AnyActor).logic;
  return typeof logic === "object" && logic !== null && "root" in logic && "config" in logic
    ? (logic as AnyStateMachine)
    : undefined;
}
