/**
 * What comes in, over all sockets of one supervisor: the words of the current one, the positions of every
 * stream, what is counted, and what is being recovered. Messages go to the consumers, everything else that
 * happens becomes a fact.
 */
import type { Link, LinkFeed } from "../connection/link.ts";
import type { RecoveriesParts } from "../recovery/parts.ts";
import { Recoveries } from "../recovery/recoveries.ts";
import type { Recovery } from "../recovery/recovery.ts";
import type { Position } from "../sequence/point.ts";
import { MAX_STREAMS } from "../sequence/tracker.ts";
import { messageOf } from "../shape.ts";
import type { Clock } from "../system.ts";
import { printable } from "../transport/printable.ts";
import type { VenueWord } from "../venues/venue.ts";
import type { Consumers } from "./consumers.ts";
import { ControlWords, type ControlledParts } from "./control-words.ts";
import { DoubtWatch } from "./doubt-watch.ts";
import type { FactPayloads } from "./facts.ts";
import { FirstInAWhile } from "./first-in-a-while.ts";
import { Inbound } from "./inbound.ts";
import { newInboundCounts, type InboundParts } from "./inbound-parts.ts";
import type {
  GapItem,
  InvalidItem,
  MessageItem,
  OverflowItem,
  ResetItem,
  SnapshotItem,
  ValidItem,
} from "./items.ts";
import type { MuteWatch } from "./mute-watch.ts";
import type { SchemaOf } from "./schema.ts";
import type { Settings } from "./settings.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Talk } from "./talk.ts";

export type FeedSettings<M> = Pick<
  Settings<M>,
  "clock" | "talk" | "schema" | "recovery" | "recoveryPolicy"
>;

/** The other parts of the supervisor, as the feed knows them. The link is made after it. */
export interface FeedOthers<M> extends ControlledParts<M> {
  readonly subscriptions: Subscriptions<M>;
  readonly link: Pick<Link, "expires" | "wantDesk">;
  readonly consumers: Consumers<M>;
  /** Undefined where mute connections are not looked for. */
  readonly mute: MuteWatch | undefined;
}

export class Feed<M> implements LinkFeed, InboundParts<M>, RecoveriesParts<M> {
  readonly counts = newInboundCounts();
  readonly recoveries: Recoveries<M>;
  /** Takes every message of the current socket. */
  readonly inbound: Inbound<M>;
  readonly #settings: FeedSettings<M>;
  readonly #others: FeedOthers<M>;
  readonly #words: ControlWords<M>;
  readonly #doubts: DoubtWatch;
  readonly #rare = new FirstInAWhile<DropCause | "unjudged">();
  #talk: Talk<M>;
  #late = 0;

  constructor(settings: FeedSettings<M>, others: FeedOthers<M>) {
    this.#settings = settings;
    this.#others = others;
    this.#talk = settings.talk();
    this.#words = new ControlWords(others);
    this.recoveries = new Recoveries<M>(this);
    this.inbound = new Inbound<M>(this, this.#talk);
    this.#doubts = new DoubtWatch(settings.clock, (nowMs) => this.inbound.settle(nowMs));
  }

  /** The words of the current socket. */
  get talk(): Talk<M> {
    return this.#talk;
  }

  /** Numbered messages beyond the bound of streams. */
  get unfollowed(): number {
    return this.inbound.tracker.unfollowed;
  }

  /** Messages that are held until it shows what their numbers mean. */
  get inDoubt(): number {
    return this.inbound.tracker.held;
  }

  /** Messages that came after the end of their socket. */
  get late(): number {
    return this.#late;
  }

  positions(): ReadonlyMap<string, Position> {
    return this.inbound.tracker.positions();
  }

  // What the link tells.

  countLate(): void {
    this.#late += 1;
    this.#tellDropped("late", null, null);
  }

  newSocket(): void {
    this.#talk = this.#settings.talk();
    this.inbound.newSocket(this.#talk);
    this.recoveries.newSocket();
  }

  socketGone(): void {
    this.#doubts.stop();
    this.inbound.socketEnded();
    this.recoveries.socketEnded();
  }

  replayAbandoned(): void {
    this.#others.subscriptions.announce();
  }

  ready(isReady: boolean): void {
    this.#others.mute?.ready(isReady);
    if (isReady) this.recoveries.ready();
  }

  reading(isReading: boolean): void {
    this.#doubts.reading(isReading);
    const { subscriptions } = this.#others;
    if (isReading) subscriptions.resume("reader");
    else subscriptions.pause("reader");
  }

  // What the data path needs, and tells.

  get schema(): SchemaOf | undefined {
    return this.#settings.schema;
  }

  get consumers(): Consumers<M> {
    return this.#others.consumers;
  }

  heard(topic: string, receivedAtMs: number): void {
    this.#others.subscriptions.heard(topic, receivedAtMs);
  }

  repeated(topic: string): void {
    this.#others.subscriptions.repeated(topic);
  }

  isTopic(stream: string): boolean {
    return this.isWanted(stream);
  }

  doubted(): void {
    this.#doubts.start();
  }

  onInDoubt(stream: string, messages: number): void {
    this.#others.publisher.publish("in-doubt", { stream, messages });
  }

  onStuck(stream: string, position: Position): void {
    this.#others.publisher.publish("numbering-stuck", { stream, position });
  }

  onDropped(stream: string, cause: "duplicate" | "stale", position: Position): void {
    this.#tellDropped(cause, stream, position);
  }

  onUnjudged(error: unknown, raw: Buffer): void {
    if (!this.#rare.take("unjudged", this.clock.nowMs())) return;
    this.#others.publisher.publish("message.unjudged", excerptOf(error, raw));
  }

  accepted(receivedAtMs: number, isSnapshot: boolean, topic: string | undefined): void {
    this.#others.mute?.heard(receivedAtMs, isSnapshot, topic);
  }

  onControl(word: VenueWord): void {
    this.#words.heed(word);
  }

  onInvalid(error: unknown, raw: Buffer): void {
    this.#others.publisher.publish("message.invalid", excerptOf(error, raw));
  }

  onGap({ stream, from, to }: GapItem): void {
    this.#others.publisher.publish("gap", { stream, from, to });
  }

  onReset({ stream }: ResetItem): void {
    this.#others.publisher.publish("reset", { stream });
  }

  onMismatch(stream: string): void {
    this.#others.publisher.publish("mismatch", { stream });
  }

  onUnfollowed(): void {
    this.#others.publisher.publish("alert", {
      alert: { kind: "too-many-streams", limit: MAX_STREAMS },
    });
  }

  /** A topic is asked for on this socket. */
  asked(topic: string): void {
    this.inbound.tracker.asked(topic);
  }

  // What the recoveries need, and tell.

  get clock(): Clock {
    return this.#settings.clock;
  }

  get bufferMessages(): number {
    return this.#settings.recoveryPolicy.bufferMessages;
  }

  recoveryOf(stream: string): Recovery {
    return this.#settings.recovery?.(stream) ?? "none";
  }

  isWanted(topic: string): boolean {
    return this.#others.subscriptions.registry.has(topic);
  }

  deliver(item: MessageItem<M>): void {
    const { consumers } = this.#others;
    this.counts[consumers.isWanted ? "delivered" : "unclaimed"] += 1;
    consumers.message(item);
  }

  /** What a recovery says in band is a fact as well. */
  mark(item: InvalidItem | SnapshotItem | ValidItem | OverflowItem): void {
    const { publisher, consumers } = this.#others;
    switch (item.kind) {
      case "invalid":
        publisher.publish("invalid", { stream: item.stream, cause: item.cause });
        break;
      case "snapshot": {
        const { stream, data, position, receivedAtMs } = item;
        publisher.publish("snapshot", { stream, data, position, receivedAtMs });
        break;
      }
      case "valid":
        publisher.publish("valid", { stream: item.stream });
        break;
      case "overflow":
        publisher.publish("overflow", { overflow: item });
        break;
    }
    consumers.mark(item);
  }

  onReached(stream: string, position: Position): void {
    this.inbound.tracker.reach(stream, position);
  }

  wantDesk(): void {
    this.#others.link.wantDesk();
  }

  resubscribe(stream: string): void {
    this.#others.subscriptions.renew([stream]);
  }

  requestReconnect(detail: string): void {
    this.#others.link.expires(0, detail);
  }

  onFailing(failed: Parameters<RecoveriesParts<M>["onFailing"]>[0]): void {
    const { stream, failures, recurrences, mustProve, detail } = failed;
    const tries = mustProve ? recurrences : failures;
    this.#others.publisher.publish("alert", {
      alert: { kind: "recovery-failed", stream, tries, detail: printable(detail) },
    });
  }

  onAbandoned(stream: string): void {
    this.#others.publisher.publish("recovery.abandoned", { stream });
  }

  onCallbackFailed(callback: string, error: unknown): void {
    this.#others.publisher.callbackFailed(callback, error);
  }

  // Within.

  #tellDropped(cause: DropCause, stream: string | null, position: Position | null): void {
    if (!this.#rare.take(cause, this.clock.nowMs())) return;
    this.#others.publisher.publish("message.dropped", { cause, stream, position });
  }
}

type DropCause = FactPayloads["message.dropped"]["cause"];

function excerptOf(error: unknown, raw: Buffer): FactPayloads["message.invalid"] {
  return {
    reason: printable(messageOf(error)),
    excerpt: printable(raw.toString("utf8", 0, 400)),
  };
}
