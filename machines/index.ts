/** `ws-supervisor/machines`: the charts and the pure decisions they read. */
export {
  connectionMachine,
  type ConnectionActor,
  type ConnectionChildren,
  type ConnectionMachine,
  type ConnectionSnapshot,
  type ConnectionState,
} from "./connection.machine.ts";
export type { Rotation } from "./rotation.ts";
export type { ConnectionOutput, ConnectionTag } from "./connection.setup.ts";
export type {
  ConnectionContext,
  ConnectionInput,
  ConnectionPolicy,
  HeartbeatPolicy,
} from "./connection.context.ts";
export type {
  CommandGiven,
  ConnectionAlert,
  ConnectionCommand,
  ConnectionEmitted,
  ConnectionEvent,
  SocketExpiring,
  SocketFact,
  SocketLost,
  SocketMute,
} from "./connection.events.ts";
export {
  heartbeatMachine,
  type HeartbeatActor,
  type HeartbeatContext,
  type HeartbeatInput,
  type HeartbeatMachine,
  type HeartbeatOutput,
  type HeartbeatState,
} from "./heartbeat.machine.ts";
export type {
  Attempt,
  ConnectionLink,
  ConnectionOwner,
  ConnectionParent,
  ConnectionView,
  DialReason,
  PeerChecked,
  PeerUnheard,
  Watch,
} from "./link.ts";
export {
  recoveriesMachine,
  type RecoveriesContext,
  type RecoveriesMachine,
  type RecoveriesState,
} from "./recoveries.machine.ts";
export {
  recoveryMachine,
  type RecoveryContext,
  type RecoveryMachine,
  type RecoveryState,
} from "./recovery.machine.ts";
export type { RecoveryDoor, RecoveryPacing } from "./recovery.door.ts";
export { describeLoss, type Loss, type LossClass, type LossPhase } from "./loss.ts";
export {
  backoffMs,
  defaultBackoff,
  loneClientBackoff,
  type BackoffContext,
  type BackoffFunction,
  type BackoffShape,
} from "./policy/backoff.ts";
export { commandBudget, defaultRetryBudget, type RetryBudget } from "./policy/retry-budget.ts";
export { defaultMutePolicy, type MuteAction, type MutePolicy } from "./policy/mute.ts";
export {
  verdict,
  type FinalRuling,
  type LossHistory,
  type LossMatch,
  type PastLoss,
  type Ruling,
  type Verdict,
  type VerdictFunction,
  type VerdictPolicy,
  type VerdictRule,
} from "./policy/verdict.ts";
export { verdictTable } from "./policy/verdict-table.ts";
