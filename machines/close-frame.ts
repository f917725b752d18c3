/** A close frame as its owner wants it; what is left out is the connection's usual one (1000, no reason). */
export interface CloseFrameChoice {
  /** 1000, or 3000 to 4999. */
  readonly code?: number | undefined;
  /** At most 123 bytes. */
  readonly reason?: string | undefined;
}
