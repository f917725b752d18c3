/** Connections that are alive and bring no data: the whole supervisor, over sockets in memory. */
import { describe, expect, it } from "vitest";
import { createSupervisor, OptionError } from "../../../src/index.ts";
import { raiseAlerts } from "../../../src/observe/alerts/index.ts";
import {
  numberedVenue,
  startSupervisor,
  url,
  type Json,
  type SupervisorWorld,
  type WorldOptions,
} from "../start-supervisor.ts";

/** A venue whose topics are its streams, and whose snapshots are marked. */
const venue = numberedVenue({
  open: () => ({
    ...numberedVenue().open(),
    topicOf: ({ s }) => s,
    isSnapshot: ({ snapshot }) => snapshot === true,
  }),
});

let number = 0;

/** Data on `a`, ten times a second. */
function sendsFor(world: SupervisorWorld<Json>, ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    world.clock.advance(100);
    world.receives({ s: "a", n: (number += 1) });
  }
}

/** Up, and with a minute of data. */
function inRhythm(options: WorldOptions<Json> = {}): SupervisorWorld<Json> {
  number = 0;
  const world = startSupervisor<Json>({
    target: venue,
    topics: ["a"],
    heartbeat: null,
    ...options,
  });
  world.comesUp();
  sendsFor(world, 60_000);
  return world;
}

/** The server answers every request, each time with a snapshot, until so much time has passed. */
function isMuteFor(world: SupervisorWorld<Json>, ms: number): void {
  for (let passed = 0; passed < ms; passed += 1_000) {
    world.clock.advance(1_000);
    const before = world.requests().length;
    world.confirmsAll();
    if (world.requests().length > before) {
      world.confirmsAll();
      world.receives({ s: "a", n: number, snapshot: true });
    }
  }
}

const told = (world: SupervisorWorld<Json>): string[] =>
  world.heard("mute").map(({ action, silentMs }) => `${action} ${silentMs}`);

describe("a mute server", () => {
  it("is asked again after a minute, and replaced 30 s later, with an alert", () => {
    const world = inRhythm();
    isMuteFor(world, 60_000);
    expect(told(world)).toEqual(["resubscribe 60000"]);
    expect(world.alerts("mute")).toEqual([]);
    isMuteFor(world, 30_000);
    expect(told(world)).toEqual(["resubscribe 60000", "reconnect 90000"]);
    expect(world.alerts("mute")).toEqual([{ kind: "mute", silentMs: 90_000, boundMs: 60_000 }]);
    expect(world.heard("down")).toMatchObject([
      { loss: { class: "mute", phase: "open", silentMs: 90_000 }, rule: "mute", retryInMs: 0 },
    ]);
    expect(world.dials).toBe(2);
    expect(world.feed.status().failures).toBe(0);
  });

  it("is found though it answers every request with a snapshot", () => {
    const world = inRhythm();
    isMuteFor(world, 90_000);
    world.comesUp();
    world.receives({ s: "a", n: number, snapshot: true });
    expect(world.heard("mute.ended")).toEqual([]);
    isMuteFor(world, 600_000);
    expect(told(world).length).toBeGreaterThan(2);
  });

  it("is over when data comes: said once, and the alert is resolved", () => {
    const world = inRhythm();
    const statuses: string[] = [];
    raiseAlerts(world.feed, {
      clock: world.clock,
      sinks: [({ kind, status }) => void (kind === "mute" && statuses.push(status))],
    });
    isMuteFor(world, 90_000);
    expect(statuses).toEqual(["firing"]);
    world.comesUp();
    sendsFor(world, 20_000);
    expect(world.heard("mute.ended")).toHaveLength(1);
    expect(statuses).toEqual(["firing", "resolved"]);
  });

  it("is replaced even where no retry is allowed", () => {
    const world = inRhythm({ maxRetries: 0 });
    isMuteFor(world, 90_000);
    expect(world.feed.state).toBe("connecting");
    world.comesUp();
    expect(world.feed.status().isReady).toBe(true);
  });

  it("is told and not replaced where there is no topic", () => {
    const world = startSupervisor({ heartbeat: null });
    world.socket.opens();
    for (let message = 0; message < 200; message += 1) {
      world.clock.advance(100);
      world.socket.receives("x");
    }
    world.clock.advance(3_600_000);
    expect(world.dials).toBe(1);
    expect(world.sent()).toEqual([]);
    expect(world.heard("mute").map(({ action }) => action)).toEqual(["report", "report", "report"]);
    expect(world.alerts("mute")).toHaveLength(1);
  });
});

describe("a connection is not mute", () => {
  it("while data comes, ten times a second", () => {
    const world = inRhythm();
    sendsFor(world, 300_000);
    expect(told(world)).toEqual([]);
  });

  it("while its venue has announced a pause", () => {
    const world = inRhythm({ target: pausing });
    world.receives({ notice: "pause" });
    world.clock.advance(3_600_000);
    expect(told(world)).toEqual([]);
    world.receives({ notice: "resume" });
    world.clock.advance(59_999);
    expect(told(world)).toEqual([]);
    world.clock.advance(1);
    expect(told(world)).toHaveLength(1);
  });

  it("after our own process stood still", () => {
    const world = inRhythm();
    world.clock.suspend(600_000);
    world.clock.advance(59_000);
    expect(told(world)).toEqual([]);
    world.clock.advance(1_000);
    expect(told(world)).toHaveLength(1);
  });

  it("while it is not ready: an outage is no silence", () => {
    const world = inRhythm({ backoff: () => 3_600_000, maxRetries: Infinity });
    world.clock.advance(30_000);
    world.socket.drops();
    world.waitsItsTurn();
    world.comesUp();
    world.clock.advance(10_000 + 29_000);
    expect(told(world)).toEqual([]);
    world.clock.advance(1_000);
    expect(told(world)).toEqual(["resubscribe 60000"]);
  });

  it("where that is switched off, and leaves no timer behind", () => {
    const world = inRhythm({ mute: null });
    const { armed } = world.clock;
    world.clock.advance(3_600_000);
    expect({ told: told(world), armed }).toEqual({ told: [], armed: 0 });
  });

  it("after it was closed: no timer is left", async () => {
    const world = inRhythm();
    expect(world.clock.armed).toBe(1);
    world.feed.terminate();
    await Promise.resolve();
    expect(world.clock.armed).toBe(0);
  });
});

describe("the option `mute`", () => {
  it("sets each part, over the venue's", () => {
    const world = inRhythm({
      target: numberedVenue({ mute: { floorMs: 20_000 } }),
      mute: { newSocketAfterMs: 5_000 },
    });
    world.clock.advance(25_000);
    expect(told(world)).toEqual(["resubscribe 20000", "reconnect 25000"]);
  });

  it("may be off at a venue, and on again", () => {
    const target = numberedVenue({ mute: null });
    const off = inRhythm({ target });
    off.clock.advance(60_000);
    expect(told(off)).toEqual([]);
    const on = inRhythm({ target, mute: {} });
    on.clock.advance(60_000);
    expect(told(on)).toHaveLength(1);
  });

  it.each([
    [{ floorMs: 0 }, "mute.floorMs"],
    [{ newSocketAfterMs: -1 }, "mute.newSocketAfterMs"],
    [{ newSocketsPerDay: 1.5 }, "mute.newSocketsPerDay"],
    [{ floor: 1 }, "mute.floor"],
    [true, "mute"],
  ])("refuses %j", (mute, option) => {
    const make = (): unknown => createSupervisor(url, { mute: mute as never });
    expect(make).toThrow(OptionError);
    expect(make).toThrow(option);
  });
});

/** It announces pauses. */
const pausing = numberedVenue({
  open: () => {
    const talk = numberedVenue().open();
    return {
      ...talk,
      topicOf: ({ s }) => s,
      control: (message) => {
        const action = message["notice"];
        if (action !== "pause" && action !== "resume") return talk.control?.(message);
        return { kind: "notice", notice: { action, detail: "maintenance" } };
      },
    };
  },
});
