/**
 * What a life's supervisor does beyond keeping one socket: each may be missing from a life. Drawn by dice
 * of their own, so that what is added here changes nothing of what was drawn before.
 */
import { Dice } from "./chance.ts";

export interface Features {
  /** How much time the venue's notice leaves; null where it is taken for a sign of life. */
  readonly noticeWithinMs: number | null;
  /** The age at which the user has connections replaced; null for never. */
  readonly maxAgeMs: number | null;
  /** How long topics may be silent; null as long as they like. */
  readonly freshness: { readonly firstMs: number | null; readonly silenceMs: number | null } | null;
}

/** @param venueMaxAgeMs - The age at which the exchange cuts connections. */
export function drawFeatures(seed: number, venueMaxAgeMs: number): Features {
  const dice = new Dice(seed, "features");
  return {
    noticeWithinMs: dice.chance(0.7) ? dice.pick([0, 5_000, dice.log(10, 30_000)]) : null,
    maxAgeMs: dice.chance(0.4) ? Math.min(venueMaxAgeMs, dice.log(20_000, 200_000)) : null,
    freshness: dice.chance(0.5)
      ? {
          firstMs: dice.chance(0.8) ? dice.log(1_000, 30_000) : null,
          silenceMs: dice.chance(0.8) ? dice.log(6_000, 60_000) : null,
        }
      : null,
  };
}
