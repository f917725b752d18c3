/**
 * Seven rhythms in which real markets send data. A rhythm is an endless list of spells: a busy one, in
 * which messages come so fast that no gap matters, or one quiet gap up to the next message.
 */
import type { Dice } from "../world/chance.ts";

export type Spell =
  | {
      readonly kind: "busy";
      readonly forMs: number;
      /** One gap between two messages of it, in milliseconds. */
      readonly gapMs: () => number;
    }
  | { readonly kind: "quiet"; readonly gapMs: number };

/** Gaps that were seen, each divided by their mean. */
export type Shape = readonly number[];

export interface Rhythm {
  readonly name: string;
  /** The shape of its gaps, where it has one: of a recording. */
  readonly recording?: "spot" | "coinbase" | "binance";
  spells(dice: Dice, shape: Shape | undefined): Generator<Spell, never>;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Below what any bound looks at: a busy spell has no gap longer than this. */
const LONGEST_BUSY_GAP_MS = 5 * SECOND;

function gapOf(dice: Dice, meanMs: number, shape: Shape | undefined): number {
  if (shape !== undefined) return meanMs * dice.pick(shape);
  return -Math.log(1 - dice.share()) * meanMs;
}

function busy(dice: Dice, forMs: number, meanMs: number, shape?: Shape): Spell {
  const gapMs = (): number => Math.min(gapOf(dice, meanMs, shape), LONGEST_BUSY_GAP_MS);
  return { kind: "busy", forMs, gapMs };
}

const quiet = (gapMs: number): Spell => ({ kind: "quiet", gapMs });

/** Days of a market that is open from Monday to Friday: what happens in one, and the night after it. */
function* weeks(day: () => readonly Spell[], openMs: number): Generator<Spell, never> {
  for (;;) {
    for (let weekday = 0; weekday < 5; weekday += 1) {
      yield* day();
      yield quiet((weekday === 4 ? 72 * HOUR : 24 * HOUR) - openMs);
    }
  }
}

export const rhythms: readonly Rhythm[] = [
  {
    name: "stock session, closed at night and on weekends",
    recording: "coinbase",
    spells: (dice, shape) => weeks(() => [busy(dice, 6.5 * HOUR, 100, shape)], 6.5 * HOUR),
  },
  {
    name: "single prints overnight",
    *spells(dice) {
      for (;;) {
        yield busy(dice, 14 * HOUR, 200);
        for (let leftMs = 10 * HOUR; leftMs > 0;) {
          const gapMs = Math.max(gapOf(dice, 40 * MINUTE, undefined), SECOND);
          yield quiet(Math.min(gapMs, leftMs));
          leftMs -= gapMs;
        }
      }
    },
  },
  {
    name: "small crypto pair",
    recording: "binance",
    *spells(dice, shape) {
      for (let atMs = 0; ;) {
        const isNight = (atMs / HOUR) % 24 < 8;
        const gapMs = Math.max(gapOf(dice, isNight ? 6 * MINUTE : 90 * SECOND, shape), 50);
        yield quiet(gapMs);
        atMs += gapMs;
      }
    },
  },
  {
    name: "bursts each 10 minutes",
    *spells(dice) {
      for (;;) {
        yield busy(dice, 30 * SECOND, 80);
        yield quiet(570 * SECOND * (0.95 + 0.1 * dice.share()));
      }
    },
  },
  {
    name: "lunch lull",
    spells: (dice) =>
      weeks(
        () => [busy(dice, 2.5 * HOUR, 150), quiet(HOUR), busy(dice, 2.5 * HOUR, 150)],
        6 * HOUR,
      ),
  },
  {
    name: "one a minute",
    *spells(dice) {
      for (;;) yield quiet(MINUTE * (dice.chance(0.01) ? 2 : 1) + (dice.share() - 0.5) * SECOND);
    },
  },
  {
    name: "10 a second",
    recording: "spot",
    *spells(dice, shape) {
      for (;;) yield busy(dice, HOUR, 100, shape);
    },
  },
];
