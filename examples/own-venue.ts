/**
 * A venue of your own, in the words of the built-in ones: the worked example of docs/venues.md, held to
 * it and run by a test (test/package/examples.test.ts).
 *
 * The exchange here answers by request id, asks "are you there?" every so often, numbers each book by the
 * message before, and announces its restarts.
 */
import { sequenceRules } from "ws-supervisor";
import { defineVenue, type VenueProfile } from "ws-supervisor/venues";

/** What it sends, as its documentation has it. */
export interface ExampleMessage {
  readonly type: "ack" | "error" | "are-you-there" | "restart" | "snapshot" | "update";
  readonly id?: number;
  readonly reason?: string;
  readonly inSeconds?: number;
  readonly book?: string;
  readonly seq?: number;
  readonly prev?: number;
}

const linked = sequenceRules.linked();

export function exampleVenue(endpoint = "wss://feed.example"): VenueProfile<ExampleMessage> {
  return defineVenue<ExampleMessage>({
    id: "example",
    sources: [{ tag: "docs", what: "docs.example/websocket", readOn: "2026-11-25" }],
    url: `${endpoint}/v1`,
    topics: {
      example: "book.BTC-USD",
      parse: (topic) =>
        typeof topic === "string" && /^book\.[A-Z]+-[A-Z]+$/.test(topic)
          ? { topic }
          : { expected: "a book, such as book.BTC-USD" },
    },
    limits: {
      pacing: [{ frames: 10, perMs: 1_000 }], // [docs]
      topicsPerConnection: 50, // [docs]
      topicsPerFrame: 20, // [docs]
    },
    keepalive: { mode: "challenge" },
    heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
    maxAgeMs: 86_400_000, // [docs]
    verdict: [
      {
        name: "example-too-many",
        when: { class: "closed-by-peer", closeCode: 4029 },
        ruling: { action: "slow", floorMs: 30_000, alerts: true },
      },
    ],
    recovery: () => "resubscribe", // a snapshot comes with every subscribe [docs]
    freshness: () => ({ firstMs: 5_000, silenceMs: null }),
    open: () => ({
      subscribe: (topics, id) => ({ op: "subscribe", topics, id }),
      unsubscribe: (topics, id) => ({ op: "unsubscribe", topics, id }),
      decode: (data) => JSON.parse(data.toString()) as ExampleMessage,
      control: ({ type, id = 0, reason, inSeconds = 0 }) => {
        switch (type) {
          case "ack":
            return { kind: "answer", answer: { id } };
          case "error":
            return { kind: "answer", answer: { id, error: reason } };
          case "are-you-there":
            return { kind: "challenge", reply: { op: "here" } };
          case "restart":
            return {
              kind: "notice",
              notice: { action: "replace", withinMs: inSeconds * 1_000, detail: "restart" },
            };
          case "snapshot":
          case "update":
            return undefined;
        }
      },
      topicOf: ({ book }) => (book === undefined ? undefined : `book.${book}`),
      sequence: ({ type, book = "", seq = NaN, prev }) => ({
        stream: `book.${book}`,
        first: seq,
        last: seq,
        previous: prev,
        restarts: type === "snapshot",
        scope: "stream",
        rule: linked,
      }),
    }),
  });
}
