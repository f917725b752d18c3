import { describe, expect, it } from "vitest";
import { textTable } from "../../../src/cli/text-table.ts";
import { allVenues, venueFor, venueNames } from "../../../src/cli/venue-catalog.ts";
import { startCommand } from "./run-command.ts";

describe("ws-supervisor venues", () => {
  it("lists every venue, a line each", async () => {
    const command = startCommand("venues");
    expect(await command.exitCode).toBe(0);
    const named = command.stdout.lines.map((line) => line.split(" ")[0]);
    for (const name of venueNames) expect(named).toContain(name);
  });

  it("says all of one, with its sources and the day they were read", async () => {
    const command = startCommand("venues", "okx");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout.text).toMatch(/^cut after|470 in 1 h 00 min/m);
    expect(command.stdout.text).toMatch(/\[book\].*read 2026-11-22/);
  });

  it("gives the same as JSON", async () => {
    const command = startCommand("venues", "--json");
    expect(await command.exitCode).toBe(0);
    const venues = JSON.parse(command.stdout.text) as { venue: string; sources: unknown[] }[];
    expect(venues.map(({ venue }) => venue)).toEqual(venueNames);
    expect(venues.filter(({ sources }) => sources.length === 0)).toEqual([]);
  });

  it("knows no other", async () => {
    const command = startCommand("venues", "nyse");
    expect(await command.exitCode).toBe(2);
    expect(command.stderr.text).toMatch(/^error: NAME: expected one of binance-spot, .*"nyse"/);
  });
});

describe("a venue by its name", () => {
  it("is at the endpoint that its topics belong to", () => {
    expect(venueFor("okx", ["books:BTC-USDT"]).service).toBe("public");
    expect(venueFor("okx", ["candle1m:BTC-USDT"]).service).toBe("business");
    expect(venueFor("binance-usdm", ["btcusdt@markPrice"]).service).toBe("market");
  });

  it("has an example of a topic that it takes itself", () => {
    for (const venue of allVenues()) {
      expect(venue.topics.parse(venue.topics.example)).toHaveProperty("topic");
    }
  });
});

describe("a table of text", () => {
  it("has columns as wide as their widest cell, numbers at the right", () => {
    const rows = [
      ["name", "count"],
      ["a", "1"],
      ["long one", "1234567"],
    ];
    expect(textTable(rows, (column) => column === 1)).toEqual([
      "name        count",
      "a               1",
      "long one  1234567",
    ]);
  });
});
