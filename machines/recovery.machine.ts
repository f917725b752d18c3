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
import type {
  ActorRefFrom,
  EventObject,
  MetaObject,
  NonReducibleUnknown,
  StateMachine,
  StateSchema,
} from "xstate";
import {
  base,
  type fetch,
  type RecoveryContext,
  type RecoveryEvent,
  type RecoveryInput,
} from "./recovery.setup.ts";

export type {
  RecoveryContext,
  RecoveryEvent,
  RecoveryInput,
  RecoveryReport,
} from "./recovery.setup.ts";

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
  description:
    "It is whole after it broke again and again: that is said when it has stayed so, over all sockets together.",
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
    provedMs: input.request.provedMs,
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
