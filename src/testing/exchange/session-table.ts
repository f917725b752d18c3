/**
 * Every live session: how each begins, how each ends, and what goes to all of them.
 *
 * A session is in the table exactly while the exchange would speak to it. Each beginning and end is
 * entered in the ledger and told once.
 */
import { SessionDesk, type DeskParts } from "./desk.ts";
import type { Desk, Talk } from "./dialect.ts";
import { Session } from "./session.ts";

/** What all sessions share, but for how they end, which is the table's. */
export type SessionTableParts = Omit<DeskParts, "close" | "fin">;

export class SessionTable {
  readonly #parts: SessionTableParts;
  readonly #sessions = new Map<number, Session>();
  #lastId = 0;

  constructor(parts: SessionTableParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** A snapshot: it may be walked while sessions end. */
  get all(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** The earliest deadline of any session; Infinity for none. */
  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const session of this.#sessions.values()) dueAtMs = Math.min(dueAtMs, session.dueAtMs);
    return dueAtMs;
  }

  get(sessionId: number): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  accept(path: string, nowMs: number): Session {
    const sessionId = ++this.#lastId;
    const session = new Session(sessionId, this.#parts.limits, nowMs);
    this.#sessions.set(sessionId, session);
    this.#parts.ledger.accept(sessionId, path, nowMs);
    this.#parts.onEvent({ type: "session.accepted", sessionId, path, atMs: nowMs });
    return session;
  }

  /** What it is told first may end it. Called when its client can be reached. */
  greet(session: Session, open: (desk: Desk) => Talk): void {
    const desk = new SessionDesk(session, {
      ...this.#parts,
      close: (code, reason) => this.close(session, code, reason, this.#parts.now()),
      fin: (why) => this.fin(session, why, this.#parts.now()),
    });
    session.talk = open(desk);
  }

  /** Serves every session that has something due. */
  serve(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.dueAtMs <= nowMs) this.#serve(session, nowMs);
    }
  }

  /** The same frame for each session that can be reached. */
  sayToAll(text: string): void {
    for (const session of this.all) {
      if (!session.isSilent) session.write(() => this.#parts.port.send(session.id, text));
    }
  }

  // Ends. What was held up on its way to the client is lost with its connection.

  close(session: Session, code: number, reason: string, nowMs: number): void {
    this.#end(session, "exchange", `close ${code} ${reason}`.trim(), nowMs);
    this.#parts.port.close(session.id, code, reason);
  }

  fin(session: Session, why: string, nowMs: number): void {
    this.#end(session, "exchange", why, nowMs);
    this.#parts.port.fin(session.id);
  }

  reset(session: Session, nowMs: number): void {
    this.#end(session, "exchange", "reset", nowMs);
    this.#parts.port.reset(session.id);
  }

  /** The client's close frame is answered in kind. */
  answerClose(session: Session, code: number, reason: string, nowMs: number): void {
    this.#end(session, "client", `close ${code} ${reason}`.trim(), nowMs);
    this.#parts.port.close(session.id, code, reason);
  }

  /** The client's TCP connection is gone. */
  forget(session: Session, nowMs: number): void {
    this.#end(session, "client", "disconnected", nowMs);
  }

  #serve(session: Session, nowMs: number): void {
    const due = session.takeDue(nowMs);
    if (typeof due === "function") {
      due();
      return;
    }
    switch (due) {
      case "ping": {
        const payload = session.beginPing(nowMs);
        session.write(() => this.#parts.port.ping(session.id, payload));
        return;
      }
      case "pong":
        // As observed: {@link https://github.com/ccxt/php-binance-api/issues/453}, 2021-10.
        this.close(session, 1008, "Pong timeout", nowMs);
        return;
      case "age":
        this.close(session, 1001, "maximum age reached", nowMs); // documented: only that it is cut
        return;
      case "flap":
        this.fin(session, "flap", nowMs);
        return;
      case "speak":
        session.speakAgain(nowMs);
        return;
      case "release":
        session.letThrough();
        return;
      case undefined:
    }
  }

  #end(session: Session, by: "client" | "exchange", reason: string, nowMs: number): void {
    this.#sessions.delete(session.id);
    session.isOver = true;
    this.#parts.ledger.end(session.id, nowMs);
    const { id: sessionId } = session;
    this.#parts.onEvent({ type: "session.ended", sessionId, by, reason, atMs: nowMs });
  }
}
