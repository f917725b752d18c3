/** What goes out first, at which pace, and what of it ends with its socket. */
import { describe, expect, it } from "vitest";
import { defaultQuarantine } from "../../../src/subscriptions/quarantine.ts";
import { Line } from "./start-line.ts";

const sub = (id: number, ...topics: readonly string[]) => JSON.stringify({ op: "sub", topics, id });

describe("frames that open a socket's talk", () => {
  it("are sent before any subscription, on every socket, and before anything may be sent", () => {
    const line = new Line({ topics: ["a"], opening: () => ["hello", "conf"] });
    void line.outbox.add("mine", null);
    line.comesUp();
    expect(line.sent()).toEqual(["hello", "conf", sub(1, "a"), "mine"]);
    line.socket.drops();
    line.clock.advance(1_000);
    line.socket.opens();
    expect(line.sent()).toEqual(["hello", "conf", sub(2, "a")]);
  });

  it("are paced, and nothing overtakes them meanwhile", () => {
    const line = new Line({
      topics: ["a"],
      opening: () => ["1", "2", "3"],
      pacing: [{ frames: 2, perMs: 1_000 }],
    });
    line.socket.opens();
    expect(line.sent()).toEqual(["1", "2"]);
    line.clock.advance(1_000);
    expect(line.sent()).toEqual(["1", "2", "3", sub(1, "a")]);
  });

  it("are not counted among subscription frames", () => {
    const line = new Line({
      topics: ["a"],
      opening: () => ["1", "2"],
      subscriptionPacing: [{ frames: 1, perMs: 60_000 }],
    });
    line.socket.opens();
    expect(line.sent()).toEqual(["1", "2", sub(1, "a")]);
  });
});

describe("an urgent frame", () => {
  it("goes out before subscriptions and sends that wait for the pacer", () => {
    const line = new Line({ pacing: [{ frames: 1, perMs: 1_000 }] });
    line.socket.opens();
    void line.outbox.add("one", null);
    void line.outbox.add("two", null);
    line.outgoing.pump();
    line.subscriptions.want("a");
    line.outgoing.urgent("pong");
    line.clock.advance(3_000);
    expect(line.sent()).toEqual(["one", "pong", sub(1, "a"), "two"]);
  });

  it("goes out while the replay is under way", () => {
    const line = new Line({ topics: ["a"] });
    line.socket.opens();
    expect(line.outgoing.urgent("pong")).toBe(true);
    expect(line.sent()).toEqual([sub(1, "a"), "pong"]);
    expect(line.isReady).toBe(false);
  });

  it("goes out although our own buffer is full of sends", () => {
    const line = new Line();
    line.socket.opens();
    line.socket.holdsSends = true;
    for (let send = 0; send < 2; send += 1) {
      void line.outbox.add("x".repeat(600_000), null);
      line.outgoing.pump();
    }
    const before = line.sent().length;
    void line.outbox.add("waits", null);
    line.outgoing.urgent("pong");
    expect(line.sent().slice(before)).toEqual(["pong"]);
  });

  it("is dropped without a socket, and counted", () => {
    const line = new Line();
    expect(line.outgoing.urgent("pong")).toBe(false);
    line.socket.opens();
    line.socket.drops();
    expect(line.outgoing.urgent("pong")).toBe(false);
    line.clock.advance(1_000);
    line.socket.opens();
    expect(line.sent()).toEqual([]);
    expect(line.outgoing.urgentDropped).toBe(2);
  });

  it("that waits ends with its socket, and is not sent on the next one", () => {
    const line = new Line({ pacing: [{ frames: 1, perMs: 10_000 }] });
    line.socket.opens();
    line.outgoing.urgent("first");
    line.outgoing.urgent("second");
    line.socket.drops();
    line.clock.advance(20_000);
    line.socket.opens();
    expect(line.sent()).toEqual([]);
    expect(line.outgoing.urgentDropped).toBe(1);
  });

  it("is dropped on a socket that closes: no frame may follow a close frame", () => {
    const line = new Line();
    line.socket.opens();
    line.link.holdSends();
    line.link.closeSocket({});
    expect(line.outgoing.urgent("pong")).toBe(false);
    expect(line.sent()).toEqual([]);
    expect(line.outgoing.urgentDropped).toBe(1);
  });

  it("is one of at most 64 that wait; more are dropped, and counted", () => {
    const line = new Line({ pacing: [{ frames: 1, perMs: 1_000 }] });
    line.socket.opens();
    const taken = Array.from({ length: 70 }, (_, index) => line.outgoing.urgent(`${index}`));
    expect(taken.filter(Boolean)).toHaveLength(65); // one went out at once
    expect(line.outgoing.urgentDropped).toBe(5);
    line.clock.advance(100_000);
    expect(line.sent()).toHaveLength(65);
  });
});

describe("several windows for subscriptions", () => {
  it("hold at once: three a second, and eight a minute", () => {
    const line = new Line({
      topics: Array.from({ length: 12 }, (_, index) => `t${index}`),
      topicsPerFrame: 1,
      subscriptionPacing: [
        { frames: 8, perMs: 60_000 },
        { frames: 3, perMs: 1_000 },
      ],
    });
    line.socket.opens();
    line.clock.advance(61_000);
    const startMs = line.socket.sent[0]?.atMs ?? 0;
    expect(line.socket.sent.map(({ atMs }) => atMs - startMs)).toEqual([
      0, 0, 0, 1_000, 1_000, 1_000, 2_000, 2_000, 60_000, 60_000, 60_000, 61_000,
    ]);
  });
});

describe("a topic that kills the socket that asks for it", () => {
  /** A venue that dies of "bad" 150 ms after it is asked, and answers every other request at once. */
  function hyperliquid(topics: readonly string[], lossesAtMs: number[] = []): Line {
    const line: Line = new Line({
      topics,
      topicsPerFrame: 1,
      subscriptionPacing: [{ frames: 5, perMs: 1_000 }],
    });
    const answeredIds = new Set<number>();
    /** The venue looks at what it was sent, every 10 ms. */
    const reads = (): void => {
      line.clock.setTimeout(reads, 10);
      const { socket } = line;
      if (!socket.isOpen) {
        if (!socket.isOver) socket.opens();
        return;
      }
      for (const { id, topics } of line.requests()) {
        if (answeredIds.has(id)) continue;
        answeredIds.add(id);
        if (topics.includes("bad")) {
          line.clock.setTimeout(() => {
            lossesAtMs.push(line.clock.nowMs() - line.startMs);
            socket.drops();
          }, 150);
        } else {
          line.receives({ ack: id });
        }
      }
    };
    reads();
    return line;
  }

  const others = Array.from({ length: 20 }, (_, index) => `t${index}`);

  it.each([
    // Asked for at once: twice it may be chance, then it is tried alone, twice.
    [2, 4],
    // Asked for when the socket has lived for two seconds, and all before it are answered.
    [10, 2],
  ])("and is the one at %d is quarantined after %d losses; the others live", (index, losses) => {
    const lossesAtMs: number[] = [];
    const line = hyperliquid(others.toSpliced(index, 0, "bad"), lossesAtMs);
    line.clock.advance(120_000);
    expect(lossesAtMs).toHaveLength(losses);
    expect(line.isReady).toBe(true);
    expect(line.states()).toEqual({
      ...Object.fromEntries(others.map((topic) => [topic, "confirmed"])),
      bad: "quarantined",
    });
    const untilMs = line.startMs + (lossesAtMs.at(-1) ?? 0) + 600_000;
    expect(line.heard("topic.quarantined")).toMatchObject([{ topic: "bad", strikes: 2, untilMs }]);
    expect(line.heard("alert")).toMatchObject([
      { alert: { kind: "topic-quarantined", topic: "bad", untilMs } },
    ]);
    expect(line.heard("subscriptions.settled").at(-1)).toMatchObject({
      confirmed: expect.arrayContaining(others),
      quarantined: ["bad"],
    });
  });

  it("is tried again when its time is over, and quarantined anew after one loss", () => {
    const lossesAtMs: number[] = [];
    const line = hyperliquid(["a", "bad"], lossesAtMs);
    line.clock.advance(60_000);
    expect(lossesAtMs).toHaveLength(4);
    line.clock.advance(600_000);
    expect(lossesAtMs).toHaveLength(5);
    expect(line.states()).toEqual({ a: "confirmed", bad: "quarantined" });
    expect(line.heard("topic.quarantined")).toHaveLength(2);
  });

  it("is quarantined after two losses when it came alone to a socket that lived", () => {
    const lossesAtMs: number[] = [];
    const line = hyperliquid(others, lossesAtMs);
    line.clock.advance(60_000);
    line.subscriptions.want("bad");
    line.outgoing.pump();
    line.clock.advance(60_000);
    expect(lossesAtMs).toHaveLength(2);
    expect(line.states()).toMatchObject({ t0: "confirmed", bad: "quarantined" });
  });

  it("does not keep the connection from getting ready while it is a suspect", () => {
    const line = hyperliquid(["a", "bad"]);
    while (line.sockets.length < 3 || !line.socket.isOpen) line.clock.advance(10);
    line.clock.advance(500);
    expect(line.isReady).toBe(true);
    expect(line.states()).toEqual({ a: "confirmed", bad: "unsent" });
    line.clock.advance(1_600);
    expect(line.asked()).toEqual(["sub a", "sub bad"]);
  });

  it("is free again when it is taken back and wanted anew", () => {
    const lossesAtMs: number[] = [];
    const line = hyperliquid(["a", "bad"], lossesAtMs);
    line.clock.advance(60_000);
    line.subscriptions.unwant("bad");
    line.subscriptions.want("bad");
    expect(line.states()).toEqual({ a: "confirmed", bad: "unsent" });
    line.outgoing.pump();
    expect(line.asked().at(-1)).toBe("sub bad");
    line.clock.advance(200);
    expect(lossesAtMs).toHaveLength(5);
    expect(line.states()).toEqual({ a: "unsent", bad: "unsent" }); // struck once, as one that is new
  });
});

describe("suspects", () => {
  it("are tried one after the other where nothing is ever answered", () => {
    const line = new Line({
      topics: ["fine", "a", "b"],
      topicsPerFrame: 1,
      protocol: { subscribe: (topics, id) => ({ op: "sub", topics, id }) },
    });
    for (let loss = 0; loss < 2; loss += 1) {
      line.socket.opens();
      line.receives({ s: "fine" });
      line.clock.advance(100);
      line.socket.drops();
      line.clock.advance(1_000);
    }
    line.socket.opens();
    expect(line.asked()).toEqual(["sub fine"]);
    line.clock.advance(2_000);
    expect(line.asked()).toEqual(["sub fine", "sub a"]);
    line.clock.advance(2_000);
    expect(line.asked()).toEqual(["sub fine", "sub a", "sub b"]);
  });

  it("are not tried while others wait to be asked for", () => {
    const line = new Line({
      topics: ["fine", "bad"],
      topicsPerFrame: 1,
      quarantine: { ...defaultQuarantine, suspectAfter: 1 },
      subscriptionPacing: [{ frames: 1, perMs: 1_500 }],
    });
    const answers = (): void => line.receives({ ack: line.requests().at(-1)?.id ?? 0 });
    line.socket.opens();
    answers();
    line.clock.advance(1_500);
    expect(line.asked()).toEqual(["sub fine", "sub bad"]);
    line.socket.drops();
    line.clock.advance(1_000);
    line.socket.opens();
    answers();
    line.clock.advance(1_400);
    line.subscriptions.want(["x", "y"]);
    line.outgoing.pump();
    line.clock.advance(100);
    answers();
    expect(line.asked()).toEqual(["sub fine", "sub x"]);
    line.clock.advance(1_500);
    expect(line.asked()).toEqual(["sub fine", "sub x", "sub y"]);
    line.clock.advance(1_999);
    expect(line.asked()).toHaveLength(3);
    line.clock.advance(1);
    expect(line.asked().at(-1)).toBe("sub bad");
  });
});

describe("a network that flaps", () => {
  it("quarantines nothing, whatever was in flight", () => {
    const line = new Line({ topics: ["a", "b"], topicsPerFrame: 1 });
    for (let loss = 0; loss < 20; loss += 1) {
      line.socket.opens();
      line.clock.advance(100);
      line.socket.drops("ECONNRESET");
      line.clock.advance(1_000);
    }
    expect(line.heard("topic.quarantined")).toEqual([]);
    line.socket.opens();
    for (let second = 0; second < 10; second += 1) {
      line.clock.advance(1_000);
      line.confirmsAll();
    }
    expect(line.states()).toEqual({ a: "confirmed", b: "confirmed" });
  });

  it("does not make suspects of topics when we ask for the end ourselves", () => {
    const line = new Line({ topics: ["a", "b"] });
    for (let end = 0; end < 5; end += 1) {
      line.socket.opens();
      if (end % 2 === 0) line.link.dropSocket();
      else {
        line.link.closeSocket({});
        line.socket.answersClose();
      }
      line.dials();
    }
    line.socket.opens();
    expect(line.asked()).toEqual(["sub a,b"]);
  });

  it("does not make suspects of topics that we were about to end", () => {
    const line = new Line({ topics: ["a", "b"] }).comesUp();
    line.clock.advance(5_000);
    line.subscriptions.renew(["a", "b"]);
    line.socket.drops();
    line.clock.advance(1_000);
    line.socket.opens();
    expect(line.asked()).toEqual(["sub a,b"]);
  });

  it("is told from a killer by what was heard: a topic that spoke is no suspect", () => {
    const line = new Line({
      topics: ["a", "b"],
      protocol: { subscribe: (topics, id) => ({ op: "sub", topics, id }) },
    });
    for (let loss = 0; loss < 5; loss += 1) {
      line.socket.opens();
      line.receives({ s: "a" });
      line.receives({ s: "b" });
      line.clock.advance(100);
      line.socket.drops();
      line.clock.advance(1_000);
    }
    line.socket.opens();
    expect(line.asked()).toEqual(["sub a,b"]);
  });

  it("without that evidence has it asked for last, where nothing is answered", () => {
    const line = new Line({
      topics: ["a", "b"],
      protocol: { subscribe: (topics, id) => ({ op: "sub", topics, id }) },
    });
    for (let loss = 0; loss < 2; loss += 1) {
      line.socket.opens();
      line.clock.advance(100);
      line.socket.drops();
      line.clock.advance(1_000);
    }
    line.socket.opens();
    expect(line.asked()).toEqual([]);
    line.clock.advance(2_000);
    expect(line.asked()).toEqual(["sub a"]);
  });

  it("is not ready while all that is wanted is held back: there is nobody to wait for", () => {
    const line = new Line({ topics: ["a", "b"] });
    for (let loss = 0; loss < 2; loss += 1) {
      line.socket.opens();
      line.socket.drops();
      line.clock.advance(1_000);
    }
    line.socket.opens();
    line.clock.advance(1_999);
    expect(line.isReady).toBe(false);
    line.clock.advance(1);
    line.confirmsAll();
    expect(line.isReady).toBe(true);
  });

  it("never holds back a topic that stands alone: it takes nobody along", () => {
    const line = new Line({ topics: ["a"] });
    for (let loss = 0; loss < 5; loss += 1) {
      line.socket.opens();
      expect(line.asked()).toEqual(["sub a"]);
      line.socket.drops();
      line.clock.advance(1_000);
    }
  });
});

describe("urgent bytes that wait", () => {
  it("go out as they were given, whatever their owner does with them", () => {
    const line = new Line({ pacing: [{ frames: 1, perMs: 1_000 }] });
    line.socket.opens();
    line.outgoing.urgent("first");
    const bytes = Buffer.from("pong 1");
    line.outgoing.urgent(bytes);
    bytes.fill(0);
    line.clock.advance(1_000);
    expect(line.sent().at(-1)).toEqual(new Uint8Array(Buffer.from("pong 1")));
  });
});
