import { describe, expect, it } from "vitest";
import type { OutageReport } from "../../../src/index.ts";
import { everySecond, numbered, startSupervisor, type Json } from "../start-supervisor.ts";

/** Streams `a` and `b` stand at 10 and 20, then the connection drops and comes up again. */
function afterOutage() {
  const world = startSupervisor<Json>({
    ...numbered,
    ...everySecond,
    topics: ["a", "b"],
  }).comesUp();
  world.receives({ s: "a", n: 10 }, { s: "b", n: 20 });
  world.socket.drops("ECONNRESET");
  world.waitsItsTurn();
  return world;
}

const lastMissed = (world: ReturnType<typeof afterOutage>) =>
  world.feed.status().lastOutage?.missed;

describe("what an outage missed", () => {
  it("is, in the event, what was known when it ended", () => {
    const world = afterOutage();
    world.socket.opens();
    world.receives({ s: "a", n: 14 }); // while subscriptions are replayed
    world.confirmsAll();
    expect(world.heard("recovered").map(({ report }) => report.missed)).toEqual([
      { gaps: 1, numbers: 3 },
    ]);
  });

  it("is counted on afterwards, in the status, as each stream speaks again", () => {
    const world = afterOutage().comesUp();
    expect(lastMissed(world)).toEqual({ gaps: 0, numbers: 0 });
    world.receives({ s: "a", n: 111 });
    world.clock.advance(60_000);
    world.receives({ s: "b", n: 39 });
    expect(lastMissed(world)).toEqual({ gaps: 2, numbers: 118 });
    expect(world.heard("recovered")[0]?.report.missed).toEqual({ gaps: 0, numbers: 0 });
  });

  it("is none of what is missed later, nor of a stream that went on where it stood", () => {
    const world = afterOutage().comesUp();
    world.receives({ s: "a", n: 11 }, { s: "a", n: 13 }, { s: "b", n: 22 }, { s: "b", n: 30 });
    expect(world.heard("gap").length).toBe(3);
    expect(lastMissed(world)).toEqual({ gaps: 1, numbers: 1 });
  });

  it("belongs to the latest outage where a stream was silent between two", () => {
    const world = afterOutage().comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp().receives({ s: "a", n: 12 });
    expect(lastMissed(world)).toEqual({ gaps: 1, numbers: 1 });
    expect(world.feed.status().lastOutage?.recoveredAtMs).toBe(world.clock.nowMs());
  });

  it("counts numbers beyond 2^53 too", () => {
    const far = 2n ** 60n;
    const world = startSupervisor<Json>({
      ...numbered,
      ...everySecond,
      topics: ["a"],
      sequence: ({ n }) => {
        if (n === undefined) return undefined;
        return { stream: "a", first: far + BigInt(n), last: far + BigInt(n), scope: "stream" };
      },
    }).comesUp();
    world.receives({ n: 1 });
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp().receives({ n: 5 });
    expect(lastMissed(world)).toEqual({ gaps: 1, numbers: 3 });
  });
});

describe("status()", () => {
  it("has the report of the last outage as soon as `recovered` is heard, and none before", () => {
    const world = startSupervisor<Json>({ ...numbered, ...everySecond });
    world.comesUp();
    const seen: (OutageReport | undefined)[] = [world.feed.status().lastOutage];
    world.feed.on("recovered", () => seen.push(world.feed.status().lastOutage));
    world.socket.drops("ECONNRESET");
    seen.push(world.feed.status().lastOutage);
    world.waitsItsTurn();
    world.comesUp();
    const [{ report } = { report: undefined }] = world.heard("recovered");
    expect(seen).toEqual([undefined, undefined, report]);
    expect(report?.losses).toEqual([]);
    expect(report?.cause.code).toBe("ECONNRESET");
  });

  it("tells of the outage already to who hears `down`", () => {
    const world = startSupervisor<Json>({ ...numbered, ...everySecond }).comesUp();
    const causes: unknown[] = [];
    world.feed.on("down", () => causes.push(world.feed.status().outage?.cause.code));
    world.socket.drops("ECONNRESET");
    expect(causes).toEqual(["ECONNRESET"]);
  });

  it("has the way there and back of the heartbeat's last ping, on this socket only", () => {
    const world = startSupervisor(everySecond).comesUp();
    const { socket, clock, feed } = world;
    socket.isSilent = true;
    expect(feed.status().roundTripMs).toBe(null);
    clock.advance(15_000);
    expect(socket.pings).toBe(1);
    clock.advance(37);
    socket.receivesPong();
    expect(feed.status().roundTripMs).toBe(37);
    clock.advance(500);
    socket.receivesPong(); // one that nobody asked for
    expect(feed.status().roundTripMs).toBe(37);
    socket.drops("ECONNRESET");
    world.waitsItsTurn();
    expect(feed.status().roundTripMs).toBe(null);
  });

  it("takes no pong of a socket that is over for one of the next", () => {
    const world = startSupervisor(everySecond).comesUp();
    const { socket, clock, feed } = world;
    socket.isSilent = true;
    clock.advance(15_000);
    socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    socket.receivesPong(); // a stray
    expect(feed.status().roundTripMs).toBe(null);
  });
});
