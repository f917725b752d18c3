import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "../../src/retry-after.ts";

const DATE = "Fri, 31 Dec 2027 23:59:00 GMT";
const WALL_MS = Date.parse("Fri, 31 Dec 2027 23:59:30 GMT");

describe("Retry-After in seconds", () => {
  it.each([
    ["0", 0],
    ["7", 7_000],
    [" 120 ", 120_000],
    ["0.65", 650],
    ["99999999", 99_999_999_000],
  ])("%s is %d ms", (header, waitMs) => {
    expect(parseRetryAfter(header, undefined, WALL_MS)).toBe(waitMs);
  });

  it("stays a finite number however long it is", () => {
    const waitMs = parseRetryAfter("9".repeat(400), undefined, WALL_MS);
    expect(waitMs).toBe(Number.MAX_SAFE_INTEGER);
    expect(JSON.parse(JSON.stringify({ waitMs }))).toEqual({ waitMs });
  });
});

describe("Retry-After as an HTTP date", () => {
  it.each([
    ["IMF-fixdate", "Sat, 01 Jan 2028 00:00:00 GMT"],
    ["RFC 850", "Saturday, 01-Jan-28 00:00:00 GMT"],
    ["asctime", "Sat Jan  1 00:00:00 2028"],
  ])("in the form of %s counts from the answer's own date", (_, header) => {
    expect(parseRetryAfter(header, DATE, WALL_MS)).toBe(60_000);
  });

  it("counts from our clock when the answer has no date, or none that can be read", () => {
    expect(parseRetryAfter("Sat, 01 Jan 2028 00:00:00 GMT", undefined, WALL_MS)).toBe(30_000);
    expect(parseRetryAfter("Sat, 01 Jan 2028 00:00:00 GMT", "now", WALL_MS)).toBe(30_000);
  });

  it("of this very second is 0, of the second before nothing", () => {
    expect(parseRetryAfter(DATE, DATE, WALL_MS)).toBe(0);
    expect(parseRetryAfter("Fri, 31 Dec 2027 23:58:59 GMT", DATE, WALL_MS)).toBeUndefined();
  });
});

describe("a Retry-After that cannot be understood", () => {
  it.each([
    undefined,
    "",
    "-1",
    "+5",
    "1e9",
    "0x10",
    "Infinity",
    "NaN",
    "soon",
    "1 minute",
    "later 2028",
    "2028-01-01T00:00:00Z",
    "Sat, 01 Jan 2028 00:00:00 CET",
    "Sat, 99 Foo 2028 00:00:00 GMT",
    "7, 8",
  ])("%s is undefined", (header) => {
    expect(parseRetryAfter(header, DATE, WALL_MS)).toBeUndefined();
  });
});
