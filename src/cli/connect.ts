/**
 * `connect`: one supervised connection as a filter. Messages go to stdout, all else to stderr.
 *
 * A slow reader of stdout loses nothing silently: 65,536 items wait for it, then the socket is left
 * unread (TCP holds the server back) for as long as a server's pings allow, and only then do the
 * oldest give way, which is said on stderr with their numbers. `--record` reads the feed on its own, so that a
 * reader of stdout that has stopped keeps nothing from the file.
 */
import { ConnectionFailedError, createSupervisor, OptionError, type Supervisor } from "../index.ts";
import { factToJson, factToLine } from "../observe/facts-to-text.ts";
import { realClock } from "../system.ts";
import { redactUrls } from "../redact.ts";
import { urlTarget, venueTarget, type ConnectOptions } from "./connect-options.ts";
import { Credentials } from "./credentials.ts";
import { startInspecting } from "./inspecting.ts";
import { itemToJson, type RecordedSource } from "./item-to-json.ts";
import { Output, type CommandIo } from "./output.ts";
import { toLine } from "./printing.ts";
import { RecordFile } from "./record-file.ts";

/** How many items wait for a slow reader before the socket is left unread. */
const HIGH_WATER_MARK = 65_536;

/**
 * Runs until the user stops it, the reader of stdout goes away, the connection fails or the disk does.
 *
 * @param names - One URL, or the topics of a venue.
 * @returns The exit code: 0 when it was closed, 1 when it or its recording failed, 2 for what cannot work, which
 *   is said before any dial.
 */
export async function connect(
  names: readonly string[],
  options: ConnectOptions,
  io: CommandIo,
): Promise<number> {
  const credentials = new Credentials(io.env);
  try {
    if (options.venue === undefined) {
      const target = urlTarget(names, options, credentials, io.signal);
      const feed = createSupervisor<Buffer>(target.url, target.options);
      return await run(feed, { venue: null, url: target.url }, options, io, credentials);
    }
    const target = venueTarget(options.venue, names, options, credentials, io.signal);
    const feed = createSupervisor(target.venue, target.options);
    const { id, url } = target.venue;
    const source = { venue: id, url: typeof url === "string" ? url : null };
    return await run(feed, source, options, io, credentials);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    io.stderr.write(`error: ${toLine(credentials.secrets.redact(error.message))}\n`);
    return 2;
  }
}

async function run<M>(
  feed: Supervisor<M>,
  source: RecordedSource,
  options: ConnectOptions,
  io: CommandIo,
  { secrets }: Credentials,
): Promise<number> {
  const messages = new Output(io.stdout, () => void feed.close());
  const report = new Output(io.stderr);
  const complain = (text: string): void => report.tell(`error: ${secrets.redact(text)}`);
  const stopInspecting = await startInspecting(feed, options, (line) => report.tell(line));
  const url = source.url === null ? null : secrets.redact(redactUrls(source.url));
  let file: RecordFile | undefined;
  try {
    file = await openRecord({ ...source, url }, options, () => void feed.close());
  } catch (error) {
    await stopInspecting();
    throw error;
  }
  const stopTelling =
    options.quiet === true ? undefined : tellFacts(feed, report, options, secrets);
  const printed = print(feed, messages, options.items === true);
  // The file is closed as soon as the feed is over, whatever the reader of stdout does.
  const recorded = file === undefined ? undefined : record(feed, file);
  feed.start();
  const [failure] = await Promise.all([printed, recorded]);
  if (failure === undefined) await feed.close();
  await stopInspecting();
  if (failure !== undefined) {
    if (options.quiet === true) complain(failure.message);
    stopTelling?.();
    feed.terminate();
  }
  if (messages.failure !== undefined) complain(`stdout: ${messages.failure.message}`);
  if (file?.failure !== undefined)
    complain(`--record: ${file.failure.message}; nothing after it is recorded`);
  const isWell = (failure ?? messages.failure ?? file?.failure) === undefined;
  return isWell ? 0 : 1;
}

function tellFacts<M>(
  feed: Supervisor<M>,
  report: Output,
  { jsonFacts }: ConnectOptions,
  secrets: Credentials["secrets"],
): () => void {
  return feed.on("*", (fact) => {
    if (jsonFacts === true) report.tellJson(secrets.redact(factToJson(fact)));
    else report.tell(secrets.redact(factToLine(fact)));
  });
}

/** Until the feed or its reader is gone. Gives why the connection failed, where it did. */
function print<M>(
  feed: Supervisor<M>,
  output: Output,
  isItems: boolean,
): Promise<ConnectionFailedError | undefined> {
  const items = feed.messages({ highWaterMark: HIGH_WATER_MARK, overflow: "pause" });
  return untilFailed(async () => {
    for await (const item of items) {
      if (isItems) await output.json(itemToJson(item));
      else if (item.kind === "message") await output.message(item.raw);
      if (output.isGone) break;
    }
  });
}

/** Until the feed is over or the disk fails; then the file is closed. */
async function record<M>(feed: Supervisor<M>, file: RecordFile): Promise<void> {
  const items = feed.messages({ highWaterMark: HIGH_WATER_MARK, overflow: "pause" });
  try {
    await untilFailed(async () => {
      for await (const item of items) {
        await file.write(itemToJson(item));
        if (file.failure !== undefined) break;
      }
    });
  } finally {
    await file.close();
  }
}

async function untilFailed(
  consume: () => Promise<void>,
): Promise<ConnectionFailedError | undefined> {
  try {
    await consume();
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionFailedError) return error;
    throw error;
  }
}

async function openRecord(
  source: RecordedSource,
  options: ConnectOptions,
  onFailed: () => void,
): Promise<RecordFile | undefined> {
  const { record: path, recordRotateSize: rotateBytes, recordRotateEvery: rotateMs } = options;
  if (path === undefined) {
    const [option] = [rotateBytes, rotateMs].flatMap((value, index) =>
      value === undefined ? [] : [["--record-rotate-size", "--record-rotate-every"][index] ?? ""],
    );
    if (option === undefined) return undefined;
    throw new OptionError(option, "--record beside it", rotateBytes ?? rotateMs);
  }
  if (path.endsWith(".gz"))
    throw new OptionError("--record", "a name without .gz: it is not packed", path);
  return RecordFile.open({ path, rotateBytes, rotateMs, source, clock: realClock, onFailed });
}
