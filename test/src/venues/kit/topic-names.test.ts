import { describe, expect, it } from "vitest";
import { TopicNames } from "../../../../src/venues/kit/topic-names.ts";

describe("names of topics", () => {
  it("are made of their parts", () => {
    const names = new TopicNames();
    expect(names.of("book", "BTC")).toBe("book:BTC");
    expect(names.of("book", "ETH")).toBe("book:ETH");
    expect(names.of("trades", "BTC")).toBe("trades:BTC");
    expect(names.of("book", "BTC")).toBe("book:BTC");
    expect(new TopicNames(".").of("book", "BTC")).toBe("book.BTC");
  });

  it("are never mistaken for each other, whatever stands in them", () => {
    const names = new TopicNames();
    const all = [
      names.of("a", "b:c"),
      names.of("a:b", "c"),
      names.of("__proto__", "x"),
      names.of("", ""),
    ];
    expect(all).toEqual(["a:b:c", "a:b:c", "__proto__:x", ":"]);
  });

  it("stay right beyond their bound", () => {
    const names = new TopicNames();
    for (let index = 0; index < 10_005; index += 1)
      names.of(index % 2 === 0 ? "book" : `c${index}`, `S${index}`);
    expect(names.of("book", "S10004")).toBe("book:S10004");
    expect(names.of("new", "S1")).toBe("new:S1");
    expect(names.of("book", "S0")).toBe("book:S0");
  });
});
