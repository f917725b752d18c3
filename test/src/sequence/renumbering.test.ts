import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SequencePoint } from "../../../src/sequence/point.ts";
import { sequenceRules } from "../../../src/sequence/rule.ts";
import { Judged } from "./judged.ts";

/** A stream that stands at 50,000. */
function known(rest: Partial<SequencePoint> = {}): Judged {
  const judged = new Judged(rest).takes(50_000);
  judged.told();
  return judged;
}

function fresh(rest: Partial<SequencePoint> = {}): Judged {
  return known(rest).newSocket();
}

const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

const counting = [
  ["contiguous", {}],
  ["range", { rule: sequenceRules.range() }],
  ["monotonic", { rule: sequenceRules.monotonic() }],
  ["connection", { rule: sequenceRules.connection() }],
] as const;

describe.each(counting)("numbering that starts over on a socket (%s)", (_, rest) => {
  it("is one reset, then every message from its first one", () => {
    const judged = known(rest).range(1, 1_000);
    expect(judged.told()).toEqual(["reset", ...names(1, 1_000)]);
  });

  it("shows with the second message: three and then silence are delivered", () => {
    expect(known(rest).takes(1, 2, 3).told()).toEqual(["reset", "1", "2", "3"]);
  });

  it("is in doubt with one message, which is reported after a second and delivered at the socket's end", () => {
    const judged = known(rest).takes(1);
    expect(judged.told()).toEqual([]);
    expect(judged.tracker.held).toBe(1);
    expect(judged.passes(999).told()).toEqual([]);
    expect(judged.passes(1).told()).toEqual(["in doubt 1"]);
    expect(judged.passes(60_000).told()).toEqual([]);
    judged.tracker.socketEnded();
    expect(judged.told()).toEqual(["reset", "1"]);
    expect(judged.tracker.held).toBe(0);
  });

  it("is no reset where the next message follows the known number: the lower one came late", () => {
    expect(known(rest).takes(49_998, 50_001, 50_002).told()).toEqual([
      "~49998 stale",
      "50001",
      "50002",
    ]);
  });

  it("shows with a second message that has the same number and other bytes", () => {
    const judged = known(rest);
    judged.take({ first: 1, last: 1 }, "a");
    expect(judged.told()).toEqual([]);
    judged.take({ first: 1, last: 1 }, "a");
    expect(judged.told(), "a copy decides nothing").toEqual([]);
    judged.take({ first: 1, last: 1 }, "b");
    expect(judged.told().slice(0, 2)).toEqual(["reset", "1"]);
    expect(judged.tracker.held).toBe(0);
  });

  it("loses none that come in another order", () => {
    expect(known(rest).takes(2, 1, 3, 4).told()).toEqual(["reset", "2", "1", "3", "4"]);
  });
});

describe("what is missing within a new numbering", () => {
  it("is a gap behind the reset", () => {
    expect(known().takes(1, 4, 5).told()).toEqual(["reset", "1", "gap 2-3", "4", "5"]);
    expect(fresh().takes(1, 4, 5).passes(1_000).told()).toEqual([
      "reset",
      "1",
      "gap 2-3",
      "4",
      "5",
    ]);
  });
});

describe.each(counting.filter(([name]) => name !== "connection"))(
  "a new socket (%s)",
  (_, rest) => {
    it("that tells again what is known delivers nothing twice, and is no reset", () => {
      const judged = fresh(rest).range(49_951, 50_000);
      expect(judged.told()).toEqual([
        ...names(49_951, 49_999).map((name) => `~${name} stale`),
        "~50000 duplicate",
      ]);
      expect(judged.passes(5_000).takes(50_001).told()).toEqual(["50001"]);
    });

    it("that tells a part of it again drops it with the next number", () => {
      expect(fresh(rest).takes(49_990, 49_991, 50_001).told()).toEqual([
        "~49990 stale",
        "~49991 stale",
        "50001",
      ]);
    });

    it("that is numbered from the start is known after a second, whole", () => {
      const judged = fresh(rest).range(1, 10);
      expect(judged.told()).toEqual([]);
      expect(judged.passes(1_000).told()).toEqual(["reset", ...names(1, 10)]);
      expect(judged.range(11, 1_000).told()).toEqual(names(11, 1_000));
    });

    it("is known by the messages' own time too, where nobody looks", () => {
      const judged = fresh(rest).range(1, 3);
      judged.atMs += 1_001;
      expect(judged.range(4, 6).told()).toEqual(["reset", ...names(1, 6)]);
    });

    it("is known at once by more messages or bytes than may be held", () => {
      const many = fresh(rest).range(1, 1_001).told();
      expect(many).toEqual(["reset", ...names(1, 1_001)]);
      const large = fresh(rest);
      for (let number = 1; number <= 5; number += 1) {
        large.take({ first: number, last: number }, "x".repeat(300_000) + String(number));
      }
      expect(large.told()).toEqual(["reset", ...names(1, 5)]);
    });

    it("delivers what is held at its end", () => {
      const judged = fresh(rest).takes(1, 2, 3);
      judged.tracker.socketEnded();
      expect(judged.told()).toEqual(["reset", "1", "2", "3"]);
    });

    it("of a mirror that lags for less than a second is no reset", () => {
      const judged = fresh(rest).range(49_990, 49_999);
      judged.atMs += 900;
      judged.range(50_000, 50_003);
      expect(judged.told().filter((line) => !line.startsWith("~"))).toEqual(names(50_001, 50_003));
    });

    it("is not fresh any more once a number above the known one has come", () => {
      const judged = fresh(rest).takes(50_001);
      judged.told();
      expect(judged.takes(1, 2).told()).toEqual(["reset", "1", "2"]);
    });
  },
);

describe("a topic that is asked for again", () => {
  it("may be told again from before, as on a new socket", () => {
    const judged = known();
    judged.tracker.asked("s");
    expect(judged.range(49_999, 50_001).told()).toEqual([
      "~49999 stale",
      "~50000 duplicate",
      "50001",
    ]);
  });

  it("leaves other topics' streams as they were", () => {
    const judged = known();
    judged.tracker.asked("other");
    expect(judged.takes(1, 2).told()).toEqual(["reset", "1", "2"]);
  });

  it("makes fresh the streams that no topic names", () => {
    const judged = known();
    judged.topics.clear();
    judged.tracker.asked("other");
    expect(judged.takes(1, 2).told()).toEqual([]);
    expect(judged.takes(50_000).told()).toEqual(["~1 stale", "~2 stale", "~50000 duplicate"]);
  });
});

describe("what a venue marks as told again", () => {
  const retold = { retold: true } as const;

  it("is dropped where it reaches the known number", () => {
    const judged = fresh().range(49_998, 50_000, retold);
    expect(judged.told()).toEqual(["~49998 stale", "~49999 stale", "~50000 duplicate"]);
  });

  it("waits, however long, for the first message without the mark", () => {
    const judged = fresh().range(49_990, 49_995, retold).passes(600_000);
    expect(judged.told()).toEqual(["in doubt 6"]);
    judged.takes(50_001);
    expect(judged.told()).toEqual([
      ...names(49_990, 49_995).map((name) => `~${name} stale`),
      "50001",
    ]);
  });

  it("begins a new numbering a second after the first message without the mark", () => {
    const judged = fresh().range(1, 50, retold).passes(5_000).takes(51, 52);
    expect(judged.told()).toEqual(["in doubt 50"]);
    expect(judged.passes(999).told()).toEqual([]);
    expect(judged.passes(1).told()).toEqual(["reset", ...names(1, 52)]);
  });

  it("begins a new numbering at once on a stream that is not fresh", () => {
    expect(known().range(1, 50, retold).takes(51, 52).told()).toEqual(["reset", ...names(1, 52)]);
  });

  it("may be marked in part: nothing is delivered twice", () => {
    const judged = fresh();
    for (let number = 49_990; number < 50_000; number += 1) {
      judged.take({ first: number, last: number, retold: number % 2 === 0 });
    }
    judged.takes(50_000, 50_001);
    expect(judged.told().filter((line) => !line.startsWith("~"))).toEqual(["50001"]);
  });

  it("is delivered at the socket's end where nothing else has come", () => {
    const judged = fresh().range(1, 3, retold);
    judged.tracker.socketEnded();
    expect(judged.told()).toEqual(["reset", "1", "2", "3"]);
  });
});

describe("a linked stream that is numbered from the start without a word", () => {
  const link = (previous: number, last: number) => ({ first: last, last, previous });
  const linked = () => {
    const judged = new Judged().take(link(49_990, 50_000));
    judged.told();
    return judged;
  };

  it("is one reset where a message names the one that is held", () => {
    const judged = linked().take(link(0, 5)).take(link(5, 9)).take(link(9, 12));
    expect(judged.told()).toEqual(["reset", "5", "9", "12"]);
  });

  it("is held until a link holds", () => {
    const judged = linked().take(link(0, 5)).take(link(7, 9)).take(link(9, 12));
    expect(judged.told()).toEqual(["reset", "5", "gap 6-7", "9", "12"]);
  });

  it("is no reset where the next message names the known one", () => {
    expect(linked().take(link(49_980, 49_990)).take(link(50_000, 50_004)).told()).toEqual([
      "~49990 stale",
      "50004",
    ]);
  });
});

describe("one absurd number", () => {
  const LARGEST = Number.MAX_SAFE_INTEGER;

  it.each([[LARGEST], [2 ** 31 + 10], [2n ** 70n]])(
    "(%d) is a reset and no gap, and the stream goes back at once",
    (absurd) => {
      const judged = new Judged().takes(1, 2, absurd, 3, 4);
      expect(judged.told()).toEqual(["1", "2", "reset", String(absurd), "reset", "3", "4"]);
    },
  );

  it("that is not so absurd is a gap, and the stream goes back all the same", () => {
    expect(new Judged().takes(1, 2, 900, 3, 4).told()).toEqual([
      "1",
      "2",
      "gap 3-899",
      "900",
      "reset",
      "3",
      "4",
    ]);
  });

  it("does not silence the stream where the number after it is missing too", () => {
    const judged = new Judged().takes(1, 2, LARGEST, 5, 6, 7);
    expect(judged.told()).toEqual(["1", "2", "reset", String(LARGEST), "reset", "5", "6", "7"]);
  });

  it("at the very beginning silences nothing", () => {
    expect(new Judged().takes(LARGEST, 1, 2, 3).told()).toEqual([
      String(LARGEST),
      "reset",
      "1",
      "2",
      "3",
    ]);
  });

  it("that is low is dropped, and the stream goes on", () => {
    expect(known().takes(1, 50_001, 50_002).told()).toEqual(["~1 stale", "50001", "50002"]);
  });

  it("in a linked stream is a reset, and the stream goes back by its link", () => {
    const judged = new Judged()
      .take({ first: 2, last: 2, previous: 1 })
      .take({ first: LARGEST, last: LARGEST, previous: LARGEST - 1 })
      .take({ first: 3, last: 3, previous: 2 })
      .take({ first: 4, last: 4, previous: 3 });
    expect(judged.told()).toEqual(["2", "reset", String(LARGEST), "reset", "3", "4"]);
  });

  it("of a stream that only grows silences nothing", () => {
    const judged = new Judged({ rule: sequenceRules.monotonic() }).takes(1, 2, LARGEST, 3, 4);
    expect(judged.told()).toEqual(["1", "2", String(LARGEST), "reset", "3", "4"]);
  });

  it("is told from a message that is only late: what follows both is next", () => {
    expect(new Judged().takes(10, 12, 11, 13, 14).told()).toEqual([
      "10",
      "gap 11-11",
      "12",
      "reset",
      "11",
      "13",
      "14",
    ]);
  });
});

describe("messages that come late, in order, right behind the gap that they left", () => {
  it("are delivered behind a reset, and what follows them all is next", () => {
    expect(new Judged().takes(1, 4, 2, 3, 5, 6).told()).toEqual([
      "1",
      "gap 2-3",
      "4",
      "reset",
      "2",
      "3",
      "5",
      "6",
    ]);
  });
});

describe("a late copy behind another one", () => {
  it("that has the known number is dropped with it", () => {
    const told = new Judged().takes(1, 2, 3, 2, 3, 4).told();
    expect(told).toEqual(["1", "2", "3", "~2 stale", "~3 duplicate", "4"]);
  });
});

describe("a number that does not change", () => {
  it("says nothing from the fourth message on: all are delivered", () => {
    const judged = new Judged().takes(7, 7, 7, 7, 7, 7);
    const copies = ["~7 duplicate", "~7 duplicate"];
    expect(judged.told()).toEqual(["7", ...copies, "stuck at 7", "7", "7", "7", "7", "7"]);
    expect(judged.takes(8, 9).told()).toEqual(["8", "9"]);
  });

  it("is a copy where the bytes are the same", () => {
    const judged = new Judged();
    judged.take({ first: 7, last: 7 }, "a");
    for (let copy = 0; copy < 10; copy += 1) judged.take({ first: 7, last: 7 }, "b");
    judged.takes(8);
    const told = judged.told();
    expect(told.filter((line) => line === "~7 duplicate")).toHaveLength(10);
    expect(told).not.toContain("stuck at 7");
  });

  it("is a duplicate where the next number shows that the stream goes on", () => {
    expect(new Judged().takes(7, 7, 8).told()).toEqual(["7", "~7 duplicate", "8"]);
  });

  it("is found however slowly its messages come", () => {
    const judged = new Judged().takes(7);
    for (let message = 0; message < 4; message += 1) judged.passes(600_000).takes(7);
    expect(judged.told().slice(-5)).toEqual(["stuck at 7", "7", "7", "7", "7"]);
  });

  it("may be stuck once more after it has grown", () => {
    const judged = new Judged().takes(7, 7, 7, 7, 8);
    judged.told();
    expect(judged.takes(8, 8, 8).told().slice(2)).toEqual(["stuck at 8", "8", "8", "8"]);
  });

  it("is a sign of life where the rule says so", () => {
    const judged = new Judged({ rule: sequenceRules.monotonic({ equal: "alive" }) });
    expect(judged.takes(7, 7, 7, 7, 7).told()).toEqual(["7", "7", "7", "7", "7"]);
  });
});

describe("a message that begins the stream anew", () => {
  it("releases what is held before it", () => {
    const judged = known().takes(3).take({ first: 9, last: 9, restarts: true });
    expect(judged.told()).toEqual(["reset", "3", "reset", "9"]);
  });
});

describe("a sign of life that names a number", () => {
  it("confirms the known one: what is held is late", () => {
    const judged = known().takes(7).take({ first: 50_001, last: 50_000 });
    expect(judged.told()).toEqual(["~7 stale", "50000"]);
  });

  it("confirms a new numbering: what is held is its beginning", () => {
    const judged = known().takes(7).take({ first: 8, last: 7 });
    expect(judged.told()).toEqual(["reset", "7", "7"]);
  });
});

describe("any renumbering, anywhere", () => {
  const cases = fc.record({
    known: fc.integer({ min: 5_000, max: 10_000 }),
    start: fc.integer({ min: 0, max: 100 }),
    length: fc.integer({ min: 2, max: 60 }),
    isOnNewSocket: fc.boolean(),
    everyMs: fc.integer({ min: 0, max: 700 }),
    rule: fc.constantFrom("contiguous", "range", "monotonic" as const),
  });

  it("is delivered whole behind one reset, and nothing of it twice", () => {
    fc.assert(
      fc.property(cases, ({ known: last, start, length, isOnNewSocket, everyMs, rule }) => {
        const judged = new Judged({ rule: sequenceRules[rule]() }).takes(last);
        if (isOnNewSocket) judged.newSocket();
        judged.told();
        for (let number = start; number < start + length; number += 1) {
          judged.passes(everyMs).takes(number);
        }
        judged.passes(1_001);
        const told = judged.told().filter((line) => !line.startsWith("in doubt"));
        expect(told).toEqual(["reset", ...names(start, start + length - 1)]);
      }),
      { seed: 20261130, numRuns: 300 },
    );
  });
});
