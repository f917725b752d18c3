import { describe, expect, it } from "vitest";
import type { SequencePoint } from "../../../src/sequence/point.ts";
import { SequenceTracker } from "../../../src/sequence/tracker.ts";
import { Inbound, newInboundCounts, type InboundParts } from "../../../src/supervisor/inbound.ts";
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
      tracker: new SequenceTracker(maxStreams),
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
        restarted: (stream) => this.breaks.push(`${stream} restarted`),
      },
      heard: (topic) => this.topics.push(topic),
      accepted: () => undefined,
      onControl: (word) => this.log.push(`control ${JSON.stringify(word)}`),
      onMismatch: (stream) => this.log.push(`fact mismatch ${stream}`),
      onInvalid: (error, raw) =>
        this.log.push(`invalid ${raw.toString()}: ${error instanceof Error ? error.message : ""}`),
      onGap: ({ stream, from, to }) => this.log.push(`fact gap ${stream} ${from}-${to}`),
      onReset: ({ stream }) => this.log.push(`fact reset ${stream}`),
      onUnfollowed: () => this.log.push("too many streams"),
      ...parts,
    };
    this.#inbound = new Inbound(whole, words);
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
  it("is dropped and counted, be it the same number or an older one", () => {
    const inbound = new RunningInbound();
    inbound.receives(number(5), number(5), number(4), number(6));
    expect(inbound.log).toEqual(['message {"s":"a","n":5}', 'message {"s":"a","n":6}']);
    expect(inbound.counts).toMatchObject({ duplicates: 2, delivered: 2, gaps: 0 });
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

  it.each([
    ["NaN", NaN],
    ["nothing", undefined],
    ["beyond 2^53", 2 ** 53],
    ["text", "5"],
  ])("is one whose number is %s: it must not hide the gaps after it", (_, wrong) => {
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
      "invalid {}: sequence() gave a position that is no safe integer and no bigint",
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
