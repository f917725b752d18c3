import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPoint, type Position, type SequencePoint } from "../../../src/sequence/point.ts";
import { sequenceRules, type SequenceRule } from "../../../src/sequence/rule.ts";
import { MAX_STREAMS, SequenceTracker } from "../../../src/sequence/tracker.ts";

type Rest = Partial<Omit<SequencePoint, "first" | "last">>;

/** Numbers `first … last` of stream `s`, whose numbering goes on over reconnects. */
function range(first: Position, last: Position, rest: Rest = {}): SequencePoint {
  return { stream: "s", first, last, scope: "stream", ...rest };
}

function at(position: Position, rest: Rest = {}): SequencePoint {
  return range(position, position, rest);
}

/** A message that names the one before it. */
function linked(previous: Position, last: Position): SequencePoint {
  return range(last, last, { previous });
}

const LOWER_IS_RESET = sequenceRules.range({ lower: "reset" });

/** A tracker that has taken `points` already. */
function trackerAfter(...points: readonly SequencePoint[]): SequenceTracker {
  const tracker = new SequenceTracker();
  for (const point of points) tracker.accept(point);
  return tracker;
}

function verdictOf(point: SequencePoint, ...before: readonly SequencePoint[]): unknown {
  return trackerAfter(...before).accept(point);
}

describe("a stream that counts every message", () => {
  it("begins wherever it is first heard", () => {
    expect(verdictOf(at(700))).toEqual({ kind: "first" });
  });

  it("goes on with the number after the last", () => {
    expect(verdictOf(at(8), at(7))).toEqual({ kind: "next" });
  });

  it("misses exactly what lies between the last number and the next that came", () => {
    expect(verdictOf(at(9), at(7))).toEqual({ kind: "gap", from: 8, to: 8 });
    expect(verdictOf(at(20), at(7))).toEqual({ kind: "gap", from: 8, to: 19 });
  });

  it("says a gap once: the message after it is next", () => {
    expect(verdictOf(at(21), at(7), at(20))).toEqual({ kind: "next" });
  });

  it("calls the same number again a duplicate, and holds an older one", () => {
    expect(verdictOf(at(7), at(7))).toEqual({ kind: "duplicate" });
    expect(verdictOf(at(6), at(7))).toEqual({ kind: "held" });
  });

  it("does not go back for a duplicate or a stale one", () => {
    expect(verdictOf(at(8), at(7), at(3), at(7))).toEqual({ kind: "next" });
  });

  it("goes back for a message that was only late, right behind the gap that it left", () => {
    expect(verdictOf(at(8), at(7), at(9))).toEqual({ kind: "reset" });
  });

  it("does not fill a gap that was said: what comes later than that is held, and is stale", () => {
    expect(verdictOf(at(8), at(7), at(9), at(10))).toEqual({ kind: "held" });
    expect(verdictOf(at(11), at(7), at(9), at(10), at(8))).toEqual({ kind: "next" });
  });
});

describe("a stream whose messages cover ranges", () => {
  it("goes on where the last range ended", () => {
    expect(verdictOf(range(11, 15), range(1, 10))).toEqual({ kind: "next" });
  });

  it("misses exactly the numbers between two ranges", () => {
    expect(verdictOf(range(15, 20), range(1, 10))).toEqual({ kind: "gap", from: 11, to: 14 });
  });

  it("takes a range that overlaps what it has, for what is new in it", () => {
    const tracker = trackerAfter(range(1, 10));
    expect(tracker.accept(range(8, 12))).toEqual({ kind: "next" });
    expect(tracker.positions()).toEqual(new Map([["s", 12]]));
  });

  it("calls a range with the same end a duplicate, and holds one that ended before", () => {
    expect(verdictOf(range(5, 10), range(1, 10))).toEqual({ kind: "duplicate" });
    expect(verdictOf(range(5, 9), range(1, 10))).toEqual({ kind: "held" });
  });

  it("takes a heartbeat that names the next number for a sign of life", () => {
    expect(verdictOf(range(11, 10), range(1, 10))).toEqual({ kind: "alive" });
  });

  it("sees by such a heartbeat that the last messages were lost", () => {
    const tracker = trackerAfter(range(1, 10));
    expect(tracker.accept(range(14, 13))).toEqual({ kind: "gap", from: 11, to: 13 });
    expect(tracker.accept(at(14))).toEqual({ kind: "next" });
  });

  it("learns nothing from a heartbeat that is behind", () => {
    const tracker = trackerAfter(range(1, 10));
    expect(tracker.accept(range(9, 8))).toEqual({ kind: "alive" });
    expect(tracker.accept(at(11))).toEqual({ kind: "next" });
  });
});

describe("a linked stream", () => {
  it("may jump by any step as long as the link holds", () => {
    expect(verdictOf(linked(7, 90), linked(0, 7))).toEqual({ kind: "next" });
  });

  it("misses what lies between its last number and the link", () => {
    expect(verdictOf(linked(12, 15), linked(0, 7))).toEqual({ kind: "gap", from: 8, to: 12 });
  });

  it("goes on from the message after a gap", () => {
    expect(verdictOf(linked(15, 16), linked(0, 7), linked(12, 15))).toEqual({ kind: "next" });
  });

  it("takes an empty update that repeats the last number for a sign of life", () => {
    expect(verdictOf(linked(15, 15), linked(10, 15))).toEqual({ kind: "alive" });
  });

  it("starts over where the link holds and the number is lower", () => {
    const tracker = trackerAfter(linked(10, 15));
    expect(tracker.accept(linked(15, 3))).toEqual({ kind: "reset", isWhole: true });
    expect(tracker.accept(linked(3, 5))).toEqual({ kind: "next" });
  });

  it("knows a message that came twice by its number, not by its link", () => {
    expect(verdictOf(linked(7, 15), linked(7, 15))).toEqual({ kind: "duplicate" });
    expect(verdictOf(linked(3, 7), linked(3, 7), linked(7, 15))).toEqual({ kind: "held" });
  });

  it("takes a link into the past for an overlap", () => {
    expect(verdictOf(linked(5, 20), linked(0, 7))).toEqual({ kind: "next" });
  });
});

describe("a linked stream that lost more than it says", () => {
  it("misses what lies before the link, even where the number is lower: it was reset behind the loss", () => {
    const tracker = trackerAfter(linked(8, 10));
    expect(tracker.accept(linked(15, 3))).toEqual({ kind: "gap", from: 11, to: 15 });
    expect(tracker.accept(linked(3, 5))).toEqual({ kind: "next" });
  });

  it("starts over with a message that follows nothing, where the rule says that it is linked", () => {
    const rule = sequenceRules.linked();
    const tracker = trackerAfter(linked(8, 10));
    expect(tracker.accept(at(40, { rule }))).toEqual({ kind: "reset" });
    expect(tracker.accept(linked(40, 44))).toEqual({ kind: "next" });
  });
});

describe("a monotonic stream", () => {
  const rule = sequenceRules.monotonic();

  it("says nothing about what lies between two numbers", () => {
    expect(verdictOf(at(900, { rule }), at(7))).toEqual({ kind: "next" });
  });

  it("still knows duplicates, and holds lower ones", () => {
    expect(verdictOf(at(7, { rule }), at(7))).toEqual({ kind: "duplicate" });
    expect(verdictOf(at(6, { rule }), at(7))).toEqual({ kind: "held" });
  });
});

describe("a stream that is not judged by numbers", () => {
  it.each([["checksum"], ["none"]] as const)("(%s) is next wherever it goes", (kind) => {
    const rule = sequenceRules[kind]();
    const tracker = trackerAfter(at(7, { rule }));
    expect(tracker.accept(at(900, { rule }))).toEqual({ kind: "next" });
    expect(tracker.accept(at(900, { rule }))).toEqual({ kind: "next" });
    expect(tracker.accept(at(3, { rule }))).toEqual({ kind: "next" });
    expect(tracker.positions()).toEqual(new Map([["s", 3]]));
  });
});

describe("a rule's exceptions", () => {
  const growing = ["contiguous", "range", "connection", "monotonic"] as const;

  it.each(growing)("let the same number again mean a sign of life (%s)", (kind) => {
    const rule = sequenceRules[kind]({ equal: "alive" });
    const tracker = trackerAfter(at(7, { rule }));
    expect(tracker.accept(at(7, { rule }))).toEqual({ kind: "alive" });
    expect(tracker.accept(at(6, { rule }))).toEqual({ kind: "held" });
    expect(tracker.accept(at(8, { rule }))).toEqual({ kind: "next" });
  });

  it.each(growing)("let a lower number mean that numbering starts over (%s)", (kind) => {
    const rule = sequenceRules[kind]({ lower: "reset" });
    const tracker = trackerAfter(at(7, { rule }));
    expect(tracker.accept(at(1, { rule }))).toEqual({ kind: "reset" });
    expect(tracker.accept(at(1, { rule }))).toEqual({ kind: "duplicate" });
    expect(tracker.accept(at(2, { rule }))).toEqual({ kind: "next" });
  });

  it("are turned round for a linked stream, where its link holds", () => {
    const strict = sequenceRules.linked({ equal: "duplicate", lower: "stale" });
    const linkedAt = (previous: number, last: number, rule: SequenceRule) =>
      at(last, { previous, rule });
    expect(verdictOf(linkedAt(15, 15, strict), linked(10, 15))).toEqual({ kind: "duplicate" });
    expect(verdictOf(linkedAt(15, 3, strict), linked(10, 15))).toEqual({ kind: "held" });
    const lenient = sequenceRules.linked();
    expect(verdictOf(linkedAt(15, 15, lenient), linked(10, 15))).toEqual({ kind: "alive" });
    expect(verdictOf(linkedAt(15, 3, lenient), linked(10, 15))).toEqual({
      kind: "reset",
      isWhole: true,
    });
  });

  it("do not make a linked stream's late copies signs of life or resets", () => {
    const rule = sequenceRules.linked({ equal: "alive", lower: "reset" });
    const before = [at(7, { previous: 3, rule }), at(15, { previous: 7, rule })];
    expect(verdictOf(at(15, { previous: 7, rule }), ...before)).toEqual({ kind: "duplicate" });
    expect(verdictOf(at(7, { previous: 3, rule }), ...before)).toEqual({ kind: "held" });
  });
});

describe("a connection's own counter, by its rule alone", () => {
  it("starts anew with every socket", () => {
    const rule = sequenceRules.connection();
    const tracker = trackerAfter(at(7, { rule }));
    tracker.newSocket();
    expect(tracker.accept(at(1, { rule }))).toEqual({ kind: "first" });
    expect(tracker.accept(at(3, { rule }))).toEqual({ kind: "gap", from: 2, to: 2 });
  });
});

describe("a stream that says it starts over", () => {
  it("is reset, upwards as well as downwards", () => {
    expect(verdictOf(at(1, { restarts: true }), at(7))).toEqual({ kind: "reset" });
    expect(verdictOf(at(99, { restarts: true }), at(7))).toEqual({ kind: "reset" });
  });

  it("goes on from there", () => {
    expect(verdictOf(at(2), at(7), at(1, { restarts: true }))).toEqual({ kind: "next" });
    expect(verdictOf(at(4), at(7), at(1, { restarts: true }))).toEqual({
      kind: "gap",
      from: 2,
      to: 3,
    });
  });

  it("is first, and no reset, when nothing was heard of it before", () => {
    expect(verdictOf(at(1, { restarts: true }))).toEqual({ kind: "first" });
  });
});

describe("a stream that names its session", () => {
  it("starts over with another one, upwards as well as downwards, and misses nothing", () => {
    expect(verdictOf(at(1, { session: "b" }), at(700, { session: "a" }))).toEqual({
      kind: "reset",
    });
    expect(verdictOf(at(900, { session: 2 }), at(700, { session: 1 }))).toEqual({ kind: "reset" });
    expect(verdictOf(range(1, 0, { session: 2 }), at(700, { session: 1 }))).toEqual({
      kind: "reset",
    });
  });

  it("goes on from there, and is judged within the session", () => {
    const tracker = trackerAfter(at(700, { session: "a" }), at(1, { session: "b" }));
    expect(tracker.accept(at(2, { session: "b" }))).toEqual({ kind: "next" });
    expect(tracker.accept(at(5, { session: "b" }))).toEqual({ kind: "gap", from: 3, to: 4 });
    expect(tracker.accept(at(5, { session: "b" }))).toEqual({ kind: "duplicate" });
  });

  it("need not name it in every message", () => {
    expect(verdictOf(at(8), at(7, { session: "a" }))).toEqual({ kind: "next" });
    expect(verdictOf(at(9, { session: "a" }), at(7), at(8))).toEqual({ kind: "next" });
    expect(verdictOf(at(1, { session: "b" }), at(7, { session: "a" }), at(8))).toEqual({
      kind: "reset",
    });
  });

  it("may name one anew after it has started over without a name", () => {
    const before = [at(7, { session: "a" }), at(1, { restarts: true })];
    expect(verdictOf(at(2, { session: "b" }), ...before)).toEqual({ kind: "next" });
  });
});

describe("positions beyond 2^53", () => {
  const big = 2n ** 64n;

  it("are compared digit by digit as bigints", () => {
    expect(verdictOf(at(big + 1n), at(big))).toEqual({ kind: "next" });
    expect(verdictOf(at(big), at(big))).toEqual({ kind: "duplicate" });
    expect(verdictOf(at(big + 3n), at(big))).toEqual({
      kind: "gap",
      from: big + 1n,
      to: big + 2n,
    });
  });

  it("go on from numbers to bigints where the digits of a double end", () => {
    const tracker = trackerAfter(at(Number.MAX_SAFE_INTEGER));
    expect(tracker.accept(at(2n ** 53n))).toEqual({ kind: "next" });
    expect(tracker.accept(at(Number.MAX_SAFE_INTEGER))).toEqual({ kind: "held" });
    expect(verdictOf(at(2n ** 53n + 2n), at(Number.MAX_SAFE_INTEGER))).toEqual({
      kind: "gap",
      from: 2 ** 53,
      to: 2n ** 53n + 1n,
    });
  });

  it("are linked as bigints", () => {
    expect(verdictOf(linked(big + 5n, big + 9n), linked(0n, big))).toEqual({
      kind: "gap",
      from: big + 1n,
      to: big + 5n,
    });
  });
});

describe("a new socket", () => {
  const perSocket = { scope: "connection" } as const;

  it("starts a connection's own counter anew", () => {
    const tracker = trackerAfter(at(7, perSocket));
    tracker.newSocket();
    expect(tracker.accept(at(0, perSocket))).toEqual({ kind: "first" });
  });

  it("leaves a stream's numbering as it is: what came meanwhile is a gap", () => {
    const tracker = trackerAfter(at(7));
    tracker.newSocket();
    expect(tracker.accept(at(12))).toEqual({ kind: "gap", from: 8, to: 11 });
  });

  it("finds nothing missing when nothing came meanwhile", () => {
    const tracker = trackerAfter(at(7));
    tracker.newSocket();
    expect(tracker.accept(at(8))).toEqual({ kind: "next" });
  });
});

describe("a snapshot that had more of a stream than had come by then", () => {
  function trackerWithSnapshot(): SequenceTracker {
    const tracker = trackerAfter(at(7));
    tracker.reach("s", 12);
    return tracker;
  }

  it("leaves nothing missing that it had", () => {
    expect(trackerWithSnapshot().accept(at(13))).toEqual({ kind: "next" });
    expect(trackerWithSnapshot().accept(at(10))).toEqual({ kind: "next" });
    const tracker = trackerWithSnapshot();
    tracker.accept(at(10));
    expect(tracker.accept(at(13))).toEqual({ kind: "next" });
    expect(tracker.accept(at(15))).toEqual({ kind: "gap", from: 14, to: 14 });
  });

  it("leaves missing what lies behind it", () => {
    expect(trackerWithSnapshot().accept(at(14))).toEqual({ kind: "gap", from: 13, to: 13 });
    expect(trackerWithSnapshot().accept(linked(12, 20))).toEqual({ kind: "next" });
    expect(trackerWithSnapshot().accept(linked(15, 20))).toEqual({
      kind: "gap",
      from: 13,
      to: 15,
    });
  });

  it("says nothing about what comes all the same, nor about numbering that starts over", () => {
    expect(trackerWithSnapshot().accept(at(8))).toEqual({ kind: "next" });
    expect(trackerWithSnapshot().accept(at(7))).toEqual({ kind: "duplicate" });
    for (const restart of [at(1, { restarts: true }), at(1, { rule: LOWER_IS_RESET })]) {
      const tracker = trackerWithSnapshot();
      expect(tracker.accept(restart)).toEqual({ kind: "reset" });
      expect(tracker.accept(at(5))).toEqual({ kind: "gap", from: 2, to: 4 });
    }
  });

  it("says nothing where it is older than what has come, or its stream is unknown", () => {
    const tracker = trackerAfter(at(7));
    tracker.reach("s", 6);
    tracker.reach("other", 6);
    expect(tracker.accept(at(9))).toEqual({ kind: "gap", from: 8, to: 8 });
    expect(tracker.accept({ ...at(9), stream: "other" })).toEqual({ kind: "first" });
  });
});

describe("many streams", () => {
  it("are judged one by one", () => {
    const tracker = trackerAfter(at(7, { stream: "a" }), at(70, { stream: "b" }));
    expect(tracker.accept(at(8, { stream: "a" }))).toEqual({ kind: "next" });
    expect(tracker.accept(at(8, { stream: "b" }))).toEqual({ kind: "held" });
  });

  it("are followed up to a bound; beyond it messages pass unjudged and are counted", () => {
    const tracker = new SequenceTracker(2);
    tracker.accept(at(1, { stream: "a" }));
    tracker.accept(at(1, { stream: "b" }));
    expect(tracker.unfollowed).toBe(0);

    expect(tracker.accept(at(1, { stream: "c" }))).toEqual({ kind: "first" });
    expect(tracker.accept(at(9, { stream: "c" }))).toEqual({ kind: "first" });
    expect(tracker.unfollowed).toBe(2);
    expect(tracker.accept(at(2, { stream: "a" }))).toEqual({ kind: "next" });
  });

  it("number ten thousand at most by default", () => {
    expect(MAX_STREAMS).toBe(10_000);
  });

  it("may bear any name", () => {
    const tracker = trackerAfter(at(1, { stream: "__proto__" }));
    expect(tracker.accept(at(3, { stream: "__proto__" }))).toEqual({ kind: "gap", from: 2, to: 2 });
    expect(tracker.accept(at(3, { stream: "constructor" }))).toEqual({ kind: "first" });
  });

  it("show their positions as a copy", () => {
    const tracker = trackerAfter(at(1));
    const before = tracker.positions();
    tracker.accept(at(2));
    expect(before).toEqual(new Map([["s", 1]]));
  });
});

describe("a point", () => {
  it("may hold safe integers and bigints", () => {
    expect(() => checkPoint(at(Number.MAX_SAFE_INTEGER))).not.toThrow();
    expect(() => checkPoint(range(1n, 2n, { previous: 0n }))).not.toThrow();
  });

  it.each([
    ["a number that has lost its last digits", at(Number.MAX_SAFE_INTEGER + 1)],
    ["NaN", at(NaN)],
    ["a fraction", at(1.5)],
    ["text", at("7" as unknown as number)],
    ["nothing", range(1, undefined as unknown as number)],
    ["a previous position that is none", at(1, { previous: NaN })],
    ["a rule by its name", at(1, { rule: "monotonic" as unknown as SequenceRule })],
    [
      "a rule that only looks like one",
      at(1, { rule: { kind: "none", equal: "duplicate", lower: "stale" } }),
    ],
    ["a session that is an object", at(1, { session: {} as unknown as string })],
    ["a session that is NaN", at(1, { session: NaN })],
    ["a stream without a name", at(1, { stream: undefined as unknown as string })],
  ])("may not hold %s", (_, point) => {
    expect(() => checkPoint(point)).toThrow(/^sequence\(\) gave/);
  });
});

describe("any schedule of drops, repeats and reconnects", () => {
  /** What happens to the message with each number: how often it arrives, and whether a socket follows. */
  const schedules = fc.array(
    fc.record({ copies: fc.constantFrom(0, 0, 1, 1, 1, 2, 3), reconnects: fc.boolean() }),
    { minLength: 1, maxLength: 60 },
  );

  it("delivers or reports each number between the first and the last delivered, once", () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const tracker = new SequenceTracker();
        const accounted: number[] = [];
        const delivered: number[] = [];
        schedule.forEach(({ copies, reconnects }, index) => {
          const position = index + 1;
          for (let copy = 0; copy < copies; copy += 1) {
            const verdict = tracker.accept(at(position));
            if (verdict.kind === "gap") {
              for (let id = Number(verdict.from); id <= Number(verdict.to); id += 1) {
                accounted.push(id);
              }
            }
            if (verdict.kind === "duplicate" || verdict.kind === "held") continue;
            accounted.push(position);
            delivered.push(position);
          }
          if (reconnects) tracker.newSocket();
        });

        const first = delivered[0] ?? 1;
        const last = delivered.at(-1) ?? 0;
        expect(accounted).toEqual(
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it("does so for ranges that overlap what is known in any way, and end above it", () => {
    const steps = fc.array(
      fc.record({ length: fc.integer({ min: 5, max: 9 }), shift: fc.integer({ min: -4, max: 4 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (schedule) => {
        const tracker = new SequenceTracker();
        const seen = new Set<number>();
        let first: number | undefined;
        let end = 0;
        for (const { length, shift } of schedule) {
          const from = Math.max(end + 1 + shift, 1);
          const to = from + length - 1;
          const verdict = tracker.accept(range(from, to));
          first ??= from;
          if (verdict.kind === "gap") {
            for (let id = Number(verdict.from); id <= Number(verdict.to); id += 1) {
              expect(seen.has(id)).toBe(false);
              seen.add(id);
            }
          }
          for (let id = from; id <= to; id += 1) seen.add(id);
          end = Math.max(end, to);
        }
        for (let id = first ?? 1; id <= end; id += 1) expect(seen.has(id)).toBe(true);
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });
});
