/**
 * `check`: what a recording of market data misses, by the rules of its venue.
 *
 * Gaps are findings, not failures: the exit code says only whether the recording was judged, and to its end.
 */
import { OptionError } from "../index.ts";
import { messageOf } from "../shape.ts";
import { readRecordedEvents, type RecordedEvent } from "../testing/exchange/recording.ts";
import type { VenueProfile } from "../venues/venue.ts";
import { accountToJson, accountToLines, type NamedVenueBy } from "./check-to-text.ts";
import { verdictOf, type ReadingEnd } from "./check-verdict.ts";
import { detectVenue, hostOf, type RecordingSample, type SampleFrame } from "./detect-venue.ts";
import { Output, type CommandIo } from "./output.ts";
import { toLine, toName } from "./printing.ts";
import { RecordingCheck, type RecordingAccount } from "./recording-check.ts";
import { RecordingParts } from "./recording-parts.ts";
import { venuesAtHost } from "./venue-hosts.ts";

/** The options of `check`, by their names on the command line. */
export interface CheckOptions {
  readonly venue?: string;
  readonly json?: boolean;
}

type Profile = VenueProfile<unknown>;
type Events = AsyncGenerator<RecordedEvent, void>;

/** How much of a recording its venue is detected by: so many frames, events and bytes at most. */
const SAMPLE = { frames: 1_000, events: 10_000, bytes: 64 * 1024 * 1024 };

/**
 * @param file - A regular file, a named pipe, or `-` for standard input.
 * @param venues - The profiles that are known.
 * @returns The exit code: 0 when all of it was judged, 2 when it was not, 3 when a part was: it was cut off, or
 *   the user stopped it.
 * @throws {@link OptionError} for a file that can't be read, or is of no venue that is known.
 */
export async function check(
  file: string,
  options: CheckOptions,
  io: CommandIo,
  venues: readonly Profile[],
): Promise<number> {
  const events = eventsOf(file, io);
  let judged: Judged;
  try {
    const { venue, by, opening } = await named(file, options.venue, events, venues);
    const hosts =
      by === "user" ? undefined : (host: string) => venuesAtHost(host, venues).includes(venue);
    judged = { by, ...(await judge(file, venue, startingWith(opening, events), hosts)) };
  } finally {
    await events.return();
  }
  const { by, account, end } = judged;
  const verdict = verdictOf(account, end);
  const output = new Output(io.stdout);
  if (options.json === true) await output.json(accountToJson(account, verdict));
  else for (const line of accountToLines(account, verdict, by)) await output.line(line);
  if (verdict.why !== undefined) io.stderr.write(`error: ${toLine(`${file}: ${verdict.why}`)}\n`);
  if (output.failure === undefined) return verdict.exitCode;
  io.stderr.write(`error: ${toLine(`stdout: ${output.failure.message}`)}\n`);
  return 1;
}

/** The account of the recording at `file`. @throws {@link OptionError} where it can't be read. */
export async function checkRecording(file: string, venue: Profile): Promise<RecordingAccount> {
  const events = eventsOf(file, {});
  try {
    return (await judge(file, venue, events, undefined)).account;
  } finally {
    await events.return();
  }
}

interface Judged {
  readonly by: NamedVenueBy;
  readonly account: RecordingAccount;
  readonly end: ReadingEnd | undefined;
}

/** @param isHostOf - Whether the venue lives at a host; undefined where the user has named it. */
async function judge(
  file: string,
  venue: Profile,
  events: AsyncIterable<RecordedEvent>,
  isHostOf: ((host: string) => boolean) | undefined,
): Promise<Omit<Judged, "by">> {
  const recording = new RecordingCheck(venue);
  const parts = new RecordingParts();
  let firstHost: string | undefined;
  let end: ReadingEnd | undefined;
  let last = 0;
  for await (const event of events) {
    if ("line" in event) last = event.line;
    switch (event.kind) {
      case "opened": {
        const host = hostOf(event.url) ?? "";
        firstHost ??= host;
        // Nothing tells the frames of one socket from those of another.
        if (host !== firstHost && isHostOf?.(host) === false) {
          throw new OptionError(
            "FILE",
            `a recording of one venue (${venue.id}, then ${host})`,
            file,
          );
        }
        recording.opened();
        break;
      }
      case "received": {
        const { raw, line, atMs, known, isUnended } = event;
        if (isUnended && !isJson(raw)) {
          end = { kind: "cut", line, why: "the file ends within this line" };
        } else {
          recording.received(raw, `line ${line}`, atMs, known);
        }
        break;
      }
      case "item":
        if (event.item.kind === "other") recording.item(event.item, `line ${event.line}`);
        else parts.take(event.item, event.line);
        break;
      case "aside":
        break;
      case "cut":
        end = event;
        break;
      case "stopped":
        end = { ...event, why: "stopped by a signal" };
        break;
    }
  }
  return { account: recording.account(), end: end ?? parts.endAt(last) };
}

function isJson(raw: Buffer): boolean {
  try {
    JSON.parse(raw.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

interface Named {
  readonly venue: Profile;
  readonly by: NamedVenueBy;
  /** What was read to find it out. */
  readonly opening: readonly RecordedEvent[];
}

async function named(
  file: string,
  given: string | undefined,
  events: Events,
  venues: readonly Profile[],
): Promise<Named> {
  const ids = venues.map(({ id }) => id).join(", ");
  if (given !== undefined) {
    const venue = venues.find(({ id }) => id === given);
    if (venue === undefined) throw new OptionError("--venue", `one of ${ids}`, given);
    return { venue, by: "user", opening: [] };
  }
  const opening = await openingOf(events);
  const sample = sampleOf(opening);
  const stopped = opening.at(-1)?.kind === "stopped";
  if (stopped && sample.frames.length === 0) {
    throw new OptionError("FILE", "a frame before the signal that stopped the reading", file);
  }
  const detected = detectVenue(sample, venues);
  if ("venue" in detected) return { ...detected, opening };
  throw new OptionError("FILE", expectedInstead(detected, ids), file);
}

function expectedInstead(
  detected: Exclude<ReturnType<typeof detectVenue>, { readonly venue: Profile }>,
  ids: string,
): string {
  if ("unknownFrames" in detected) {
    return `a recording whose first frames are mostly the data of one of ${ids} (or --venue to name its venue)`;
  }
  const { looksLike } = detected;
  const what =
    "unknownHost" in detected
      ? `${toName(detected.unknownHost)} is the host of none`
      : `"${toName(detected.unknownVenue)}" is none`;
  const guess =
    looksLike === undefined
      ? ""
      : `; its frames look like ${looksLike.id}'s: --venue ${looksLike.id}`;
  return `a recording of ${ids} (${what}${guess})`;
}

/** The beginning of a recording: enough to find out its venue. */
async function openingOf(events: Events): Promise<readonly RecordedEvent[]> {
  const opening: RecordedEvent[] = [];
  let [frames, bytes] = [0, 0];
  while (frames < SAMPLE.frames && bytes < SAMPLE.bytes && opening.length < SAMPLE.events) {
    const { value, done } = await events.next();
    if (done === true) break;
    opening.push(value);
    if (value.kind !== "received") continue;
    frames += 1;
    bytes += value.raw.length;
  }
  return opening;
}

function sampleOf(opening: readonly RecordedEvent[]): RecordingSample {
  const frames: SampleFrame[] = [];
  let [venue, url]: (string | undefined)[] = [];
  for (const event of opening) {
    if (event.kind === "opened") url ??= event.url;
    if (event.kind === "received") frames.push({ raw: event.raw, topic: event.known?.topic });
    if (event.kind === "item" && event.item.kind === "recording") {
      venue ??= event.item.venue;
      url ??= event.item.url;
    }
  }
  return { venue, url, frames };
}

async function* startingWith(opening: readonly RecordedEvent[], rest: Events): Events {
  yield* opening;
  yield* rest;
}

async function* eventsOf(file: string, io: Partial<CommandIo>): Events {
  try {
    // Standard input is only touched where it is read.
    const stdin = file === "-" ? io.stdin : undefined;
    yield* readRecordedEvents(file, { stdin, signal: io.signal });
  } catch (error) {
    const why = messageOf(error);
    throw new OptionError("FILE", `a recording (${why})`, file);
  }
}
