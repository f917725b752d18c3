/**
 * The desk of the recoveries: every broken stream has one here, and they try in turn.
 *
 * A burst of gaps (a reconnect that missed something of two hundred books) must not become a burst of
 * requests: at most `concurrent` try at once, and between the starts of two `spacingMs` pass. A recovery has
 * a slot only while it tries; where there are several slots, one is kept for those that have not tried yet.
 * While the host of many streams fails, the desk waits for all of them and lets one ask: when that is
 * answered the others follow.
 *
 * Recoveries run under `recovery.0` and so on, the lowest place that is free. The desk is opened when the
 * first stream breaks (most connections never need one), and ends with its connection.
 */
import {
  assign,
  emit,
  enqueueActions,
  sendTo,
  setup,
  type ActorRefFrom,
  type AnyActorRef,
  type MetaObject,
  type NonReducibleUnknown,
  type StateMachine,
  type StateSchema,
} from "xstate";
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
interface Told {
  readonly type: "stream.broken" | "stream.restarted" | "stream.refuted";
}

type Report<T extends RecoveryReport["type"]> = Extract<RecoveryReport, { readonly type: T }>;

interface RecoveriesInput {
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

const words = base.extend({
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

function placeOfStream({ places }: RecoveriesContext, stream: string): number {
  return places.findIndex((place) => place?.stream === stream);
}

type State = Parameters<typeof words.createStateConfig>[0];

const ready = words.createStateConfig({
  description: "The next may try as soon as there is one, and a slot for it.",
  always: { guard: "canStart", target: "pacing", actions: "startNext" },
} satisfies State);

const pacing = words.createStateConfig({
  description: "One has just begun to try. The next waits a little.",
  after: { spacing: "ready" },
} satisfies State);

export type RecoveriesState = "ready" | "pacing";

export type RecoveriesMachine = StateMachine<
  RecoveriesContext,
  RecoveriesEvent,
  Record<string, AnyActorRef | undefined>,
  never,
  never,
  never,
  never,
  RecoveriesState,
  string,
  RecoveriesInput,
  NonReducibleUnknown,
  RecoveryFailed | RecoverySucceeded,
  MetaObject,
  StateSchema
>;
export type RecoveriesActor = ActorRefFrom<RecoveriesMachine>;

type At<E> = { readonly context: RecoveriesContext; readonly event: E };

const streamOf = ({ event }: At<{ readonly stream: string }>): string => event.stream;
const runOf = ({ event }: At<{ readonly run: number }>): number => event.run;
const runOfStream = ({ context, event }: At<{ readonly stream: string }>): number =>
  context.places[placeOfStream(context, event.stream)]?.run ?? -1;

/** Told to the recovery of its stream. */
const told = {
  type: "tell",
  params: ({ context, event }: At<Told & { readonly stream: string }>) => ({
    place: placeOfStream(context, event.stream),
    type: event.type,
  }),
} as const;

export const recoveriesMachine: RecoveriesMachine = words.createMachine({
  id: "recoveries",
  context: ({ input }) => ({ ...input, places: [], hosts: [], runs: 0, turns: 0 }),
  entry: "attachDoor",
  initial: "ready",
  states: { ready, pacing },
  on: {
    "stream.broken": [
      {
        guard: { type: "isNew", params: streamOf },
        actions: "open",
      },
      { actions: told },
    ],
    "stream.restarted": { guard: { type: "isKnown", params: streamOf }, actions: told },
    "stream.refuted": { guard: { type: "isKnown", params: streamOf }, actions: told },
    "stream.unwanted": {
      guard: { type: "isKnown", params: streamOf },
      actions: { type: "dismiss", params: runOfStream },
    },
    "socket.ended": { actions: "dismissAll" },
    "host.due": { actions: { type: "markHostDue", params: ({ event }) => event.host } },
    "recovery.due": {
      guard: { type: "isRunning", params: runOf },
      actions: { type: "markQueued", params: runOf },
    },
    "recovery.missed": {
      guard: { type: "isRunning", params: runOf },
      actions: [
        { type: "announceFailure", params: ({ event }) => event },
        { type: "freeSlot", params: runOf },
      ],
    },
    "recovery.hostFailed": {
      guard: { type: "isRunning", params: runOf },
      actions: [
        { type: "announceFailure", params: ({ event }) => event },
        { type: "holdHost", params: ({ event }) => event },
      ],
    },
    "recovery.proving": {
      guard: { type: "isRunning", params: runOf },
      actions: { type: "freeSlot", params: runOf },
    },
    "recovery.ended": {
      guard: { type: "isRunning", params: runOf },
      actions: [
        { type: "announceSuccess", params: runOf },
        { type: "freeSlot", params: runOf },
        { type: "dismiss", params: runOf },
      ],
    },
  },
});
