/**
 * The exchange itself, without a socket, a timer or a clock.
 *
 * Inputs come as calls with the instant at which they happen; outputs go to a port; `nextDueAtMs`
 * says when the model wants to be woken. So one model has two faces: in memory on virtual time, and
 * real sockets. Whatever is due before an input is done first, at its own instant: how often or how
 * late the model is woken changes nothing in what it says. Whose language it speaks is its dialect's.
 */
import { write } from "./desk.ts";
import type { Desk, Dialect, HttpAnswer, HttpRequest, Talk } from "./dialect.ts";
import type { ExchangeEvent } from "./events.ts";
import { FaultDesk } from "./fault-desk.ts";
import type { Fault, FaultPlan } from "./faults.ts";
import { LastingFaults } from "./lasting-faults.ts";
import { Ledger } from "./ledger.ts";
import type { ExchangeLimits } from "./limits.ts";
import type { BookView, MarketEvent, MarketView } from "./market-event.ts";
import type { Market } from "./market.ts";
import { Mirrors } from "./mirrors.ts";
import { NumberFaults } from "./number-faults.ts";
import type { Admission, ExchangePort, HttpReply } from "./port.ts";
import { SessionTable } from "./session-table.ts";
import type { Session } from "./session.ts";
import { showsLoss, type EventNumbers, type FrameEvent, type Source } from "./source.ts";

export interface ExchangeModelParts {
  readonly dialect: Dialect;
  readonly source: Source;
  /** Undefined when a recording is played. */
  readonly market: Market | undefined;
  readonly limits: ExchangeLimits;
  readonly faults: FaultPlan;
  readonly port: ExchangePort;
  readonly onEvent: (event: ExchangeEvent) => void;
}

interface Listener {
  readonly session: Session;
  readonly topic: string;
}

/** Without a subscriber nothing need be said on time; the source is caught up with this often. */
const IDLE_CATCH_UP_MS = 60_000;

/** Behind a recording is no market to look at. */
const unknownMarket: MarketView = {
  instruments: [],
  knows: () => true,
  book: () => undefined,
  liveBook: () => undefined,
  trades: () => [],
  quote: () => undefined,
  stamp: (nowMs) => nowMs,
};

export class ExchangeModel {
  readonly ledger = new Ledger();
  readonly #parts: ExchangeModelParts;
  readonly #source: Source;
  readonly #port: ExchangePort;
  readonly #onEvent: (event: ExchangeEvent) => void;
  readonly #sessions: SessionTable;
  readonly #faults: FaultDesk;
  readonly #lasting = new LastingFaults();
  readonly #numbers: NumberFaults;
  readonly #mirrors: Mirrors;
  /** How to talk to those who were accepted and can't be reached yet. */
  readonly #opening = new Map<number, (desk: Desk) => Talk>();
  #nowMs: number;

  constructor(parts: ExchangeModelParts, startAtMs: number) {
    const { source, limits, port, onEvent, market } = parts;
    this.#parts = parts;
    this.#source = source;
    this.#port = port;
    this.#onEvent = onEvent;
    this.#sessions = new SessionTable({
      limits,
      port,
      onEvent,
      ledger: this.ledger,
      market: market ?? unknownMarket,
      now: () => this.#nowMs,
      account: (event) => parts.dialect.account(event),
      lasting: this.#lasting,
    });
    this.#numbers = new NumberFaults(market, this.#lasting);
    this.#mirrors = new Mirrors({
      market,
      lasting: this.#lasting,
      ledger: this.ledger,
      now: () => this.#nowMs,
      tell: (event, session) => {
        const numbers = parts.dialect.account(event)?.numbers;
        this.#write(event, this.#topicsOf(session, event), numbers, 1);
      },
    });
    this.#faults = new FaultDesk({
      plan: parts.faults,
      sessions: this.#sessions,
      port,
      onEvent,
      lasting: this.#lasting,
      numbers: this.#numbers,
      renumber: (renumbering) => market?.renumber(renumbering),
    });
    this.#nowMs = startAtMs;
  }

  /** How many sessions live. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** When the model wants {@link advanceTo} next; undefined for not before an input. */
  get nextDueAtMs(): number | undefined {
    const sourceAtMs = this.#source.nextAtMs ?? Infinity;
    const isHeard = this.#sessions.all.some((session) => session.listens);
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
      else this.#take();
    }
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  /** Somebody dials. `path` is the request's path and query. {@link opened} follows. */
  connect(path: string, nowMs: number): Admission {
    this.advanceTo(nowMs);
    const open = this.#parts.dialect.enter(path, this.#parts.limits);
    const rejection = this.#faults.meet() ?? this.#refuse(open);
    if (rejection !== undefined) {
      const reason = rejection.kind === "status" ? `HTTP ${rejection.status}` : rejection.kind;
      this.#onEvent({ type: "dial.rejected", reason, atMs: this.#nowMs });
      return rejection;
    }
    const session = this.#sessions.accept(path, this.#nowMs);
    this.#mirrors.serve(session);
    const { dropAfterMs } = this.#faults;
    if (dropAfterMs !== undefined) session.dropAt(this.#nowMs + dropAfterMs);
    if (typeof open === "function") this.#opening.set(session.id, open);
    return { kind: "accepted", sessionId: session.id };
  }

  /** The client that was accepted can be written to from now on. */
  opened(sessionId: number, nowMs: number): void {
    this.advanceTo(nowMs);
    const open = this.#opening.get(sessionId);
    this.#opening.delete(sessionId);
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    if (open !== undefined) this.#sessions.greet(session, open);
    this.#beginFor(session);
  }

  /** A plain HTTP request. Faults that meet new connections meet it too. */
  request(request: HttpRequest, nowMs: number): HttpReply {
    this.advanceTo(nowMs);
    const rejection = this.#faults.meetRequest();
    if (rejection !== undefined) {
      if (this.#lasting.get("http-out") !== undefined) this.ledger.meet("http-out");
      return rejection;
    }
    const { dialect, market } = this.#parts;
    const answer: HttpAnswer | undefined = dialect.serve?.(
      request,
      market ?? unknownMarket,
      this.#nowMs,
    );
    return answer === undefined ? { kind: "nothing" } : { kind: "answered", ...answer };
  }

  /** A text or binary frame came from the client. */
  receive(sessionId: number, frame: string, nowMs: number): void {
    const session = this.#hear(sessionId, false, nowMs);
    if (session === undefined) return;
    session.talk?.hear(frame);
    this.#beginFor(session);
  }

  receivePing(sessionId: number, payload: string, nowMs: number): void {
    const session = this.#hear(sessionId, true, nowMs);
    session?.write(() => this.#port.pong(sessionId, payload));
  }

  receivePong(sessionId: number, payload: string, nowMs: number): void {
    this.#hear(sessionId, true, nowMs)?.answerPing(payload);
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
    this.#opening.delete(sessionId);
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

  /** The true book; at a position, as it had been told when it stood there. */
  book(instrument: string, position?: number): BookView | undefined {
    const { market } = this.#parts;
    return position === undefined ? market?.book(instrument) : market?.bookAt(instrument, position);
  }

  get #faultsDueAtMs(): number {
    return this.#faults.dueAtMs(this.#source.beganAtMs);
  }

  #refuse(
    open: ReturnType<Dialect["enter"]>,
  ): Extract<Admission, { readonly kind: "status" }> | undefined {
    const { maxConnections = Infinity } = this.#parts.limits;
    const isCrowded = this.#sessions.size >= maxConnections;
    const isPathless = typeof open === "number" && !(open === 404 && this.#source.isVerbatim);
    if (isPathless) return { kind: "status", status: open, retryAfterSeconds: undefined };
    return isCrowded ? { kind: "status", status: 429, retryAfterSeconds: undefined } : undefined;
  }

  /** Brings time up to date and counts the frame. Undefined when nobody is there to hear it. */
  #hear(sessionId: number, isControl: boolean, nowMs: number): Session | undefined {
    this.advanceTo(nowMs);
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isSilent) return undefined;
    session.lastHeardAtMs = this.#nowMs;
    const window = session.exceeds(isControl, this.#nowMs);
    if (window === undefined) return session;
    const rule = `${window.frames} frames in ${window.perMs} ms`;
    this.ledger.violate(rule);
    this.#onEvent({ type: "violation", sessionId, rule, atMs: this.#nowMs });
    session.talk?.exceeded?.(window);
    return undefined;
  }

  #beginFor(session: Session): void {
    if (this.#source.beganAtMs !== undefined || !session.listens) return;
    this.#source.begin(this.#nowMs);
    this.#onEvent({ type: "replay.began", atMs: this.#nowMs });
  }

  #take(): void {
    const event = this.#source.take();
    if (event.feed === "recording") this.#play(event);
    else this.#tell(event);
  }

  /** A recorded frame goes to whoever listens. */
  #play({ stream, text, numbers }: FrameEvent): void {
    this.ledger.emit(stream, numbers);
    const audience = this.#sessions.all.filter((session) => session.listens && !session.isSilent);
    const copies = audience.length === 0 ? 0 : this.#faults.copiesOf(showsLoss(numbers));
    for (let copy = 0; copy < copies; copy += 1) {
      for (const session of audience) {
        write(session, text, this.#writing, this.#nowMs);
        this.ledger.write(session.id, stream, numbers);
      }
    }
    if (this.#source.nextAtMs === undefined) {
      this.#onEvent({ type: "replay.ended", atMs: this.#nowMs });
    }
  }

  /** An event of the market goes to each who subscribed to it, in the venue's words. */
  #tell(given: MarketEvent): void {
    const isPaused = this.#lasting.get("pause") !== undefined;
    const audience = this.#sessions.all.flatMap((session) =>
      session.mirror === undefined ? this.#topicsOf(session, given) : [],
    );
    const isHeard = !isPaused && audience.some(({ session }) => !session.isSilent);
    const { event, fault } = this.#numbers.apply(given, isHeard);
    if (fault !== undefined) this.ledger.meet(fault);
    const account = this.#parts.dialect.account(event);
    if (account === undefined) return;
    const { stream, numbers } = account;
    this.ledger.emit(stream, numbers);
    if (isPaused) return;
    this.#mirrors.add(event);
    if (audience.length === 0) return;
    const copies = isHeard ? this.#faults.copiesOf(account.showsLoss ?? showsLoss(numbers)) : 1;
    this.#write(event, audience, numbers, copies);
  }

  #topicsOf(session: Session, { feed, instrument }: MarketEvent): Listener[] {
    return session.topicsOn(feed, instrument).map((topic) => ({ session, topic }));
  }

  #write(
    event: MarketEvent,
    audience: readonly Listener[],
    numbers: EventNumbers | undefined,
    copies: number,
  ): void {
    for (const { session, topic } of audience) {
      const frames = session.talk?.tell(event, topic) ?? [];
      if (frames.length === 0 || session.isSilent) continue;
      for (let copy = 0; copy < copies; copy += 1) {
        for (const frame of frames) write(session, frame, this.#writing, this.#nowMs);
        this.ledger.write(session.id, topic, numbers);
      }
    }
  }

  get #writing(): { readonly port: ExchangePort; readonly ledger: Ledger } {
    return { port: this.#port, ledger: this.ledger };
  }
}
