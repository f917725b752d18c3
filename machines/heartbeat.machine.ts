/**
 * The heartbeat: silence, a question, a doubt, an end.
 *
 * Any inbound byte is life, so a busy connection is never probed. The link watches the peer by the rules
 * of `policy/beat.ts`; this chart hears of what they do not settle: nobody answered, or we were away.
 * Detection is bounded: `intervalMs + timeoutMs` after the last byte, plus one turn of the event loop. A
 * late timer means that *we* were away (a blocked loop, a stopped process): data may lie unread, so the
 * peer is asked again instead of being declared dead (faults.md §0 #10, §A6). Only after a stop of minutes
 * nobody is asked any more: the peer has given us up long ago, and the sooner there is a new socket the
 * better.
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
import type { ConnectionLink, PeerChecked, PeerUnheard } from "./link.ts";
import { hasAnswered, wasAway, type Silence } from "./policy/beat.ts";

export interface HeartbeatInput {
  readonly link: ConnectionLink;
  /** `null`: no heartbeat. */
  readonly policy: HeartbeatPolicy | null;
  /** When the socket opened. Without it a stop before the first look is not seen. */
  readonly startedAtMs?: number | undefined;
}

export interface HeartbeatContext {
  readonly link: ConnectionLink;
  readonly policy: HeartbeatPolicy;
  readonly isWanted: boolean;
  /** Silence at the last look, in milliseconds. */
  readonly silentMs: number;
  /** When the peer was last asked, or found alive; the beginning before it; 0 where neither is known. */
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

type Events = PeerChecked | PeerUnheard;

/** A look, and when the peer had been looked at, or asked, before. */
interface Look extends Silence {
  readonly lastAtMs: number;
}

const words = setup({
  types: {} as {
    context: HeartbeatContext;
    input: HeartbeatInput;
    events: Events;
    output: HeartbeatOutput;
  },
  actions: {
    // XState binds `send`, so that it may be handed on as it is.
    watchPeer: ({ context: { link, policy, silentMs, checkedAtMs }, self }) =>
      link.watchPeer({ policy, silentMs, sinceMs: checkedAtMs }, self.send),
    checkPeer: ({ context, self }) => context.link.checkPeer((checked) => self.send(checked)),
    checkPeerNextTurn: ({ context, self }) =>
      context.link.checkPeerNextTurn((checked) => self.send(checked)),
    probePeer: ({ context }) => context.link.probePeer(),
    note: assign((_, { silentMs, atMs }: Silence) => ({ silentMs, checkedAtMs: atMs })),
    noteAbsence: assign({ wasAway: true }),
    excuse: assign({ repeats: ({ context }) => context.repeats + 1 }),
    trust: assign({ repeats: 0 }),
  },
  guards: {
    isWanted: ({ context }) => context.isWanted,
    hasAnswered: ({ context }, found: Silence) => hasAnswered(context.checkedAtMs, found),
    /** Our own process stood still for minutes. */
    wasAway: ({ context }, { lastAtMs, atMs }: Look) => wasAway(context.policy, lastAtMs, atMs),
    /** The timer fired later than half a timeout after its time. */
    wasLate: ({ context: { repeats, policy } }, { lastAtMs, atMs }: Look) =>
      repeats < MAX_REPEATS && atMs - lastAtMs > policy.timeoutMs * 1.5,
  },
  delays: {
    timeout: ({ context }) => context.policy.timeoutMs,
  },
});

type State = Parameters<typeof words.createStateConfig>[0];

const off = words.createStateConfig({
  description: "Where a heartbeat begins, and stays if none is wanted.",
  always: { guard: "isWanted", target: "watching" },
} satisfies State);

const watching = words.createStateConfig({
  description: "The peer talks, or answers when it is asked: the link watches it meanwhile.",
  entry: ["trust", "watchPeer"],
  on: {
    "peer.unheard": [
      {
        guard: { type: "wasAway", params: ({ event }) => event },
        target: "expired",
        actions: [{ type: "note", params: ({ event }) => event }, "noteAbsence"],
      },
      {
        guard: { type: "wasLate", params: ({ event }) => event },
        target: "probing",
        actions: ["excuse", { type: "note", params: ({ event }) => event }],
      },
      {
        target: "doubting",
        // When it was asked: whatever came since is an answer.
        actions: {
          type: "note",
          params: ({ event }) => ({ silentMs: event.silentMs, atMs: event.lastAtMs }),
        },
      },
    ],
  },
} satisfies State);

const probing = words.createStateConfig({
  description: "Nobody looked in time. The peer is asked again; waits for any byte.",
  entry: "probePeer",
  after: { timeout: { actions: "checkPeer" } },
  on: {
    "peer.checked": [
      {
        guard: { type: "wasAway", params: look },
        target: "expired",
        actions: [{ type: "note", params: ({ event }) => event }, "noteAbsence"],
      },
      {
        guard: { type: "hasAnswered", params: ({ event }) => event },
        target: "watching",
        actions: { type: "note", params: ({ event }) => event },
      },
      {
        guard: { type: "wasLate", params: look },
        target: "probing",
        reenter: true,
        actions: ["excuse", { type: "note", params: ({ event }) => event }],
      },
      { target: "doubting" },
    ],
  },
} satisfies State);

function look({ context, event }: { context: HeartbeatContext; event: PeerChecked }): Look {
  return { ...event, lastAtMs: context.checkedAtMs };
}

const doubting = words.createStateConfig({
  description: "No answer. One more turn of the loop, so that data already waiting is read first.",
  entry: "checkPeerNextTurn",
  on: {
    "peer.checked": [
      {
        guard: { type: "hasAnswered", params: ({ event }) => event },
        target: "watching",
        actions: { type: "note", params: ({ event }) => event },
      },
      { target: "expired", actions: { type: "note", params: ({ event }) => event } },
    ],
  },
} satisfies State);

const expired = words.createStateConfig({
  description: "The peer is presumed dead, or we were away for so long that it has given us up.",
  type: "final",
} satisfies State);

export type HeartbeatState = "off" | "watching" | "probing" | "doubting" | "expired";

export type HeartbeatMachine = StateMachine<
  HeartbeatContext,
  Events,
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
    isWanted: input.policy !== null,
    silentMs: 0,
    checkedAtMs: input.startedAtMs ?? 0,
    wasAway: false,
    repeats: 0,
  }),
  initial: "off",
  states: { off, watching, probing, doubting, expired },
  output: ({ context }) => ({
    silentMs: context.silentMs,
    atMs: context.checkedAtMs,
    wasAway: context.wasAway,
  }),
});
