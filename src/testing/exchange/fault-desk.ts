/**
 * Where faults strike: those planned and those on command, what they do to the sessions there are,
 * and how the ones that last meet whoever dials meanwhile.
 */
import { Queue } from "../../queue.ts";
import type { ExchangeEvent } from "./events.ts";
import type { Fault, FaultPlan, GateFault, PlannedFault } from "./faults.ts";
import type { LastingFaults } from "./lasting-faults.ts";
import type { Renumbering } from "./market.ts";
import type { NumberFaults } from "./number-faults.ts";
import type { Admission, ExchangePort } from "./port.ts";
import type { Notice } from "./dialect.ts";
import type { SessionTable } from "./session-table.ts";

export interface FaultDeskParts {
  readonly plan: FaultPlan;
  readonly sessions: SessionTable;
  readonly port: ExchangePort;
  readonly lasting: LastingFaults;
  readonly numbers: NumberFaults;
  /** Numbers of books or trades begin again. */
  readonly renumber: (renumbering: Renumbering) => void;
  readonly onEvent: (event: ExchangeEvent) => void;
}

export class FaultDesk {
  readonly #parts: FaultDeskParts;
  readonly #planned: Queue<PlannedFault>;
  /** The fault that meets new connections, one at a time: the last to strike. */
  #gate: { readonly fault: GateFault; readonly untilMs: number } | undefined;
  #skips = 0;
  #repeats = 0;

  constructor(parts: FaultDeskParts) {
    this.#parts = parts;
    this.#planned = new Queue([...parts.plan].sort((one, other) => one.atMs - other.atMs));
  }

  /** When {@link advance} is next due; Infinity for never. A plan counts from `startedAtMs`. */
  dueAtMs(startedAtMs: number | undefined): number {
    const next = this.#planned.first;
    const plannedAtMs =
      next === undefined || startedAtMs === undefined ? Infinity : startedAtMs + next.atMs;
    return Math.min(plannedAtMs, this.#gate?.untilMs ?? Infinity, this.#parts.lasting.dueAtMs);
  }

  /** Does the one thing that is due: a fault that lasts is over, or the next planned one strikes. */
  advance(nowMs: number): void {
    if (this.#gate !== undefined && this.#gate.untilMs <= nowMs) {
      this.#openGate(nowMs);
      return;
    }
    if (this.#parts.lasting.dueAtMs <= nowMs) {
      this.#pass(nowMs);
      return;
    }
    const next = this.#planned.take();
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

  /** How a plain HTTP request is met; undefined when nothing is in its way. */
  meetRequest(): Exclude<Admission, { readonly kind: "accepted" }> | undefined {
    const met = this.meet();
    const fault = this.#parts.lasting.get("http-out");
    if (met !== undefined || fault === undefined) return met;
    const { status, retryAfterSeconds } = fault;
    return status === undefined
      ? { kind: "refused" }
      : { kind: "status", status, retryAfterSeconds };
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
        this.#parts.lasting.begin(fault, nowMs);
        this.#announce("pause");
        return;
      case "lag":
        this.#parts.lasting.begin(fault, nowMs);
        for (const session of all) sessions.fin(session, fault.kind, nowMs);
        return;
      case "retell":
      case "refuse-for-now":
      case "http-out":
      case "wrong-checksum":
        this.#parts.lasting.begin(fault, nowMs);
        return;
      case "constant-number":
        this.#parts.lasting.begin(fault, nowMs);
        for (const session of all) session.talk?.counter?.hold(true);
        return;
      case "absurd-number":
        this.#misnumber(fault.number ?? Number.MAX_SAFE_INTEGER);
        return;
      case "renumber":
        this.#renumber(fault, nowMs);
        return;
      case "mute":
        this.#mute(fault);
        return;
    }
  }

  /** Where every frame has a number, the next frame is struck; elsewhere the next event. */
  #misnumber(number: number): void {
    const counters = this.#parts.sessions.all.flatMap(({ talk }) => talk?.counter ?? []);
    for (const counter of counters) counter.misnumber(number);
    if (counters.length === 0) this.#parts.numbers.misnumberNext(number);
  }

  #renumber(fault: Extract<Fault, { readonly kind: "renumber" }>, nowMs: number): void {
    const { sessions, renumber } = this.#parts;
    if (fault.offline === true) {
      for (const session of sessions.all) sessions.reset(session, nowMs);
    }
    renumber(fault);
    if (fault.of !== "connection" && fault.of !== "all") return;
    for (const { talk } of sessions.all) talk?.counter?.restart(fault.to);
  }

  #mute({ topic, all, until = "subscription" }: Extract<Fault, { readonly kind: "mute" }>): void {
    for (const session of this.#parts.sessions.all) {
      const [oldest] = session.topics.keys();
      const muted = topic ?? oldest;
      if (all === true) session.muteAll(until);
      else if (muted !== undefined) session.mute(muted, until);
    }
  }

  #announce(notice: Notice): void {
    for (const session of this.#parts.sessions.all) session.talk?.announce?.(notice);
  }

  #pass(nowMs: number): void {
    const fault = this.#parts.lasting.takePassed(nowMs);
    if (fault === undefined) return;
    if (fault.kind === "pause") this.#announce("resume");
    if (fault.kind === "constant-number") {
      for (const { talk } of this.#parts.sessions.all) talk?.counter?.hold(false);
    }
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
