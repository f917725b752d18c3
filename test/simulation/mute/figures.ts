/** What days of a rhythm cost and how soon a mute server is found in it. */
import { defaultMutePolicy } from "../../../machines/policy/mute.ts";
import { Dice } from "../world/chance.ts";
import type { Rhythm, Shape, Spell } from "./rhythms.ts";
import { DAY_MS, mostInADay, WatchedDays, type FoundMute } from "./watched-days.ts";

export interface RhythmFigures {
  readonly name: string;
  /** On the worst day of a market that is never at fault. */
  readonly sockets: number;
  readonly alerts: number;
  readonly asked: number;
  readonly mutes: readonly FoundMute[];
}

/** @param days - Simulated days, once without a fault and once with a mute server now and then. */
export function figuresOf(
  rhythm: Rhythm,
  shape: Shape | undefined,
  { seed, days }: { readonly seed: number; readonly days: number },
): RhythmFigures {
  const untilMs = days * DAY_MS;
  const faultless = new WatchedDays(defaultMutePolicy);
  const spells = rhythm.spells(new Dice(seed, rhythm.name), shape);
  while (faultless.nowMs < untilMs) faultless.pass(spells.next().value);

  const faulty = new WatchedDays(defaultMutePolicy);
  const again = rhythm.spells(new Dice(seed, rhythm.name), shape);
  const dice = new Dice(seed, `${rhythm.name} mutes`);
  const mutes: FoundMute[] = [];
  // About one mute in two days, after a message like any other.
  let nextMs = 2 * DAY_MS;
  while (faulty.nowMs < untilMs) {
    const spell = again.next().value;
    const isDue = faulty.nowMs >= nextMs;
    // A mute begins within a busy spell, or after a message between two quiet gaps.
    const forMs = isDue && spell.kind === "busy" ? spell.forMs * dice.share() : undefined;
    faulty.pass(forMs === undefined ? spell : ({ ...spell, forMs } as Spell));
    const isOpen = spell.kind === "busy" || spell.gapMs < 3_600_000;
    if (!isDue || !isOpen || !faulty.isSettled) continue;
    mutes.push(faulty.fallMute());
    nextMs = faulty.nowMs + dice.log(DAY_MS / 2, 4 * DAY_MS);
  }
  return {
    name: rhythm.name,
    sockets: mostInADay(faultless.sockets),
    alerts: mostInADay(faultless.alerts),
    asked: mostInADay(faultless.asked),
    mutes,
  };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
