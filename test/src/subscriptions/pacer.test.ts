import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pacer, type PacingWindow } from "../../../src/subscriptions/pacer.ts";

const fivePerSecond: PacingWindow = { frames: 5, perMs: 1_000 };

/** Spends `frames` at `nowMs`. */
function spend(pacer: Pacer, frames: number, nowMs: number): void {
  for (let frame = 0; frame < frames; frame += 1) pacer.spend(nowMs);
}

describe("a pacer", () => {
  it("lets a whole window's frames out at once, and not one more", () => {
    const pacer = new Pacer([fivePerSecond]);
    spend(pacer, 4, 0);
    expect(pacer.waitMs(0)).toBe(0);
    pacer.spend(0);
    expect(pacer.waitMs(0)).toBe(1_000);
  });

  it("lets the next one out when the oldest has left the window", () => {
    const pacer = new Pacer([fivePerSecond]);
    pacer.spend(0);
    spend(pacer, 4, 400);
    expect(pacer.waitMs(999)).toBe(1);
    expect(pacer.waitMs(1_000)).toBe(0);
    pacer.spend(1_000);
    expect(pacer.waitMs(1_000)).toBe(400);
  });

  it("counts a frame that it did not choose, even one too many", () => {
    const pacer = new Pacer([fivePerSecond]);
    spend(pacer, 5, 0);
    pacer.spend(300);
    expect(pacer.waitMs(300)).toBe(700);
    pacer.spend(1_000);
    // The last five: four of 0, and 300, and 1,000: the second of 0 is no longer among them.
    expect(pacer.waitMs(1_000)).toBe(0);
    spend(pacer, 3, 1_000);
    expect(pacer.waitMs(1_000)).toBe(300);
  });

  it("holds several windows at once: the strictest says when", () => {
    const pacer = new Pacer([fivePerSecond, { frames: 6, perMs: 60_000 }]);
    spend(pacer, 5, 0);
    expect(pacer.waitMs(0)).toBe(1_000);
    pacer.spend(1_000);
    expect(pacer.waitMs(1_000)).toBe(59_000);
  });

  it("without a window never waits", () => {
    const pacer = new Pacer([]);
    spend(pacer, 1_000, 0);
    expect(pacer.waitMs(0)).toBe(0);
  });

  it("starts anew with a new socket", () => {
    const pacer = new Pacer([fivePerSecond]);
    spend(pacer, 5, 0);
    pacer.reset();
    expect(pacer.waitMs(0)).toBe(0);
    spend(pacer, 5, 0);
    expect(pacer.waitMs(0)).toBe(1_000);
  });

  it("never lets more than its frames into any window, whenever it is asked", () => {
    const windows = fc.array(
      fc.record({
        frames: fc.integer({ min: 1, max: 6 }),
        perMs: fc.integer({ min: 1, max: 2_000 }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    // Pauses between the calls: often none, sometimes longer than a window.
    const pauses = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 })), {
      minLength: 1,
      maxLength: 120,
    });
    fc.assert(
      fc.property(windows, pauses, (limits, steps) => {
        const pacer = new Pacer(limits);
        const sentAtMs: number[] = [];
        let nowMs = 0;
        for (const pauseMs of steps) {
          nowMs += pauseMs;
          if (pacer.waitMs(nowMs) > 0) continue;
          pacer.spend(nowMs);
          sentAtMs.push(nowMs);
        }
        for (const { frames, perMs } of limits) {
          const crowded = sentAtMs.some((atMs, index) => {
            const after = sentAtMs[index + frames];
            return after !== undefined && after - atMs < perMs;
          });
          expect(crowded).toBe(false);
        }
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it("makes nobody wait longer than needed: after the wait that it names a frame may go", () => {
    const waits = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(waits, (pauses) => {
        const pacer = new Pacer([fivePerSecond, { frames: 7, perMs: 3_000 }]);
        let nowMs = 0;
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          const waitMs = pacer.waitMs(nowMs);
          if (waitMs > 0) expect(pacer.waitMs(nowMs + waitMs - 1)).toBe(1);
          nowMs += waitMs;
          expect(pacer.waitMs(nowMs)).toBe(0);
          pacer.spend(nowMs);
        }
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});
