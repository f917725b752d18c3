import { describe, expect, it } from "vitest";
import { DemoLog } from "../../../src/cli/demo-log.ts";
import { reportDemo, reportToLines, type DemoRun } from "../../../src/cli/demo-report.ts";
import type { ExchangeLedger } from "../../../src/testing/index.ts";
import type { BinanceStreamMessage } from "../../../src/venues/index.ts";

const STREAM = "btcusdt@trade";

/** Trades 1 to 10 emitted, 1 to 4 and 8 to 10 delivered; 5 to 7 reported missing, or not. */
function finishedRun(changes: Partial<DemoRun> = {}, gap = { from: 5, to: 7 }): DemoRun {
  const log = new DemoLog([STREAM]);
  const deliver = (t: number): void => {
    const data = { stream: STREAM, data: { e: "trade", t, p: "1" } } as BinanceStreamMessage;
    const place = { topic: STREAM, stream: STREAM, first: t, position: t, isSnapshot: false };
    const rest = { raw: Buffer.alloc(0), receivedAtMs: 0, ...place };
    log.take({ kind: "message", data, ...rest });
  };
  const loss = { class: "dropped", phase: "open" } as const;
  for (const t of [1, 2, 3, 4]) deliver(t);
  log.note({ type: "down", atMs: 1_000, loss, rule: "dropped", retryInMs: 1 });
  log.take({ kind: "gap", stream: STREAM, ...gap });
  for (const t of [8, 9, 10]) deliver(t);
  const account = { stream: STREAM, events: 12, runs: [{ first: 1, last: 12 }] };
  const ledger: ExchangeLedger = {
    emitted: 12,
    written: 12,
    streams: new Map([[STREAM, account]]),
    violations: new Map(),
    met: new Map(),
    sessions: new Map(),
  };
  return { log, ledger, seed: 7, elapsedMs: 30_042, nowMs: 1_500, problems: [], ...changes };
}

describe("the report of a demo", () => {
  it("says what was emitted, delivered and missed", () => {
    expect(reportDemo(finishedRun())).toEqual({
      accounted: true,
      emitted: 10,
      delivered: 7,
      inGaps: 3,
      duplicates: 0,
      gaps: 1,
      messages: 7,
      outages: 1,
      outageKinds: ["dropped"],
      longestOutageMs: 500,
      replays: 0,
      seconds: 30,
      seed: 7,
      problems: [],
    });
    expect(reportToLines(reportDemo(finishedRun())).join("\n")).toContain(
      "emitted 10 = delivered 7 + 3 in 1 gaps; 0 duplicates",
    );
  });

  it("is not accounted when a number is missing without a gap", () => {
    const report = reportDemo(finishedRun({}, { from: 5, to: 6 }));

    expect(report.accounted).toBe(false);
    expect(reportToLines(report).slice(0, 2)).toEqual([
      "NOT ACCOUNTED:",
      "  btcusdt@trade: 7 was emitted, and neither delivered nor in a gap",
    ]);
  });

  it("is not accounted when something else went wrong", () => {
    expect(reportDemo(finishedRun({ problems: ["the feed failed"] })).accounted).toBe(false);
  });

  it("is not accounted when our own buffer dropped messages", () => {
    const run = finishedRun();
    run.log.take({ kind: "overflow", dropped: 2, streams: [], resets: [] });

    expect(reportDemo(run).problems).toEqual(["2 dropped by our own buffer"]);
  });
});
