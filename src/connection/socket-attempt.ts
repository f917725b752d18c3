/**
 * One attempt: resolve where to, open a socket, log in; then that socket until it ends.
 *
 * An attempt is the epoch. Once it is over nothing of it is heard any more, although `ws` goes on
 * delivering after `terminate()` (faults.md §0 #5): the first check of every message is `isOver`.
 */
import type { Attempt } from "../../machines/link.ts";
import type { SocketFact } from "../../machines/connection.events.ts";
import type { Loss, LossPhase } from "../../machines/loss.ts";
import { isPromiseLike } from "../shape.ts";
import type { Clock } from "../system.ts";
import type { SocketSink, Transport, TransportSocket } from "../transport/transport.ts";
import { Authentication, type Authenticate } from "./authentication.ts";
import { checkHeaders, checkProtocols, checkSocket, checkUrl } from "./check-dial.ts";
import { resolveTarget, type AttemptContext, type DialTarget } from "./resolvable.ts";
import { explain, refused } from "./explain.ts";

/** The same for every attempt. */
export interface AttemptSettings {
  readonly target: DialTarget;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly authenticate: Authenticate | undefined;
}

/** Takes every message of an opened socket. */
export interface Receiver {
  receive(data: Buffer, isBinary: boolean, receivedAtMs: number): void;
}

/** Whose attempt it is. */
export interface AttemptOwner {
  readonly inbound: Receiver;
  report(fact: SocketFact): void;
  /** A message came after the end and was dropped. */
  countLate(): void;
  /** The peer's ping was answered. */
  countPong(): void;
  /** The login wrote a frame. */
  countLoginFrame(): void;
  /** The socket is usable: what is said on it is made ready. Throws what the venue's function throws. */
  beginSession(): void;
}

export class SocketAttempt implements SocketSink {
  readonly #settings: AttemptSettings;
  readonly #owner: AttemptOwner;
  /** Taken out of the owner, as every message asks for it. */
  readonly #inbound: Receiver;
  readonly #attempt: Attempt;
  /** Made when somebody asks for it: 900 bytes of heap, and an exception with a stack at its end. */
  #abort: AbortController | undefined;
  #socket: TransportSocket | undefined;
  #authentication: Authentication | undefined;
  #phase: LossPhase = "resolve";
  #openedAtMs = 0;
  #isOver = false;
  /** Open, logged in, not over: nothing stands between a message and the feed. */
  #isDirect = false;
  /** What the transport says before it has returned its socket; it is heard once there is one. */
  #early: (() => void)[] | undefined;

  constructor(attempt: Attempt, settings: AttemptSettings, owner: AttemptOwner) {
    this.#attempt = attempt;
    this.#settings = settings;
    this.#owner = owner;
    this.#inbound = owner.inbound;
  }

  /** The open socket; undefined before it is open and after it is over. */
  get socket(): TransportSocket | undefined {
    return this.#isOver || this.#phase !== "open" ? undefined : this.#socket;
  }

  /** When the peer was last heard; the opening of the socket counts. 0 before it. */
  get lastHeardAtMs(): number {
    return Math.max(this.#openedAtMs, this.#socket?.lastByteAtMs ?? 0);
  }

  start(): void {
    this.#owner.report({ type: "socket.dialled", atMs: this.#settings.clock.nowMs() });
    try {
      const parts = resolveTarget(this.#settings.target, this.#context());
      if (isPromiseLike(parts)) {
        void parts.then(
          (resolved) => this.#open(resolved),
          (error: unknown) => this.#failResolving(error),
        );
      } else {
        this.#open(parts);
      }
    } catch (error) {
      this.#failResolving(error);
    }
  }

  close(code: number, reason: string): void {
    this.#phase = "closing";
    this.#socket?.close(code, reason);
  }

  /** Over, at once and silently. */
  drop(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#socket?.terminate();
  }

  // What the transport tells.

  progressed(phase: LossPhase): void {
    this.#hear(() => this.#progressed(phase));
  }

  opened(): void {
    this.#hear(() => this.#opened());
  }

  message(data: Buffer, isBinary: boolean): void {
    // The data path: one question a message.
    if (this.#isDirect) this.#inbound.receive(data, isBinary, this.lastHeardAtMs);
    else this.#divert(data, isBinary);
  }

  pinged(): void {
    if (!this.#isOver) this.#owner.countPong();
  }

  ended(loss: Loss): void {
    this.#hear(() => this.#end(loss));
  }

  // Within.

  /** What functions of the user's may know of it; not kept, as a getter costs a hidden class. */
  #context(): AttemptContext {
    const { reason, number } = this.#attempt;
    const signal = (): AbortSignal => this.#signal;
    return {
      reason,
      attempt: number,
      get signal() {
        return signal();
      },
    };
  }

  get #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  #open(resolved: readonly unknown[]): void {
    if (this.#isOver) return;
    const { transport, clock } = this.#settings;
    try {
      const [url, protocols, headers] = resolved;
      const dial = {
        url: checkUrl(url, "url"),
        protocols: checkProtocols(protocols, "protocols"),
        headers: checkHeaders(headers, "headers"),
        clock,
      };
      const early: (() => void)[] = (this.#early = []);
      const socket = transport(dial, this);
      checkSocket(socket, "transport()");
      this.#socket = socket;
      if (this.#isOver) socket.terminate();
      // In order, with what they cause in their turn.
      for (const tell of early) tell();
    } catch (error) {
      this.#end({ class: "config", phase: "resolve", detail: explain(error) });
    }
    this.#early = undefined;
    this.#direct();
  }

  #hear(fact: () => void): void {
    if (this.#early === undefined) fact();
    else this.#early.push(fact);
  }

  #progressed(phase: LossPhase): void {
    if (this.#isOver) return;
    this.#phase = phase;
    this.#owner.report({ type: "socket.progressed", phase });
  }

  /** A message that is early, or the login's, or late. */
  #divert(data: Buffer, isBinary: boolean): void {
    if (this.#early !== undefined) this.#early.push(() => this.#take(data, isBinary));
    else this.#take(data, isBinary);
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#authentication === undefined) this.#deliver(data, isBinary);
    else this.#authentication.receive(data, isBinary);
  }

  /** Whether messages go straight to the feed; asked whenever one of its conditions has changed. */
  #direct(): void {
    this.#isDirect =
      !this.#isOver &&
      this.#phase === "open" &&
      this.#early === undefined &&
      this.#authentication === undefined;
  }

  #opened(): void {
    if (this.#isOver) return;
    const { authenticate, clock } = this.#settings;
    this.#openedAtMs = clock.nowMs();
    if (authenticate === undefined) {
      this.#ready();
      return;
    }
    this.#phase = "authenticate";
    this.#owner.report({ type: "socket.progressed", phase: "authenticate" });
    const authentication = new Authentication({
      ...this.#context(),
      send: (data, done) => {
        if (this.#isOver || this.#socket === undefined) done(new Error("the socket is gone"));
        else {
          this.#owner.countLoginFrame();
          this.#socket.send(data, done);
        }
      },
    });
    this.#authentication = authentication;
    authentication.run(authenticate).then(
      () => {
        if (this.#isOver) return;
        this.#ready();
        if (this.#isOver) return;
        // What comes while these are delivered joins them at their end.
        for (let frame = authentication.take(); frame; frame = authentication.take()) {
          this.#deliver(frame.data, frame.isBinary);
        }
        this.#authentication = undefined;
        this.#direct();
      },
      (error: unknown) => {
        this.#end({ class: "auth", phase: "authenticate", ...refused(error) });
      },
    );
  }

  #deliver(data: Buffer, isBinary: boolean): void {
    if (this.#isOver) this.#owner.countLate();
    else this.#inbound.receive(data, isBinary, this.lastHeardAtMs);
  }

  #ready(): void {
    try {
      this.#owner.beginSession();
    } catch (error) {
      this.#end({ class: "resolver", phase: "open", ...refused(error) });
      return;
    }
    this.#phase = "open";
    this.#direct();
    this.#owner.report({ type: "socket.opened", atMs: this.#settings.clock.nowMs() });
  }

  #failResolving(error: unknown): void {
    this.#end({ class: "resolver", phase: "resolve", ...refused(error) });
  }

  #end(loss: Loss): void {
    if (this.#isOver) return;
    // The transport knows nothing of a login: its "open" is our "authenticate".
    const phase = this.#phase === "authenticate" ? "authenticate" : loss.phase;
    this.#finish();
    this.#socket?.terminate();
    this.#owner.report({
      type: "socket.ended",
      loss: { ...loss, phase },
      atMs: this.#settings.clock.nowMs(),
    });
  }

  #finish(): void {
    this.#isOver = true;
    this.#isDirect = false;
    this.#authentication = undefined;
    this.#abort?.abort();
  }
}
