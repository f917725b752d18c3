/**
 * The recovery of one stream, from its break until it is whole: wait for a slot, try, wait, try again.
 *
 *   starting ─▶ queued ─(slot)─▶ resubscribing | fetching | reconnecting ──▶ recovered, or proving
 *                 ▲ ▲                │failed        │its host fails
 *                 │ └─ (holding) ◀ retrying ◀─┴──────│───────────────── proving (broke again)
 *                 └─────────────────────────────────┘
 *
 * It is never given up: after `retries` fast tries it is failing, which is an alert, and goes on slowly. It
 * has a slot only while it tries. Where the host of its snapshots fails, the desk waits for all streams of
 * that host at once. A stream that keeps breaking soon after it was whole must first stay whole (`proving`).
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
import {
  HOLD_MS,
  isFailing,
  mustProve,
  proofMs,
  recurrenceWaitMs,
  retryWaitMs,
  type Count,
} from "./policy/recovery-pace.ts";

/** What a recovery tells its desk. `run` is its own number: places are used again. */
export type RecoveryReport = { readonly run: number } & (
  | { readonly type: "recovery.due" }
  | ({ readonly type: "recovery.missed" } & Failed)
  /** `retryAfterMs` as the host said it. */
  | ({ readonly type: "recovery.hostFailed"; readonly retryAfterMs: number | undefined } & Failed)
  /** It is whole as far as is known, and has to stay so. */
  | { readonly type: "recovery.proving" }
  | { readonly type: "recovery.ended" }
);

interface Failed extends Count {
  readonly detail: string;
  readonly isFailing: boolean;
  readonly mustProve: boolean;
}

export type RecoveryEvent =
  | SnapshotFact
  | { readonly type: "slot.granted" }
  /** Another stream has found out that their host fails. */
  | { readonly type: "host.failed"; readonly detail: string }
  | { readonly type: "stream.restarted" }
  | { readonly type: "stream.refuted" }
  | { readonly type: "stream.broken" };

export interface RecoveryInput {
  readonly door: RecoveryDoor;
  readonly desk: ActorRef<never, RecoveryReport>;
  readonly policy: RecoveryPacing;
  readonly request: RecoveryRequest;
  readonly run: number;
}

export interface RecoveryContext extends RecoveryInput, Count {
  readonly tries: number;
  /** No snapshot of it will ever be given. */
  readonly isRefused: boolean;
  /** The last try brought a snapshot, which was too old. */
  readonly isOutdated: boolean;
  /** The wait that `retrying` is in, or was last in. */
  readonly retryInMs: number;
  /** Why the last try failed; empty before one has. */
  readonly detail: string;
}

type FetchInput = Pick<RecoveryContext, "door" | "request">;

/** However the state is left, what is under way is ended by this actor's cleanup. */
const fetch: CallbackActorLogic<EventObject, FetchInput> = fromCallback<EventObject, FetchInput>(
  ({ input: { door, request }, sendBack }) => door.fetchSnapshot(request.stream, sendBack),
);

const base = setup({
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
    hasRelapsed: ({ context }) => context.request.as === "relapsed",
    mustWait: ({ context: { policy, request } }) =>
      request.as === "relapsed" &&
      recurrenceWaitMs(policy, request.strategy, request.recurrences) > 0,
    isProving: ({ context }) => context.request.as === "proving",
    mustProve: ({ context }) => mustProve(context.recurrences),
    mustHold: ({ context }) => context.isOutdated && isFailing(context.policy, context),
    concernsHost: (_, isHosts: boolean) => isHosts,
  },
  delays: {
    timeout: ({ context }) => context.policy.timeoutMs,
    retryWait: ({ context }) => context.retryInMs,
    hold: HOLD_MS,
    proof: ({ context }) => proofMs(context.recurrences),
  },
  actions: {
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    resubscribe: ({ context: { door, request } }) => door.resubscribe(request.stream),
    requestReconnect: ({ context: { door, request } }) => door.requestReconnect(request.stream),
    /** A try brought nothing. */
    noteFailure: assign(({ context: { policy, failures, recurrences } }, detail: string) => {
      const ownMs = retryWaitMs(policy, failures + 1);
      const retryInMs = Math.max(ownMs, proofMs(recurrences));
      return { detail, failures: failures + 1, isOutdated: false, retryInMs };
    }),
    /** There is an answer: where there was none the count begins anew, and so do fast tries. */
    noteOutdated: assign(({ context: { policy, isOutdated, failures: before, recurrences } }) => {
      const failures = isOutdated || before <= policy.retries ? before + 1 : 1;
      const retryInMs = Math.max(retryWaitMs(policy, failures), proofMs(recurrences));
      const detail = "the snapshot was too old to be joined with the deltas";
      return { detail, failures, isOutdated: true, retryInMs };
    }),
    holdDeltas: ({ context: { door, request } }) => door.holdDeltas(request.stream),
    /** It was whole, and is not. */
    noteRecurrence: assign(({ context: { policy, request, recurrences } }, count: 0 | 1) => ({
      detail: "it breaks again soon after it was whole",
      recurrences: recurrences + count,
      retryInMs: recurrenceWaitMs(policy, request.strategy, recurrences + count),
    })),
    noteRefusal: assign({ isRefused: true }),
    forgetRefusal: assign({ isRefused: false }),
    reportDue: sendTo(
      ({ context }) => context.desk,
      ({ context: { run } }): RecoveryReport => ({ type: "recovery.due", run }),
    ),
    reportMiss: sendTo(
      ({ context }) => context.desk,
      ({ context }): RecoveryReport => ({ type: "recovery.missed", ...failed(context) }),
    ),
    reportHost: sendTo(
      ({ context }) => context.desk,
      ({ context }, retryAfterMs: number | undefined): RecoveryReport => ({
        type: "recovery.hostFailed",
        ...failed(context),
        retryAfterMs,
      }),
    ),
    reportProving: sendTo(
      ({ context }) => context.desk,
      ({ context: { run } }): RecoveryReport => ({ type: "recovery.proving", run }),
    ),
    reportEnd: sendTo(
      ({ context }) => context.desk,
      ({ context: { run } }): RecoveryReport => ({ type: "recovery.ended", run }),
    ),
  },
});

function failed(context: RecoveryContext): Failed & { readonly run: number } {
  const { run, policy, failures, recurrences, detail, isRefused } = context;
  return {
    run,
    failures,
    recurrences,
    detail,
    isFailing: isRefused || isFailing(policy, context),
    mustProve: mustProve(recurrences),
  };
}

type State = Parameters<typeof base.createStateConfig>[0];

const lateness = {
  type: "noteFailure",
  params: ({ context: { policy } }: { context: RecoveryContext }): string =>
    `no answer within ${policy.timeoutMs} ms`,
} as const;

const failure = {
  type: "noteFailure",
  params: ({ event }: { event: { readonly detail: string } }): string => event.detail,
} as const;

/** One more in the count, unless the count came with the request. */
const recurrence = { type: "noteRecurrence", params: 1 } as const;
const relapse = { type: "noteRecurrence", params: 0 } as const;

const whole = [{ guard: "mustProve", target: "proving" }, { target: "recovered" }] as const;

/** What the venue sent to start it over was wrong. */
const refutation = { "stream.refuted": { target: "retrying", actions: recurrence } } as const;

const starting = base.createStateConfig({
  description:
    "It has broken just now. One that was whole a short while ago may have to wait first.",
  always: [
    { guard: "mustWait", target: "retrying", actions: relapse },
    { guard: "hasRelapsed", target: "queued", actions: relapse },
    { guard: "isProving", target: "proving" },
    { target: "queued" },
  ],
} satisfies State);

const queued = base.createStateConfig({
  description: "It wants a slot, and waits for its turn.",
  entry: "reportDue",
  on: {
    "slot.granted": [
      { guard: "fetches", target: "fetching" },
      { guard: "reconnects", target: "reconnecting" },
      { target: "resubscribing" },
    ],
    "host.failed": { actions: [failure, "reportMiss"] },
  },
} satisfies State);

const resubscribing = base.createStateConfig({
  description: "The topic was ended and asked for again. Waits for the venue to start it over.",
  entry: ["countTry", "resubscribe"],
  after: { timeout: { target: "retrying", actions: lateness } },
  on: refutation,
} satisfies State);

const reconnecting = base.createStateConfig({
  description: "A new socket was asked for. Its coming ends this recovery.",
  entry: ["countTry", "requestReconnect"],
  after: { timeout: { target: "retrying", actions: lateness } },
  on: refutation,
} satisfies State);

const fetching = base.createStateConfig({
  description: "A snapshot is under way; the deltas wait for it.",
  entry: "countTry",
  invoke: {
    src: "fetch",
    id: "fetch",
    input: ({ context: { door, request } }) => ({ door, request }),
  },
  after: {
    timeout: { target: "queued", actions: [lateness, { type: "reportHost", params: undefined }] },
  },
  on: {
    "snapshot.joined": whole,
    "snapshot.outdated": { target: "retrying", actions: "noteOutdated" },
    "snapshot.refused": { target: "refused", actions: [failure, "noteRefusal"] },
    "snapshot.failed": [
      {
        guard: { type: "concernsHost", params: ({ event }) => event.isHosts },
        target: "queued",
        actions: [failure, { type: "reportHost", params: ({ event }) => event.retryAfterMs }],
      },
      { target: "retrying", actions: failure },
    ],
  },
} satisfies State);

const retrying = base.createStateConfig({
  description:
    "It waits before its next try, without a slot: longer each time, and slowly once it is failing.",
  entry: "reportMiss",
  after: { retryWait: [{ guard: "mustHold", target: "holding" }, { target: "queued" }] },
} satisfies State);

const holding = base.createStateConfig({
  description:
    "Its last snapshot was older than what was delivered. The deltas wait again, for one that is as old as this.",
  entry: "holdDeltas",
  after: { hold: "queued" },
} satisfies State);

const refused = base.createStateConfig({
  description: "Its snapshot is refused for good. Only another break makes it try again.",
  entry: "reportMiss",
  on: { "stream.broken": { target: "retrying", actions: "forgetRefusal" } },
} satisfies State);

const proving = base.createStateConfig({
  description: "It is whole after it broke again and again: that is said when it has stayed so.",
  entry: "reportProving",
  after: { proof: "recovered" },
  on: { "stream.broken": { target: "retrying", actions: recurrence } },
} satisfies State);

const recovered = base.createStateConfig({
  description: "The stream is whole.",
  type: "final",
  entry: "reportEnd",
} satisfies State);

export type RecoveryState =
  | "starting"
  | "queued"
  | "resubscribing"
  | "reconnecting"
  | "fetching"
  | "retrying"
  | "holding"
  | "refused"
  | "proving"
  | "recovered";

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

export const recoveryMachine: RecoveryMachine = base.createMachine({
  id: "recovery",
  context: ({ input }) => ({
    ...input,
    tries: 0,
    failures: input.request.failures,
    recurrences: input.request.recurrences,
    isRefused: false,
    isOutdated: false,
    retryInMs: 0,
    detail: "",
  }),
  initial: "starting",
  states: {
    starting,
    queued,
    resubscribing,
    reconnecting,
    fetching,
    retrying,
    holding,
    refused,
    proving,
    recovered,
  },
  on: {
    "stream.restarted": [{ guard: "mustProve", target: ".proving" }, { target: ".recovered" }],
  },
});
