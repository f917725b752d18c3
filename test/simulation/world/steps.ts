/**
 * What can happen in a life, as data: it can be printed, replayed and shrunk.
 *
 * A step draws nothing when it is done, so that leaving one out changes no other.
 */
import type { Fault } from "../../../src/testing/index.ts";
import type { Dice } from "./chance.ts";
import type { Character } from "./character.ts";
import type { SilenceStep } from "./silences.ts";

/** How the exchange's clerk treats a request, out of its ordinary. */
export type Answering =
  | "unheard" // it never got the request
  | "unanswered" // it served it and says nothing
  | "refused"
  | "partly" // the first topic is refused, the others are served
  | "twice" // the answer comes twice
  | "late"
  | "stranger"; // an answer to another's request comes first

/** Losses that no exchange makes: they happen on the way to it. */
export type WayLoss =
  | "dns-transient"
  | "dns-not-found"
  | "unreachable"
  | "blackhole"
  | "local-resource"
  | "handshake-cut"
  | "tls-trust"
  | "tls-protocol"
  | "not-websocket"
  | "redirect"
  | "negotiation";

/** A function of the user's that misbehaves when it is called next. */
export type Mischief =
  | { readonly where: "url"; readonly how: "throws" | "rejects" | "hangs" | "nonsense" }
  | { readonly where: "login"; readonly how: "throws" | "hangs" }
  | { readonly where: "listener"; readonly how: "throws" | "rejects" }
  | { readonly where: "decode" | "sequence" | "request" | "probe"; readonly how: "throws" }
  | {
      readonly where: "snapshot";
      readonly how: "throws" | "rejects" | "hangs" | "nonsense" | "old";
    }
  | { readonly where: "backoff"; readonly how: "throws" | "nonsense" }
  | { readonly where: "verdict"; readonly how: "throws" | "nonsense" };

export type Command = "connect" | "reconnect" | "close" | "terminate";

/** What a listener does, at once, when it hears something. */
export interface Reaction {
  readonly to: "message" | "state" | "up" | "down" | "attempt.failed" | "gap" | "settled";
  readonly with: Command | "subscribe" | "unsubscribe" | "send" | "iterate";
}

export interface IterateStep {
  readonly do: "iterate";
  readonly overflow: "drop-oldest" | "drop-newest" | "conflate" | "pause";
  readonly highWaterMark: number;
  readonly pauseBudgetMs: number;
  /** Reads as fast as items come; else only by `read`. */
  readonly isEager: boolean;
}

export type Step =
  | { readonly do: "nothing" }
  // Time.
  | { readonly do: "pass"; readonly ms: number }
  /** To the client's next timer, or to just before it. */
  | { readonly do: "to-timer"; readonly shortOfMs: 0 | 1 }
  /** The process stands still: SIGSTOP, a blocked loop. */
  | { readonly do: "stop"; readonly ms: number }
  /** The machine sleeps: its clocks stand still too. */
  | { readonly do: "sleep"; readonly ms: number }
  /** Somebody sets the wall clock. */
  | { readonly do: "wall"; readonly ms: number }
  // The exchange, and the way to it.
  | { readonly do: "fault"; readonly fault: Fault }
  | { readonly do: "clerk"; readonly how: Answering; readonly times: number; readonly ms: number }
  | { readonly do: "mute"; readonly way: "up" | "down" | "both" }
  | { readonly do: "cut"; readonly how: "abusive-peer" | "ended-without-code" }
  | { readonly do: "dials"; readonly loss: WayLoss; readonly times: number; readonly ms: number }
  | { readonly do: "hold-sends" }
  | { readonly do: "take-sends" }
  // The user.
  | { readonly do: Command }
  | { readonly do: "abort" }
  | { readonly do: "ready" }
  | { readonly do: "subscribe" | "unsubscribe"; readonly topics: readonly number[] }
  | { readonly do: "send"; readonly bytes: number; readonly ttlMs: number | null | undefined }
  | IterateStep
  | { readonly do: "read"; readonly consumer: number; readonly items: number }
  | { readonly do: "leave"; readonly consumer: number; readonly how: "return" | "abort" }
  | ({ readonly do: "react" } & Reaction)
  | ({ readonly do: "mischief"; readonly times: number } & Mischief)
  | SilenceStep;

/** How one kind of step is drawn. */
type Draw = (dice: Dice, character: Character) => Step;

const CLOSE_CODES = [
  1000, 1001, 1001, 1002, 1007, 1008, 1011, 1012, 1013, 1014, 3000, 3003, 4000, 4409, 4900,
] as const;
const STATUSES = [400, 401, 403, 404, 418, 429, 429, 500, 502, 503, 503, 504, 451, 200] as const;
const WAY_LOSSES: readonly WayLoss[] = [
  "dns-transient",
  "dns-transient",
  "dns-not-found",
  "unreachable",
  "unreachable",
  "blackhole",
  "local-resource",
  "handshake-cut",
  "handshake-cut",
  "tls-trust",
  "tls-protocol",
  "not-websocket",
  "redirect",
  "negotiation",
];

/** Each may be missing from a life; `calm` says how likely it is beside the others when it is not. */
const troubles = {
  reset: draw(4, () => fault({ kind: "reset" })),
  fin: draw(4, () => fault({ kind: "fin" })),
  close: draw(4, (dice) =>
    fault({ kind: "close", code: dice.pick(CLOSE_CODES), reason: dice.chance(0.5) ? "bye" : "" }),
  ),
  silence: draw(3, (dice) =>
    fault(
      dice.chance(0.7)
        ? { kind: "silence" }
        : { kind: "silence", durationMs: dice.log(10, 20_000) },
    ),
  ),
  stall: draw(4, (dice) => fault({ kind: "stall", durationMs: dice.log(10, 8_000) })),
  refuse: draw(2, (dice) => fault({ kind: "refuse", durationMs: dice.log(50, 8_000) })),
  "never-answer": draw(2, (dice) =>
    fault({ kind: "never-answer", durationMs: dice.log(50, 8_000) }),
  ),
  status: draw(2, (dice) =>
    fault({
      kind: "status",
      status: dice.pick(STATUSES),
      ...(dice.chance(0.5) ? { retryAfterSeconds: dice.log(1, 40) } : {}),
      durationMs: dice.log(50, 8_000),
    }),
  ),
  flap: draw(2, (dice) =>
    fault({ kind: "flap", afterMs: dice.log(1, 500), durationMs: dice.log(50, 8_000) }),
  ),
  skip: draw(4, (dice) => fault({ kind: "skip", count: dice.int(1, 4) })),
  repeat: draw(4, (dice) => fault({ kind: "repeat", count: dice.int(1, 4) })),
  garbage: draw(2, () => fault({ kind: "garbage" })),
  oversized: draw(1, () => fault({ kind: "oversized", bytes: MAX_PAYLOAD_BYTES })),
  "protocol-error": draw(2, () => fault({ kind: "protocol-error" })),
  "shutdown-notice": draw(1, () => fault({ kind: "shutdown-notice" })),
  clerk: draw(5, (dice) => ({
    do: "clerk",
    how: dice.pick(["unheard", "unanswered", "refused", "partly", "twice", "late", "stranger"]),
    times: dice.int(1, 4),
    ms: dice.log(5, 8_000),
  })),
  mute: draw(2, (dice) => ({ do: "mute", way: dice.pick(["up", "down", "both"]) })),
  cut: draw(1, (dice) => ({ do: "cut", how: dice.pick(["abusive-peer", "ended-without-code"]) })),
  dials: draw(2, (dice) => ({
    do: "dials",
    loss: dice.pick(WAY_LOSSES),
    times: dice.int(1, 4),
    ms: dice.log(1, 3_000),
  })),
  "hold-sends": draw(3, () => ({ do: "hold-sends" })),
  "take-sends": draw(3, () => ({ do: "take-sends" })),
  stop: draw(3, (dice) => ({ do: "stop", ms: dice.log(20, 20_000) })),
  sleep: draw(1, (dice) => ({ do: "sleep", ms: dice.log(1_000, 30_000) })),
  wall: draw(1, (dice) => ({ do: "wall", ms: dice.int(-7_200_000, 7_200_000) })),
} satisfies Record<string, Habit>;

/** What the user does. */
const habits = {
  subscribe: draw(8, (dice, { topics }) => ({
    do: "subscribe",
    topics: pickTopics(dice, topics.length),
  })),
  unsubscribe: draw(6, (dice, { topics }) => ({
    do: "unsubscribe",
    topics: pickTopics(dice, topics.length),
  })),
  send: draw(12, (dice) => ({
    do: "send",
    bytes: dice.chance(0.8) ? dice.log(60, 200) : dice.log(200, 4_000),
    ttlMs: dice.weighted<number | null | undefined>([
      [6, undefined],
      [1, null],
      [3, dice.log(1, 10_000)],
    ]),
  })),
  iterate: draw(4, drawIterate),
  read: draw(12, (dice) => ({ do: "read", consumer: dice.int(0, 3), items: dice.log(1, 40) })),
  leave: draw(2, (dice) => ({
    do: "leave",
    consumer: dice.int(0, 3),
    how: dice.pick(["return", "abort"]),
  })),
  connect: draw(3, () => ({ do: "connect" })),
  reconnect: draw(3, () => ({ do: "reconnect" })),
  ready: draw(3, () => ({ do: "ready" })),
  close: draw(0.6, () => ({ do: "close" })),
  terminate: draw(0.3, () => ({ do: "terminate" })),
  abort: draw(0.3, () => ({ do: "abort" })),
  react: draw(3, (dice) => ({
    do: "react",
    to: dice.pick([
      "message",
      "message",
      "state",
      "up",
      "down",
      "attempt.failed",
      "gap",
      "settled",
    ]),
    with: dice.weighted<Reaction["with"]>([
      [2, "reconnect"],
      [1, "connect"],
      [0.4, "close"],
      [0.4, "terminate"],
      [2, "subscribe"],
      [2, "unsubscribe"],
      [2, "send"],
      [1, "iterate"],
    ]),
  })),
  mischief: draw(5, (dice) => ({ do: "mischief", times: dice.int(1, 3), ...drawMischief(dice) })),
} satisfies Record<string, Habit>;

/** What only some lives have a use for; drawn after all that came before it. */
const novelties = {
  "mute-topic": draw(4, () => fault({ kind: "mute" })),
  "snapshot-mischief": draw(4, (dice) => ({
    do: "mischief",
    times: dice.int(1, 4),
    where: "snapshot",
    how: dice.pick(["throws", "rejects", "hangs", "nonsense", "old"]),
  })),
} satisfies Record<string, Habit>;

const kinds: Readonly<Record<string, Habit>> = { ...troubles, ...habits, ...novelties };

/** A frame of this size is too large for the client of a life. */
export const MAX_PAYLOAD_BYTES = 8_192;

interface Habit {
  readonly weight: number;
  readonly draw: Draw;
}

function draw(weight: number, step: Draw): Habit {
  return { weight, draw: step };
}

function fault(what: Fault): Step {
  return { do: "fault", fault: what };
}

/** One mostly, sometimes several, sometimes one of them twice. */
function pickTopics(dice: Dice, count: number): number[] {
  const topics = [dice.int(0, count - 1)];
  while (dice.chance(0.3)) topics.push(dice.int(0, count - 1));
  return topics;
}

function drawIterate(dice: Dice): IterateStep {
  return {
    do: "iterate",
    overflow: dice.pick(["drop-oldest", "drop-newest", "conflate", "pause"]),
    highWaterMark: dice.log(1, 200),
    pauseBudgetMs: dice.log(5, 5_000),
    isEager: dice.chance(0.4),
  };
}

function drawMischief(dice: Dice): Mischief {
  return dice.weighted<Mischief>([
    [2, { where: "url", how: dice.pick(["throws", "rejects", "hangs"]) }],
    [0.3, { where: "url", how: "nonsense" }],
    [2, { where: "login", how: dice.pick(["throws", "hangs"]) }],
    [3, { where: "listener", how: dice.pick(["throws", "rejects"]) }],
    [3, { where: dice.pick(["decode", "sequence", "request", "probe"]), how: "throws" }],
    [2, { where: "backoff", how: dice.pick(["throws", "nonsense"]) }],
    [2, { where: "verdict", how: dice.pick(["throws", "nonsense"]) }],
  ]);
}

/** Steps of a life: time passes between whatever else happens. */
export function drawSteps(character: Character, dice: Dice, count: number): Step[] {
  const { rows, passMs } = character.schedule;
  return Array.from({ length: count }, (): Step => {
    const kind = dice.weighted(rows);
    switch (kind) {
      case "pass":
        return { do: "pass", ms: dice.log(1, passMs) };
      case "to-timer":
        return { do: "to-timer", shortOfMs: dice.chance(0.4) ? 1 : 0 };
      default:
        return kinds[kind]?.draw(dice, character) ?? { do: "nothing" };
    }
  });
}

/** What a schedule is drawn from. */
export type ScheduleKind =
  "pass" | "to-timer" | keyof typeof troubles | keyof typeof habits | keyof typeof novelties;

/** Swarm style: each life lacks some kinds altogether, and has its own taste in the others. */
export function drawSchedule(
  dice: Dice,
): readonly (readonly [weight: number, kind: ScheduleKind])[] {
  const rows: (readonly [number, ScheduleKind])[] = [
    [dice.log(40, 120), "pass"],
    [dice.log(10, 60), "to-timer"],
  ];
  const share = dice.share();
  for (const [kind, { weight }] of Object.entries(troubles)) {
    if (dice.chance(share)) rows.push([weight * dice.log(1, 10) * 0.25, kind as ScheduleKind]);
  }
  for (const [kind, { weight }] of Object.entries(habits)) {
    if (dice.chance(0.7)) rows.push([weight * dice.log(1, 10) * 0.25, kind as ScheduleKind]);
  }
  for (const [kind, { weight }] of Object.entries(novelties)) {
    if (dice.chance(0.4)) rows.push([weight * dice.log(1, 10) * 0.25, kind as ScheduleKind]);
  }
  return rows;
}
