/**
 * One frame in, its items out, in the order in which a frame meets them: decode, control words,
 * sequence, recovery, consumers. No promise, no timer, no chart event, no branch on the connection's
 * state.
 *
 * Control words (answers, heartbeats, challenges, notices) are no data, but at some venues they are
 * numbered: their place in the sequence is judged before they are taken out.
 */
import { checkPoint, type SequencePoint } from "../sequence/point.ts";
import type { SequenceTracker } from "../sequence/tracker.ts";
import type { VenueWord } from "../venues/venue.ts";
import type { FeedItem, GapItem, MessageItem, ResetItem } from "./items.ts";
import { validate, type SchemaOf } from "./schema.ts";
import type { Talk } from "./talk.ts";

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
  /** Not understood, or against its schema. */
  invalid: number;
  /** Proofs, by a checksum, that something was missed or garbled. */
  mismatches: number;
  /** Answers, heartbeats, challenges, notices. */
  control: number;
}

export interface InboundParts<M> {
  readonly schema: SchemaOf | undefined;
  readonly tracker: SequenceTracker;
  readonly counts: InboundCounts;
  readonly consumers: Consumers<M>;
  readonly recoveries: StreamRecoveries<M>;
  /** Told the topic of every message, and when it came. */
  heard(topic: string, receivedAtMs: number): void;
  /** Told of every message that is accepted: delivered, unclaimed, or held until its stream is whole. */
  accepted(receivedAtMs: number, isSnapshot: boolean, topic: string | undefined): void;
  onControl(word: VenueWord): void;
  onInvalid(error: unknown, raw: Buffer): void;
  onGap(gap: GapItem): void;
  onReset(reset: ResetItem): void;
  onMismatch(stream: string): void;
  /** There are more streams than are followed; said once. */
  onUnfollowed(): void;
}

/** Who takes items. */
interface Consumers<M> {
  /** False while nobody listens: no item need be made. */
  readonly isWanted: boolean;
  message(item: MessageItem<M>): void;
  mark(item: Exclude<FeedItem<M>, MessageItem<M>>): void;
}

/** Why a stream is not whole. */
type BreakCause = "gap" | "reset" | "checksum" | "start";

/** Who repairs streams, as the data path sees it. */
interface StreamRecoveries<M> {
  /** True while every stream is whole: then there is nothing to ask. */
  readonly isIdle: boolean;
  /** A stream is not whole any more; before the message that shows it is delivered. */
  broken(stream: string, cause: BreakCause): void;
  /** True when the message waits for a snapshot instead of being delivered now. */
  take(item: MessageItem<M>, point: SequencePoint): boolean;
  /** A message with which its stream begins anew was delivered. */
  restarted(stream: string): void;
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
    mismatches: 0,
    control: 0,
  };
}

export class Inbound<M> {
  readonly #parts: InboundParts<M>;
  // Taken out of the parts once, as every message asks for them.
  readonly #schema: SchemaOf | undefined;
  readonly #tracker: SequenceTracker;
  readonly #counts: InboundCounts;
  readonly #consumers: Consumers<M>;
  readonly #recoveries: StreamRecoveries<M>;
  /** The words of the current socket: bound functions (talk.ts), so one shape whoever gives them. */
  #talk: Talk<M>;
  #isUnfollowedTold = false;

  constructor(parts: InboundParts<M>, talk: Talk<M>) {
    this.#parts = parts;
    this.#schema = parts.schema;
    this.#tracker = parts.tracker;
    this.#counts = parts.counts;
    this.#consumers = parts.consumers;
    this.#recoveries = parts.recoveries;
    this.#talk = talk;
  }

  /** A new socket has words of its own. */
  use(talk: Talk<M>): void {
    this.#talk = talk;
  }

  /** Takes one message, with the instant at which its chunk was read. */
  receive(raw: Buffer, isBinary: boolean, receivedAtMs: number): void {
    const counts = this.#counts;
    const talk = this.#talk;
    counts.messages += 1;
    counts.bytes += raw.length;

    let message: M;
    let word: VenueWord | undefined;
    let point: SequencePoint | undefined;
    let topic: string | undefined;
    let isSnapshot = false;
    try {
      message = talk.decode(raw, isBinary);
      if (talk.control !== undefined) word = talk.control(message) ?? undefined;
      if (talk.sequence !== undefined && (word === undefined || talk.numbersControl === true)) {
        point = talk.sequence(message, raw) ?? undefined;
        if (point !== undefined) checkPoint(point);
      }
      if (talk.topicOf !== undefined) topic = talk.topicOf(message);
      if (talk.isSnapshot !== undefined && word === undefined) {
        isSnapshot = talk.isSnapshot(message);
      }
    } catch (error) {
      this.#fail(error, raw);
      return;
    }

    const place = point === undefined ? "follows" : this.#judge(point);
    if (talk.verify !== undefined && place !== "repeats") {
      const stream = topic ?? point?.stream ?? "";
      if (!isWhole(talk, message)) {
        counts.mismatches += 1;
        this.#parts.onMismatch(stream);
        this.#recoveries.broken(stream, "checksum");
      }
    }
    if (word !== undefined) {
      counts.control += 1;
      // Where control words are numbered, a connection's numbering may begin with one.
      if (place === "begins" && point !== undefined) this.#recoveries.restarted(point.stream);
      this.#parts.onControl(word);
      return;
    }
    if (topic !== undefined) this.#parts.heard(topic, receivedAtMs);
    if (place === "repeats") return;
    isSnapshot ||= point?.restarts === true;

    const schema = this.#schema;
    if (schema !== undefined) {
      try {
        const wanted = schema(topic);
        if (wanted !== undefined) message = validate(wanted, message);
      } catch (error) {
        this.#fail(error, raw);
        return;
      }
    }
    this.#parts.accepted(receivedAtMs, isSnapshot, topic);
    this.#deliver(message, raw, topic, point, isSnapshot, receivedAtMs);
    if (place === "begins" && point !== undefined) this.#recoveries.restarted(point.stream);
    if (isSnapshot && topic !== undefined && topic !== point?.stream) {
      this.#recoveries.restarted(topic);
    }
  }

  /** Puts in band what the number says, and what the message is to its stream. */
  #judge(point: SequencePoint): Place {
    const parts = this.#parts;
    const tracker = this.#tracker;
    const counts = this.#counts;
    const consumers = this.#consumers;
    const recoveries = this.#recoveries;
    const { unfollowed } = tracker;
    const verdict = tracker.accept(point);
    if (tracker.unfollowed > unfollowed) {
      if (!this.#isUnfollowedTold) parts.onUnfollowed();
      this.#isUnfollowedTold = true;
      return "follows"; // nothing is known of what came before
    }
    const { stream } = point;
    switch (verdict.kind) {
      case "next":
      case "alive":
        return "follows";
      case "first":
        recoveries.broken(stream, "start");
        return "begins";
      case "gap": {
        counts.gaps += 1;
        const gap: GapItem = { kind: "gap", stream, from: verdict.from, to: verdict.to };
        parts.onGap(gap);
        consumers.mark(gap);
        recoveries.broken(stream, "gap");
        return "follows";
      }
      case "reset": {
        counts.resets += 1;
        const reset: ResetItem = { kind: "reset", stream };
        parts.onReset(reset);
        consumers.mark(reset);
        if (point.restarts === true) return "begins";
        // One that is linked to the message before it goes on where it was, under other numbers.
        if (point.previous === undefined) recoveries.broken(stream, "reset");
        return "follows";
      }
      case "duplicate":
      case "stale":
        counts.duplicates += 1;
        return "repeats";
    }
  }

  #deliver(
    data: M,
    raw: Buffer,
    topic: string | undefined,
    point: SequencePoint | undefined,
    isSnapshot: boolean,
    receivedAtMs: number,
  ): void {
    const counts = this.#counts;
    const consumers = this.#consumers;
    const recoveries = this.#recoveries;
    const isWatched = point !== undefined && !recoveries.isIdle;
    if (!isWatched && !consumers.isWanted) {
      counts.unclaimed += 1;
      return;
    }
    const item: MessageItem<M> = {
      kind: "message",
      data,
      raw,
      topic,
      stream: point?.stream,
      first: point?.first,
      position: point?.last,
      isSnapshot,
      receivedAtMs,
    };
    if (isWatched && recoveries.take(item, point)) return;
    if (isWatched && !consumers.isWanted) {
      counts.unclaimed += 1;
      return;
    }
    counts.delivered += 1;
    consumers.message(item);
  }

  #fail(error: unknown, raw: Buffer): void {
    this.#counts.invalid += 1;
    this.#parts.onInvalid(error, raw);
  }
}

/** What a message is to its stream. */
type Place = "follows" | "begins" | "repeats";

/** One that throws proves nothing. */
function isWhole<M>(talk: Talk<M>, message: M): boolean {
  try {
    return talk.verify?.(message) ?? true;
  } catch {
    return false;
  }
}
