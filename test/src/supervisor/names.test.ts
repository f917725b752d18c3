/** What supervisors are called by default: no two that live at once alike, and few names over time. */
import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import { connectionMachine } from "../../../machines/index.ts";
import * as browser from "../../../src/browser/index.ts";
import { createSupervisor, supervise, type Target } from "../../../src/index.ts";
import { raiseAlerts, type RaisedAlert } from "../../../src/observe/alerts/index.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { binanceSpot, binanceUsdm, bybit } from "../../../src/venues/index.ts";
import { url } from "../start-supervisor.ts";

const clock = new VirtualClock();
const memory = createMemoryTransport({ clock });
const options = { transport: memory.transport, clock, seed: 1 };

function make(target: Target<unknown> = url, name?: string) {
  return createSupervisor<unknown>(target, { ...options, name });
}

describe("a default name", () => {
  it("is the venue's id, with its service where it has several", () => {
    const feeds = [
      make(binanceSpot()),
      make(binanceUsdm({ service: "market" })),
      make(bybit({ service: "linear" })),
      make(),
    ];
    expect(feeds.map(({ name }) => name)).toEqual([
      "binance-spot",
      "binance-usdm-market",
      "bybit-linear",
      "connection",
    ]);
    for (const feed of feeds) feed.terminate();
  });

  it("has the lowest free number where another one lives, whatever entry made it", () => {
    const first = make();
    const second = supervise<unknown>(url, options);
    const third = browser.supervise<unknown>(url, { ...options, heartbeat: null });
    expect([first, second, third].map(({ name }) => name)).toEqual([
      "connection",
      "connection-2",
      "connection-3",
    ]);
    second.terminate();
    expect(second.name).toBe("connection-2");
    const next = [make(), make()];
    expect(next.map(({ name }) => name)).toEqual(["connection-2", "connection-4"]);
    first.terminate();
    const last = make();
    expect(last.name).toBe("connection");
    for (const feed of [third, last, ...next]) feed.terminate();
  });

  it("is free again at the close: one after the other has the same", () => {
    for (let times = 0; times < 100; times += 1) {
      const feed = make().start();
      expect(feed.name).toBe("connection");
      feed.terminate();
    }
  });

  it("is free again where options cannot work", () => {
    expect(() => createSupervisor(url, { ...options, topics: 5 as never })).toThrow("topics");
    expect(() => createSupervisor(url, { ...options, signal: 5 as never })).toThrow("signal");
    const aborted = createSupervisor(url, { ...options, signal: AbortSignal.abort() });
    expect(aborted.state).toBe("closed");
    const feed = make();
    expect(feed.name).toBe("connection");
    feed.terminate();
  });

  it("is none that a user has given to one that lives", () => {
    const given = make(url, "connection-2");
    const feeds = [make(), make()];
    expect(feeds.map(({ name }) => name)).toEqual(["connection", "connection-3"]);
    given.terminate();
    const next = make();
    expect(next.name).toBe("connection-2");
    for (const feed of [next, ...feeds]) feed.terminate();
  });

  it("is taken again by one that a chart invokes again", () => {
    const embedded = make();
    const run = () => createActor(connectionMachine, { input: embedded.input, clock }).start();
    run().stop();
    const other = make();
    expect([embedded.name, other.name]).toEqual(["connection", "connection"]);
    const actor = run();
    expect([embedded.name, other.name]).toEqual(["connection-2", "connection"]);
    actor.stop();
    other.terminate();
  });
});

describe("a name that is given", () => {
  it("stays as it is, also where several have it", () => {
    const feeds = [make(url, "quotes"), make(url, "quotes")];
    expect(feeds.map(({ name }) => name)).toEqual(["quotes", "quotes"]);
    feeds[0]?.terminate();
    const third = make(url, "quotes");
    expect(third.name).toBe("quotes");
    for (const feed of [third, ...feeds]) feed.terminate();
  });
});

describe("two connections of one venue without names", () => {
  it("are two incidents: one that recovers leaves the other's open", () => {
    const told: RaisedAlert[] = [];
    const feeds = [make(binanceSpot()), make(binanceSpot())];
    const before = memory.sockets.length;
    for (const feed of feeds) {
      raiseAlerts(feed, { sinks: [(alert) => void told.push(alert)], clock, graceMs: 0 });
      feed.start();
      memory.sockets.at(-1)?.opens();
    }
    for (const socket of memory.sockets.slice(before)) socket.drops("ECONNRESET");
    feeds[0]?.connect();
    memory.sockets.at(-1)?.opens();
    clock.advance(5_000);
    expect(told.map(({ key, status }) => `${key} ${status}`)).toEqual([
      "binance-spot/outage firing",
      "binance-spot-2/outage firing",
      "binance-spot/outage resolved",
    ]);
    for (const feed of feeds) feed.terminate();
  });
});
