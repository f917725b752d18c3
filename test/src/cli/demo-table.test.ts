import { describe, expect, it } from "vitest";
import { demoTable, kindOf, type DemoView } from "../../../src/cli/demo-table.ts";
import { toText } from "../../../src/cli/styled.ts";
import type { Status } from "../../../src/index.ts";

const status: Status = {
  state: "connected",
  phase: "stable",
  isReady: true,
  sinceMs: 10_000,
  attempt: 0,
  failures: 0,
  retryInMs: null,
  nextAttemptAtMs: null,
  lastLoss: { class: "silent", phase: "open", silentMs: 1_502 },
  outage: undefined,
  lastOutage: undefined,
  roundTripMs: null,
  lastByteAtMs: 12_000,
  topics: { wanted: 2, confirmed: 2, pending: 0, rejected: 0, refused: 0, quarantined: 0 },
  inbound: {
    messages: 9,
    bytes: 9,
    delivered: 9,
    unclaimed: 0,
    duplicates: 2,
    stale: 1,
    unjudged: 0,
    inDoubt: 0,
    gaps: 0,
    resets: 0,
    invalid: 1,
    control: 0,
    mismatches: 0,
    late: 0,
    unfollowed: 0,
  },
  recovery: {
    started: 0,
    recovered: 0,
    failed: 0,
    refetched: 0,
    overflowed: 0,
    covered: 0,
    streams: [],
  },
  outbox: {} as Status["outbox"],
  queues: [{ depth: 4, delivered: 0, dropped: 5, conflated: 0, pauses: 0 }],
  callbackFailures: 0,
  listeners: 0,
};

const stream = {
  stream: "btcusdt@trade",
  messages: 120,
  perSecond: 10.04,
  lastPrice: "36018.69000000",
  deliveredAtMs: 12_000,
  delivered: [],
  gaps: [{ first: 1, last: 9 }],
  missing: 9,
};

const dropped = { class: "dropped", phase: "open" } as const;
const over = { sinceMs: 1_400, durationMs: 82, noticedMs: 3, attempts: 1, losses: [] };

const view: DemoView = {
  url: "ws://127.0.0.1:40000",
  seed: 5,
  nowMs: 12_345,
  startedAtMs: 0,
  lengthMs: 30_000,
  status: { ...status, outbox: { ...status.outbox, messages: 0 } },
  streams: [stream, { ...stream, stream: "btcusdt@depth@100ms", lastPrice: undefined }],
  outages: [{ cause: dropped, ...over }],
  lastFault: { text: "reset", atMs: 12_000 },
};

function draw(changes: Partial<DemoView> = {}, columns = 80): readonly string[] {
  return demoTable({ ...view, ...changes }).map((line) => toText(line, columns, false));
}

describe("the table of a demo", () => {
  it("shows connection, streams, outages and buffers", () => {
    expect(`\n${draw().join("\n")}\n`).toBe(`
ws-supervisor demo   12.3 s of 30.0 s   seed 5   Ctrl-C ends it
exchange    ws://127.0.0.1:40000   last trouble reset, 0.3 s ago

connection  connected, stable      for 2.3 s             failures 0  topics 2/2
last loss   silent (1502 ms) in phase open

stream                 per second       last   messages       gaps    missing
btcusdt@trade                10.0   36018.69        120          1          9
btcusdt@depth@100ms          10.0                   120          1          9

 outage        at   down for  noticed in  dials   causes
      1     1.4 s      82 ms        3 ms      1   dropped






buffers     inbound 4   dropped 5   outbox 0   repeats left out 3   unreadable 1
`);
  });

  it("counts down to the next attempt", () => {
    const waiting = { state: "reconnecting", phase: undefined, isReady: false } as const;
    const changes = { ...view.status, ...waiting, attempt: 1, nextAttemptAtMs: 12_745 };

    expect(draw({ status: changes })).toContainEqual(
      expect.stringMatching(/^connection {2}reconnecting +attempt 2 in 0\.4 s /),
    );
    expect(draw({ status: changes, nowMs: 12_800 }).join()).toContain("attempt 2 in 0.0 s");
  });

  it("shows an outage that lasts, with what its dials met", () => {
    const refused = { class: "unreachable", phase: "tcp", code: "ECONNREFUSED" } as const;
    const open = { durationMs: undefined, noticedMs: undefined, attempts: undefined };
    const outage = { cause: dropped, sinceMs: 12_000, losses: [refused, refused], ...open };

    expect(draw({ outages: [outage] }, 90)).toContain(
      "      1    12.0 s     345 ms                      dropped, then unreachable ECONNREFUSED",
    );
  });

  it("shows the last six outages, and is as high with none", () => {
    const outages = Array.from({ length: 9 }, (_, index) => {
      return { cause: dropped, ...over, sinceMs: index * 1_000 };
    });
    const lines = draw({ outages });

    expect(lines.join()).not.toContain("2.0 s      82 ms");
    expect(lines).toContain("      9     8.0 s      82 ms        3 ms      1   dropped");
    expect(draw({ outages: [] })).toHaveLength(lines.length);
  });

  it("fits 80 columns and 24 rows, and is cut at fewer", () => {
    const lines = draw();
    expect(lines.length).toBeLessThan(24);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    for (const line of draw({}, 40)) expect(line.length).toBeLessThanOrEqual(40);
  });

  it("of a run without an end shows no end", () => {
    expect(draw({ lengthMs: Infinity })[0]).toContain("demo   12.3 s   seed 5");
  });
});

describe("a styled line", () => {
  it("is cut before it is coloured", () => {
    const line = [
      { text: "state ", style: "dim" },
      { text: "connected", style: "good" },
    ] as const;

    expect(toText(line, 80, true)).toBe("\u001b[2mstate \u001b[0m\u001b[32mconnected\u001b[0m");
    expect(toText(line, 10, false)).toBe("state con…");
    expect(toText(line, 10, true)).toBe("\u001b[2mstate \u001b[0m\u001b[32mcon…\u001b[0m");
    expect(toText(line, 6, false)).toBe("state");
  });
});

it("the kind of a loss is its class and what tells it from others", () => {
  expect(kindOf(dropped)).toBe("dropped");
  expect(kindOf({ ...dropped, code: "ECONNRESET" })).toBe("dropped ECONNRESET");
  expect(kindOf({ class: "http-refusal", phase: "upgrade", status: 503 })).toBe("http-refusal 503");
});
