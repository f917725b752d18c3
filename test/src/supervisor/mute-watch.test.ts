import { describe, expect, it } from "vitest";
import { defaultMutePolicy } from "../../../machines/policy/mute.ts";
import { MuteWatch } from "../../../src/supervisor/mute-watch.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** A watch that is ready, after a minute with data each second, and what it says. */
function startWatch() {
  const clock = new VirtualClock(0);
  const said: string[] = [];
  const watch: MuteWatch = new MuteWatch(defaultMutePolicy, {
    clock,
    means: () => ({ hasTopics: true, canResubscribe: true }),
    onMute: ({ action, silentMs }) => said.push(`${clock.nowMs()}: ${action} ${silentMs}`),
    onEnded: (silentMs) => said.push(`${clock.nowMs()}: ended ${silentMs}`),
  });
  watch.ready(true);
  for (let second = 1; second <= 60; second += 1) {
    clock.advance(1_000);
    watch.heard(clock.nowMs(), false, "a");
  }
  return { clock, watch, said };
}

describe("a watch for mute connections", () => {
  it("counts no silence while nobody reads, and goes on from there", () => {
    const { clock, watch, said } = startWatch();
    clock.advance(20_000);
    watch.pause("reader");
    clock.advance(600_000);
    expect(said).toEqual([]);
    watch.resume("reader");
    clock.advance(39_999);
    expect(said).toEqual([]);
    clock.advance(1);
    expect(said).toEqual(["720000: resubscribe 60000"]);
  });

  it("takes what comes within 10 s of asking, and snapshots within 30 s, for the answer", () => {
    const { clock, watch, said } = startWatch();
    clock.advance(50_000);
    watch.asked("a");
    watch.heard(clock.nowMs() + 9_999, false, "a");
    clock.advance(10_000);
    expect(said).toEqual(["120000: resubscribe 60000"]);
    clock.advance(19_999);
    watch.heard(clock.nowMs(), true, "a");
    expect(said).toHaveLength(1);
    watch.heard(clock.nowMs(), false, "a");
    expect(said[1]).toBe("139999: ended 79999");
  });

  it("takes other topics' messages for data meanwhile", () => {
    const { clock, watch, said } = startWatch();
    for (let second = 0; second < 300; second += 1) {
      clock.advance(1_000);
      watch.asked("b");
      watch.heard(clock.nowMs(), false, second % 2 === 0 ? "a" : "b");
    }
    expect(said).toEqual([]);
  });

  it("needs one timer, and sets it sooner when the rhythm becomes faster", () => {
    const { clock, watch, said } = startWatch();
    clock.advance(59_000);
    watch.heard(clock.nowMs(), false, "a");
    for (let second = 0; second < 256; second += 1) {
      clock.advance(1_000);
      watch.heard(clock.nowMs(), false, "a");
      expect(clock.armed).toBe(1);
    }
    clock.advance(60_000);
    expect(said).toHaveLength(1);
  });
});
