import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PriceLevels } from "../../../../src/venues/kit/price-levels.ts";

describe("price levels", () => {
  it("are the best of each side in order, as sorting all of them would give", () => {
    const changes = fc.array(
      fc.record({
        side: fc.constantFrom("bid" as const, "ask" as const),
        price: fc.integer({ min: 1, max: 40 }),
        size: fc.integer({ min: 0, max: 3 }),
      }),
    );
    fc.assert(
      fc.property(changes, fc.integer({ min: 1, max: 12 }), (given, count) => {
        const levels = new PriceLevels<number>();
        const model = { bid: new Map<number, number>(), ask: new Map<number, number>() };
        for (const { side, price, size } of given) {
          if (size === 0) levels.delete(side, price);
          else levels.set(side, price, size);
          if (size === 0) model[side].delete(price);
          else model[side].set(price, size);
        }
        const bids = [...model.bid].toSorted(([a], [b]) => b - a).slice(0, count);
        const asks = [...model.ask].toSorted(([a], [b]) => a - b).slice(0, count);
        expect([levels.best("bid", count), levels.best("ask", count)]).toEqual([bids, asks]);
        levels.keepBest(count);
        expect([levels.best("bid", 99), levels.best("ask", 99)]).toEqual([bids, asks]);
      }),
      { seed: 1 },
    );
  });

  it("keep the text of a price and a size, and are ordered by its value", () => {
    const levels = new PriceLevels<string>();
    for (const price of ["9.50", "10.00", "9.5000001"]) levels.set("ask", price, "0.10");
    expect(levels.best("ask", 2)).toEqual([
      ["9.50", "0.10"],
      ["9.5000001", "0.10"],
    ]);
  });
});
