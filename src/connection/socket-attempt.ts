/**
 * One attempt: resolve where to, open a socket, log in; then that socket until it ends.
 *
 * An attempt is the epoch. Once it is over nothing of it is heard any more, although `ws` goes on
 * delivering after `terminate()` (faults.md §0 #5): the first check of every message is `isOver`.
 */
import type { Attempt } from "../../machines/link.ts";
import type { SocketFact } from "../../machines/connection.events.ts";
import type { Loss, LossPhase } from "../../machines/loss.ts";
import type { Clock } from "../system.ts";
import type { SocketSink, Transport, TransportSocket } from "../transport/transport.ts";
import { Authentication, type Authenticate } from "./authentication.ts";
import { checkHeaders, checkProtocols, checkUrl } from "./check-dial.ts";
import { resolveTarget, type AttemptContext, type DialTarget } from "./resolvable.ts";
import { explain } from "./explain.ts";

export interface SocketAttemptParts {
  readonly target: DialTarget;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly authenticate: Authenticate | undefined;
  /** Every message of the opened socket. */
  readonly receive: (data: Buffer, isBinary: boolean, receivedAtMs: number) => void;
  /** A message came after the end and was dropped. */
  readonly countLate: () => void;
  /** The peer's ping was answered. */
  readonly onPing: () => void;
  /** The login wrote a frame. */
  readonly onLoginFrame: () => void;
}

export class SocketAttempt {
  readonly #parts: SocketAttemptParts;
  readonly #report: (fact: SocketFact) => void;
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

  constructor(parts: SocketAttemptParts, report: (fact: SocketFact) => void) {
    this.#parts = parts;
    this.#report = report;
  }

  /** The open socket; undefined before it is open and after it is over. */
  get socket(): TransportSocket | undefined {
    return this.#isOver || this.#phase !== "open" ? undefined : this.#socket;
  }

  /** When the peer was last heard; the opening of the socket counts. 0 before it. */
  get lastHeardAtMs(): number {
    return Math.max(this.#openedAtMs, this.#socket?.lastByteAtMs ?? 0);
  }

  start({ reason, number }: Attempt): void {
    this.#report({ type: "socket.dialled", atMs: this.#parts.clock.nowMs() });
    const signal = (): AbortSignal => this.#signal;
    const context: AttemptContext = {
      reason,
      attempt: number,
      get signal() {
        return signal();
      },
    };
    try {
      const parts = resolveTarget(this.#parts.target, context);
      if (parts instanceof Promise) {
        parts.then(
          (resolved) => this.#open(resolved, context),
          (error: unknown) => this.#failResolving(error),
        );
      } else {
        this.#open(parts, context);
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

  get #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  #open(resolved: readonly unknown[], context: AttemptContext): void {
    if (this.#isOver) return;
    const { transport, clock } = this.#parts;
    try {
      const [url, protocols, headers] = resolved;
      const dial = {
        url: checkUrl(url, "url"),
        protocols: checkProtocols(protocols, "protocols"),
        headers: checkHeaders(headers, "headers"),
        clock,
      };
      const early: (() => void)[] = (this.#early = []);
      const socket = transport(dial, this.#sink(context));
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

  #sink(context: AttemptContext): SocketSink {
    return {
      progressed: (phase) => this.#hear(() => this.#progressed(phase)),
      opened: () => this.#hear(() => this.#opened(context)),
      message: (data, isBinary) => {
        // The data path: one question a message.
        if (this.#isDirect) this.#parts.receive(data, isBinary, this.lastHeardAtMs);
        else this.#divert(data, isBinary);
      },
      pinged: () => {
        if (!this.#isOver) this.#parts.onPing();
      },
      ended: (loss) => this.#hear(() => this.#end(loss)),
    };
  }

  #progressed(phase: LossPhase): void {
    if (this.#isOver) return;
    this.#phase = phase;
    this.#report({ type: "socket.progressed", phase });
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

  #opened(context: AttemptContext): void {
    if (this.#isOver) return;
    const { authenticate, clock } = this.#parts;
    this.#openedAtMs = clock.nowMs();
    if (authenticate === undefined) {
      this.#ready();
      return;
    }
    this.#phase = "authenticate";
    this.#report({ type: "socket.progressed", phase: "authenticate" });
    const authentication = new Authentication({
      ...context,
      send: (data, done) => {
        if (this.#isOver || this.#socket === undefined) done(new Error("the socket is gone"));
        else {
          this.#parts.onLoginFrame();
          this.#socket.send(data, done);
        }
      },
    });
    this.#authentication = authentication;
    authentication.run(authenticate).then(
      () => {
        if (this.#isOver) return;
        this.#ready();
        // What comes while these are delivered joins them at their end.
        for (let frame = authentication.take(); frame; frame = authentication.take()) {
          this.#deliver(frame.data, frame.isBinary);
        }
        this.#authentication = undefined;
        this.#direct();
      },
      (error: unknown) => {
        this.#end({ class: "auth", phase: "authenticate", detail: explain(error) });
      },
    );
  }

  #deliver(data: Buffer, isBinary: boolean): void {
    if (this.#isOver) this.#parts.countLate();
    else this.#parts.receive(data, isBinary, this.lastHeardAtMs);
  }

  #ready(): void {
    this.#phase = "open";
    this.#direct();
    this.#report({ type: "socket.opened", atMs: this.#parts.clock.nowMs() });
  }

  #failResolving(error: unknown): void {
    this.#end({ class: "resolver", phase: "resolve", detail: explain(error) });
  }

  #end(loss: Loss): void {
    if (this.#isOver) return;
    // The transport knows nothing of a login: its "open" is our "authenticate".
    const phase = this.#phase === "authenticate" ? "authenticate" : loss.phase;
    this.#finish();
    this.#socket?.terminate();
    this.#report({
      type: "socket.ended",
      loss: { ...loss, phase },
      atMs: this.#parts.clock.nowMs(),
    });
  }

  #finish(): void {
    this.#isOver = true;
    this.#isDirect = false;
    this.#authentication = undefined;
    this.#abort?.abort();
  }
}
