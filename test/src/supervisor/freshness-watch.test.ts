import { describe, expect, it } from "vitest";
import { FreshnessWatch } from "../../../src/supervisor/freshness-watch.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** A watch over topics with 10 s for the first message and 60 s of silence, and what it says. */
function startWatch(...topics: readonly string[]) {
  const clock = new VirtualClock(0);
  const said: string[] = [];
  const watch: FreshnessWatch = new FreshnessWatch({
    clock,
    policyOf: () => ({ firstMs: 10_000, silenceMs: 60_000 }),
    onStale: (stale) => {
      for (const { topic, silentMs } of stale) {
        said.push(`${clock.nowMs()}: ${topic} resubscribe ${silentMs}`);
      }
    },
    onReport: ({ topics, silentMs }) => {
      said.push(`${clock.nowMs()}: ${topics.join("+")} report ${silentMs}`);
    },
    onFresh: (topic, silentMs) => said.push(`${clock.nowMs()}: ${topic} fresh ${silentMs}`),
  });
  for (const topic of topics) watch.confirmed(topic);
  return { clock, watch, said };
}

describe("a watch", () => {
  it("says when a topic is stale, and when it speaks again", () => {
    const { clock, watch, said } = startWatch("a");
    clock.advance(9_000);
    watch.heard("a", 9_000);
    clock.advance(60_000);
    expect(said).toEqual(["69000: a resubscribe 60000"]);
    clock.advance(1_000);
    watch.heard("a", 70_000);
    expect(said.slice(1)).toEqual(["70000: a fresh 61000"]);
    clock.advance(60_000);
    expect(said.slice(2)).toEqual(["130000: a resubscribe 60000"]);
  });

  it("reports topics that stay silent in one go", () => {
    const { clock, watch, said } = startWatch("a", "b");
    clock.advance(10_000);
    for (const topic of ["a", "b"]) watch.confirmed(topic);
    clock.advance(14_999);
    expect(said.slice(2)).toEqual([]);
    clock.advance(1);
    expect(said.slice(2)).toEqual(["25000: a+b report 25000"]);
  });

  it("needs one timer for all topics", () => {
    const { clock, watch, said } = startWatch("a", "b", "c");
    for (let second = 1; second <= 300; second += 1) {
      clock.advance(1_000);
      for (const topic of ["a", "b", "c"]) watch.heard(topic, clock.nowMs());
      expect(clock.armed).toBe(1);
    }
    expect(said).toEqual([]);
  });

  it("does not take for silence what is not read yet", () => {
    const { clock, watch, said } = startWatch("a");
    clock.setTimeout(() => {
      clock.nextTurn(() => watch.heard("a", clock.nowMs())); // it lay in the kernel at the deadline
    }, 9_999);
    clock.advance(9_999);
    clock.suspend(1); // so the read and the deadline fall into one turn
    clock.advance(0);
    expect(said).toEqual([]);
  });

  it("counts silence anew after the process stood still", () => {
    const { clock, said } = startWatch("a");
    clock.suspend(600_000);
    clock.advance(9_999);
    expect(said).toEqual([]);
    clock.advance(1);
    expect(said).toEqual(["610000: a resubscribe 610000"]);
  });

  it("pauses, and goes on from there", () => {
    const { clock, watch, said } = startWatch("a");
    watch.pause("venue");
    clock.advance(100_000);
    expect(said).toEqual([]);
    watch.resume("venue");
    clock.advance(9_999);
    expect(said).toEqual([]);
    clock.advance(1);
    expect(said).toEqual(["110000: a resubscribe 110000"]);
  });

  it("leaves no timer behind when the socket ends, not even in the turn before a verdict", () => {
    const { clock, watch, said } = startWatch("a");
    watch.socketEnded();
    expect(clock.armed).toBe(0);
    watch.confirmed("a");
    // In the same instant, after the deadline, the next socket's confirmation comes.
    clock.setTimeout(() => {
      watch.socketEnded();
      watch.confirmed("a");
    }, 10_000);
    clock.advance(10_000);
    expect(clock.armed).toBe(1);
    watch.socketEnded();
    clock.advance(100_000);
    expect({ said, armed: clock.armed }).toEqual({ said: [], armed: 0 });
  });
});
