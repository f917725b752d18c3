/**
 * A link with all that goes out on it, driven by hand in place of the chart: it replays when a socket
 * opens, lets sends flow when that is settled, and dials again a second after a loss.
 */
import type { SocketFact } from "../../../machines/connection.events.ts";
import {
  Link,
  type LinkedParts,
  type LinkFeed,
  type LinkSettings,
} from "../../../src/connection/link.ts";
import { Outgoing } from "../../../src/connection/outgoing.ts";
import type { PacingWindow } from "../../../src/subscriptions/pacer.ts";
import type { SubscriptionProtocol } from "../../../src/subscriptions/protocol.ts";
import { topicKeys } from "../../../src/subscriptions/topic.ts";
import type { FactType } from "../../../src/supervisor/facts.ts";
import { defaultOutbox, Outbox, type OutboxItem } from "../../../src/supervisor/outbox.ts";
import type { Facts } from "../../../src/supervisor/publisher.ts";
import { SendWatch } from "../../../src/supervisor/send-watch.ts";
import {
  Subscriptions,
  type SubscriptionsOthers,
  type TopicSettings,
} from "../../../src/supervisor/subscriptions.ts";
import {
  createMemoryTransport,
  type MemorySocket,
  type MemoryTransport,
} from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { FakeDoor } from "../../machines/start-connection.ts";
import { answered, type Json } from "../start-supervisor.ts";

export interface LineOptions
  extends TopicSettings, Pick<LinkSettings, "opening" | "keepalive" | "countsControlFrames"> {
  readonly topics?: readonly string[];
  readonly topicsPerFrame?: number;
  readonly topicsPerConnection?: number;
  readonly protocol?: SubscriptionProtocol<Json>;
  readonly pacing?: readonly PacingWindow[];
  readonly subscriptionPacing?: readonly PacingWindow[];
  /** Called with each new socket before it is opened. */
  readonly onDial?: (socket: MemorySocket) => void;
}

interface Told {
  readonly type: FactType;
  readonly [key: string]: unknown;
}

export class Line {
  readonly clock = new VirtualClock();
  readonly startMs = this.clock.nowMs();
  readonly facts: Told[] = [];
  readonly subscriptions: Subscriptions<Json>;
  readonly sends = new SendWatch(this.clock, this);
  readonly outbox = new Outbox(defaultOutbox, this.clock, this.sends);
  readonly outgoing: Outgoing<OutboxItem>;
  readonly feed: SubscriptionsOthers<Json>["feed"] & LinkFeed;
  readonly publisher: Facts & LinkedParts["publisher"] = {
    flush: () => undefined,
    publish: (type, payload) => this.facts.push({ type, ...payload }),
    callbackFailed: () => undefined,
  };
  readonly mute = undefined;
  readonly link: Link;
  readonly #memory: MemoryTransport;
  isReady = false;

  constructor(options: Partial<LineOptions> = {}) {
    const { clock } = this;
    const { protocol = answered, topics = [], topicsPerConnection = Infinity } = options;
    const { pacing = [], subscriptionPacing = [], topicsPerFrame = 100 } = options;
    const { opening, keepalive, countsControlFrames = false, onDial } = options;
    this.#memory = createMemoryTransport({ clock, onDial });
    const isAnswered = protocol.acknowledge !== undefined;
    this.subscriptions = new Subscriptions<Json>(
      { ...options, clock, topics, topicsPerConnection, isAnswered, parseTopics: topicKeys },
      this,
    );
    this.outgoing = new Outgoing(
      {
        clock,
        pacing,
        subscriptionPacing,
        topicsPerFrame,
        canUnsubscribe: protocol.unsubscribe !== undefined,
        isAnswered,
        requestTimeoutMs: 5_000,
        topicRetries: { retries: 3, firstMs: 5_000 },
      },
      this,
    );
    this.feed = {
      talk: protocol,
      asked: () => undefined,
      recoveries: Object.assign(new FakeDoor(), {
        unwanted: () => undefined,
        topicRefused: () => undefined,
      }),
      inbound: { receive: (raw) => this.#receive(JSON.parse(raw.toString()) as Json) },
      countLate: () => undefined,
      socketGone: () => {
        this.socketsGone += 1;
      },
      newSocket: () => undefined,
      replayAbandoned: () => undefined,
      ready: () => undefined,
      reading: (isReading) => {
        if (isReading) this.subscriptions.resume("reader");
        else this.subscriptions.pause("reader");
      },
    };
    this.link = new Link(
      {
        clock,
        opening,
        keepalive,
        probe: undefined,
        countsControlFrames,
        target: { url: "wss://venue.example", protocols: [], headers: {} },
        transport: this.#memory.transport,
        authenticate: undefined,
      },
      this,
      () => undefined,
    );
    this.dials();
  }

  stepping(): void {}

  /** How often the link said that an attempt is over. */
  socketsGone = 0;

  /** The newest socket. */
  get socket(): MemorySocket {
    const socket = this.#memory.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was dialled yet");
    return socket;
  }

  get sockets(): readonly MemorySocket[] {
    return this.#memory.sockets;
  }

  dials(): void {
    this.link.dial({ reason: "first", number: 1 }, (fact) => this.#hear(fact));
  }

  /** The newest socket opens, and every request so far is confirmed. */
  comesUp(): this {
    this.socket.opens();
    this.confirmsAll();
    return this;
  }

  confirmsAll(): void {
    for (const { id } of this.requests()) this.socket.receives(JSON.stringify({ ack: id }));
  }

  /** The peer sends JSON. */
  receives(frame: Json): void {
    this.socket.receives(JSON.stringify(frame));
  }

  /** What the newest socket was sent. */
  sent(): unknown[] {
    return this.socket.sent.map(({ data }) => data);
  }

  /** The requests that the newest socket was sent. */
  requests(): { readonly op: string; readonly id: number; readonly topics: readonly string[] }[] {
    return this.sent()
      .filter((frame) => typeof frame === "string" && frame.startsWith('{"op"'))
      .map((frame) => JSON.parse(String(frame)) as ReturnType<typeof this.requests>[number]);
  }

  /** `op topics` of each request of the newest socket. */
  asked(): string[] {
    return this.requests().map(({ op, topics }) => `${op} ${topics.join(",")}`);
  }

  states(): Record<string, string> {
    const { registry } = this.subscriptions;
    return Object.fromEntries(registry.topics().map(({ topic, state }) => [topic, state]));
  }

  /** Facts of one type, as they were told. */
  heard(type: FactType): Told[] {
    return this.facts.filter((fact) => fact.type === type);
  }

  #receive(message: Json): void {
    const answer = answered.acknowledge?.(message);
    if (answer !== undefined) {
      this.subscriptions.acknowledge(answer);
      this.outgoing.pump();
    } else if (message.s !== undefined) {
      this.subscriptions.heard(message.s, this.link.lastHeardAtMs);
    }
  }

  #hear(fact: SocketFact): void {
    switch (fact.type) {
      case "socket.opened":
        this.link.replaySubscriptions();
        return;
      case "subscriptions.settled":
        this.isReady = true;
        this.link.startSending();
        return;
      case "socket.ended":
        this.isReady = false;
        this.link.holdSends();
        this.link.dropSocket();
        this.clock.setTimeout(() => this.dials(), 1_000);
        return;
      case "socket.dialled":
      case "socket.progressed":
        return;
    }
  }
}
