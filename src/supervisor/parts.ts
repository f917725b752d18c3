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
import { Consumers } from "./consumers.ts";
import { Feed } from "./feed.ts";
import { OutageLog } from "./outage.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { Publisher } from "./publisher.ts";
import type { Settings } from "./settings.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Supervisor } from "./supervisor.ts";

export class Parts<M> {
  readonly outages: OutageLog;
  readonly publisher: Publisher<M>;
  readonly subscriptions: Subscriptions<M>;
  readonly outbox: Outbox;
  readonly outgoing: Outgoing<OutboxItem>;
  readonly consumers: Consumers<M>;
  readonly feed: Feed<M>;
  readonly link: Link;

  /** @param onAttach - Called with the actor that runs the chart. */
  constructor(
    supervisor: Supervisor<M>,
    settings: Settings<M> & LinkSettings,
    onAttach: (owner: ConnectionOwner) => void,
  ) {
    const { clock } = settings;
    this.outages = new OutageLog(this);
    this.publisher = new Publisher(clock, this.outages, supervisor);
    this.subscriptions = new Subscriptions(settings, this);
    this.outbox = new Outbox(settings.outbox, clock);
    this.outgoing = new Outgoing(settings, this);
    this.consumers = new Consumers(clock, this);
    this.feed = new Feed(settings, this);
    this.link = new Link(settings, this, onAttach);
  }
}
