/**
 * Seeds with a name: lives that failed once, and lives that have something in them which must not go
 * missing. CI lives them all. Each says what its log shows, so that a seed that draws another life one
 * day is noticed, and replaced (`npm run simulation -- --seed N --lives 1 --verbose` prints a log).
 */
import type { Silence } from "./world/silences.ts";

export interface NamedSeed {
  readonly name: string;
  readonly seed: number;
  /** What stands in the life's log; all of it. */
  readonly shows: readonly string[];
  /** Ways to fall silent that lives do not have by default. */
  readonly learn?: readonly Silence[];
}

export const namedSeeds: readonly NamedSeed[] = [
  {
    name: "a wish is taken back by a listener while a settlement waits to be told",
    seed: 7_301_415,
    learn: ["numbers"],
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
    seed: 2330,
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
    seed: 18,
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
    seed: 4,
    shows: ['"type":"callback.failed"', '"class":"resolver"'],
  },
  {
    name: "a venue's notice, and the planned reconnect",
    seed: 19,
    shows: ['"detail":"serverShutdown"', '"class":"planned"'],
  },
  {
    name: "a connection that comes of age",
    seed: 7,
    shows: ['"detail":"maximum age"'],
  },
  {
    name: "a muted topic that is asked for anew, and speaks",
    seed: 9,
    shows: ['"kind":"mute"', '"type":"topic.stale"', '"type":"topic.fresh"'],
  },
  {
    name: "a topic that stays silent",
    seed: 30,
    shows: ['"kind":"topic-stale"'],
  },
  {
    name: "a topic that kills sockets, and rests",
    seed: 9,
    shows: ['"type":"topic.quarantined"'],
  },
  {
    name: "a gap that a snapshot makes good",
    seed: 3,
    shows: ['"cause":"gap"', '"type":"snapshot"', '"type":"valid"'],
  },
  {
    name: "a recovery that is given up",
    seed: 1,
    shows: ['"kind":"recovery-failed"'],
  },
  {
    name: "a stream that is asked for anew, and begins with a snapshot",
    seed: 53,
    shows: ['"cause":"gap"', '"type":"reset"', '"type":"valid"'],
  },
  {
    name: "a stream that asks for another socket",
    seed: 185,
    shows: ["numbers are missing in"],
  },
  {
    name: "a snapshot that has more of a stream than ever comes",
    seed: 19,
    shows: ['"type":"snapshot"', '"type":"valid"'],
  },
  {
    name: "a stream that is wanted again, and is still not whole",
    seed: 1,
    shows: ['"do":"unsubscribe"', '"kind":"recovery-failed"', '"type":"valid"'],
  },
  {
    name: "a snapshot out of a cache, and numbers that are lost meanwhile",
    seed: 85,
    shows: ['"how":"old"', '"type":"gap"', '"type":"snapshot"'],
  },
  {
    name: "a quarantine that ends",
    seed: 140,
    shows: ['"type":"topic.quarantined"', '"quarantined":[]'],
  },
  {
    name: "a topic asked for in its quarantine, as the only one, on a socket that the user leaves",
    seed: 77313911,
    shows: ['"type":"topic.quarantined"', '"kind":"subscriptions-timed-out"'],
  },
  {
    name: "a listener of a gap takes back the topic whose messages wait for a snapshot",
    seed: 97491843,
    shows: ['"where":"snapshot","how":"hangs"', "reacts to gap with unsubscribe"],
  },
  {
    name: "a listener of a gap reconnects while a silent topic speaks again",
    seed: 3199915060,
    shows: ["reacts to gap with reconnect", '"type":"topic.fresh"'],
  },
  {
    name: "numbering that starts over on a new socket",
    seed: 4,
    learn: ["numbers"],
    shows: ['"how":"renumber"', '"when":"next-socket"', '"type":"reset"'],
  },
  {
    name: "messages that are told again",
    seed: 12,
    learn: ["numbers"],
    shows: ['"how":"retell"', '"cause":"stale"'],
  },
  {
    name: "a doubt that only the next message can end",
    seed: 70,
    learn: ["numbers"],
    shows: ['"type":"in-doubt"'],
  },
  {
    name: "a number that does not change any more",
    seed: 158,
    learn: ["numbers"],
    shows: ['"type":"numbering-stuck"'],
  },
  {
    name: "a number that is stuck where a snapshot ends",
    seed: 700002,
    learn: ["numbers"],
    shows: ['"type":"numbering-stuck"', '"type":"snapshot"'],
  },
  {
    name: "a mute server that speaks again",
    seed: 446,
    shows: ['"do":"mute-data"', '"type":"mute.ended"'],
  },
];
