import { describe, expect, it } from "vitest";
import { later } from "../../../machines/refusal.ts";
import { TopicRetries } from "../../../src/subscriptions/topic-retries.ts";

const MINUTE_MS = 60_000;

function retriesOf(retries = 5, firstMs = 1_000): TopicRetries {
  return new TopicRetries({ retries, firstMs });
}

describe("topics that were not answered", () => {
  it("wait twice as long each time, up to a minute, and then 100 s for as long as it takes", () => {
    const retries = retriesOf(6, 5_000);
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((timeouts) => retries.unanswered("a", timeouts, 0));
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 100_000, 100_000]);
  });

  it("are not asked for again where that is not wanted", () => {
    const retries = retriesOf(0);
    expect([retries.unanswered("a", 1, 0), retries.waitMs(0)]).toEqual([null, undefined]);
  });

  it("wait as long as a request where that is more than a minute", () => {
    const retries = retriesOf(2, 90_000);
    expect([retries.unanswered("a", 1, 0), retries.unanswered("a", 2, 0)]).toEqual([
      90_000, 90_000,
    ]);
  });

  it("are due each at its own time, and once", () => {
    const retries = retriesOf();
    retries.unanswered("a", 1, 0);
    retries.unanswered("b", 2, 0);
    expect(retries.waitMs(400)).toBe(600);
    expect(retries.takeDue(999)).toEqual([]);
    expect(retries.takeDue(1_000)).toEqual(["a"]);
    expect(retries.takeDue(1_000)).toEqual([]);
    expect(retries.waitMs(1_000)).toBe(1_000);
    expect(retries.waitMs(9_000)).toBe(0); // after a stop of the process, say
    expect(retries.takeDue(9_000)).toEqual(["b"]);
    expect(retries.waitMs(9_000)).toBeUndefined();
  });

  it("are all let go by a new socket", () => {
    const retries = retriesOf();
    retries.unanswered("a", 1, 0);
    retries.refused("b", 1, later(), 0);
    retries.clear();
    expect([retries.waitMs(0), retries.takeDue(1_000_000)]).toEqual([undefined, []]);
  });
});

describe("topics that were refused for now", () => {
  const times = [1, 2, 3, 4, 5, 6, 7, 8];

  it("wait from 3 s on, twice as long each time, up to 100 s", () => {
    const waits = times.map((each) => retriesOf().refused("a", each, later(), 0));
    expect(waits).toEqual([3_000, 6_000, 12_000, 24_000, 48_000, 96_000, 100_000, 100_000]);
  });

  it("wait from 30 s on where nothing is known of the refusal", () => {
    const waits = times.map((each) => retriesOf().refused("a", each, undefined, 0));
    expect(waits.slice(0, 4)).toEqual([30_000, 60_000, 100_000, 100_000]);
  });

  it("wait as long as the peer says, but not shorter than their own wait, nor over an hour", () => {
    const waitMs = (afterMs: number) => retriesOf().refused("a", 2, later(afterMs), 0);
    expect([waitMs(0), waitMs(20_000), waitMs(600_000), waitMs(1e15)]).toEqual([
      6_000, 20_000, 600_000, 3_600_000,
    ]);
  });

  it("are due after their last refusal only", () => {
    const retries = retriesOf();
    retries.refused("a", 1, later(), 0);
    retries.refused("a", 2, later(), 1_000);
    expect(retries.takeDue(3_000)).toEqual([]);
    expect(retries.takeDue(7_000)).toEqual(["a"]);
  });

  it("are let go one by one when nobody wants them", () => {
    const retries = retriesOf();
    retries.refused("a", 1, later(), 0);
    retries.refused("b", 1, later(), 0);
    retries.forget("a");
    expect(retries.takeDue(3_000)).toEqual(["b"]);
  });
});

describe("the budget of ten requests a minute", () => {
  const topics = Array.from({ length: 25 }, (_, index) => `t${index}`);

  function allRefused(): TopicRetries {
    const retries = retriesOf();
    for (const topic of topics) retries.refused(topic, 1, later(), 0);
    return retries;
  }

  it("is kept, the oldest first", () => {
    const retries = allRefused();
    const first = retries.takeDue(3_000);
    expect(first).toEqual(topics.slice(0, 10));
    for (const topic of first) retries.written([topic], 3_000);
    expect(retries.takeDue(3_000)).toEqual([]);
    expect(retries.waitMs(3_000)).toBe(MINUTE_MS);
    expect(retries.takeDue(62_999)).toEqual([]);
    expect(retries.takeDue(63_000)).toEqual(topics.slice(10, 20));
  });

  it("counts from when a request was written, not from when it was due", () => {
    const retries = allRefused();
    const first = retries.takeDue(3_000);
    expect(retries.takeDue(100_000)).toEqual([]); // the pacing holds all ten back
    expect(retries.waitMs(100_000)).toBeUndefined();
    for (const topic of first) retries.written([topic], 100_000);
    expect(retries.waitMs(100_000)).toBe(MINUTE_MS);
  });

  it("is spent on what is asked for only", () => {
    const retries = allRefused();
    for (const topic of retries.takeDue(3_000)) retries.forget(topic);
    expect(retries.takeDue(3_000)).toEqual(topics.slice(10, 20));
    retries.written(["another"], 3_000);
    expect(retries.waitMs(3_000)).toBeUndefined();
  });

  it("is one for refused topics and those that were not answered for long, over all sockets", () => {
    const retries = retriesOf(1);
    for (const topic of topics.slice(0, 6)) retries.unanswered(topic, 2, 0);
    for (const topic of topics.slice(6)) retries.refused(topic, 6, later(), 0);
    for (const topic of retries.takeDue(100_000)) retries.written([topic], 100_000);
    retries.clear();
    retries.refused("a", 1, later(), 100_000);
    expect(retries.waitMs(100_000)).toBe(MINUTE_MS);
  });

  it("does not hold back what was not answered lately", () => {
    const retries = allRefused();
    for (const topic of retries.takeDue(3_000)) retries.written([topic], 3_000);
    retries.unanswered("a", 1, 3_000);
    expect(retries.takeDue(4_000)).toEqual(["a"]);
  });
});
