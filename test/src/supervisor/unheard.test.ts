/** A connection that ended by itself while nothing listens, and what `console.log` shows of one. */
import { once } from "node:events";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { createActor } from "xstate";
import { describe, expect, it, vi } from "vitest";
import { connectionMachine } from "../../../machines/index.ts";
import * as browser from "../../../src/browser/index.ts";
import { supervise, type SupervisorOptions } from "../../../src/index.ts";
import { raiseAlerts } from "../../../src/observe/alerts/index.ts";
import { Supervisor } from "../../../src/supervisor/supervisor.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { promisesSettle, startSupervisor, url } from "../start-supervisor.ts";

/** A connection, and the lines that a person is shown. */
function made(options: SupervisorOptions = {}) {
  const clock = new VirtualClock();
  const { transport, sockets } = createMemoryTransport({ clock });
  const warnings: string[] = [];
  const feed = new Supervisor(
    url,
    { transport, clock, seed: 1, name: "quotes", ...options },
    { createTransport: () => transport, warn: (text) => void warnings.push(text) },
  );
  return { feed, clock, warnings, refuse: () => sockets.at(-1)?.refuses(451) };
}

const ignore = (): void => undefined;

describe("a connection that failed for good", () => {
  it("warns where nothing listens but for messages", () => {
    const { feed, warnings, refuse } = made();
    feed.on("message", ignore);
    feed.on("up", ignore);
    feed.start();
    refuse();
    expect(warnings).toEqual([
      expect.stringMatching(/^quotes: connection failed: http-refusal \(HTTP 451.*Nothing listens/),
    ]);
    feed.connect();
    refuse();
    expect(warnings).toHaveLength(2);
  });

  it.each<readonly [string, (feed: Supervisor<unknown>, clock: VirtualClock) => unknown]>([
    ["a listener of failed", (feed) => feed.on("failed", ignore)],
    ["a listener of every fact", (feed) => feed.on("*", ignore)],
    ["a listener of alerts", (feed) => feed.on("alert", ignore)],
    ["a listener of states", (feed) => feed.on("state", ignore)],
    ["a listener of failed attempts", (feed) => feed.on("attempt.failed", ignore)],
    ["an iterator", (feed) => feed.messages()],
    ["a ready() that waits", (feed) => void feed.ready().catch(ignore)],
    ["alerts", (feed, clock) => raiseAlerts(feed, { sinks: [ignore], clock })],
  ])("does not warn where there is %s", (_, listen) => {
    const { feed, clock, warnings, refuse } = made();
    listen(feed as Supervisor<unknown>, clock);
    feed.start();
    refuse();
    expect(feed.state).toBe("failed");
    expect(warnings).toEqual([]);
  });

  it("warns again once its listener has gone", () => {
    const { feed, warnings, refuse } = made();
    const off = feed.on("failed", ignore);
    off();
    feed.start();
    refuse();
    expect(warnings).toHaveLength(1);
  });

  it("does not warn where the process listens on its channel", () => {
    subscribe("ws-supervisor:failed", ignore);
    const { feed, warnings, refuse } = made();
    feed.start();
    refuse();
    unsubscribe("ws-supervisor:failed", ignore);
    expect(warnings).toEqual([]);
  });

  it("does not warn within a chart, which sees its state", () => {
    const { feed, clock, warnings, refuse } = made();
    createActor(connectionMachine, { input: feed.input, clock }).start();
    refuse();
    expect(feed.state).toBe("failed");
    expect(warnings).toEqual([]);
  });

  it("does not warn at its owner's close", () => {
    const { feed, warnings } = made();
    feed.start().terminate();
    expect(warnings).toEqual([]);
  });
});

describe("an internal error", () => {
  const childFailed = { type: "xstate.error.actor.socket", error: new Error("boom") } as never;

  it("warns where nothing listens", () => {
    const { feed, warnings } = made();
    feed.start();
    feed.actor?.send(childFailed);
    expect(warnings).toEqual([expect.stringMatching(/^quotes: internal error: boom\. Nothing/)]);
  });

  it.each(["internal", "alert", "closed", "*"] as const)(
    "does not warn where there is a listener of %s",
    (type) => {
      const { feed, warnings } = made();
      feed.on(type, ignore);
      feed.start();
      feed.actor?.send(childFailed);
      expect(warnings).toEqual([]);
    },
  );
});

describe("the warning", () => {
  const clock = new VirtualClock();
  const { transport } = createMemoryTransport({ clock });
  const options = { transport, clock, headers: () => ({ a: "hunter2\n" }), name: "quotes" };

  it("is one of the process in Node", async () => {
    const warned = once(process, "warning") as Promise<[Error]>;
    supervise("wss://feed.example/?token=hunter2", options);
    const [warning] = await warned;
    expect(warning.name).toBe("WsSupervisorWarning");
    expect(warning.message).toMatch(/^quotes: connection failed: config/);
    expect(warning.message).not.toContain("hunter2");
  });

  it("is on the console in a browser", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(ignore);
    browser.supervise(url, { ...options, heartbeat: null });
    await promisesSettle();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^quotes: connection failed/)]]);
    warn.mockRestore();
  });
});

describe("console.log", () => {
  it("shows how a connection stands, and no secret", () => {
    const world = startSupervisor({
      name: "quotes",
      target: "wss://feed.example/?token=hunter2",
      headers: { authorization: "hunter2" },
      topics: ["a"],
    });
    world.socket.opens();
    const text = inspect(world.feed);
    expect(text).toMatch(/^Supervisor \{/);
    expect(text).toContain("name: 'quotes'");
    expect(text).toContain("state: 'connected, probation'");
    expect(text).toContain("wanted: 1, confirmed: 1");
    world.socket.drops("ECONNRESET");
    expect(inspect(world.feed)).toContain("lastLoss: 'dropped (ECONNRESET) in phase open'");
    expect(inspect({ a: { b: { feed: world.feed } } })).toContain("[Supervisor quotes]");
    expect(inspect(world.feed, { showHidden: true })).not.toContain("hunter2");
  });

  it("shows one that never ran, and one that is over", () => {
    const { feed } = made();
    expect(inspect(feed)).toContain("state: 'idle'");
    feed.terminate();
    expect(inspect(feed)).toContain("state: 'closed'");
  });
});
