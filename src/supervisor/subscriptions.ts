/**
 * The wanted topics as users change them, and what is said of them: checks before anything is wanted,
 * frames for what should be asked, facts for what was answered, for what is silent and for what kills.
 */
import { OptionError } from "../errors.ts";
import { encodeFrame, type Acknowledgement } from "../subscriptions/protocol.ts";
import type { FreshnessPolicy, PauseReason, StaleTopic } from "../subscriptions/freshness.ts";
import {
  defaultQuarantine,
  Quarantine,
  type Quarantined,
  type QuarantinePolicy,
} from "../subscriptions/quarantine.ts";
import {
  SubscriptionRegistry,
  type RegistryListener,
  type SubscriptionRequest,
  type TopicState,
} from "../subscriptions/registry.ts";
import type { TopicOutcome, TopicRefusal, TopicStatus } from "../subscriptions/summary.ts";
import type { Topic } from "../subscriptions/topic.ts";
import { printable } from "../transport/printable.ts";
import type { FactPayloads, FactType } from "./facts.ts";
import { FreshnessWatch } from "./freshness-watch.ts";
import type { MuteWatch } from "./mute-watch.ts";
import type { Facts } from "./publisher.ts";
import type { Settings } from "./settings.ts";
import type { Status } from "./status.ts";
import type { Talk } from "./talk.ts";

/** What a venue or a user says of topics beyond how they are asked for. Its functions never throw. */
export interface TopicSettings {
  readonly charsPerConnection?: number | undefined;
  readonly groupOf?: ((topic: string) => string) | undefined;
  /** Without it a topic may be silent for ever. */
  readonly freshness?: ((topic: string) => FreshnessPolicy | null) | undefined;
  /** Null: no topic is suspected of killing sockets. @defaultValue defaultQuarantine */
  readonly quarantine?: QuarantinePolicy | null | undefined;
}

export type SubscriptionSettings<M> = TopicSettings &
  Pick<Settings<M>, "clock" | "parseTopics" | "topicsPerConnection" | "topics" | "isAnswered">;

/** The other parts of the supervisor, as the subscriptions know them. */
export interface SubscriptionsOthers<M> {
  readonly publisher: Facts;
  readonly feed: {
    /** The words of the current socket. */
    readonly talk: Pick<Talk<M>, "subscribe" | "unsubscribe">;
    /** A topic is asked for on this socket. */
    asked(topic: string): void;
    /** Nobody wants this topic any more. */
    readonly recoveries: {
      unwanted(topic: string): void;
      /** The peer refuses it. */
      topicRefused(topic: string): void;
    };
  };
  readonly outgoing: {
    /** A request was answered: its deadline is off. */
    answered(id: number): void;
    /** Something was refused. Gives the wait until it is asked again; null where it is not. */
    refused(refusal: TopicRefusal): number | null;
    /** Nothing is to be asked again of this topic. */
    forget(topic: string): void;
    /** There is something to ask for, and nobody else who knows. */
    pump(): void;
  };
  /** Undefined where mute connections are not looked for. */
  readonly mute: Pick<MuteWatch, "asked" | "forget" | "pause" | "resume"> | undefined;
  readonly link: {
    /** Nothing waits for an answer any more. */
    settled(): void;
  };
}

export class Subscriptions<M> implements RegistryListener {
  readonly registry: SubscriptionRegistry;
  readonly quarantine: Quarantine | undefined;
  readonly #settings: SubscriptionSettings<M>;
  readonly #others: SubscriptionsOthers<M>;
  readonly #freshness: FreshnessWatch | undefined;
  /** Something was asked, or waits, since settlement was last announced. */
  #hasUnannounced = false;
  /** The topics of which the alerts that stand now tell. */
  readonly #told = {
    refused: new Set<string>(),
    rejected: new Set<string>(),
    timedOut: new Set<string>(),
  };

  constructor(settings: SubscriptionSettings<M>, others: SubscriptionsOthers<M>) {
    this.#settings = settings;
    this.#others = others;
    const { topics, clock, groupOf, freshness, quarantine = defaultQuarantine } = settings;
    this.quarantine = quarantine === null ? undefined : new Quarantine(quarantine);
    this.#freshness =
      freshness === undefined
        ? undefined
        : new FreshnessWatch({
            clock,
            policyOf: freshness,
            onStale: (stale) => this.#noteStale(stale),
            onReport: (report) =>
              others.publisher.publish("alert", { alert: { kind: "topic-stale", ...report } }),
            onFresh: (topic, silentMs) =>
              others.publisher.publish("topic.fresh", { topic, silentMs }),
          });
    this.registry = new SubscriptionRegistry({ groupOf, listener: this });
    this.#checkRoom(topics, "topics");
    this.registry.want(topics);
  }

  want(topics: Topic | readonly Topic[]): void {
    const keys = this.#check(topics);
    this.#checkRoom(keys, "topic");
    this.registry.want(keys);
  }

  unwant(topics: Topic | readonly Topic[]): void {
    this.registry.unwant(this.#check(topics));
  }

  statuses(): readonly TopicStatus[] {
    return this.registry.topics();
  }

  counts(): Status["topics"] {
    const { confirmed, rejected, refused, timedOut, quarantined } = this.registry.settlement();
    return {
      wanted: this.registry.wanted,
      confirmed: confirmed.length,
      pending: timedOut.length,
      rejected: rejected.length,
      refused: refused.length,
      quarantined: quarantined.length,
    };
  }

  /** The frame of a request; undefined when the user's function gave none. */
  encode({ id, kind, topics }: SubscriptionRequest): string | Uint8Array | undefined {
    const { talk } = this.#others.feed;
    this.#hasUnannounced = true;
    try {
      const frame =
        kind === "subscribe" ? talk.subscribe(topics, id) : talk.unsubscribe?.(topics, id);
      if (frame === undefined && kind === "unsubscribe") return undefined; // there is nothing to end
      return encodeFrame(frame, `subscriptions.${kind}()`);
    } catch (error) {
      this.#others.publisher.callbackFailed(`subscriptions.${kind}`, error);
      return undefined;
    }
  }

  /** The peer's answer. A topic that it refuses does not take the others down. */
  acknowledge(answer: Acknowledgement): void {
    for (const refusal of this.registry.acknowledge(answer)) {
      const { topic, request } = refusal;
      const reason = printable(refusal.reason);
      const retryInMs = this.#others.outgoing.refused(refusal);
      if (request === "subscribe" && retryInMs === null) {
        this.#publish("topic.rejected", { topic, reason });
      } else {
        this.#publish("topic.refused", { topic, request, reason, retryInMs });
      }
    }
  }

  /** A message of this topic: called for every one. */
  heard(topic: string, atMs: number): void {
    this.#freshness?.heard(topic, atMs);
    this.quarantine?.acquit(topic);
  }

  /** A message of this topic came, with nothing new: called for every one. */
  repeated(topic: string): void {
    this.quarantine?.acquit(topic);
  }

  /** Silence means nothing for a while. */
  pause(reason: PauseReason): void {
    this.#freshness?.pause(reason);
    this.#others.mute?.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#freshness?.resume(reason);
    this.#others.mute?.resume(reason);
  }

  /** Subscribes these anew, each on its own account; all that are wanted by default. */
  renew(topics: readonly string[] = this.registry.topics().map(({ topic }) => topic)): void {
    this.registry.renew(topics);
    this.#others.outgoing.pump();
  }

  /** Sockets died of these. */
  noteQuarantined(quarantined: readonly Quarantined[]): void {
    for (const { topic, strikes, untilMs } of quarantined) {
      this.#publish("topic.quarantined", { topic, strikes, untilMs });
      this.#publish("alert", { alert: { kind: "topic-quarantined", topic, untilMs } });
    }
  }

  /** Says `subscriptions.settled` once per time that the registry comes to rest. */
  progressed(): void {
    if (!this.registry.isSettled) {
      this.#hasUnannounced = true;
      return;
    }
    if (this.#hasUnannounced) {
      this.#hasUnannounced = false;
      this.announce();
    }
    this.#others.link.settled();
  }

  /** Where every wanted topic stands, settled or not. */
  announce(): void {
    const settlement = this.registry.settlement();
    this.#alert("refused", settlement.refused);
    this.#alert("rejected", settlement.rejected);
    const { timedOut } = this.#told;
    const still = settlement.timedOut.filter((topic) => timedOut.has(topic));
    timedOut.clear();
    for (const topic of still) timedOut.add(topic);
    this.#publish("subscriptions.settled", settlement);
  }

  /** Topics whose request was not answered in time; `retryInMs` null when nothing more follows. */
  noteTimedOut(topics: readonly string[], retryInMs: number | null): void {
    for (const topic of topics) this.#told.timedOut.add(topic);
    this.#publish("alert", { alert: { kind: "subscriptions-timed-out", topics, retryInMs } });
  }

  // What the registry tells.

  changed(topic: string, state: TopicState | undefined): void {
    const freshness = this.#freshness;
    if (state === undefined) freshness?.forget(topic);
    else if (state === "confirmed" && this.registry.has(topic)) freshness?.confirmed(topic);
    else if (state === "pending") freshness?.asked(topic);
    else freshness?.unconfirmed(topic);

    if (state === "pending") this.#others.feed.asked(topic);
    if (state === undefined) this.#others.mute?.forget(topic);
    else if (state === "pending" || state === "confirmed") this.#others.mute?.asked(topic);

    if (state === undefined) this.#others.feed.recoveries.unwanted(topic);
    if (state === "rejected" || state === "refused") {
      this.#others.feed.recoveries.topicRefused(topic);
    }
    if (state === undefined || state === "confirmed" || state === "rejected") {
      this.#others.outgoing.forget(topic);
      // An alert that tells of it is to be resolved.
      if (this.#isTold(topic)) this.#hasUnannounced = true;
    }
    if (state === undefined) this.quarantine?.forget(topic);
    else if (this.#isAnswer(state)) this.quarantine?.acquit(topic);
  }

  unwanted(topic: string): void {
    this.#freshness?.unconfirmed(topic);
  }

  answered(id: number): void {
    this.#others.outgoing.answered(id);
  }

  reset(): void {
    this.#freshness?.socketEnded();
  }

  // Within.

  #publish<T extends FactType>(type: T, payload: FactPayloads[T]): void {
    this.#others.publisher.publish(type, payload);
  }

  /** One alert for all topics of a kind; again when there is one that it did not tell of. */
  #alert(kind: "refused" | "rejected", outcomes: readonly TopicOutcome[]): void {
    const told = this.#told[kind];
    const news = outcomes.find(({ topic }) => !told.has(topic));
    told.clear();
    for (const { topic } of outcomes) told.add(topic);
    if (news === undefined) return;
    const reason = printable(news.reason);
    this.#publish("alert", { alert: { kind: `topic-${kind}`, topics: [...told], reason } });
  }

  #noteStale(stale: readonly StaleTopic[]): void {
    for (const { topic, silentMs } of stale) {
      this.#publish("topic.stale", { topic, silentMs, action: "resubscribe" });
    }
    this.renew(stale.map(({ topic }) => topic));
  }

  /** The peer has answered. Where nothing is answered, written counts as confirmed: that is no answer. */
  #isAnswer(state: TopicState): boolean {
    if (state === "confirmed") return this.#settings.isAnswered;
    return state === "rejected" || state === "refused";
  }

  #isTold(topic: string): boolean {
    const { refused, rejected, timedOut } = this.#told;
    return refused.has(topic) || rejected.has(topic) || timedOut.has(topic);
  }

  #check(topics: Topic | readonly Topic[]): readonly string[] {
    return this.#settings.parseTopics(topics, "topic");
  }

  /** More than the venue allows on a connection is said now, not by a closed socket later. */
  #checkRoom(keys: readonly string[], path: string): void {
    const { topicsPerConnection, charsPerConnection = Infinity } = this.#settings;
    if (topicsPerConnection === Infinity && charsPerConnection === Infinity) return;
    const added = new Set(keys.filter((key) => !this.registry.has(key)));
    const wanted = this.registry.wanted + added.size;
    if (wanted > topicsPerConnection) {
      throw new OptionError(path, `at most ${topicsPerConnection} topics on a connection`, wanted);
    }
    let chars = this.registry.wantedChars;
    for (const key of added) chars += key.length;
    if (chars > charsPerConnection) {
      const expected = `at most ${charsPerConnection} characters in all topics of a connection`;
      throw new OptionError(path, expected, chars);
    }
  }
}
