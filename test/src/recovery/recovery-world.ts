/**
 * Recoveries that run for a test: the real class, its real charts, and the data path before it in a few
 * lines. The test plays the venue (`receives`, `beginsAnew`, `loses`) and whoever gives snapshots.
 *
 * Streams are named after what is done about them: `book` fetches snapshots, `topic` is subscribed anew,
 * `wire` needs a new socket (its numbering is the connection's), `plain` is not recovered.
 */
import { createActor, type InspectionEvent } from "xstate";
import { recoveriesMachine, type RecoveriesActor } from "../../../machines/recoveries.machine.ts";
import { defaultRecoveryPacing, type RecoveryPacing } from "../../../machines/recovery.door.ts";
import { Recoveries } from "../../../src/recovery/recoveries.ts";
import type { Bridge, Snapshot, SnapshotRecovery } from "../../../src/recovery/recovery.ts";
import type { SequencePoint } from "../../../src/sequence/point.ts";
import { SequenceTracker } from "../../../src/sequence/tracker.ts";
import type { FeedItem, MessageItem } from "../../../src/supervisor/items.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** Binance's rule: `U <= lastUpdateId + 1 <= u`. */
export const bridge: Bridge = (snapshot, { first, last }) => {
  const next = Number(snapshot) + 1;
  if (Number(last) < next) return "drop";
  return Number(first) <= next ? "apply" : "refetch";
};

/** One fetch, and what the test lets come of it. */
export class FakeFetch {
  readonly stream: string;
  readonly signal: AbortSignal;
  readonly promise: Promise<Snapshot>;
  #settle: { resolve(snapshot: Snapshot): void; reject(error: unknown): void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };

  constructor(stream: string, signal: AbortSignal) {
    this.stream = stream;
    this.signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** A snapshot that has all up to `position`. */
  async gives(position: number): Promise<void> {
    await this.givesThing({ data: `book at ${position}`, position });
  }

  async givesThing(thing: unknown): Promise<void> {
    this.#settle.resolve(thing as Snapshot);
    await told();
  }

  async fails(error: unknown = new Error("HTTP 503")): Promise<void> {
    this.#settle.reject(error);
    await told();
  }
}

/** Lets promises that are settled tell whoever waits for them. */
async function told(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

export interface WorldOptions extends Partial<RecoveryPacing> {
  readonly bufferMessages?: number;
  /** False: the test starts the desk's actor itself. @defaultValue true */
  readonly isDeskOpen?: boolean;
  readonly clock?: VirtualClock;
  readonly inspect?: (event: InspectionEvent) => void;
  readonly bridge?: Bridge;
  /** Where the snapshots of a stream come from. */
  readonly hostOf?: (stream: string) => string | undefined;
  /** What a consumer does when it gets an item. */
  readonly onItem?: (spelled: string, world: RecoveryWorld) => void;
}

export class RecoveryWorld {
  readonly clock: VirtualClock;
  readonly recoveries: Recoveries<number>;
  readonly actor: RecoveriesActor;
  /** All that a consumer gets, in order, as words. */
  readonly band: string[] = [];
  readonly items: FeedItem<number>[] = [];
  readonly fetches: FakeFetch[] = [];
  /** What was asked of the connection. */
  readonly asked: string[] = [];
  /** Alerts. */
  readonly failing: { stream: string; tries: number; detail: string }[] = [];
  readonly abandoned: string[] = [];
  readonly failures: string[] = [];
  /** Whether somebody wants the topics. */
  isWanted = true;
  readonly #tracker = new SequenceTracker();

  constructor(options: WorldOptions = {}) {
    const { bufferMessages = 10, clock = new VirtualClock(), isDeskOpen = true } = options;
    const { inspect, onItem, ...pacing } = options;
    this.clock = clock;
    const snapshots: SnapshotRecovery = {
      fetchSnapshot: (stream, signal) => {
        const fetch = new FakeFetch(stream, signal);
        this.fetches.push(fetch);
        return fetch.promise;
      },
      bridge: options.bridge ?? bridge,
    };
    const put = (item: FeedItem<number>): void => {
      this.items.push(item);
      this.band.push(spell(item));
      onItem?.(spell(item), this);
    };
    this.recoveries = new Recoveries<number>({
      clock,
      bufferMessages,
      isWanted: () => this.isWanted,
      recoveryOf: (stream) => {
        if (stream.startsWith("book")) return { ...snapshots, host: options.hostOf?.(stream) };
        if (stream.startsWith("topic")) return "resubscribe";
        return stream.startsWith("wire") ? "reconnect" : "none";
      },
      deliver: put,
      mark: put,
      onReached: (stream, position) => this.#tracker.reach(stream, position),
      wantDesk: () => this.asked.push("desk"),
      resubscribe: (stream) => this.asked.push(`resubscribe ${stream}`),
      requestReconnect: (detail) => this.asked.push(`reconnect: ${detail}`),
      onFailing: ({ stream, failures, recurrences, mustProve, detail }) =>
        this.failing.push({ stream, tries: mustProve ? recurrences : failures, detail }),
      onAbandoned: (stream) => this.abandoned.push(stream),
      onCallbackFailed: (callback) => this.failures.push(callback),
    });
    this.#put = put;
    this.actor = createActor(recoveriesMachine, {
      input: { door: this.recoveries, policy: { ...defaultRecoveryPacing, ...pacing } },
      clock,
      ...(inspect === undefined ? {} : { inspect }),
    });
    if (isDeskOpen) this.actor.start();
  }

  readonly #put: (item: FeedItem<number>) => void;

  /** The newest fetch. */
  get fetch(): FakeFetch {
    const fetch = this.fetches.at(-1);
    if (fetch === undefined) throw new Error("nothing was fetched yet");
    return fetch;
  }

  /** What the recovery in a slot is doing. */
  doing(slot = 0): string | undefined {
    const child = this.actor.getSnapshot().children[`recovery.${slot}`];
    return child === undefined ? undefined : String(child.getSnapshot().value);
  }

  /** A message that covers `first … last` of a stream. */
  receives(stream: string, first: number, last = first): void {
    this.#inbound(pointOf(stream, first, last));
  }

  /** A message with which the venue starts the stream over. */
  beginsAnew(stream: string, at: number): void {
    this.#inbound({ ...pointOf(stream, at, at), restarts: true });
  }

  /** A number is skipped: the message after it shows a gap. @returns its number */
  loses(stream: string): number {
    const at = Number(this.#tracker.positions().get(stream) ?? 0);
    this.receives(stream, at + 2);
    return at + 2;
  }

  socketEnds(): void {
    this.recoveries.socketEnded();
    this.recoveries.newSocket();
    this.#tracker.newSocket();
  }

  /** The next one is ready. */
  socketOpens(): void {
    this.recoveries.ready();
  }

  /** As `src/supervisor/inbound.ts` does it. */
  #inbound(point: SequencePoint): void {
    const { recoveries } = this;
    const { stream } = point;
    const verdict = this.#tracker.accept(point);
    if (verdict.kind === "duplicate" || verdict.kind === "stale") return;
    let begins = verdict.kind === "first";
    if (begins) recoveries.broken(stream, "start");
    if (verdict.kind === "gap") {
      this.#put({ kind: "gap", stream, from: verdict.from, to: verdict.to });
      recoveries.broken(stream, "gap");
    }
    if (verdict.kind === "reset") {
      this.#put({ kind: "reset", stream });
      if (point.restarts === true) begins = true;
      else recoveries.broken(stream, "reset");
    }
    const item = itemOf(point, this.clock.nowMs());
    if (recoveries.isIdle || !recoveries.take(item, point)) this.#put(item);
    if (begins) recoveries.restarted(stream);
  }
}

export function pointOf(stream: string, first: number, last: number): SequencePoint {
  return { stream, first, last, scope: stream.startsWith("wire") ? "connection" : "stream" };
}

export function itemOf(
  { stream, first, last, restarts }: SequencePoint,
  atMs = 0,
): MessageItem<number> {
  return {
    kind: "message",
    data: Number(last),
    raw: Buffer.alloc(0),
    topic: undefined,
    stream,
    isSnapshot: restarts === true,
    first,
    position: last,
    receivedAtMs: atMs,
  };
}

/** `book 5-7`, `gap book 3-4`, `invalid book (gap)`, `snapshot book at 9`, `valid book`. */
function spell(item: FeedItem<number>): string {
  switch (item.kind) {
    case "message":
      return `${item.stream} ${range(item.first, item.position)}`;
    case "gap":
      return `gap ${item.stream} ${range(item.from, item.to)}`;
    case "invalid":
      return `invalid ${item.stream} (${item.cause})`;
    case "snapshot":
      return `snapshot ${item.stream} at ${item.position}`;
    case "overflow":
      return item.streams
        .map(({ stream, from, to, messages }) => `lost ${stream} ${range(from, to)} (${messages})`)
        .join();
    case "reset":
    case "valid":
      return `${item.kind} ${item.stream}`;
  }
}

function range(from: unknown, to: unknown): string {
  return from === to ? String(to) : `${String(from)}-${String(to)}`;
}

export function startRecoveries(options?: WorldOptions): RecoveryWorld {
  return new RecoveryWorld(options);
}
