/** How many bytes a text is in UTF-8, or bytes are; also where there is no `Buffer`, as in a browser. */
export function byteLength(data: string | Uint8Array): number {
  if (typeof data !== "string") return data.byteLength;
  return typeof Buffer === "undefined"
    ? new TextEncoder().encode(data).byteLength
    : Buffer.byteLength(data);
}
