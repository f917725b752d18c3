/** What the peer of an open socket is told when we end it. The commands' own frames are in supervisor.test.ts. */
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { createMemoryExchange, VirtualClock } from "../../../src/testing/index.ts";
import { createSupervisor } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  numberedVenue,
  startSupervisor,
  type Json,
} from "../start-supervisor.ts";

const usual = { code: 1000, reason: "" };

describe("the peer", () => {
  it("is told 1000 when its connection is replaced for its age", () => {
    const world = startSupervisor({ maxAgeMs: 100_000 }).comesUp();
    world.clock.advance(98_000);
    expect(world.memory.sockets[0]?.closedWith).toEqual(usual);
  });

  it("is told 1000 then, whatever the socket before was told", () => {
    const world = startSupervisor({ maxAgeMs: 100_000 }).comesUp();
    world.feed.reconnect({ code: 4321, reason: "rebalancing" });
    world.comesUp();
    world.clock.advance(98_000);
    expect(world.memory.sockets[1]?.closedWith).toEqual(usual);
  });

  it("is told 1000 when its venue announces the end", () => {
    const target = numberedVenue({
      open: () => ({
        subscribe: () => "sub",
        decode: numbered.decode,
        control: () => ({
          kind: "notice",
          notice: { action: "replace", withinMs: 0, detail: "restart" },
        }),
      }),
    });
    const world = startSupervisor<Json>({ target }).comesUp();
    world.receives({});
    world.clock.advance(1);
    expect(world.memory.sockets[0]?.closedWith).toEqual(usual);
  });

  it("is told 1000 when it logs nobody in, in time or at all", async () => {
    const late = startSupervisor({ authenticate: () => new Promise(() => {}) });
    late.socket.opens();
    late.clock.advance(20_000);
    expect(late.memory.sockets[0]?.closedWith).toEqual(usual);

    const refusing = startSupervisor({
      ...everySecond,
      authenticate: () => Promise.reject(new Error("no such user")),
    });
    refusing.socket.opens();
    await new Promise((done) => setImmediate(done));
    expect(refusing.memory.sockets[0]).toMatchObject({ closedWith: usual, isTerminated: true });
  });

  it("is told the code of its profile where no other was given", async () => {
    const closeFrame = { code: 4100, reason: "bye" };
    const world = startSupervisor<Json>({ target: numberedVenue({ closeFrame }) }).comesUp();
    world.feed.reconnect();
    expect(world.socket.closedWith).toBeUndefined();
    expect(world.memory.sockets[0]?.closedWith).toEqual(closeFrame);
    world.comesUp();
    void world.feed.close();
    expect(world.socket.closedWith).toEqual(closeFrame);

    const other = startSupervisor<Json>({ target: numberedVenue({ closeFrame }) }).comesUp();
    void other.feed.close(1000);
    expect(other.socket.closedWith).toEqual(usual);
  });

  it("is told nothing by terminate(), nor where it was first", () => {
    const world = startSupervisor(everySecond).comesUp();
    world.socket.closes(1001);
    world.waitsItsTurn();
    world.comesUp();
    world.feed.terminate();
    expect(world.memory.sockets.map(({ closedWith }) => closedWith)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("is told one code only when terminate() follows close()", () => {
    const world = startSupervisor().comesUp();
    void world.feed.close(4000, "first");
    world.feed.terminate();
    expect(world.socket).toMatchObject({
      closedWith: { code: 4000, reason: "first" },
      isTerminated: true,
    });
  });
});

describe("the simulated exchange", () => {
  it("sees the code of each end of ours", async () => {
    const clock = new VirtualClock();
    const ends: string[] = [];
    const exchange = createMemoryExchange({
      clock,
      onEvent: (event) => {
        if (event.type === "session.ended") ends.push(event.reason);
      },
    });
    const feed = createSupervisor("wss://exchange.test/ws", {
      clock,
      transport: exchange.transport,
    });
    feed.start();
    const comesUp = (): void => {
      clock.advance(100);
      expect(feed.status().isReady).toBe(true);
    };
    comesUp();
    feed.reconnect();
    comesUp();
    feed.reconnect({ code: 4321, reason: "rebalancing" });
    comesUp();
    feed.terminate();
    clock.advance(100);
    expect(ends).toEqual(["close 1000", "close 4321 rebalancing", "disconnected"]);
    exchange.stop();
  });
});

describe("a profile's close frame", () => {
  it.each([
    [{ code: 1001, reason: "" }, "venue.closeFrame.code"],
    [{ reason: "bye" }, "venue.closeFrame.code"],
    [{ code: 4000, reason: "x".repeat(124) }, "venue.closeFrame.reason"],
    [{ code: 4000, reason: "", why: 1 }, "venue.closeFrame.why"],
  ])("%j is refused when it is defined", (closeFrame, option) => {
    const define = () => numberedVenue({ closeFrame: closeFrame as never });
    expect(define).toThrow(OptionError);
    expect(define).toThrow(expect.objectContaining({ option }) as Error);
  });
});
