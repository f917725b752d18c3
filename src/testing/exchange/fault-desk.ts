/**
 * Where faults strike: those planned and those on command, what they do to the sessions there are,
 * and how the ones that last meet whoever dials meanwhile.
 */
import type { ExchangeEvent } from "./events.ts";
import type { Fault, FaultPlan, GateFault, PlannedFault } from "./faults.ts";
import type { Admission, ExchangePort } from "./port.ts";
import type { Notice } from "./dialect.ts";
import type { SessionTable } from "./session-table.ts";

export interface FaultDeskParts {
  readonly plan: FaultPlan;
  readonly sessions: SessionTable;
  readonly port: ExchangePort;
  /** Numbers all books anew. */
  readonly renumber: () => void;
  readonly onEvent: (event: ExchangeEvent) => void;
}

export class FaultDesk {
  readonly #parts: FaultDeskParts;
  readonly #planned: PlannedFault[];
  /** The fault that meets new connections, one at a time: the last to strike. */
  #gate: { readonly fault: GateFault; readonly untilMs: number } | undefined;
  #pause: { readonly fault: Fault; readonly untilMs: number } | undefined;
  #skips = 0;
  #repeats = 0;

  constructor(parts: FaultDeskParts) {
    this.#parts = parts;
    this.#planned = [...parts.plan].sort((one, other) => one.atMs - other.atMs);
  }

  /** When {@link advance} is next due; Infinity for never. A plan counts from `startedAtMs`. */
  dueAtMs(startedAtMs: number | undefined): number {
    const [next] = this.#planned;
    const plannedAtMs =
      next === undefined || startedAtMs === undefined ? Infinity : startedAtMs + next.atMs;
    return Math.min(plannedAtMs, this.#gate?.untilMs ?? Infinity, this.#pause?.untilMs ?? Infinity);
  }

  /** No market data is sent. */
  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  /** Does the one thing that is due: an outage or a pause ends, or the next planned fault strikes. */
  advance(nowMs: number): void {
    if (this.#gate !== undefined && this.#gate.untilMs <= nowMs) {
      this.#openGate(nowMs);
      return;
    }
    if (this.#pause !== undefined && this.#pause.untilMs <= nowMs) {
      this.#resume(nowMs);
      return;
    }
    const next = this.#planned.shift();
    if (next !== undefined) this.strike(next.fault, nowMs);
  }

  /** How a dial is met; undefined when nothing is in its way. */
  meet(): Exclude<Admission, { readonly kind: "accepted" }> | undefined {
    const gate = this.#gate?.fault;
    switch (gate?.kind) {
      case "refuse":
        return { kind: "refused" };
      case "never-answer":
        return { kind: "unanswered" };
      case "status": {
        const { status, retryAfterSeconds } = gate;
        return { kind: "status", status, retryAfterSeconds };
      }
      case "flap":
      case undefined:
        return undefined;
    }
  }

  /** How soon a connection accepted now is dropped; undefined when it is not. */
  get dropAfterMs(): number | undefined {
    const gate = this.#gate?.fault;
    return gate?.kind === "flap" ? gate.afterMs : undefined;
  }

  /** How often an event is sent: once, but for what `skip` and `repeat` still want of those whose loss shows. */
  copiesOf(showsLoss: boolean): number {
    if (!showsLoss) return 1;
    if (this.#skips > 0) {
      this.#skips -= 1;
      return 0;
    }
    if (this.#repeats === 0) return 1;
    this.#repeats -= 1;
    return 2;
  }

  strike(fault: Fault, nowMs: number): void {
    const { sessions, port, onEvent } = this.#parts;
    onEvent({ type: "fault.struck", fault, atMs: nowMs });
    const { all } = sessions;
    switch (fault.kind) {
      case "reset":
        for (const session of all) sessions.reset(session, nowMs);
        return;
      case "fin":
        for (const session of all) sessions.fin(session, fault.kind, nowMs);
        return;
      case "close":
        for (const session of all) sessions.close(session, fault.code, fault.reason ?? "", nowMs);
        return;
      case "silence":
        for (const session of all) {
          session.fallSilent(nowMs + (fault.durationMs ?? Infinity), nowMs);
        }
        return;
      case "stall":
        for (const session of all) session.stall(nowMs + fault.durationMs);
        return;
      case "refuse":
        this.#closeGate(fault, nowMs);
        port.listen(false);
        for (const session of all) sessions.reset(session, nowMs);
        return;
      case "never-answer":
      case "status":
      case "flap":
        this.#closeGate(fault, nowMs);
        for (const session of all) sessions.fin(session, fault.kind, nowMs);
        return;
      case "skip":
        this.#skips += fault.count ?? 1;
        return;
      case "repeat":
        this.#repeats += fault.count ?? 1;
        return;
      case "garbage":
        sessions.sayToAll("<html><body>502 Bad Gateway</body></html>");
        return;
      case "oversized": {
        const frame = `{"pad":"${"x".repeat(fault.bytes)}"}`;
        sessions.sayToAll(frame);
        return;
      }
      case "protocol-error":
        for (const session of all) {
          if (!session.isSilent) session.write(() => port.breakFraming(session.id));
        }
        return;
      case "shutdown-notice":
        this.#announce("shutdown");
        return;
      case "pause":
        this.#pause = { fault, untilMs: nowMs + fault.durationMs };
        this.#announce("pause");
        return;
      case "renumber":
        this.#parts.renumber();
        return;
      case "mute":
        for (const session of all) {
          const [oldest] = session.topics.keys();
          const topic = fault.topic ?? oldest;
          if (topic !== undefined) session.mute(topic);
        }
        return;
    }
  }

  #announce(notice: Notice): void {
    for (const session of this.#parts.sessions.all) session.talk?.announce?.(notice);
  }

  #resume(nowMs: number): void {
    if (this.#pause === undefined) return;
    const { fault } = this.#pause;
    this.#pause = undefined;
    this.#announce("resume");
    this.#parts.onEvent({ type: "fault.passed", fault, atMs: nowMs });
  }

  #closeGate(fault: GateFault, nowMs: number): void {
    this.#openGate(nowMs);
    this.#gate = { fault, untilMs: nowMs + fault.durationMs };
  }

  #openGate(nowMs: number): void {
    if (this.#gate === undefined) return;
    const { fault } = this.#gate;
    this.#gate = undefined;
    if (fault.kind === "refuse") this.#parts.port.listen(true);
    this.#parts.onEvent({ type: "fault.passed", fault, atMs: nowMs });
  }
}
