/** What a consumer of a feed gets, in band and in order. */
import type { Position } from "../sequence/point.ts";

/** One message. */
export interface MessageItem<M> {
  readonly kind: "message";
  /** The message as `decode` gave it. */
  readonly data: M;
  /** Its bytes, exactly as received. A view into the socket's chunk: copy what is kept for long. */
  readonly raw: Buffer;
  /** The topic that it belongs to, where a venue says so. */
  readonly topic: string | undefined;
  /** The numbered stream it belongs to, where `sequence` said so. */
  readonly stream: string | undefined;
  /** Its stream begins anew with it, or for the first time: a book snapshot, where the venue sends one. */
  readonly isSnapshot: boolean;
  /** The first number that it covers; equal to `position` where a message has one number. */
  readonly first: Position | undefined;
  /** The last number that it covers. */
  readonly position: Position | undefined;
  /** When its chunk was read, on the supervisor's clock (monotonic, epoch scale). */
  readonly receivedAtMs: number;
}

/** Numbers `from … to` of `stream` never came, each reported exactly once, before what follows them. */
export interface GapItem {
  readonly kind: "gap";
  readonly stream: string;
  readonly from: Position;
  readonly to: Position;
}

/** The venue started its numbering over. What was built from the stream is void. */
export interface ResetItem {
  readonly kind: "reset";
  readonly stream: string;
}

/**
 * The stream is not whole from here on, and is being recovered. What is delivered of it until `valid` is
 * true, and not all there is. `start` is no fault: a stream that needs a snapshot begins without one.
 */
export interface InvalidItem {
  readonly kind: "invalid";
  readonly stream: string;
  readonly cause: "gap" | "reset" | "checksum" | "start";
}

/**
 * A snapshot that was fetched. It takes the place of all that was delivered of the stream; the messages
 * that follow go on from it.
 */
export interface SnapshotItem {
  readonly kind: "snapshot";
  readonly stream: string;
  /** As its source gave it. */
  readonly data: unknown;
  /** All up to here is in it. */
  readonly position: Position;
  readonly receivedAtMs: number;
}

/** The stream is whole again. */
export interface ValidItem {
  readonly kind: "valid";
  readonly stream: string;
}

/**
 * Messages were received and dropped at this place: the consumer was too slow, or they waited for a
 * snapshot that never came.
 */
export interface OverflowItem {
  readonly kind: "overflow";
  readonly dropped: number;
  /** What was dropped of numbered streams; of at most 64 of them. */
  readonly streams: readonly DroppedRange[];
  /** Streams whose reset, snapshot or change of validity was dropped with them; at most 64. */
  readonly resets: readonly string[];
}

export interface DroppedRange {
  readonly stream: string;
  readonly from: Position;
  readonly to: Position;
  readonly messages: number;
}

export type FeedItem<M> =
  MessageItem<M> | GapItem | ResetItem | InvalidItem | SnapshotItem | ValidItem | OverflowItem;
