/**
 * `connect`: one supervised connection as a filter. Messages go to stdout, all else to stderr.
 *
 * A slow reader of stdout loses nothing silently: 65,536 messages wait for it, then the socket is left
 * unread (TCP holds the server back) for as long as a server's pings allow, and only then do the
 * oldest give way, which is said on stderr with their numbers.
 */
import {
  ConnectionFailedError,
  createSupervisor,
  OptionError,
  type HeartbeatOptions,
  type Supervisor,
  type SupervisorOptions,
} from "../index.ts";
import { toHeaders } from "./arguments.ts";
import { factToJson, factToLine } from "../observe/facts-to-text.ts";
import { startInspecting, type InspectingOptions } from "./inspecting.ts";
import { Output, type CommandIo } from "./output.ts";
import { venueFor } from "./venue-catalog.ts";

/** The options of `connect`, by their names on the command line. */
export interface ConnectOptions extends InspectingOptions {
  readonly venue?: string;
  readonly endpoint?: string;
  readonly subscribe?: readonly string[];
  readonly header?: readonly string[];
  readonly protocol?: readonly string[];
  readonly maxRetries?: number;
  readonly heartbeatInterval?: number;
  readonly heartbeatTimeout?: number;
  /** False with `--no-heartbeat`. */
  readonly heartbeat: boolean;
  readonly backoff?: "default" | "lone-client";
  readonly connectTimeout?: number;
  readonly seed?: number;
  readonly jsonFacts?: boolean;
  readonly quiet?: boolean;
}

/** How many messages wait for a slow reader before the socket is left unread. */
const HIGH_WATER_MARK = 65_536;

/**
 * Runs until the user stops it, the reader of stdout goes away, or the connection fails.
 *
 * @param names - One URL, or the topics of a venue.
 * @returns The exit code: 0 when it was closed, 1 when it failed.
 * @throws {@link OptionError} for what cannot work, before any I/O.
 */
export async function connect(
  names: readonly string[],
  options: ConnectOptions,
  io: CommandIo,
): Promise<number> {
  const shared = supervisorOptions(options, io);
  if (options.venue === undefined) {
    const [url] = names;
    if (url === undefined || names.length > 1) {
      throw new OptionError("url", "one URL (topics go with --venue)", names.join(" "));
    }
    if (options.endpoint !== undefined) {
      throw new OptionError("--endpoint", "--venue beside it", options.endpoint);
    }
    // A topic is the frame itself, and a message its bytes.
    const raw = { decode: asItCame, topics: options.subscribe };
    return run(createSupervisor<Buffer>(url, { ...shared, ...raw }), options, io);
  }
  const venue = venueFor(options.venue, names, options.endpoint);
  return run(createSupervisor(venue, { ...shared, topics: names }), options, io);
}

function asItCame(data: Buffer): Buffer {
  return data;
}

function supervisorOptions(options: ConnectOptions, io: CommandIo) {
  return {
    headers: options.header === undefined ? undefined : toHeaders(options.header),
    protocols: options.protocol,
    maxRetries: options.maxRetries,
    heartbeat: heartbeatOf(options),
    backoff: options.backoff,
    connectTimeoutMs: options.connectTimeout,
    seed: options.seed,
    signal: io.signal,
  } satisfies SupervisorOptions<never>;
}

function heartbeatOf(options: ConnectOptions): HeartbeatOptions | null {
  if (!options.heartbeat) return null;
  const { heartbeatInterval: intervalMs, heartbeatTimeout: timeoutMs } = options;
  return {
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

async function run<M>(
  feed: Supervisor<M>,
  options: ConnectOptions,
  io: CommandIo,
): Promise<number> {
  const messages = new Output(io.stdout, () => void feed.close());
  const report = new Output(io.stderr);
  const toLine = options.jsonFacts === true ? factToJson : factToLine;
  const stopTelling =
    options.quiet === true ? undefined : feed.on("*", (fact) => void report.line(toLine(fact)));

  const stopInspecting = await startInspecting(feed, options, (line) => void report.line(line));
  const items = feed.messages({ highWaterMark: HIGH_WATER_MARK, overflow: "pause" });
  feed.start();
  try {
    for await (const item of items) {
      if (item.kind === "message") await messages.message(item.raw);
      if (messages.isGone) break;
    }
  } catch (error) {
    if (!(error instanceof ConnectionFailedError)) throw error;
    await stopInspecting();
    if (options.quiet === true) void report.line(`error: ${error.message}`);
    stopTelling?.();
    feed.terminate();
    return 1;
  }
  await feed.close();
  await stopInspecting();
  if (messages.failure === undefined) return 0;
  void report.line(`error: stdout: ${messages.failure.message}`);
  return 1;
}
