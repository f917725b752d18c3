import { describe, expect, it } from "vitest";
import type { SequencePoint } from "../../../src/sequence/point.ts";
import { Inbound } from "../../../src/supervisor/inbound.ts";
import { newInboundCounts, type InboundParts } from "../../../src/supervisor/inbound-parts.ts";
import type { Talk } from "../../../src/supervisor/talk.ts";
import type { VenueWord } from "../../../src/venues/index.ts";

/** A frame of these tests: an answer, or number `n` of stream `s`, or something without a number. */
interface Frame {
  readonly ack?: number;
  readonly s?: string;
  readonly n?: number;
}

const spoken: Talk<Frame> = {
  subscribe: () => "",
  decode: (data) => JSON.parse(data.toString()) as Frame,
  control: ({ ack }) => (ack === undefined ? undefined : { kind: "answer", answer: { id: ack } }),
  sequence: ({ s, n }) =>
    s === undefined || n === undefined
      ? undefined
      : { stream: s, first: n, last: n, scope: "stream" },
};

/** The data path on its own, with all that it said in the order in which it said it. */
class RunningInbound {
  readonly counts = newInboundCounts();
  readonly log: string[] = [];
  readonly breaks: string[] = [];
  readonly topics: string[] = [];
  readonly repeatedTopics: string[] = [];
  isWanted = true;
  readonly #inbound: Inbound<Frame>;

  constructor(
    {
      talk,
      ...parts
    }: Partial<InboundParts<Frame>> & { readonly talk?: Partial<Talk<Frame>> } = {},
    maxStreams?: number,
  ) {
    const words: Talk<Frame> = { ...spoken, ...talk };
    const isWanted = (): boolean => this.isWanted;
    const whole: InboundParts<Frame> = {
      schema: undefined,
      maxStreams,
      counts: this.counts,
      consumers: {
        get isWanted() {
          return isWanted();
        },
        message: ({ data }) => this.log.push(`message ${JSON.stringify(data)}`),
        mark: (item) => this.log.push(`in band ${item.kind}`),
      },
      recoveries: {
        isIdle: true,
        broken: (stream, cause) => this.breaks.push(`${stream} ${cause}`),
        take: () => false,
        refuted: (stream) => this.breaks.push(`${stream} refuted`),
        restarted: (stream) => this.breaks.push(`${stream} restarted`),
        unnumbered: (stream) => this.log.push(`unnumbered ${stream}`),
      },
      heard: (topic) => this.topics.push(topic),
      repeated: (topic) => this.repeatedTopics.push(topic),
      isTopic: () => true,
      doubted: () => this.log.push("in doubt"),
      onInDoubt: (stream, messages) => this.log.push(`fact in doubt ${stream} ${messages}`),
      onStuck: (stream, position) => this.log.push(`fact stuck ${stream} ${position}`),
      onDropped: (stream, cause, position) =>
        this.log.push(`dropped ${stream} ${position} ${cause}`),
      onUnjudged: (error, raw) =>
        this.log.push(`unjudged ${raw.toString()}: ${error instanceof Error ? error.message : ""}`),
      accepted: () => undefined,
      onControl: (word) => this.log.push(`control ${JSON.stringify(word)}`),
      onMismatch: (stream) => this.log.push(`fact mismatch ${stream}`),
      onInvalid: (error, raw) =>
        this.log.push(`invalid ${raw.toString()}: ${error instanceof Error ? error.message : ""}`),
      onGap: ({ stream, from, to }) => this.log.push(`fact gap ${stream} ${from}-${to}`),
      onReset: ({ stream }) => this.log.push(`fact reset ${stream}`),
      onUnfollowed: () => this.log.push("too many streams"),
      onCallbackFailed: (callback) => this.log.push(`callback failed ${callback}`),
      ...parts,
    };
    this.#inbound = new Inbound(whole, words);
  }

  endSocket(): void {
    this.#inbound.socketEnded();
  }

  receives(...frames: readonly (Frame | string)[]): void {
    for (const frame of frames) {
      const text = typeof frame === "string" ? frame : JSON.stringify(frame);
      this.#inbound.receive(Buffer.from(text), false, 1_234);
    }
  }
}

function fails(what: string): () => never {
  return () => {
    throw new Error(`${what} failed`);
  };
}

const number = (n: number, s = "a"): Frame => ({ s, n });

function pointOf(rest: Partial<SequencePoint>): (frame: Frame) => SequencePoint {
  return ({ n = 0 }) => ({ stream: "a", first: n, last: n, scope: "stream", ...rest });
}

describe("a frame", () => {
  it("comes out as a message with its bytes, its stream, its numbers and its instant", () => {
    const items: unknown[] = [];
    const inbound = new RunningInbound({
      talk: {
        sequence: () => ({ stream: "book", first: 10, last: 12, scope: "stream" }),
        topicOf: () => "books",
      },
      consumers: {
        isWanted: true,
        message: (item) => items.push(item),
        mark: () => undefined,
      },
    });
    inbound.receives({ s: "a" });
    expect(items).toEqual([
      {
        kind: "message",
        data: { s: "a" },
        raw: Buffer.from('{"s":"a"}'),
        topic: "books",
        stream: "book",
        isSnapshot: false,
        first: 10,
        position: 12,
        receivedAtMs: 1_234,
      },
    ]);
  });

  it("without a number is delivered unjudged", () => {
    const inbound = new RunningInbound();
    inbound.receives({ s: "a" }, { s: "a" });
    expect(inbound.log).toEqual(['message {"s":"a"}', 'message {"s":"a"}']);
  });

  it("is delivered unjudged where nothing is numbered or answered", () => {
    const inbound = new RunningInbound({
      talk: { control: undefined, sequence: undefined },
    });
    inbound.receives({ ack: 1 }, number(1), number(5));
    expect(inbound.counts).toMatchObject({ delivered: 3, gaps: 0, control: 0 });
  });

  it("is counted with its bytes, whatever it is", () => {
    const inbound = new RunningInbound();
    inbound.receives({ ack: 1 }, number(1), "rubbish");
    expect(inbound.counts).toMatchObject({ messages: 3, bytes: 9 + 15 + 7 });
  });

  it("is not made an item of while nobody listens, but counted", () => {
    const inbound = new RunningInbound();
    inbound.isWanted = false;
    inbound.receives(number(1));
    inbound.isWanted = true;
    inbound.receives(number(2));
    expect(inbound.log).toEqual(['message {"s":"a","n":2}']);
    expect(inbound.counts).toMatchObject({ delivered: 1, unclaimed: 1, gaps: 0 });
  });
});

describe("an answer to a request", () => {
  it("goes to the registry and to nobody else", () => {
    const inbound = new RunningInbound();
    inbound.receives({ ack: 7 });
    expect(inbound.log).toEqual(['control {"kind":"answer","answer":{"id":7}}']);
    expect(inbound.counts).toMatchObject({ control: 1, delivered: 0 });
  });

  it("takes no number, even where it bears one", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(1), { ack: 7, s: "a", n: 5 }, number(2));
    expect(inbound.counts).toMatchObject({ gaps: 0, delivered: 2 });
  });

  it("may begin a numbering, where answers are numbered too", () => {
    const inbound = new RunningInbound({ talk: { numbersControl: true } });
    inbound.receives({ ack: 1, s: "all", n: 0 }, { s: "all", n: 1 });
    expect(inbound.breaks).toEqual(["all start", "all restarted"]);
    expect(inbound.log.at(-1)).toBe('message {"s":"all","n":1}');
  });

  it("may be given as `null` for none", () => {
    const inbound = new RunningInbound({
      talk: {
        control: () => null as unknown as VenueWord,
        sequence: () => null as unknown as SequencePoint,
      },
    });
    inbound.receives(number(1));
    expect(inbound.counts).toMatchObject({ delivered: 1, invalid: 0 });
  });
});

describe("a number that is missing", () => {
  it("is told as a fact and in band, once, before the message that shows it", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(1), number(4), number(5));
    expect(inbound.log).toEqual([
      'message {"s":"a","n":1}',
      "fact gap a 2-3",
      "in band gap",
      'message {"s":"a","n":4}',
      'message {"s":"a","n":5}',
    ]);
    expect(inbound.counts).toMatchObject({ gaps: 1, delivered: 3 });
  });

  it("is told where nobody takes messages as well", () => {
    const inbound = new RunningInbound();
    inbound.isWanted = false;
    inbound.receives(number(1), number(4));
    expect(inbound.log).toContain("fact gap a 2-3");
  });
});

describe("a numbering that starts over", () => {
  it("is told as a fact and in band before its message", () => {
    const inbound = new RunningInbound({
      talk: {
        sequence: ({ n = 0 }) => ({
          stream: "a",
          first: n,
          last: n,
          scope: "stream",
          restarts: n === 1,
        }),
      },
    });
    inbound.receives(number(9), number(1), number(2));
    expect(inbound.log.slice(1)).toEqual([
      "fact reset a",
      "in band reset",
      'message {"s":"a","n":1}',
      'message {"s":"a","n":2}',
    ]);
    expect(inbound.counts.resets).toBe(1);
  });
});

describe("what was delivered already", () => {
  it("is dropped and counted, each cause for itself, as soon as the next number shows it", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(5), number(5), number(4), number(6));
    expect(inbound.log).toEqual([
      'message {"s":"a","n":5}',
      "dropped a 5 duplicate",
      "in doubt",
      "dropped a 4 stale",
      'message {"s":"a","n":6}',
    ]);
    expect(inbound.counts).toMatchObject({ duplicates: 1, stale: 1, delivered: 2, gaps: 0 });
  });

  it("is no news of its topic, but shows that the topic is served", () => {
    const retold = { topicOf: () => "a", sequence: pointOf({ retold: true }) };
    const inbound = new RunningInbound({ talk: retold });
    inbound.receives(number(5), number(5));
    expect(inbound.topics).toEqual(["a"]);
    expect(inbound.repeatedTopics).toEqual(["a"]);
  });
});

describe("messages that are held", () => {
  it("are delivered with their own bytes and instants behind the reset, which breaks their stream", () => {
    const inbound = new RunningInbound({ talk: { topicOf: ({ s }) => s } });
    inbound.receives(number(500), number(1));
    expect(inbound.topics).toEqual(["a", "a"]); // what is in doubt is heard of
    inbound.receives(number(2));
    expect(inbound.log).toEqual([
      'message {"s":"a","n":500}',
      "in doubt",
      "fact reset a",
      "in band reset",
      'message {"s":"a","n":1}',
      'message {"s":"a","n":2}',
    ]);
    expect(inbound.breaks).toEqual(["a start", "a restarted", "a reset"]);
    expect(inbound.topics).toEqual(["a", "a", "a"]);
  });

  it("do not hold up other streams, nor what has no number", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(500), number(1), number(7, "b"), { s: "c" });
    expect(inbound.log.slice(2)).toEqual(['message {"s":"b","n":7}', 'message {"s":"c"}']);
  });

  it("are held against a checksum and a schema when they are delivered, and not when they are dropped", () => {
    const verified: (number | undefined)[] = [];
    const talk = {
      verify: ({ n }: Frame) => {
        verified.push(n);
        return n !== 1;
      },
    };
    const inbound = new RunningInbound({ talk });
    inbound.receives(number(500), number(499), number(501), number(1), number(2));
    expect(verified).toEqual([500, 501, 1, 2]);
    expect(inbound.log).toContain("fact mismatch a");
  });

  it("hold up no control word: only its number is in doubt", () => {
    const inbound = new RunningInbound({ talk: { numbersControl: true } });
    inbound.receives(number(500, "all"), { ack: 7, s: "all", n: 1 });
    expect(inbound.log.at(-1)).toBe('control {"kind":"answer","answer":{"id":7}}');
    inbound.receives(number(2, "all"));
    expect(inbound.log.slice(-3)).toEqual([
      "fact reset all",
      "in band reset",
      'message {"s":"all","n":2}',
    ]);
    expect(inbound.counts).toMatchObject({ control: 1, delivered: 2 });
  });

  it("are delivered at the socket's end", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(500), number(1));
    inbound.endSocket();
    expect(inbound.log.slice(-3)).toEqual([
      "fact reset a",
      "in band reset",
      'message {"s":"a","n":1}',
    ]);
  });

  it("of a number that does not change are delivered with the fact", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(5), '{"s":"a","n":5}', '{"s":"a","n":5 }', '{"s":"a", "n":5}');
    expect(inbound.counts).toMatchObject({ delivered: 4, duplicates: 0 });
    expect(inbound.log).toContain("fact stuck a 5");
  });

  it("of a number that does not change are no part of a snapshot, those before the fact neither", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(5), '{"s":"a","n":5}', '{"s":"a","n":5 }', '{"s":"a", "n":5}');
    inbound.receives('{"s":"a", "n":5 }');
    const message = 'message {"s":"a","n":5}';
    const delivered = inbound.log.slice(inbound.log.indexOf("fact stuck a 5"));
    expect(delivered.filter((line) => line === message || line === "unnumbered a")).toEqual([
      "unnumbered a",
      message,
      message,
      "unnumbered a",
      message,
      "unnumbered a",
      message,
    ]);
  });
});

describe("a sign of life that covers nothing", () => {
  it("is delivered, and is no duplicate", () => {
    const inbound = new RunningInbound({
      talk: { sequence: ({ n = 0 }) => ({ stream: "a", first: n, last: 5, scope: "stream" }) },
    });
    inbound.receives(number(5), number(6));
    expect(inbound.counts).toMatchObject({ delivered: 2, duplicates: 0 });
  });
});

describe("a frame that cannot be read", () => {
  it("is reported and counted, and the next message still comes", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(1), "rubbish", number(2));
    expect(inbound.log).toHaveLength(3);
    expect(inbound.log[1]).toMatch(/^invalid rubbish: /);
    expect(inbound.counts).toMatchObject({ invalid: 1, delivered: 2, gaps: 0 });
  });

  it.each([["decode"], ["control"], ["sequence"], ["topicOf"], ["isSnapshot"]])(
    "is one on which %s throws",
    (name) => {
      const inbound = new RunningInbound({ talk: { [name]: fails(name) } });
      inbound.receives(number(1));
      expect(inbound.log.at(-1)).toMatch(new RegExp(`^invalid .*: ${name} failed$`));
      expect(inbound.counts.delivered).toBe(0);
    },
  );
});

describe("a place that cannot be read", () => {
  it("makes no message unreadable: it is delivered, reported and counted", () => {
    const inbound = new RunningInbound({ talk: { sequence: pointOf({ session: NaN }) } });
    inbound.receives(number(1));
    expect(inbound.log).toEqual([
      'unjudged {"s":"a","n":1}: sequence() gave a session that is no string and no safe integer',
      'message {"s":"a","n":1}',
    ]);
    expect(inbound.counts).toMatchObject({ delivered: 1, unjudged: 1, invalid: 0 });
  });

  it.each([
    ["NaN", NaN],
    ["nothing", undefined],
    ["beyond 2^53", 2 ** 53],
    ["text", "5"],
  ])("is one whose number is %s: it hides no gap after it", (_, wrong) => {
    const numbers = [1, wrong as number, 3];
    const inbound = new RunningInbound({
      talk: {
        sequence: () => {
          const last = numbers.shift() as number;
          return { stream: "a", first: last, last, scope: "stream" };
        },
      },
    });
    inbound.receives({}, {}, {});
    expect(inbound.log).toEqual([
      "message {}",
      "unjudged {}: sequence() gave a position that is no safe integer and no bigint",
      "message {}",
      "fact gap a 2-2",
      "in band gap",
      "message {}",
    ]);
  });
});

describe("more streams than are followed", () => {
  it("is said once; their messages pass", () => {
    const inbound = new RunningInbound({}, 1);
    inbound.receives(number(1, "a"), number(1, "b"), number(9, "b"), number(1, "c"));
    expect(inbound.log.filter((line) => line === "too many streams")).toHaveLength(1);
    expect(inbound.counts).toMatchObject({ delivered: 4, gaps: 0 });
  });
});
