/**
 * The desk of the recoveries: who is broken queues here, once each, and is taken in turn.
 *
 * A burst of gaps (a reconnect that missed something of two hundred books) must not become a burst of
 * requests: at most `concurrent` run at once, and between the starts of two `spacingMs` pass. Each runs in
 * a slot whose id is constant, `recovery.0` and so on. The desk is opened when the first stream breaks (most
 * connections never need one), and ends with its connection.
 */
import {
  assign,
  emit,
  sendTo,
  setup,
  stopChild,
  type ActorRefFrom,
  type AnyActorRef,
  type MetaObject,
  type NonReducibleUnknown,
  type StateMachine,
  type StateSchema,
} from "xstate";
import type {
  RecoveryDesk,
  RecoveryDoor,
  RecoveryFailed,
  RecoveryPacing,
  RecoveryRequest,
  StreamFact,
} from "./recovery.door.ts";
import { recoveryMachine, type RecoveryEnded, type RecoveryInput } from "./recovery.machine.ts";

export type RecoveriesEvent = StreamFact | RecoveryEnded;

interface RecoveriesInput {
  readonly door: RecoveryDoor;
  readonly policy: RecoveryPacing;
}

/** A request that has its slot. */
interface RunningRecovery extends RecoveryRequest {
  readonly run: number;
}

export interface RecoveriesContext extends RecoveriesInput {
  /** Who waits, in turn. */
  readonly queue: readonly RecoveryRequest[];
  /** By slot; null where one is free. */
  readonly running: readonly (RunningRecovery | null)[];
  /** How many have been started: a slot is used again, a run never. */
  readonly runs: number;
}

const base = setup({
  types: {} as {
    context: RecoveriesContext;
    input: RecoveriesInput;
    events: RecoveriesEvent;
    emitted: RecoveryFailed;
  },
  actors: { recovery: recoveryMachine },
  guards: {
    isNew: ({ context: { queue, running } }, { stream }: RecoveryRequest) =>
      ![...queue, ...running].some((known) => known?.stream === stream),
    isRunning: ({ context }, stream: string) => slotOfStream(context, stream) !== -1,
    canStart: ({ context }) => context.queue.length > 0 && context.running.includes(null),
    /** One that was ended from here says nothing any more. */
    hasRecovered: ({ context }, { isRecovered, run }: RecoveryEnded) =>
      isRecovered && slotOfRun(context, run) !== -1,
    hasFailed: ({ context }, { isRecovered, run }: RecoveryEnded) =>
      !isRecovered && slotOfRun(context, run) !== -1,
  },
  delays: { spacing: ({ context }) => context.policy.spacingMs },
  actions: {
    attachDoor: ({ context, self }) => context.door.attach(self as unknown as RecoveryDesk),
    queueUp: assign(({ context }, { stream, strategy }: RecoveryRequest) => ({
      queue: [...context.queue, { stream, strategy }],
    })),
    unqueue: assign(({ context }, stream: string) => ({
      queue: context.queue.filter((waiting) => waiting.stream !== stream),
    })),
    tellRestarted: sendTo((_, slot: number) => idOf(slot), { type: "stream.restarted" }),
    stopSlot: stopChild((_, slot: number) => idOf(slot)),
    freeSlot: assign(({ context }, slot: number) => ({
      running: context.running.with(slot, null),
    })),
    announceFailure: emit(({ context }, { run, tries, detail }: RecoveryEnded): RecoveryFailed => {
      const { stream = "" } = context.running[slotOfRun(context, run)] ?? {};
      return { type: "recovery.failed", stream, tries, detail };
    }),
  },
});

const words = base.extend({
  actions: {
    startNext: base.enqueueActions(({ context, enqueue, self }) => {
      const { door, policy, queue, running, runs } = context;
      const slot = running.indexOf(null);
      const [request, ...rest] = queue;
      if (request === undefined || slot === -1) return;
      enqueue.assign({
        queue: rest,
        running: running.with(slot, { ...request, run: runs }),
        runs: runs + 1,
      });
      const desk = self as unknown as RecoveryInput["desk"];
      enqueue.spawnChild("recovery", {
        id: idOf(slot),
        input: { door, policy, request, run: runs, desk },
      });
    }),
    dismissAll: base.enqueueActions(({ context, enqueue }) => {
      context.running.forEach((running, slot) => {
        if (running !== null) enqueue.stopChild(idOf(slot));
      });
      enqueue.assign({ queue: [], running: context.running.map(() => null) });
    }),
  },
});

function idOf(slot: number): string {
  return `recovery.${slot}`;
}

function slotOfRun({ running }: RecoveriesContext, run: number): number {
  return running.findIndex((one) => one?.run === run);
}

function slotOfStream({ running }: RecoveriesContext, stream: string): number {
  return running.findIndex((one) => one?.stream === stream);
}

type State = Parameters<typeof words.createStateConfig>[0];

const ready = words.createStateConfig({
  description: "The next may start as soon as there is one, and a slot for it.",
  always: { guard: "canStart", target: "pacing", actions: "startNext" },
} satisfies State);

const pacing = words.createStateConfig({
  description: "One has just been started. The next waits a little.",
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
  RecoveryFailed,
  MetaObject,
  StateSchema
>;
export type RecoveriesActor = ActorRefFrom<RecoveriesMachine>;

type At<E> = { readonly context: RecoveriesContext; readonly event: E };

function slotOfNamed({ context, event }: At<{ readonly stream: string }>): number {
  return slotOfStream(context, event.stream);
}

function slotOfEnded({ context, event }: At<RecoveryEnded>): number {
  return slotOfRun(context, event.run);
}

export const recoveriesMachine: RecoveriesMachine = words.createMachine({
  id: "recoveries",
  context: ({ input }) => ({
    ...input,
    queue: [],
    running: Array.from({ length: input.policy.concurrent }, () => null),
    runs: 0,
  }),
  entry: "attachDoor",
  initial: "ready",
  states: { ready, pacing },
  on: {
    "stream.broken": {
      guard: { type: "isNew", params: ({ event }) => event },
      actions: { type: "queueUp", params: ({ event }) => event },
    },
    "stream.restarted": [
      {
        guard: { type: "isRunning", params: ({ event }) => event.stream },
        actions: { type: "tellRestarted", params: slotOfNamed },
      },
      { actions: { type: "unqueue", params: ({ event }) => event.stream } },
    ],
    "stream.unwanted": [
      {
        guard: { type: "isRunning", params: ({ event }) => event.stream },
        actions: [
          { type: "stopSlot", params: slotOfNamed },
          { type: "freeSlot", params: slotOfNamed },
        ],
      },
      { actions: { type: "unqueue", params: ({ event }) => event.stream } },
    ],
    "socket.ended": { actions: "dismissAll" },
    "recovery.ended": [
      {
        guard: { type: "hasRecovered", params: ({ event }) => event },
        actions: [
          { type: "stopSlot", params: slotOfEnded },
          { type: "freeSlot", params: slotOfEnded },
        ],
      },
      {
        guard: { type: "hasFailed", params: ({ event }) => event },
        actions: [
          { type: "announceFailure", params: ({ event }) => event },
          { type: "stopSlot", params: slotOfEnded },
          { type: "freeSlot", params: slotOfEnded },
        ],
      },
    ],
  },
});
