import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Freshness, type FreshnessPolicy } from "../../../src/subscriptions/freshness.ts";

const policy: FreshnessPolicy = { firstMs: 10_000, silenceMs: 60_000 };

/** Topics that are confirmed at 0. */
function confirmed(options: Partial<FreshnessPolicy> = {}, ...topics: readonly string[]) {
  const freshness = new Freshness(() => ({ ...policy, ...options }));
  for (const topic of topics.length === 0 ? ["a"] : topics) {
    freshness.asked(topic);
    freshness.confirmed(topic, 0);
  }
  return freshness;
}

/** What is stale by then, as `topic action silentMs`; deadlines are met when they fall due. */
function staleBy(freshness: Freshness, untilMs: number): string[] {
  const stale: string[] = [];
  for (
    let dueAtMs = freshness.nextDueAtMs;
    dueAtMs !== undefined && dueAtMs <= untilMs;
    dueAtMs = freshness.nextDueAtMs
  ) {
    for (const { topic, silentMs } of freshness.takeStale(dueAtMs)) {
      stale.push(`${topic} resubscribe ${silentMs}`);
    }
    const report = freshness.takeReport(dueAtMs);
    if (report !== undefined) stale.push(`${report.topics.join("+")} report ${report.silentMs}`);
  }
  return stale;
}

/** Subscribed anew, as a renewal does it. */
function renew(freshness: Freshness, topic: string, atMs: number): void {
  freshness.unconfirmed(topic);
  freshness.asked(topic);
  freshness.confirmed(topic, atMs);
}

describe("a topic that was acknowledged", () => {
  it("is stale when no first message comes in its time", () => {
    const freshness = confirmed();
    expect(freshness.takeStale(9_999)).toEqual([]);
    expect(freshness.takeStale(10_000)).toEqual([{ topic: "a", silentMs: 10_000 }]);
    expect(freshness.takeReport(20_000)).toBeUndefined();
  });

  it("is stale when it falls silent later, counted from its last message", () => {
    const freshness = confirmed();
    for (const atMs of [9_999, 50_000, 100_000]) expect(freshness.heard("a", atMs)).toBeUndefined();
    expect(staleBy(freshness, 159_999)).toEqual([]);
    expect(staleBy(freshness, 160_000)).toEqual(["a resubscribe 60000"]);
  });

  it("may be silent for ever where it has no deadline", () => {
    expect(staleBy(confirmed({ firstMs: null, silenceMs: null }), 1e12)).toEqual([]);
    const freshness = confirmed({ silenceMs: null });
    freshness.heard("a", 1);
    expect(staleBy(freshness, 1e12)).toEqual([]);
    expect(staleBy(confirmed({ firstMs: null }), 1e12)).toEqual([]);
  });

  it("may have a deadline for silence alone, which begins with its first message", () => {
    const freshness = confirmed({ firstMs: null });
    freshness.heard("a", 500_000);
    expect(staleBy(freshness, 1e6)).toEqual(["a resubscribe 60000"]);
  });

  it("has had its first message also when that overtook the acknowledgement", () => {
    const freshness = new Freshness(() => policy);
    freshness.asked("a");
    freshness.heard("a", 50);
    freshness.confirmed("a", 100);
    expect(staleBy(freshness, 60_049)).toEqual([]);
    expect(staleBy(freshness, 60_050)).toEqual(["a resubscribe 60000"]);
  });

  it("has its deadline for the first message again when it is subscribed anew for other reasons", () => {
    const freshness = confirmed();
    freshness.heard("a", 1_000);
    renew(freshness, "a", 5_000);
    expect(staleBy(freshness, 14_999)).toEqual([]);
    expect(staleBy(freshness, 15_000)).toEqual(["a resubscribe 10000"]);
  });

  it("is not watched where its policy is null", () => {
    const freshness = new Freshness((topic) => (topic === "quiet" ? null : policy));
    for (const topic of ["quiet", "loud"]) freshness.confirmed(topic, 0);
    expect(staleBy(freshness, 1e12)).toEqual(["loud resubscribe 10000"]);
    expect(freshness.heard("quiet", 1)).toBeUndefined();
  });
});

describe("a stale topic", () => {
  it("that is subscribed anew and silent again is reported once, within seconds", () => {
    const freshness = confirmed();
    expect(staleBy(freshness, 10_000)).toEqual(["a resubscribe 10000"]);
    renew(freshness, "a", 10_500);
    expect(staleBy(freshness, 25_499)).toEqual([]);
    expect(staleBy(freshness, 25_500)).toEqual(["a report 25500"]);
    renew(freshness, "a", 30_000);
    expect(staleBy(freshness, 69_999)).toEqual([]);
  });

  it("that was reported is asked for again after waits that grow to an hour", () => {
    const freshness = confirmed();
    let nowMs = 0;
    const waits: number[] = [];
    for (let asked = 0; asked < 9;) {
      const dueAtMs = freshness.nextDueAtMs ?? Infinity;
      const isAsked = freshness.takeStale(dueAtMs).length > 0;
      freshness.takeReport(dueAtMs);
      if (!isAsked) continue;
      asked += 1;
      waits.push(dueAtMs - nowMs);
      nowMs = dueAtMs;
      renew(freshness, "a", nowMs);
    }
    // The second wait is the one for the report and the first growing one together.
    expect(waits).toEqual([
      10_000, 50_000, 160_000, 640_000, 2_560_000, 3_600_000, 3_600_000, 3_600_000, 3_600_000,
    ]);
  });

  it("is in one report with others that fall due at about the same time", () => {
    const topics = Array.from({ length: 50 }, (_, index) => `t${index}`);
    const freshness = confirmed({}, ...topics);
    staleBy(freshness, 10_000);
    topics.forEach((topic, index) => renew(freshness, topic, 10_500 + index * 50));
    const reports = staleBy(freshness, 25_500);
    expect(reports).toEqual([`${topics.join("+")} report 25500`]);
  });

  it("joins the report that is open, and the reports become rarer", () => {
    const topics = ["a", "b", "c", "d"];
    const freshness = new Freshness(() => ({ firstMs: 10_000, silenceMs: null }));
    const reports: string[] = [];
    const until = (untilMs: number): void => {
      for (let at = freshness.nextDueAtMs; at !== undefined && at <= untilMs;) {
        for (const { topic } of freshness.takeStale(at)) renew(freshness, topic, at);
        const report = freshness.takeReport(at);
        if (report !== undefined) reports.push(`${at}: ${report.topics.join("+")}`);
        at = freshness.nextDueAtMs;
      }
    };
    topics.forEach((topic, index) => {
      until(index * 60_000);
      freshness.asked(topic);
      freshness.confirmed(topic, index * 60_000);
    });
    until(2_000_000);
    expect(reports).toEqual(["25000: a", "380000: a+b+c+d"]);
    for (const topic of topics) freshness.heard(topic, 2_000_000);
    freshness.asked("e");
    freshness.confirmed("e", 2_000_000);
    until(2_100_000);
    expect(reports.slice(2)).toEqual(["2025000: e"]);
  });

  it("that speaks before its report is in none", () => {
    const freshness = confirmed({}, "a", "b");
    staleBy(freshness, 10_000);
    for (const topic of ["a", "b"]) renew(freshness, topic, 10_000);
    staleBy(freshness, 24_999);
    freshness.heard("a", 24_999);
    expect(staleBy(freshness, 25_000)).toEqual(["b report 25000"]);
  });

  it.each(["renewed", "reported"])(
    "that was %s speaks again: said once, and watched anew",
    (how) => {
      const freshness = confirmed();
      staleBy(freshness, 10_000);
      renew(freshness, "a", 10_500);
      if (how === "reported") staleBy(freshness, 25_500);
      expect(freshness.heard("a", 25_600)).toBe(25_600);
      expect(freshness.heard("a", 25_700)).toBeUndefined();
      expect(staleBy(freshness, 85_699)).toEqual([]);
      expect(staleBy(freshness, 85_700)).toEqual(["a resubscribe 60000"]);
    },
  );

  it("is silent since its last message, over sockets too, and is reported once", () => {
    const freshness = confirmed();
    freshness.heard("a", 1_000);
    expect(staleBy(freshness, 61_000)).toEqual(["a resubscribe 60000"]);
    freshness.socketEnded();
    expect(freshness.nextDueAtMs).toBeUndefined();
    renew(freshness, "a", 100_000);
    expect(staleBy(freshness, 115_000)).toEqual(["a report 114000"]);
    freshness.socketEnded();
    renew(freshness, "a", 200_000);
    expect(staleBy(freshness, 239_999)).toEqual([]);
    expect(staleBy(freshness, 240_000)).toEqual(["a resubscribe 239000"]);
    expect(freshness.heard("a", 241_000)).toBe(240_000);
  });

  it("uses its deadline for silence where it has none for the first message", () => {
    const freshness = confirmed({ firstMs: null });
    freshness.heard("a", 0);
    expect(staleBy(freshness, 60_000)).toEqual(["a resubscribe 60000"]);
    renew(freshness, "a", 61_000);
    expect(staleBy(freshness, 126_000)).toEqual(["a report 126000"]);
  });
});

describe("silence means nothing", () => {
  it("of a topic that is not subscribed, or no longer known to be", () => {
    const freshness = confirmed();
    freshness.unconfirmed("a");
    expect(staleBy(freshness, 1e12)).toEqual([]);
    freshness.asked("a");
    freshness.heard("a", 1);
    expect(staleBy(freshness, 1e12)).toEqual([]);
    freshness.forget("a");
    expect(freshness.heard("a", 1)).toBeUndefined();
  });

  it("on a socket that has ended; the next one's acknowledgement begins anew", () => {
    const freshness = confirmed();
    freshness.heard("a", 1_000);
    freshness.socketEnded();
    expect(staleBy(freshness, 1e12)).toEqual([]);
    renew(freshness, "a", 5_000_000);
    expect(staleBy(freshness, 6_000_000)).toEqual(["a resubscribe 10000"]);
  });

  it("while it is announced, or while we do not read; it counts anew after the last of both", () => {
    const freshness = confirmed();
    freshness.pause("venue");
    freshness.pause("reader");
    expect(freshness.nextDueAtMs).toBeUndefined();
    expect(freshness.takeStale(50_000)).toEqual([]);
    freshness.resume("venue", 60_000);
    expect(freshness.takeStale(70_000)).toEqual([]);
    freshness.resume("reader", 80_000);
    expect(staleBy(freshness, 89_999)).toEqual([]);
    expect(staleBy(freshness, 90_000)).toEqual(["a resubscribe 90000"]);
  });

  it("of pauses of another socket", () => {
    const freshness = confirmed();
    freshness.pause("venue");
    freshness.socketEnded();
    renew(freshness, "a", 1_000);
    expect(staleBy(freshness, 11_000)).toEqual(["a resubscribe 10000"]);
  });
});

describe("any number of topics", () => {
  it("are stale exactly when they were silent for their time, whatever the others do", () => {
    const message = fc.record({ topic: fc.nat({ max: 9 }), afterMs: fc.nat({ max: 30_000 }) });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 100 }), (messages) => {
        const topics = Array.from({ length: 10 }, (_, index) => `t${index}`);
        const freshness = confirmed({}, ...topics);
        const dueAtMs = new Map(topics.map((topic) => [topic, policy.firstMs ?? 0]));
        const expected: string[] = [];
        const actual: string[] = [];
        let nowMs = 0;
        for (const { topic, afterMs } of [...messages, { topic: 0, afterMs: 1e9 }]) {
          nowMs += afterMs;
          // Deadlines that pass before the message, each at its own time.
          for (const [name, atMs] of dueAtMs) {
            if (atMs > nowMs) continue;
            expected.push(`${name} at ${atMs}`);
            dueAtMs.delete(name);
          }
          for (
            let atMs = freshness.nextDueAtMs;
            atMs !== undefined && atMs <= nowMs;
            atMs = freshness.nextDueAtMs
          ) {
            for (const stale of freshness.takeStale(atMs)) actual.push(`${stale.topic} at ${atMs}`);
            freshness.takeReport(atMs);
          }
          // It is subscribed anew at once where it was stale; then a message makes it fresh.
          freshness.heard(`t${topic}`, nowMs);
          dueAtMs.set(`t${topic}`, nowMs + (policy.silenceMs ?? 0));
        }
        expect(actual.toSorted()).toEqual(expected.toSorted());
      }),
    );
  });

  it("cost no more than one look at a deadline per message", () => {
    const topics = Array.from({ length: 5_000 }, (_, index) => `t${index}`);
    const freshness = confirmed({ firstMs: 10_000, silenceMs: 1_000 }, ...topics);
    let looks = 0;
    let heard = 0;
    for (let nowMs = 1; nowMs < 5_000; nowMs += 1) {
      for (let index = nowMs % 10; index < topics.length; index += 10) {
        freshness.heard(`t${index}`, nowMs);
        heard += 1;
      }
      while ((freshness.nextDueAtMs ?? Infinity) <= nowMs) {
        looks += 1;
        expect(freshness.takeStale(nowMs)).toEqual([]);
      }
    }
    expect(looks).toBeLessThan(5_000);
    expect(heard).toBeGreaterThan(2_000_000);
  });
});
