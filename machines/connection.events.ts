/**
 * Everything that a connection's chart hears and says.
 *
 * It hears commands (imperative, from the owner) and facts (past tense, from the world). It says
 * facts. Topics and ids never stand in an event's type: XState keeps a memo per distinct type.
 */
import type { CloseFrameChoice } from "./close-frame.ts";
import type { Loss, LossPhase } from "./loss.ts";
import type { Verdict } from "./policy/verdict.ts";

/** What an owner may ask for. */
export type ConnectionCommand =
  /** Be connected: start over after `failed`, skip the wait in `reconnecting`; else already so. */
  | { readonly type: "connect" }
  /** Drop the socket, if any, and dial at once; both wait where too many were given lately. */
  | ({ readonly type: "reconnect" } & CloseFrameChoice)
  /** End politely: a closing handshake where there is an open socket, then `closed`. */
  | ({ readonly type: "close" } & CloseFrameChoice)
  /** End now: no handshake, and no close frame. */
  | { readonly type: "terminate" };

/** What a link reports of its one socket. Dropped by XState once the socket's actor is stopped. */
export type SocketFact =
  | { readonly type: "socket.dialled"; readonly atMs: number }
  | { readonly type: "socket.progressed"; readonly phase: LossPhase }
  | { readonly type: "socket.opened"; readonly atMs: number }
  | {
      readonly type: "socket.ended";
      readonly loss: Loss;
      readonly atMs: number;
      /** The attempt whose end this is, by {@link Attempt.number}; undefined for the current one. */
      readonly attempt?: number;
    }
  | { readonly type: "subscriptions.settled" }
  /** A stream is not whole, and no desk runs: reported for the first stream that breaks, and again after `failed`. */
  | { readonly type: "desk.wanted" }
  | SocketExpiring
  | SocketMute;

/** The venue announces that it ends this socket within `withinMs`. Said of a socket that is open. */
export interface SocketExpiring {
  readonly type: "socket.expiring";
  readonly withinMs: number;
  /** The venue's own words, escaped and bounded. */
  readonly detail?: string;
  readonly atMs: number;
}

/**
 * A command that dials, with the time at which it was given, and the close frame for the socket that it ends;
 * raised by the chart itself.
 */
export interface CommandGiven extends CloseFrameChoice {
  readonly type: "command.given";
  readonly command: "connect" | "reconnect";
  readonly atMs: number;
}

/** The open socket is alive and brings no data, far longer than its rhythm explains. */
export interface SocketMute {
  readonly type: "socket.mute";
  readonly silentMs: number;
  readonly atMs: number;
}

/** The one shape of a loss that has been judged; raised by the chart itself. */
export interface SocketLost {
  readonly type: "socket.lost";
  readonly loss: Loss;
  readonly verdict: Verdict;
  readonly atMs: number;
}

export type ConnectionEvent =
  | ConnectionCommand
  | SocketFact
  | SocketLost
  | CommandGiven
  | { readonly type: "outage.prolonged" }
  /** The moment has come that was chosen for the planned reconnect. */
  | { readonly type: "rotation.due" };

/** Something a person should know. */
export type ConnectionAlert =
  /** The outage is longer than `longOutageAfterMs`; attempts go on, slower. */
  | { readonly kind: "long-outage"; readonly longOutageAfterMs: number; readonly attempts: number }
  /** The budget of attempts is empty; the next attempt waits for a token. */
  | { readonly kind: "retry-budget-empty"; readonly retryInMs: number }
  /** Refused for good, or `maxRetries` reached: nothing happens until `connect`. */
  | {
      readonly kind: "failed";
      readonly cause: "refused" | "retries-exhausted";
      readonly loss: Loss;
      readonly rule: string;
    }
  /**
   * The credentials were refused, and no new ones have been accepted so far: their function failed, or the
   * server refused these too. `loss` is the refusal. Every attempt asks for new ones, until it is ready.
   */
  | { readonly kind: "credentials-refused"; readonly loss: Loss; readonly rule: string }
  /** A loss whose row of the verdict's table asks for attention. */
  | { readonly kind: "loss"; readonly loss: Loss; readonly rule: string };

/** What the chart says. `retryInMs` is null where no attempt follows by itself. */
export type ConnectionEmitted =
  | { readonly type: "up"; readonly attempt: number }
  | {
      readonly type: "down";
      readonly loss: Loss;
      readonly rule: string;
      readonly retryInMs: number | null;
    }
  | {
      readonly type: "attempt.failed";
      readonly loss: Loss;
      readonly rule: string;
      readonly attempt: number;
      readonly failures: number;
      readonly retryInMs: number | null;
    }
  /** Too many commands lately: this one dials in `retryInMs`. Those given until then are one with it. */
  | {
      readonly type: "command.delayed";
      readonly command: CommandGiven["command"];
      readonly retryInMs: number;
    }
  | { readonly type: "alert"; readonly alert: ConnectionAlert }
  | { readonly type: "failed"; readonly loss: Loss; readonly rule: string }
  | { readonly type: "closed"; readonly lastLoss: Loss | null };
