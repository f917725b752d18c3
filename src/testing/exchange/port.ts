/** Where the model ends and the world begins. */

/**
 * What the model does to the world. No method calls back into the model.
 *
 * After `close`, `fin` and `reset` the session is over for the model.
 */
export interface ExchangePort {
  /** A text frame, or of bytes a binary one. */
  send(sessionId: number, data: string | Uint8Array): void;
  ping(sessionId: number, payload: string): void;
  pong(sessionId: number, payload: string): void;
  /** A close frame. */
  close(sessionId: number, code: number, reason: string): void;
  /** TCP ends, without a close frame. */
  fin(sessionId: number): void;
  reset(sessionId: number): void;
  /** Bytes that are no WebSocket frame. */
  breakFraming(sessionId: number): void;
  /** Opens or closes the listening port. */
  listen(isListening: boolean): void;
}

/** How a dial is met. */
export type Admission =
  | { readonly kind: "accepted"; readonly sessionId: number }
  | { readonly kind: "refused" }
  | { readonly kind: "unanswered" }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly retryAfterSeconds: number | undefined;
    };

/** How a plain HTTP request is met. */
export type HttpReply =
  | Exclude<Admission, { readonly kind: "accepted" }>
  | { readonly kind: "answered"; readonly status: number; readonly body: string }
  /** There is nothing at this path. */
  | { readonly kind: "nothing" };
