import { describe, expect, it } from "vitest";
import { sequenceRules, type RuleExceptions } from "../../../src/sequence/rule.ts";

describe("a sequence rule", () => {
  it("is a frozen value that says what it means", () => {
    const rule = sequenceRules.contiguous({ lower: "reset" });
    expect(rule).toMatchObject({ kind: "contiguous", equal: "duplicate", lower: "reset" });
    expect(Object.isFrozen(rule)).toBe(true);
  });

  it("takes numbers that do not grow for copies and late ones, unless it is linked", () => {
    const usual = { equal: "duplicate", lower: "stale" };
    expect(sequenceRules.range()).toMatchObject(usual);
    expect(sequenceRules.connection()).toMatchObject(usual);
    expect(sequenceRules.monotonic({ equal: undefined })).toMatchObject(usual);
    expect(sequenceRules.linked()).toMatchObject({ equal: "alive", lower: "reset" });
  });

  it("refuses an exception that is none, by name", () => {
    const wrong = { lower: "restart" } as unknown as RuleExceptions;
    expect(() => sequenceRules.linked(wrong)).toThrow(
      'lower: expected "stale" or "reset", received "restart"',
    );
    expect(() => sequenceRules.range({ equal: "stale" as "alive" })).toThrow(
      'equal: expected "duplicate" or "alive", received "stale"',
    );
  });
});
