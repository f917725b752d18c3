/** When a connection that brings no data counts as mute, and what is done about it. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LongestOfLast } from "../../../machines/policy/longest-of-last.ts";
import {
  defaultMutePolicy,
  muteBoundMs,
  MuteRule,
  type MutePolicy,
} from "../../../machines/policy/mute.ts";

const HOUR_MS = 3_600_000;
const means = { hasTopics: true, canResubscribe: true };

/** A rule that has seen so many gaps of this length. */
function afterGaps(gapMs: number, count = 256, policy: Partial<MutePolicy> = {}): MuteRule {
  const rule = new MuteRule({ ...defaultMutePolicy, ...policy });
  for (let gap = 0; gap < count; gap += 1) rule.gap(gapMs);
  return rule;
}

/** Verdicts of one silence up to `untilMs`, as `silence in seconds: action`; `!` where an alert is due. */
function verdicts(rule: MuteRule, untilMs: number, sinceMs = 0): string[] {
  const said: string[] = [];
  for (let dueMs = rule.dueMs; dueMs <= untilMs; dueMs = rule.dueMs) {
    const { action, alerts } = rule.judge(dueMs, sinceMs + dueMs, means);
    said.push(`${dueMs / 1_000}: ${action}${alerts ? "!" : ""}`);
    if (action === "reconnect") rule.newSocket(dueMs);
  }
  return said;
}

describe("the bound of a silence", () => {
  it.each([
    [100, 60_000],
    [6_000, 60_000],
    [6_001, 60_010],
    [60_000, 600_000],
    [600_000, 6_000_000],
    [600_001, 1_800_003],
    [HOUR_MS, 3 * HOUR_MS],
  ])("after a longest gap of %d ms is %d ms", (longestMs, boundMs) => {
    expect(muteBoundMs(longestMs, defaultMutePolicy)).toBe(boundMs);
    expect(afterGaps(longestMs).dueMs).toBe(boundMs);
  });

  it("is not known before 8 gaps, and messages of one instant are none", () => {
    const rule = afterGaps(1_000, 7);
    for (let message = 0; message < 20; message += 1) rule.gap(0);
    expect(rule.dueMs).toBe(Infinity);
    rule.gap(1_000);
    expect(rule.dueMs).toBe(60_000);
  });

  it("forgets a gap after 256 others", () => {
    const rule = afterGaps(20_000, 1);
    for (let gap = 0; gap < 255; gap += 1) rule.gap(100);
    expect(rule.dueMs).toBe(200_000);
    rule.gap(100);
    expect(rule.dueMs).toBe(60_000);
  });
});

describe("a silence beyond its bound", () => {
  it("has all topics asked for again, 30 s later a new socket with an alert; then waits that grow", () => {
    expect(verdicts(afterGaps(100), 10 * HOUR_MS)).toEqual([
      "60: resubscribe",
      "90: reconnect!",
      "330: resubscribe",
      "360: reconnect",
      "1320: resubscribe",
      "1350: reconnect",
      "5190: resubscribe",
      "5220: report", // one silence never takes the last of the day's sockets
      "19620: resubscribe",
      "19650: report",
      "34050: resubscribe",
      "34080: report",
    ]);
  });

  it("is only reported where there is no topic to ask for", () => {
    const rule = afterGaps(100);
    const step = rule.judge(60_000, 60_000, { hasTopics: false, canResubscribe: true });
    expect(step).toEqual({ action: "report", silentMs: 60_000, boundMs: 60_000, alerts: true });
    expect(rule.dueMs).toBe(300_000);
    const next = rule.judge(300_000, 300_000, { hasTopics: false, canResubscribe: true });
    expect(next).toMatchObject({ action: "report", alerts: false });
  });

  it("has no topic asked for twice where none can be ended, but a new socket", () => {
    const rule = afterGaps(100);
    const lasting = { hasTopics: true, canResubscribe: false };
    expect(rule.judge(60_000, 60_000, lasting)).toMatchObject({ action: "report", alerts: false });
    expect(rule.judge(90_000, 90_000, lasting)).toMatchObject({ action: "reconnect" });
  });

  it("is the server's where data comes promptly after the new socket: nothing is learned", () => {
    const rule = afterGaps(100);
    verdicts(rule, 90_000);
    expect(rule.end(91_000, 91_000)).toEqual({ isCured: true });
    expect(rule.longestGapMs).toBe(100);
    expect(rule.dueMs).toBe(60_000);
  });

  it.each([
    ["before the new socket", 70_000, 60_000],
    ["long after it", 101_000, 90_000],
  ])("is the market's where data comes %s: it is part of the rhythm", (_, endMs, untilMs) => {
    const rule = afterGaps(100);
    verdicts(rule, untilMs);
    expect(rule.end(endMs, endMs)).toEqual({ isCured: false });
    expect(rule.dueMs).toBe(10 * endMs);
  });

  it("is not asked about again where another reconnect came first", () => {
    const rule = afterGaps(100);
    verdicts(rule, 60_000);
    rule.newSocket(70_000);
    expect(rule.dueMs).toBe(310_000);
  });

  it("takes no more than four new sockets that bring no data in 24 hours", () => {
    const rule = afterGaps(100);
    const first = verdicts(rule, 2 * HOUR_MS);
    rule.end(2 * HOUR_MS, 2 * HOUR_MS);
    for (let gap = 0; gap < 256; gap += 1) rule.gap(100);
    const second = verdicts(rule, 2 * HOUR_MS, 3 * HOUR_MS);
    const sockets = [...first, ...second].filter((step) => step.includes("reconnect"));
    expect(sockets).toHaveLength(4);
    rule.end(2 * HOUR_MS, 5 * HOUR_MS);
    for (let gap = 0; gap < 256; gap += 1) rule.gap(100);
    expect(verdicts(rule, 90_000, 24 * HOUR_MS - 1)).toContainEqual(
      expect.stringMatching("report"),
    );
    rule.end(500_000, 24 * HOUR_MS + 500_000);
    for (let gap = 0; gap < 256; gap += 1) rule.gap(100);
    expect(verdicts(rule, 90_000, 25 * HOUR_MS)).toContain("90: reconnect!");
  });

  it("costs no socket of the day where it was the server's", () => {
    const rule = afterGaps(100);
    for (let mute = 0; mute < 20; mute += 1) {
      const sinceMs = mute * HOUR_MS;
      const untilMs = mute % 3 === 2 ? 150_000 : 90_000; // one in three is doubted
      expect(verdicts(rule, untilMs, sinceMs).at(-1)).toContain("reconnect");
      expect(rule.end(untilMs + 1_000, sinceMs + untilMs + 1_000)).toEqual({ isCured: true });
    }
  });

  it("is doubted after two new sockets seemed to help: it may end by itself", () => {
    const rule = afterGaps(100);
    for (let mute = 0; mute < 2; mute += 1) {
      verdicts(rule, 90_000, mute * HOUR_MS);
      expect(rule.end(91_000, mute * HOUR_MS + 91_000)).toEqual({ isCured: true });
    }
    expect(verdicts(rule, 120_000, 2 * HOUR_MS)).toEqual(["60: resubscribe"]);
    expect(rule.dueMs).toBe(150_000);
    rule.end(92_000, 2 * HOUR_MS + 92_000);
    for (let gap = 0; gap < 256; gap += 1) rule.gap(100);
    // So the two before were needless, and two are left.
    for (let silence = 3; silence < 6; silence += 1) {
      const said = verdicts(rule, 90_000, silence * HOUR_MS);
      expect(said[1]?.startsWith(silence < 5 ? "90: reconnect" : "90: report")).toBe(true);
      rule.end(110_000, silence * HOUR_MS + 110_000);
      for (let gap = 0; gap < 256; gap += 1) rule.gap(100);
    }
  });

  it("raises no alert each time where silences come many times a day, but where one is longer", () => {
    const rule = afterGaps(100);
    let alerts = 0;
    for (let silence = 0; silence < 100; silence += 1) {
      const sinceMs = silence * 600_000;
      alerts += verdicts(rule, 500_000, sinceMs).filter((step) => step.endsWith("!")).length;
      rule.end(500_000, sinceMs + 500_000);
      for (let gap = 0; gap < 256; gap += 1) rule.gap(100);
    }
    expect(alerts).toBe(4);
    expect(verdicts(rule, HOUR_MS, 61_000_000)).toContainEqual("1350: report!");
  });

  it("costs no new socket where none is allowed", () => {
    const rule = afterGaps(100, 256, { newSocketsPerDay: 0 });
    expect(verdicts(rule, 90_000)).toEqual(["60: resubscribe", "90: report!"]);
  });
});

describe("the longest of the last", () => {
  it("is what a search would find", () => {
    const durations = fc.array(fc.nat({ max: 20 }), { maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 50 }), (added, size) => {
        const longest = new LongestOfLast(size);
        added.forEach((duration, index) => {
          longest.add(duration);
          const last = added.slice(Math.max(0, index + 1 - size), index + 1);
          expect(longest.longestMs).toBe(Math.max(...last));
        });
        expect(longest.added).toBe(added.length);
      }),
    );
  });
});
