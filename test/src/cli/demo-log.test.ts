import { describe, expect, it } from "vitest";
import { DemoLog } from "../../../src/cli/demo-log.ts";
import type { Fact, MessageItem, OutageReport } from "../../../src/index.ts";
import type { BinanceStreamMessage } from "../../../src/venues/index.ts";
import type { Loss } from "../../../machines/index.ts";

const TRADES = "btcusdt@trade";
const loss: Loss = { class: "dropped", phase: "open" };
const refused: Loss = { class: "unreachable", phase: "tcp", code: "ECONNREFUSED" };

function message(data: Partial<BinanceStreamMessage["data"]>): MessageItem<BinanceStreamMessage> {
  const stream = "e" in data && data.e === "depthUpdate" ? "btcusdt@depth" : TRADES;
  return {
    kind: "message",
    data: { stream, data } as BinanceStreamMessage,
    raw: Buffer.alloc(0),
    topic: undefined,
    isSnapshot: false,
    stream,
    first: undefined,
    position: undefined,
    receivedAtMs: 1_000,
  };
}

const trade = (t: number, p = "1.50000000") => message({ e: "trade", t, p });
const depth = (U: number, u: number) => message({ e: "depthUpdate", U, u });

function startLog(): DemoLog {
  return new DemoLog([TRADES, "btcusdt@depth"]);
}

describe("what was delivered", () => {
  it("is kept as runs of numbers", () => {
    const log = startLog();
    for (const item of [trade(1), trade(2), depth(10, 15), trade(5), depth(16, 16)]) log.take(item);

    const [trades, depths] = log.streams;
    expect(trades?.delivered).toEqual([
      { first: 1, last: 2 },
      { first: 5, last: 5 },
    ]);
    expect(depths?.delivered).toEqual([{ first: 10, last: 16 }]);
    expect(trades).toMatchObject({ messages: 3, lastPrice: "1.50000000", deliveredAtMs: 1_000 });
  });

  it("shows what came twice", () => {
    const log = startLog();
    for (const item of [trade(1), trade(2), trade(2)]) log.take(item);

    expect(log.streams[0]?.delivered).toEqual([
      { first: 1, last: 2 },
      { first: 2, last: 2 },
    ]);
  });

  it("is told from what is missing, and from what we dropped ourselves", () => {
    const log = startLog();
    log.take({ kind: "gap", stream: TRADES, from: 3, to: 7 });
    log.take({ kind: "overflow", dropped: 4, streams: [], resets: [] });

    expect(log.streams[0]).toMatchObject({ gaps: [{ first: 3, last: 7 }], missing: 5 });
    expect(log.overflowed).toBe(4);
  });

  it("has a rate over the last three seconds", () => {
    const log = startLog();
    log.tick(0);
    for (let second = 1; second <= 10; second += 1) {
      for (let n = 0; n < (second <= 5 ? 2 : 8); n += 1) log.take(trade(second * 10 + n));
      log.tick(second * 1_000);
    }

    expect(log.streams[0]?.perSecond).toBe(8);
    log.tick(14_000);
    expect(log.streams[0]?.perSecond).toBe(0);
  });
});

describe("outages", () => {
  const down: Fact = { type: "down", atMs: 5_000, loss, rule: "dropped", retryInMs: 10 };
  const failed: Fact = {
    type: "attempt.failed",
    atMs: 5_100,
    loss: refused,
    rule: "unreachable",
    attempt: 1,
    failures: 2,
    retryInMs: 10,
  };
  const report = { startedAtMs: 4_900, detectedAtMs: 5_000, durationMs: 400, attempts: 2 };
  const recovered: Fact = {
    type: "recovered",
    atMs: 5_300,
    report: report as OutageReport,
  };

  it("begin with their cause, gather failed dials and end with the report", () => {
    const log = startLog();
    log.note(down);
    expect(log.outages).toMatchObject([{ cause: loss, sinceMs: 5_000, durationMs: undefined }]);

    log.note(failed);
    log.note(recovered);
    expect(log.outages).toMatchObject([
      { cause: loss, losses: [refused], durationMs: 400, noticedMs: 100, attempts: 2 },
    ]);
  });

  it("begin with the first dial too, when that fails", () => {
    const log = startLog();
    log.note(failed);

    expect(log.outages).toMatchObject([{ cause: refused, losses: [] }]);
  });
});

it("every socket but the first is a replay of the subscriptions", () => {
  const log = startLog();
  const opened: Fact = { type: "state", atMs: 0, state: "connected", previous: "connecting" };
  expect(log.replays).toBe(0);
  log.note(opened);
  expect(log.replays).toBe(0);
  log.note(opened);
  expect(log.replays).toBe(1);
});
