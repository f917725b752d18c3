/**
 * A supervisor that runs for a test: the real one, on an in-memory transport and virtual time.
 *
 * The test plays the peer: `world.socket` is the newest socket, and what happens to it is said in the
 * present tense (`opens`, `receives`, `drops`).
 */
import { never, type Refusal } from "../../machines/refusal.ts";
import {
  createSupervisor,
  type Fact,
  type FactType,
  type RawMessage,
  type SequencePoint,
  type SubscriptionProtocol,
  type Supervisor,
  type SupervisorOptions,
  type Target,
} from "../../src/index.ts";
import type { Alert } from "../../src/supervisor/facts.ts";
import {
  createMemoryTransport,
  type MemorySocket,
  type MemoryTransport,
} from "../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { defineVenue, type VenueDefinition, type VenueProfile } from "../../src/venues/index.ts";

/** A frame of {@link numbered}. */
export interface Json {
  /**
   * The answer to request `ack`; with `no`, these topics were refused: for good, unless `refusal` says
   * otherwise, or is null, where nothing is known.
   */
  readonly ack?: number;
  readonly no?: readonly string[];
  readonly error?: string;
  readonly refusal?: Refusal | null;
  /** Number `n` of stream `s`. */
  readonly s?: string;
  readonly n?: number;
  readonly [key: string]: unknown;
}

/** A small protocol: requests with ids, answers to them, numbered messages. */
export const answered: SubscriptionProtocol<Json> = {
  subscribe: (topics, id) => ({ op: "sub", topics, id }),
  unsubscribe: (topics, id) => ({ op: "unsub", topics, id }),
  acknowledge: ({ ack, no = [], error, refusal: said = never }) => {
    if (ack === undefined) return undefined;
    const refusal = said ?? undefined;
    const rejected = no.map((topic) => ({ topic, reason: "unknown", refusal }));
    return { id: ack, error, refusal, rejected };
  },
};

function sequenceOf({ s, n }: Json): SequencePoint | undefined {
  if (s === undefined || n === undefined) return undefined;
  return { stream: s, first: n, last: n, scope: "stream" };
}

/** Everything that a numbered feed with answered requests needs. */
export const numbered = {
  decode: (data: Buffer) => JSON.parse(data.toString()) as Json,
  sequence: sequenceOf,
  subscriptions: answered,
} satisfies SupervisorOptions<Json>;

/** A venue that speaks so. */
export function numberedVenue(given: Partial<VenueDefinition<Json>> = {}): VenueProfile<Json> {
  return defineVenue<Json>({
    id: "numbered",
    url,
    open: () => ({
      subscribe: answered.subscribe,
      unsubscribe: (topics, id) => ({ op: "unsub", topics, id }),
      decode: numbered.decode,
      control: (message) => {
        const answer = answered.acknowledge?.(message);
        return answer === undefined ? undefined : { kind: "answer", answer };
      },
      sequence: sequenceOf,
    }),
    ...given,
  });
}

/** A backoff without chance in it, where chance is not the point. */
export const everySecond = { backoff: () => 1_000 } as const;

export const url = "wss://venue.example/feed";

export interface WorldOptions<M> extends SupervisorOptions<M> {
  readonly target?: Target<M>;
  /** Called with each new socket before the transport has returned it. */
  readonly onDial?: (socket: MemorySocket) => void;
}

export class SupervisorWorld<M = RawMessage> {
  readonly clock = new VirtualClock();
  readonly feed: Supervisor<M>;
  readonly memory: MemoryTransport;
  /** Every fact, oldest first. */
  readonly facts: Fact[] = [];

  constructor({ target = url, onDial, ...options }: WorldOptions<M> = {}) {
    this.memory = createMemoryTransport({ clock: this.clock, onDial });
    this.feed = createSupervisor<M>(target as string, {
      transport: this.memory.transport,
      clock: this.clock,
      seed: 1,
      ...options,
    });
    this.feed.on("*", (fact) => {
      this.facts.push(fact);
    });
  }

  /** The newest socket. */
  get socket(): MemorySocket {
    const socket = this.memory.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was dialled yet");
    return socket;
  }

  /** How many sockets were dialled. */
  get dials(): number {
    return this.memory.sockets.length;
  }

  /** Sockets that nobody has ended or dropped. */
  get socketsOpen(): number {
    return this.memory.sockets.filter((socket) => !socket.isOver).length;
  }

  start(): this {
    this.feed.start();
    return this;
  }

  /** The newest socket opens, and every request that it was sent is confirmed. */
  comesUp(): this {
    this.socket.opens();
    this.confirmsAll();
    return this;
  }

  /** The peer answers every request of the newest socket. */
  confirmsAll(): void {
    for (const request of this.requests())
      this.socket.receives(JSON.stringify({ ack: request.id }));
  }

  /** The requests that the newest socket was sent. */
  requests(): { readonly op: string; readonly id: number; readonly topics: readonly string[] }[] {
    return this.sent()
      .filter((frame) => typeof frame === "string" && frame.startsWith('{"op"'))
      .map((frame) => JSON.parse(String(frame)) as ReturnType<typeof this.requests>[number]);
  }

  /** The peer sends JSON, all in one chunk. */
  receives(...frames: readonly Json[]): void {
    this.socket.receives(...frames.map((frame) => JSON.stringify(frame)));
  }

  /** Text frames that the newest socket was sent. */
  sent(): unknown[] {
    return this.socket.sent.map(({ data }) => data);
  }

  /** Lets the announced wait pass, so that the next socket is dialled. */
  waitsItsTurn(): void {
    this.clock.advance(this.feed.status().retryInMs ?? 0);
  }

  heard<T extends FactType>(type: T): Fact<T>[] {
    return this.facts.filter((fact) => fact.type === type) as Fact<T>[];
  }

  alerts<K extends Alert["kind"]>(kind: K): Extract<Alert, { kind: K }>[] {
    return this.heard("alert")
      .map(({ alert }) => alert)
      .filter((alert): alert is Extract<Alert, { kind: K }> => alert.kind === kind);
  }

  /** The states it went through, oldest first. */
  states(): string[] {
    return this.heard("state").map(({ state }) => state);
  }

  /** `callback.failed`, each as the name of the callback. */
  failedCallbacks(): string[] {
    return this.heard("callback.failed").map(({ callback }) => callback);
  }
}

/** A supervisor that is running, its first socket dialled. */
export function startSupervisor<M = RawMessage>(options?: WorldOptions<M>): SupervisorWorld<M> {
  return new SupervisorWorld<M>(options).start();
}

/** One turn of the event loop: every promise that can settle has settled. */
export function promisesSettle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
