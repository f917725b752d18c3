/** How many bytes a text is in UTF-8, wherever there is no `Buffer` too: in a browser. */
export function byteLength(text: string): number {
  return typeof Buffer === "undefined"
    ? new TextEncoder().encode(text).byteLength
    : Buffer.byteLength(text);
}
