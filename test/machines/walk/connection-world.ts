/**
 * A real supervisor on an in-memory transport, as a walk of the connection chart handles it: all that
 * can happen to it, and all that can be seen of it.
 */
import { createActor } from "xstate";
import { connectionMachine } from "../../../machines/index.ts";
import type { Link } from "../../../src/connection/link.ts";
import { createSupervisor, type Fact, type FactType, type Supervisor } from "../../../src/index.ts";
import {
  createMemoryTransport,
  type ChartClock,
  type MemorySocket,
  type WalkOptions,
} from "../../../src/testing/index.ts";
import type { Json } from "../../src/start-supervisor.ts";
import {
  connectionOptions,
  connectionUrl,
  muteForMs,
  notice,
  withCommands,
  type connectionModel,
} from "./connection-model.ts";

type Stimuli = keyof typeof connectionModel.stimuli;
type World = Parameters<WalkOptions<typeof connectionMachine, Stimuli>["start"]>[0];

/** One dial. */
export interface DialSeen {
  /** As the credentials function was told. */
  readonly reason: string;
  /** What set it off: a stimulus or a timer; undefined for the start. */
  readonly stimulus: string | undefined;
  /** How many facts had been told before. */
  readonly facts: number;
  readonly atMs: number;
}

export class ConnectionWorld {
  readonly actor;
  readonly clock: ChartClock;
  readonly feed: Supervisor<Json>;
  readonly sockets: readonly MemorySocket[];
  /** Sockets that were open once. */
  readonly opened = new Set<MemorySocket>();
  /** Every fact, oldest first. */
  readonly facts: Fact[] = [];
  readonly dials: DialSeen[] = [];
  /** Messages given to `send()`. */
  sends = 0;
  /** Answers that the peer sent on an open socket. */
  answers = 0;
  isDeskWanted = false;
  /** What is happening. */
  #stimulus: string | undefined;

  /** @param commands - As in its model: how many may dial. */
  constructor({ clock, inspect }: World, commands: number) {
    const { transport, sockets } = createMemoryTransport({ clock });
    this.clock = clock;
    this.sockets = sockets;
    this.feed = createSupervisor<Json>(
      ({ reason }) => {
        const { length } = this.facts;
        const atMs = clock.nowMs();
        this.dials.push({ reason, stimulus: this.#stimulus, facts: length, atMs });
        return connectionUrl();
      },
      { ...connectionOptions, transport, clock, seed: 1 },
    );
    this.feed.on("*", (fact) => {
      this.facts.push(fact);
      if (fact.type === "failed") this.isDeskWanted = false;
    });
    createActor(connectionMachine, {
      input: withCommands(this.feed.input, commands),
      clock,
      inspect,
    }).start();
    const { actor } = this.feed;
    if (actor === undefined) throw new Error("the supervisor did not start");
    this.actor = actor;
  }

  readonly stimuli = this.#named({
    "the dial progresses": () => this.socket.progresses("tls"),
    "the socket opens": () => {
      this.opened.add(this.socket);
      this.socket.opens();
    },
    "the peer confirms": () => this.#confirm(this.socket),
    "the socket drops": () => this.socket.drops("ECONNRESET"),
    "the server wants other credentials": () => this.socket.refuses(401),
    "the peer forbids it": () => this.socket.closes(3003, "forbidden"),
    "the peer falls silent": () => this.#fallSilent(),
    "the venue will go away": () =>
      (this.feed.input.link as Link).expires(notice.withinMs, notice.detail),
    "the connection is mute": () => (this.feed.input.link as Link).mute(muteForMs),
    "a first stream breaks": () => {
      this.isDeskWanted = true;
      (this.feed.input.link as Link).wantDesk();
    },
    connect: () => this.feed.connect(),
    reconnect: () => this.feed.reconnect(),
    close: () => void this.feed.close(),
    terminate: () => this.feed.terminate(),
    "a message is sent": () => {
      this.sends += 1;
      void this.feed.send("message");
    },
    "a socket that is over still talks": () => this.theDeadTalk(),
  });

  fire(timer: string): void {
    this.#stimulus = timer;
    this.clock.fire(timer, this.actor);
  }

  /** The newest socket. */
  get socket(): MemorySocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was dialled yet");
    return socket;
  }

  /** Sockets that nobody has ended or dropped. */
  get open(): readonly MemorySocket[] {
    return this.sockets.filter((socket) => !socket.isOver);
  }

  /** The user's messages that went out, on whatever socket. */
  get messagesOnWire(): number {
    return this.sockets.flatMap(({ sent }) => sent).filter(({ data }) => data === "message").length;
  }

  heard<T extends FactType>(type: T): Fact<T>[] {
    return this.facts.filter((fact) => fact.type === type) as Fact<T>[];
  }

  #named(stimuli: Record<Stimuli, () => void>): Record<Stimuli, () => void> {
    const named = Object.entries(stimuli).map(([name, act]) => {
      return [name, () => ((this.#stimulus = name), act())] as const;
    });
    return Object.fromEntries(named) as Record<Stimuli, () => void>;
  }

  #confirm(socket: MemorySocket): void {
    for (const { id } of requestsOn(socket)) {
      if (!socket.isOver) this.answers += 1;
      socket.receives(JSON.stringify({ ack: id }));
    }
  }

  /** Nothing is heard any more: the watch looks, then the heartbeat's timers fire until it has given up. */
  #fallSilent(): void {
    this.socket.isSilent = true;
    const { heartbeat } = this.actor.getSnapshot().children;
    for (let looks = 0; looks < 20; looks += 1) {
      const { status, value = "off" } = heartbeat?.getSnapshot() ?? {};
      if (status !== "active" || value === "off") return;
      if (value === "doubting") this.clock.fire("nextTurn");
      else if (value === "probing") this.clock.fire("timeout");
      else this.clock.firePlain("lookAtPeer");
    }
    throw new Error("the heartbeat never gives up");
  }

  /** `ws` goes on delivering after `terminate()`; nothing of it may be heard. */
  theDeadTalk(): void {
    for (const socket of this.sockets.filter(({ isOver }) => isOver)) {
      socket.progresses("tls");
      socket.opens();
      this.#confirm(socket);
      socket.receivesPing();
      socket.drops("ECONNRESET");
    }
  }
}

/** Frames of the subscription protocol that a socket was sent. */
export function requestsOn(socket: MemorySocket): readonly { readonly id: number }[] {
  return socket.sent.flatMap(({ data }) =>
    data === "message" || typeof data !== "string" ? [] : [JSON.parse(data) as { id: number }],
  );
}
