// WebSocket frames by hand (RFC 6455 §5.2): the server must not be what is measured, so there is no `ws`
// on this side.
import { createHash } from "node:crypto";

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** One unmasked frame, as a server sends it. */
export function encodeFrame(payload, opcode = TEXT) {
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const { length } = body;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = 0x80 | opcode;
  if (head === 2) frame[1] = length;
  else if (head === 4) frame.writeUInt16BE(length, 2);
  else frame.writeBigUInt64BE(BigInt(length), 2);
  if (head > 2) frame[1] = head === 4 ? 126 : 127;
  body.copy(frame, head);
  return frame;
}

/** Cuts a client's masked frames out of its chunks. */
export class FrameReader {
  #rest = Buffer.alloc(0);
  #onFrame;

  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk) {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (let end = frameEnd(bytes, at); end !== undefined; end = frameEnd(bytes, at)) {
      this.#onFrame(bytes[at] & 15, unmasked(bytes, at, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}

function headLength(bytes, at) {
  const length = bytes[at + 1] & 127;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((bytes[at + 1] & 128) > 0 ? 4 : 0);
}

/** Where the frame that begins at `at` ends; undefined while it is not whole. */
function frameEnd(bytes, at) {
  if (bytes.length - at < 2) return undefined;
  const head = headLength(bytes, at);
  if (bytes.length - at < head) return undefined;
  let length = bytes[at + 1] & 127;
  if (length === 126) length = bytes.readUInt16BE(at + 2);
  else if (length === 127) length = Number(bytes.readBigUInt64BE(at + 2));
  const end = at + head + length;
  return end <= bytes.length ? end : undefined;
}

function unmasked(bytes, at, end) {
  const start = at + headLength(bytes, at);
  const payload = Buffer.from(bytes.subarray(start, end));
  if ((bytes[at + 1] & 128) > 0) {
    for (let i = 0; i < payload.length; i += 1) payload[i] ^= bytes[start - 4 + (i & 3)];
  }
  return payload;
}

/** The answer to an upgrade request, given the request's head as text. */
export function upgradeAnswer(head) {
  const key = /sec-websocket-key:\s*(\S+)/i.exec(head)?.[1] ?? "";
  const protocol = /sec-websocket-protocol:\s*([^,\r\n]+)/i.exec(head)?.[1];
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol.trim()}`]),
    "\r\n",
  ].join("\r\n");
}
