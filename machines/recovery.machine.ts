/**
 * The recovery of one stream: try, wait, try again, until it is whole or given up.
 *
 *   starting ▶ resubscribing | fetching | reconnecting ──▶ recovered
 *                 ▲     │failed, timed out
 *                 └── retrying (waits, doubling) ── (out of tries) ▶ givenUp
 *
 * It holds no message. The deltas that wait for a snapshot lie in the world's bounded buffer; a gap among
 * them, or a buffer that is full, only makes it start over: whether the snapshot then still joins is the
 * venue's rule to say, and `snapshot.outdated` is its word. The socket's end stops the whole actor.
 */
import {
  assign,
  fromCallback,
  sendTo,
  setup,
  type ActorRef,
  type ActorRefFrom,
  type CallbackActorLogic,
  type EventObject,
  type MetaObject,
  type NonReducibleUnknown,
  type StateMachine,
  type StateSchema,
} from "xstate";
import type {
  RecoveryDoor,
  RecoveryPacing,
  RecoveryRequest,
  SnapshotFact,
} from "./recovery.door.ts";
import { toTimerMs } from "./policy/duration.ts";
import { believedRetryAfterMs } from "./policy/verdict.ts";

/** What a recovery tells its desk at its end. */
export interface RecoveryEnded {
  readonly type: "recovery.ended";
  /** Which run of the desk's: slots are used again. */
  readonly run: number;
  readonly isRecovered: boolean;
  readonly tries: number;
  readonly detail: string;
}

export type RecoveryEvent = SnapshotFact | { readonly type: "stream.restarted" };

export interface RecoveryInput {
  readonly door: RecoveryDoor;
  readonly desk: ActorRef<never, RecoveryEnded>;
  readonly policy: RecoveryPacing;
  readonly request: RecoveryRequest;
  readonly run: number;
}

export interface RecoveryContext extends RecoveryInput {
  readonly tries: number;
  /** The wait that `retrying` is in, or was last in. */
  readonly retryInMs: number;
  /** Why the last try failed; empty before one has. */
  readonly detail: string;
}

/** Of our own accord; a server may ask for more. */
const MAX_RETRY_MS = 60_000;

/** Why a try failed. */
type Failure = Pick<Extract<SnapshotFact, { type: "snapshot.failed" }>, "detail" | "retryAfterMs">;

type FetchInput = Pick<RecoveryContext, "door" | "request">;

/** However the state is left, what is under way is ended by this actor's cleanup. */
const fetch: CallbackActorLogic<EventObject, FetchInput> = fromCallback<EventObject, FetchInput>(
  ({ input: { door, request }, sendBack }) => door.fetchSnapshot(request.stream, sendBack),
);

const words = setup({
  types: {} as {
    context: RecoveryContext;
    input: RecoveryInput;
    events: RecoveryEvent;
    children: { fetch: "fetch" };
  },
  actors: { fetch },
  guards: {
    fetches: ({ context }) => context.request.strategy === "snapshot",
    reconnects: ({ context }) => context.request.strategy === "reconnect",
    isExhausted: ({ context }) => context.tries > context.policy.retries,
  },
  delays: {
    timeout: ({ context }) => context.policy.timeoutMs,
    retryWait: ({ context }) => context.retryInMs,
  },
  actions: {
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    resubscribe: ({ context: { door, request } }) => door.resubscribe(request.stream),
    requestReconnect: ({ context: { door, request } }) => door.requestReconnect(request.stream),
    noteFailure: assign(({ context: { policy, tries } }, { detail, retryAfterMs }: Failure) => {
      const ownMs = Math.min(policy.retryMs * 2 ** (tries - 1), MAX_RETRY_MS);
      return { detail, retryInMs: toTimerMs(Math.max(ownMs, believedRetryAfterMs(retryAfterMs))) };
    }),
    reportEnd: sendTo(
      ({ context }) => context.desk,
      ({ context: { run, tries, detail } }, isRecovered: boolean): RecoveryEnded => ({
        type: "recovery.ended",
        run,
        isRecovered,
        tries,
        detail,
      }),
    ),
  },
});

type State = Parameters<typeof words.createStateConfig>[0];

/** One way for each strategy. */
const byStrategy = [
  { guard: "fetches", target: "fetching" },
  { guard: "reconnects", target: "reconnecting" },
  { target: "resubscribing" },
] as const;

const lateness = {
  type: "noteFailure",
  params: ({ context: { policy } }: { context: RecoveryContext }): Failure => ({
    detail: `no answer within ${policy.timeoutMs} ms`,
  }),
} as const;

const onTimeout = {
  timeout: [
    { guard: "isExhausted", target: "givenUp", actions: lateness },
    { target: "retrying", actions: lateness },
  ],
} as const;

const outdated = {
  type: "noteFailure",
  params: { detail: "the snapshot was too old to be joined with the deltas" },
} as const;

const failure = {
  type: "noteFailure",
  params: ({ event }: { event: Failure }): Failure => event,
} as const;

const starting = words.createStateConfig({
  description: "It is its turn. What is done depends on the stream's strategy.",
  always: byStrategy,
} satisfies State);

const resubscribing = words.createStateConfig({
  description: "The topic was ended and asked for again. Waits for the venue to start it over.",
  entry: ["countTry", "resubscribe"],
  after: onTimeout,
} satisfies State);

const reconnecting = words.createStateConfig({
  description: "A new socket was asked for. Its coming ends this recovery.",
  entry: ["countTry", "requestReconnect"],
  after: onTimeout,
} satisfies State);

const fetching = words.createStateConfig({
  description: "A snapshot is under way; the deltas wait for it.",
  entry: "countTry",
  invoke: {
    src: "fetch",
    id: "fetch",
    input: ({ context: { door, request } }) => ({ door, request }),
  },
  after: onTimeout,
  on: {
    "snapshot.joined": "recovered",
    "snapshot.outdated": [
      { guard: "isExhausted", target: "givenUp", actions: outdated },
      { target: "retrying", actions: outdated },
    ],
    "snapshot.failed": [
      { guard: "isExhausted", target: "givenUp", actions: failure },
      { target: "retrying", actions: failure },
    ],
  },
} satisfies State);

const retrying = words.createStateConfig({
  description: "A try has failed. Waits twice as long each time, or as long as the server says.",
  after: { retryWait: byStrategy },
} satisfies State);

const recovered = words.createStateConfig({
  description: "The stream is whole.",
  type: "final",
  entry: { type: "reportEnd", params: true },
} satisfies State);

const givenUp = words.createStateConfig({
  description: "Out of tries. The stream stays invalid until the venue starts it over.",
  type: "final",
  entry: { type: "reportEnd", params: false },
} satisfies State);

export type RecoveryState =
  "starting" | "resubscribing" | "reconnecting" | "fetching" | "retrying" | "recovered" | "givenUp";

export type RecoveryMachine = StateMachine<
  RecoveryContext,
  RecoveryEvent,
  { fetch?: ActorRefFrom<typeof fetch> },
  never,
  never,
  never,
  never,
  RecoveryState,
  string,
  RecoveryInput,
  NonReducibleUnknown,
  EventObject,
  MetaObject,
  StateSchema
>;

export const recoveryMachine: RecoveryMachine = words.createMachine({
  id: "recovery",
  context: ({ input }) => ({ ...input, tries: 0, retryInMs: 0, detail: "" }),
  initial: "starting",
  states: { starting, resubscribing, reconnecting, fetching, retrying, recovered, givenUp },
  on: { "stream.restarted": ".recovered" },
});
