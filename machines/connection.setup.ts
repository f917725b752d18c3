/**
 * The words of the connection chart: its actors, actions, guards and delays, each under one name.
 *
 * The chart itself (`connection.machine.ts`) holds no logic; the golden print, the inspector and the
 * coverage report all show these names. Nothing here may throw: link methods are total, and the
 * arithmetic (`connection.context.ts`) only reads numbers that were checked with the options.
 */
import {
  assign,
  cancel,
  emit,
  fromCallback,
  raise,
  sendTo,
  setup,
  spawnChild,
  stopChild,
  type CallbackActorLogic,
} from "xstate";
import type { CloseFrameChoice } from "./close-frame.ts";
import { afterCommand, afterDelay, commandWaitMs, isOvertaken } from "./connection.commands.ts";
import {
  afterDial,
  afterFailed,
  afterLoss,
  afterRequest,
  afterRotation,
  afterUp,
  forgiven,
  isExhausted,
  judged,
  startedAfresh,
  type ConnectionContext,
  type ConnectionInput,
} from "./connection.context.ts";
import type {
  CommandGiven,
  ConnectionAlert,
  ConnectionEmitted,
  ConnectionEvent,
  SocketExpiring,
  SocketFact,
  SocketLost,
  SocketMute,
} from "./connection.events.ts";
import {
  isBroughtForward,
  plannedByAge,
  plannedByMute,
  plannedByNotice,
} from "./connection.rotation.ts";
import { heartbeatMachine, type HeartbeatOutput } from "./heartbeat.machine.ts";
import { recoveriesMachine } from "./recoveries.machine.ts";
import type { Attempt, ConnectionLink, ConnectionOwner } from "./link.ts";
import type { Loss, LossPhase } from "./loss.ts";

/** What a state means to whoever only looks; nobody compares state names. */
export type ConnectionTag = "queues" | "replays" | "ready" | "sends" | "delivers";

export interface ConnectionOutput {
  readonly lastLoss: Loss | null;
}

interface SocketInput {
  readonly link: ConnectionLink;
  readonly attempt: Attempt;
}

type SocketCommand = { readonly type: "dial" } | ({ readonly type: "close" } & CloseFrameChoice);

export type SocketLogic = CallbackActorLogic<SocketCommand, SocketInput>;

/**
 * One actor per attempt: it exists exactly as long as its socket may. Once it is stopped XState drops
 * whatever that socket still has to say, and its cleanup drops the socket, on every way out.
 *
 * It dials when told to, not as it starts: XState starts the children of an initial state before it
 * runs that state's entry actions, and the link would be asked to dial before it is attached.
 */
const socket: SocketLogic = fromCallback<SocketCommand, SocketInput>(
  ({ input: { link, attempt }, sendBack, receive }) => {
    // XState still relays during the cleanup; what is said then would be heard as the next socket's.
    let isOver = false;
    const report = (fact: SocketFact): void => {
      if (isOver) return;
      sendBack(fact.type === "socket.ended" ? { ...fact, attempt: attempt.number } : fact);
    };
    receive((command) => {
      switch (command.type) {
        case "dial":
          link.dial(attempt, report);
          return;
        case "close":
          link.closeSocket({ code: command.code, reason: command.reason });
          return;
      }
    });
    return () => {
      isOver = true;
      link.dropSocket();
    };
  },
);

const base = setup({
  types: {} as {
    context: ConnectionContext;
    events: ConnectionEvent;
    input: ConnectionInput;
    output: ConnectionOutput;
    emitted: ConnectionEmitted;
    tags: ConnectionTag;
    children: { socket: "socket"; heartbeat: "heartbeat"; recoveries: "recoveries" };
  },
  actors: { socket, heartbeat: heartbeatMachine, recoveries: recoveriesMachine },
  guards: {
    /** An attempt that fails as it begins may be over before that is heard: a command came in between. */
    isCurrent: ({ context }, attempt: number | undefined) =>
      attempt === undefined || attempt === context.attempt,
    isRefused: (_, lost: SocketLost) => lost.verdict.action === "refuse",
    isExhausted: ({ context }) => isExhausted(context),
    mayDial: ({ context }, { atMs }: CommandGiven) => commandWaitMs(context, atMs) === 0,
    isDelayTold: ({ context }) => context.commands.isDelayTold,
    isOvertaken: ({ context }, given: CommandGiven) => isOvertaken(context, given),
    isBroughtForward: ({ context }, event: SocketExpiring | SocketMute) =>
      isBroughtForward(context, event),
  },
  delays: {
    connectTimeout: ({ context }) => context.policy.connectTimeoutMs,
    backoff: ({ context }) => context.retryInMs ?? 0,
    resubscribeTimeout: ({ context }) => context.policy.resubscribeTimeoutMs,
    stableAfter: ({ context }) => context.policy.stableAfterMs,
    closeTimeout: ({ context }) => context.policy.closeTimeoutMs,
    longOutage: ({ context }) => context.policy.longOutageAfterMs,
    rotation: ({ context }) => context.rotation?.inMs ?? 0,
  },
  actions: {
    attachLink: ({ context: { link, parent }, self }) =>
      link.attach(self as unknown as ConnectionOwner, parent ?? undefined),

    /** One for all sockets: a stream may be broken longer than a socket lasts. */
    openDesk: spawnChild("recoveries", {
      id: "recoveries",
      input: ({ context: { link, policy } }) => ({
        door: link.recoveries,
        policy: policy.recovery,
      }),
    }),

    /** Nothing waits in `failed`, also not for a host that fails. The next break opens another one. */
    closeDesk: stopChild("recoveries"),

    // The socket.
    openSocket: spawnChild("socket", {
      id: "socket",
      input: ({ context }) => ({
        link: context.link,
        attempt: { reason: context.dialReason, number: context.attempt },
      }),
    }),
    dialSocket: sendTo("socket", { type: "dial" } satisfies SocketCommand),
    dropSocket: stopChild("socket"),
    closeSocket: sendTo("socket", (_, { code, reason }: CloseFrameChoice): SocketCommand => ({
      type: "close",
      code,
      reason,
    })),
    /** For the socket that is about to be dropped: what its peer is told. */
    chooseCloseFrame: ({ context }, { code, reason }: CloseFrameChoice) =>
      context.link.endWith({ code, reason }),
    omitCloseFrame: ({ context }) => context.link.endWith(null),

    // The link's mode.
    holdSends: ({ context }) => context.link.holdSends(),
    replaySubscriptions: ({ context }) => context.link.replaySubscriptions(),
    abandonReplay: ({ context }) => context.link.abandonReplay(),
    startSending: ({ context }) => context.link.startSending(),

    // What is remembered.
    countAttempt: assign({
      attempt: ({ context }) => context.attempt + 1,
      dialledAtMs: null,
      phase: "resolve",
    }),
    recordDial: assign(({ context }, atMs: number) => afterDial(context, atMs)),
    recordPhase: assign({ phase: (_, phase: LossPhase) => phase }),
    recordLoss: assign(({ context }, lost: SocketLost) => afterLoss(context, lost)),
    /** The owner asked for a new socket: an outage like any other, but nobody's failure. */
    recordRequest: assign(({ context }) => afterRequest(context)),
    recordRotation: assign(({ context }) => afterRotation(context)),
    giveUp: assign(({ context }) => afterFailed(context)),
    recordWait: assign({
      retryAtMs: ({ context }) => context.link.nowMs() + (context.retryInMs ?? 0),
    }),
    forgiveFailures: assign(({ context }) => forgiven(context)),
    startAfresh: assign(({ context }) => startedAfresh(context)),

    // Commands that dial. They come without a time, and their bucket needs one.
    timeCommand: raise(({ context, event }, command: CommandGiven["command"]) => ({
      type: "command.given" as const,
      command,
      atMs: context.link.nowMs(),
      ...(event.type === "reconnect" && { code: event.code, reason: event.reason }),
    })),
    dialOnCommand: assign(({ context }, command: CommandGiven) => afterCommand(context, command)),
    delayCommand: assign(({ context }, given: CommandGiven) => afterDelay(context, given)),
    noteDelay: assign({
      commands: ({ context }) => ({ ...context.commands, isDelayTold: true }),
    }),
    announceDelay: emit(({ context }, { command }: CommandGiven) => ({
      type: "command.delayed" as const,
      command,
      retryInMs: context.retryInMs ?? 0,
    })),
    /** The attempt that is scheduled comes first. */
    announceScheduled: emit(({ context }, { command, atMs }: CommandGiven) => ({
      type: "command.delayed" as const,
      command,
      retryInMs: Math.max(context.retryAtMs - atMs, 0),
    })),

    // Losses, all in one shape.
    judgeLoss: raise(({ context }, ended: { loss: Loss; atMs: number }) =>
      judged(context, ended.loss, ended.atMs),
    ),
    judgeTimeout: raise(({ context }) =>
      judged(
        context,
        { class: "handshake-timeout", phase: context.phase },
        // No clock here: the timer was armed at the dial, so this is when it was due.
        (context.dialledAtMs ?? 0) + context.policy.connectTimeoutMs,
      ),
    ),
    judgeSilence: raise(({ context }, { silentMs, atMs, wasAway }: HeartbeatOutput) =>
      judged(context, { class: wasAway ? "suspended" : "silent", phase: "open", silentMs }, atMs),
    ),

    // The planned reconnect. Its timer is the open socket's, whatever substate that is in.
    planByAge: assign(({ context }, openedAtMs: number) => plannedByAge(context, openedAtMs)),
    planByNotice: assign(({ context }, notice: SocketExpiring) => plannedByNotice(context, notice)),
    planByMute: assign(({ context }, mute: SocketMute) => plannedByMute(context, mute)),
    forgetPlan: assign({ rotation: null }),
    armRotation: raise({ type: "rotation.due" }, { id: "rotation", delay: "rotation" }),
    disarmRotation: cancel("rotation"),

    // Facts for people. The long-outage timer is one per outage and outlives the states within it.
    armLongOutage: raise({ type: "outage.prolonged" }, { id: "longOutage", delay: "longOutage" }),
    disarmLongOutage: cancel("longOutage"),
    alertLongOutage: emit(({ context }) => ({
      type: "alert" as const,
      alert: {
        kind: "long-outage",
        longOutageAfterMs: context.policy.longOutageAfterMs,
        attempts: context.attempt,
      } satisfies ConnectionAlert,
    })),
    announceClosed: emit(({ context }) => ({
      type: "closed" as const,
      lastLoss: context.lastLoss,
    })),
  },
});

/** `enqueueActions` may name its siblings only in an extension (xstate.md §1.3). */
export const words = base.extend({
  actions: {
    /** The newest plan takes the place of the one before. */
    followPlan: base.enqueueActions(({ context, enqueue }) => {
      enqueue("disarmRotation");
      if (context.rotation !== null) enqueue("armRotation");
    }),
    /** That socket is over, and its plan with it. */
    dropPlan: base.enqueueActions(({ enqueue }) => {
      enqueue("disarmRotation");
      enqueue("forgetPlan");
    }),
    /** `up` on gaining `ready`; the outage, if there was one, is over. */
    announceUp: base.enqueueActions(({ context, enqueue }) => {
      enqueue.emit({ type: "up", attempt: context.attempt });
      enqueue("disarmLongOutage");
      enqueue.assign(afterUp(context));
    }),
    /** `down` once per outage, `attempt.failed` for each dial within it. After `recordLoss`. */
    announceLoss: base.enqueueActions(({ context, enqueue }) => {
      const { lastLoss: loss, lastVerdict, attempt, failures, retryInMs } = context;
      if (loss === null || lastVerdict === null) return;
      const { rule, alerts } = lastVerdict;
      if (context.isUp) {
        enqueue.emit({ type: "down", loss, rule, retryInMs });
        enqueue("disarmLongOutage");
        enqueue("armLongOutage");
        enqueue.assign({ isUp: false });
      } else {
        enqueue.emit({ type: "attempt.failed", loss, rule, attempt, failures, retryInMs });
      }
      const { alerted, isBudgetEmpty, renewal } = context;
      if (alerts && alerted.rule !== rule) {
        enqueue.emit({ type: "alert", alert: { kind: "loss", loss, rule } });
      }
      if (isBudgetEmpty && !alerted.budget && retryInMs !== null) {
        enqueue.emit({ type: "alert", alert: { kind: "retry-budget-empty", retryInMs } });
      }
      // The first refusal is the usual end of a token: new ones were not asked for yet.
      const isRefused = renewal.refused !== null && renewal.calls > 0;
      if (isRefused && !alerted.credentials) {
        enqueue.emit({
          type: "alert",
          alert: { kind: "credentials-refused", ...renewal.refused },
        });
      }
      enqueue.assign({
        alerted: {
          rule: alerts ? rule : alerted.rule,
          budget: isBudgetEmpty,
          credentials: alerted.credentials || isRefused,
        },
      });
    }),
    /** The alert that must not be missed: nothing happens any more until `connect`. */
    announceFailed: base.enqueueActions(({ context, enqueue }) => {
      const { lastLoss: loss, lastVerdict } = context;
      if (loss === null || lastVerdict === null) return;
      const { rule, action } = lastVerdict;
      const cause = action === "refuse" ? "refused" : "retries-exhausted";
      enqueue("disarmLongOutage");
      enqueue.emit({ type: "alert", alert: { kind: "failed", cause, loss, rule } });
      enqueue.emit({ type: "failed", loss, rule });
    }),
  },
});
