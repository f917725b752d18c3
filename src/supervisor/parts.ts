/**
 * What one supervisor is made of.
 *
 * The parts call each other through this object: they are made in turn, and each finds here those that are
 * made after it. So they know of each other what their interfaces name, and a connection has no function of
 * its own for every such call: those came to 3 kB.
 */
import { Link, type LinkSettings } from "../connection/link.ts";
import { Outgoing } from "../connection/outgoing.ts";
import type { ConnectionOwner } from "../../machines/link.ts";
import { ConnectionFailedError } from "../errors.ts";
import { Consumers } from "./consumers.ts";
import type { FactPayloads, FactType } from "./facts.ts";
import { Feed } from "./feed.ts";
import type { MuteWatch } from "./mute-watch.ts";
import { watchMute } from "./mute.ts";
import { OutageLog } from "./outage.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { Publisher } from "./publisher.ts";
import type { RunFacts } from "./run.ts";
import type { Settings } from "./settings.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Supervisor } from "./supervisor.ts";

export class Parts<M> implements RunFacts {
  readonly outages: OutageLog;
  readonly publisher: Publisher<M>;
  readonly subscriptions: Subscriptions<M>;
  readonly outbox: Outbox;
  readonly outgoing: Outgoing<OutboxItem>;
  readonly consumers: Consumers<M>;
  readonly feed: Feed<M>;
  readonly link: Link;
  /** Undefined where mute connections are not looked for. */
  readonly mute: MuteWatch | undefined;
  /** Called when all is over, where somebody has something to clear away. */
  onFinish: (() => void) | undefined;

  /** @param onAttach - Called with the actor that runs the chart. */
  constructor(
    supervisor: Supervisor<M>,
    settings: Settings<M> & LinkSettings,
    onAttach: (owner: ConnectionOwner) => void,
  ) {
    const { clock } = settings;
    this.outages = new OutageLog(this);
    this.publisher = new Publisher(clock, this.outages, supervisor);
    this.mute = settings.mute === null ? undefined : watchMute(this, settings.mute, settings);
    this.subscriptions = new Subscriptions(settings, this);
    this.outbox = new Outbox(settings.outbox, clock);
    this.outgoing = new Outgoing(settings, this);
    this.consumers = new Consumers(clock, this);
    this.feed = new Feed(settings, this);
    this.link = new Link(settings, this, onAttach);
  }

  /** A fact of the chart's, with what it means for queues and outbox. */
  note<T extends FactType>(type: T, payload: FactPayloads[T]): void {
    if (type === "closed") this.#finish(); // it is the last fact
    const fact = this.publisher.publish(type, payload);
    if (fact.type === "failed") {
      this.outbox.clear("failed");
      this.consumers.end(new ConnectionFailedError(fact.loss, fact.rule));
    }
    if (fact.type === "internal") this.consumers.end(fact.error);
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
    this.link.dropSocket();
    this.feed.ready(false);
    this.outbox.clear("closed");
    this.consumers.end();
    this.publisher.silence();
  }
}
