import { describe, expect, it } from "vitest";
import { exchangeEventToLine, faultToText } from "../../../src/cli/exchange-to-text.ts";
import {
  faultKinds,
  parseFaultPlan,
  venueFaultKinds,
  type Fault,
} from "../../../src/testing/index.ts";

describe("a fault in words", () => {
  it.each<[Fault, string]>([
    [{ kind: "reset" }, "reset"],
    [{ kind: "silence" }, "silence"],
    [{ kind: "silence", durationMs: 2_000 }, "silence for 2.00 s"],
    [{ kind: "close", code: 1001 }, "close 1001"],
    [{ kind: "close", code: 1012, reason: "back soon\n" }, 'close 1012 "back soon\\u{a}"'],
    [
      { kind: "status", status: 503, retryAfterSeconds: 1, durationMs: 700 },
      "status 503 for 700 ms, Retry-After 1 s",
    ],
    [{ kind: "flap", afterMs: 40, durationMs: 10_000 }, "flap for 10.00 s, dropping after 40 ms"],
    [{ kind: "skip" }, "skip 1"],
    [{ kind: "repeat", count: 3 }, "repeat 3"],
    [{ kind: "pause", durationMs: 2_000 }, "pause for 2.00 s"],
    [{ kind: "mute", topic: "books:BTC-USDT" }, "mute books:BTC-USDT"],
    [{ kind: "mute", all: true, until: "socket" }, "mute all until the next connection"],
    [{ kind: "renumber" }, "renumber books"],
    [
      { kind: "renumber", of: "trades", to: 7, unannounced: true, offline: true },
      "renumber trades, after 7, without a word, while no client is connected",
    ],
    [{ kind: "absurd-number", number: 1 }, "absurd-number 1"],
    [{ kind: "retell", count: 5, durationMs: 2_000 }, "retell 5 trades for 2.00 s"],
    [{ kind: "lag", lagMs: 500 }, "lag of 500 ms"],
    [{ kind: "refuse-for-now", code: "11051" }, "refuse-for-now all with 11051"],
    [{ kind: "http-out", status: 429, retryAfterSeconds: 3 }, "http-out 429, Retry-After 3 s"],
    [{ kind: "oversized", bytes: 5 }, "oversized frame of 5 bytes"],
  ])("%#", (fault, text) => {
    expect(faultToText(fault)).toBe(text);
  });

  it("names every kind", () => {
    const arguments_: Partial<Record<string, string>> = { close: ":1001", status: ":503" };
    const durations = ["stall", "pause", "refuse", "never-answer", "status", "flap"];
    for (const kind of [...faultKinds, ...venueFaultKinds]) {
      const duration = durations.includes(kind) ? "+1s" : "";
      const [planned] = parseFaultPlan(`${kind}${arguments_[kind] ?? ""}@1s${duration}`);

      expect(planned && faultToText(planned.fault)).toContain(kind);
    }
  });
});

describe("an event at the exchange", () => {
  it("is a line whose time and kind stand in columns", () => {
    const atMs = Date.UTC(2026, 10, 23, 0, 31, 12, 345);
    const lines = [
      exchangeEventToLine({ type: "session.accepted", sessionId: 1, path: "/ws/\u001b", atMs }),
      exchangeEventToLine({ type: "violation", sessionId: 1, rule: "idle for 30 s", atMs }),
      exchangeEventToLine({ type: "dial.rejected", reason: "HTTP 503", atMs }),
    ];

    expect(lines).toEqual([
      "2026-11-23T00:31:12.345Z  session         1 accepted on /ws/\\u{1b}",
      "2026-11-23T00:31:12.345Z  violation       1 broke a rule: idle for 30 s",
      "2026-11-23T00:31:12.345Z  dial            turned away: HTTP 503",
    ]);
  });
});
