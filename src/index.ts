/**
 * `ws-supervisor`: supervised WebSocket connections.
 *
 * Every public name is written out here; `test/package/exports.test.ts` holds the list.
 */
export { createSupervisor, supervise } from "./supervisor/supervise.ts";
export type { Supervisor } from "./supervisor/supervisor.ts";
export type {
  HeartbeatOptions,
  RawMessage,
  ResubscribeOptions,
  SupervisorOptions,
  Target,
} from "./supervisor/options.ts";
export type {
  Alert,
  EventName,
  Fact,
  FactEvent,
  FactType,
  Listener,
  SupervisorState,
} from "./supervisor/facts.ts";
export type {
  DroppedRange,
  FeedItem,
  GapItem,
  InvalidItem,
  MessageItem,
  OverflowItem,
  ResetItem,
  SnapshotItem,
  ValidItem,
} from "./supervisor/items.ts";
export type { InboundOverflow, MessagesOptions } from "./supervisor/message-queue.ts";
export type { DropReason, OutboxOverflow, OutboxPolicy, SendFate } from "./supervisor/outbox.ts";
export type { OutageReport } from "./supervisor/outage.ts";
export type { FactMessage } from "./supervisor/channels.ts";
export type { Status } from "./supervisor/status.ts";
export type {
  Authenticate,
  AuthenticationSession,
  ReceivedFrame,
} from "./connection/authentication.ts";
export type { AttemptContext, Resolvable } from "./connection/resolvable.ts";
export type {
  Acknowledgement,
  Frame,
  SubscriptionProtocol,
  TopicRejection,
} from "./subscriptions/protocol.ts";
export type { PacingWindow } from "./subscriptions/pacer.ts";
export type { TopicState } from "./subscriptions/entry.ts";
export type { TopicOutcome, TopicStatus } from "./subscriptions/summary.ts";
export type { Topic } from "./subscriptions/topic.ts";
export type {
  Bridge,
  Delta,
  FetchSnapshot,
  Recovery,
  RecoveryPolicy,
  Snapshot,
  SnapshotRecovery,
} from "./recovery/recovery.ts";
export type { FreshnessPolicy } from "./subscriptions/freshness.ts";
export type { QuarantinePolicy } from "./subscriptions/quarantine.ts";
export type { SchemaOf, SchemaOption } from "./supervisor/schema.ts";
export type { Position, SequencePoint, SequenceVerdict } from "./sequence/point.ts";
export {
  sequenceRules,
  type RuleExceptions,
  type RuleKind,
  type SequenceRule,
} from "./sequence/rule.ts";
export type {
  Dial,
  SendRefusal,
  SocketSink,
  Transport,
  TransportSocket,
} from "./transport/transport.ts";
export type { CompressionOptions, WsTransportOptions } from "./transport/ws-options.ts";
export type { Clock } from "./system.ts";
export {
  ConnectionClosedError,
  ConnectionError,
  ConnectionFailedError,
  InternalError,
  OptionError,
  RefusedError,
} from "./errors.ts";
export { later, never, type Refusal } from "../machines/refusal.ts";
