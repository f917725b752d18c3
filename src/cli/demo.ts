/**
 * `demo`, which is `npm start`: an exchange that misbehaves, a supervised connection to it, and at
 * the end the proof that not one message is unaccounted for.
 *
 * The client is a lone one and in a hurry, so that a month's troubles fit in half a minute: it is back
 * at once, takes one second of silence for odd and half a second more for death, and trusts a
 * connection after a second. All else is as it comes.
 */
import { realClock, randomSeed, type Clock } from "../system.ts";
import { createSupervisor, type Supervisor, type SupervisorOptions } from "../index.ts";
import { startExchange, type ExchangeEvent, type ExchangeLedger } from "../testing/index.ts";
import { binanceSpot, type BinanceStreamMessage } from "../venues/index.ts";
import { lineDisplay, silentDisplay, tableDisplay, type DemoDisplay } from "./demo-display.ts";
import { DemoLog } from "./demo-log.ts";
import { planDemo } from "./demo-plan.ts";
import { reportDemo, reportToLines } from "./demo-report.ts";
import { startInspecting, type InspectingOptions } from "./inspecting.ts";
import { Output, type CommandIo } from "./output.ts";
import { every, pause } from "./waiting.ts";

/** The options of `demo`, by their names on the command line. */
export interface DemoOptions extends InspectingOptions {
  readonly seconds?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
const STREAMS = SYMBOLS.flatMap((symbol) => {
  const name = symbol.toLowerCase();
  return [`${name}@trade`, `${name}@depth@100ms`];
});

const HURRY = {
  backoff: "lone-client",
  heartbeat: { intervalMs: 1_000, timeoutMs: 500 },
  stableAfterMs: 1_000,
  // The default budget is for troubles of ordinary frequency.
  retryBudget: { attempts: 600, perMs: 60_000 },
} as const satisfies SupervisorOptions<BinanceStreamMessage>;

const DEFAULT_SECONDS = 30;
const FRAME_MS = 250;
const LOOK_EVERY_MS = 20;
/** How long what was emitted by the end may take to arrive: a slow machine's outage included. */
const LAST_ARRIVAL_MS = 15_000;

/** @returns The exit code: 0 when every number is accounted for. */
export async function demo(options: DemoOptions, io: CommandIo): Promise<number> {
  const clock = realClock;
  const { seed = randomSeed(), json = false } = options;
  const isLive = !json && io.stdout.isTTY === true;
  const plan = planDemo(seed, options.seconds ?? (isLive ? Infinity : DEFAULT_SECONDS));
  const gone = new AbortController();
  const signal = AbortSignal.any([io.signal, gone.signal]);

  const startedAtMs = clock.nowMs();
  const display = createDisplay(io, json, isLive, startedAtMs, () => gone.abort());
  const onEvent = (event: ExchangeEvent): void => display.hear(event);
  const market = { symbols: SYMBOLS };
  const exchange = await startExchange({ seed, market, faults: plan.faults, onEvent });
  const log = new DemoLog(STREAMS);
  const venue = binanceSpot({ endpoint: exchange.url });
  const feed = createSupervisor(venue, { ...HURRY, topics: STREAMS, seed });
  feed.on("*", (fact) => {
    log.note(fact);
    display.note(fact);
  });
  const stopInspecting = await startInspecting(feed, options, (line) => {
    io.stderr.write(`${line}\n`);
  });
  const consumed = consume(feed, log);
  const stopTicking = every(clock, FRAME_MS, () => {
    const nowMs = clock.nowMs();
    log.tick(nowMs);
    const { url } = exchange;
    const run = { url, seed, nowMs, startedAtMs, lengthMs: plan.endsAtMs };
    display.tick({ ...run, status: feed.status(), streams: log.streams, outages: log.outages });
  });
  feed.start();

  const problems: string[] = [];
  await pause(clock, startedAtMs + plan.endsAtMs - clock.nowMs(), signal);
  if (!signal.aborted) problems.push(...(await lastArrivals(clock, log, exchange.ledger, signal)));
  await feed.close();
  problems.push(...(await consumed));
  stopTicking();
  await exchange.stop();
  await stopInspecting();

  const nowMs = clock.nowMs();
  const elapsedMs = nowMs - startedAtMs;
  const { ledger } = exchange;
  const report = reportDemo({ log, ledger, seed, elapsedMs, nowMs, problems });
  display.end(json ? [JSON.stringify(report)] : reportToLines(report));
  return report.accounted ? 0 : 1;
}

function createDisplay(
  io: CommandIo,
  isJson: boolean,
  isLive: boolean,
  startedAtMs: number,
  onGone: () => void,
): DemoDisplay {
  const output = new Output(io.stdout, onGone);
  if (isJson) return silentDisplay(output);
  return isLive ? tableDisplay(output, io.stdout) : lineDisplay(output, startedAtMs);
}

/** Takes all that the feed gives; what went wrong with it, if anything, comes back. */
async function consume(
  feed: Supervisor<BinanceStreamMessage>,
  log: DemoLog,
): Promise<readonly string[]> {
  try {
    for await (const item of feed.messages({ highWaterMark: 65_536 })) log.take(item);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/**
 * Waits until whatever was emitted by now has arrived, or is told to be missing by what came after
 * it. The faults are over, so it will; what does not is said.
 */
async function lastArrivals(
  clock: Clock,
  log: DemoLog,
  ledger: ExchangeLedger,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const owed = new Map([...ledger.streams].map(([name, { runs }]) => [name, runs.at(-1)?.last]));
  const giveUpAtMs = clock.nowMs() + LAST_ARRIVAL_MS;
  for (;;) {
    const late = log.streams.filter(({ stream, delivered }) => {
      return (delivered.at(-1)?.last ?? -Infinity) < (owed.get(stream) ?? 0);
    });
    if (late.length === 0 || signal.aborted) return [];
    if (clock.nowMs() > giveUpAtMs) {
      return late.map(({ stream }) => `${stream}: emitted before the end, and never arrived`);
    }
    await pause(clock, LOOK_EVERY_MS, signal);
  }
}
