/**
 * What one supervisor is made of.
 *
 * The parts call each other through this object: they are made in turn, and each finds here those that are
 * made after it. So they know of each other what their interfaces name, and a connection has no function of
 * its own for every such call: those came to 3 kB.
 */
import { Link, type LinkSettings, type OnAttach } from "../connection/link.ts";
import { Outgoing } from "../connection/outgoing.ts";
import { ConnectionFailedError } from "../errors.ts";
import { Consumers } from "./consumers.ts";
import type { FactPayloads, FactType } from "./facts.ts";
import { Feed } from "./feed.ts";
import type { MuteWatch } from "./mute-watch.ts";
import { watchMute } from "./mute.ts";
import { OutageLog } from "./outage.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import type { Platform } from "./platform.ts";
import { Publisher } from "./publisher.ts";
import type { Run, RunFacts } from "./run.ts";
import { SendWatch } from "./send-watch.ts";
import type { Settings } from "./settings.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Supervisor } from "./supervisor.ts";

export class Parts<M> implements RunFacts {
  readonly outages: OutageLog;
  readonly publisher: Publisher<M>;
  readonly subscriptions: Subscriptions<M>;
  readonly sends: SendWatch;
  readonly outbox: Outbox;
  readonly outgoing: Outgoing<OutboxItem>;
  readonly consumers: Consumers<M>;
  readonly feed: Feed<M>;
  readonly link: Link;
  /** Undefined where mute connections are not looked for. */
  readonly mute: MuteWatch | undefined;
  /** The chart that runs, once it does. */
  run: Pick<Run, "stepping"> | undefined;
  /** Called when all is over, where somebody has something to clear away. */
  onFinish: (() => void) | undefined;
  /** A chart of the user's runs it, and sees its states. */
  isEmbedded = true;
  readonly #supervisor: Supervisor<M>;
  readonly #warn: Platform["warn"];

  /** @param onAttach - Called with the actor that runs the chart. */
  constructor(supervisor: Supervisor<M>, settings: Settings<M> & LinkSettings, onAttach: OnAttach) {
    const { clock } = settings;
    this.#supervisor = supervisor;
    this.#warn = settings.warn;
    this.outages = new OutageLog(this);
    this.publisher = new Publisher(clock, this.outages, supervisor);
    this.mute = settings.mute === null ? undefined : watchMute(this, settings.mute, settings);
    this.subscriptions = new Subscriptions(settings, this);
    this.sends = new SendWatch(clock, this);
    this.outbox = new Outbox(settings.outbox, clock, this.sends);
    this.outgoing = new Outgoing(settings, this);
    this.consumers = new Consumers(clock, this);
    this.feed = new Feed(settings, this);
    this.link = new Link(settings, this, onAttach);
  }

  stepping(): void {
    this.run?.stepping();
  }

  /** A fact of the chart's, with what it means for queues and outbox. */
  note<T extends FactType>(type: T, payload: FactPayloads[T]): void {
    if (type === "closed") this.#finish(); // it is the last fact
    const fact = this.publisher.publish(type, payload);
    if (fact.type === "failed") {
      const failure = new ConnectionFailedError(fact.loss, fact.rule);
      this.#warnUnheard(failure, ["failed", "attempt.failed", "down", "alert", "state"]);
      this.outbox.clear("failed");
      this.consumers.end(failure);
    }
    if (fact.type === "internal") {
      this.#warnUnheard(fact.error, ["internal", "alert", "closed"]);
      this.consumers.end(fact.error);
    }
  }

  /** The connection has ended by itself, and perhaps nobody knows: no listener, no iterator, no parent. */
  #warnUnheard(failure: Error, heardAs: readonly [FactType, ...FactType[]]): void {
    if (this.isEmbedded || this.consumers.isRead || this.publisher.hears(heardAs)) return;
    const { name } = this.#supervisor;
    this.#warn(
      `${name}: ${failure.message}. Nothing listens: on("${heardAs[0]}", …) is told of it.`,
    );
  }

  hold(): void {
    this.publisher.hold();
  }

  release(): void {
    this.publisher.release();
  }

  /** Nothing is left behind: no timer, no listener on the signal, no open iterator, no waiting send. */
  #finish(): void {
    this.onFinish?.();
    this.isEmbedded = true; // whoever runs it again is no `start()`
    this.run = undefined;
    this.link.dropSocket();
    this.feed.ready(false);
    this.outbox.clear("closed");
    this.consumers.end();
    this.publisher.silence();
  }
}
