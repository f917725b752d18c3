/** What is told of a frame that cannot be read. */
import { expect } from "vitest";
import type { Fact, Status } from "../../../src/index.ts";

interface World {
  readonly feed: { status(): Status };
  heard(type: "message.invalid" | "message.unjudged"): readonly Fact[];
}

/**
 * One frame was not understood, and is not delivered, or its number was not, and it is delivered unjudged.
 * Either is told once, and the `others` came without a gap.
 */
export function expectReported(world: World, excerpt: string, others = 2): void {
  const reports = [...world.heard("message.invalid"), ...world.heard("message.unjudged")];
  expect(reports).toMatchObject([{ excerpt }]);
  const { invalid, unjudged, unclaimed, gaps } = world.feed.status().inbound;
  expect([invalid + unjudged, unclaimed - unjudged, gaps]).toEqual([1, others, 0]);
}
