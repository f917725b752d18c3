/** What happens at the exchange, for whoever watches it. */
import type { Fault } from "./faults.ts";

export type ExchangeEvent =
  | {
      readonly type: "session.accepted";
      readonly sessionId: number;
      readonly path: string;
      readonly atMs: number;
    }
  | {
      readonly type: "session.ended";
      readonly sessionId: number;
      readonly by: "client" | "exchange";
      readonly reason: string;
      readonly atMs: number;
    }
  /** A dial met a `refuse`, `never-answer` or `status` fault, or a path that isn't there. */
  | { readonly type: "dial.rejected"; readonly reason: string; readonly atMs: number }
  /** A client broke a rule of the venue. */
  | {
      readonly type: "violation";
      readonly sessionId: number;
      readonly rule: string;
      readonly atMs: number;
    }
  | { readonly type: "fault.struck"; readonly fault: Fault; readonly atMs: number }
  /** A fault that lasts is over. */
  | { readonly type: "fault.passed"; readonly fault: Fault; readonly atMs: number }
  | { readonly type: "replay.began"; readonly atMs: number }
  /** The last frame has been said; silence follows. */
  | { readonly type: "replay.ended"; readonly atMs: number };
