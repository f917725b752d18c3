/** How a dialect's talk reaches its session: what is said is written, counted and kept in order. */
import type { Desk, Dialect, Said, Subject } from "./dialect.ts";
import type { ExchangeEvent } from "./events.ts";
import type { LastingFaults } from "./lasting-faults.ts";
import type { Ledger } from "./ledger.ts";
import type { ExchangeLimits } from "./limits.ts";
import type { MarketView, Trade } from "./market-event.ts";
import type { ExchangePort } from "./port.ts";
import type { Session } from "./session.ts";

/** As many as Kraken tells. [docs.kraken.com, spot WebSocket v2, trade; read 2026-11-25] */
const RETOLD = 50;

export interface DeskParts {
  readonly limits: ExchangeLimits;
  readonly ledger: Ledger;
  readonly port: ExchangePort;
  readonly market: MarketView;
  readonly onEvent: (event: ExchangeEvent) => void;
  readonly now: () => number;
  readonly account: Dialect["account"];
  readonly lasting: LastingFaults;
  readonly close: (code: number, reason: string) => void;
  readonly fin: (why: string) => void;
}

export class SessionDesk implements Desk {
  readonly #session: Session;
  readonly #parts: DeskParts;

  constructor(session: Session, parts: DeskParts) {
    this.#session = session;
    this.#parts = parts;
  }

  get sessionId(): number {
    return this.#session.id;
  }

  get nowMs(): number {
    return this.#parts.now();
  }

  get market(): MarketView {
    return this.#session.mirror ?? this.#parts.market;
  }

  get limits(): ExchangeLimits {
    return this.#parts.limits;
  }

  get isPaused(): boolean {
    return this.#parts.lasting.get("pause") !== undefined;
  }

  refusalOf(
    request: "subscriptions" | "logins",
  ): { readonly code: string | undefined } | undefined {
    const fault = this.#parts.lasting.get("refuse-for-now");
    const { of = "all", code } = fault ?? {};
    if (fault === undefined || (of !== "all" && of !== request)) return undefined;
    this.#parts.ledger.meet(fault.kind);
    return { code };
  }

  isMute(topic: string): boolean {
    return this.#session.isMute(topic);
  }

  checksum(sum: number): number {
    const fault = this.#parts.lasting.get("wrong-checksum");
    if (fault === undefined) return sum;
    this.#parts.ledger.meet(fault.kind);
    return sum ^ 1;
  }

  pastTrades(topic: string, instrument: string, usual: number): readonly Trade[] {
    if (this.isMute(topic)) return [];
    const { ledger, lasting, account } = this.#parts;
    const fault = lasting.get("retell");
    const { count = RETOLD } = fault ?? {};
    const trades = this.market.trades(instrument, fault === undefined ? usual : count);
    if (fault !== undefined && trades.length > 0) ledger.meet(fault.kind);
    for (const trade of trades) ledger.retell(this.sessionId, topic, account(trade)?.numbers);
    return trades;
  }

  get topics(): ReadonlyMap<string, Subject | undefined> {
    return this.#session.topics;
  }

  get lastSaidAtMs(): number {
    return this.#session.lastSaidAtMs;
  }

  get lastHeardAtMs(): number {
    return this.#session.lastHeardAtMs;
  }

  say(frame: Said): void {
    write(this.#session, frame, this.#parts, this.nowMs);
  }

  close(code: number, reason: string): void {
    if (!this.#session.isOver) this.#parts.close(code, reason);
  }

  drop(why: string): void {
    if (!this.#session.isOver) this.#parts.fin(why);
  }

  hold(topic: string, subject?: Subject): void {
    this.#session.hold(topic, subject);
  }

  release(topic: string): boolean {
    return this.#session.release(topic);
  }

  after(name: string, delayMs: number, ring: () => void): void {
    this.#session.ringAt(name, this.nowMs + delayMs, ring);
  }

  cancel(name: string): void {
    this.#session.ringNever(name);
  }

  violation(rule: string): void {
    const { ledger, onEvent } = this.#parts;
    ledger.violate(rule);
    onEvent({ type: "violation", sessionId: this.#session.id, rule, atMs: this.nowMs });
  }
}

/** Puts a frame on its way, unless the session is over or nothing reaches its client. */
export function write(
  session: Session,
  frame: Said,
  { port, ledger }: { readonly port: ExchangePort; readonly ledger: Ledger },
  nowMs: number,
): void {
  if (session.isOver || session.isSilent) return;
  const data = typeof frame === "string" || frame instanceof Uint8Array ? frame : frame.text;
  session.lastSaidAtMs = nowMs;
  session.write(() => port.send(session.id, data));
  if (typeof frame === "object" && "number" in frame) ledger.count(session.id, frame.number);
}
