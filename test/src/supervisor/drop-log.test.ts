import { describe, expect, it } from "vitest";
import { DropLog } from "../../../src/supervisor/drop-log.ts";
import type { FeedItem, OverflowItem } from "../../../src/supervisor/items.ts";

function message(position: number, stream = "s"): FeedItem<number> {
  return {
    kind: "message",
    data: position,
    raw: Buffer.alloc(0),
    topic: undefined,
    isSnapshot: false,
    stream,
    first: position,
    position,
    receivedAtMs: 0,
  };
}

function startLog(): { readonly log: DropLog; readonly reports: OverflowItem[] } {
  const reports: OverflowItem[] = [];
  return { log: new DropLog((overflow) => reports.push(overflow)), reports };
}

describe("a log of drops", () => {
  it("has a mark before the head where the oldest gave way", () => {
    const { log } = startLog();
    log.addHead(message(1), 1);
    log.addHead(message(2), 2);
    expect(log.takeBefore(1)).toBeUndefined();
    expect(log.takeBefore(2)).toEqual({
      kind: "overflow",
      dropped: 2,
      streams: [{ stream: "s", from: 1, to: 2, messages: 2 }],
      resets: [],
    });
    expect(log.takeBefore(2)).toBeUndefined();
  });

  it("has a mark at the tail for each place where the newest gave way", () => {
    const { log } = startLog();
    log.addTail(message(3), 2);
    log.addTail(message(4), 2);
    log.addTail(message(6), 3);
    expect(log.takeBefore(1)).toBeUndefined();
    expect(log.takeBefore(2)).toMatchObject({ dropped: 2, streams: [{ from: 3, to: 4 }] });
    expect(log.takeTail()).toMatchObject({ dropped: 1, streams: [{ from: 6, to: 6 }] });
    expect(log.takeTail()).toBeUndefined();
  });

  it("merges a mark that the head passes over", () => {
    const { log } = startLog();
    log.addTail(message(3), 2);
    log.addHead(message(1), 1);
    log.addHead(message(2), 2);
    expect(log.takeBefore(2)).toMatchObject({ dropped: 3, streams: [{ from: 1, to: 3 }] });
    expect(log.takeTail()).toBeUndefined();
  });

  it("goes along when the queue's indices move", () => {
    const { log } = startLog();
    log.addTail(message(9), 8);
    log.shift(5);
    expect(log.takeBefore(2)).toBeUndefined();
    expect(log.takeBefore(3)).toMatchObject({ dropped: 1 });
  });

  it("takes an overflow that is itself dropped for what it says", () => {
    const { log } = startLog();
    log.addHead(
      {
        kind: "overflow",
        dropped: 5,
        streams: [{ stream: "s", from: 1, to: 5, messages: 5 }],
        resets: ["r"],
      },
      1,
    );
    log.addHead(message(6), 2);
    expect(log.takeBefore(2)).toEqual({
      kind: "overflow",
      dropped: 6,
      streams: [{ stream: "s", from: 1, to: 6, messages: 6 }],
      resets: ["r"],
    });
  });

  it("keeps ranges for 64 streams, and counts beyond them", () => {
    const { log } = startLog();
    for (let stream = 0; stream < 65; stream += 1) log.addHead(message(1, `s${stream}`), stream);
    const mark = log.takeBefore(64);
    expect(mark?.dropped).toBe(65);
    expect(mark?.streams).toHaveLength(64);
  });

  it.each([
    { kind: "reset", stream: "s" },
    { kind: "invalid", stream: "s", cause: "gap" },
    { kind: "snapshot", stream: "s", data: 0, position: 1, receivedAtMs: 0 },
    { kind: "valid", stream: "s" },
  ] as const)("names the stream of a $kind that was dropped", (item) => {
    const { log } = startLog();
    log.addHead(item, 1);
    expect(log.takeBefore(1)).toMatchObject({ dropped: 0, resets: ["s"] });
  });

  it("keeps 64 resets", () => {
    const { log } = startLog();
    for (let stream = 0; stream < 65; stream += 1) {
      log.addHead({ kind: "reset", stream: `s${stream}` }, stream);
    }
    expect(log.takeBefore(64)?.resets).toHaveLength(64);
  });

  it("reports a burst when it is told that it is over, and only where something was lost", () => {
    const { log, reports } = startLog();
    log.flush();
    expect(reports).toEqual([]);
    log.addHead(message(1), 1);
    log.addHead(message(2), 2);
    log.flush();
    expect(reports).toMatchObject([{ dropped: 2, streams: [{ from: 1, to: 2 }] }]);
    log.flush();
    expect(reports).toHaveLength(1);
  });
});
