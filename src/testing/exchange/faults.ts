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
  /**
   * Numbers begin again lower: the venue's own restart of its publisher. Without more said, those of
   * books, in the way in which the venue does it (Bybit and Kraken Futures send the whole book, OKX and
   * Deribit link the first new number to the last old one).
   */
  | {
      readonly kind: "renumber";
      /** Which numbers. @defaultValue "books" */
      readonly of?: NumberedFeed | undefined;
      /** The number before the first new one. @defaultValue half of the last; a connection's counter begins again */
      readonly to?: number | undefined;
      /** Books too begin again without a snapshot and without a link. @defaultValue false */
      readonly unannounced?: boolean | undefined;
      /** Live connections are reset first, so that it happens while no client is connected. @defaultValue false */
      readonly offline?: boolean | undefined;
    }
  /**
   * One message bears a number that is none of its stream; the next goes on from the one before. Strikes
   * the next numbered event due, or the next frame where every frame of a connection is numbered.
   */
  | {
      readonly kind: "absurd-number";
      /** @defaultValue 2^53 - 1 */
      readonly number?: number | undefined;
    }
  /** The contents go on and the numbers stay as they are: a counter that hangs. */
  | { readonly kind: "constant-number"; readonly durationMs?: number | undefined }
  /**
   * A new subscription of trades begins with the last ones told again: marked where the venue marks them
   * (Kraken, Kraken Futures, Bitfinex, Coinbase), in one frame with others where it puts several in one
   * (Kraken, Deribit, Bybit, Hyperliquid), elsewhere like any other trade.
   */
  | {
      readonly kind: "retell";
      /** How many, as far as they are kept (the last 200). @defaultValue 50 */
      readonly count?: number | undefined;
      readonly durationMs?: number | undefined;
    }
  /**
   * A mirror that is behind serves new connections: what it tells first is older than what earlier ones
   * were told, then it goes on from there, in order and whole. Live connections are ended first.
   */
  | {
      readonly kind: "lag";
      /** How far behind, at most 10,000. @defaultValue 3,000 */
      readonly lagMs?: number | undefined;
      readonly durationMs?: number | undefined;
    }
  /** Requests are refused with the venue's own words for "not now", then accepted again. */
  | {
      readonly kind: "refuse-for-now";
      /** @defaultValue "all" */
      readonly of?: "subscriptions" | "logins" | "all" | undefined;
      /** The venue's code, where it has several. @defaultValue the venue's usual one */
      readonly code?: string | undefined;
      readonly durationMs?: number | undefined;
    }
  /** Plain HTTP does not serve: an overload (503), a limit (429), a ban (418), or nothing that listens. */
  | {
      readonly kind: "http-out";
      /** What every request is answered; without one its connection is refused. */
      readonly status?: number | undefined;
      /** Sent as `Retry-After` beside a status. */
      readonly retryAfterSeconds?: number | undefined;
      readonly durationMs?: number | undefined;
    }
  /** The sums of books are wrong, where the venue sends sums: a bug after a release of theirs. */
  | { readonly kind: "wrong-checksum"; readonly durationMs?: number | undefined }
  /**
   * A topic falls silent on every connection until it is subscribed anew: a subscription that the venue
   * lost. Without one named, each connection's oldest. Pings, answers and heartbeats go on.
   */
  | {
      readonly kind: "mute";
      readonly topic?: string | undefined;
      /** All topics of each connection. @defaultValue false */
      readonly all?: boolean | undefined;
      /**
       * `socket`: subscribing again on the same connection is confirmed and brings nothing.
       * @defaultValue "subscription"
       */
      readonly until?: "subscription" | "socket" | undefined;
    };

/** `connection`: the counter over all frames of a connection, where the venue has one. */
export type NumberedFeed = "books" | "trades" | "connection" | "all";

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
export const venueFaultKinds: readonly FaultKind[] = [
  "pause",
  "renumber",
  "mute",
  "absurd-number",
  "constant-number",
  "retell",
  "lag",
  "refuse-for-now",
  "http-out",
  "wrong-checksum",
];

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

/** The faults that last, and meet what clients do meanwhile; without a duration they last for good. */
export type LastingFault = Extract<
  Fault,
  {
    readonly kind:
      | "pause"
      | "constant-number"
      | "retell"
      | "lag"
      | "refuse-for-now"
      | "http-out"
      | "wrong-checksum";
  }
>;

/** How long the past is kept that a mirror tells. */
export const MOST_LAG_MS = 10_000;

/** Larger than {@link https://github.com/websockets/ws} clients of this package take by default (4 MiB). */
export const OVERSIZED_BYTES = 4 * 1024 * 1024 + 1;
