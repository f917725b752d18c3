import { describe, expect, it } from "vitest";
import { RequestMemory } from "../../../../src/venues/kit/request-memory.ts";

describe("what a request asked for", () => {
  it("is known until it is taken, and then no more", () => {
    const asked = new RequestMemory();
    asked.remember(1, ["a", "b"]);
    expect(asked.of(1)).toEqual(["a", "b"]);
    expect(asked.take(1)).toEqual(["a", "b"]);
    expect(asked.take(1)).toEqual([]);
    expect(asked.of(2)).toEqual([]);
  });

  it("is forgotten when a thousand others came after it", () => {
    const asked = new RequestMemory();
    for (let id = 1; id <= 1_000; id += 1) asked.remember(id, [`t${id}`]);
    expect(asked.of(1)).toEqual(["t1"]);
    asked.remember(1_001, ["t1001"]);
    expect(asked.of(1)).toEqual([]);
    expect(asked.of(2)).toEqual(["t2"]);
    expect(asked.take(1_001)).toEqual(["t1001"]);
  });
});
