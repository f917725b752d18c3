import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Quarantine,
  type Quarantined,
  type QuarantinePolicy,
} from "../../../src/subscriptions/quarantine.ts";

const policy: QuarantinePolicy = {
  suspectWithinMs: 2_000,
  suspectAfter: 2,
  strikes: 2,
  quarantineMs: 600_000,
};

/** A quarantine and the time it is told, on a socket opened at 0. */
class Court {
  readonly quarantine: Quarantine;
  nowMs = 0;

  constructor(options: Partial<QuarantinePolicy> = {}) {
    this.quarantine = new Quarantine({ ...policy, ...options });
    this.quarantine.socketOpened(0);
  }

  passes(durationMs: number): this {
    this.nowMs += durationMs;
    return this;
  }

  asks(...topics: readonly string[]): this {
    this.quarantine.asked(topics, this.nowMs);
    return this;
  }

  /** The socket is lost, and the next one opens a second later. */
  loses() {
    const quarantined = this.quarantine.lost(this.nowMs);
    this.quarantine.socketEnded(this.nowMs);
    this.passes(1_000);
    this.quarantine.socketOpened(this.nowMs);
    return quarantined;
  }

  /** Suspects that may be asked for now. */
  trial(): readonly string[] {
    return this.quarantine.takeTrial(this.nowMs);
  }

  /** The next trial, when the socket has lived for long enough; it is asked for. */
  tries(): readonly string[] {
    this.passes(this.quarantine.waitMs(this.nowMs) ?? 0);
    const trial = this.trial();
    this.asks(...trial);
    return trial;
  }

  holdsOf(...topics: readonly string[]) {
    return topics.map((topic) => this.quarantine.holdOf(topic));
  }
}

/** A court in which these are suspects, on a new socket. */
function suspecting(...topics: readonly string[]): Court {
  const court = new Court();
  for (let loss = 0; loss < policy.suspectAfter; loss += 1) {
    court.asks(...topics).passes(150);
    court.loses();
  }
  return court;
}

describe("a loss soon after a request", () => {
  it("is chance at first, and makes suspects of what was in flight when it happens again", () => {
    const court = new Court();
    court.asks("a", "b").passes(150).loses();
    expect(court.holdsOf("a", "b")).toEqual([undefined, undefined]);
    court.asks("a", "b").passes(150).loses();
    expect(court.holdsOf("a", "b")).toEqual(["suspect", "suspect"]);
  });

  it("makes suspects at once where that is the policy", () => {
    const court = new Court({ suspectAfter: 1 });
    court.asks("a", "b").passes(150).loses();
    expect(court.holdsOf("a", "b")).toEqual(["suspect", "suspect"]);
  });

  it("says nothing of topics that were answered or heard of", () => {
    const court = new Court({ suspectAfter: 1 });
    court.asks("a", "b");
    court.quarantine.acquit("a");
    court.passes(150).loses();
    expect(court.holdsOf("a", "b")).toEqual([undefined, "suspect"]);
  });

  it.each([
    [1_999, "suspect"],
    [2_000, undefined],
  ])("%d ms after it: %s", (afterMs, hold) => {
    const court = new Court({ suspectAfter: 1 });
    court.asks("a").passes(afterMs).loses();
    expect(court.holdsOf("a")).toEqual([hold]);
  });

  it("forgives all when the topic is answered between two losses", () => {
    const court = new Court();
    court.asks("a", "b").passes(150).loses();
    court.asks("a", "b");
    court.quarantine.acquit("a");
    court.loses();
    court.asks("a", "b").passes(150).loses();
    expect(court.holdsOf("a", "b")).toEqual([undefined, "suspect"]);
  });

  it("of a socket that had not lived is no strike, however often it happens", () => {
    const court = new Court();
    for (let loss = 0; loss < 10; loss += 1) {
      expect(court.asks("a").passes(150).loses()).toEqual([]);
    }
    expect(court.holdsOf("a")).toEqual(["suspect"]);
  });
});

describe("a topic", () => {
  it.each([
    [1_999, undefined],
    [2_000, "suspect"],
  ])("is blamed %d ms after another was asked for that nobody wants any more: %s", (ms, hold) => {
    const court = new Court().passes(2_000).asks("killer");
    court.quarantine.forget("killer");
    court
      .passes(ms - 100)
      .asks("a")
      .passes(100)
      .loses();
    expect(court.holdsOf("a")).toEqual([hold]);
  });

  it.each([
    [1_999, "suspect"],
    [2_000, undefined],
  ])("that has lived for %d ms on a socket that we left is %s after a second loss", (ms, hold) => {
    const court = new Court();
    court.asks("a", "b").passes(150).loses();
    court.asks("a", "b").passes(ms).quarantine.socketEnded(court.nowMs);
    court.quarantine.socketOpened(court.nowMs);
    court.asks("a", "b").passes(150).loses();
    expect(court.holdsOf("a")).toEqual([hold]);
  });
});

describe("suspects", () => {
  it("wait until the new socket has lived without them", () => {
    const court = suspecting("a", "b");
    expect(court.trial()).toEqual([]);
    expect(court.quarantine.waitMs(court.nowMs)).toBe(2_000);
    court.passes(1_999);
    expect(court.trial()).toEqual([]);
    expect(court.passes(1).trial()).toEqual(["a"]);
  });

  it("wait while anything else is in flight", () => {
    const court = suspecting("a").passes(1_500).asks("fine").passes(1_000);
    expect(court.trial()).toEqual([]);
    court.quarantine.acquit("fine");
    expect(court.trial()).toEqual(["a"]);
  });

  it.each(["answered", "survived"])(
    "are tried alone, the next when the one before is %s",
    (end) => {
      const court = suspecting("a", "b");
      expect(court.tries()).toEqual(["a"]);
      expect(court.passes(1_999).trial()).toEqual([]);
      if (end === "answered") court.quarantine.acquit("a");
      else court.passes(1);
      expect(court.trial()).toEqual(["b"]);
      expect(court.holdsOf("a", "b")).toEqual([undefined, "suspect"]);
    },
  );

  it("are tried when one that nobody wants any more cannot kill either", () => {
    const court = suspecting("a", "b");
    expect(court.tries()).toEqual(["a"]);
    court.passes(500).quarantine.forget("a");
    expect(court.passes(1_499).trial()).toEqual([]);
    expect(court.passes(1).trial()).toEqual(["b"]);
    expect(court.holdsOf("a", "b")).toEqual([undefined, "suspect"]);
  });

  it("are not called while one that was called is still to be asked for", () => {
    const court = suspecting("a", "b").passes(2_000);
    expect(court.trial()).toEqual(["a"]);
    expect(court.passes(60_000).trial()).toEqual([]);
    expect(court.quarantine.waitMs(court.nowMs)).toBeUndefined();
    court.quarantine.acquit("a"); // its frame could not be made
    expect(court.trial()).toEqual(["b"]);
  });

  it("that killed are tried after those that did not", () => {
    const court = suspecting("bad", "b", "c");
    expect(court.tries()).toEqual(["bad"]);
    court.passes(150).loses();
    expect(court.tries()).toEqual(["b"]);
    court.quarantine.acquit("b");
    expect(court.trial()).toEqual(["c"]);
  });

  it("in great number are tried in groups, so that a network that flaps costs little", () => {
    const topics = Array.from({ length: 320 }, (_, index) => `t${index}`);
    const court = suspecting(...topics);
    let trials = 0;
    while (court.tries().length > 0) trials += 1;
    expect(trials).toBeLessThanOrEqual(80);
    expect(court.quarantine.waitMs(court.nowMs)).toBeUndefined();
  });
});

describe("a topic that kills every socket that asks for it", () => {
  it("is quarantined when it alone did so as often as it may", () => {
    const court = suspecting("bad");
    court.tries();
    expect(court.passes(150).loses()).toEqual([]);
    court.tries();
    const untilMs = court.nowMs + 150 + 600_000;
    expect(court.passes(150).loses()).toEqual([{ topic: "bad", strikes: 2, untilMs }]);
    expect(court.holdsOf("bad")).toEqual(["quarantined"]);
  });

  it("is struck at once on a socket that has lived, as there is nothing else to blame", () => {
    const court = new Court();
    court.passes(60_000).asks("bad").passes(90).loses();
    expect(court.holdsOf("bad")).toEqual(["suspect"]);
    court.tries();
    expect(court.passes(90).loses()).toMatchObject([{ topic: "bad" }]);
  });

  it("is not asked for before its time is over, then once more, and one strike suffices", () => {
    const court = suspecting("bad");
    for (let strike = 0; strike < 2; strike += 1) {
      court.tries();
      court.passes(150).loses();
    }
    court.passes(2_000);
    expect(court.trial()).toEqual([]);
    const waitMs = court.quarantine.waitMs(court.nowMs) ?? 0;
    expect(waitMs).toBe(600_000 - 1_000 - 2_000);
    expect(court.passes(waitMs - 1).trial()).toEqual([]);
    expect(court.passes(1).tries()).toEqual(["bad"]);
    expect(court.passes(150).loses()).toMatchObject([{ topic: "bad", strikes: 2 }]);
    expect(court.holdsOf("bad")).toEqual(["quarantined"]);
  });

  it("is forgiven when it has become better meanwhile", () => {
    const court = suspecting("bad");
    for (let strike = 0; strike < 2; strike += 1) {
      court.tries();
      court.passes(150).loses();
    }
    expect(court.tries()).toEqual(["bad"]);
    court.quarantine.acquit("bad");
    expect(court.holdsOf("bad")).toEqual([undefined]);
    expect(court.quarantine.waitMs(court.nowMs)).toBeUndefined();
  });

  it("is free when nobody wants it any more", () => {
    const court = suspecting("bad");
    court.quarantine.forget("bad");
    expect(court.holdsOf("bad")).toEqual([undefined]);
    expect(court.quarantine.waitMs(court.nowMs)).toBeUndefined();
  });

  it.each([1, 3, 40, 500])("is found among %d, and it alone", (count) => {
    fc.assert(
      fc.property(fc.nat({ max: count - 1 }), (badIndex) => {
        const topics = Array.from({ length: count }, (_, index) => `t${index}`);
        const bad = `t${badIndex}`;
        const court = suspecting(...topics);
        const quarantined: Quarantined[] = [];
        let losses = 0;
        while (court.holdsOf(bad)[0] !== "quarantined") {
          const trial = court.tries();
          expect(trial.length).toBeGreaterThan(0);
          if (trial.includes(bad)) {
            quarantined.push(...court.passes(150).loses());
            losses += 1;
          } else {
            for (const topic of trial) court.quarantine.acquit(topic);
          }
        }
        expect(quarantined).toMatchObject([{ topic: bad, strikes: 2 }]);
        // Two strikes, after as many halvings and better as it takes to have it alone.
        expect(losses).toBeLessThanOrEqual(2 + Math.ceil(Math.log2(count)));
        // The others are tried to the end; then it alone is left, and its time is over.
        let trial = court.tries();
        while (!trial.includes(bad)) {
          for (const topic of trial) court.quarantine.acquit(topic);
          trial = court.tries();
        }
        expect(topics.filter((topic) => topic !== bad && court.quarantine.holdOf(topic))).toEqual(
          [],
        );
      }),
      { numRuns: 25 },
    );
  });
});
