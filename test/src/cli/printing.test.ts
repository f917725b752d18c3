import { describe, expect, it } from "vitest";
import { MAX_LINE_LENGTH, toJsonLine, toLine, toName } from "../../../src/cli/printing.ts";

/** C0, DEL, C1, bidi, zero-width, line separators, a lone surrogate, a tag beyond the first plane. */
const HOSTILE =
  "\u0000\u0007\t\n\r\u001b[2J\u007f\u0085\u009b31m\u200b\u202e\u2066\ufeff\u2028\u2029\ud800\u{e0041}";

describe("a line for a terminal", () => {
  it("has no character that drives it, and names each that it had", () => {
    expect(toLine(`a${HOSTILE}b`)).toMatch(/^[\u0020-\u007e]+$/);
    expect(toLine("a\u001b[31m\u202eb")).toBe("a\\u{1b}[31m\\u{202e}b");
  });

  it("is cut at its length, and a name at its own", () => {
    expect(toLine("x".repeat(MAX_LINE_LENGTH))).toHaveLength(MAX_LINE_LENGTH);
    expect(toLine("x".repeat(3_000_000))).toBe(`${"x".repeat(MAX_LINE_LENGTH - 1)}…`);
    expect(toName("x".repeat(81))).toBe(`${"x".repeat(79)}…`);
  });
});

describe("a line of JSON for a terminal", () => {
  it("means the same, and has no character that drives it", () => {
    const value = { [HOSTILE]: [`${HOSTILE}"\\`, "€ \u{1f600}"] };
    const line = toJsonLine(JSON.stringify(value));
    expect(JSON.parse(line)).toEqual(value);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(line).toContain("€ \u{1f600}");
  });
});
