import { describe, expect, it } from "vitest";
import { startConnection } from "../machines/start-connection.ts";

const SEEDS = 1_000;
const WINDOW_MS = 20_000;

/** How often a server that accepts and drops after 40 ms is dialled within the window. */
function dialsOfFlap(seed: number): number {
  const connection = startConnection({
    seed,
    onDial: (socket) => {
      socket.opens();
      socket.settles();
    },
  });
  const { clock, actor } = connection;
  const endsAtMs = clock.nowMs() + WINDOW_MS;
  while (clock.nowMs() < endsAtMs) {
    expect(connection.state()).toBe("connected.probation");
    clock.advance(40);
    connection.socket.ends();
    clock.advanceTo(
      Math.min(clock.nowMs() + (actor.getSnapshot().context.retryInMs ?? 0), endsAtMs),
    );
  }
  const { dials } = connection;
  actor.stop();
  expect(connection.link.socketsOpen).toBe(0);
  expect(clock.armed).toBe(0);
  return dials;
}

describe("a server that accepts and drops after 40 ms", () => {
  it("is dialled at most 6 times in 20 s at the median and 8 times at the 99th percentile", () => {
    const dials = Array.from({ length: SEEDS }, (_, seed) => dialsOfFlap(seed)).toSorted(
      (a, b) => a - b,
    );

    expect(dials[SEEDS / 2]).toBeLessThanOrEqual(6);
    expect(dials[SEEDS * 0.99]).toBeLessThanOrEqual(8);
    expect(dials[0]).toBeGreaterThanOrEqual(3); // it does go on trying
  });
});
