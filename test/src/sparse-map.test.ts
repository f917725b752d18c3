import { describe, expect, it } from "vitest";
import { SparseMap } from "../../src/sparse-map.ts";

describe("a map that is sparse", () => {
  it("is empty without a table: nothing is found, nothing is walked, and deleting is no error", () => {
    const map = new SparseMap<string, number>();

    expect(map.size).toBe(0);
    expect(map.get("a")).toBeUndefined();
    expect(map.has("a")).toBe(false);
    expect(map.delete("a")).toBe(false);
    expect([[...map], [...map.keys()], [...map.values()]]).toEqual([[], [], []]);
  });

  it("is a Map once there is something in it, in the order in which it was put", () => {
    const map = new SparseMap<string, number>();
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);

    expect([...map]).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect([...map.keys()]).toEqual(["a", "b"]);
    expect([...map.values()]).toEqual([3, 2]);
    expect(map.get("b")).toBe(2);
    expect(map.delete("a")).toBe(true);
    expect(map.has("a")).toBe(false);
    expect(map.size).toBe(1);
  });

  it("begins anew when it is cleared, and what walks it meanwhile ends where it stood", () => {
    const map = new SparseMap<string, number>();
    map.set("a", 1);
    const walk = map[Symbol.iterator]();
    map.clear();
    map.set("b", 2);

    expect(walk.next().value).toEqual(["a", 1]);
    expect([...map]).toEqual([["b", 2]]);
  });
});
