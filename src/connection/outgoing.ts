/**
 * The road out: subscription frames first, then the user's messages, all through the pacer.
 *
 * It pulls: whenever something may go out it asks the registry, then the outbox, for the next frame.
 * Many `subscribe` calls under pacing therefore leave in few, full frames, and nothing is encoded
 * before it can be written.
 */
import type { Clock } from "../system.ts";
import type { TransportSocket } from "../transport/transport.ts";
import type { Pacer } from "../subscriptions/pacer.ts";
import type { SubscriptionRegistry, SubscriptionRequest } from "../subscriptions/registry.ts";
import type { TopicRetries } from "../subscriptions/topic-retries.ts";

/** `held` nothing goes out · `replaying` subscriptions only · `open` everything. */
export type SendMode = "held" | "replaying" | "open";

/** One message of the user's, as far as the road knows it. */
export interface WaitingSend {
  readonly data: string | Uint8Array;
}

/** What waits to be sent; the outbox, which lives longer than any socket. */
interface WaitingSends<S extends WaitingSend = WaitingSend> {
  /** How many wait. */
  readonly messages: number;
  /** The next one, taken out. */
  take(): S | undefined;
  /** The socket's word on it. */
  written(send: S, error?: Error): void;
  /** The socket is gone with all that it had. */
  socketEnded(): void;
}

export interface OutgoingParts<S extends WaitingSend> {
  readonly clock: Clock;
  readonly outbox: WaitingSends<S>;
  readonly registry: SubscriptionRegistry;
  /** Holds for every frame. */
  readonly pacer: Pacer;
  /** Holds for subscription frames, on top. */
  readonly subscriptionPacer: Pacer;
  readonly topicsPerFrame: number;
  readonly canUnsubscribe: boolean;
  /** The frame of a request; undefined when the user's function failed. */
  readonly encode: (request: SubscriptionRequest) => string | Uint8Array | undefined;
  /** Whether requests are answered; if not, written is confirmed. */
  readonly isAnswered: boolean;
  readonly requestTimeoutMs: number;
  readonly retries: TopicRetries;
  /** The registry changed: perhaps it is settled. */
  readonly onProgress: () => void;
  /**
   * Topics whose request was not answered in time: at the first time, and at the last, when nothing
   * more follows on this socket (null).
   */
  readonly onTimeout: (topics: readonly string[], retryInMs: number | null) => void;
}

/**
 * Bytes that may wait in the socket before the outbox holds back. A ping queued behind a backlog looks
 * like a dead peer (faults.md §0 #9), so the backlog stays ours, where it is bounded and has fates.
 */
const MAX_BUFFERED_BYTES = 1_048_576;

export class Outgoing<S extends WaitingSend = WaitingSend> {
  readonly #parts: OutgoingParts<S>;
  #socket: TransportSocket | undefined;
  #mode: SendMode = "held";
  #wakeTimer: unknown;
  #wakeAtMs = Infinity;
  #isPumping = false;
  /** The deadline of each unanswered request; made with the first. */
  #deadlines: Map<number, unknown> | undefined;

  constructor(parts: OutgoingParts<S>) {
    this.#parts = parts;
  }

  /** A new socket. The frames of its login are counted already. */
  begin(socket: TransportSocket): void {
    this.#socket = socket;
  }

  /** The socket is gone with every answer that was awaited; a venue counts the next one's from nought. */
  end(): void {
    this.#socket = undefined;
    this.allow("held");
    this.#parts.pacer.reset();
    this.#parts.subscriptionPacer.reset();
    this.#parts.retries.clear();
    this.#parts.registry.newSocket();
    this.#parts.outbox.socketEnded();
  }

  /** While held nothing is awaited either: the socket is on its way out. */
  allow(mode: SendMode): void {
    this.#mode = mode;
    if (mode === "held") {
      this.#clearWake();
      this.#clearDeadlines();
    } else {
      this.pump();
    }
  }

  /** A frame that is not ours to time went out: a ping, a pong, a login. */
  countFrame(): void {
    this.#parts.pacer.spend(this.#parts.clock.nowMs());
  }

  /** A request was answered. */
  answered(id: number): void {
    this.#parts.clock.clearTimeout(this.#deadlines?.get(id));
    this.#deadlines?.delete(id);
  }

  /** Sends whatever may be sent now; arms one timer for the rest. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#clearWake();
    this.#askAgain();
    while (this.#sendOne());
    this.#isPumping = false;
    if (this.#mode !== "held") this.#parts.onProgress(); // what is not asked is not settled
  }

  /** Only on a ready connection: a topic that is never answered must not keep it from getting ready. */
  #askAgain(): void {
    const { clock, registry, retries } = this.#parts;
    if (this.#socket === undefined || this.#mode !== "open") return;
    const nowMs = clock.nowMs();
    for (const topic of retries.takeDue(nowMs)) registry.askAgain(topic);
    const waitMs = retries.waitMs(nowMs);
    if (waitMs !== undefined) this.#wakeIn(waitMs);
  }

  /** True when something was sent, or forgotten, and there may be more. */
  #sendOne(): boolean {
    const { clock, registry, outbox, pacer, subscriptionPacer } = this.#parts;
    const socket = this.#socket;
    if (socket === undefined || this.#mode === "held") return false;

    const nowMs = clock.nowMs();
    const waitMs = pacer.waitMs(nowMs);
    if (registry.hasWork) {
      const subscriptionWaitMs = Math.max(waitMs, subscriptionPacer.waitMs(nowMs));
      if (subscriptionWaitMs === 0) return this.#sendRequest(socket, nowMs);
      this.#wakeIn(subscriptionWaitMs);
    }
    if (this.#mode !== "open" || outbox.messages === 0) return false;
    if (waitMs > 0) {
      this.#wakeIn(waitMs);
      return false;
    }
    // The next `written` pumps again.
    if (socket.bufferedBytes > MAX_BUFFERED_BYTES) return false;
    const item = outbox.take();
    if (item === undefined) return false;
    pacer.spend(nowMs);
    socket.send(item.data, (error) => {
      if (error !== undefined) this.#distrust(socket);
      outbox.written(item, error);
      if (outbox.messages > 0) this.pump();
    });
    return true;
  }

  #sendRequest(socket: TransportSocket, nowMs: number): boolean {
    const { registry, pacer, subscriptionPacer, topicsPerFrame, canUnsubscribe } = this.#parts;
    const request = registry.nextRequest(topicsPerFrame, canUnsubscribe);
    if (request === undefined) return true; // there was only something to forget
    const frame = this.#parts.encode(request);
    if (frame === undefined) {
      registry.acknowledge({ id: request.id, error: "the subscription protocol threw" });
      return true;
    }
    pacer.spend(nowMs);
    subscriptionPacer.spend(nowMs);
    if (this.#parts.isAnswered) this.#awaitAnswer(request.id);
    socket.send(frame, (error) => {
      if (error !== undefined) this.#distrust(socket);
      if (error !== undefined || this.#parts.isAnswered || this.#socket !== socket) return;
      registry.confirm(request.id);
      if (!this.#isPumping) this.#parts.onProgress();
    });
    return true;
  }

  /**
   * A failed write is a dying socket. Its loss is on the way: what still waits is for the next one, and
   * must not be burnt on this.
   */
  #distrust(socket: TransportSocket): void {
    if (this.#socket === socket) this.#socket = undefined;
  }

  #awaitAnswer(id: number): void {
    const { clock, requestTimeoutMs } = this.#parts;
    const timer = clock.setTimeout(() => {
      this.#deadlines?.delete(id);
      this.#expire(id);
      this.pump();
    }, requestTimeoutMs);
    this.#deadlines ??= new Map();
    this.#deadlines.set(id, timer);
  }

  #expire(id: number): void {
    const { clock, registry, retries, onTimeout } = this.#parts;
    const byWait = new Map<number | null, string[]>();
    for (const topic of registry.expire(id)) {
      const timeouts = registry.timeoutsOf(topic);
      const waitMs = retries.add(topic, timeouts, clock.nowMs());
      if (timeouts > 1 && waitMs !== null) continue;
      byWait.set(waitMs, [...(byWait.get(waitMs) ?? []), topic]);
    }
    for (const [waitMs, topics] of byWait) onTimeout(topics, waitMs);
  }

  /** One timer, for whoever is first. Timers hold whole milliseconds. */
  #wakeIn(waitMs: number): void {
    const { clock } = this.#parts;
    const atMs = clock.nowMs() + waitMs;
    if (atMs >= this.#wakeAtMs) return;
    this.#clearWake();
    this.#wakeAtMs = atMs;
    this.#wakeTimer = clock.setTimeout(() => {
      this.#wakeAtMs = Infinity;
      this.pump();
    }, Math.ceil(waitMs));
  }

  #clearWake(): void {
    if (this.#wakeAtMs === Infinity) return;
    this.#parts.clock.clearTimeout(this.#wakeTimer);
    this.#wakeAtMs = Infinity;
  }

  #clearDeadlines(): void {
    if (this.#deadlines === undefined) return;
    for (const timer of this.#deadlines.values()) this.#parts.clock.clearTimeout(timer);
    this.#deadlines.clear();
  }
}
