import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bridgeLinked, bridgeRange } from "../../../src/sequence/bridge.ts";

describe("a delta of a stream without holes", () => {
  it("is in the snapshot already when it ends there or before", () => {
    expect(bridgeRange(10, { first: 5, last: 9 })).toBe("drop");
    expect(bridgeRange(10, { first: 5, last: 10 })).toBe("drop");
  });

  it("joins when it covers the number after the snapshot's", () => {
    // Binance spot, 2024-08-08: the snapshot 50093239218 in the recording.
    expect(bridgeRange(50093239218, { first: 50093239208, last: 50093239224 })).toBe("apply");
    expect(bridgeRange(10, { first: 11, last: 11 })).toBe("apply");
  });

  it("shows that the snapshot is too old when it begins behind that", () => {
    expect(bridgeRange(10, { first: 12, last: 20 })).toBe("refetch");
  });
});

describe("a delta of a linked stream", () => {
  it("is in the snapshot already when it ends there or before", () => {
    expect(bridgeLinked(10, { first: 8, last: 9, previous: 4 })).toBe("drop");
    expect(bridgeLinked(10, { first: 8, last: 10, previous: 4 })).toBe("drop");
  });

  it("joins when the one before it is in the snapshot", () => {
    expect(bridgeLinked(10, { first: 8, last: 20, previous: 4 })).toBe("apply");
    expect(bridgeLinked(10, { first: 17, last: 20, previous: 10 })).toBe("apply");
    expect(bridgeLinked(10, { first: 17, last: 20, previous: 4 })).toBe("apply");
  });

  it("shows that the snapshot is too old when the one before it is not, or is not named", () => {
    expect(bridgeLinked(10, { first: 17, last: 20, previous: 11 })).toBe("refetch");
    expect(bridgeLinked(10, { first: 17, last: 20 })).toBe("refetch");
  });
});

describe("a snapshot anywhere among the deltas of an unbroken stream", () => {
  /** The ends of deltas: growing numbers with jumps. */
  const streams = fc
    .array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 30 })
    .map((steps) =>
      steps.reduce<number[]>((ends, step) => [...ends, (ends.at(-1) ?? 100) + step], []),
    );

  it("is joined by the first delta that is news to it, and needs no other snapshot", () => {
    fc.assert(
      fc.property(streams, fc.nat(), (ends, at) => {
        const snapshot = (ends[0] ?? 0) + (at % ((ends.at(-1) ?? 0) - (ends[0] ?? 0)));
        const deltas = ends
          .slice(1)
          .map((last, index) => ({ first: (ends[index] ?? 0) + 1, last, previous: ends[index] }));
        for (const bridge of [bridgeRange, bridgeLinked]) {
          const words = deltas.map((delta) => bridge(snapshot, delta));
          const joint = words.findIndex((word) => word !== "drop");
          expect(words[joint]).toBe("apply");
          expect(deltas[joint]?.last).toBeGreaterThan(snapshot);
          expect(deltas[joint]?.previous).toBeLessThanOrEqual(snapshot);
        }
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
});
