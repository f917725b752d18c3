/**
 * Which venue a recording is of, judged by its first frames: the one whose words read most of them, and
 * whose numbers fit best. Pure.
 *
 * The same words are not enough: Binance's spot and futures markets name and wrap everything alike, and
 * only the numbers tell them apart. Where the recording names the host and a venue lives there, no other
 * is asked.
 */
import { checkPoint, type SequencePoint } from "../sequence/point.ts";
import { SequenceTracker } from "../sequence/tracker.ts";
import type { VenueProfile } from "../venues/venue.ts";
import { readFrame } from "./recording-check.ts";

/** The beginning of a recording. */
export interface RecordingSample {
  /** What was dialled, where the recording says it. */
  readonly url: string | undefined;
  readonly frames: readonly Buffer[];
}

/** The venue that fits best, or undefined where none reads a single frame. */
export function detectVenue(
  sample: RecordingSample,
  venues: readonly VenueProfile<unknown>[],
): VenueProfile<unknown> | undefined {
  const host = hostOf(sample.url);
  const local = host === undefined ? [] : venues.filter(({ url }) => hostOf(url) === host);
  return best(sample.frames, local) ?? best(sample.frames, venues);
}

function best(
  frames: readonly Buffer[],
  venues: readonly VenueProfile<unknown>[],
): VenueProfile<unknown> | undefined {
  let winner: VenueProfile<unknown> | undefined;
  let most: Fit = { score: 0, topics: 0 };
  for (const venue of venues) {
    const fit = fitOf(frames, venue);
    const isBetter =
      fit.score > most.score || (fit.score === most.score && fit.topics > most.topics);
    if (fit.score > 0 && isBetter) [winner, most] = [venue, fit];
  }
  return winner;
}

interface Fit {
  /** Frames read, and numbers that follow the one before, less those that do not. */
  readonly score: number;
  /** Frames whose topic one may subscribe at the venue: it decides where all else is equal. */
  readonly topics: number;
}

function fitOf(frames: readonly Buffer[], venue: VenueProfile<unknown>): Fit {
  const talk = venue.open();
  const tracker = new SequenceTracker();
  let score = 0;
  let topics = 0;
  for (const raw of frames) {
    try {
      const { isControl, topic, point } = readFrame(talk, raw);
      if (isControl || topic !== undefined || point !== undefined) score += 1;
      if (topic !== undefined && !("expected" in venue.topics.parse(topic))) topics += 1;
      if (point !== undefined) score += evidence(tracker, point);
    } catch {
      // Not this venue's, or a frame that no venue could read.
    }
  }
  return { score, topics };
}

function evidence(tracker: SequenceTracker, point: SequencePoint): number {
  checkPoint(point);
  const { kind } = tracker.accept(point);
  if (kind === "gap" || kind === "reset") return -1;
  // Where numbers only grow, or are none, that the next one follows proves nothing.
  const rule = point.rule?.kind;
  const isStrict = rule !== "monotonic" && rule !== "checksum" && rule !== "none";
  return kind === "next" && isStrict ? 1 : 0;
}

function hostOf(url: unknown): string | undefined {
  return typeof url === "string" && URL.canParse(url) ? new URL(url).hostname : undefined;
}
