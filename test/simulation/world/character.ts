/**
 * What one life is like, drawn before anything happens: the market, the venue's limits, the quirks of
 * loop and wire, the user's options and manners, and what will happen how often.
 */
import type { BackoffShape } from "../../../machines/index.ts";
import type { OutboxPolicy, PacingWindow, SupervisorOptions } from "../../../src/index.ts";
import { Dice } from "./chance.ts";
import { drawFeatures, type Features } from "./features.ts";
import type { LoopQuirks } from "./process.ts";
import type { LearnOptions } from "./silences.ts";
import { drawSchedule, type ScheduleKind } from "./steps.ts";

/** How topics are asked for: answers by id, answers by topic, no answers, or no way to unsubscribe. */
type Manner = "by-id" | "by-topic" | "unanswered" | "lasting";

export interface Character {
  readonly seed: number;
  readonly market: {
    readonly symbols: readonly string[];
    readonly tradesPerSecond: number;
    readonly bookTickersPerSecond: number;
    readonly books: boolean;
  };
  readonly limits: {
    readonly inboundPerSecond: number;
    readonly pingIntervalMs: number;
    readonly pongTimeoutMs: number;
    readonly maxAgeMs: number;
  };
  readonly latencyMs: number;
  /** Topics that the user may want; some exist. */
  readonly topics: readonly string[];
  /** How many of them are wanted from the start. */
  readonly wantedAtFirst: number;
  readonly loop: LoopQuirks;
  readonly wire: WireQuirks;
  readonly options: CheckedOptions;
  readonly manner: Manner;
  readonly url: "plain" | "function" | "promise" | "slow";
  readonly hasLogin: boolean;
  readonly hasOwnProbe: boolean;
  readonly backoff: "default" | "lone-client" | "function" | BackoffShape;
  readonly verdict: "none" | "rules" | "function";
  /** Whether a listener of `message` stands beside the iterators. */
  readonly hasTap: boolean;
  readonly features: Features;
  readonly schedule: {
    readonly rows: readonly (readonly [weight: number, kind: ScheduleKind])[];
    readonly passMs: number;
  };
}

export interface WireQuirks {
  /** The transport says "written" in a later turn, as `ws` does, or at once. */
  readonly defersDone: boolean;
  /** What was on its way when a socket is terminated: delivered within the call, later, or not at all. */
  readonly strays: "at-once" | "later" | "never";
}

/** The options that are plain numbers, with those that the oracle goes by filled in. */
type CheckedOptions = Required<
  Pick<
    SupervisorOptions,
    "connectTimeoutMs" | "longOutageAfterMs" | "maxRetries" | "stableAfterMs" | "closeTimeoutMs"
  >
> & {
  readonly connectTimeoutMs: number;
  readonly longOutageAfterMs: number;
  readonly maxRetries: number;
  readonly stableAfterMs: number;
  readonly closeTimeoutMs: number;
  readonly retryBudget: { readonly attempts: number; readonly perMs: number };
  readonly heartbeat: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly suspendedAfterMs: number;
  } | null;
  readonly resubscribe: {
    readonly timeoutMs: number;
    readonly requestTimeoutMs: number;
    readonly retries: number;
    readonly pacing: PacingWindow;
    readonly topicsPerFrame: number;
  };
  readonly pacing: readonly PacingWindow[];
  readonly countsControlFrames: boolean;
  readonly outbox: OutboxPolicy;
};

export function drawCharacter(seed: number, learning: LearnOptions = {}): Character {
  const dice = new Dice(seed, "character");
  const symbols = dice.chance(0.7) ? ["BTCUSDT"] : ["BTCUSDT", "ETHUSDT"];
  const books = dice.chance(0.2);
  const limits = drawLimits(dice);
  const isOwnProbeLiked = dice.chance(0.2);
  const latencyMs = dice.pick([0, 1, 1, 5, 40]);
  const options = drawOptions(dice, limits.inboundPerSecond, latencyMs);
  const features = drawFeatures(seed, limits.maxAgeMs, learning);
  return {
    seed,
    market: {
      symbols,
      tradesPerSecond: dice.log(1, 4),
      bookTickersPerSecond: dice.chance(0.4) ? dice.log(1, 2) : 0,
      books,
    },
    limits,
    latencyMs,
    topics: symbols
      .flatMap((symbol) => [
        `${symbol.toLowerCase()}@trade`,
        `${symbol.toLowerCase()}@bookTicker`,
        ...(books ? [`${symbol.toLowerCase()}@depth`, `${symbol.toLowerCase()}@depth@100ms`] : []),
      ])
      .concat("xrpusdt@trade", "dogeusdt@kline_1m"),
    wantedAtFirst: dice.int(0, 3),
    loop: {
      latenessMs: dice.weighted([
        [6, 0],
        [2, 3],
        [1, 200],
      ]),
      earlinessMs: dice.chance(0.2) ? 0.9 : 0,
      shufflesTimers: dice.chance(0.3),
    },
    wire: {
      defersDone: dice.chance(0.5),
      strays: dice.pick(["at-once", "later", "never"]),
    },
    options,
    manner: dice.weighted<Manner>([
      [6, "by-id"],
      [2, "by-topic"],
      [1, "unanswered"],
      [1, "lasting"],
    ]),
    url: dice.weighted<Character["url"]>([
      [4, "plain"],
      [2, "function"],
      [2, "promise"],
      [1, "slow"],
    ]),
    hasLogin: dice.chance(0.2),
    hasOwnProbe: isOwnProbeLiked && hasRoom(options.pacing, options.heartbeat?.intervalMs ?? 1_000),
    backoff: dice.weighted<Character["backoff"]>([
      [3, "default"],
      [4, "lone-client"],
      [1, "function"],
      [4, drawShape(dice)],
    ]),
    verdict: dice.weighted<Character["verdict"]>([
      [5, "none"],
      [2, "rules"],
      [2, "function"],
    ]),
    // Only a listener sees what becomes of messages whose numbers lie.
    hasTap: dice.chance(0.9) || features.silences.has("numbers"),
    features,
    schedule: { rows: drawSchedule(dice), passMs: dice.log(200, 2_500) },
  };
}

/** Whether something that comes unpaced, so often, leaves half of each window to the rest. */
function hasRoom(windows: readonly PacingWindow[], everyMs: number): boolean {
  return windows.every(({ frames, perMs }) => 2 * (perMs / everyMs + 1) <= frames);
}

function drawLimits(dice: Dice): Character["limits"] {
  const isStrict = dice.chance(0.4);
  return {
    inboundPerSecond: isStrict ? 5 : 1_000,
    pingIntervalMs: dice.log(1_000, 20_000),
    pongTimeoutMs: dice.log(2_000, 60_000),
    maxAgeMs: dice.chance(0.2) ? dice.log(20_000, 200_000) : 86_400_000,
  };
}

function drawOptions(dice: Dice, inboundPerSecond: number, latencyMs: number): CheckedOptions {
  const isStrict = inboundPerSecond < 100;
  const timeoutMs = dice.log(500, 10_000);
  // Where the venue counts, pings must leave room for the rest; and answers take their time.
  const leastMs = Math.max(isStrict ? 1_000 : 30, 3 * latencyMs);
  const intervalMs = dice.log(dice.chance(0.8) ? 1_000 + 2 * leastMs : 2 * leastMs, 15_000);
  const resubscribeMs = dice.log(100, 10_000);
  const pacing = isStrict
    ? [{ frames: 3, perMs: 1_100 }]
    : dice.weighted<readonly PacingWindow[]>([
        [3, []],
        [2, [{ frames: dice.int(1, 10), perMs: dice.log(20, 2_000) }]],
        [
          1,
          [
            { frames: dice.int(1, 3), perMs: dice.log(20, 200) },
            { frames: dice.int(3, 20), perMs: dice.log(500, 5_000) },
          ],
        ],
      ]);
  return {
    connectTimeoutMs: timeoutMs,
    longOutageAfterMs: dice.log(500, 120_000),
    maxRetries: dice.chance(0.9) ? Infinity : dice.int(0, 6),
    stableAfterMs: dice.chance(0.1) ? 0 : dice.log(50, 10_000),
    closeTimeoutMs: dice.chance(0.1) ? 0 : dice.log(20, 2_000),
    retryBudget: dice.chance(0.7)
      ? { attempts: 120, perMs: 600_000 }
      : { attempts: dice.int(1, 12), perMs: dice.log(500, 60_000) },
    heartbeat: dice.chance(0.1)
      ? null
      : {
          intervalMs,
          timeoutMs: dice.log(leastMs, intervalMs),
          suspendedAfterMs: dice.chance(0.7) ? 120_000 : dice.log(1_000, 20_000),
        },
    resubscribe: {
      timeoutMs: resubscribeMs,
      requestTimeoutMs: dice.log(20, resubscribeMs),
      retries: dice.pick([0, 1, 5, 5]),
      pacing: { frames: dice.int(1, 5), perMs: dice.log(20, 1_000) },
      topicsPerFrame: dice.pick([1, 2, 100]),
    },
    pacing,
    // Pings and pongs come unpaced: they must leave room for the rest.
    countsControlFrames:
      isStrict || (hasRoom(pacing, Math.min(intervalMs, 1_000)) && dice.chance(0.5)),
    outbox: {
      messages: dice.chance(0.5) ? dice.int(0, 8) : 1_000,
      bytes: dice.chance(0.3) ? dice.log(100, 6_000) : 1_048_576,
      ttlMs: dice.chance(0.3) ? dice.log(10, 20_000) : null,
      overflow: dice.pick(["reject", "drop-oldest", "drop-newest"]),
    },
  };
}

function drawShape(dice: Dice): BackoffShape {
  const baseMs = dice.log(10, 2_000);
  const capMs = dice.log(baseMs, 8_000);
  return {
    jitter: dice.pick(["full", "equal", "decorrelated"]),
    firstMs: dice.chance(0.5) ? dice.log(1, 2_000) : undefined,
    baseMs,
    factor: dice.pick([1, 1.5, 2, 3]),
    capMs,
    longOutageCapMs: dice.log(capMs, 20_000),
  };
}
