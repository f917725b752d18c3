import { describe, expect, it } from "vitest";
import { isRefusal, later, never, refusalOf } from "../../machines/refusal.ts";
import { RefusedError } from "../../src/errors.ts";

describe("what an error says of a refusal", () => {
  it.each([
    ["a RefusedError for good", new RefusedError("no such account", never), never],
    ["a RefusedError for now", new RefusedError("maintenance", later()), { kind: "later" }],
    ["one with a wait", new RefusedError("busy", later(5_000)), later(5_000)],
    ["any error with a wait", Object.assign(new Error("busy"), { retryAfterMs: 5 }), later(5)],
    ["an object from another realm", { refusal: { kind: "never" } }, never],
    ["a plain error", new Error("no"), undefined],
    ["a refusal that is none", { refusal: "soon" }, undefined],
    ["a wait that is none", { retryAfterMs: NaN }, undefined],
    ["text", "later", undefined],
    ["nothing", null, undefined],
  ])("%s", (_, error, expected) => {
    expect(refusalOf(error)).toEqual(expected);
  });

  it("a refusal is one of two kinds, with a wait that is a number", () => {
    expect([never, later(), later(0), later(Infinity)].every(isRefusal)).toBe(true);
    expect([{ kind: "later", afterMs: -1 }, { kind: "soon" }, {}, null].some(isRefusal)).toBe(
      false,
    );
  });
});
