/** A small venue whose messages say all that a sequence may hold: `{ "s": stream, "n": number, … }`. */
import { defineVenue, type VenueProfile } from "ws-supervisor/venues";
import { sequenceRules } from "ws-supervisor";

export interface Numbered {
  readonly s: string;
  readonly n?: number;
  readonly previous?: number;
  readonly restarts?: boolean;
  readonly grows?: boolean;
  readonly ack?: boolean;
  readonly sum?: "wrong";
}

const MONOTONIC = sequenceRules.monotonic({ equal: "alive" });

interface Shape {
  readonly id?: string;
  readonly url?: string;
  readonly numbersControl?: boolean;
  readonly scope?: "stream" | "connection";
  readonly topic?: RegExp;
}

export function numberedVenue(shape: Shape = {}): VenueProfile<Numbered> {
  const { id = "numbered", url = "wss://numbered.test/ws", scope = "stream", topic } = shape;
  return defineVenue<Numbered>({
    id,
    url,
    ...(topic === undefined
      ? {}
      : {
          topics: {
            example: "a",
            parse: (text) =>
              typeof text === "string" && topic.test(text)
                ? { topic: text }
                : { expected: "another" },
          },
        }),
    open: () => ({
      numbersControl: shape.numbersControl ?? false,
      subscribe: (topics) => topics.join(),
      decode: (data) => {
        const message = JSON.parse(data.toString()) as Numbered;
        if (typeof message.s !== "string") throw new Error("no stream");
        return message;
      },
      control: ({ ack }) => (ack === true ? { kind: "alive" } : undefined),
      topicOf: ({ s }) => s,
      sequence: ({ s, n, previous, restarts, grows }) =>
        n === undefined
          ? undefined
          : {
              stream: s,
              first: n,
              last: n,
              previous,
              restarts,
              scope,
              rule: grows === true ? MONOTONIC : undefined,
            },
      verify: ({ sum }) => sum !== "wrong",
    }),
  });
}

export const frameOf = (message: Numbered): Buffer => Buffer.from(JSON.stringify(message));
