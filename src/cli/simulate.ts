/**
 * `simulate`: the exchange that misbehaves, on a port of this machine.
 *
 * The first line on stdout is its URL, alone, so that a script can read it; then a line for whatever
 * happens there.
 */
import { OptionError } from "../index.ts";
import { randomSeed } from "../system.ts";
import {
  createFaultPlan,
  loadRecording,
  parseFaultPlan,
  simulatedVenues,
  startExchange,
  type FaultPlan,
  type RecordedFrame,
  type RunningExchange,
  type VenueId,
} from "../testing/index.ts";
import { dialectOf, isVenueId } from "../testing/exchange/dialects/catalog.ts";
import { exchangeEventToLine } from "./exchange-to-text.ts";
import { Output, type CommandIo } from "./output.ts";
import { toLine } from "./printing.ts";
import { untilAborted } from "./waiting.ts";

/** The options of `simulate`, by their names on the command line. */
export interface SimulateOptions {
  readonly port?: number;
  readonly venue?: string;
  readonly seed?: number;
  readonly symbols?: readonly string[];
  readonly replay?: string;
  readonly speed?: number;
  readonly loop?: boolean;
  readonly faults?: string;
}

/** The default plan: each kind of trouble once in three minutes or so, for a day. */
const DEFAULT_PLAN = { durationMs: 24 * 3_600_000, everyMs: 12_000, quietTailMs: 0 };

/**
 * Runs until the user stops it, or the reader of stdout goes away.
 *
 * @throws {@link OptionError} for what cannot work: a plan, a file, a port that is taken.
 */
export async function simulate(options: SimulateOptions, io: CommandIo): Promise<number> {
  const { port, replay, speed, loop, seed = randomSeed(), venue = "binance-spot" } = options;
  if (!isVenueId(venue)) {
    throw new OptionError("--venue", `one of ${simulatedVenues.join(", ")}`, venue);
  }
  if (replay === undefined) {
    for (const [option, value] of Object.entries({ speed, loop })) {
      if (value !== undefined) throw new OptionError(`--${option}`, "--replay beside it", value);
    }
  }
  const faults = planFaults(options.faults ?? (replay === undefined ? "default" : "none"), seed);
  const recording = replay === undefined ? undefined : await load(replay);
  const market = replay === undefined ? { symbols: options.symbols } : undefined;

  const gone = new AbortController();
  const output = new Output(io.stdout, () => gone.abort());
  const told: string[] = [];
  let tell = (line: string): void => void told.push(line);
  const exchange = await listen(port, () =>
    startExchange({
      port,
      venue,
      seed,
      market,
      recording,
      speed,
      loop,
      faults,
      onEvent: (event) => tell(exchangeEventToLine(event)),
    }),
  );
  tell = (line) => output.tell(line);
  tell(exchange.url);
  tell(describe(options, venue, seed, recording, faults));
  for (const line of told) tell(line);

  await untilAborted(AbortSignal.any([io.signal, gone.signal]));
  await exchange.stop();
  if (output.failure === undefined) return 0;
  io.stderr.write(`error: ${toLine(`stdout: ${output.failure.message}`)}\n`);
  return 1;
}

function planFaults(text: string, seed: number): FaultPlan {
  if (text.trim() === "default") return createFaultPlan(seed, DEFAULT_PLAN);
  return parseFaultPlan(text);
}

async function load(path: string): Promise<readonly RecordedFrame[]> {
  try {
    return await loadRecording(path);
  } catch (error) {
    throw new OptionError("--replay", `a recording (${messageOf(error)})`, path);
  }
}

async function listen(
  port: number | undefined,
  start: () => Promise<RunningExchange>,
): Promise<RunningExchange> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof OptionError) throw error;
    throw new OptionError("--port", `a free port (${messageOf(error)})`, port);
  }
}

function describe(
  options: SimulateOptions,
  venue: VenueId,
  seed: number,
  recording: readonly RecordedFrame[] | undefined,
  faults: FaultPlan,
): string {
  const troubles = faults.length === 0 ? "no faults" : `${faults.length} faults planned`;
  if (recording === undefined) {
    const { paths, symbols } = dialectOf(venue);
    const named = (options.symbols ?? symbols).join(", ");
    return `${venue} on ${paths.join(", ")}: a market of ${named}; seed ${seed}; ${troubles}`;
  }
  const pace = `at ${options.speed ?? 1} times its pace${options.loop === true ? ", again and again" : ""}`;
  return `${recording.length} recorded frames ${pace}, from the first subscriber on; ${troubles}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
