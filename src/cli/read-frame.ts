/** One recorded frame in the words of a venue, and whether it is the venue's at all. Pure. */
import type { SequencePoint } from "../sequence/point.ts";
import type { Conversation, VenueProfile, VenueWord } from "../venues/venue.ts";

/** A frame in the venue's words, as the data path reads it. */
export interface ReadFrame {
  readonly message: unknown;
  /** What it says besides data. */
  readonly word: VenueWord | undefined;
  readonly topic: string | undefined;
  readonly point: SequencePoint | undefined;
}

/**
 * @param knownTopic - Its topic, where the recording says it and the frame does not.
 * @throws what the venue's words throw.
 */
export function readFrame(
  talk: Conversation<unknown>,
  raw: Buffer,
  knownTopic?: string,
): ReadFrame {
  const message = talk.decode(raw, false);
  const word = talk.control?.(message) ?? undefined;
  const isNumbered = word === undefined || talk.numbersControl === true;
  const point = isNumbered ? (talk.sequence?.(message, raw) ?? undefined) : undefined;
  const topic = word === undefined ? (talk.topicOf?.(message) ?? knownTopic) : undefined;
  return { message, word, topic, point };
}

/**
 * `data`: of a topic that one may subscribe at the venue · `control`: an answer, a sign of life or a notice that
 * the venue is known to send · `foreign`: it can be read, and nothing in it shows that it is the venue's.
 */
export type FrameKind = "data" | "control" | "foreign";

/** How many topics are remembered, so that not every frame is held against the grammar. */
const MOST_TOPICS = 10_000;

/** Tells a venue's frames from others that its words can read as well. */
export class FrameSorter {
  readonly #venue: VenueProfile<unknown>;
  readonly #topics = new Map<string, boolean>();
  /** A venue that names no topic of its frames: there a number has to do. */
  readonly #namesTopics: boolean;

  constructor(venue: VenueProfile<unknown>) {
    this.#venue = venue;
    this.#namesTopics = venue.open().topicOf !== undefined;
  }

  kindOf({ word, topic, point }: ReadFrame): FrameKind {
    if (word !== undefined) return isKnownWord(word) ? "control" : "foreign";
    if (!this.#namesTopics) return point === undefined ? "foreign" : "data";
    return topic !== undefined && this.#isTopic(topic) ? "data" : "foreign";
  }

  #isTopic(topic: string): boolean {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const isTopic = !("expected" in this.#venue.topics.parse(topic));
    if (this.#topics.size >= MOST_TOPICS) this.#topics.clear();
    this.#topics.set(topic, isTopic);
    return isTopic;
  }
}

/** Venues take whatever they do not know for an answer that matches nothing, or for a notice to people. */
function isKnownWord(word: VenueWord): boolean {
  switch (word.kind) {
    case "answer":
      return !("unmatched" in word.answer);
    case "notice":
      return word.notice.action !== "status";
    case "answers":
    case "alive":
    case "challenge":
      return true;
  }
}
