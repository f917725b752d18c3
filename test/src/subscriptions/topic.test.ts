import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/errors.ts";
import { topicKeys } from "../../../src/subscriptions/topic.ts";

/** What the caller is told about `topics`. */
function complaintAbout(topics: unknown): OptionError {
  try {
    topicKeys(topics, "topic");
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("nothing was wrong with it");
}

describe("a topic", () => {
  it("is its own text when it is a string", () => {
    expect(topicKeys("btcusdt@trade", "topic")).toEqual(["btcusdt@trade"]);
  });

  it("is its JSON when it is an object", () => {
    expect(topicKeys({ op: "sub", args: [1] }, "topic")).toEqual(['{"op":"sub","args":[1]}']);
  });

  it("may come with others in a list", () => {
    expect(topicKeys(["a", { b: 1 }], "topic")).toEqual(["a", '{"b":1}']);
    expect(topicKeys([], "topic")).toEqual([]);
  });

  it("may itself be an array inside a list", () => {
    expect(topicKeys([["sub", "a"]], "topic")).toEqual(['["sub","a"]']);
  });
});

describe("what cannot be a topic", () => {
  it.each([
    ["an empty string", "", '""'],
    ["a number", 5, "5"],
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a function", () => "a", "a function"],
    ["a symbol", Symbol("a"), "a symbol"],
    ["a bigint", 5n, "5n"],
    ["an object whose JSON is nothing", { toJSON: () => undefined }, "an object"],
    ["a set, which would be sent as {}", new Set(["a"]), "a Set"],
    ["a map, which would be sent as {}", new Map([["a", 1]]), "a Map"],
  ])("%s is said to be none", (_, topic, received) => {
    const { message, option } = complaintAbout(topic);
    expect(option).toBe("topic");
    expect(message).toBe(
      `topic: expected a non-empty string or a JSON-serialisable object, received ${received}`,
    );
  });

  it("a bigint inside an object is said with the reason", () => {
    expect(complaintAbout({ id: 5n }).message).toMatch(/^topic: expected .*BigInt.*an object$/s);
  });

  it("a cycle is said with the reason", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(complaintAbout(cycle).message).toMatch(/^topic: expected .*circular.*an object$/s);
  });

  it("a `toJSON` that throws is said with the reason", () => {
    const topic = {
      toJSON: () => {
        throw new Error("not today");
      },
    };
    expect(complaintAbout(topic).message).toContain("not today");
  });

  it("is named by its place in a list", () => {
    expect(complaintAbout(["a", ""]).option).toBe("topic[1]");
  });
});
