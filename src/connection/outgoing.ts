/**
 * The road out: urgent frames first, then subscriptions, then the user's messages, all through the pacer.
 *
 * It pulls: whenever something may go out it asks the registry, then the outbox, for the next frame.
 * Many `subscribe` calls under pacing therefore leave in few, full frames, and nothing is encoded
 * before it can be written. Urgent frames alone are given to it: what opens a socket's talk, the reply
 * to a challenge, a keepalive. They belong to their socket and end with it.
 */
import type { TransportSocket } from "../transport/transport.ts";
import type { Clock } from "../system.ts";
import { Pacer, type PacingWindow } from "../subscriptions/pacer.ts";
import type { TopicRefusal } from "../subscriptions/summary.ts";
import { Requests, type RequestSettings, type WantedTopics } from "./requests.ts";

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

export interface OutgoingSettings extends RequestSettings {
  /** Holds for every frame. */
  readonly pacing: readonly PacingWindow[];
  /** Holds for subscription frames, on top. */
  readonly subscriptionPacing: readonly PacingWindow[];
}

/** What may go out. */
export interface OutgoingSources<S extends WaitingSend> {
  readonly outbox: WaitingSends<S>;
  readonly subscriptions: WantedTopics & {
    /** The registry changed: perhaps it is settled. */
    progressed(): void;
  };
}

/**
 * Bytes that may wait in the socket before the outbox holds back. A ping queued behind a backlog looks
 * like a dead peer (faults.md §0 #9), so the backlog stays ours, where it is bounded and has fates.
 */
const MAX_BUFFERED_BYTES = 1_048_576;

/**
 * Urgent frames that may wait for the pacer. A peer that asks faster than it lets us answer must not
 * fill our memory: what is one too many is dropped, and counted.
 */
const MAX_URGENT = 64;

/** Node fires a longer one at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Outgoing<S extends WaitingSend = WaitingSend> {
  readonly #clock: Clock;
  readonly #sources: OutgoingSources<S>;
  readonly #pacer: Pacer;
  readonly #subscriptionPacer: Pacer;
  readonly #requests: Requests;
  #socket: TransportSocket | undefined;
  #mode: SendMode = "held";
  /** No frame may follow a close frame. */
  #isClosing = false;
  #urgent: (string | Uint8Array)[] = [];
  #urgentDropped = 0;
  #wakeTimer: unknown;
  #wakeAtMs = Infinity;
  #isPumping = false;

  constructor(settings: OutgoingSettings, sources: OutgoingSources<S>) {
    this.#clock = settings.clock;
    this.#sources = sources;
    this.#pacer = new Pacer(settings.pacing);
    this.#subscriptionPacer = new Pacer(settings.subscriptionPacing);
    this.#requests = new Requests(settings, sources.subscriptions, this);
  }

  /** Urgent frames that were never sent: too many at once, or their socket was gone or closing. */
  get urgentDropped(): number {
    return this.#urgentDropped;
  }

  /** A new socket. The frames of its login are counted already. */
  begin(socket: TransportSocket): void {
    this.#socket = socket;
    this.#isClosing = false;
    this.#requests.begin();
  }

  /** The socket is about to end, and nobody had asked for that. */
  lost(): void {
    this.#requests.lost();
  }

  /** The socket is gone with every answer that was awaited; a venue counts the next one's from nought. */
  end(): void {
    this.#socket = undefined;
    this.allow("held");
    this.#pacer.reset();
    this.#subscriptionPacer.reset();
    this.#requests.end();
    this.#sources.outbox.socketEnded();
  }

  /** While held nothing is awaited either: the socket is on its way out. */
  allow(mode: SendMode): void {
    this.#mode = mode;
    this.#isClosing = mode === "held";
    if (mode === "held") {
      this.#clearWake();
      this.#requests.stopAwaiting();
      this.#urgentDropped += this.#urgent.length;
      this.#urgent = [];
    } else {
      this.pump();
    }
  }

  /**
   * Sends a frame of this socket's own before all that waits. Between `begin` and the first `allow` it
   * waits; without a socket, and on one that closes, it is dropped. False when it was dropped.
   */
  urgent(frame: string | Uint8Array): boolean {
    const isUsable = this.#socket !== undefined && !this.#isClosing;
    if (!isUsable || this.#urgent.length >= MAX_URGENT) {
      this.#urgentDropped += 1;
      return false;
    }
    this.#urgent.push(frame);
    this.pump();
    return true;
  }

  /** A frame that is not ours to time went out: a ping, a pong, a login. */
  countFrame(): void {
    this.#pacer.spend(this.#clock.nowMs());
  }

  /** A request was answered. */
  answered(id: number): void {
    this.#requests.answered(id);
  }

  /** Something was refused. Gives the wait until it is asked again, in milliseconds; null where it is not. */
  refused(refusal: TopicRefusal): number | null {
    return this.#requests.refused(refusal);
  }

  /** Nobody wants this topic any more, or the peer serves it. */
  forget(topic: string): void {
    this.#requests.forget(topic);
  }

  /** Sends whatever may be sent now; arms one timer for the rest. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#clearWake();
    const isDue = this.#mode === "open" || (this.#mode === "replaying" && this.#requests.isAllHeld);
    const nowMs = this.#clock.nowMs();
    if (this.#socket !== undefined && isDue) this.#requests.askAgain(nowMs);
    while (this.#sendOne());
    if (this.#socket !== undefined && isDue) this.#wakeIn(this.#requests.waitMs(nowMs));
    this.#isPumping = false;
    if (this.#mode !== "held") this.#sources.subscriptions.progressed(); // what is not asked is not settled
  }

  /** True when something was sent, or forgotten, and there may be more. */
  #sendOne(): boolean {
    const { outbox } = this.#sources;
    const socket = this.#socket;
    if (socket === undefined || this.#mode === "held") return false;

    const nowMs = this.#clock.nowMs();
    const waitMs = this.#pacer.waitMs(nowMs);
    if (this.#urgent.length > 0) {
      if (waitMs === 0) return this.#sendUrgent(socket, nowMs);
      this.#wakeIn(waitMs);
      return false;
    }
    if (this.#requests.hasWork) {
      const subscriptionWaitMs = Math.max(waitMs, this.#subscriptionPacer.waitMs(nowMs));
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
    this.#pacer.spend(nowMs);
    socket.send(item.data, (error) => {
      if (error !== undefined) this.#distrust(socket);
      outbox.written(item, error);
      if (outbox.messages > 0) this.pump();
    });
    return true;
  }

  #sendUrgent(socket: TransportSocket, nowMs: number): boolean {
    const frame = this.#urgent.shift();
    if (frame === undefined) return false;
    this.#pacer.spend(nowMs);
    socket.send(frame, (error) => {
      if (error !== undefined) this.#distrust(socket);
    });
    return true;
  }

  #sendRequest(socket: TransportSocket, nowMs: number): boolean {
    const request = this.#requests.take(nowMs);
    if (request === undefined) return true; // there was only something to forget
    this.#pacer.spend(nowMs);
    this.#subscriptionPacer.spend(nowMs);
    socket.send(request.frame, (error) => {
      if (error !== undefined) this.#distrust(socket);
      if (error !== undefined || this.#socket !== socket) return;
      // What was ended may be wanted again.
      if (this.#requests.written(request.id)) this.pump();
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

  /** One timer, for whoever is first. Timers hold whole milliseconds. */
  #wakeIn(waitMs: number): void {
    const clock = this.#clock;
    const atMs = clock.nowMs() + waitMs;
    if (atMs >= this.#wakeAtMs) return;
    this.#clearWake();
    this.#wakeAtMs = atMs;
    this.#wakeTimer = clock.setTimeout(
      () => {
        this.#wakeAtMs = Infinity;
        this.pump();
      },
      Math.min(Math.ceil(waitMs), LONGEST_TIMER_MS),
    );
  }

  #clearWake(): void {
    if (this.#wakeAtMs === Infinity) return;
    this.#clock.clearTimeout(this.#wakeTimer);
    this.#wakeAtMs = Infinity;
  }
}
