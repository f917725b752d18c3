/** The fixed part of `npm run simulation:mute`: fewer days, one seed. */
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { complaintsOf } from "./cli.ts";
import { figuresOf } from "./figures.ts";
import { shapeOf } from "./recorded.ts";
import { rhythms } from "./rhythms.ts";
import { redials } from "./supervised.ts";

const root = resolve(import.meta.dirname, "../../..");

describe("the rule for mute connections", () => {
  it.each(rhythms.map((rhythm) => [rhythm.name, rhythm] as const))(
    "costs few sockets and alerts, and finds mute servers: %s",
    (_, rhythm) => {
      const { recording } = rhythm;
      const shape = recording === undefined ? undefined : shapeOf(recording, root);
      const figures = figuresOf(rhythm, shape, { seed: 7, days: 30 });
      expect(complaintsOf(figures)).toEqual([]);
      expect(figures.mutes.length).toBeGreaterThan(5);
    },
  );

  it("has a mute server replaced by the real supervisor, each time it falls mute", async () => {
    expect(await redials(7, 20)).toHaveLength(20);
  });
});
