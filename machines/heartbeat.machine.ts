/**
 * The heartbeat: silence, a question, a doubt, an end.
 *
 * Any inbound byte is life, so a busy connection is never probed. Detection is bounded: `intervalMs +
 * timeoutMs` after the last byte, plus one turn of the event loop. A late timer means that *we* were
 * away (a blocked loop, a stopped process): data may lie unread, so the peer is asked again instead of
 * being declared dead (faults.md §0 #10, §A6). Only after a stop of minutes nobody is asked any more: the
 * peer has given us up long ago, and the sooner there is a new socket the better.
 */
import {
  assign,
  setup,
  type ActorRefFrom,
  type AnyActorRef,
  type EventObject,
  type MetaObject,
  type StateMachine,
  type StateSchema,
} from "xstate";
import type { HeartbeatPolicy } from "./connection.context.ts";
import type { ConnectionLink, PeerChecked } from "./link.ts";

export interface HeartbeatInput {
  readonly link: ConnectionLink;
  /** `null`: no heartbeat. */
  readonly policy: HeartbeatPolicy | null;
  /** When the socket opened. Without it a stop before the first check is not seen. */
  readonly startedAtMs?: number | undefined;
}

export interface HeartbeatContext {
  readonly link: ConnectionLink;
  readonly policy: HeartbeatPolicy;
  readonly isOff: boolean;
  /** Silence at the last check, in milliseconds. */
  readonly silentMs: number;
  /** When that was; the beginning before it; 0 where neither is known. */
  readonly checkedAtMs: number;
  /** We ourselves stood still for too long. */
  readonly wasAway: boolean;
  /** Probes repeated in a row because our own loop was late. */
  readonly repeats: number;
}

export interface HeartbeatOutput {
  readonly silentMs: number;
  readonly atMs: number;
  /** It is not the peer that was silent for too long: our own process stood still. */
  readonly wasAway: boolean;
}

/** How often in a row our own lateness excuses the peer: a loop that is always late must still end. */
const MAX_REPEATS = 3;

/** As long as Ably keeps the state of a connection that is gone (RTN14e). */
const SUSPENDED_AFTER_MS = 120_000;

const words = setup({
  types: {} as {
    context: HeartbeatContext;
    input: HeartbeatInput;
    events: PeerChecked;
    output: HeartbeatOutput;
  },
  actions: {
    checkPeer: ({ context, self }) => context.link.checkPeer((checked) => self.send(checked)),
    checkPeerNextTurn: ({ context, self }) =>
      context.link.checkPeerNextTurn((checked) => self.send(checked)),
    probePeer: ({ context }) => context.link.probePeer(),
    noteSilence: assign((_, checked: PeerChecked) => ({
      silentMs: checked.silentMs,
      checkedAtMs: checked.atMs,
    })),
    noteAbsence: assign({ wasAway: true }),
    excuse: assign({ repeats: ({ context }) => context.repeats + 1 }),
    trust: assign({ repeats: 0 }),
  },
  guards: {
    isOff: ({ context }) => context.isOff,
    /** Something came within the interval. */
    wasHeard: ({ context }, silentMs: number) => silentMs < context.policy.intervalMs,
    /** Something came since the probe. Compared with the probe, not with the timeout: timers fire early. */
    hasAnswered: ({ context }, { silentMs, atMs }: PeerChecked) =>
      silentMs <= atMs - context.checkedAtMs,
    /** So long after the last check that our own process must have stood still. */
    wasAway: ({ context: { policy, checkedAtMs } }, atMs: number) =>
      checkedAtMs > 0 &&
      atMs - checkedAtMs > policy.intervalMs + (policy.suspendedAfterMs ?? SUSPENDED_AFTER_MS),
    /** The timer fired later than half a timeout after its time. */
    wasLate: ({ context }, atMs: number) =>
      context.repeats < MAX_REPEATS && atMs - context.checkedAtMs > context.policy.timeoutMs * 1.5,
  },
  delays: {
    restOfInterval: ({ context }) => Math.max(context.policy.intervalMs - context.silentMs, 0),
    timeout: ({ context }) => context.policy.timeoutMs,
  },
});

type State = Parameters<typeof words.createStateConfig>[0];

/** Asked first: what was heard before a long stop says nothing about now. */
const afterAbsence = {
  guard: { type: "wasAway", params: ({ event }: { event: PeerChecked }) => event.atMs },
  target: "expired",
  actions: [
    { type: "noteSilence", params: ({ event }: { event: PeerChecked }) => event },
    "noteAbsence",
  ],
} as const;

const off = words.createStateConfig({
  description: "No heartbeat is wanted.",
} satisfies State);

const quiet = words.createStateConfig({
  description: "The peer was heard. Waits until it could have been silent for the whole interval.",
  always: { guard: "isOff", target: "off" },
  entry: "trust",
  after: { restOfInterval: { actions: "checkPeer" } },
  on: {
    "peer.checked": [
      afterAbsence,
      {
        guard: { type: "wasHeard", params: ({ event }) => event.silentMs },
        target: "quiet",
        reenter: true,
        actions: { type: "noteSilence", params: ({ event }) => event },
      },
      { target: "probing", actions: { type: "noteSilence", params: ({ event }) => event } },
    ],
  },
} satisfies State);

const probing = words.createStateConfig({
  description: "Silent for the whole interval. The peer has been asked; waits for any byte.",
  entry: "probePeer",
  after: { timeout: { actions: "checkPeer" } },
  on: {
    "peer.checked": [
      afterAbsence,
      {
        guard: { type: "hasAnswered", params: ({ event }) => event },
        target: "quiet",
        actions: { type: "noteSilence", params: ({ event }) => event },
      },
      {
        guard: { type: "wasLate", params: ({ event }) => event.atMs },
        target: "probing",
        reenter: true,
        actions: ["excuse", { type: "noteSilence", params: ({ event }) => event }],
      },
      { target: "doubting" },
    ],
  },
} satisfies State);

const doubting = words.createStateConfig({
  description: "No answer. One more turn of the loop, so that data already waiting is read first.",
  entry: "checkPeerNextTurn",
  on: {
    "peer.checked": [
      {
        guard: { type: "hasAnswered", params: ({ event }) => event },
        target: "quiet",
        actions: { type: "noteSilence", params: ({ event }) => event },
      },
      { target: "expired", actions: { type: "noteSilence", params: ({ event }) => event } },
    ],
  },
} satisfies State);

const expired = words.createStateConfig({
  description: "The peer is presumed dead, or we were away for so long that it has given us up.",
  type: "final",
} satisfies State);

export type HeartbeatState = "off" | "quiet" | "probing" | "doubting" | "expired";

export type HeartbeatMachine = StateMachine<
  HeartbeatContext,
  PeerChecked,
  Record<string, AnyActorRef | undefined>,
  never,
  never,
  never,
  never,
  HeartbeatState,
  string,
  HeartbeatInput,
  HeartbeatOutput,
  EventObject,
  MetaObject,
  StateSchema
>;
export type HeartbeatActor = ActorRefFrom<HeartbeatMachine>;

/** Final means: force the close. */
export const heartbeatMachine: HeartbeatMachine = words.createMachine({
  id: "heartbeat",
  context: ({ input }) => ({
    link: input.link,
    policy: input.policy ?? { intervalMs: 0, timeoutMs: 0 },
    isOff: input.policy === null,
    silentMs: 0,
    checkedAtMs: input.startedAtMs ?? 0,
    wasAway: false,
    repeats: 0,
  }),
  initial: "quiet",
  states: { off, quiet, probing, doubting, expired },
  output: ({ context }) => ({
    silentMs: context.silentMs,
    atMs: context.checkedAtMs,
    wasAway: context.wasAway,
  }),
});
