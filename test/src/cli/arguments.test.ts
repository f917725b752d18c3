import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import {
  toBytes,
  toCount,
  toDurationMs,
  toHeaders,
  toList,
  toNames,
  toNumber,
  toPort,
  toPositive,
} from "../../../src/cli/arguments.ts";
import { OptionError } from "../../../src/index.ts";

describe("a number on the command line", () => {
  it("is read as it is written", () => {
    expect(toNumber("-1.5")).toBe(-1.5);
    expect(toCount("120")).toBe(120);
    expect(toPort("65535")).toBe(65_535);
    expect(toPositive("0.5")).toBe(0.5);
  });

  it.each([
    [toNumber, "abc"],
    [toNumber, ""],
    [toNumber, " "],
    [toNumber, "NaN"],
    [toNumber, "Infinity"],
    [toNumber, "10s"],
    [toCount, "-1"],
    [toCount, "1.5"],
    [toCount, "1e300"],
    [toPort, "65536"],
    [toPositive, "0"],
  ])("%o does not take %j", (parse, text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});

describe("a repeatable option", () => {
  it("keeps its values in order", () => {
    expect(toList("b", toList("a"))).toEqual(["a", "b"]);
  });
});

describe("a list of names", () => {
  it("is split at its commas", () => {
    expect(toNames("BTCUSDT, ETHUSDT")).toEqual(["BTCUSDT", "ETHUSDT"]);
    expect(() => toNames("BTCUSDT,,ETHUSDT")).toThrow(InvalidArgumentError);
  });
});

describe("headers", () => {
  it("are split at their first colon", () => {
    expect(toHeaders(["X-Time: 12:30", "A:b"])).toEqual({ "X-Time": "12:30", A: "b" });
  });

  it("that are none are refused without being shown, as they may hold a credential", () => {
    expect(() => toHeaders(["Authorization Bearer secret"])).toThrow(
      new OptionError("--header", '"Name: value"', "text without a colon"),
    );
  });
});

describe("amounts with their units", () => {
  it.each([
    ["100MB", 100_000_000],
    ["1.5 KiB", 1_536],
    ["7B", 7],
    ["2GiB", 2 ** 31],
  ])("%s are bytes", (text, bytes) => {
    expect(toBytes(text)).toBe(bytes);
  });

  it.each([
    ["1h", 3_600_000],
    ["90s", 90_000],
    ["1.5min", 90_000],
    ["24d", 24 * 86_400_000],
  ])("%s is a time", (text, durationMs) => {
    expect(toDurationMs(text)).toBe(durationMs);
  });

  it.each(["100", "MB", "", "-1MB", "1e3MB", "0B", "1mb", "1 parsec"])("%s is no size", (text) => {
    expect(() => toBytes(text)).toThrow("Expected a number and its unit");
  });

  it.each(["10", "1M", "0s", "30d", "1 year"])("%s is no time", (text) => {
    expect(() => toDurationMs(text)).toThrow(/Expected (a number and its unit|at most 24d)/);
  });
});
