/** F: the frames of an open socket. */
import { constants, deflateRawSync } from "node:zlib";
import type { MemorySocket } from "../../../src/testing/memory-transport.ts";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { frame, OPCODE, text, type RawConnection } from "../raw-peer.ts";
import {
  broken,
  type Case,
  dropped,
  type End,
  invisible,
  open,
  opens,
  refused,
  staysOpen,
  tooBig,
} from "./case.ts";

const CONTINUATION = 0;
const RSV1 = 4;
const RSV2 = 2;
const RSV3 = 1;

/** Not UTF-8. */
const NO_TEXT = Buffer.from([0xc3, 0x28]);

const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);

/** The peer opens the socket, then plays; the in-memory one does the same in its verbs. */
function live(
  id: string,
  does: string,
  play: (peer: RawConnection) => unknown,
  told: readonly string[],
  end: End,
  memory: ((peer: MemorySocket) => void) | string,
  more: Partial<Case> = {},
): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = await stage.open();
      await play(peer);
      await stage.client.until(told.at(-1) ?? "opened");
    },
    tells: [...open, ...told],
    end,
    memory:
      typeof memory === "string"
        ? memory
        : (peer) => {
            opens(peer);
            memory(peer);
          },
    ...more,
  };
}

/** The peer writes what `ws` refuses to read, and never ends TCP. */
function bad(id: string, does: string, frames: readonly Buffer[], code: string): Case {
  return live(
    id,
    does,
    (peer) => peer.write(...frames),
    [],
    broken(code),
    (peer) => peer.breaksFraming(code),
  );
}

/** The same, over a limit. */
function big(
  id: string,
  does: string,
  frames: readonly Buffer[],
  options: WsTransportOptions = {},
  code = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
): Case {
  return live(
    id,
    does,
    (peer) => peer.write(...frames),
    [],
    tooBig(code),
    (peer) => peer.breaksFraming(code),
    { options },
  );
}

/** The peer and we have agreed on compression. */
function compressed(row: Case, frames: readonly Buffer[]): Case {
  const word = row.tells.at(-1) ?? "opened";
  return {
    ...row,
    options: { perMessageDeflate: true, ...row.options },
    play: async (stage) => {
      const peer = await stage.open(Buffer.alloc(0), [
        "Sec-WebSocket-Extensions: permessage-deflate",
      ]);
      peer.write(...frames);
      await stage.client.until(word);
    },
  };
}

const receives =
  (...frames: readonly (string | Uint8Array)[]) =>
  (peer: MemorySocket): void =>
    peer.receives(...frames);

/** As permessage-deflate has it: without the tail of the last block. */
export function deflate(bytes: Buffer | string): Buffer {
  const whole = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  return whole.subarray(0, -4);
}

/** Zeros in small: one block that inflates to 1,000,000, so many times. */
function bomb(millions: number): Buffer {
  const block = deflateRawSync(zeros(1_000_000), { finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat(Array.from({ length: millions }, () => block)).subarray(0, -4);
}

const HALF = text("half", { length: 100 });

export const framing: readonly Case[] = [
  live(
    "F01",
    "text, binary, text in fragments, empty text",
    (peer) =>
      peer.write(
        text("hi"),
        frame(OPCODE.binary, Buffer.from([1, 2])),
        text("ab", { fin: false }),
        frame(CONTINUATION, "cd"),
        text(""),
      ),
    ["text hi", "binary 2 bytes", "text abcd", "text "],
    staysOpen,
    receives("hi", Buffer.from([1, 2]), "abcd", ""),
  ),
  {
    ...live(
      "F02",
      "FIN, no close frame",
      () => {},
      [],
      dropped(),
      (peer) => peer.drops(),
    ),
    play: async (stage) => (await stage.openOverTcp()).end(),
  },
  {
    ...live(
      "F03",
      "RST",
      () => {},
      [],
      dropped("ECONNRESET"),
      (peer) => peer.drops("ECONNRESET"),
    ),
    play: async (stage) => (await stage.openOverTcp()).reset(),
  },
  live(
    "F04",
    "messages, then RST at once",
    (peer) => {
      peer.write(text("last"));
      peer.write(text("really"));
      peer.reset();
    },
    ["text last", "text really"],
    dropped("ECONNRESET"),
    (peer) => {
      peer.receives("last");
      peer.receives("really");
      peer.drops("ECONNRESET");
    },
  ),
  {
    ...live(
      "F05",
      "a message, then FIN at once",
      () => {},
      ["text last"],
      dropped(),
      (peer) => {
        peer.receives("last");
        peer.drops();
      },
    ),
    play: async (stage) => (await stage.openOverTcp()).socket.end(text("last")),
  },
  live(
    "F06",
    "a byte of a header, then FIN",
    (peer) => peer.socket.end(Buffer.from([0x81])),
    [],
    dropped(),
    (peer) => peer.drops(),
  ),
  live(
    "F07",
    "part of a payload, then FIN",
    (peer) => peer.socket.end(HALF),
    [],
    dropped(),
    (peer) => peer.drops(),
  ),
  live(
    "F08",
    "part of a payload, then RST",
    (peer) => {
      peer.write(HALF);
      peer.reset();
    },
    [],
    dropped("ECONNRESET"),
    (peer) => peer.drops("ECONNRESET"),
  ),
  live(
    "F09",
    "part of a payload, then silence",
    (peer) => peer.write(HALF),
    [],
    staysOpen,
    () => {},
  ),
  live(
    "F10",
    "unfinished fragments, then FIN",
    (peer) => peer.socket.end(text("ab", { fin: false })),
    [],
    dropped(),
    (peer) => peer.drops(),
  ),
  bad("F11", "garbage", [Buffer.alloc(40, 0xff)], "WS_ERR_UNEXPECTED_RSV_2_3"),
  bad(
    "F12",
    "an HTTP answer in the stream",
    [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    "WS_ERR_UNEXPECTED_RSV_1",
  ),
  bad("F13", "RSV1 without an extension", [text("x", { rsv: RSV1 })], "WS_ERR_UNEXPECTED_RSV_1"),
  bad("F14", "RSV2", [text("x", { rsv: RSV2 })], "WS_ERR_UNEXPECTED_RSV_2_3"),
  bad("F15", "RSV3", [text("x", { rsv: RSV3 })], "WS_ERR_UNEXPECTED_RSV_2_3"),
  bad("F16", "the reserved opcode 3", [frame(3, "\u0001")], "WS_ERR_INVALID_OPCODE"),
  bad("F17", "the reserved control opcode 11", [frame(11, "\u0001")], "WS_ERR_INVALID_OPCODE"),
  bad(
    "F18",
    "a ping in fragments",
    [frame(OPCODE.ping, "\u0001", { fin: false })],
    "WS_ERR_EXPECTED_FIN",
  ),
  bad(
    "F19",
    "a ping with 126 bytes",
    [frame(OPCODE.ping, zeros(126))],
    "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH",
  ),
  bad("F20", "a continuation of nothing", [frame(CONTINUATION, "\u0001")], "WS_ERR_INVALID_OPCODE"),
  bad(
    "F21",
    "a new text inside a fragmented one",
    [text("a", { fin: false }), text("b")],
    "WS_ERR_INVALID_OPCODE",
  ),
  live(
    "F22",
    "a ping between fragments",
    (peer) =>
      peer.write(text("a", { fin: false }), frame(OPCODE.ping, "A"), frame(CONTINUATION, "b")),
    ["pinged", "text ab"],
    staysOpen,
    (peer) => {
      peer.receivesPing("A");
      peer.receives("ab");
    },
  ),
  bad(
    "F23",
    "a masked frame",
    [Buffer.from([0x81, 0x81, 1, 2, 3, 4, "x".charCodeAt(0) ^ 1])],
    "WS_ERR_UNEXPECTED_MASK",
  ),
  bad("F24", "text that is not UTF-8", [frame(OPCODE.text, NO_TEXT)], "WS_ERR_INVALID_UTF8"),
  bad(
    "F25",
    "text that is not UTF-8, in fragments",
    [
      frame(OPCODE.text, NO_TEXT.subarray(0, 1), { fin: false }),
      frame(CONTINUATION, NO_TEXT.subarray(1)),
    ],
    "WS_ERR_INVALID_UTF8",
  ),
  live(
    "F26",
    "text that is not UTF-8, unchecked",
    (peer) => peer.write(frame(OPCODE.text, NO_TEXT)),
    ["text \ufffd("],
    staysOpen,
    "it takes strings, which are never broken, and no `skipUTF8Validation`",
    { options: { skipUTF8Validation: true } },
  ),
  big("F27", "a frame that says it is over maxPayload", [text("x", { length: 2_000 })], {
    maxPayload: 1_000,
  }),
  big(
    "F28",
    "fragments that add up to more than maxPayload",
    [OPCODE.binary, CONTINUATION, CONTINUATION].map((opcode) =>
      frame(opcode, zeros(500), { fin: false }),
    ),
    { maxPayload: 1_000 },
  ),
  big(
    "F29",
    "a length of 2^62",
    [Buffer.from([0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0])],
    {},
    "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
  ),
  live(
    "F30",
    "a length in more bytes than it needs",
    (peer) => peer.write(Buffer.from([0x81, 126, 0, 5]), "hello"),
    ["text hello"],
    staysOpen,
    receives("hello"),
  ),
  big(
    "F31",
    "fragments without end",
    [
      frame(OPCODE.binary, "\u0001", { fin: false }),
      ...Array.from({ length: 17_000 }, () => frame(CONTINUATION, "\u0001", { fin: false })),
    ],
    {},
    "WS_ERR_TOO_MANY_BUFFERED_PARTS",
  ),
  {
    id: "F32",
    does: "maxPayload: 2 ** 32",
    refuses: { maxPayload: 2 ** 32 },
    tells: [],
    end: refused,
    memory: invisible.options,
    note: "No limit at all to ws; ours takes what is one.",
  },
  {
    id: "F33",
    does: "maxPayload: -1",
    refuses: { maxPayload: -1 },
    tells: [],
    end: refused,
    memory: invisible.options,
    note: "As F32.",
  },
  compressed(
    live("F40", "a compressed message", () => {}, ["text hello"], staysOpen, receives("hello")),
    [frame(OPCODE.text, deflate("hello"), { rsv: RSV1 })],
  ),
  compressed(big("F41", "a bomb of 50 MB over a limit of 1 MB", [], { maxPayload: 1_000_000 }), [
    frame(OPCODE.binary, bomb(50), { rsv: RSV1 }),
  ]),
  compressed(big("F42", "a bomb of 150 MB over the default limit", []), [
    frame(OPCODE.binary, bomb(150), { rsv: RSV1 }),
  ]),
  compressed(bad("F43", "compressed data that is none", [], "Z_DATA_ERROR"), [
    frame(OPCODE.text, Buffer.from([0xff, 0xff, 0xff, 0x00]), { rsv: RSV1 }),
  ]),
  compressed(bad("F44", "a compressed ping", [], "WS_ERR_UNEXPECTED_RSV_1"), [
    frame(OPCODE.ping, "\u0001", { rsv: RSV1 }),
  ]),
  compressed(bad("F45", "RSV1 on a continuation", [], "WS_ERR_UNEXPECTED_RSV_1"), [
    frame(OPCODE.text, deflate("a"), { rsv: RSV1, fin: false }),
    frame(CONTINUATION, "\u0001", { rsv: RSV1 }),
  ]),
  compressed(bad("F46", "compressed text that is not UTF-8", [], "WS_ERR_INVALID_UTF8"), [
    frame(OPCODE.text, deflate(NO_TEXT), { rsv: RSV1 }),
  ]),
  compressed(
    live("F47", "a plain message", () => {}, ["text plain"], staysOpen, receives("plain")),
    [text("plain")],
  ),
  compressed(
    live(
      "F48",
      "a compressed message that is cut",
      () => {},
      ["text 25 characters"],
      staysOpen,
      receives("hello hello hello hello w"),
      { note: "zlib gives what it has: why compression is off by default (faults.md §0 #21)." },
    ),
    [frame(OPCODE.text, deflate("hello hello hello hello world").subarray(0, -6), { rsv: RSV1 })],
  ),
];
