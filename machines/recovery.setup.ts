/**
 * The words of a recovery's chart (`recovery.machine.ts`): what it remembers, what it hears and tells, and
 * what its guards, delays and actions do.
 */
import {
  assign,
  fromCallback,
  sendTo,
  setup,
  type ActorRef,
  type CallbackActorLogic,
  type EventObject,
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

export interface Failed extends Count {
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
  /** How much of its proof is done; none of it after another break. In milliseconds. */
  readonly provedMs: number;
}

type FetchInput = Pick<RecoveryContext, "door" | "request">;

/** However the state is left, what is under way is ended by this actor's cleanup. */
export const fetch: CallbackActorLogic<EventObject, FetchInput> = fromCallback<
  EventObject,
  FetchInput
>(({ input: { door, request }, sendBack }) => door.fetchSnapshot(request.stream, sendBack));

export const base = setup({
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
    proof: ({ context }) => Math.max(proofMs(context.recurrences) - context.provedMs, 0),
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
      provedMs: 0,
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
