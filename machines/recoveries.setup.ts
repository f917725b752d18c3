/**
 * The words of the desk's chart (`recoveries.machine.ts`): what it remembers, what it hears, and what its
 * guards and actions do. Who is next is decided in `policy/recovery-queue.ts`.
 */
import { assign, emit, enqueueActions, sendTo, setup } from "xstate";
import {
  markAnswered,
  markDue,
  markFailed,
  markProbing,
  nextOf,
  type HostGate,
  type Place,
} from "./policy/recovery-queue.ts";
import type {
  RecoveryDesk,
  RecoveryDoor,
  RecoveryFailed,
  RecoveryPacing,
  RecoverySucceeded,
  StreamFact,
} from "./recovery.door.ts";
import { recoveryMachine, type RecoveryInput, type RecoveryReport } from "./recovery.machine.ts";

/** The wait for a host is over. */
interface HostDue {
  readonly type: "host.due";
  readonly host: string;
}

export type RecoveriesEvent = StreamFact | RecoveryReport | HostDue;

/** What a recovery hears of its stream. */
export interface Told {
  readonly type: "stream.broken" | "stream.restarted" | "stream.refuted";
}

type Report<T extends RecoveryReport["type"]> = Extract<RecoveryReport, { readonly type: T }>;

export interface RecoveriesInput {
  readonly door: RecoveryDoor;
  readonly policy: RecoveryPacing;
}

export interface RecoveriesContext extends RecoveriesInput {
  /** Every recovery, at its place; null where one is free. */
  readonly places: readonly (Place | null)[];
  /** Hosts that fail. */
  readonly hosts: readonly HostGate[];
  /** How many have been opened: a place is used again, a run never. */
  readonly runs: number;
  /** How often one has wanted a slot: who wants one first has it first. */
  readonly turns: number;
}

const base = setup({
  types: {} as {
    context: RecoveriesContext;
    input: RecoveriesInput;
    events: RecoveriesEvent;
    emitted: RecoveryFailed | RecoverySucceeded;
  },
  actors: { recovery: recoveryMachine },
  guards: {
    isNew: ({ context }, stream: string) => placeOfStream(context, stream) === -1,
    isKnown: ({ context }, stream: string) => placeOfStream(context, stream) !== -1,
    /** One that was ended from here says nothing any more. */
    isRunning: ({ context }, run: number) => placeOfRun(context, run) !== -1,
    canStart: ({ context }) => nextOf(context) !== undefined,
  },
  delays: { spacing: ({ context }) => context.policy.spacingMs },
  actions: {
    attachDoor: ({ context, self }) => context.door.attach(self as unknown as RecoveryDesk),
    tell: sendTo(
      (_, { place }: Told & { readonly place: number }) => idOf(place),
      (_, { type }: Told & { readonly place: number }) => ({ type }),
    ),
    markQueued: assign(({ context }, run: number) => ({
      places: changed(context, run, { phase: "queued", turn: context.turns }),
      turns: context.turns + 1,
    })),
    markHostDue: assign(({ context }, host: string) => ({ hosts: markDue(context.hosts, host) })),
    announceFailure: emit(
      ({ context }, report: Report<"recovery.missed" | "recovery.hostFailed">) => {
        const { type: _, run, ...failure } = report;
        const { stream = "" } = context.places[placeOfRun(context, run)] ?? {};
        return { ...failure, type: "recovery.failed", stream } as const;
      },
    ),
    announceSuccess: emit(({ context }, run: number) => {
      const { stream = "" } = context.places[placeOfRun(context, run)] ?? {};
      return { type: "recovery.succeeded", stream } as const;
    }),
    /** A try is over. Where its host has answered, all that wait for that may ask. */
    freeSlot: enqueueActions(({ context, enqueue }, run: number) => {
      const place = context.places[placeOfRun(context, run)];
      if (place?.phase !== "trying") return;
      enqueue.assign({
        places: changed(context, run, { phase: "waiting" }),
        hosts: markAnswered(context.hosts, place.host),
      });
      if (place.host !== undefined) enqueue.cancel(place.host);
    }),
    holdHost: enqueueActions(({ context, enqueue }, report: Report<"recovery.hostFailed">) => {
      const { run, retryAfterMs, detail } = report;
      const { host = "" } = context.places[placeOfRun(context, run)] ?? {};
      const hosts = markFailed(context.hosts, host, context.policy, retryAfterMs);
      enqueue.assign({ hosts, places: changed(context, run, { phase: "waiting" }) });
      const before = context.hosts.find((gate) => gate.host === host);
      const gate = hosts.find((one) => one.host === host);
      if (gate === undefined || gate === before) return;
      if (before?.state === "waiting") enqueue.cancel(host);
      enqueue.raise({ type: "host.due", host }, { id: host, delay: gate.waitMs });
      if (before?.state === "waiting") return;
      context.places.forEach((one, place) => {
        if (one?.host !== host || one.phase !== "queued") return;
        enqueue.sendTo(idOf(place), { type: "host.failed", detail });
      });
    }),
    dismiss: enqueueActions(({ context, enqueue }, run: number) => {
      const place = placeOfRun(context, run);
      enqueue.stopChild(idOf(place));
      enqueue.assign({
        places: withPlace(context.places, place, null),
        hosts: context.hosts.map((gate) => (gate.run === run ? released(gate) : gate)),
      });
    }),
    dismissAll: enqueueActions(({ context, enqueue }) => {
      context.places.forEach((one, place) => {
        if (one !== null) enqueue.stopChild(idOf(place));
      });
      enqueue.assign({ places: [], hosts: context.hosts.map(released) });
    }),
  },
});

export const words = base.extend({
  actions: {
    open: base.enqueueActions(({ context, enqueue, event, self }) => {
      if (event.type !== "stream.broken") return;
      const { type: _, ...request } = event;
      const { door, policy, places, runs } = context;
      const free = places.indexOf(null);
      const place = free === -1 ? places.length : free;
      const { stream, host } = request;
      const opened: Place = { run: runs, stream, host, phase: "waiting", turn: 0, hasTried: false };
      enqueue.assign({ places: withPlace(places, place, opened), runs: runs + 1 });
      const desk = self as unknown as RecoveryInput["desk"];
      enqueue.spawnChild("recovery", {
        id: idOf(place),
        input: { door, policy, request, run: runs, desk },
      });
    }),
    startNext: base.enqueueActions(({ context, enqueue }) => {
      const next = nextOf(context);
      if (next === undefined) return;
      const { run } = next;
      enqueue.assign({
        places: changed(context, run, { phase: "trying", hasTried: true }),
        hosts: markProbing(context.hosts, next),
      });
      enqueue.sendTo(idOf(placeOfRun(context, run)), { type: "slot.granted" });
    }),
  },
});

function idOf(place: number): string {
  return `recovery.${place}`;
}

/** Who asked it is gone: another one may. */
function released(gate: HostGate): HostGate {
  return gate.state === "probing" ? { ...gate, state: "due", run: -1 } : gate;
}

/** Without free places at the end. */
function withPlace(
  places: readonly (Place | null)[],
  index: number,
  place: Place | null,
): readonly (Place | null)[] {
  const copy = [...places];
  copy[index] = place;
  while (copy.length > 0 && copy.at(-1) === null) copy.pop();
  return copy;
}

function changed(
  { places }: RecoveriesContext,
  run: number,
  change: Partial<Place>,
): readonly (Place | null)[] {
  return places.map((place) => (place?.run === run ? { ...place, ...change } : place));
}

function placeOfRun({ places }: RecoveriesContext, run: number): number {
  return places.findIndex((place) => place?.run === run);
}

export function placeOfStream({ places }: RecoveriesContext, stream: string): number {
  return places.findIndex((place) => place?.stream === stream);
}
