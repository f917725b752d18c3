/**
 * One frame in, its items out, in the order in which a frame meets them: decode, control words,
 * sequence, recovery, consumers. No promise, no timer, no chart event, no branch on the connection's
 * state.
 *
 * Control words (answers, heartbeats, challenges, notices) are no data, but at some venues they are
 * numbered: their place in the sequence is judged before they are taken out.
 */
import { wrongValue } from "../errors.ts";
import { checkPoint, type SequencePoint } from "../sequence/point.ts";
import type { Held } from "../sequence/doubt.ts";
import type { Position } from "../sequence/position.ts";
import { SequenceTracker } from "../sequence/tracker.ts";
import type { Released, TrackerListener } from "../sequence/tracker-listener.ts";
import { ignoreRejection } from "../shape.ts";
import { checkWord } from "../venues/check-word.ts";
import type { VenueWord } from "../venues/venue.ts";
import type {
  HeldMessage,
  InboundConsumers,
  InboundCounts,
  InboundParts,
  StreamRecoveries,
} from "./inbound-parts.ts";
import type { GapItem, MessageItem, ResetItem } from "./items.ts";
import { validate, type SchemaOf } from "./schema.ts";
import type { Talk } from "./talk.ts";

export class Inbound<M> implements TrackerListener<HeldMessage<M>> {
  readonly #parts: InboundParts<M>;
  // Taken out of the parts once, as every message asks for them.
  readonly #schema: SchemaOf | undefined;
  readonly #tracker: SequenceTracker<HeldMessage<M>>;
  readonly #counts: InboundCounts;
  readonly #consumers: InboundConsumers<M>;
  readonly #recoveries: StreamRecoveries<M>;
  /** The words of the current socket: bound functions (talk.ts), so one shape whoever gives them. */
  #talk: Talk<M>;
  #isUnfollowedTold = false;

  constructor(parts: InboundParts<M>, talk: Talk<M>) {
    this.#parts = parts;
    this.#schema = parts.schema;
    this.#tracker = new SequenceTracker<HeldMessage<M>>(parts.maxStreams, this);
    this.#counts = parts.counts;
    this.#consumers = parts.consumers;
    this.#recoveries = parts.recoveries;
    this.#talk = talk;
  }

  /** Positions, and what was not followed: for reports, and for whoever knows more of a stream. */
  get tracker(): Pick<
    SequenceTracker<HeldMessage<M>>,
    "positions" | "unfollowed" | "held" | "reach" | "asked"
  > {
    return this.#tracker;
  }

  /** A new socket has words of its own. */
  newSocket(talk: Talk<M>): void {
    this.#talk = talk;
    this.#tracker.newSocket();
  }

  /** The socket is over: what is held is delivered, or dropped as known. */
  socketEnded(): void {
    this.#tracker.socketEnded();
  }

  /** Resolves doubts whose time is over. Gives when to call again, in milliseconds. */
  settle(nowMs: number): number | undefined {
    return this.#tracker.settle(nowMs);
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
      if (message !== raw && isNoMessage(message)) {
        throw wrongValue("decode()", "a message, given at once", message);
      }
      if (talk.control !== undefined) {
        word = talk.control(message) ?? undefined;
        if (word !== undefined) word = this.#checked(word);
      }
      if (talk.sequence !== undefined && (word === undefined || talk.numbersControl === true)) {
        point = talk.sequence(message, raw) ?? undefined;
      }
      if (talk.topicOf !== undefined) {
        topic = talk.topicOf(message) ?? undefined;
        if (topic !== undefined && typeof topic !== "string") {
          throw wrongValue("venue.topicOf()", "a topic as text, or undefined", topic);
        }
      }
      if (talk.isSnapshot !== undefined && word === undefined) {
        isSnapshot = talk.isSnapshot(message) ?? false;
        if (typeof isSnapshot !== "boolean") {
          throw wrongValue("venue.isSnapshot()", "true or false", isSnapshot);
        }
      }
    } catch (error) {
      this.#fail(error, raw);
      return;
    }
    if (point !== undefined) {
      try {
        checkPoint(point);
      } catch (error) {
        // A place that cannot be read makes no message unreadable.
        ignoreRejection(point);
        point = undefined;
        counts.unjudged += 1;
        this.#parts.onUnjudged(error, raw);
      }
    }

    const place = point === undefined ? "follows" : this.#judge(point, raw, receivedAtMs);
    let refuted: string | undefined;
    if (place === "held" || place === "repeats") {
      const isControl = word !== undefined;
      this.#tracker.keep({ message, raw, topic, isControl, isSnapshot, receivedAtMs });
    } else {
      refuted = this.#verify(message, topic, point, isSnapshot);
    }
    if (word !== undefined) {
      counts.control += 1;
      // Where control words are numbered, a connection's numbering may begin with one.
      if (place === "begins" && point !== undefined) this.#recoveries.restarted(point.stream);
      this.#parts.onControl(word);
      return;
    }
    if (place === "repeats") {
      if (topic !== undefined) this.#parts.repeated(topic);
      return;
    }
    if (place === "held") {
      if (topic !== undefined) this.#parts.heard(topic, receivedAtMs);
      return;
    }
    isSnapshot ||= point?.restarts === true;
    if (!this.#pass(message, raw, topic, point, isSnapshot, receivedAtMs, true)) return;
    const begun = place === "begins" ? point?.stream : undefined;
    if (begun !== undefined && begun !== refuted) this.#recoveries.restarted(begun);
    if (isSnapshot && topic !== undefined && topic !== point?.stream && topic !== refuted) {
      this.#recoveries.restarted(topic);
    }
  }

  // What the tracker tells.

  isTopic(stream: string): boolean {
    return this.#parts.isTopic(stream);
  }

  doubted(): void {
    this.#parts.doubted();
  }

  inDoubt(stream: string, messages: number): void {
    this.#parts.onInDoubt(stream, messages);
  }

  stuck(stream: string, position: Position): void {
    this.#parts.onStuck(stream, position);
    this.#recoveries.unnumbered(stream);
  }

  stale(stream: string, held: readonly Held<HeldMessage<M>>[]): void {
    for (const { point } of held) this.#drop(stream, "stale", point.last);
  }

  released(
    stream: string,
    run: readonly Released<HeldMessage<M>>[],
    cause: "renumbered" | "stuck",
  ): void {
    if (cause === "renumbered") {
      this.#markReset(stream);
      this.#recoveries.broken(stream, "reset");
    } else {
      this.#counts.duplicates -= run.length;
    }
    for (const { point, value, gap } of run) {
      if (gap !== undefined) this.#markGap(stream, gap.from, gap.to);
      if (value === undefined) continue;
      const { message, raw, topic, isControl, isSnapshot, receivedAtMs } = value;
      this.#verify(message, topic, point, isSnapshot);
      if (!isControl) this.#pass(message, raw, topic, point, isSnapshot, receivedAtMs, false);
    }
  }

  // Within.

  /** @returns the stream that does not begin anew with this message, as that fails its own checksum. */
  #verify(
    message: M,
    topic: string | undefined,
    point: SequencePoint | undefined,
    isSnapshot: boolean,
  ): string | undefined {
    const talk = this.#talk;
    if (talk.verify === undefined || this.#isWhole(talk, message)) return undefined;
    const stream = topic ?? point?.stream ?? "";
    this.#counts.mismatches += 1;
    this.#parts.onMismatch(stream);
    if (isSnapshot || point?.restarts === true) {
      this.#recoveries.refuted(stream);
      return stream;
    }
    this.#recoveries.broken(stream, "checksum");
    return undefined;
  }

  /**
   * Delivers a message that fits its schema. False for one that does not.
   * @param isNews - It has just come; one that was held was heard of then.
   */
  #pass(
    data: M,
    raw: Buffer,
    topic: string | undefined,
    point: SequencePoint | undefined,
    isSnapshot: boolean,
    receivedAtMs: number,
    isNews: boolean,
  ): boolean {
    const schema = this.#schema;
    let message = data;
    if (schema !== undefined) {
      try {
        const wanted = schema(topic);
        if (wanted !== undefined) message = validate(wanted, data);
      } catch (error) {
        this.#fail(error, raw);
        return false;
      }
    }
    if (isNews && topic !== undefined) this.#parts.heard(topic, receivedAtMs);
    this.#parts.accepted(receivedAtMs, isSnapshot, topic);
    this.#deliver(message, raw, topic, point, isSnapshot, receivedAtMs);
    return true;
  }

  /** Puts in band what the number says, and what the message is to its stream. */
  #judge(point: SequencePoint, raw: Buffer, receivedAtMs: number): Place {
    const tracker = this.#tracker;
    const recoveries = this.#recoveries;
    const { unfollowed } = tracker;
    const verdict = tracker.accept(point, raw, receivedAtMs);
    if (tracker.unfollowed > unfollowed) {
      if (!this.#isUnfollowedTold) this.#parts.onUnfollowed();
      this.#isUnfollowedTold = true;
      return "follows"; // nothing is known of what came before
    }
    const { stream } = point;
    switch (verdict.kind) {
      case "alive":
        if (verdict.isStuck === true) recoveries.unnumbered(stream);
        return "follows";
      case "next":
        return "follows";
      case "first":
        recoveries.broken(stream, "start");
        return "begins";
      case "gap":
        this.#markGap(stream, verdict.from, verdict.to);
        recoveries.broken(stream, "gap");
        return "follows";
      case "reset":
        this.#markReset(stream);
        if (point.restarts === true) return "begins";
        // One that is linked to the message before it goes on where it was, under other numbers.
        if (verdict.isWhole !== true) recoveries.broken(stream, "reset");
        return "follows";
      case "held":
        return "held";
      case "duplicate":
      case "stale":
        this.#drop(stream, verdict.kind, point.last);
        return "repeats";
    }
  }

  #markGap(stream: string, from: Position, to: Position): void {
    this.#counts.gaps += 1;
    const gap: GapItem = { kind: "gap", stream, from, to };
    this.#parts.onGap(gap);
    this.#consumers.mark(gap);
  }

  #markReset(stream: string): void {
    this.#counts.resets += 1;
    const reset: ResetItem = { kind: "reset", stream };
    this.#parts.onReset(reset);
    this.#consumers.mark(reset);
  }

  #drop(stream: string, cause: "duplicate" | "stale", position: Position): void {
    this.#counts[cause === "duplicate" ? "duplicates" : "stale"] += 1;
    this.#parts.onDropped(stream, cause, position);
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

  /** A word that is none makes its message data: it is delivered, and the failure is a fact. */
  #checked(word: VenueWord): VenueWord | undefined {
    try {
      return checkWord(word);
    } catch (error) {
      this.#parts.onCallbackFailed("venue.control", error);
      return undefined;
    }
  }

  /** A `verify` that throws, or gives anything else than a boolean, counts as a mismatch. */
  #isWhole(talk: Talk<M>, message: M): boolean {
    try {
      const isWhole: unknown = talk.verify?.(message) ?? true;
      if (typeof isWhole === "boolean") return isWhole;
      throw wrongValue("venue.verify()", "true or false", isWhole);
    } catch (error) {
      this.#parts.onCallbackFailed("venue.verify", error);
      return false;
    }
  }

  #fail(error: unknown, raw: Buffer): void {
    this.#counts.invalid += 1;
    this.#parts.onInvalid(error, raw);
  }
}

/** What a message is to its stream. */
type Place = "follows" | "begins" | "repeats" | "held";

/**
 * Nothing, or a promise. Asked of every message that is decoded, so it has a property access of its own: the one in
 * `shape.ts` meets objects of all kinds, and is slower for it.
 */
function isNoMessage(message: unknown): boolean {
  if (typeof message !== "object") return message === undefined;
  return message !== null && typeof (message as { readonly then?: unknown }).then === "function";
}
