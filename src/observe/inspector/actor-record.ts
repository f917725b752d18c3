/**
 * One actor as the recorder knows it: what it is now, and its last steps.
 *
 * XState tells of one event in pieces (event, microsteps, actions, snapshot). Here they become one
 * step, with its cause and what changed. Nothing is kept of what may not be shown.
 */
import type { AnyActorRef, AnyTransitionDefinition, InspectionEvent } from "xstate";
import { armedFor, type ArmedTimers } from "./armed.ts";
import type { KnownChart } from "./chart.ts";
import { changesBetween } from "./changes.ts";
import type { ActorView, StepView, TakenView, ValueView, View } from "./protocol.ts";
import type { SeenViews, Viewer } from "./views.ts";

type Received = Extract<InspectionEvent, { type: "@xstate.event" }>;
type Microstep = Extract<InspectionEvent, { type: "@xstate.microstep" }>;
type Settled = Extract<InspectionEvent, { type: "@xstate.snapshot" }>;

export interface ActorRecordParts {
  readonly key: string;
  readonly name: string;
  readonly parent: string | null;
  readonly ref: AnyActorRef;
  readonly chart: KnownChart | undefined;
  readonly isConnection: boolean;
  readonly atMs: number;
  readonly viewer: Viewer;
  readonly timers: ArmedTimers;
}

interface Origin {
  readonly n: number;
  readonly atMs: number;
  readonly source: string | null;
}

/** A snapshot, as far as any kind of actor has one. */
interface Looked {
  readonly status: ActorView["status"];
  readonly value?: ValueView;
  readonly context?: unknown;
  readonly tags?: ReadonlySet<string>;
}

export class ActorRecord {
  readonly key: string;
  readonly ref: AnyActorRef;
  readonly #parts: ActorRecordParts;
  #view: ActorView;
  /** Where events on their way came from: an event is the same object from its sending to its end. */
  readonly #origins = new WeakMap<object, Origin>();
  readonly #seen: SeenViews = new WeakMap();
  #taken: TakenView[] = [];
  #actions: string[] = [];

  constructor(parts: ActorRecordParts) {
    this.#parts = parts;
    this.key = parts.key;
    this.ref = parts.ref;
    this.#view = {
      key: parts.key,
      name: parts.name,
      parent: parts.parent,
      chart: parts.chart?.view.id ?? null,
      status: "active",
      value: null,
      tags: [],
      context: null,
      armed: [],
      sinceMs: parts.atMs,
      endedAtMs: null,
      isConnection: parts.isConnection,
    };
  }

  get view(): ActorView {
    return this.#view;
  }

  /** Takes over what a running actor is now, without a step. */
  look(snapshot: unknown, atMs: number): void {
    this.#become(snapshot as Looked, atMs);
  }

  /** What is attached by name goes by that name, and may have a supervisor behind it. */
  rename(naming: { readonly name?: string | undefined; readonly isConnection: boolean }): void {
    const { name, isConnection } = this.#view;
    this.#view = {
      ...this.#view,
      name: naming.name ?? name,
      isConnection: isConnection || naming.isConnection,
    };
  }

  received({ event }: Received, origin: Origin): void {
    this.#origins.set(event, origin);
  }

  microstep({ event, _transitions }: Microstep): void {
    for (const transition of _transitions) this.#taken.push(this.#describe(transition, event.type));
  }

  acted(type: string): void {
    if (this.#actions.length < 40) this.#actions.push(type);
  }

  settled({ event, snapshot }: Settled, now: Origin): StepView {
    const { viewer, key, name } = this.#parts;
    const origin = this.#origins.get(event) ?? now;
    const before = this.#view;
    const [transitions, actions] = [this.#taken, this.#actions];
    this.#taken = [];
    this.#actions = [];
    this.#become(snapshot as Looked, now.atMs);
    const after = this.#view;
    return {
      ...origin,
      actor: key,
      event: viewer.eventType(event.type),
      payload: payloadOf(viewer.view(event, { actor: name, path: ["event"] })),
      transitions,
      actions,
      changes: changesBetween(before.context, after.context),
      status: after.status,
      value: after.value,
      tags: after.tags,
      armed: after.armed,
    };
  }

  #become(snapshot: Looked, atMs: number): void {
    const { viewer, name, timers, ref } = this.#parts;
    const isSame = JSON.stringify(snapshot.value ?? null) === JSON.stringify(this.#view.value);
    const isOver = snapshot.status !== "active";
    this.#view = {
      ...this.#view,
      status: snapshot.status,
      value: snapshot.value ?? null,
      tags: [...(snapshot.tags ?? [])],
      context: viewer.view(
        snapshot.context ?? null,
        { actor: name, path: ["context"] },
        this.#seen,
      ),
      armed: isOver ? [] : armedFor(ref, timers, atMs),
      sinceMs: isSame ? this.#view.sinceMs : atMs,
      endedAtMs: isOver ? (this.#view.endedAtMs ?? atMs) : null,
    };
  }

  #describe(definition: AnyTransitionDefinition, eventType: string): TakenView {
    const known = this.#parts.chart?.transitionOf.get(definition);
    const waited = this.#view.armed.find(({ id }) => id === definition.eventType);
    return {
      id: known?.id ?? null,
      label: known?.label ?? this.#parts.viewer.eventType(eventType),
      guard: known?.guard ?? null,
      delayMs: waited?.delayMs ?? null,
    };
  }
}

/** An event's payload: all but its type. */
function payloadOf(view: View): View {
  if (typeof view !== "object" || view === null || Array.isArray(view)) return view;
  const { type: _, ...payload } = view as Record<string, View>;
  return payload;
}
