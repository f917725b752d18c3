/**
 * The `WebSocket` of `ws`, with two of its public methods overridden because `ws` calls them itself.
 *
 * `ws` says `close` when TCP is over, seconds after the peer's close frame where the peer keeps TCP open; until
 * then nothing can be sent, and no event says so. But it answers that frame by `close()`, without arguments or
 * with the frame's own code and its reason as a `Buffer`; that is how the frame is seen here. (A broken frame it
 * answers by `close` with a code alone, and says `error` in the same turn.) It answers pings by `pong()`, and
 * what either throws would end the process: both are called from within a read.
 */
import { WebSocket } from "ws";
import { explainSendError } from "./send-error.ts";

export class ClientWebSocket extends WebSocket {
  /** Called once the peer's close frame was read, and answered; 1005 where it has no code. */
  onPeerClose: ((code: number, reason: string) => void) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    try {
      super.close(code, reason);
    } catch {
      super.close(code); // the reason cannot be masked: `explainSendError` tells why
    }
    if (code === undefined || typeof reason === "object") {
      this.onPeerClose?.(code ?? 1005, reason?.toString() ?? "");
    }
  }

  override pong(data?: unknown, mask?: boolean, written?: (error: Error) => void): void {
    try {
      super.pong(data, mask, written);
    } catch (error) {
      // A ping that cannot be answered: the peer decides what that means.
      written?.(explainSendError(error));
    }
  }
}
