/**
 * One supervised connection, over all its sockets.
 *
 *   connecting ──opened──▶ connected { resubscribing ▶ probation ▶ stable }
 *       ▲  │lost               │lost                     │close
 *  after│  ▼                   ▼                         ▼
 *  backoff reconnecting ◀── (failed: refused, or retries exhausted) closing ▶ closed
 *
 * Read each state as a sentence: what is true while it holds, and what ends it. The words are defined
 * in `connection.setup.ts`, the numbers decided in `connection.context.ts`, what a loss means in
 * `policy/verdict-table.ts`. No message ever comes through here.
 */
import type { ActorRefFrom, MetaObject, SnapshotFrom, StateMachine, StateSchema } from "xstate";
import {
  initialContext,
  type ConnectionContext,
  type ConnectionInput,
} from "./connection.context.ts";
import { beginsAgain } from "./connection.restore.ts";
import type {
  CommandGiven,
  ConnectionEmitted,
  ConnectionEvent,
  SocketLost,
} from "./connection.events.ts";
import {
  words,
  type ConnectionOutput,
  type ConnectionTag,
  type SocketLogic,
} from "./connection.setup.ts";
import type { HeartbeatMachine } from "./heartbeat.machine.ts";
import type { RecoveriesMachine } from "./recoveries.machine.ts";

type State = Parameters<typeof words.createStateConfig>[0];

/** Every loss, wherever it comes from, is decided here: failed, or reconnecting. */
const onLost = [
  {
    guard: { type: "isRefused", params: ({ event }: { event: SocketLost }) => event },
    target: "#connection.failed",
    actions: [record(), "giveUp", "announceLoss", "announceFailed"],
  },
  {
    guard: "isExhausted",
    target: "#connection.failed",
    actions: [record(), "giveUp", "announceLoss", "announceFailed"],
  },
  { target: "#connection.reconnecting", actions: [record(), "announceLoss"] },
] as const;

function record() {
  return { type: "recordLoss", params: ({ event }: { event: SocketLost }) => event } as const;
}

/** A command that dials is heard with its time: then its bucket says whether it may, or waits. */
function timed(command: CommandGiven["command"]) {
  return { actions: { type: "timeCommand", params: command } } as const;
}

function given<T extends string>(type: T) {
  return { type, params: ({ event }: { event: CommandGiven }) => event } as const;
}

/** A command ends the attempt or the socket, and another one is dialled now. */
const dialInItsPlace = [
  "recordRequest",
  given("chooseCloseFrame"),
  given("dialOnCommand"),
  "announceLoss",
] as const;

/** The same, where the command has to wait for a token. */
const waitInItsPlace = [
  "recordRequest",
  given("chooseCloseFrame"),
  given("delayCommand"),
  "announceLoss",
  given("announceDelay"),
] as const;

const connecting = words.createStateConfig({
  description: "One attempt is under way: URL and credentials, DNS, TCP, TLS, upgrade, login.",
  tags: "queues",
  entry: ["holdSends", "dropPlan", "countAttempt", "dropSocket", "openSocket", "dialSocket"],
  after: { connectTimeout: { actions: "judgeTimeout" } },
  on: {
    "socket.dialled": { actions: { type: "recordDial", params: ({ event }) => event.atMs } },
    "socket.progressed": { actions: { type: "recordPhase", params: ({ event }) => event.phase } },
    "socket.opened": {
      target: "connected",
      actions: [
        { type: "recordPhase", params: "open" },
        { type: "planByAge", params: ({ event }) => event.atMs },
      ],
    },
    "socket.ended": {
      guard: { type: "isCurrent", params: ({ event }) => event.attempt },
      actions: { type: "judgeLoss", params: ({ event }) => event },
    },
    "socket.lost": onLost,
    reconnect: timed("reconnect"),
    "command.given": [
      {
        guard: given("mayDial"),
        target: "connecting",
        reenter: true,
        actions: dialInItsPlace,
      },
      {
        target: "reconnecting",
        actions: waitInItsPlace,
      },
    ],
    close: "closed",
  },
} satisfies State);

const resubscribing = words.createStateConfig({
  description: "The wanted subscriptions are being sent again on the new socket.",
  tags: ["queues", "replays"],
  after: { resubscribeTimeout: { target: "probation", actions: "abandonReplay" } },
  on: { "subscriptions.settled": "probation" },
} satisfies State);

const probation = words.createStateConfig({
  description: "Ready, not yet trusted: past failures still count.",
  tags: ["ready", "sends"],
  entry: ["announceUp", "startSending"],
  after: { stableAfter: "stable" },
} satisfies State);

const stable = words.createStateConfig({
  description: "Ready long enough to forgive past failures.",
  tags: ["ready", "sends"],
  entry: "forgiveFailures",
} satisfies State);

const connected = words.createStateConfig({
  description: "The socket is open and its peer is alive.",
  tags: "delivers",
  entry: ["replaySubscriptions", "followPlan"],
  invoke: {
    src: "heartbeat",
    id: "heartbeat",
    input: ({ context, event }) => ({
      link: context.link,
      policy: context.policy.heartbeat,
      startedAtMs: event.type === "socket.opened" ? event.atMs : undefined,
    }),
    onDone: { actions: { type: "judgeSilence", params: ({ event }) => event.output } },
  },
  initial: "resubscribing",
  states: { resubscribing, probation, stable },
  on: {
    "socket.ended": { actions: { type: "judgeLoss", params: ({ event }) => event } },
    "socket.lost": onLost,
    reconnect: timed("reconnect"),
    "command.given": [
      {
        guard: given("mayDial"),
        target: "connecting",
        actions: dialInItsPlace,
      },
      {
        target: "reconnecting",
        actions: waitInItsPlace,
      },
    ],
    "socket.expiring": {
      guard: { type: "isBroughtForward", params: ({ event }) => event },
      actions: [{ type: "planByNotice", params: ({ event }) => event }, "followPlan"],
    },
    "socket.mute": {
      guard: { type: "isBroughtForward", params: ({ event }) => event },
      actions: [{ type: "planByMute", params: ({ event }) => event }, "followPlan"],
    },
    // The seam for make-before-break: then this begins a second connection, and ends nothing yet.
    "rotation.due": {
      target: "connecting",
      actions: ["recordRotation", "announceLoss"],
    },
    close: {
      target: "closing",
      actions: { type: "closeSocket", params: ({ event }) => event },
    },
  },
} satisfies State);

const reconnecting = words.createStateConfig({
  description: "No socket. The next attempt is scheduled.",
  tags: "queues",
  entry: ["holdSends", "dropPlan", "dropSocket", "recordWait"],
  after: { backoff: "connecting" },
  on: {
    connect: timed("connect"),
    reconnect: timed("reconnect"),
    "command.given": [
      { guard: given("mayDial"), target: "connecting", actions: given("dialOnCommand") },
      { guard: "isDelayTold" },
      { guard: given("isOvertaken"), actions: ["noteDelay", given("announceScheduled")] },
      {
        target: "reconnecting",
        reenter: true,
        actions: [given("delayCommand"), given("announceDelay")],
      },
    ],
    close: "closed",
  },
} satisfies State);

const failed = words.createStateConfig({
  description: "Refused for good, or out of retries. Rests until the owner says connect.",
  entry: ["holdSends", "dropPlan", "dropSocket", "closeDesk"],
  on: {
    connect: timed("connect"),
    reconnect: timed("reconnect"),
    "command.given": [
      {
        guard: given("mayDial"),
        target: "connecting",
        actions: ["startAfresh", "armLongOutage", given("dialOnCommand")],
      },
      {
        target: "reconnecting",
        actions: ["startAfresh", "armLongOutage", given("delayCommand"), given("announceDelay")],
      },
    ],
    close: "closed",
  },
} satisfies State);

const closing = words.createStateConfig({
  description: "The owner asked to stop: closing handshake, under a deadline of its own.",
  entry: ["holdSends", "dropPlan", "disarmLongOutage"],
  after: { closeTimeout: "closed" },
  on: { "socket.ended": "closed" },
} satisfies State);

const closed = words.createStateConfig({
  description: "Over.",
  type: "final",
  entry: ["holdSends", "dropPlan", "dropSocket", "announceClosed"],
} satisfies State);

export type ConnectionState =
  | "connecting"
  | { connected: "resubscribing" | "probation" | "stable" }
  | "reconnecting"
  | "failed"
  | "closing"
  | "closed";

export type ConnectionChildren = {
  socket?: ActorRefFrom<SocketLogic>;
  heartbeat?: ActorRefFrom<HeartbeatMachine>;
  recoveries?: ActorRefFrom<RecoveriesMachine>;
};

/** Written out, not inferred: a short declaration, and no way to swap parts by accident. */
export type ConnectionMachine = StateMachine<
  ConnectionContext,
  ConnectionEvent,
  ConnectionChildren,
  never,
  never,
  never,
  never,
  ConnectionState,
  ConnectionTag,
  ConnectionInput,
  ConnectionOutput,
  ConnectionEmitted,
  MetaObject,
  StateSchema
>;
export type ConnectionActor = ActorRefFrom<ConnectionMachine>;
export type ConnectionSnapshot = SnapshotFrom<ConnectionMachine>;

/** The one definition that serves every connection; what differs comes in as `input`. */
export const connectionMachine: ConnectionMachine = beginsAgain(
  words.createMachine({
    id: "connection",
    options: { maxIterations: 100 },
    context: ({ input }) => initialContext(input),
    entry: ["attachLink", "armLongOutage"],
    initial: "connecting",
    states: { connecting, connected, reconnecting, failed, closing, closed },
    on: {
      "outage.prolonged": { actions: "alertLongOutage" },
      "desk.wanted": { actions: "openDesk" },
      terminate: { target: ".closed", actions: "omitCloseFrame" },
    },
    output: ({ context }) => ({ lastLoss: context.lastLoss }),
  }),
);
