/** Examples are executed, or they rot. */
import { createSupervisor } from "ws-supervisor";
import { createMemoryTransport, VirtualClock } from "ws-supervisor/testing";
import { describe, expect, it } from "vitest";
import { createActor } from "xstate";
import { Writable } from "node:stream";
import { pino } from "pino";
import { createServiceMachine } from "../../examples/embed-in-a-chart.ts";
import { logEverything } from "../../examples/logs-to-pino.ts";
import { inspectService, quoterMachine } from "../../examples/inspect-a-service.ts";
import { liveUrl, PageDouble } from "../src/observe/inspector/start-inspector.ts";

function startService() {
  const clock = new VirtualClock();
  const { transport, sockets } = createMemoryTransport({ clock });
  const supervisor = createSupervisor("ws://feed.test", { transport, clock, seed: 1 });
  const service = createActor(createServiceMachine(supervisor), { clock }).start();
  const latest = () => sockets.at(-1);
  return { clock, sockets, supervisor, service, latest };
}

describe("examples/embed-in-a-chart.ts", () => {
  it("quotes only while the feed is ready, and counts what stopped it", () => {
    const { clock, service, latest } = startService();
    expect(service.getSnapshot().value).toEqual({ running: "waiting" });

    latest()?.opens();
    expect(service.getSnapshot().value).toEqual({ running: "quoting" });

    latest()?.drops("ECONNRESET");
    expect(service.getSnapshot().value).toEqual({ running: "waiting" });
    expect(service.getSnapshot().context.outages).toBe(1);

    clock.advance(3_000);
    latest()?.opens();
    expect(service.getSnapshot().value).toEqual({ running: "quoting" });
  });

  it("asks for help when the connection has failed for good, and goes on when told", () => {
    const { service, sockets, latest } = startService();
    latest()?.refuses(403);
    expect(service.getSnapshot().value).toEqual({ running: "needsHelp" });

    service.send({ type: "try again" });
    expect(service.getSnapshot().value).toEqual({ running: "waiting" });
    expect(sockets.length).toBe(2);
  });

  it("keeps the supervisor as the handle, and stops with the connection", async () => {
    const { clock, supervisor, service, latest } = startService();
    latest()?.opens();
    const fate = supervisor.send("hello");
    expect(await fate).toEqual({ fate: "written" });

    service.send({ type: "stop" });
    clock.advance(2_000);
    expect(service.getSnapshot().status).toBe("done");
    expect(supervisor.state).toBe("closed");
    expect(clock.armed).toBe(0);
  });
});

describe("examples/logs-to-pino.ts", () => {
  it("writes facts at their level and alerts at one that wakes somebody, one line each", async () => {
    const written: string[] = [];
    const destination = new Writable({
      write(chunk, _, done) {
        written.push(String(chunk));
        done();
      },
    });
    const clock = new VirtualClock();
    const { transport, sockets } = createMemoryTransport({ clock });
    const feed = createSupervisor("ws://feed.test", { transport, clock, seed: 1, name: "quotes" });
    const end = logEverything(feed, pino({}, destination));
    feed.start();
    sockets[0]?.opens();
    sockets[0]?.drops("ECONNRESET");
    clock.advance(3_000);
    sockets[1]?.refuses(451);
    await end();

    const lines = written.map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(written.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
    expect(lines.map(({ level, msg }) => [level, msg.split(" ").slice(0, 2).join(" ")])).toEqual([
      [30, "quotes: up:"],
      [40, "quotes: down:"],
      [40, "quotes: dropped"],
      [40, "quotes: attempt.failed:"],
      [50, "quotes: alert:"],
      [60, "quotes: refused"],
      [50, "quotes: failed:"],
    ]);
  });
});

describe("examples/inspect-a-service.ts", () => {
  it("shows the service's chart and its feeds on one page, and only what it reveals", async () => {
    const { supervisor: trades } = startService();
    const quoter = createActor(quoterMachine).start();
    const inspector = await inspectService({ trades }, quoter);
    const page = new PageDouble(liveUrl(inspector.url));
    await page.hears("recent");
    expect(page.actors().map(({ name }) => name)).toEqual(
      expect.arrayContaining(["quoter", "trades"]),
    );
    const context = page.actors().find(({ name }) => name === "quoter")?.context;
    expect(context).toEqual({ symbol: "BTCUSDT", note: { $: "hidden", characters: 17 } });
    await inspector.close();
  });
});
