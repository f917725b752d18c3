/**
 * What a loss is: why one socket ended, or never opened.
 *
 * A loss is plain data with no URL, header or credential in it, so it may stand in a snapshot, in
 * the inspector and in a log. Transports classify (by code, never by message where a code exists);
 * the verdict decides what a class means; nobody else looks inside.
 */

/** Where in its life the socket was. `resolve` is before any I/O: the user's URL or header functions. */
export type LossPhase =
  "resolve" | "dns" | "tcp" | "tls" | "upgrade" | "authenticate" | "open" | "closing";

/**
 * The classes of faults.md §A3, one name each. Every socket ends in exactly one of them.
 *
 * `config` the caller's own mistake · `dns-transient`, `dns-not-found` · `unreachable` nothing
 * answers at the address · `local-resource` this machine is out of something · `handshake-cut`,
 * `handshake-timeout` · `tls-trust`, `tls-protocol`, `tls-client-certificate` · `http-refusal` any
 * status but 101 · `redirect` · `not-websocket` an answer that is no upgrade · `negotiation`
 * subprotocol or extension refused · `auth` the `authenticate` step failed · `resolver` a URL or
 * header function failed · `peer-protocol` the peer broke the framing · `too-big` over `maxPayload`
 * · `abusive-peer` a flood of pings · `closed-by-peer` a close frame with a code · `ended-without-code`
 * a close frame without one · `dropped` TCP ended without a close frame · `silent` our heartbeat's
 * word · `suspended` our own process stood still for too long · `requested` the owner asked · `planned`
 * the connection was replaced before its venue would have cut it · `mute` the connection was alive, brought
 * no data for far longer than its rhythm explains, and was replaced.
 */
export type LossClass =
  | "config"
  | "dns-transient"
  | "dns-not-found"
  | "unreachable"
  | "local-resource"
  | "handshake-cut"
  | "handshake-timeout"
  | "tls-trust"
  | "tls-protocol"
  | "tls-client-certificate"
  | "http-refusal"
  | "redirect"
  | "not-websocket"
  | "negotiation"
  | "auth"
  | "resolver"
  | "peer-protocol"
  | "too-big"
  | "abusive-peer"
  | "closed-by-peer"
  | "ended-without-code"
  | "dropped"
  | "silent"
  | "suspended"
  | "requested"
  | "planned"
  | "mute";

/** Why one socket ended. Plain JSON; text in it is escaped and bounded by whoever made it. */
export interface Loss {
  readonly class: LossClass;
  readonly phase: LossPhase;
  /** The machine-readable reason: an errno (`ECONNRESET`), a TLS or `ws` code (`WS_ERR_INVALID_UTF8`). */
  readonly code?: string;
  /** WebSocket close code, as the peer sent it. */
  readonly closeCode?: number;
  /** HTTP status of a refused upgrade. */
  readonly status?: number;
  /** What a login that was refused said of itself: for good, or for now. Absent where it is not known. */
  readonly refusal?: "never" | "later";
  /** The server's own floor for the next attempt, as sent (not yet clamped), in milliseconds. */
  readonly retryAfterMs?: number;
  /** Where a redirect points, without credentials or query. */
  readonly location?: string;
  /**
   * How long nothing had been heard when the heartbeat gave up (`silent`, `suspended`), or no data had come
   * (`mute`), in milliseconds.
   */
  readonly silentMs?: number;
  /** One readable phrase: the close reason, or what went wrong. At most 200 characters, escaped. */
  readonly detail?: string;
}

/** One line for people: `dropped (ECONNRESET) in phase open`. */
export function describeLoss(loss: Loss): string {
  const facts = [
    loss.status === undefined ? undefined : `HTTP ${loss.status}`,
    loss.closeCode === undefined ? undefined : `close ${loss.closeCode}`,
    loss.code,
    loss.silentMs === undefined ? undefined : `${Math.round(loss.silentMs)} ms`,
    loss.location === undefined ? undefined : `to ${loss.location}`,
    loss.detail === undefined || loss.detail === "" ? undefined : `"${loss.detail}"`,
  ].filter((fact) => fact !== undefined);
  const why = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  return `${loss.class}${why} in phase ${loss.phase}`;
}

/** All of them, for whoever must know one from a misspelt word. A class that is added is missed by the compiler. */
export const lossClasses: Readonly<Record<LossClass, true>> = {
  config: true,
  "dns-transient": true,
  "dns-not-found": true,
  unreachable: true,
  "local-resource": true,
  "handshake-cut": true,
  "handshake-timeout": true,
  "tls-trust": true,
  "tls-protocol": true,
  "tls-client-certificate": true,
  "http-refusal": true,
  redirect: true,
  "not-websocket": true,
  negotiation: true,
  auth: true,
  resolver: true,
  "peer-protocol": true,
  "too-big": true,
  "abusive-peer": true,
  "closed-by-peer": true,
  "ended-without-code": true,
  dropped: true,
  silent: true,
  suspended: true,
  requested: true,
  planned: true,
  mute: true,
};
