import { describe, expect, it } from "vitest";
import { Keepalive } from "../../../src/connection/keepalive.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** A keepalive of 10 s, and the instants of its beats since it was made. */
function startKeepalive() {
  const clock = new VirtualClock();
  const startMs = clock.nowMs();
  const beatsAtMs: number[] = [];
  const keepalive = new Keepalive({
    clock,
    everyMs: 10_000,
    beat: () => beatsAtMs.push(clock.nowMs() - startMs),
  });
  keepalive.start();
  return { clock, keepalive, beatsAtMs };
}

describe("a keepalive", () => {
  it("beats every interval, first when one has passed", () => {
    const { clock, beatsAtMs } = startKeepalive();
    clock.advance(9_999);
    expect(beatsAtMs).toEqual([]);
    clock.advance(20_001);
    expect(beatsAtMs).toEqual([10_000, 20_000, 30_000]);
  });

  it("keeps its rhythm when a beat is late: lateness does not add up", () => {
    const { clock, beatsAtMs } = startKeepalive();
    for (const lateMs of [300, 200, 400]) {
      clock.suspend(clock.nextDueAtMs! - clock.nowMs() + lateMs);
      clock.advance(0);
    }
    clock.advance(10_000);
    expect(beatsAtMs).toEqual([10_300, 20_200, 30_400, 40_000]);
  });

  it("beats once after the process stood still, and not twice in a row", () => {
    const { clock, beatsAtMs } = startKeepalive();
    clock.suspend(49_000);
    clock.advance(0);
    expect(beatsAtMs).toEqual([49_000]);
    clock.advance(9_999);
    expect(beatsAtMs).toEqual([49_000]);
    clock.advance(1);
    expect(beatsAtMs).toEqual([49_000, 59_000]);
  });

  it("stops, and leaves no timer", () => {
    const { clock, keepalive, beatsAtMs } = startKeepalive();
    keepalive.stop();
    keepalive.stop();
    expect(clock.armed).toBe(0);
    clock.advance(100_000);
    expect(beatsAtMs).toEqual([]);
  });

  it("that is started twice beats once", () => {
    const { clock, keepalive, beatsAtMs } = startKeepalive();
    clock.advance(4_000);
    keepalive.start();
    clock.advance(10_000);
    expect(beatsAtMs).toEqual([14_000]);
    expect(clock.armed).toBe(1);
  });

  it("may be stopped by its own beat", () => {
    const clock = new VirtualClock();
    let beats = 0;
    const keepalive: Keepalive = new Keepalive({
      clock,
      everyMs: 1_000,
      beat: () => {
        beats += 1;
        keepalive.stop();
      },
    });
    keepalive.start();
    clock.advance(10_000);
    expect({ beats, armed: clock.armed }).toEqual({ beats: 1, armed: 0 });
  });
});
