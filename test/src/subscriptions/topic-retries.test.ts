import { describe, expect, it } from "vitest";
import { TopicRetries } from "../../../src/subscriptions/topic-retries.ts";

describe("topics that were not answered", () => {
  it("wait twice as long each time, up to a minute, and are given up in the end", () => {
    const retries = new TopicRetries({ retries: 6, firstMs: 5_000 });
    const waits = [1, 2, 3, 4, 5, 6, 7].map((timeouts) => retries.add("a", timeouts, 0));
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, null]);
  });

  it("wait as long as a request where that is more than a minute", () => {
    const retries = new TopicRetries({ retries: 2, firstMs: 90_000 });
    expect([retries.add("a", 1, 0), retries.add("a", 2, 0)]).toEqual([90_000, 90_000]);
  });

  it("are due each at its own time, and once", () => {
    const retries = new TopicRetries({ retries: 5, firstMs: 1_000 });
    retries.add("a", 1, 0);
    retries.add("b", 2, 0);
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
    const retries = new TopicRetries({ retries: 5, firstMs: 1_000 });
    retries.add("a", 1, 0);
    retries.clear();
    expect([retries.waitMs(0), retries.takeDue(1_000_000)]).toEqual([undefined, []]);
  });
});
