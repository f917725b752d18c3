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
import type {
  ActorRefFrom,
  AnyActorRef,
  MetaObject,
  NonReducibleUnknown,
  StateMachine,
  StateSchema,
} from "xstate";
import type { RecoveryFailed, RecoverySucceeded } from "./recovery.door.ts";
import {
  placeOfStream,
  words,
  type RecoveriesContext,
  type RecoveriesEvent,
  type RecoveriesInput,
  type Told,
} from "./recoveries.setup.ts";

export type { RecoveriesContext, RecoveriesEvent } from "./recoveries.setup.ts";

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
