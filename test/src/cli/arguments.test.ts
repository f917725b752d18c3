import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import {
  toCount,
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
