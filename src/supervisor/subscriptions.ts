/**
 * The wanted topics as users change them, and what is said of them: checks before anything is wanted,
 * frames for what should be asked, facts for what was answered.
 */
import { OptionError } from "../errors.ts";
import { encodeFrame, type Acknowledgement } from "../subscriptions/protocol.ts";
import {
  SubscriptionRegistry,
  type SubscriptionRequest,
  type TopicStatus,
} from "../subscriptions/registry.ts";
import type { Topic } from "../subscriptions/topic.ts";
import { printable } from "../transport/printable.ts";
import type { FactPayloads, FactType } from "./facts.ts";
import type { Settings } from "./settings.ts";
import type { Status } from "./status.ts";
import type { Talk } from "./talk.ts";

export interface SubscriptionsParts<M> {
  readonly settings: Pick<Settings<M>, "parseTopics" | "topicsPerConnection" | "topics">;
  /** The words of the current socket. */
  readonly talk: () => Pick<Talk<M>, "subscribe" | "unsubscribe">;
  readonly publish: <T extends FactType>(type: T, payload: FactPayloads[T]) => void;
  readonly callbackFailed: (callback: string, error: unknown) => void;
  /** A request was answered: its deadline is off. */
  readonly onAnswered: (id: number) => void;
  /** Nothing waits for an answer any more. */
  readonly onSettled: () => void;
}

export class Subscriptions<M> {
  readonly registry = new SubscriptionRegistry();
  readonly #parts: SubscriptionsParts<M>;
  /** Something was asked, or waits, since settlement was last announced. */
  #hasUnannounced = false;

  constructor(parts: SubscriptionsParts<M>) {
    this.#parts = parts;
    const { topics } = parts.settings;
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
    const { confirmed, rejected, timedOut } = this.registry.settlement();
    return {
      wanted: confirmed.length + rejected.length + timedOut.length,
      confirmed: confirmed.length,
      pending: timedOut.length,
      rejected: rejected.length,
    };
  }

  /** The frame of a request; undefined when the user's function gave none. */
  encode({ id, kind, topics }: SubscriptionRequest): string | Uint8Array | undefined {
    const { callbackFailed } = this.#parts;
    const talk = this.#parts.talk();
    this.#hasUnannounced = true;
    try {
      const frame =
        kind === "subscribe" ? talk.subscribe(topics, id) : talk.unsubscribe?.(topics, id);
      if (frame === undefined && kind === "unsubscribe") return undefined; // there is nothing to end
      const encoded = frame === undefined ? undefined : encodeFrame(frame);
      if (encoded === undefined) throw new OptionError(`subscriptions.${kind}()`, "a frame", frame);
      return encoded;
    } catch (error) {
      callbackFailed(`subscriptions.${kind}`, error);
      return undefined;
    }
  }

  /** The peer's answer. A topic that it refuses does not take the others down. */
  acknowledge(answer: Acknowledgement): void {
    if ("id" in answer) this.#parts.onAnswered(answer.id);
    for (const { topic, reason } of this.registry.acknowledge(answer)) {
      this.#parts.publish("topic.rejected", { topic, reason: printable(reason) });
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
    this.#parts.onSettled();
  }

  /** Where every wanted topic stands, settled or not. */
  announce(): void {
    this.#parts.publish("subscriptions.settled", this.registry.settlement());
  }

  #check(topics: Topic | readonly Topic[]): readonly string[] {
    return this.#parts.settings.parseTopics(topics, "topic");
  }

  /** One more topic than the venue allows on a connection is said now, not by a closed socket later. */
  #checkRoom(keys: readonly string[], path: string): void {
    const most = this.#parts.settings.topicsPerConnection;
    if (most === Infinity) return;
    const added = new Set(keys.filter((key) => !this.registry.has(key))).size;
    const wanted = this.registry.wanted + added;
    if (wanted > most)
      throw new OptionError(path, `at most ${most} topics on a connection`, wanted);
  }
}
