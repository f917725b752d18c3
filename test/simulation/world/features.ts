/**
 * What a life's supervisor does beyond keeping one socket: each may be missing from a life. Drawn by dice
 * of their own, so that what is added here changes nothing of what was drawn before.
 */
import type { MutePolicy } from "../../../machines/index.ts";
import type { QuarantinePolicy } from "../../../src/index.ts";
import { Dice } from "./chance.ts";
import { drawSilences, type LearnOptions, type Silence } from "./silences.ts";

export interface Features {
  /** How much time the venue's notice leaves; null where it is taken for a sign of life. */
  readonly noticeWithinMs: number | null;
  /** The age at which the user has connections replaced; null for never. */
  readonly maxAgeMs: number | null;
  /** How long topics may be silent; null as long as they like. */
  readonly freshness: { readonly firstMs: number | null; readonly silenceMs: number | null } | null;
  /** When a connection that brings no data counts as mute; null for never. */
  readonly mute: MutePolicy | null;
  /** When topics are suspected of killing sockets; null for never. */
  readonly quarantine: QuarantinePolicy | null;
  /** Topics, by their index, that kill the socket that asks for them; null where there are none. */
  readonly killers: Killers | null;
  /** Null where gaps are only reported. */
  readonly recovery: Recoveries | null;
  /** How streams fall silent while their socket lives. */
  readonly silences: ReadonlySet<Silence>;
}

/** How what was missed is obtained. */
export type Strategy = "none" | "snapshot" | "resubscribe" | "reconnect";

export interface Recoveries {
  readonly trades: Strategy;
  readonly books: Strategy;
  readonly concurrent: number;
  readonly spacingMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly retryMs: number;
  readonly bufferMessages: number;
  /** One way to where snapshots are fetched. */
  readonly fetchMs: number;
}

interface Killers {
  readonly topics: readonly number[];
  readonly afterMs: number;
  /** They still do when all else has come good. */
  readonly isIncurable: boolean;
}

/** @param venueMaxAgeMs - The age at which the exchange cuts connections. */
export function drawFeatures(seed: number, venueMaxAgeMs: number, options: LearnOptions): Features {
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
    mute: drawMute(seed),
    ...drawQuarantine(dice),
    recovery: dice.chance(0.6) ? drawRecovery(dice) : null,
    silences: drawSilences(seed, options),
  };
}

/** By dice of its own: what was drawn before it was added stays as it was. */
function drawMute(seed: number): MutePolicy | null {
  const dice = new Dice(seed, "mute");
  if (dice.chance(0.5)) return null;
  return {
    floorMs: dice.log(3_000, 60_000),
    newSocketAfterMs: dice.log(1_000, 30_000),
    newSocketsPerDay: dice.int(0, 4),
  };
}

function drawQuarantine(dice: Dice): Pick<Features, "quarantine" | "killers"> {
  const suspectWithinMs = dice.chance(0.5) ? 2_000 : dice.log(200, 5_000);
  const quarantineMs = dice.log(5_000, 600_000);
  return {
    quarantine: dice.chance(0.6)
      ? {
          suspectWithinMs,
          suspectAfter: dice.int(1, 3),
          strikes: dice.int(1, 3),
          quarantineMs,
        }
      : null,
    killers: dice.chance(0.3)
      ? {
          topics: dice.chance(0.8) ? [dice.int(0, 3)] : [dice.int(0, 1), dice.int(2, 3)],
          afterMs: dice.log(1, suspectWithinMs),
          isIncurable: dice.chance(0.5) && quarantineMs > 120_000,
        }
      : null,
  };
}

function drawRecovery(dice: Dice): Recoveries {
  return {
    trades: dice.weighted<Strategy>([
      [1, "none"],
      [5, "snapshot"],
      [2, "resubscribe"],
      [1, "reconnect"],
    ]),
    books: dice.weighted<Strategy>([
      [5, "snapshot"],
      [1, "resubscribe"],
      [1, "reconnect"],
    ]),
    concurrent: dice.int(1, 3),
    spacingMs: dice.chance(0.3) ? 0 : dice.log(10, 3_000),
    timeoutMs: dice.log(1_300, 10_000),
    retries: dice.int(0, 5),
    retryMs: dice.log(20, 2_000),
    bufferMessages: dice.chance(0.7) ? dice.log(30, 500) : dice.int(1, 10),
    fetchMs: dice.log(1, 500),
  };
}
