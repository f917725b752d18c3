/**
 * Which venue a recording is of. Pure.
 *
 * Where the recording names its venue or its host, that decides, and nothing is guessed: a host at which no
 * venue is known is said. Otherwise the first frames decide: a venue is named only where most of them are its
 * data. The same words are not enough: Binance's spot and futures markets name and wrap everything alike, and
 * only the numbers tell them apart.
 */
import { checkPoint, type SequencePoint } from "../sequence/point.ts";
import { SequenceTracker } from "../sequence/tracker.ts";
import { isPrivateAddress } from "../transport/private-address.ts";
import type { VenueProfile } from "../venues/venue.ts";
import { FrameSorter, readFrame } from "./read-frame.ts";
import { showsGaps } from "./stream-counts.ts";
import { venuesAtHost } from "./venue-hosts.ts";

/** The beginning of a recording. */
export interface RecordingSample {
  /** The venue's name, where the recording says it. */
  readonly venue?: string | undefined;
  /** What was dialled, where the recording says it. */
  readonly url?: string | undefined;
  readonly frames: readonly SampleFrame[];
}

export interface SampleFrame {
  readonly raw: Buffer;
  /** Where the recording says it. */
  readonly topic?: string | undefined;
}

type Profile = VenueProfile<unknown>;

/** By what a venue was named. */
export type NamedBy = "recording" | "host" | "frames";

/** A venue, or why none is named. `looksLike` is the venue of most frames all the same. */
export type Detected =
  | { readonly venue: Profile; readonly by: NamedBy }
  | { readonly unknownVenue: string; readonly looksLike: Profile | undefined }
  | { readonly unknownHost: string; readonly looksLike: Profile | undefined }
  | { readonly unknownFrames: true };

export function detectVenue(sample: RecordingSample, venues: readonly Profile[]): Detected {
  const { venue: named, url, frames } = sample;
  if (named !== undefined) {
    const venue = venues.find(({ id }) => id === named);
    if (venue !== undefined) return { venue, by: "recording" };
    return { unknownVenue: named, looksLike: bestOf(frames, venues) };
  }
  const host = hostOf(url);
  // An exchange on this machine or in this network may be anyone's: a simulated one, or a relay.
  if (host === undefined || isLocal(host)) {
    const venue = bestOf(frames, venues);
    return venue === undefined ? { unknownFrames: true } : { venue, by: "frames" };
  }
  const local = venuesAtHost(host, venues);
  const venue = bestOf(frames, local) ?? local[0];
  if (venue !== undefined) return { venue, by: "host" };
  return { unknownHost: host, looksLike: bestOf(frames, venues) };
}

/** The venue that fits best among those whose data most of the frames are. */
function bestOf(frames: readonly SampleFrame[], venues: readonly Profile[]): Profile | undefined {
  let winner: Profile | undefined;
  let most: Fit | undefined;
  for (const venue of venues) {
    const fit = fitOf(frames, venue);
    if (!isMostlyData(fit.data, fit.control, frames.length)) continue;
    const isBetter =
      most === undefined ||
      fit.score > most.score ||
      (fit.score === most.score && fit.data > most.data);
    if (isBetter) [winner, most] = [venue, fit];
  }
  return winner;
}

/** Whether most frames are a venue's data; what else it is known to send counts neither for nor against. */
export function isMostlyData(data: number, control: number, frames: number): boolean {
  return data > 0 && data * 2 > frames - control;
}

interface Fit {
  /** Frames that are the venue's, and numbers that follow the one before, less those that do not. */
  readonly score: number;
  readonly data: number;
  readonly control: number;
}

function fitOf(frames: readonly SampleFrame[], venue: Profile): Fit {
  const talk = venue.open();
  const sorter = new FrameSorter(venue);
  const tracker = new SequenceTracker();
  const counts = { data: 0, control: 0, foreign: 0 };
  let evidence = 0;
  for (const { raw, topic } of frames) {
    try {
      const read = readFrame(talk, raw, topic);
      counts[sorter.kindOf(read)] += 1;
      if (read.point !== undefined) evidence += evidenceOf(tracker, read.point);
    } catch {
      // Not this venue's, or a frame that no venue could read.
    }
  }
  const { data, control } = counts;
  return { score: data + control + evidence, data, control };
}

function evidenceOf(tracker: SequenceTracker, point: SequencePoint): number {
  checkPoint(point);
  const { kind } = tracker.accept(point);
  if (kind === "gap" || kind === "reset") return -1;
  return kind === "next" && showsGaps(point) ? 1 : 0;
}

function isLocal(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  return /(^|\.)localhost$/.test(bare) || isPrivateAddress(bare);
}

/** The host of a URL; undefined where it is none. */
export function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}
