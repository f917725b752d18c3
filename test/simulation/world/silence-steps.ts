/** When the silences of a life come, and what each is like. */
import { Dice } from "./chance.ts";
import type { Character } from "./character.ts";
import type { NumbersStep, SendsStep, Silence, SilenceStep } from "./silences.ts";
import type { Step } from "./steps.ts";

/** `steps` with those of the life's silences between them. */
export function withSilences(steps: readonly Step[], character: Character): readonly Step[] {
  const { silences: drawn } = character.features;
  if (drawn.size === 0) return steps;
  const added: (readonly [place: number, step: Step])[] = [];
  for (const silence of drawn) {
    const dice = new Dice(character.seed, `steps: ${silence}`);
    for (let count = dice.int(2, 8); count > 0; count -= 1) {
      added.push([dice.int(0, steps.length), draws[silence](dice, character)]);
    }
  }
  added.sort(([one], [other]) => one - other);
  let next = 0;
  return [...steps, undefined].flatMap((step, index) => {
    const here: Step[] = [];
    for (; added[next]?.[0] === index; next += 1)
      here.push(...added.slice(next, next + 1).map(last));
    return step === undefined ? here : [...here, step];
  });
}

const last = ([, step]: readonly [number, Step]): Step => step;

const draws: Readonly<Record<Silence, (dice: Dice, character: Character) => SilenceStep>> = {
  numbers: drawNumbers,
  http: (dice) => ({ do: "http-out", ms: dice.chance(0.8) ? dice.log(500, 120_000) : 7_200_000 }),
  mute: (dice) => ({ do: "mute-data", until: dice.pick(["next-socket", "asked"]) }),
  checksum: (dice, { topics }) => ({
    do: "checksum",
    topic: dice.int(0, topics.length - 3),
    ms: dice.log(100, 200_000),
  }),
  sends: (dice) =>
    dice.weighted<SendsStep>([
      [4, { do: "refuse-frames", frames: dice.log(1, 8), how: dice.pick(["says", "throws"]) }],
      [1, { do: "stop-taking", endsAfterMs: dice.chance(0.7) ? dice.log(1, 900) : null }],
    ]),
  refusals: (dice) => ({
    do: "refuse",
    where: dice.pick(["url", "login", "snapshot", "subscribe", "topic"]),
    ms: dice.log(50, 20_000),
    afterMs: dice.chance(0.3) ? dice.log(100, 10_000) : null,
  }),
};

/** Absurd numbers: of a first message, at the edges of what a double and an int32 hold, and a clock's. */
const ABSURD = [0, 1, 3, 2 ** 31, 2 ** 53 - 1, 1_700_000_000_000] as const;

function drawNumbers(dice: Dice, { topics }: Character): NumbersStep {
  const of = { do: "numbers", topic: dice.int(0, topics.length - 3) } as const;
  const when = dice.pick(["now", "next-socket"] as const);
  return dice.weighted<NumbersStep>([
    [3, { ...of, how: "renumber", from: "number", by: dice.log(1, 1_000), when }],
    // Further than a new run can come in a second: nobody could tell such a run from one told again.
    [2, { ...of, how: "renumber", from: "below", by: dice.log(1_000, 1_000_000), when }],
    [1, { ...of, how: "renumber", from: "above", by: 2 ** 31 + dice.log(1_000, 1_000_000), when }],
    [3, { ...of, how: "absurd", number: dice.pick(ABSURD) }],
    [1, { ...of, how: "stuck", messages: dice.log(4, 60) }],
    [
      4,
      {
        ...of,
        how: "retell",
        messages: dice.log(1, 50),
        everyMs: dice.chance(0.6) ? 0 : dice.log(1, 200),
        marking: dice.pick(["marked", "unmarked", "mixed"]),
        when: when === "now" ? "asked" : when,
      },
    ],
  ]);
}
