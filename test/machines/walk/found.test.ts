/** What walks have found, each as a test of its own. */
import { describe, expect, it } from "vitest";
import { numbered, startSupervisor } from "../../src/start-supervisor.ts";

describe("a connection that is closed before its replay was answered", () => {
  it("waits for the handshake only: no alarm about topics while it says goodbye", () => {
    const world = startSupervisor({ ...numbered, topics: ["a"], closeTimeoutMs: 60_000 });
    world.socket.opens();
    void world.feed.close();
    expect(world.feed.state).toBe("closing");
    expect(world.clock.armed).toBe(1);

    world.clock.advance(59_999);
    expect(world.feed.state).toBe("closing");
    expect(world.alerts("subscriptions-timed-out")).toEqual([]);
    world.clock.advance(1);
    expect(world.feed.state).toBe("closed");
  });
});
