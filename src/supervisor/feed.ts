/**
 * What comes in, over all sockets of one supervisor: the words of the current one, the positions of every
 * stream, what is counted, and what is being recovered. Messages go to the consumers, everything else that
 * happens becomes a fact.
 */
import type { Link, LinkFeed } from "../connection/link.ts";
import type { Outgoing } from "../connection/outgoing.ts";
import { Recoveries } from "../recovery/recoveries.ts";
import type { Position } from "../sequence/point.ts";
import { MAX_STREAMS, SequenceTracker } from "../sequence/tracker.ts";
import { printable } from "../transport/printable.ts";
import type { Consumers } from "./consumers.ts";
import { ControlWords } from "./control-words.ts";
import type { FactPayloads, FactType } from "./facts.ts";
import {
  createInbound,
  newInboundCounts,
  type Inbound,
  type InboundParts,
  type Receive,
} from "./inbound.ts";
import type { InvalidItem, OverflowItem, SnapshotItem, ValidItem } from "./items.ts";
import type { OutboxItem } from "./outbox.ts";
import type { Settings } from "./settings.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Talk } from "./talk.ts";

export interface FeedParts<M> {
  readonly settings: Pick<Settings<M>, "clock" | "talk" | "schema" | "recovery" | "recoveryPolicy">;
  readonly subscriptions: Subscriptions<M>;
  readonly outgoing: Pick<Outgoing<OutboxItem>, "urgent" | "pump">;
  /** Made after the feed, as it needs what the feed has. */
  readonly link: () => Pick<Link, "expires" | "wantDesk">;
  readonly consumers: Consumers<M>;
  readonly publish: <T extends FactType>(type: T, payload: FactPayloads[T]) => void;
  readonly callbackFailed: (callback: string, error: unknown) => void;
}

export class Feed<M> implements LinkFeed {
  readonly counts = newInboundCounts();
  readonly recoveries: Recoveries<M>;
  /** Every message of the current socket. */
  readonly receive: Receive;
  readonly #inbound: Inbound<M>;
  readonly #parts: FeedParts<M>;
  readonly #tracker = new SequenceTracker();
  #talk: Talk<M>;
  #late = 0;

  constructor(parts: FeedParts<M>) {
    this.#parts = parts;
    this.#talk = parts.settings.talk();
    this.recoveries = this.#createRecoveries();
    this.#inbound = this.#createInbound();
    this.receive = this.#inbound.receive;
  }

  /** The words of the current socket. */
  get talk(): Talk<M> {
    return this.#talk;
  }

  /** Numbered messages beyond the bound of streams. */
  get unfollowed(): number {
    return this.#tracker.unfollowed;
  }

  positions(): ReadonlyMap<string, Position> {
    return this.#tracker.positions();
  }

  /** Messages that came after the end of their socket. */
  get late(): number {
    return this.#late;
  }

  countLate(): void {
    this.#late += 1;
  }

  newSocket(): void {
    this.#talk = this.#parts.settings.talk();
    this.#inbound.use(this.#talk);
    this.#tracker.newSocket();
  }

  socketGone(): void {
    this.recoveries.socketEnded();
  }

  replayAbandoned(): void {
    this.#parts.subscriptions.announce();
  }

  reading(isReading: boolean): void {
    const { subscriptions } = this.#parts;
    if (isReading) subscriptions.resume("reader");
    else subscriptions.pause("reader");
  }

  #createRecoveries(): Recoveries<M> {
    const { settings, subscriptions, link, consumers, publish, callbackFailed } = this.#parts;
    return new Recoveries<M>({
      clock: settings.clock,
      recoveryOf: settings.recovery ?? (() => "none"),
      bufferMessages: settings.recoveryPolicy.bufferMessages,
      deliver: (item) => {
        this.counts[consumers.isWanted ? "delivered" : "unclaimed"] += 1;
        consumers.message(item);
      },
      mark: (item) => this.#mark(item),
      wantDesk: () => link().wantDesk(),
      resubscribe: (stream) => subscriptions.renew([stream]),
      requestReconnect: (detail) => link().expires(0, detail),
      onGivenUp: ({ stream, tries, detail }) =>
        publish("alert", {
          alert: { kind: "recovery-failed", stream, tries, detail: printable(detail) },
        }),
      onCallbackFailed: callbackFailed,
    });
  }

  /** What a recovery says in band is a fact as well. */
  #mark(item: InvalidItem | SnapshotItem | ValidItem | OverflowItem): void {
    const { publish, consumers } = this.#parts;
    switch (item.kind) {
      case "invalid":
        publish("invalid", { stream: item.stream, cause: item.cause });
        break;
      case "snapshot": {
        const { stream, data, position, receivedAtMs } = item;
        publish("snapshot", { stream, data, position, receivedAtMs });
        break;
      }
      case "valid":
        publish("valid", { stream: item.stream });
        break;
      case "overflow":
        publish("overflow", { overflow: item });
        break;
    }
    consumers.mark(item);
  }

  #createInbound(): Inbound<M> {
    const { settings, subscriptions, outgoing, link, consumers, publish, callbackFailed } =
      this.#parts;
    const expires: Link["expires"] = (withinMs, detail) => link().expires(withinMs, detail);
    const words = new ControlWords<M>({
      link: { expires },
      outgoing,
      subscriptions,
      publish,
      callbackFailed,
    });
    const parts: InboundParts<M> = {
      schema: settings.schema,
      tracker: this.#tracker,
      counts: this.counts,
      consumers,
      recoveries: this.recoveries,
      heard: (topic, receivedAtMs) => subscriptions.heard(topic, receivedAtMs),
      onControl: (word) => words.heed(word),
      onInvalid: (error, raw) =>
        publish("message.invalid", {
          reason: printable(error instanceof Error ? error.message : String(error)),
          excerpt: printable(raw.toString("utf8", 0, 400)),
        }),
      onGap: ({ stream, from, to }) => publish("gap", { stream, from, to }),
      onReset: ({ stream }) => publish("reset", { stream }),
      onMismatch: (stream) => publish("mismatch", { stream }),
      onUnfollowed: () =>
        publish("alert", { alert: { kind: "too-many-streams", limit: MAX_STREAMS } }),
    };
    return createInbound(parts, this.#talk);
  }
}
