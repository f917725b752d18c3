import { describe, expect, it } from "vitest";
import { planDemo } from "../../../src/cli/demo-plan.ts";

const seeds = Array.from({ length: 50 }, (_, seed) => seed);
const kindsOf = (seconds: number, seed = 1) => {
  const { faults } = planDemo(seed, seconds);
  return new Set(faults.map(({ fault }) => (fault.kind === "close" ? fault.code : fault.kind)));
};

describe("the plan of a demo", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(planDemo(7, 30)).toEqual(planDemo(7, 30));
    expect(planDemo(7, 30)).not.toEqual(planDemo(8, 30));
  });

  it("has every kind of trouble in 30 seconds", () => {
    const kinds = ["reset", "skip", 1001, "silence", "fin", "status", "repeat", "garbage"];

    expect([...kindsOf(30)]).toEqual([...kinds, "refuse", 1011, "flap"]);
  });

  it("has those that fit in less", () => {
    expect(kindsOf(1).size).toBe(0);
    expect([...kindsOf(5)]).toEqual(["reset", "skip"]);
  });

  it("goes round again in more", () => {
    const resets = planDemo(1, 300).faults.filter(({ fault }) => fault.kind === "reset");

    expect(resets.length).toBeGreaterThanOrEqual(10);
  });

  it.each([2, 5, 30, 61, 300])("of %d seconds ends with a tail without faults", (seconds) => {
    for (const seed of seeds) {
      const { calmFromMs, endsAtMs } = planDemo(seed, seconds);

      expect(endsAtMs).toBe(seconds * 1_000);
      expect(endsAtMs - calmFromMs).toBeGreaterThanOrEqual(1_500);
    }
  });

  it("leaves time to recover between faults", () => {
    for (const seed of seeds) {
      const times = [...new Set(planDemo(seed, 30).faults.map(({ atMs }) => atMs))];
      const waits = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));

      expect(Math.min(...waits)).toBeGreaterThan(750);
    }
  });

  it("without an end has faults for a day", () => {
    const { faults, endsAtMs } = planDemo(1, Infinity);

    expect(endsAtMs).toBe(Infinity);
    expect(faults.at(-1)?.atMs).toBeGreaterThan(23 * 3_600_000);
  });
});
