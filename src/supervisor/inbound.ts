/**
 * One frame in, its items out, in the order in which a frame meets them: decode, acknowledgement,
 * sequence, consumers. No promise, no timer, no chart event, no branch on the connection's state.
 */
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import { checkPoint, type SequencePoint } from "../sequence/point.ts";
import type { SequenceTracker } from "../sequence/tracker.ts";
import type { FeedItem, GapItem, MessageItem, ResetItem } from "./items.ts";

/** What the data path counts; read by `status()`. */
export interface InboundCounts {
  messages: number;
  bytes: number;
  delivered: number;
  /** Received while nobody listened. */
  unclaimed: number;
  duplicates: number;
  gaps: number;
  resets: number;
  invalid: number;
  acknowledgements: number;
}

export interface InboundParts<M> {
  /** The user's functions, guarded by whoever made these parts; `failed` where one threw. */
  readonly decode: (data: Buffer, isBinary: boolean) => M;
  readonly acknowledge: ((message: M) => Acknowledgement | undefined) | undefined;
  readonly sequence: ((message: M) => SequencePoint | undefined) | undefined;
  readonly tracker: SequenceTracker;
  readonly counts: InboundCounts;
  /** When the chunk that is being read came in. */
  readonly receivedAtMs: () => number;
  readonly consumers: Consumers<M>;
  readonly onAcknowledgement: (answer: Acknowledgement) => void;
  readonly onInvalid: (error: unknown, raw: Buffer) => void;
  readonly onGap: (gap: GapItem) => void;
  readonly onReset: (reset: ResetItem) => void;
  /** There are more streams than are followed; said once. */
  readonly onUnfollowed: () => void;
}

/** Who takes items. */
interface Consumers<M> {
  /** False while nobody listens: no item need be made. */
  isWanted(): boolean;
  message(item: MessageItem<M>): void;
  mark(item: Exclude<FeedItem<M>, MessageItem<M>>): void;
}

export function newInboundCounts(): InboundCounts {
  return {
    messages: 0,
    bytes: 0,
    delivered: 0,
    unclaimed: 0,
    duplicates: 0,
    gaps: 0,
    resets: 0,
    invalid: 0,
    acknowledgements: 0,
  };
}

export function createInbound<M>(parts: InboundParts<M>): (raw: Buffer, isBinary: boolean) => void {
  const { decode, acknowledge, sequence, tracker, counts, receivedAtMs, consumers } = parts;

  let isUnfollowedTold = false;

  function deliver(data: M, raw: Buffer, point: SequencePoint | undefined): void {
    if (!consumers.isWanted()) {
      counts.unclaimed += 1;
      return;
    }
    counts.delivered += 1;
    consumers.message({
      kind: "message",
      data,
      raw,
      stream: point?.stream,
      first: point?.first,
      position: point?.last,
      receivedAtMs: receivedAtMs(),
    });
  }

  return (raw, isBinary) => {
    counts.messages += 1;
    counts.bytes += raw.length;

    let message: M;
    let point: SequencePoint | undefined;
    try {
      message = decode(raw, isBinary);
      const answer = acknowledge?.(message) ?? undefined;
      if (answer !== undefined) {
        counts.acknowledgements += 1;
        parts.onAcknowledgement(answer);
        return;
      }
      point = sequence?.(message) ?? undefined;
      if (point !== undefined) checkPoint(point);
    } catch (error) {
      counts.invalid += 1;
      parts.onInvalid(error, raw);
      return;
    }

    if (point === undefined) {
      deliver(message, raw, undefined);
      return;
    }
    const verdict = tracker.accept(point);
    if (!isUnfollowedTold && tracker.unfollowed > 0) {
      isUnfollowedTold = true;
      parts.onUnfollowed();
    }
    switch (verdict.kind) {
      case "next":
      case "first":
      case "alive":
        deliver(message, raw, point);
        return;
      case "gap": {
        counts.gaps += 1;
        const gap: GapItem = {
          kind: "gap",
          stream: point.stream,
          from: verdict.from,
          to: verdict.to,
        };
        parts.onGap(gap);
        consumers.mark(gap);
        deliver(message, raw, point);
        return;
      }
      case "reset": {
        counts.resets += 1;
        const reset: ResetItem = { kind: "reset", stream: point.stream };
        parts.onReset(reset);
        consumers.mark(reset);
        deliver(message, raw, point);
        return;
      }
      case "duplicate":
      case "stale":
        counts.duplicates += 1;
        return;
    }
  };
}
