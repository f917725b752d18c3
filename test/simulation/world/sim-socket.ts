/** One socket as the client sees it, between its loop and the exchange. */
import type { Loss } from "../../../machines/index.ts";
import type { SendRefusal, SocketSink, TransportSocket } from "../../../src/index.ts";
import { MemorySocket } from "../../../src/testing/memory-transport.ts";
import { answerId, isMarketFrame, parseRequest, type Treatment } from "./clerk.ts";
import type { Network, NetworkParts, WireObserver } from "./network.ts";
import type { Readable } from "./process.ts";

/** What may arrive, in order. */
export type Arrival =
  /** Any bytes at all. Told of a pong, nothing else follows. */
  | { readonly kind: "heard" }
  | { readonly kind: "opened" }
  | { readonly kind: "message"; readonly data: Buffer }
  | { readonly kind: "pinged" }
  | { readonly kind: "done"; readonly tell: () => void }
  | { readonly kind: "ended"; readonly loss: Loss };

export class SimSocket implements TransportSocket, Readable {
  readonly id: number;
  lastByteAtMs = 0;
  /** The client knows that it is open, and has not closed it. */
  isOpen = false;
  /** The client was told of its end, or terminated it. */
  isOver = false;
  isPaused = false;
  /** False where the socket is not open any more, and has not said so. */
  takesFrames = true;
  #refuses: { readonly frames: number; readonly how: "says" | "throws" } | undefined;
  /** When the client last stopped reading, and when it last went on. */
  pausedAtMs = 0;
  resumedAtMs = 0;
  /** Nothing gets through to the exchange, nor from it: the path is dead and nobody says so. */
  isMuteUp = false;
  isMuteDown = false;
  /** All goes its way but data: until the socket's end, or until a topic is asked for. */
  #mutedUntil: "next-socket" | "asked" | undefined;
  readonly #network: Network;
  readonly #sink: SocketSink;
  readonly #observer: WireObserver;
  readonly #parts: NetworkParts;
  #inner: TransportSocket | undefined;
  #isFrozen = false;
  #inbox: Arrival[] = [];
  /** Answers that the clerk has still to deal with. */
  readonly #treated = new Map<number, Treatment>();

  constructor(
    id: number,
    network: Network,
    sink: SocketSink,
    observer: WireObserver,
    parts: NetworkParts,
  ) {
    this.id = id;
    this.#network = network;
    this.#sink = sink;
    this.#observer = observer;
    this.#parts = parts;
  }

  connect(inner: TransportSocket): void {
    this.#inner = inner;
    if (inner instanceof MemorySocket) inner.onHeard = () => this.arrives({ kind: "heard" });
  }

  /** Something came that the client has not read yet. */
  get hasUnread(): boolean {
    return this.#inbox.some(({ kind }) => kind === "heard");
  }

  // What happens on the way.

  /** A message of the exchange's; what it answers may be dealt with by the clerk. */
  answers(data: Buffer): void {
    const { numbering } = this.#network;
    if (this.#mutedUntil !== undefined && isMarketFrame(data)) {
      this.#observer.withheld(data);
      return;
    }
    if (numbering !== undefined && isMarketFrame(data)) {
      const frames = numbering.carry(this, data);
      for (const frame of frames) this.arrives({ kind: "message", data: frame });
      return;
    }
    const id = this.#treated.size === 0 ? undefined : answerId(data);
    const treatment = id === undefined ? undefined : this.#treated.get(id);
    if (id === undefined || treatment?.answers === undefined) {
      this.arrives({ kind: "message", data });
      return;
    }
    this.#treated.delete(id);
    for (const { text, ms } of treatment.answers(data.toString("utf8"))) this.#says(text, ms);
  }

  /** A frame that nothing of the exchange's brings. */
  deliver(frame: Buffer): void {
    this.arrives({ kind: "heard" });
    this.arrives({ kind: "message", data: frame });
  }

  arrives(arrival: Arrival): void {
    if (this.isMuteDown && arrival.kind !== "done") return;
    if (!this.takesFrames && arrival.kind !== "done" && arrival.kind !== "ended") return;
    if (this.isOver) this.#strays(arrival);
    else {
      this.#inbox.push(arrival);
      this.#parts.process.wake(this);
    }
  }

  /** The link dies, in one direction or both. */
  mute(way: "up" | "down" | "both"): void {
    if (way !== "down") this.isMuteUp = true;
    if (way === "up") return;
    this.isMuteDown = true;
    this.#inner?.pause(); // and with it goes no pong
  }

  /** The server goes on, and sends no data. */
  muteData(until: "next-socket" | "asked"): void {
    this.#mutedUntil = until;
  }

  unmuteData(): void {
    this.#mutedUntil = undefined;
  }

  /** It is over, for a reason that only the client's end can have. */
  cut(loss: Loss): void {
    this.arrives({ kind: "ended", loss });
  }

  /** The next so many frames cannot be sent: the client is told so, or `send` throws. */
  refuseFrames(frames: number, how: "says" | "throws"): void {
    this.#refuses = { frames, how };
  }

  /** No frame is taken any more, and what comes is lost. Its end is told so long after, or never. */
  stopTaking(endsAfterMs: number | null): void {
    this.takesFrames = false;
    if (endsAfterMs === null) return;
    this.#parts.world.setTimeout(() => {
      if (this.isOpen) this.cut({ class: "ended-without-code", phase: "open" });
    }, endsAfterMs);
  }

  /** Frames can be sent again; a socket that takes none any more is over. */
  takeFrames(): void {
    this.#refuses = undefined;
    if (!this.takesFrames && this.isOpen) {
      this.cut({ class: "ended-without-code", phase: "open" });
    }
  }

  holdSends(): void {
    if (this.#inner instanceof MemorySocket) this.#inner.holdsSends = true;
  }

  takeSends(): void {
    if (this.#inner instanceof MemorySocket) this.#inner.releasesSends();
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#inner?.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#flow();
  }

  /** One chunk: whatever has come, to its end, whatever the client does meanwhile. */
  read(): void {
    const chunk = this.#inbox;
    if (chunk.length === 0) return;
    this.#inbox = [];
    if (chunk.some(({ kind }) => kind === "heard")) this.lastByteAtMs = this.#parts.process.nowMs();
    for (const arrival of chunk) {
      if (this.isOver) this.#strays(arrival);
      else this.#tell(arrival);
    }
  }

  // The client's side.

  get bufferedBytes(): number {
    return this.#inner?.bufferedBytes ?? 0;
  }

  send(data: string | Uint8Array, done: (error?: Error, refusal?: SendRefusal) => void): void {
    const refuses = this.#refuses;
    const isTaken = this.isOpen && this.takesFrames && refuses === undefined;
    this.#observer.frame(this, data, isTaken);
    if (!this.isOpen || !this.takesFrames || this.#inner === undefined) {
      done(new Error("the socket is not open"), "not-open");
      return;
    }
    if (refuses !== undefined) {
      const frames = refuses.frames - 1;
      this.#refuses = frames > 0 ? { ...refuses, frames } : undefined;
      this.#observer.frameRefused(this, data);
      const error = new Error("this frame cannot be sent");
      if (refuses.how === "throws") throw error;
      done(error, "invalid");
      return;
    }
    if (this.isMuteUp) {
      this.#finish(data, done); // the kernel has taken it
      return;
    }
    const request = typeof data === "string" ? parseRequest(data) : undefined;
    const killsAfterMs = request === undefined ? undefined : this.#network.killsAfterMs(request);
    if (killsAfterMs !== undefined) {
      this.#finish(data, done);
      this.#parts.world.setTimeout(() => {
        if (this.isOpen) this.cut({ class: "ended-without-code", phase: "open" });
      }, killsAfterMs);
      return;
    }
    const treatment =
      request === undefined ? undefined : this.#network.clerk.treat(request, String(data));
    if (request?.kind === "subscribe" && this.#mutedUntil === "asked") this.unmuteData();
    if (request?.kind === "subscribe" && (treatment === undefined || treatment.frame === data)) {
      this.#network.numbering?.asked(this, request.topics);
    }
    if (request !== undefined && treatment !== undefined) {
      this.#treated.set(request.id, treatment);
      if (treatment.says !== undefined) this.#says(treatment.says, 2);
    }
    const frame = treatment === undefined ? data : treatment.frame;
    if (frame === undefined) this.#finish(data, done);
    else {
      // A client that hears nothing of the other end's is not told of a failed write either.
      this.#inner.send(frame, (error) =>
        this.#finish(data, done, this.isMuteDown ? undefined : error),
      );
    }
  }

  ping(ponged?: () => void): void {
    this.#observer.pinged(this);
    if (!this.isMuteUp && this.takesFrames) this.#inner?.ping(ponged);
  }

  pause(): void {
    this.isPaused = true;
    this.pausedAtMs = this.#parts.process.nowMs();
    this.#inner?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.resumedAtMs = this.#parts.process.nowMs();
    this.#flow();
  }

  close(code: number, reason: string): void {
    const { isOpen } = this;
    this.isOpen = false;
    this.#observer.left(this, "close", isOpen);
    if (!this.isMuteUp) this.#inner?.close(code, reason);
  }

  terminate(): void {
    if (this.isOver) return;
    const { isOpen } = this;
    this.#end();
    this.#observer.left(this, "terminate", isOpen);
    const rest = this.#inbox;
    this.#inbox = [];
    for (const arrival of rest) this.#strays(arrival);
    this.#inner?.terminate();
  }

  #flow(): void {
    if (!this.isPaused && !this.#isFrozen && !this.isMuteDown) this.#inner?.resume();
  }

  #end(): void {
    this.isOver = true;
    this.isOpen = false;
    this.#network.sockets.delete(this);
  }

  /** Says something in the exchange's place. */
  #says(text: string, ms: number): void {
    const arrive = (): void => this.deliver(Buffer.from(text, "utf8"));
    if (ms === 0) arrive();
    else this.#parts.world.setTimeout(arrive, ms);
  }

  #tell(arrival: Arrival): void {
    switch (arrival.kind) {
      case "heard":
        return;
      case "opened":
        this.isOpen = true;
        this.#observer.opened(this);
        this.#sink.opened();
        return;
      case "message":
        this.#hand(arrival.data, false);
        return;
      case "pinged":
        this.#observer.ponged(this);
        this.#sink.pinged();
        return;
      case "done":
        arrival.tell();
        return;
      case "ended":
        this.#end();
        this.#observer.ended(this, arrival.loss);
        this.#sink.ended(arrival.loss);
        this.#inner?.terminate();
        return;
    }
  }

  /** After the end only messages come, and what was promised of sends. */
  #strays(arrival: Arrival): void {
    if (arrival.kind === "done") arrival.tell();
    if (arrival.kind !== "message") return;
    switch (this.#parts.quirks.strays) {
      case "at-once":
        this.#hand(arrival.data, true);
        return;
      case "later":
        this.#parts.process.nextTurn(() => this.#hand(arrival.data, true));
        return;
      case "never":
        return;
    }
  }

  #hand(data: Buffer, isStray: boolean): void {
    this.#sink.message(data, false);
    this.#observer.handed(isStray);
  }

  #finish(data: string | Uint8Array, done: (error?: Error) => void, error?: Error): void {
    const tell = (): void => {
      this.#observer.frameDone(this, data, error);
      done(error);
    };
    if (!this.#parts.quirks.defersDone) {
      tell();
      return;
    }
    this.#inbox.push({ kind: "done", tell });
    this.#parts.process.wake(this);
  }
}
