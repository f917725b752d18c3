/** What a link says to keep its socket alive, and when it tells that nobody reads. */
import { describe, expect, it } from "vitest";
import { Line } from "./start-line.ts";

describe("a keepalive message", () => {
  it("is said every interval while the socket is open, whatever else flows", () => {
    const line = new Line({ keepalive: { everyMs: 18_000, frame: () => "ping" } });
    line.socket.opens();
    for (let second = 0; second < 54; second += 1) {
      line.clock.advance(1_000);
      line.receives({ s: "a" });
    }
    expect(line.socket.sent.map(({ atMs }) => atMs - line.startMs)).toEqual([
      18_000, 36_000, 54_000,
    ]);
  });

  it("goes through the pacer, before what waits there", () => {
    const line = new Line({
      keepalive: { everyMs: 1_700, frame: () => "ping" },
      pacing: [{ frames: 1, perMs: 1_000 }],
    });
    line.socket.opens();
    for (const text of ["one", "two", "three"]) void line.outbox.add(text, null);
    line.outgoing.pump();
    line.clock.advance(4_000);
    expect(line.sent()).toEqual(["one", "two", "ping", "three", "ping"]);
  });

  it("ends with the socket, and begins anew with the next", () => {
    const line = new Line({ keepalive: { everyMs: 10_000, frame: () => "ping" } });
    line.clock.advance(60_000); // nothing is open yet
    line.socket.opens();
    line.clock.advance(10_000);
    expect(line.sent()).toEqual(["ping"]);
    line.socket.drops();
    line.clock.advance(1_000);
    expect(line.clock.armed).toBe(0);
    line.socket.opens();
    line.clock.advance(9_999);
    expect(line.sent()).toEqual([]);
    line.clock.advance(1);
    expect(line.sent()).toEqual(["ping"]);
  });

  it("is not said while the socket closes", () => {
    const line = new Line({ keepalive: { everyMs: 1_000, frame: () => "ping" } });
    line.socket.opens();
    line.link.holdSends();
    line.link.closeSocket({});
    line.clock.advance(10_000);
    expect(line.sent()).toEqual([]);
    expect(line.clock.armed).toBe(0);
  });

  it("is left out where its function failed, and said the next time", () => {
    let calls = 0;
    const line = new Line({
      keepalive: {
        everyMs: 1_000,
        frame: () => {
          calls += 1;
          return calls === 1 ? undefined : "ping";
        },
      },
    });
    line.socket.opens();
    line.clock.advance(2_000);
    expect(line.sent()).toEqual(["ping"]);
  });
});

describe("a keepalive ping", () => {
  it.each([
    [true, 2],
    [false, 3],
  ])("takes a frame's place only where the venue counts control frames: %s", (counts, frames) => {
    const line = new Line({
      keepalive: { everyMs: 500 },
      countsControlFrames: counts,
      pacing: [{ frames: 3, perMs: 1_000 }],
    });
    line.socket.opens();
    line.clock.advance(600);
    expect(line.socket.pings).toBe(1);
    for (const text of ["1", "2", "3", "4"]) void line.outbox.add(text, null);
    line.outgoing.pump();
    expect(line.sent()).toHaveLength(frames);
  });
});

describe("freshness", () => {
  const freshness = () => ({ firstMs: 10_000, silenceMs: 60_000 });

  it("has a stale topic subscribed anew, alone, then reported once, and told when it speaks", () => {
    const line = new Line({ topics: ["a", "b"], freshness }).comesUp();
    line.receives({ s: "b" });
    line.clock.advance(10_000);
    expect(line.heard("topic.stale")).toEqual([
      { type: "topic.stale", topic: "a", silentMs: 10_000, action: "resubscribe" },
    ]);
    expect(line.asked()).toEqual(["sub a,b", "unsub a"]);
    expect(line.states()).toEqual({ a: "leaving", b: "confirmed" });
    line.confirmsAll();
    expect(line.asked()).toEqual(["sub a,b", "unsub a", "sub a"]);
    line.confirmsAll();
    line.clock.advance(15_000);
    expect(line.heard("alert")).toMatchObject([
      { alert: { kind: "topic-stale", topics: ["a"], silentMs: 25_000 } },
    ]);
    line.clock.advance(30_000);
    line.receives({ s: "a" });
    expect(line.heard("topic.fresh")).toMatchObject([{ topic: "a", silentMs: 55_000 }]);
    expect(line.heard("topic.stale")).toHaveLength(1);
    expect(line.asked()).toHaveLength(3);
  });

  it("is no matter where the topic is taken back, or the socket gone", () => {
    const line = new Line({ topics: ["a", "b"], freshness }).comesUp();
    line.subscriptions.unwant("a");
    line.outgoing.pump();
    line.confirmsAll();
    line.clock.advance(5_000);
    line.socket.drops();
    line.clock.advance(100_000);
    expect(line.heard("topic.stale")).toEqual([]);
  });

  it("is no matter while a topic that nobody wants waits to be ended", () => {
    const line = new Line({
      topics: ["a", "b"],
      freshness,
      subscriptionPacing: [{ frames: 1, perMs: 20_000 }],
    }).comesUp();
    line.clock.advance(1_000);
    line.subscriptions.unwant("a");
    line.clock.advance(9_000);
    expect(line.heard("topic.stale")).toMatchObject([{ topic: "b" }]);
    line.subscriptions.want("a"); // it was never ended, and its silence counts from now
    line.clock.advance(9_999);
    expect(line.heard("topic.stale")).toHaveLength(1);
    line.clock.advance(1);
    expect(line.heard("topic.stale")).toMatchObject([{ topic: "b" }, { topic: "a" }]);
  });

  it("has a stale topic asked for again where nothing is ever answered", () => {
    const line = new Line({
      topics: ["a"],
      freshness,
      protocol: {
        subscribe: (topics, id) => ({ op: "sub", topics, id }),
        unsubscribe: (topics, id) => ({ op: "unsub", topics, id }),
      },
    });
    line.socket.opens();
    line.socket.holdsSends = true; // the kernel takes its time
    line.clock.advance(10_000);
    expect(line.asked()).toEqual(["sub a", "unsub a"]);
    line.socket.releasesSends();
    expect(line.asked()).toEqual(["sub a", "unsub a", "sub a"]);
  });

  it("counts no silence of ours: while nobody reads, nothing can be heard", () => {
    const line = new Line({ topics: ["a"], freshness }).comesUp();
    line.link.pause();
    line.clock.advance(60_000);
    line.link.resume();
    line.clock.advance(9_999);
    expect(line.heard("topic.stale")).toEqual([]);
    line.clock.advance(1);
    expect(line.heard("topic.stale")).toHaveLength(1);
  });

  it("is not paused by a socket that ended while nobody read", () => {
    const line = new Line({ topics: ["a"], freshness }).comesUp();
    line.link.pause();
    line.socket.drops("ECONNRESET");
    line.clock.advance(1_000);
    line.comesUp();
    line.clock.advance(10_000);
    expect(line.heard("topic.stale")).toHaveLength(1);
  });

  it("of all topics is asked for when a venue's pause is over", () => {
    const line = new Line({ topics: ["a", "b"], freshness }).comesUp();
    line.subscriptions.pause("venue");
    line.clock.advance(120_000);
    expect(line.heard("topic.stale")).toEqual([]);
    line.subscriptions.resume("venue");
    line.subscriptions.renew();
    expect(line.asked().at(-1)).toBe("unsub a,b");
    line.confirmsAll();
    expect(line.asked().at(-1)).toBe("sub a,b");
  });
});

describe("room on a connection", () => {
  it("is also a matter of characters: one too many is said at once, and nothing is wanted of it", () => {
    const line = new Line({ topics: ["abc"], charsPerConnection: 8 });
    line.subscriptions.want(["abc", "defgh"]);
    expect(() => line.subscriptions.want(["i", "i"])).toThrow(
      "topic: expected at most 8 characters in all topics of a connection, received 9",
    );
    expect(line.subscriptions.statuses().map(({ topic }) => topic)).toEqual(["abc", "defgh"]);
    line.subscriptions.unwant("abc");
    line.subscriptions.unwant("abc");
    line.subscriptions.want("i");
    expect(() => new Line({ topics: ["abc"], charsPerConnection: 2 })).toThrow(
      "topics: expected at most 2 characters in all topics of a connection, received 3",
    );
  });
});

describe("an attempt that is over", () => {
  it("is said once, whether it had a socket or not", () => {
    const line = new Line({});
    line.link.dropSocket();
    line.link.dropSocket();
    expect(line.socketsGone).toBe(1);

    line.dials();
    line.comesUp();
    line.link.dropSocket();
    expect(line.socketsGone).toBe(2);
  });
});
