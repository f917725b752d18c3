/** A supervisor at a venue that the test plays, frame by frame. */
import type { SupervisorOptions } from "../../../src/index.ts";
import type { VenueProfile, VenueWord } from "../../../src/venues/index.ts";
import { startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { samplesOfVenue, type Sample } from "./samples.ts";

/** Dialled, and open, with its topics asked for. */
export function startOpen<M>(
  target: VenueProfile<M>,
  topics: readonly string[] = [],
  options: SupervisorOptions<M> = {},
): SupervisorWorld<M> {
  const world = startSupervisor<M>({ target, topics, ...options });
  world.socket.opens();
  return world;
}

/** Frames of the venue: text as it is, all else as JSON. */
export function hears<M>(world: SupervisorWorld<M>, ...frames: readonly unknown[]): void {
  for (const frame of frames) {
    world.socket.receives(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
}

export function statesOf<M>(world: SupervisorWorld<M>): Record<string, string> {
  return Object.fromEntries(world.feed.topics().map(({ topic, state }) => [topic, state]));
}

/** What a profile reads in a sample of its venue. */
export interface ReadSample {
  readonly channel: string;
  readonly kind: string;
  readonly word: VenueWord | undefined;
  readonly topic: string | undefined;
  readonly last: unknown;
  readonly isSnapshot: boolean;
}

/**
 * Every sample that the venue sends (the others are `isOurs`), read by one conversation; undefined where
 * the file is not here.
 */
export function readSamples<M>(
  profile: VenueProfile<M>,
  samplesOf: string,
  isOurs: (sample: Sample) => boolean,
): readonly ReadSample[] | undefined {
  const talk = profile.open();
  return samplesOfVenue(samplesOf)
    ?.filter((sample) => !isOurs(sample))
    .map(({ channel, kind, message }) => {
      const raw = Buffer.from(JSON.stringify(message));
      const read = talk.decode(raw, false);
      const word = talk.control?.(read);
      const isJudged = word === undefined || talk.numbersControl === true;
      const point = isJudged ? talk.sequence?.(read, raw) : undefined;
      return {
        channel,
        kind,
        word,
        topic: talk.topicOf?.(read),
        last: point?.last,
        isSnapshot:
          word === undefined && (point?.restarts === true || talk.isSnapshot?.(read) === true),
      };
    });
}
