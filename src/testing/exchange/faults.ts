/**
 * The troubles an exchange can have, each with what in the world causes it.
 *
 * None is invented: TCP never reorders, loses or repeats bytes within a connection, so nothing here
 * does. A fault strikes every connection there is. One that concerns new connections first ends the
 * live ones, since an outage nobody meets is none.
 */

export type Fault =
  /** TCP reset: a process was killed, a load balancer or NAT forgot the connection. */
  | { readonly kind: "reset" }
  /** TCP ends without a close frame: a proxy timed out, a process ended without saying goodbye. */
  | { readonly kind: "fin" }
  /** A close frame: a planned restart (1012), an overload (1013), a limit (1008), the server's own code. */
  | { readonly kind: "close"; readonly code: number; readonly reason?: string }
  /**
   * The link is up and nothing comes: a half-open path, a server that hangs. What the client sends is
   * not heard, not even its close frame. What is emitted meanwhile is lost to this connection; one
   * dialled anew is served. Without a duration it lasts until the client gives up.
   */
  | { readonly kind: "silence"; readonly durationMs?: number }
  /** Bytes are held up on their way to the client, then all come: a congested or flapping link. */
  | { readonly kind: "stall"; readonly durationMs: number }
  /** Nothing listens on the port: the process is down. Live connections are reset. */
  | { readonly kind: "refuse"; readonly durationMs: number }
  /** TCP is accepted and the upgrade never answered: an overloaded or deadlocked server. */
  | { readonly kind: "never-answer"; readonly durationMs: number }
  /** The upgrade is answered with an HTTP status: 401, 403, 429, 503 and their like. */
  | {
      readonly kind: "status";
      readonly status: number;
      /** Sent as `Retry-After` when given. */
      readonly retryAfterSeconds?: number;
      readonly durationMs: number;
    }
  /** Accepts, then drops: a crash loop behind a load balancer. */
  | { readonly kind: "flap"; readonly afterMs: number; readonly durationMs: number }
  /** A numbered event is emitted and not sent: the venue's own fan-out lost it. Strikes the next one due. */
  | { readonly kind: "skip"; readonly count?: number }
  /** A numbered event is sent twice: two publishers after the venue's failover. Strikes the next one due. */
  | { readonly kind: "repeat"; readonly count?: number }
  /** A text frame that is not JSON: a bug, or an error page of some middle layer. */
  | { readonly kind: "garbage" }
  /** A frame larger than the client takes: a bug, or a snapshot of a very deep book. */
  | { readonly kind: "oversized"; readonly bytes: number }
  /** Bytes that are no WebSocket frame: memory corruption, a broken proxy. */
  | { readonly kind: "protocol-error" }
  /** The notice that the server will go away; it does not go by itself. */
  | { readonly kind: "shutdown-notice" }
  /** Maintenance: no market data for a while, announced where the venue announces it. Sessions live on. */
  | { readonly kind: "pause"; readonly durationMs: number }
  /** Books are numbered anew, from lower numbers: the venue's own restart of its publisher. */
  | { readonly kind: "renumber" }
  /**
   * A topic falls silent on every connection until it is subscribed anew: a subscription that the venue
   * lost. Without one named, each connection's oldest.
   */
  | { readonly kind: "mute"; readonly topic?: string };

export type FaultKind = Fault["kind"];

/** Every kind that any exchange has, in the order above: what a plan is drawn from. */
export const faultKinds: readonly FaultKind[] = [
  "reset",
  "fin",
  "close",
  "silence",
  "stall",
  "refuse",
  "never-answer",
  "status",
  "flap",
  "skip",
  "repeat",
  "garbage",
  "oversized",
  "protocol-error",
  "shutdown-notice",
];

/** Kinds that mean something at some venues only, so that they are never drawn unasked. */
export const venueFaultKinds: readonly FaultKind[] = ["pause", "renumber", "mute"];

/** A fault and when it strikes, in milliseconds from the start of the exchange, or of its replay. */
export interface PlannedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** What will go wrong, as data. */
export type FaultPlan = readonly PlannedFault[];

/** The faults that meet whoever dials while they last. */
export type GateFault = Extract<
  Fault,
  { readonly kind: "refuse" | "never-answer" | "status" | "flap" }
>;

/** Larger than {@link https://github.com/websockets/ws} clients of this package take by default (4 MiB). */
export const OVERSIZED_BYTES = 4 * 1024 * 1024 + 1;
