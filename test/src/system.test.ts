/** Real timers, as far as they differ from Node's own. */
import { describe, expect, it } from "vitest";
import { realClock } from "../../src/system.ts";

describe("the real clock", () => {
  it("takes a wait of nothing as the loop's next turn, not as a timer of 1 ms", async () => {
    const told: string[] = [];
    await new Promise<void>((resolve) => {
      realClock.setTimeout(() => told.push("nothing"), 0);
      realClock.nextTurn(() => {
        told.push("a turn");
        resolve();
      });
    });
    expect(told).toEqual(["nothing", "a turn"]);
  });

  it.each([0, 5])("forgets a wait of %i ms that is cleared", async (waitMs) => {
    const told: string[] = [];
    const handle = realClock.setTimeout(() => told.push("cleared"), waitMs);
    realClock.clearTimeout(handle);
    realClock.clearTimeout(handle);
    realClock.clearTimeout(undefined);
    await new Promise<void>((resolve) => {
      realClock.setTimeout(resolve, waitMs + 2);
    });
    expect(told).toEqual([]);
  });
});
