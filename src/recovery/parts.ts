/** What recoveries are made of, and what they count. */
import type { RecoveryFailed } from "../../machines/recovery.door.ts";
import type {
  InvalidItem,
  MessageItem,
  OverflowItem,
  SnapshotItem,
  ValidItem,
} from "../supervisor/items.ts";
import type { Position } from "../sequence/position.ts";
import type { Clock } from "../system.ts";
import type { Recovery } from "./recovery.ts";

/** What recoveries count; read by `status()`. */
export interface RecoveryCounts {
  started: number;
  recovered: number;
  /** Times that a recovery used up its fast tries: an alert was raised, and it went on slowly. */
  failed: number;
  /** Snapshots that were too old to be joined with the deltas. */
  refetched: number;
  /** Times that more deltas waited than may. */
  overflowed: number;
  /** Messages that were not delivered because a snapshot has them. */
  covered: number;
}

export interface RecoveriesParts<M> {
  readonly clock: Pick<Clock, "nowMs">;
  /** How a stream is recovered. Total. */
  recoveryOf(stream: string): Recovery;
  /** Whether somebody wants a topic of this name. */
  isWanted(topic: string): boolean;
  /** Deltas of one stream that may wait. */
  readonly bufferMessages: number;
  /** A message, to whoever consumes. */
  deliver(item: MessageItem<M>): void;
  /** Something else in band. */
  mark(item: InvalidItem | SnapshotItem | ValidItem | OverflowItem): void;
  /** A snapshot has all of a stream up to here. */
  onReached(stream: string, position: Position): void;
  /** Asks for a desk; it attaches itself. */
  wantDesk(): void;
  /** Ends the stream's topic and asks for it again. */
  resubscribe(stream: string): void;
  /** Asks for a planned reconnect, now. */
  requestReconnect(detail: string): void;
  /** The fast tries are used up. */
  onFailing(failed: RecoveryFailed): void;
  /** Nobody wants a stream any more of which that was told. */
  onAbandoned(stream: string): void;
  /** A function of the user's threw. */
  onCallbackFailed(callback: string, error: unknown): void;
}

export function newRecoveryCounts(): RecoveryCounts {
  return { started: 0, recovered: 0, failed: 0, refetched: 0, overflowed: 0, covered: 0 };
}
