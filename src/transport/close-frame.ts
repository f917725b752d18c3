/** What a close frame can carry: for anything else `ws` throws, and ends a peer's as a protocol error. */

/** @see {@link https://www.rfc-editor.org/rfc/rfc6455#section-7.4} */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** A code that an application may send: 1000, 3000 to 4999. */
export function isOwnCloseCode(code: unknown): boolean {
  if (code === 1000) return true;
  return typeof code === "number" && Number.isInteger(code) && code >= 3000 && code <= 4999;
}

/** A close frame holds 123 bytes of reason; a character is kept whole or not at all. */
export function cutReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(123));
  return reason.slice(0, read);
}
