import { describe, expect, it } from "vitest";
import {
  factToJson,
  factToLine,
  factToText,
  rangeToText,
} from "../../../src/observe/facts-to-text.ts";
import { InternalError, type Alert, type Fact, type OutageReport } from "../../../src/index.ts";
import type { Loss } from "../../../machines/index.ts";

const atMs = Date.UTC(2026, 10, 23, 0, 31, 12, 345);
const loss: Loss = { class: "dropped", phase: "open", code: "ECONNRESET" };
const rule = "dropped";

const report: OutageReport = {
  cause: loss,
  startedAtMs: 1_000,
  detectedAtMs: 2_500,
  recoveredAtMs: 2_600,
  durationMs: 1_600,
  attempts: 2,
  losses: [],
  timeInStateMs: {},
  lastPositions: new Map<string, number | bigint>([["trades", 12n]]),
  missed: { gaps: 0, numbers: 0 },
};

const alert = (value: Alert): Fact => ({ type: "alert", atMs, alert: value });

describe("a fact in words", () => {
  it.each<[Fact, string]>([
    [{ type: "state", atMs, state: "connecting", previous: "idle" }, "connecting"],
    [{ type: "up", atMs, attempt: 1 }, "ready after 1 attempt"],
    [
      { type: "down", atMs, loss, rule, retryInMs: 84.2 },
      "dropped (ECONNRESET) in phase open; next attempt in 84 ms",
    ],
    [
      { type: "attempt.failed", atMs, loss, rule, attempt: 3, failures: 4, retryInMs: null },
      "attempt 3: dropped (ECONNRESET) in phase open; no further attempt",
    ],
    [
      { type: "gap", atMs, stream: "btcusdt@trade", from: 5, to: 7 },
      "btcusdt@trade 5 to 7 (3 numbers) never came",
    ],
    [{ type: "reset", atMs, stream: "s" }, "s numbers start over"],
    [
      {
        type: "overflow",
        atMs,
        overflow: {
          kind: "overflow",
          dropped: 2,
          streams: [{ stream: "s", from: 1, to: 2, messages: 2 }],
          resets: [],
        },
      },
      "2 messages dropped, as the reader is too slow: s 1 to 2 (2 numbers)",
    ],
    [
      {
        type: "subscriptions.settled",
        atMs,
        confirmed: ["a", "b"],
        rejected: [{ topic: "c", reason: "no such" }],
        refused: [{ topic: "l", reason: "busy" }],
        timedOut: ["d", "e", "f", "g", "h", "i", "j"],
        quarantined: ["k"],
      },
      "2 confirmed, rejected c, refused for now l, no answer for d, e, f, g, h and 2 more, quarantined k",
    ],
    [{ type: "topic.rejected", atMs, topic: "c", reason: "no such" }, "c: no such"],
    [
      {
        type: "topic.refused",
        atMs,
        topic: "c\u001b",
        request: "subscribe",
        reason: "busy",
        retryInMs: 3_000,
      },
      "c\\u{1b}: refused for now (busy); again in 3.00 s",
    ],
    [
      {
        type: "topic.refused",
        atMs,
        topic: "c",
        request: "unsubscribe",
        reason: "none such",
        retryInMs: null,
      },
      "c: its end was refused (none such); counts as ended",
    ],
    [
      { type: "topic.stale", atMs, topic: "c", silentMs: 60_000, action: "resubscribe" },
      "c: silent for 1 min 00 s; subscribed anew",
    ],
    [
      { type: "topic.fresh", atMs, topic: "c", silentMs: 90_000 },
      "c: speaks again after 1 min 30 s",
    ],
    [
      { type: "topic.quarantined", atMs, topic: "c", strikes: 2, untilMs: atMs + 600_000 },
      "c: 2 sockets died of it; not asked for until 2026-11-23T00:41:12.345Z",
    ],
    [{ type: "recovered", atMs, report }, "down for 1.60 s, noticed after 1.50 s, 2 attempts"],
    [
      { type: "failed", atMs, loss, rule },
      'dropped (ECONNRESET) in phase open; decided by rule "dropped"',
    ],
    [{ type: "closed", atMs }, "by its owner"],
    [{ type: "closed", atMs, error: new InternalError("boom") }, "after an internal error"],
    [
      { type: "internal", atMs, error: new InternalError(new Error("bo\nom")) },
      "internal error: bo\\u{a}om",
    ],
    [{ type: "message.invalid", atMs, reason: "no JSON", excerpt: "<html>" }, "no JSON: <html>"],
    [{ type: "callback.failed", atMs, callback: "verdict", error: new Error("oh") }, "verdict: oh"],
    [
      alert({ kind: "long-outage", longOutageAfterMs: 120_000, attempts: 9 }),
      "down for more than 2 min 00 s after 9 attempts; attempts go on, slower",
    ],
    [
      alert({ kind: "retry-budget-empty", retryInMs: 5_000 }),
      "too many attempts lately; the next one is in 5.00 s",
    ],
    [
      alert({ kind: "failed", cause: "retries-exhausted", loss, rule }),
      "out of retries: dropped (ECONNRESET) in phase open",
    ],
    [alert({ kind: "loss", loss, rule }), "needs attention: dropped (ECONNRESET) in phase open"],
    [
      alert({ kind: "subscriptions-timed-out", topics: ["a", "b"], retryInMs: 5_000 }),
      "no answer for a, b; again in 5.00 s",
    ],
    [
      alert({ kind: "subscriptions-timed-out", topics: ["a"], retryInMs: null }),
      "no answer for a; nothing more is asked on this socket",
    ],
    [
      alert({ kind: "topic-refused", topics: ["a\n"], reason: "busy" }),
      "refused for now: a\\u{a} (busy); each is asked for again",
    ],
    [
      alert({ kind: "topic-rejected", topics: ["a", "b"], reason: "no such" }),
      "refused: a, b (no such); asked for again on the next socket",
    ],
    [
      alert({ kind: "too-many-streams", limit: 10 }),
      "more than 10 numbered streams: the others are delivered unjudged",
    ],
    [
      alert({ kind: "topic-stale", topics: ["a\n"], silentMs: 60_000 }),
      "a\\u{a} is subscribed and silent for 1 min 00 s; subscribing anew did not help",
    ],
    [
      alert({ kind: "topic-stale", topics: ["a", "b"], silentMs: 60_000 }),
      "a, b are subscribed and silent for 1 min 00 s; subscribing anew did not help",
    ],
    [
      alert({ kind: "mute", silentMs: 90_000, boundMs: 60_000 }),
      "connected, but no data for 1 min 30 s, more than the usual 1 min 00 s",
    ],
    [
      { type: "send.dropped", atMs, frame: "message", reason: "overflow", bytes: 5, detail: null },
      "a send of 5 B: overflow; more are only counted for a minute",
    ],
    [
      { type: "send.dropped", atMs, frame: "probe", reason: "invalid", bytes: 5, detail: "why" },
      "a frame (probe) of 5 B: invalid (why); more are only counted for a minute",
    ],
    [
      { type: "send.unknown", atMs, bytes: 5 },
      "a send of 5 B may or may not have arrived: the socket failed with it; more are only counted for a minute",
    ],
    [{ type: "send.restored", atMs }, "frames are written again"],
    [
      alert({ kind: "send-broken", throws: 3, detail: "no such bytes" }),
      "nothing can be sent: the socket refused 3 frames in a row (no such bytes)",
    ],
    [
      alert({ kind: "topic-quarantined", topic: "a", untilMs: atMs }),
      "a killed the sockets that asked for it; not asked for until 2026-11-23T00:31:12.345Z",
    ],
  ])("%#", (fact, text) => {
    expect(factToText(fact)).toBe(text);
  });

  it("says when it happened, and what kind of thing", () => {
    expect(factToLine({ type: "up", atMs, attempt: 2 })).toBe(
      "2026-11-23T00:31:12.345Z  up              ready after 2 attempts",
    );
  });

  it("cannot be forged by a name that the peer chose", () => {
    const stream = "a\n2026-11-23T00:31:12.345Z  closed\u001b[2J";
    const line = factToLine({ type: "gap", atMs, stream, from: 1, to: 1 });

    expect(line).not.toContain("\n");
    expect(line).not.toContain("\u001b");
    expect(line).toContain("a\\u{a}2026");
  });

  it("gives a range of bigints exactly", () => {
    expect(rangeToText(2n ** 60n, 2n ** 60n + 1n)).toBe(
      "1152921504606846976 to 1152921504606846977 (2 numbers)",
    );
    expect(rangeToText(5, 5)).toBe("5");
  });
});

describe("a fact as JSON", () => {
  it("is one line that holds maps, bigints and errors too", () => {
    expect(JSON.parse(factToJson({ type: "recovered", atMs, report }))).toMatchObject({
      type: "recovered",
      report: { attempts: 2, lastPositions: { trades: "12" } },
    });
    const failed: Fact = { type: "callback.failed", atMs, callback: "x", error: new Error("a\nb") };
    expect(factToJson(failed)).not.toContain("\n");
    expect(JSON.parse(factToJson(failed))).toMatchObject({ error: "a\nb" });
  });
});
