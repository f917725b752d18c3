/** Frames of a server, as right or wrong as can be, drawn from a seed. */
import { createRandom } from "../../../machines/policy/random.ts";

interface FrameShape {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  readonly fin?: boolean;
  readonly rsv?: number;
  /** How many bits say the length. @defaultValue as few as can */
  readonly lengthBits?: 7 | 16 | 64;
  /** The length that is said. @defaultValue the payload's own */
  readonly says?: bigint;
  readonly mask?: boolean;
}

const NOTHING = new Uint8Array();

/** Like `raw-peer.ts`'s, with every encoding of a length, and masks. */
export function encode(shape: FrameShape): Buffer {
  const { opcode, payload = NOTHING, fin = true, rsv = 0, mask = false } = shape;
  const { says = BigInt(payload.length) } = shape;
  const least = says < 126n ? 7 : says < 65_536n ? 16 : 64;
  const bits = Math.max(least, shape.lengthBits ?? 7);
  const length = Buffer.alloc(bits === 7 ? 1 : bits === 16 ? 3 : 9);
  length[0] = (mask ? 0x80 : 0) | (bits === 7 ? Number(says) : bits === 16 ? 126 : 127);
  if (bits === 16) length.writeUInt16BE(Number(says), 1);
  if (bits === 64) length.writeBigUInt64BE(says, 1);
  const first = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode]);
  const key = Buffer.from(mask ? [1, 2, 3, 4] : []);
  const body = mask ? payload.map((byte, i) => byte ^ (key[i % 4] ?? 0)) : payload;
  return Buffer.concat([first, length, key, body]);
}

/** Chance with a memory: the same seed draws the same. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** From 0 to below `below`. */
  whole(below: number): number {
    return Math.floor(this.#random() * below);
  }

  between(least: number, most: number): number {
    return least + this.whole(most - least + 1);
  }

  oneIn(times: number): boolean {
    return this.whole(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.whole(from.length)] as T;
  }
}

const CHARACTERS = ["a", "{", '"', "\u0000", "é", "€", "\u{1f600}", "\uffff", "\u07ff", "\u0800"];

/** Sequences that are no UTF-8: overlong, surrogates, beyond, lone, cut. */
const NO_TEXT = [
  [0xc0, 0xaf],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0x80],
  [0xbf, 0x61],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0xc3, 0x28],
  [0xff],
].map((bytes) => Buffer.from(bytes));

const CLOSE_CODES = [
  ...[0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012],
  ...[1013, 1014, 1015, 1016, 2000, 2999, 3000, 3001, 3999, 4000, 4408, 4999, 5000, 65_535],
];

function lengthOf(dice: Dice, isLarge: boolean): number {
  if (isLarge && dice.oneIn(3)) return dice.pick([65_535, 65_536, 66_000, 130_000, 16_380, 20_000]);
  if (dice.oneIn(8)) return dice.pick([0, 1, 124, 125, 126, 127, 128, 255, 256]);
  return dice.oneIn(3) ? dice.between(126, 1_500) : dice.between(0, 125);
}

/** Whole messages inside of payloads: whoever loses count of the bytes will find them. */
const DECOY = Buffer.from([0x81, 1, 0x61]);
/** The same as text, from the second byte on. */
const TEXT_DECOY = "\u0081\u0001a";

function text(dice: Dice, length: number): Buffer {
  const filler = dice.pick(["x", "é", TEXT_DECOY]);
  const some = Array.from({ length: dice.whole(6) }, () => dice.pick(CHARACTERS)).join("");
  const room = Math.max(0, length - Buffer.byteLength(some));
  const rest = filler.repeat(Math.floor(room / Buffer.byteLength(filler)));
  const all = dice.oneIn(2) ? some + rest : rest + some;
  return Buffer.from(Buffer.byteLength(all) > length && length < 8 ? "y".repeat(length) : all);
}

function noText(dice: Dice, length: number): Buffer {
  const good = text(dice, length);
  const bad = dice.pick(NO_TEXT);
  const parts = dice.pick([
    [good, bad],
    [bad, good],
    [good, bad, good],
  ]);
  return Buffer.concat(parts);
}

function binary(dice: Dice, length: number): Buffer {
  return Buffer.alloc(length, dice.oneIn(3) ? DECOY : dice.pick([0, 1, 0x81, 0x82, 0x88, 0xff]));
}

function message(dice: Dice, isLarge: boolean): Buffer {
  const length = lengthOf(dice, isLarge);
  const lengthBits = dice.oneIn(6) ? dice.pick([16, 64] as const) : 7;
  if (dice.oneIn(3)) return encode({ opcode: 2, payload: binary(dice, length), lengthBits });
  return encode({ opcode: 1, payload: text(dice, length), lengthBits });
}

function control(dice: Dice): Buffer {
  const payload = binary(dice, dice.oneIn(4) ? dice.pick([0, 125]) : dice.whole(20));
  return encode({ opcode: dice.oneIn(3) ? 10 : 9, payload });
}

/** A message in pieces, cut anywhere, with control frames between; now and then never finished. */
function fragments(dice: Dice, isLarge: boolean): Buffer[] {
  const length = lengthOf(dice, isLarge);
  const opcode = dice.oneIn(3) ? 2 : 1;
  const payload =
    opcode === 2
      ? binary(dice, length)
      : dice.oneIn(10)
        ? noText(dice, length)
        : text(dice, length);
  const count = dice.between(2, 5);
  const cuts = Array.from({ length: count - 1 }, () => dice.whole(payload.length + 1)).sort(
    (a, b) => a - b,
  );
  const edges = [0, ...cuts, payload.length];
  const isUnfinished = dice.oneIn(12);
  const frames: Buffer[] = [];
  for (let i = 0; i < count; i += 1) {
    frames.push(
      encode({
        opcode: i === 0 ? opcode : 0,
        payload: payload.subarray(edges[i], edges[i + 1]),
        fin: i === count - 1 && !isUnfinished,
      }),
    );
    while (dice.oneIn(4)) frames.push(control(dice));
  }
  return frames;
}

/** A message or a few, or control frames. */
export function good(dice: Dice, isLarge: boolean): Buffer[] {
  const run = (most: number, one: () => Buffer): Buffer[] =>
    Array.from({ length: dice.between(1, most) }, one);
  if (dice.oneIn(4)) return run(3, () => control(dice));
  return dice.oneIn(4) ? fragments(dice, isLarge) : run(4, () => message(dice, isLarge));
}

export function closing(dice: Dice): Buffer {
  if (dice.oneIn(6)) return encode({ opcode: 8 });
  if (dice.oneIn(10)) return encode({ opcode: 8, payload: Buffer.from([3]) });
  const code = Buffer.alloc(2);
  code.writeUInt16BE(dice.oneIn(3) ? 1000 : dice.pick(CLOSE_CODES));
  const reason = dice.oneIn(6) ? noText(dice, 10) : text(dice, dice.whole(40));
  return encode({ opcode: 8, payload: Buffer.concat([code, reason]) });
}

/** What a peer must not send: every protocol error of faults.md's table. */
export function wrong(dice: Dice, maxPayload: number): Buffer {
  const payload = text(dice, dice.whole(30));
  const opcode = dice.pick([1, 1, 2, 0, 8, 9, 10]);
  switch (dice.whole(14)) {
    case 0:
      return encode({ opcode, payload, rsv: dice.between(1, 7), fin: !dice.oneIn(4) });
    case 1:
      return encode({ opcode: dice.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload });
    case 2:
      return encode({ opcode: dice.pick([8, 9, 10]), payload, fin: false });
    case 3:
      return encode({ opcode: dice.pick([8, 9, 10]), payload: binary(dice, 126) });
    case 4:
      return encode({ opcode: dice.pick([9, 10]), payload, lengthBits: dice.pick([16, 64]) });
    case 5:
      return encode({ opcode: 0, payload, fin: dice.oneIn(2) });
    case 6:
      return Buffer.concat([
        encode({ opcode: 1, payload, fin: false }),
        encode({ opcode: dice.pick([1, 2]), payload, fin: dice.oneIn(2) }),
      ]);
    case 7:
      return encode({ opcode, payload, mask: true, fin: !dice.oneIn(4) });
    case 8:
    case 9:
      return encode({ opcode: 1, payload: noText(dice, lengthOf(dice, false)) });
    case 10:
      return encode({ opcode: dice.pick([1, 2]), payload: text(dice, maxPayload + 1) });
    case 11:
      return encode({ opcode: 2, says: dice.pick([2n ** 62n, 2n ** 53n, 2n ** 63n, 2n ** 33n]) });
    case 12:
      return Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n");
    default:
      return Buffer.from(Array.from({ length: dice.between(1, 40) }, () => dice.whole(256)));
  }
}
