/**
 * The road out: urgent frames first, then subscriptions, then the user's messages, all through the pacer.
 *
 * It pulls: whenever something may go out it asks the registry, then the outbox, for the next frame.
 * Many `subscribe` calls under pacing therefore leave in few, full frames, and nothing is encoded
 * before it can be written. Urgent frames alone are given to it: what opens a socket's talk, the reply
 * to a challenge, a keepalive. They belong to their socket and end with it.
 *
 * A frame that the socket cannot send is that frame's end, not the socket's: the next one goes out.
 */
import type { SendRefusal, TransportSocket } from "../transport/transport.ts";
import { byteLength } from "../byte-length.ts";
import { Queue } from "../queue.ts";
import { toError } from "../shape.ts";
import type { Clock } from "../system.ts";
import { Pacer, type PacingWindow } from "../subscriptions/pacer.ts";
import type { TopicRefusal } from "../subscriptions/summary.ts";
import { explain } from "./explain.ts";
import type { FrameKind, FrameOutcome, FrameWatch } from "./frame-watch.ts";
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
  /** The socket can send others, and not this one. */
  refuse(send: S, detail: string): void;
  /** The socket was not open: it is the next one again. */
  putBack(send: S): void;
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
  /** Is told what becomes of frames. */
  readonly sends: FrameWatch;
  readonly link: {
    /** The open socket takes no frame, and does not end. */
    socketStuck(detail: string): void;
  };
}

type FrameDone = (outcome: FrameOutcome, error?: Error) => void;

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

/**
 * How long a socket that failed a write has time to end. Then one that is not open is given up, and one that
 * failed this write alone is used again.
 */
const DOUBT_MS = 1_000;

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
  readonly #urgent = new Queue<string | Uint8Array>();
  #urgentDropped = 0;
  #refused = 0;
  /** The current socket while it is not used, as it failed a write. */
  #doubted: TransportSocket | undefined;
  #doubtTimer: unknown;
  /** Requests that the doubted socket may or may not have sent. */
  #unsure: { readonly id: number; readonly error: string }[] = [];
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

  /** Frames of our own that were never sent: the urgent ones above, and those that the socket refused. */
  get ownFramesDropped(): number {
    return this.#urgentDropped + this.#refused;
  }

  /** A new socket. The frames of its login are counted already. */
  begin(socket: TransportSocket): void {
    this.#endDoubt();
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
      this.#endDoubt();
      this.#requests.stopAwaiting();
      this.#urgentDropped += this.#urgent.length;
      this.#urgent.clear();
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
      // Without a socket there is nothing to be urgent about: only counted.
      if (isUsable) this.#sources.sends.frameDropped("urgent", "overflow", byteLength(frame));
      return false;
    }
    this.#urgent.push(ownBytes(frame)); // it may have to wait
    this.pump();
    return true;
  }

  /** A frame that is not ours to time went out: a ping, a pong. */
  countFrame(): void {
    this.#pacer.spend(this.#clock.nowMs());
  }

  /** Writes a frame that is not ours to time, and counts it. */
  write(
    socket: TransportSocket,
    kind: "login" | "probe",
    frame: string | Uint8Array,
    done: FrameDone,
  ): void {
    this.countFrame();
    this.#write(socket, kind, frame, done);
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
    try {
      if (this.#socket !== undefined && isDue) this.#requests.askAgain(nowMs);
      while (this.#sendOne());
      if (this.#socket !== undefined && isDue) this.#wakeIn(this.#requests.waitMs(nowMs));
    } finally {
      this.#isPumping = false; // nothing here throws; if something does, the next pump goes on
    }
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
    this.#write(socket, "message", item.data, (outcome, error) => {
      if (outcome === "not-open") outbox.putBack(item);
      else if (outcome === "invalid") outbox.refuse(item, explain(error));
      else outbox.written(item, error);
    });
    return true;
  }

  #sendUrgent(socket: TransportSocket, nowMs: number): boolean {
    const frame = this.#urgent.take();
    if (frame === undefined) return false;
    this.#pacer.spend(nowMs);
    this.#write(socket, "urgent", frame, () => undefined);
    return true;
  }

  #sendRequest(socket: TransportSocket, nowMs: number): boolean {
    const request = this.#requests.take(nowMs);
    if (request === undefined) return true; // there was only something to forget
    const { id, frame } = request;
    this.#pacer.spend(nowMs);
    this.#subscriptionPacer.spend(nowMs);
    this.#write(socket, "request", frame, (outcome, error) => {
      if (this.#socket !== socket && this.#doubted !== socket) return;
      // What was ended may be wanted again.
      if (outcome === "written" && this.#requests.written(id)) this.pump();
      if (outcome === "invalid") {
        this.#requests.failed(id, `the socket refused the frame: ${explain(error)}`);
        this.pump();
      }
      if (outcome === "unknown") this.#unsure.push({ id, error: explain(error) });
    });
    return true;
  }

  /** Every frame goes out here: what the socket says of it, or throws, is what its sender hears. */
  #write(
    socket: TransportSocket,
    kind: FrameKind,
    frame: string | Uint8Array,
    done: FrameDone,
  ): void {
    let isSettled = false;
    let hasReturned = false;
    const settle = (error?: Error, refusal?: SendRefusal): void => {
      if (isSettled) return;
      isSettled = true;
      if (error === undefined) {
        this.#sources.sends.frameWritten();
        done("written");
      } else if (refusal === "invalid") {
        if (kind !== "message") {
          this.#refused += 1;
          this.#sources.sends.frameDropped(kind, "invalid", byteLength(frame), explain(error));
        }
        done("invalid", error);
      } else {
        // Of bytes that were lent for longer nobody knows what they are by now.
        const isNotOpen = refusal === "not-open" && !hasReturned;
        this.#doubt(socket, isNotOpen);
        done(isNotOpen ? "not-open" : "unknown", error);
      }
      if (this.#sources.outbox.messages > 0) this.pump();
    };
    try {
      socket.send(frame, settle);
    } catch (error) {
      // No transport should; a frame that it throws at has not gone out.
      settle(toError(error), "invalid");
    }
    hasReturned = true;
  }

  /**
   * A failed write is a dying socket. Its loss is on the way: what still waits is for the next one, and
   * must not be burnt on this. One whose loss does not come is not trusted to say it.
   */
  #doubt(socket: TransportSocket, isNotOpen: boolean): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#doubted = socket;
    this.#doubtTimer = this.#clock.setTimeout(() => {
      const unsure = this.#unsure;
      this.#endDoubt();
      if (isNotOpen) {
        this.#sources.link.socketStuck("the socket takes no frame, and has not ended");
        return;
      }
      this.#socket = socket;
      for (const { id, error } of unsure) this.#requests.failed(id, error);
      this.pump();
    }, DOUBT_MS);
  }

  #endDoubt(): void {
    if (this.#doubted === undefined) return;
    this.#clock.clearTimeout(this.#doubtTimer);
    this.#doubted = undefined;
    this.#unsure = [];
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

/** A copy, as their owner may reuse bytes that wait. Detached ones stay as they are: no socket takes them. */
function ownBytes(frame: string | Uint8Array): string | Uint8Array {
  if (typeof frame === "string") return frame;
  try {
    return new Uint8Array(frame);
  } catch {
    return frame;
  }
}
