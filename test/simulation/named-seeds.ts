/**
 * Seeds with a name: lives that failed once, and lives that have something in them which must not go
 * missing. CI lives them all. Each says what its log shows, so that a seed that draws another life one
 * day is noticed, and replaced (`npm run simulation -- --seed N --lives 1 --verbose` prints a log).
 */
export interface NamedSeed {
  readonly name: string;
  readonly seed: number;
  /** What stands in the life's log; all of it. */
  readonly shows: readonly string[];
}

export const namedSeeds: readonly NamedSeed[] = [
  {
    name: "a wish is taken back by a listener while a settlement waits to be told",
    seed: 20,
    shows: ['"react","to":"gap","with":"unsubscribe"', "reacts to gap with unsubscribe"],
  },
  {
    name: "two consumers pause the socket, one upon the other",
    seed: 6656,
    shows: ['"overflow":"pause"'],
  },
  {
    name: "a listener reconnects when it hears of a reconnect",
    seed: 200413,
    shows: ["reacts to settled with reconnect", "reacts to attempt.failed with reconnect"],
  },
  {
    name: "a listener closes when it hears of a failed attempt",
    seed: 201450,
    shows: ["reacts to attempt.failed with close"],
  },
  {
    name: "a listener reconnects in the step that dials",
    seed: 54,
    shows: ["reacts to state with reconnect"],
  },
  {
    name: "a process that stood still for long",
    seed: 77,
    shows: ['"do":"stop"', '"class":"suspended"'],
  },
  {
    name: "a wall clock that is set, and a machine that sleeps",
    seed: 69,
    shows: ['"do":"wall"', '"do":"sleep"'],
  },
  {
    name: "consumers too slow for every policy",
    seed: 98,
    shows: ['"type":"overflow"'],
  },
  {
    name: "a socket paused for those who read slowly",
    seed: 2,
    shows: ['"overflow":"pause"'],
  },
  {
    name: "a peer that falls silent, again and again",
    seed: 4,
    shows: ['"class":"silent"'],
  },
  {
    name: "a budget that runs out",
    seed: 142,
    shows: ['"retry-budget-empty"'],
  },
  {
    name: "retries that run out",
    seed: 48,
    shows: ['"retries-exhausted"', '"type":"failed"'],
  },
  {
    name: "credentials that are refused, with a login",
    seed: 126,
    shows: ['"status":401', '"id":"login"'],
  },
  {
    name: "requests that nobody answers",
    seed: 83,
    shows: ['"subscriptions-timed-out"'],
  },
  {
    name: "functions of the user's that throw",
    seed: 70,
    shows: ['"type":"callback.failed"', '"class":"resolver"'],
  },
];
