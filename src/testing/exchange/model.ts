/**
 * The exchange itself, without a socket, a timer or a clock.
 *
 * Inputs come as calls with the instant at which they happen; outputs go to a port; `nextDueAtMs`
 * says when the model wants to be woken. So one model has two faces: in memory on virtual time, and
 * real sockets. Whatever is due before an input is done first, at its own instant: how often or how
 * late the model is woken changes nothing in what it says.
 */
import type { ExchangeEvent } from "./events.ts";
import { FaultDesk } from "./fault-desk.ts";
import type { Fault, FaultPlan } from "./faults.ts";
import { isObject, parseJson } from "./json.ts";
import { Ledger } from "./ledger.ts";
import type { ExchangeLimits } from "./limits.ts";
import type { Admission, ExchangePort } from "./port.ts";
import { answer, parseEntrance, wrap } from "./protocol.ts";
import { SessionTable } from "./session-table.ts";
import type { Session } from "./session.ts";
import type { Source, SourceEvent } from "./source.ts";

export interface ExchangeModelParts {
  readonly source: Source;
  readonly limits: ExchangeLimits;
  readonly faults: FaultPlan;
  readonly port: ExchangePort;
  readonly onEvent: (event: ExchangeEvent) => void;
}

/** Without a subscriber nothing need be said on time; the source is caught up with this often. */
const IDLE_CATCH_UP_MS = 60_000;

export class ExchangeModel {
  readonly ledger = new Ledger();
  readonly #source: Source;
  readonly #limits: ExchangeLimits;
  readonly #port: ExchangePort;
  readonly #onEvent: (event: ExchangeEvent) => void;
  readonly #sessions: SessionTable;
  readonly #faults: FaultDesk;
  #nowMs: number;

  constructor(parts: ExchangeModelParts, startAtMs: number) {
    const { source, limits, port, onEvent } = parts;
    this.#source = source;
    this.#limits = limits;
    this.#port = port;
    this.#onEvent = onEvent;
    this.#sessions = new SessionTable({ limits, ledger: this.ledger, port, onEvent });
    this.#faults = new FaultDesk({ plan: parts.faults, sessions: this.#sessions, port, onEvent });
    this.#nowMs = startAtMs;
  }

  /** How many sessions live. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** When the model wants {@link advanceTo} next; undefined for not before an input. */
  get nextDueAtMs(): number | undefined {
    const sourceAtMs = this.#source.nextAtMs ?? Infinity;
    const isHeard = this.#sessions.all.some((session) => listens(session));
    const speaksAtMs = isHeard ? sourceAtMs : Math.max(sourceAtMs, this.#nowMs + IDLE_CATCH_UP_MS);
    const dueAtMs = Math.min(speaksAtMs, this.#faultsDueAtMs, this.#sessions.dueAtMs);
    return dueAtMs === Infinity ? undefined : dueAtMs;
  }

  /** Does everything that is due up to `nowMs`, each at its own instant. */
  advanceTo(nowMs: number): void {
    for (;;) {
      const sourceAtMs = this.#source.nextAtMs ?? Infinity;
      const faultsAtMs = this.#faultsDueAtMs;
      const sessionsAtMs = this.#sessions.dueAtMs;
      const dueAtMs = Math.min(sourceAtMs, faultsAtMs, sessionsAtMs);
      if (dueAtMs > nowMs || dueAtMs === Infinity) break;
      this.#nowMs = Math.max(this.#nowMs, dueAtMs);
      if (dueAtMs === faultsAtMs) this.#faults.advance(dueAtMs);
      else if (dueAtMs === sessionsAtMs) this.#sessions.serve(dueAtMs);
      else this.#emit(this.#source.take());
    }
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  /** Somebody dials. `path` is the request's path and query. */
  connect(path: string, nowMs: number): Admission {
    this.advanceTo(nowMs);
    const rejection = this.#faults.meet() ?? this.#refuse(path);
    if (rejection !== undefined) {
      const reason = rejection.kind === "status" ? `HTTP ${rejection.status}` : rejection.kind;
      this.#onEvent({ type: "dial.rejected", reason, atMs: this.#nowMs });
      return rejection;
    }
    const session = this.#sessions.accept(path, parseEntrance(path), this.#nowMs);
    const { dropAfterMs } = this.#faults;
    if (dropAfterMs !== undefined) session.dropAt(this.#nowMs + dropAfterMs);
    this.#beginFor(session);
    return { kind: "accepted", sessionId: session.id };
  }

  /** A text or binary frame came from the client. */
  receive(sessionId: number, frame: string, nowMs: number): void {
    const session = this.#hear(sessionId, nowMs);
    if (session === undefined) return;
    if (session.isForeign && !isRequest(frame)) return;
    const text = answer(frame, session, this.#limits.maxStreams);
    session.write(() => this.#port.send(sessionId, text));
    this.#beginFor(session);
  }

  receivePing(sessionId: number, payload: string, nowMs: number): void {
    const session = this.#hear(sessionId, nowMs);
    session?.write(() => this.#port.pong(sessionId, payload));
  }

  receivePong(sessionId: number, payload: string, nowMs: number): void {
    this.#hear(sessionId, nowMs)?.answerPing(payload);
  }

  /** The client's close frame. A port that answers it by itself asks {@link isDeafTo} first. */
  receiveClose(sessionId: number, code: number, reason: string, nowMs: number): void {
    this.advanceTo(nowMs);
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isSilent) return;
    this.#sessions.answerClose(session, code, reason, this.#nowMs);
  }

  /** The client's TCP connection is gone. */
  disconnect(sessionId: number, nowMs: number): void {
    this.advanceTo(nowMs);
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) this.#sessions.forget(session, this.#nowMs);
  }

  /** Whether the exchange takes no notice of what this client sends. */
  isDeafTo(sessionId: number): boolean {
    return this.#sessions.get(sessionId)?.isSilent ?? false;
  }

  /** A fault strikes now. */
  inject(fault: Fault, nowMs: number): void {
    this.advanceTo(nowMs);
    this.#faults.strike(fault, this.#nowMs);
  }

  get #faultsDueAtMs(): number {
    return this.#faults.dueAtMs(this.#source.beganAtMs);
  }

  #refuse(path: string): Extract<Admission, { readonly kind: "status" }> | undefined {
    const entrance = parseEntrance(path);
    const isUnknown = entrance === undefined && !this.#source.isVerbatim;
    const isTooMuch = (entrance?.streams.length ?? 0) > this.#limits.maxStreams;
    if (!isUnknown && !isTooMuch) return undefined;
    return { kind: "status", status: isUnknown ? 404 : 400, retryAfterSeconds: undefined };
  }

  /** Brings time up to date and counts the frame. Undefined when nobody is there to hear it. */
  #hear(sessionId: number, nowMs: number): Session | undefined {
    this.advanceTo(nowMs);
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isSilent) return undefined;
    if (session.admitsFrame(nowMs)) return session;
    this.#sessions.close(session, 1008, "Too many requests", nowMs); // observed: venues.md §3.1
    return undefined;
  }

  #beginFor(session: Session): void {
    if (this.#source.beganAtMs !== undefined || !listens(session)) return;
    this.#source.begin(this.#nowMs);
    this.#onEvent({ type: "replay.began", atMs: this.#nowMs });
  }

  #emit(event: SourceEvent): void {
    const { stream, numbers } = event;
    const { isVerbatim } = this.#source;
    this.ledger.emit(stream, numbers);
    const audience = this.#sessions.all.filter(
      (session) =>
        !session.isSilent && (isVerbatim ? listens(session) : session.streams.has(stream)),
    );
    const copies = audience.length === 0 ? 0 : this.#faults.copiesOf(numbers);
    const text = copies === 0 ? "" : event.text;
    for (let copy = 0; copy < copies; copy += 1) {
      for (const session of audience) {
        const frame = session.isCombined && !isVerbatim ? wrap(stream, text) : text;
        session.write(() => this.#port.send(session.id, frame));
        this.ledger.write(session.id, stream, numbers);
      }
    }
    if (isVerbatim && this.#source.nextAtMs === undefined) {
      this.#onEvent({ type: "replay.ended", atMs: this.#nowMs });
    }
  }
}

/** Wants market data at all: a replay serves it whatever it asked for. */
function listens(session: Session): boolean {
  return session.streams.size > 0 || session.isForeign;
}

/** Whether a frame is meant for this exchange; a foreign client may speak another language. */
function isRequest(frame: string): boolean {
  const request = parseJson(frame);
  return isObject(request) && typeof request["method"] === "string";
}
