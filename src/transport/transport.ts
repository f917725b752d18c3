/**
 * A transport opens one socket and tells what happens to it: the seam between a connection and `ws`.
 *
 * The rules that every transport keeps, and that the in-memory one is held to:
 *
 * 1. `ended` is called exactly once per socket, unless `terminate` came first; nothing but stray
 *    messages follows it, and the caller drops those.
 * 2. Nothing throws: neither the transport itself nor its socket's methods. A caller's mistake (a bad
 *    URL) is a loss of class `config`.
 * 3. Any sink method may be called before the transport returns.
 * 4. A close frame of the peer's is the end, when we have sent none: `ended` does not wait for TCP, and is
 *    called when the frame is read, where a transport can see it.
 * 5. Messages may go on arriving after `close`, `terminate` and `pause` (faults.md §0 #5): a chunk
 *    that was read is delivered to its end.
 */
import type { Loss, LossPhase } from "../../machines/loss.ts";
import type { Clock } from "../system.ts";

/** Where to, and with what. Made anew for every attempt; it holds credentials and is never kept. */
export interface Dial {
  /** `ws:`, `wss:`, `http:`, `https:` or `ws+unix:`. */
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Whose milliseconds `lastByteAtMs` is in. */
  readonly clock: Clock;
}

/** What a socket tells. Implemented by the connection; it never throws. Its methods are called on it. */
export interface SocketSink {
  /** A phase has begun: `dns`, `tcp`, `tls`, `upgrade`. A transport that cannot tell leaves it out. */
  progressed(phase: LossPhase): void;
  /** The upgrade is done: the socket can send. */
  opened(): void;
  /** One whole message, as its bytes. Text is UTF-8 that has been checked. */
  message(data: Buffer, isBinary: boolean): void;
  /** A ping came and was answered: venues that count frames count the pong. */
  pinged(): void;
  /** The socket is over, or never came to be. */
  ended(loss: Loss): void;
}

/**
 * Why a socket did not take a frame, so that nothing of it went out: `invalid` this frame cannot be sent (its
 * bytes are detached, say), though another one may be · `not-open` the socket is not open, or no longer.
 * Said before `send` returns, or not at all.
 */
export type SendRefusal = "invalid" | "not-open";

/** One socket. No method throws, whatever its state. */
export interface TransportSocket {
  /** When the last inbound byte arrived, stamped once per chunk, never per message. 0 before any. */
  readonly lastByteAtMs: number;
  /** Bytes handed over and not yet taken by the kernel. Says nothing about the peer. */
  readonly bufferedBytes: number;
  /**
   * Writes one frame; a string is text, bytes are binary, and their owner may reuse them once this has
   * returned. `done` is called exactly once: without an error when the kernel has taken it (which proves
   * nothing about the peer); with an error and a refusal when it was not taken; with an error alone when it
   * may or may not have gone out.
   */
  send(data: string | Uint8Array, done: (error?: Error, refusal?: SendRefusal) => void): void;
  /**
   * A protocol ping; any inbound byte is its answer. `ponged` is called at most once, with the pong
   * itself, for who measures the way there and back; a transport that cannot tell never calls it.
   */
  ping(ponged?: () => void): void;
  /** Stops reading, pings and close frames included; what was read is still delivered. */
  pause(): void;
  resume(): void;
  /**
   * Starts the closing handshake; `ended` follows when the peer answers. Never waits on its own. Where
   * `terminate` follows in the same turn, the close frame is written all the same.
   */
  close(code: number, reason: string): void;
  /** Ends now. `ended` need not follow. */
  terminate(): void;
}

/** Opens a socket. Total: what goes wrong is told through `sink.ended`. */
export type Transport = (dial: Dial, sink: SocketSink) => TransportSocket;
