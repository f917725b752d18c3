/**
 * The way between the client and the exchange: a transport around the exchange's own.
 *
 * It has what no exchange does by itself: dials that fail on the way, links that die in one direction,
 * a clerk on a bad day, sends that the kernel does not take. What arrives is read by the client's loop,
 * all of it as one chunk; and an observer sees every frame, in both directions.
 */
import type { Loss } from "../../../machines/index.ts";
import type { Dial, SocketSink, Transport, TransportSocket } from "../../../src/index.ts";
import type { VirtualClock } from "../../../src/testing/index.ts";
import type { WireQuirks } from "./character.ts";
import { Clerk, type Request } from "./clerk.ts";
import type { Numbering } from "./numbering.ts";
import type { Process } from "./process.ts";
import { SimSocket } from "./sim-socket.ts";
import type { WayLoss } from "./steps.ts";
import type { Troubles } from "./troubles.ts";

/** Who watches the wire. Nothing that it does may change what happens. */
export interface WireObserver {
  dialled(socket: SimSocket, dial: Dial): void;
  opened(socket: SimSocket): void;
  /** The client hands over a frame; `isTaken` when its socket was open for it. */
  frame(socket: SimSocket, data: string | Uint8Array, isTaken: boolean): void;
  /** The client is about to be told that this frame, of an open socket, cannot be sent. */
  frameRefused(socket: SimSocket, data: string | Uint8Array): void;
  /** The client was told what became of a frame. */
  frameDone(socket: SimSocket, data: string | Uint8Array, error: Error | undefined): void;
  pinged(socket: SimSocket): void;
  /** The client answered a ping. */
  ponged(socket: SimSocket): void;
  /** The client has been handed one message, and has returned. A stray comes on a socket that is over. */
  handed(isStray: boolean): void;
  /** The server has kept a frame of data for itself. */
  withheld(data: Buffer): void;
  ended(socket: SimSocket, loss: Loss): void;
  /** `wasOpen` where its peer has heard of no end. */
  left(socket: SimSocket, how: "close" | "terminate", wasOpen: boolean): void;
}

export interface NetworkParts {
  readonly world: VirtualClock;
  readonly process: Process;
  readonly exchange: Transport;
  readonly quirks: WireQuirks;
  readonly troubles: Troubles;
  readonly numbering: Numbering | undefined;
  /** Topics that kill the socket that asks for them, so long after. */
  readonly killers: { readonly topics: readonly string[]; readonly afterMs: number };
}

const LOSSES: Readonly<Record<WayLoss, Loss>> = {
  "dns-transient": { class: "dns-transient", phase: "dns", code: "EAI_AGAIN" },
  "dns-not-found": { class: "dns-not-found", phase: "dns", code: "ENOTFOUND" },
  unreachable: { class: "unreachable", phase: "tcp", code: "EHOSTUNREACH" },
  blackhole: { class: "unreachable", phase: "tcp", code: "EINVAL" },
  "local-resource": { class: "local-resource", phase: "tcp", code: "EMFILE" },
  "handshake-cut": { class: "handshake-cut", phase: "upgrade", code: "ECONNRESET" },
  "tls-trust": { class: "tls-trust", phase: "tls", code: "CERT_HAS_EXPIRED" },
  "tls-protocol": { class: "tls-protocol", phase: "tls", code: "EPROTO" },
  "not-websocket": { class: "not-websocket", phase: "upgrade", code: "HPE_INVALID_CONSTANT" },
  redirect: { class: "redirect", phase: "upgrade", status: 302, location: "https://other.test/" },
  negotiation: { class: "negotiation", phase: "upgrade" },
};

export class Network {
  readonly clerk: Clerk;
  /** Where numbers lie; undefined where they are true. */
  readonly numbering: Numbering | undefined;
  #killers: readonly string[];
  /** Watches the sockets that are dialled from now on. */
  observer: WireObserver | undefined;
  /** Sockets that the client has neither left nor been told the end of. */
  readonly sockets = new Set<SimSocket>();
  readonly #parts: NetworkParts;
  #newest: SimSocket | undefined;
  #dials = 0;
  #failures: { readonly loss: Loss; readonly ms: number }[] = [];

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.clerk = new Clerk(parts.troubles);
    this.numbering = parts.numbering;
    this.#killers = parts.killers.topics;
  }

  /** The newest socket, whatever has become of it. */
  get newest(): SimSocket | undefined {
    return this.#newest;
  }

  readonly transport: Transport = (dial, sink): TransportSocket => {
    const { observer } = this;
    if (observer === undefined) throw new Error("nobody watches");
    const socket = new SimSocket(++this.#dials, this, sink, observer, this.#parts);
    this.#newest = socket;
    this.sockets.add(socket);
    observer.dialled(socket, dial);
    const failure = this.#failures.shift();
    if (failure !== undefined) {
      sink.progressed(failure.loss.phase);
      this.#parts.world.setTimeout(
        () => socket.arrives({ kind: "ended", loss: failure.loss }),
        failure.ms,
      );
      return socket;
    }
    socket.connect(this.#parts.exchange(dial, innerSink(socket, sink)));
    return socket;
  };

  /** The next `times` dials fail on the way, `ms` after they began. */
  failDials(loss: WayLoss, times: number, ms: number): void {
    for (let count = 0; count < times; count += 1) this.#failures.push({ loss: LOSSES[loss], ms });
  }

  get killers(): readonly string[] {
    return this.#killers;
  }

  /** When this request ends its socket; undefined where it does not. */
  killsAfterMs({ kind, topics }: Request): number | undefined {
    const isDeadly = kind === "subscribe" && topics.some((topic) => this.#killers.includes(topic));
    return isDeadly ? this.#parts.killers.afterMs : undefined;
  }

  /** No topic kills any more. */
  disarm(): void {
    this.#killers = [];
  }

  /** No trouble on the way any more. A link that is dead stays so. */
  heal(): void {
    this.#failures = [];
    this.clerk.relax();
    this.numbering?.heal();
    for (const socket of this.sockets) {
      socket.takeSends();
      socket.takeFrames();
      socket.unmuteData();
    }
  }

  /** The client's process stands still: what comes waits in the kernel. */
  stop(): void {
    for (const socket of this.sockets) socket.freeze();
  }

  resume(): void {
    for (const socket of this.sockets) socket.thaw();
  }
}

function innerSink(socket: SimSocket, sink: SocketSink): SocketSink {
  return {
    progressed: (phase) => {
      if (!socket.isOver) sink.progressed(phase);
    },
    opened: () => socket.arrives({ kind: "opened" }),
    message: (data) => socket.answers(data),
    pinged: () => socket.arrives({ kind: "pinged" }),
    ended: (loss) => socket.arrives({ kind: "ended", loss }),
  };
}
