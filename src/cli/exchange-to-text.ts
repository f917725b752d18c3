/** What happens at the simulated exchange, in words. Pure; escapes what a client said. */
import type { ExchangeEvent, Fault } from "../testing/index.ts";
import { printable } from "../transport/printable.ts";
import { showMs } from "../observe/durations.ts";

/** `2026-11-23T00:31:12.345Z  fault           status 503 for 700 ms`. */
export function exchangeEventToLine(event: ExchangeEvent): string {
  const label = event.type.replace(/\..*/, "").padEnd(14);
  return `${new Date(event.atMs).toISOString()}  ${label}  ${exchangeEventToText(event)}`;
}

export function exchangeEventToText(event: ExchangeEvent): string {
  switch (event.type) {
    case "session.accepted":
      return `${event.sessionId} accepted on ${printable(event.path)}`;
    case "session.ended":
      return `${event.sessionId} ended by the ${event.by}: ${printable(event.reason)}`;
    case "dial.rejected":
      return `turned away: ${event.reason}`;
    case "violation":
      return `${event.sessionId} broke a rule: ${event.rule}`;
    case "fault.struck":
      return faultToText(event.fault);
    case "fault.passed":
      return `${event.fault.kind} is over`;
    case "replay.began":
      return "began, with the first subscriber";
    case "replay.ended":
      return "ended: the last frame is sent";
  }
}

/** `close 1001 "going away"`, `status 503 for 700 ms`. */
export function faultToText(fault: Fault): string {
  const during =
    "durationMs" in fault && fault.durationMs !== undefined && Number.isFinite(fault.durationMs)
      ? ` for ${showMs(fault.durationMs)}`
      : "";
  switch (fault.kind) {
    case "close": {
      const reason = fault.reason === undefined ? "" : ` "${printable(fault.reason)}"`;
      return `close ${fault.code}${reason}`;
    }
    case "status": {
      const { retryAfterSeconds } = fault;
      const floor = retryAfterSeconds === undefined ? "" : `, Retry-After ${retryAfterSeconds} s`;
      return `status ${fault.status}${during}${floor}`;
    }
    case "flap":
      return `flap${during}, dropping after ${showMs(fault.afterMs)}`;
    case "skip":
    case "repeat":
      return `${fault.kind} ${fault.count ?? 1}`;
    case "mute": {
      const what = fault.all === true ? " all" : "";
      const named = fault.topic === undefined ? what : ` ${printable(fault.topic)}`;
      return `mute${named}${fault.until === "socket" ? " until the next connection" : ""}`;
    }
    case "renumber": {
      const { of = "books", to, unannounced = false, offline = false } = fault;
      const words = [
        of,
        ...(to === undefined ? [] : [`after ${to}`]),
        ...(unannounced ? ["without a word"] : []),
        ...(offline ? ["while no client is connected"] : []),
      ];
      return `renumber ${words.join(", ")}`;
    }
    case "absurd-number":
      return `absurd-number ${fault.number ?? Number.MAX_SAFE_INTEGER}`;
    case "retell":
      return `retell ${fault.count ?? "the last"} trades${during}`;
    case "lag":
      return `lag${fault.lagMs === undefined ? "" : ` of ${showMs(fault.lagMs)}`}${during}`;
    case "refuse-for-now": {
      const code = fault.code === undefined ? "" : ` with ${printable(fault.code)}`;
      return `refuse-for-now ${fault.of ?? "all"}${code}${during}`;
    }
    case "http-out": {
      const { status, retryAfterSeconds } = fault;
      const floor = retryAfterSeconds === undefined ? "" : `, Retry-After ${retryAfterSeconds} s`;
      return `http-out${status === undefined ? "" : ` ${status}`}${during}${floor}`;
    }
    case "oversized":
      return `oversized frame of ${fault.bytes} bytes`;
    case "reset":
    case "fin":
    case "silence":
    case "stall":
    case "pause":
    case "constant-number":
    case "wrong-checksum":
    case "refuse":
    case "never-answer":
    case "garbage":
    case "protocol-error":
    case "shutdown-notice":
      return `${fault.kind}${during}`;
  }
}
