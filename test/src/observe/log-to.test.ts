import { describe, expect, it } from "vitest";
import { logTo, type Logger } from "ws-supervisor/logs";
import { OptionError } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  promisesSettle,
  startSupervisor,
  type Json,
} from "../start-supervisor.ts";

interface Line {
  readonly level: keyof Logger;
  readonly fields: Record<string, unknown>;
  readonly text: string;
}

/** A logger that keeps its lines; a string of them is what a plain one would have written. */
function keepLines() {
  const lines: Line[] = [];
  const at = (level: keyof Logger) => (fields: Record<string, unknown>, text: string) => {
    JSON.stringify(fields); // as every logger does
    lines.push({ level, fields, text });
  };
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return {
    lines,
    logger,
    of: (type: string) => lines.filter(({ fields }) => fields["type"] === type),
  };
}

const fed = { ...numbered, ...everySecond, topics: ["a"] };

describe("logTo", () => {
  it("writes what is wrong and what is right again, with names and the fact's own fields", () => {
    const { lines, logger } = keepLines();
    const world = startSupervisor<Json>({ ...fed, name: "quotes" });
    logTo(world.feed, logger);
    world.comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    expect(
      lines.filter(({ level }) => level !== "debug").map(({ level, text }) => [level, text]),
    ).toEqual([
      ["info", "quotes: up: ready after 1 attempt"],
      ["warn", "quotes: down: dropped (ECONNRESET) in phase open; next attempt in 1.00 s"],
      ["info", "quotes: up: ready after 1 attempt"],
      ["info", "quotes: recovered: down for 1.00 s, noticed after 0 ms, 1 attempt"],
    ]);
    expect(lines.find(({ fields }) => fields["type"] === "down")?.fields).toMatchObject({
      connection: "quotes",
      venue: undefined,
      loss: { class: "dropped", phase: "open", code: "ECONNRESET" },
      retryInMs: 1_000,
    });
  });

  it("calls only what is final, or lasts, an error", () => {
    const { lines, logger } = keepLines();
    const world = startSupervisor(everySecond);
    logTo(world.feed, logger);
    world.socket.refuses(451);
    expect(
      lines.filter(({ level }) => level === "error").map(({ fields }) => fields["type"]),
    ).toEqual(["alert", "failed"]);
  });

  it("forges no line, whatever a peer calls its streams", () => {
    const { logger, of } = keepLines();
    const world = startSupervisor<Json>(fed).comesUp();
    logTo(world.feed, logger);
    const stream = "a\n2026-01-01 FATAL forged\u001B[2J\u2028\u202E";
    world.receives({ s: stream, n: 1 }, { s: stream, n: 5 });
    const [line] = of("gap");
    expect(line?.text).toContain("a\\u{a}2026-01-01 FATAL forged\\u{1b}[2J\\u{2028}\\u{202e}");
    expect(JSON.stringify(line)).not.toMatch(/\\n|\\u001b|[\u2028\u202E]/i);
  });

  it("writes positions that JSON cannot, and of long lists the beginning", () => {
    const { logger, of } = keepLines();
    const topics = Array.from({ length: 50 }, (_, n) => `t${n}`);
    const world = startSupervisor<Json>({
      ...fed,
      topics,
      sequence: ({ n }) => {
        if (n === undefined) return undefined;
        return { stream: "a", first: BigInt(n), last: BigInt(n), scope: "stream" };
      },
    });
    logTo(world.feed, logger);
    world.comesUp().receives({ n: 1 }, { n: 5 });
    expect(of("gap")[0]?.fields).toMatchObject({ from: "2", to: "4" });
    const confirmed = of("subscriptions.settled")[0]?.fields["confirmed"] as string[];
    expect([confirmed.length, confirmed.at(-1)]).toEqual([21, "and 30 more"]);
  });

  it("writes of a snapshot where it stands, not what is in it", async () => {
    const { logger, of } = keepLines();
    const data = { bids: Array.from({ length: 5_000 }, (_, n) => [n, n]) };
    const world = startSupervisor<Json>({
      ...fed,
      recovery: {
        fetchSnapshot: () => Promise.resolve({ data, position: 1 }),
        bridge: (snapshot, { last }) => (last > snapshot ? "apply" : "drop"),
      },
    }).comesUp();
    logTo(world.feed, logger);
    world.feed.messages();
    world.receives({ s: "a", n: 1 });
    await promisesSettle();
    expect(of("snapshot").map(({ fields }) => [fields["position"], fields["data"]])).toEqual([
      [1, undefined],
    ]);
  });

  it("cuts what a function of the user's threw, however large", () => {
    const { logger, of } = keepLines();
    const wide = (depth: number): unknown =>
      depth === 0 ? "x".repeat(10_000) : Array.from({ length: 100 }, () => wide(depth - 1));
    const error = { bytes: Buffer.alloc(1e6), wide: wide(3) };
    const world = startSupervisor(everySecond);
    logTo(world.feed, logger);
    world.feed.on("up", () => {
      throw error as unknown as Error;
    });
    world.comesUp();
    const line = JSON.stringify(of("callback.failed")[0]?.fields);
    expect(line).toContain('"bytes":{"bytes":1000000}');
    expect(line.length).toBeLessThan(50_000);
  });

  it("writes 20 lines of a kind in ten seconds, and then how many it did not", () => {
    const { logger, of } = keepLines();
    const world = startSupervisor<Json>(fed).comesUp();
    logTo(world.feed, logger);
    let n = 1;
    const gap = () => world.receives({ s: "a", n: (n += 2) });
    gap();
    for (let count = 0; count < 30; count += 1) gap();
    expect(of("gap").length).toBe(20);
    world.clock.advance(9_999);
    gap();
    expect(of("gap").length).toBe(20);
    world.clock.advance(1);
    gap();
    gap();
    expect(
      of("gap")
        .slice(20)
        .map(({ fields }) => fields["suppressed"]),
    ).toEqual([11, undefined]);
  });

  it("ends when told, and a logger that throws changes nothing else", () => {
    const { lines, logger } = keepLines();
    const fails = () => {
      throw new Error("disk full");
    };
    const world = startSupervisor(everySecond);
    const off = logTo(world.feed, { ...logger, info: fails });
    world.comesUp();
    expect(world.feed.state).toBe("connected");
    expect(world.failedCallbacks()).toEqual(['listener of "*"']);
    const before = lines.length;
    off();
    world.socket.drops("ECONNRESET");
    expect(lines.length).toBe(before);
  });

  it("wants a logger with four levels", () => {
    const { feed } = startSupervisor();
    const { logger } = keepLines();
    const half = { ...logger, warn: undefined } as unknown as Logger;
    expect(() => logTo(feed, half)).toThrow(OptionError);
    expect(() => logTo(feed, half)).toThrow("logger.warn: expected a function, received undefined");
    expect(() => logTo(feed, null as unknown as Logger)).toThrow("logger.debug");
  });
});
