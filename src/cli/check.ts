/**
 * `check`: what a recording of market data misses, by the rules of its venue.
 *
 * Gaps are findings, not failures: the exit code says only whether the file could be judged.
 */
import { OptionError } from "../index.ts";
import { readRecordedEvents } from "../testing/exchange/recording.ts";
import type { VenueProfile } from "../venues/venue.ts";
import { accountToJson, accountToLines } from "./check-to-text.ts";
import { detectVenue, type RecordingSample } from "./detect-venue.ts";
import { Output, type CommandIo } from "./output.ts";
import { RecordingCheck, type RecordingAccount } from "./recording-check.ts";

/** The options of `check`, by their names on the command line. */
export interface CheckOptions {
  readonly venue?: string;
  readonly json?: boolean;
}

/** How many frames the venue is detected by. */
const SAMPLE = 1_000;

/**
 * @param venues - The profiles that are known.
 * @returns The exit code: 0 when the file was judged.
 * @throws {@link OptionError} for a file that can't be read, or is of no venue that is known.
 */
export async function check(
  file: string,
  options: CheckOptions,
  io: CommandIo,
  venues: readonly VenueProfile<unknown>[],
): Promise<number> {
  const venue = await venueOf(file, options.venue, venues);
  const account = await checkRecording(file, venue);
  const output = new Output(io.stdout);
  const isDetected = options.venue === undefined;
  const lines =
    options.json === true ? [accountToJson(account)] : accountToLines(account, isDetected);
  for (const line of lines) await output.line(line);
  if (output.failure === undefined) return 0;
  io.stderr.write(`error: stdout: ${output.failure.message}\n`);
  return 1;
}

/** The account of the recording at `file`. @throws {@link OptionError} where it can't be read. */
export async function checkRecording(
  file: string,
  venue: VenueProfile<unknown>,
): Promise<RecordingAccount> {
  const recording = new RecordingCheck(venue);
  for await (const event of eventsOf(file)) {
    if (event.kind === "opened") recording.opened();
    if (event.kind === "received") recording.received(event.raw, `line ${event.line}`, event.atMs);
  }
  return recording.account();
}

async function venueOf(
  file: string,
  named: string | undefined,
  venues: readonly VenueProfile<unknown>[],
): Promise<VenueProfile<unknown>> {
  const ids = venues.map(({ id }) => id).join(", ");
  if (named !== undefined) {
    const venue = venues.find(({ id }) => id === named);
    if (venue !== undefined) return venue;
    throw new OptionError("--venue", `one of ${ids}`, named);
  }
  const venue = detectVenue(await sampleOf(file), venues);
  if (venue !== undefined) return venue;
  throw new OptionError("FILE", `a recording of ${ids} (or --venue to name its venue)`, file);
}

async function sampleOf(file: string): Promise<RecordingSample> {
  const frames: Buffer[] = [];
  let url: string | undefined;
  for await (const event of eventsOf(file)) {
    if (event.kind === "opened") url ??= event.url;
    if (event.kind === "received" && frames.push(event.raw) === SAMPLE) break;
  }
  return { url, frames };
}

async function* eventsOf(file: string): ReturnType<typeof readRecordedEvents> {
  try {
    yield* readRecordedEvents(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OptionError("FILE", `a recording (${why})`, file);
  }
}
