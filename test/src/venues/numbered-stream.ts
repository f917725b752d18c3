/** What the table of numbered streams says of each of them, and how a venue's rows are made. */
import type { RuleKind } from "../../../src/sequence/rule.ts";
import type { VenueProfile } from "../../../src/venues/index.ts";
import type { Answer, FrameParts, MakeFrame } from "./numbered-frames.ts";

export interface NumberedStream {
  /** For titles of tests: the profile, its service where it has several, and the topic. */
  readonly name: string;
  /** A new profile. `position` is where a snapshot over HTTP stands. @defaultValue 0 */
  readonly profile: (position?: () => number) => VenueProfile<unknown>;
  readonly topic: string;
  /** As the points name it: the topic, or the connection's own counter. */
  readonly stream: string;
  readonly kind: RuleKind;
  readonly scope: "stream" | "connection";
  /** What the venue means by the same number again. */
  readonly equal: "alive" | "duplicate";
  /** How a broken stream becomes whole. */
  readonly way: "snapshot" | "resubscribe" | "reconnect" | "none";
  /** Frames with which the venue begins every socket. */
  readonly greeting: readonly string[];
  /** Frames with which the venue answers one of ours. */
  readonly answer: (sent: string) => readonly string[];
  /** The raw frame at position `number`, which follows the one before. */
  readonly frame: (number: number, parts?: FrameParts) => string;
  /** The raw frame with which a subscription begins, where it begins with all there is. */
  readonly snapshot?: ((number: number) => string) | undefined;
  /** The raw frame that tells past messages again up to `number`, marked as such by the venue. */
  readonly retold?: ((number: number) => string) | undefined;
}

export interface VenueGiven {
  readonly name: string;
  readonly profile: NumberedStream["profile"];
  readonly greeting?: readonly unknown[];
  readonly answer: Answer;
}

export interface StreamGiven {
  readonly kind: RuleKind;
  readonly frame: MakeFrame;
  readonly way?: NumberedStream["way"];
  readonly equal?: NumberedStream["equal"];
  readonly snapshot?: MakeFrame;
  readonly retold?: MakeFrame;
  /** Named where it is not the topic: then it is the connection's. */
  readonly stream?: string;
}

/** The streams of one profile, by their topics. */
export function streamsOf(
  venue: VenueGiven,
  streams: Readonly<Record<string, StreamGiven>>,
): NumberedStream[] {
  return Object.entries(streams).map(([topic, given]) => {
    const { kind, frame, way = "none", equal = "duplicate", snapshot, retold, stream } = given;
    const text = (make: MakeFrame) => (number: number, parts?: FrameParts) =>
      JSON.stringify(make(number, parts));
    return {
      name: `${venue.name} ${topic}`,
      profile: venue.profile,
      topic,
      stream: stream ?? topic,
      scope: stream === undefined ? "stream" : "connection",
      kind,
      equal,
      way,
      greeting: (venue.greeting ?? []).map((each) => JSON.stringify(each)),
      answer: (sent) => {
        if (!sent.startsWith("{")) return sent === "ping" ? ["pong"] : [];
        return venue.answer(JSON.parse(sent) as object as Parameters<Answer>[0]).map((each) => {
          return JSON.stringify(each);
        });
      },
      frame: text(frame),
      snapshot: snapshot && text(snapshot),
      retold: retold && text(retold),
    };
  });
}
