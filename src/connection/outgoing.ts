/**
 * The road out: subscription frames first, then the user's messages, all through the pacer.
 *
 * It pulls: whenever something may go out it asks the registry, then the outbox, for the next frame.
 * Many `subscribe` calls under pacing therefore leave in few, full frames, and nothing is encoded
 * before it can be written.
 */
import type { Clock } from "../system.ts";
import type { TransportSocket } from "../transport/transport.ts";
import type { Outbox } from "../supervisor/outbox.ts";
import type { Pacer } from "../subscriptions/pacer.ts";
import type { SubscriptionRegistry, SubscriptionRequest } from "../subscriptions/registry.ts";

/** `held` nothing goes out · `replaying` subscriptions only · `open` everything. */
export type SendMode = "held" | "replaying" | "open";

export interface OutgoingParts {
  readonly clock: Clock;
  readonly outbox: Outbox;
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
  /** The registry changed: perhaps it is settled. */
  readonly onProgress: () => void;
  /** Topics whose request was not answered in time. */
  readonly onTimeout: (topics: readonly string[]) => void;
}

/**
 * Bytes that may wait in the socket before the outbox holds back. A ping queued behind a backlog looks
 * like a dead peer (faults.md §0 #9), so the backlog stays ours, where it is bounded and has fates.
 */
const MAX_BUFFERED_BYTES = 1_048_576;

export class Outgoing {
  readonly #parts: OutgoingParts;
  #socket: TransportSocket | undefined;
  #mode: SendMode = "held";
  #wakeTimer: unknown;
  #isPumping = false;
  /** The deadline of each unanswered request. */
  readonly #deadlines = new Map<number, unknown>();

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  /** A new socket: nothing is pending on it, and its venue counts from nought. */
  begin(socket: TransportSocket): void {
    this.end();
    this.#socket = socket;
    this.#parts.pacer.reset();
    this.#parts.subscriptionPacer.reset();
  }

  /** The socket is gone, and with it every answer that was awaited. */
  end(): void {
    this.#socket = undefined;
    this.#mode = "held";
    this.#clearWake();
    for (const timer of this.#deadlines.values()) this.#parts.clock.clearTimeout(timer);
    this.#deadlines.clear();
    this.#parts.registry.newSocket();
    this.#parts.outbox.socketEnded();
  }

  allow(mode: SendMode): void {
    this.#mode = mode;
    if (mode === "held") this.#clearWake();
    else this.pump();
  }

  /** A frame that is not ours to time went out: a ping, a pong, a login. */
  countFrame(): void {
    this.#parts.pacer.spend(this.#parts.clock.nowMs());
  }

  /** A request was answered. */
  answered(id: number): void {
    this.#parts.clock.clearTimeout(this.#deadlines.get(id));
    this.#deadlines.delete(id);
  }

  /** Sends whatever may be sent now; arms one timer for the rest. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#clearWake();
    while (this.#sendOne());
    this.#isPumping = false;
    this.#parts.onProgress();
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
      outbox.written(item, error);
      if (outbox.messages > 0) this.pump();
    });
    return true;
  }

  #sendRequest(socket: TransportSocket, nowMs: number): boolean {
    const { registry, pacer, subscriptionPacer, topicsPerFrame, canUnsubscribe } = this.#parts;
    const request = registry.nextRequest(topicsPerFrame, canUnsubscribe);
    if (request === undefined) return false;
    const frame = this.#parts.encode(request);
    if (frame === undefined) {
      registry.acknowledge({ id: request.id, error: "the subscription protocol threw" });
      return true;
    }
    pacer.spend(nowMs);
    subscriptionPacer.spend(nowMs);
    if (this.#parts.isAnswered) this.#awaitAnswer(request.id);
    socket.send(frame, (error) => {
      // A failed write is a dying socket: its loss is on the way and the next one replays.
      if (error !== undefined || this.#parts.isAnswered || this.#socket !== socket) return;
      registry.confirm(request.id);
      if (!this.#isPumping) this.#parts.onProgress();
    });
    return true;
  }

  #awaitAnswer(id: number): void {
    const { clock, registry, requestTimeoutMs } = this.#parts;
    const timer = clock.setTimeout(() => {
      this.#deadlines.delete(id);
      const topics = registry.expire(id);
      if (topics.length > 0) this.#parts.onTimeout(topics);
      this.pump();
    }, requestTimeoutMs);
    this.#deadlines.set(id, timer);
  }

  /** Timers hold whole milliseconds. */
  #wakeIn(waitMs: number): void {
    if (this.#wakeTimer !== undefined) return;
    this.#wakeTimer = this.#parts.clock.setTimeout(() => {
      this.#wakeTimer = undefined;
      this.pump();
    }, Math.ceil(waitMs));
  }

  #clearWake(): void {
    if (this.#wakeTimer === undefined) return;
    this.#parts.clock.clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
  }
}
