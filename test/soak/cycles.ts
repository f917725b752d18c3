/**
 * The leak hunt: a supervisor is started and ended again and again, at moments drawn from the seed and
 * in every way there is, while the exchange has its own troubles. Nothing may stay behind.
 */
import { getEventListeners } from "node:events";
import { setTimeout as pass } from "node:timers/promises";
import { createRandom } from "../../machines/policy/random.ts";
import { createSupervisor, type Supervisor } from "../../src/index.ts";
import { binanceSpot, type BinanceStreamMessage } from "../../src/venues/index.ts";
import { HEARTBEAT } from "./feeds.ts";
import { look, type Holdings } from "./vitals.ts";

export interface CyclesSeen {
  readonly cycles: number;
  /** How often it was ended in which state. */
  readonly endedIn: ReadonlyMap<string, number>;
  /** After the first cycles, which load code and fill caches; halfway; and at the end. */
  readonly start: Holdings;
  readonly middle: Holdings;
  readonly end: Holdings;
  /** Listeners left on the signal that all of them shared, and on the supervisors themselves. */
  readonly signalListeners: number;
  readonly ownListeners: number;
  /** Supervisors that were not `closed` after their end. */
  readonly unclosed: number;
}

/** Ways to end one, each used as often. */
const ENDINGS = ["close", "terminate", "abort", "close-terminate", "dispose"] as const;

const WARM_UP = 60;
/** Cycles end anywhere from before the dial to well after the first messages. */
const LONGEST_LIFE_MS = 60;

export async function runCycles(
  url: string,
  topics: readonly string[],
  seed: number,
  cycles: number,
): Promise<CyclesSeen> {
  const random = createRandom(seed);
  const shared = new AbortController();
  const endedIn = new Map<string, number>();
  let [ownListeners, unclosed] = [0, 0];

  const live = async (cycle: number): Promise<void> => {
    const own = new AbortController();
    const supervisor = createSupervisor(binanceSpot({ endpoint: url }), {
      topics,
      seed: cycle,
      backoff: { jitter: "full", baseMs: 40, capMs: 40 },
      heartbeat: HEARTBEAT,
      retryBudget: { attempts: 10_000, perMs: 60_000 },
      signal: cycle % 2 === 0 ? shared.signal : own.signal,
    });
    const off = supervisor.on("message", () => {});
    const consumed = drain(supervisor);
    if (random() > 0.02) supervisor.start();
    await pass(Math.floor(random() ** 2 * LONGEST_LIFE_MS));
    if (random() < 0.2) supervisor.reconnect();
    const { state, phase } = supervisor.status();
    const where = phase === undefined ? state : `${state}.${phase}`;
    endedIn.set(where, (endedIn.get(where) ?? 0) + 1);
    const ending = ENDINGS[cycle % ENDINGS.length] ?? "close";
    await end(supervisor, ending, cycle % 2 === 0 ? undefined : own);
    await consumed;
    off();
    ownListeners += supervisor.status().listeners;
    if (supervisor.state !== "closed") unclosed += 1;
  };

  for (let cycle = 0; cycle < WARM_UP; cycle += 1) await live(cycle);
  endedIn.clear();
  const start = await settled();
  const half = Math.floor(cycles / 2);
  for (let cycle = 0; cycle < half; cycle += 1) await live(WARM_UP + cycle);
  const middle = await settled();
  for (let cycle = half; cycle < cycles; cycle += 1) await live(WARM_UP + cycle);
  const last = await settled();
  const signalListeners = getEventListeners(shared.signal, "abort").length;
  const held = { start, middle, end: last };
  return { cycles, endedIn, ...held, signalListeners, ownListeners, unclosed };
}

async function end(
  supervisor: Supervisor<BinanceStreamMessage>,
  ending: (typeof ENDINGS)[number],
  own: AbortController | undefined,
): Promise<void> {
  switch (ending) {
    case "close":
      return supervisor.close();
    case "terminate":
      supervisor.terminate();
      return;
    case "abort":
      if (own === undefined) return supervisor.close();
      own.abort();
      return supervisor.close();
    case "close-terminate": {
      const closed = supervisor.close();
      supervisor.terminate();
      return closed;
    }
    case "dispose":
      return supervisor[Symbol.asyncDispose]();
  }
}

async function drain(supervisor: Supervisor<BinanceStreamMessage>): Promise<void> {
  for await (const item of supervisor.messages()) void item;
}

/** Sockets that were let go take a moment to go. */
async function settled(): Promise<Holdings> {
  await pass(500);
  return look();
}
