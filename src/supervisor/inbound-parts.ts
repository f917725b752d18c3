/** What the data path is made of, and what it counts. */
import type { SequencePoint } from "../sequence/point.ts";
import type { Position } from "../sequence/position.ts";
import type { VenueWord } from "../venues/venue.ts";
import type { FeedItem, GapItem, MessageItem, ResetItem } from "./items.ts";
import type { SchemaOf } from "./schema.ts";

/** What the data path counts; read by `status()`. */
export interface InboundCounts {
  messages: number;
  bytes: number;
  delivered: number;
  /** Received while nobody listened. */
  unclaimed: number;
  /** Dropped: the number of their stream's last message once more. */
  duplicates: number;
  /** Dropped: older than what was delivered, a late copy or told again. */
  stale: number;
  gaps: number;
  resets: number;
  /** Not understood, or against its schema. */
  invalid: number;
  /** Delivered without being judged: their place in the stream could not be read. */
  unjudged: number;
  /** Proofs, by a checksum, that something was missed or garbled. */
  mismatches: number;
  /** Answers, heartbeats, challenges, notices. */
  control: number;
}

export interface InboundParts<M> {
  readonly schema: SchemaOf | undefined;
  /** How many streams are followed. @defaultValue 10,000 */
  readonly maxStreams?: number | undefined;
  readonly counts: InboundCounts;
  readonly consumers: InboundConsumers<M>;
  readonly recoveries: StreamRecoveries<M>;
  /** Told the topic of every message that is accepted, and when it came. */
  heard(topic: string, receivedAtMs: number): void;
  /** Told of every message that is delivered, unclaimed, or held until its stream is whole. */
  accepted(receivedAtMs: number, isSnapshot: boolean, topic: string | undefined): void;
  /** Told the topic of a message that is dropped: the topic is served, and no news came. */
  repeated(topic: string): void;
  /** Whether a stream's name is a topic that is wanted. */
  isTopic(stream: string): boolean;
  /** Something is held: {@link Inbound.settle} is to be called within a second. */
  doubted(): void;
  /** A doubt has lasted for a second, and only the stream's next message can tell. */
  onInDoubt(stream: string, messages: number): void;
  onStuck(stream: string, position: Position): void;
  onDropped(stream: string, cause: "duplicate" | "stale", position: Position): void;
  /** A message is delivered without a place in its stream. */
  onUnjudged(error: unknown, raw: Buffer): void;
  onControl(word: VenueWord): void;
  /** A function of the user's or the venue's gave what it must not give; the message is delivered. */
  onCallbackFailed(callback: string, error: unknown): void;
  onInvalid(error: unknown, raw: Buffer): void;
  onGap(gap: GapItem): void;
  onReset(reset: ResetItem): void;
  onMismatch(stream: string): void;
  /** There are more streams than are followed; said once. */
  onUnfollowed(): void;
}

/** Who takes items. */
export interface InboundConsumers<M> {
  /** False while nobody listens: no item need be made. */
  readonly isWanted: boolean;
  message(item: MessageItem<M>): void;
  mark(item: Exclude<FeedItem<M>, MessageItem<M>>): void;
}

/** Why a stream is not whole. */
type BreakCause = "gap" | "reset" | "checksum" | "start";

/** Who repairs streams, as the data path sees it. */
export interface StreamRecoveries<M> {
  /** True while every stream is whole: then there is nothing to ask. */
  readonly isIdle: boolean;
  /** A stream is not whole any more; before the message that shows it is delivered. */
  broken(stream: string, cause: BreakCause): void;
  /** The message with which it was to begin anew fails its own checksum. */
  refuted(stream: string): void;
  /** True when the message waits for a snapshot instead of being delivered now. */
  take(item: MessageItem<M>, point: SequencePoint): boolean;
  /** A message with which its stream begins anew was delivered. */
  restarted(stream: string): void;
  /** The number of a stream does not change any more: it cannot tell what a snapshot has. */
  unnumbered(stream: string): void;
}

export function newInboundCounts(): InboundCounts {
  return {
    messages: 0,
    bytes: 0,
    delivered: 0,
    unclaimed: 0,
    duplicates: 0,
    stale: 0,
    gaps: 0,
    resets: 0,
    invalid: 0,
    unjudged: 0,
    mismatches: 0,
    control: 0,
  };
}

/** What is kept of a message that is held. */
export interface HeldMessage<M> {
  readonly message: M;
  readonly raw: Buffer;
  readonly topic: string | undefined;
  /** It was handled when it came; only its place in the numbering is in doubt. */
  readonly isControl: boolean;
  readonly isSnapshot: boolean;
  readonly receivedAtMs: number;
}
