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
  readonly receive: (data: Buffer, isBinary: boolean) => void;
  /** A message came after the end and was dropped. */
  readonly countLate: () => void;
  /** The peer's ping was answered. */
  readonly onPing: () => void;
}

export class SocketAttempt {
  readonly #parts: SocketAttemptParts;
  readonly #report: (fact: SocketFact) => void;
  readonly #abort = new AbortController();
  #socket: TransportSocket | undefined;
  #authentication: Authentication | undefined;
  #phase: LossPhase = "resolve";
  #openedAtMs = 0;
  #isOver = false;

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
    const context: AttemptContext = { reason, attempt: number, signal: this.#abort.signal };
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
      const socket = transport(dial, this.#sink(context));
      // It may have ended, or been dropped by what it reported, before it was returned.
      this.#socket = socket;
      if (this.#isOver) socket.terminate();
    } catch (error) {
      this.#end({ class: "config", phase: "resolve", detail: explain(error) });
    }
  }

  #sink(context: AttemptContext): SocketSink {
    const { receive, countLate, onPing } = this.#parts;
    return {
      progressed: (phase) => {
        if (this.#isOver) return;
        this.#phase = phase;
        this.#report({ type: "socket.progressed", phase });
      },
      opened: () => this.#opened(context),
      message: (data, isBinary) => {
        if (this.#isOver) countLate();
        else if (this.#authentication === undefined) receive(data, isBinary);
        else this.#authentication.receive(data, isBinary);
      },
      pinged: () => {
        if (!this.#isOver) onPing();
      },
      ended: (loss) => this.#end(loss),
    };
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
    this.#authentication = new Authentication({
      ...context,
      send: (data, done) => {
        if (this.#isOver || this.#socket === undefined) done(new Error("the socket is gone"));
        else this.#socket.send(data, done);
      },
    });
    this.#authentication.run(authenticate).then(
      (unread) => {
        if (this.#isOver) return;
        this.#authentication = undefined;
        this.#ready();
        for (const { data, isBinary } of unread) {
          if (!this.#isOver) this.#parts.receive(data, isBinary);
        }
      },
      (error: unknown) => {
        this.#end({ class: "auth", phase: "authenticate", detail: explain(error) });
      },
    );
  }

  #ready(): void {
    this.#phase = "open";
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
    this.#authentication = undefined;
    this.#abort.abort();
  }
}
