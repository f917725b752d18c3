import { describe, expect, it } from "vitest";
import { RequestPlan } from "../../../src/subscriptions/request-plan.ts";

describe("a plan of requests", () => {
  it("gives frames of one kind and group, in the order in which their topics were put", () => {
    const plan = new RequestPlan();
    for (const topic of ["a", "b", "c"]) plan.put(topic, "subscribe", "x");
    plan.put("d", "unsubscribe", "x");
    plan.put("a", "subscribe", "x"); // it keeps its place
    expect(plan.size).toBe(4);
    expect(plan.take(2)).toEqual({ kind: "subscribe", topics: ["a", "b"] });
    expect(plan.take(2)).toEqual({ kind: "unsubscribe", topics: ["d"] });
    expect(plan.take(2)).toEqual({ kind: "subscribe", topics: ["c"] });
    expect(plan.take(2)).toBeUndefined();
    expect(plan.size).toBe(0);
  });

  it("holds a topic for one thing at a time: the last that it was put for", () => {
    const plan = new RequestPlan();
    plan.put("a", "subscribe", "x");
    plan.put("a", "unsubscribe", "x");
    expect(plan.size).toBe(1);
    expect(plan.take(10)).toEqual({ kind: "unsubscribe", topics: ["a"] });
    expect(plan.take(10)).toBeUndefined();
  });

  it("holds nothing of what was deleted, or cleared", () => {
    const plan = new RequestPlan();
    plan.put("a", "subscribe", "x");
    plan.put("b", "subscribe", "y");
    plan.delete("a");
    plan.delete("never put");
    expect(plan.take(10)).toEqual({ kind: "subscribe", topics: ["b"] });
    plan.put("c", "subscribe", "x");
    plan.clear();
    expect([plan.size, plan.take(10)]).toEqual([0, undefined]);
  });
});
