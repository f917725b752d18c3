/** Streams of frames, drawn from a seed: their bytes, how they are read, what the owner does. */
import { deflateRawSync } from "node:zlib";
import { closing, Dice, encode, good, wrong } from "./frames.ts";

/** What a socket reads at once, less the head of an answer. */
const MOST_PER_READ = 65_000;

/** With so many in hand `ws` reads on in the next tick only; what is read within this one then waits. */
const UNPAUSED_BYTES = 16 * 1024;

/** What an owner may do when it is told something; `read`: more is read meanwhile, as TLS can. */
const ACTS = [
  ...(["pause", "pause", "pause", "resume", "read", "read"] as const),
  ...(["close", "terminate", "throw", "send", "ping"] as const),
];
export type Act = (typeof ACTS)[number];

/** How a socket is read, beside the bytes. */
export interface StreamPlan {
  readonly bytes: Buffer;
  /** The first bytes that come in one read with the 101. */
  readonly withUpgrade: number;
  /** Where reads end. */
  readonly cuts: readonly number[];
  readonly maxPayload: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  readonly maxPendingAutoPongs: number;
  readonly skipUTF8Validation: boolean;
  readonly perMessageDeflate: boolean;
  readonly end: "FIN" | "RST" | "silence";
  /** What the owner does at the message or ping of that number. */
  readonly acts: ReadonlyMap<number, readonly Act[]>;
  /** It resumes before the read of that number. */
  readonly resumesAt: number;
  /** And that read comes before anything that waits. */
  readonly isResumedLate: boolean;
}

function cutsOf(dice: Dice, frames: readonly Buffer[], total: number): number[] {
  const borders: number[] = [];
  let end = 0;
  for (const frame of frames) borders.push((end += frame.length));
  const some = (count: number): number[] =>
    Array.from({ length: count }, () => dice.whole(total + 1));
  const near = (): number[] =>
    borders.flatMap((border) => (dice.oneIn(2) ? [border + dice.between(-4, 11)] : []));
  const every = dice.between(1, 4);
  switch (dice.whole(6)) {
    case 0:
      return [];
    case 1:
      return borders;
    case 2:
      return near();
    case 3:
      return total > 400
        ? some(8)
        : Array.from({ length: Math.ceil(total / every) }, (_, i) => i * every);
    default:
      return some(dice.between(1, 8));
  }
}

/** The stream of a seed. */
export function planOf(seed: number): StreamPlan {
  const dice = new Dice(seed);
  const isLarge = dice.oneIn(40);
  const maxPayload = dice.oneIn(5) ? dice.pick([1, 125, 126, 200, 1_000]) : 1_000_000;
  const perMessageDeflate = dice.oneIn(50);
  const frames: Buffer[] = [];
  const errsFrom = dice.oneIn(2) ? Infinity : dice.whole(8);
  // What is inflated comes when a thread is done with it, at no certain moment: with an extension there is
  // nothing of that kind here, but in the cases of `ws-table`.
  const goodUntil = perMessageDeflate ? Infinity : errsFrom;
  for (let count = dice.between(1, 12); count > 0; count -= 1) {
    if (frames.length > goodUntil && dice.oneIn(2)) {
      frames.push(dice.oneIn(4) ? closing(dice) : wrong(dice, Math.min(maxPayload, 2_000)));
    } else frames.push(...good(dice, isLarge));
  }
  if (perMessageDeflate && dice.oneIn(2)) {
    // Text that only an extension gives a meaning.
    const payload = deflateRawSync("compressed").subarray(0, -1);
    frames.push(encode({ opcode: 9, payload, rsv: 4 }));
  }
  const bytes = Buffer.concat(frames);
  if (!perMessageDeflate && dice.oneIn(8) && bytes.length > 0) {
    for (let flips = dice.between(1, 3); flips > 0; flips -= 1) {
      const at = dice.whole(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.whole(8));
    }
  }
  const whole = dice.oneIn(10) ? bytes.subarray(0, dice.whole(bytes.length + 1)) : bytes;
  const most = Array.from(
    { length: Math.floor(whole.length / MOST_PER_READ) },
    (_, i) => (i + 1) * MOST_PER_READ,
  );
  const cuts = [...new Set([...cutsOf(dice, frames, whole.length), ...most])]
    .filter((cut) => cut > 0 && cut < whole.length)
    .sort((a, b) => a - b);
  const acts = new Map<number, Act[]>();
  if (dice.oneIn(3)) {
    for (let count = dice.between(1, 3); count > 0; count -= 1) {
      const drawn = Array.from({ length: dice.between(1, 3) }, () => dice.pick(ACTS));
      acts.set(
        dice.whole(10),
        drawn.filter((act) => {
          // What is compressed goes out when a thread is done with it: at no certain moment.
          if (act === "send") return !perMessageDeflate;
          return act !== "read" || whole.length < UNPAUSED_BYTES;
        }),
      );
    }
  }
  return {
    bytes: whole,
    withUpgrade: dice.oneIn(3) ? dice.whole(Math.min(whole.length, MOST_PER_READ) + 1) : 0,
    cuts,
    maxPayload,
    maxBufferedChunks: dice.oneIn(12) ? dice.between(1, 4) : 262_144,
    maxFragments: dice.oneIn(12) ? dice.between(1, 4) : 16_384,
    maxPendingAutoPongs: dice.oneIn(12) ? dice.between(1, 4) : 60,
    skipUTF8Validation: dice.oneIn(8),
    perMessageDeflate,
    end: dice.pick(["FIN", "RST", "silence"]),
    acts,
    resumesAt: dice.whole(dice.oneIn(2) ? 3 : cuts.length + 2),
    isResumedLate: dice.oneIn(2),
  };
}
