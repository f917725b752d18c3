/** What a consumer gets of a stream that breaks, and what is asked of the world meanwhile. */
import { describe, expect, it } from "vitest";
import { later, never } from "../../../machines/refusal.ts";
import { RefusedError } from "../../../src/errors.ts";
import { startRecoveries, type RecoveryWorld, type WorldOptions } from "./recovery-world.ts";

/** A book that has had its first snapshot, and goes on from 10. */
async function startBook(options?: WorldOptions): Promise<RecoveryWorld> {
  const world = startRecoveries(options);
  world.receives("book", 10);
  await world.fetch.gives(9);
  world.clock.advance(1_000);
  world.band.length = 0;
  return world;
}

describe("a stream that is recovered by a snapshot", () => {
  it("begins with one, and is whole from there", async () => {
    const world = startRecoveries();
    world.receives("book", 10, 12);
    world.receives("book", 13);
    expect(world.band).toEqual(["invalid book (start)"]);
    expect(world.recoveries.isIdle).toBe(false);

    await world.fetch.gives(11);
    expect(world.band.slice(1)).toEqual([
      "snapshot book at 11",
      "book 10-12",
      "book 13",
      "valid book",
    ]);
    expect(world.recoveries.isIdle).toBe(true);
    world.receives("book", 14);
    expect(world.band.at(-1)).toBe("book 14");
  });

  it("shows gap, invalid, snapshot, the deltas that follow it, valid: in this order", async () => {
    const world = await startBook();
    world.receives("book", 11);
    world.receives("book", 15);
    world.receives("book", 16);
    world.receives("book", 17);
    await world.fetch.gives(15);

    expect(world.band).toEqual([
      "book 11",
      "gap book 12-14",
      "invalid book (gap)",
      "snapshot book at 15",
      "book 16",
      "book 17",
      "valid book",
    ]);
    expect(world.recoveries.counts).toMatchObject({ started: 2, recovered: 2, covered: 1 });
  });

  it("hands out the snapshot as its source gave it, with its position and its time", async () => {
    const world = await startBook();
    const stream = "book";
    world.loses(stream);
    world.clock.advance(70);
    await world.fetch.gives(12);

    const receivedAtMs = world.clock.nowMs();
    expect(world.items.find(({ kind }) => kind === "snapshot")).toBeDefined();
    expect(world.items.at(-2)).toEqual({
      kind: "snapshot",
      stream,
      data: "book at 12",
      position: 12,
      receivedAtMs,
    });
  });

  it("does not abort a fetch that has given its snapshot", async () => {
    const world = await startBook();
    expect(world.fetch.signal.aborted).toBe(false);
  });

  it("is valid at once when the snapshot has all that waited, and drops what it has", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.gives(14);
    expect(world.band).toEqual([
      "gap book 11",
      "invalid book (gap)",
      "snapshot book at 14",
      "valid book",
    ]);
    expect(world.recoveries.statuses()).toEqual([]);

    world.receives("book", 13, 14);
    expect(world.band.at(-1)).toBe("valid book");
    world.receives("book", 15);
    expect(world.band.at(-1)).toBe("book 15");
    expect(world.recoveries.isIdle).toBe(true);
    expect(world.recoveries.counts.covered).toBe(2);
  });

  it("drops nothing as part of the snapshot where the number does not change any more", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.gives(14);
    world.recoveries.unnumbered("book");
    expect(world.recoveries.isIdle).toBe(true);
    world.receives("book", 14);
    expect(world.band.at(-1)).toBe("book 14");
  });

  it("waits for its snapshot where the number does not change any more", async () => {
    const world = await startBook();
    world.receives("book", 12);
    world.recoveries.unnumbered("book");
    expect(world.recoveries.statuses()).toHaveLength(1);
  });

  it("is broken again by a delta that does not join the snapshot after all", async () => {
    let isLate = false;
    const world = await startBook({
      bridge: (position, { last }) => {
        if (isLate) return "refetch";
        return Number(last) <= Number(position) ? "drop" : "apply";
      },
    });
    world.receives("book", 12);
    await world.fetch.gives(14);
    isLate = true;
    world.receives("book", 13);
    isLate = false;
    world.clock.advance(1_000);
    await world.fetch.gives(14);

    expect(world.band.slice(-4)).toEqual([
      "valid book",
      "invalid book (gap)",
      "snapshot book at 14",
      "valid book",
    ]);
    expect(world.fetches).toHaveLength(3);
  });

  it("fetches anew, after a wait that doubles, while the snapshot is older than the deltas", async () => {
    const world = await startBook();
    world.receives("book", 20);
    await world.fetch.gives(12);
    expect(world.doing()).toBe("retrying");
    world.clock.advance(999);
    expect(world.fetches).toHaveLength(2);
    world.clock.advance(1);
    expect(world.fetches).toHaveLength(3);

    await world.fetch.gives(15);
    world.clock.advance(1_999);
    expect(world.fetches).toHaveLength(3);
    world.clock.advance(1);
    await world.fetch.gives(19);
    expect(world.band).toEqual([
      "gap book 11-19",
      "invalid book (gap)",
      "snapshot book at 19",
      "book 20",
      "valid book",
    ]);
    expect(world.recoveries.counts.refetched).toBe(2);
  });

  it("begins its deltas anew at a second gap; the snapshot under way does if it is new enough", async () => {
    const world = await startBook();
    world.receives("book", 12);
    world.receives("book", 20);
    expect(world.fetches).toHaveLength(2);
    await world.fetch.gives(20);

    expect(world.band).toEqual([
      "gap book 11",
      "invalid book (gap)",
      "gap book 13-19",
      "snapshot book at 20",
      "valid book",
    ]);
    expect(world.recoveries.counts.covered).toBe(2);
  });

  it("fetches anew at a second gap where the snapshot under way is too old for it", async () => {
    const world = await startBook();
    world.receives("book", 12);
    world.receives("book", 20);
    await world.fetch.gives(11); // joins 12, before the gap
    expect(world.band.at(-1)).toBe("gap book 13-19");
    world.clock.advance(1_000);
    await world.fetch.gives(21);
    expect(world.band.slice(-2)).toEqual(["snapshot book at 21", "valid book"]);
    expect(world.fetches).toHaveLength(3);
  });

  it("holds no more deltas than it may: it begins anew, counts it, and a newer snapshot covers all", async () => {
    const world = await startBook({ bufferMessages: 3 });
    for (const number of [12, 13, 14, 15, 16]) world.receives("book", number);
    await world.fetch.gives(12); // joins 13, which had to go
    expect(world.band).toEqual(["gap book 11", "invalid book (gap)"]);
    world.clock.advance(1_000);
    await world.fetch.gives(15);
    expect(world.band.slice(2)).toEqual(["snapshot book at 15", "book 16", "valid book"]);
    expect(world.recoveries.counts).toMatchObject({ overflowed: 1, covered: 4, refetched: 1 });
  });

  it("is made whole by the venue itself where that sends a snapshot in band", async () => {
    const world = await startBook();
    world.receives("book", 12);
    world.beginsAnew("book", 30);
    expect(world.band).toEqual([
      "gap book 11",
      "invalid book (gap)",
      "reset book",
      "book 30",
      "valid book",
    ]);
    expect(world.fetch.signal.aborted).toBe(true);
    expect(world.doing()).toBeUndefined();
    world.receives("book", 31);
    expect(world.band.at(-1)).toBe("book 31");
  });

  it("is not whole because its first message came", () => {
    const world = startRecoveries();
    world.receives("book", 1);
    expect(world.band).toEqual(["invalid book (start)"]);
  });

  it("keeps what its consumer causes meanwhile behind what waited", async () => {
    let isDone = false;
    const world = startRecoveries({
      onItem: (item, self) => {
        if (item !== "book 10" || isDone) return;
        isDone = true;
        self.receives("book", 12);
      },
    });
    world.receives("book", 10);
    world.receives("book", 11);
    await world.fetch.gives(9);
    expect(world.band.slice(1)).toEqual([
      "snapshot book at 9",
      "book 10",
      "book 11",
      "book 12",
      "valid book",
    ]);
  });

  it("is not valid when a consumer's doing breaks it once more while it is delivered", async () => {
    let isDone = false;
    const world = startRecoveries({
      onItem: (item, self) => {
        if (item !== "book 10" || isDone) return;
        isDone = true;
        self.receives("book", 20);
      },
    });
    world.receives("book", 10);
    await world.fetch.gives(9);
    expect(world.band).not.toContain("valid book");
    world.clock.advance(1_000);
    await world.fetch.gives(19);
    expect(world.band.slice(-3)).toEqual(["snapshot book at 19", "book 20", "valid book"]);
  });
});

describe("a snapshot that does not come", () => {
  it.each<[string, (world: RecoveryWorld) => unknown, string]>([
    ["it is refused", (world) => world.fetch.fails(), "HTTP 503"],
    ["it has no position", (world) => world.fetch.givesThing({ data: 1 }), "a safe integer"],
    ["it is nothing at all", (world) => world.fetch.givesThing(null), "a safe integer"],
    [
      "its position would round",
      (world) => world.fetch.givesThing({ data: 1, position: 2 ** 60 }),
      "a safe integer",
    ],
    ["time passes", (world) => world.clock.advance(10_000), "no answer within 10000 ms"],
  ])(
    "is tried again, then an alert, its messages are delivered, and it heals all the same, where %s",
    async (_, happens, why) => {
      const world = await startBook({ retries: 1 });
      world.receives("book", 12);
      await happens(world);
      world.clock.advance(1_000);
      expect(world.fetches).toHaveLength(3);
      expect(world.failing).toEqual([]);
      world.receives("book", 13);
      await happens(world);

      expect(world.failing).toEqual([
        { stream: "book", tries: 2, detail: expect.stringContaining(why) },
      ]);
      expect(world.recoveries.counts.failed).toBe(1);
      // What waited is not lost, and the stream not valid.
      expect(world.band).toEqual(["gap book 11", "invalid book (gap)", "book 12", "book 13"]);
      expect(world.recoveries.statuses()).toMatchObject([{ stream: "book", state: "failing" }]);
      world.receives("book", 14);
      expect(world.band.at(-1)).toBe("book 14");
      expect(world.fetches).toHaveLength(3);

      world.clock.advance(2_000);
      expect(world.fetches).toHaveLength(4);
      world.receives("book", 15);
      world.receives("book", 16);
      await world.fetch.gives(15);
      expect(world.band.slice(-3)).toEqual(["snapshot book at 15", "book 16", "valid book"]);
      expect(world.failing).toHaveLength(1);
      expect(world.recoveries.isIdle).toBe(true);
      expect(world.recoveries.statuses()).toEqual([]);
    },
  );

  it.each([
    ["longer than ours", 30_000, 30_000],
    ["shorter than ours", 500, 1_000],
    ["longer than is believed", 86_400_000, 3_600_000],
    ["no number of milliseconds", NaN, 1_000],
    ["no number at all", "30", 1_000],
  ])("is tried again when the server wants it: where its wait is %s", async (_, asked, waitMs) => {
    const world = await startBook();
    world.receives("book", 12);
    const before = world.fetches.length;
    await world.fetch.fails(Object.assign(new Error("HTTP 429"), { retryAfterMs: asked }));
    world.clock.advance(waitMs - 1);
    expect(world.fetches).toHaveLength(before);
    world.clock.advance(1);
    expect(world.fetches).toHaveLength(before + 1);
  });

  it("is waited for no longer once it has timed out", async () => {
    const world = await startBook();
    world.receives("book", 12);
    const late = world.fetch;
    world.clock.advance(10_000);
    expect(late.signal.aborted).toBe(true);
    await late.gives(12);
    expect(world.band).toEqual(["gap book 11", "invalid book (gap)"]);
  });

  it("says what had to go, for nothing covers it", async () => {
    const world = await startBook({ bufferMessages: 2, retries: 0 });
    for (const number of [12, 13, 14]) world.receives("book", number);
    await world.fetch.fails();
    expect(world.band.slice(2)).toEqual(["lost book 12-13 (2)", "book 14"]);
    expect(world.items.at(-2)).toEqual({
      kind: "overflow",
      dropped: 2,
      streams: [{ stream: "book", from: 12, to: 13, messages: 2 }],
      resets: [],
    });
  });

  it("is not asked for more often because of gaps meanwhile, which are said, and invalid is once", async () => {
    const world = await startBook({ retries: 0 });
    world.receives("book", 12);
    const since = world.clock.nowMs();
    await world.fetch.fails();
    world.clock.advance(500);
    world.receives("book", 20);
    expect(world.fetches).toHaveLength(2);
    expect(world.recoveries.statuses()).toEqual([
      { stream: "book", state: "failing", sinceMs: since, tries: 1 },
    ]);
    world.clock.advance(500);
    expect(world.fetches).toHaveLength(3);
    await world.fetch.gives(20);
    expect(world.band).toEqual([
      "gap book 11",
      "invalid book (gap)",
      "book 12",
      "gap book 13-19",
      "book 20",
      "snapshot book at 20",
      "valid book",
    ]);
  });

  it("must be as new as what was delivered: one that is not is fetched again while the deltas wait", async () => {
    const world = await startBook({ retries: 1 });
    world.receives("book", 12);
    await world.fetch.fails();
    world.clock.advance(1_000);
    await world.fetch.fails();
    world.receives("book", 13);
    world.clock.advance(2_000);
    await world.fetch.gives(12); // 13 was delivered, and would be taken back
    world.receives("book", 14);
    expect(world.band.at(-1)).toBe("book 13");
    world.clock.advance(1_000);
    await world.fetch.gives(13);
    expect(world.band.slice(-3)).toEqual(["snapshot book at 13", "book 14", "valid book"]);
  });

  it("lets the deltas wait a while before each slow try where it is always a little old", async () => {
    const world = await startBook({ retries: 0 });
    let last = 12;
    world.receives("book", last);
    const positions = [10, 9, 9]; // far too old, at first
    for (const position of positions) {
      await world.fetch.gives(position);
      for (let ms = 0; ms < 80_000 && world.fetch.signal.aborted !== undefined; ms += 1_000) {
        const before = world.fetches.length;
        world.receives("book", (last += 1));
        world.clock.advance(1_000);
        if (world.fetches.length > before) break;
      }
    }
    expect(world.failing).toHaveLength(1);
    await world.fetch.gives(last - 3); // as a mirror three seconds behind has it
    expect(world.band.slice(-5)).toEqual([
      `snapshot book at ${last - 3}`,
      `book ${last - 2}`,
      `book ${last - 1}`,
      `book ${last}`,
      "valid book",
    ]);
  });

  it("is refused for good: told at once, not asked for again before the next break", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.fails(new RefusedError("no such book", never));
    expect(world.failing).toEqual([
      { stream: "book", tries: 1, detail: expect.stringContaining("no such book") },
    ]);
    expect(world.band.slice(2)).toEqual(["book 12"]);
    world.clock.advance(7_200_000);
    expect(world.fetches).toHaveLength(2);
    expect(world.doing()).toBe("refused");

    world.receives("book", 20);
    world.clock.advance(1_000);
    expect(world.fetches).toHaveLength(3);
    await world.fetch.gives(20);
    expect(world.band.slice(-2)).toEqual(["snapshot book at 20", "valid book"]);
    expect(world.failing).toHaveLength(1);
  });

  it("is refused for now: asked for again when the server wants it", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.fails(new RefusedError("maintenance", later(90_000)));
    world.clock.advance(89_999);
    expect(world.fetches).toHaveLength(2);
    world.clock.advance(1);
    expect(world.fetches).toHaveLength(3);
  });

  it("is told as the user's failure where `bridge` throws or gives no answer", async () => {
    for (const bad of [
      () => {
        throw new Error("no rule");
      },
      () => "perhaps" as never,
    ]) {
      const world = startRecoveries({ bridge: bad, retries: 0 });
      world.receives("book", 1);
      await world.fetch.gives(1);
      expect(world.failures).toEqual(["recovery.bridge"]);
      expect(world.failing).toHaveLength(1);
      expect(world.band).toEqual(["invalid book (start)", "book 1"]);
    }
  });
});

describe("a stream that is recovered by subscribing anew", () => {
  it("is asked for again at once, delivered meanwhile, and valid when the venue starts it over", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    expect(world.recoveries.isIdle).toBe(true); // it begins with the venue's own snapshot
    world.receives("topic", 3);
    expect(world.asked).toEqual(["resubscribe topic"]);
    world.receives("topic", 4);
    world.beginsAnew("topic", 1);

    expect(world.band).toEqual([
      "topic 1",
      "gap topic 2",
      "invalid topic (gap)",
      "topic 3",
      "topic 4",
      "reset topic",
      "topic 1",
      "valid topic",
    ]);
    expect(world.recoveries.isIdle).toBe(true);
    expect(world.doing()).toBeUndefined();
  });

  it("is not asked for again because of a gap while it is on its way", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    world.receives("topic", 3);
    world.receives("topic", 9);
    expect(world.asked).toEqual(["resubscribe topic"]);
    expect(world.band.filter((item) => item.startsWith("invalid"))).toHaveLength(1);
  });

  it("is asked for again after each timeout and a wait that doubles, and after the alert slowly", () => {
    const world = startRecoveries({ retries: 2, timeoutMs: 5_000, retryMs: 100 });
    world.receives("topic", 1);
    world.receives("topic", 3);
    world.clock.advance(5_099);
    expect(world.asked).toHaveLength(1);
    world.clock.advance(1);
    expect(world.asked).toHaveLength(2);
    world.clock.advance(5_199);
    expect(world.asked).toHaveLength(2);
    world.clock.advance(1);
    expect(world.asked).toHaveLength(3);
    world.clock.advance(4_999);
    expect(world.failing).toEqual([]);
    world.clock.advance(1);
    expect(world.failing).toMatchObject([{ stream: "topic", tries: 3 }]);
    expect(world.doing()).toBe("retrying");
    world.clock.advance(24 * 3_600_000);
    expect(world.asked.length).toBeGreaterThan(1_000);
    expect(world.failing).toHaveLength(1);

    world.beginsAnew("topic", 50);
    expect(world.band.at(-1)).toBe("valid topic");
    expect(world.recoveries.isIdle).toBe(true);
  });

  it("waits at most a minute between two tries", () => {
    const world = startRecoveries({ retries: 100, timeoutMs: 1, retryMs: 1_000 });
    world.receives("topic", 1);
    world.receives("topic", 3);
    world.clock.advance(1_000_000);
    const tries = world.asked.length;
    world.clock.advance(60_001);
    expect(world.asked).toHaveLength(tries + 1);
  });

  it("is whole by the new socket's snapshot when the old one ends", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    world.receives("topic", 3);
    world.socketEnds();
    expect(world.clock.armed).toBe(1); // the desk's pace
    expect(world.recoveries.statuses()).toMatchObject([{ stream: "topic", state: "waiting" }]);
    world.clock.advance(3_600_000);
    expect(world.asked).toHaveLength(1);
    world.beginsAnew("topic", 100);
    expect(world.band.at(-1)).toBe("valid topic");
    expect(world.asked).toHaveLength(1);
  });

  it("is asked for again on the new socket where that goes on without a snapshot", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    world.receives("topic", 3);
    world.socketEnds();
    world.clock.advance(1_000);
    world.receives("topic", 4);
    expect(world.asked).toEqual(["resubscribe topic", "resubscribe topic"]);
    world.beginsAnew("topic", 1);
    expect(world.band.slice(-3)).toEqual(["reset topic", "topic 1", "valid topic"]);
  });
});

describe("a stream whose numbering is the whole connection's", () => {
  it("asks for a new socket, and is whole with its first message there", () => {
    const world = startRecoveries();
    world.receives("wire", 1);
    world.receives("wire", 3);
    expect(world.asked).toEqual(["reconnect: numbers are missing in wire"]);
    world.socketEnds();
    world.receives("wire", 1);
    world.receives("wire", 2);
    expect(world.band).toEqual([
      "wire 1",
      "gap wire 2",
      "invalid wire (gap)",
      "wire 3",
      "wire 1",
      "valid wire",
      "wire 2",
    ]);
  });

  it("asks again while no new socket comes", () => {
    const world = startRecoveries({ timeoutMs: 1_000, retryMs: 10 });
    world.receives("wire", 1);
    world.receives("wire", 3);
    world.clock.advance(1_010);
    expect(world.asked).toHaveLength(2);
  });
});

describe("a stream that is not recovered", () => {
  it("shows its gap, and that is all", () => {
    const world = startRecoveries();
    world.receives("plain", 1);
    world.receives("plain", 3);
    expect(world.band).toEqual(["plain 1", "gap plain 2", "plain 3"]);
    expect(world.recoveries.isIdle).toBe(true);
  });
});

describe("a socket that ends during a snapshot's recovery", () => {
  it("begins no recovery with what was read before it, and comes after it", async () => {
    const world = await startBook();
    world.recoveries.socketEnded();
    world.receives("book", 12);
    world.clock.advance(10_000);
    expect(world.fetches).toHaveLength(1);
    expect(world.recoveries.statuses()).toMatchObject([{ stream: "book", state: "waiting" }]);
    expect(world.clock.armed).toBe(0);

    world.recoveries.newSocket();
    world.receives("book", 20);
    expect(world.fetches).toHaveLength(2);
  });

  it("ends the fetch; the first message on the new socket begins another, and nothing is lost", async () => {
    const world = await startBook();
    world.receives("book", 12);
    world.receives("book", 13);
    const old = world.fetch;
    world.socketEnds();
    expect(old.signal.aborted).toBe(true);
    await old.gives(12);
    world.clock.advance(60_000);
    expect(world.fetches).toHaveLength(2);

    world.receives("book", 20);
    expect(world.fetches).toHaveLength(3);
    await world.fetch.gives(21);
    expect(world.band).toEqual([
      "gap book 11",
      "invalid book (gap)",
      "gap book 14-19",
      "snapshot book at 21",
      "valid book",
    ]);
    expect(world.recoveries.counts.covered).toBe(3);
  });

  it("says what had to go when no snapshot covers it later", async () => {
    const world = await startBook({ retries: 0 });
    world.receives("book", 12);
    world.socketEnds();
    world.receives("book", 13);
    world.clock.advance(250);
    await world.fetch.fails();
    expect(world.band.slice(2)).toEqual(["lost book 12 (1)", "book 13"]);
  });

  it("ends no alert: one that is failing is tried on the new socket, and its messages are delivered", async () => {
    const world = await startBook({ retries: 0 });
    world.receives("book", 12);
    await world.fetch.fails();
    world.socketEnds();
    world.clock.advance(250);
    world.receives("book", 13);
    expect(world.band.at(-1)).toBe("book 13");
    expect(world.recoveries.statuses()).toMatchObject([{ state: "failing" }]);
    world.clock.advance(1_000);
    world.receives("book", 14);
    await world.fetch.gives(13);
    expect(world.band.slice(-3)).toEqual(["snapshot book at 13", "book 14", "valid book"]);
    expect(world.failing).toHaveLength(1);
  });

  it("delivers what waited for a slow try: nothing of it is lost", async () => {
    const world = await startBook({ retries: 0 });
    world.receives("book", 12);
    await world.fetch.fails();
    world.clock.advance(1_000);
    world.receives("book", 13);
    expect(world.band.at(-1)).toBe("book 12");
    world.socketEnds();
    expect(world.band.at(-1)).toBe("book 13");
  });

  it("keeps the wait that a server asked for", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.fails(new RefusedError("banned", later(600_000)));
    world.socketEnds();
    world.receives("book", 13);
    world.clock.advance(599_999);
    expect(world.fetches).toHaveLength(2);
    world.clock.advance(1);
    expect(world.fetches).toHaveLength(3);
  });

  it("does not shake one that settles on its snapshot: its numbers go on", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.gives(14);
    world.socketEnds();
    world.receives("book", 13, 14);
    world.receives("book", 15);
    expect(world.band.slice(-2)).toEqual(["valid book", "book 15"]);
  });

  it("misses nothing that the snapshot has where that comes no more", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.gives(14);
    world.socketEnds();
    world.receives("book", 15);
    expect(world.band.slice(-2)).toEqual(["valid book", "book 15"]);
    expect(world.recoveries.isIdle).toBe(true);
  });
});

describe("a topic that nobody wants any more", () => {
  it("ends its recovery, and gives what waited", async () => {
    const world = await startBook();
    world.receives("book", 12);
    world.receives("book", 13);
    world.recoveries.unwanted("book");
    expect(world.fetch.signal.aborted).toBe(true);
    expect(world.band.slice(2)).toEqual(["book 12", "book 13"]);
    expect(world.recoveries.statuses()).toEqual([]);
    world.clock.advance(3_600_000);
    expect(world.fetches).toHaveLength(2);
    expect(world.clock.armed).toBe(0);
  });

  it("is found as it was left when it is wanted again: recovered, though no number is missing", async () => {
    const world = await startBook();
    world.receives("book", 12);
    const before = world.band.length;
    world.isWanted = false;
    world.recoveries.unwanted("book");
    world.receives("book", 13);
    world.clock.advance(250);
    expect(world.fetches).toHaveLength(2);
    world.isWanted = true;
    world.socketEnds();
    world.receives("book", 14);
    await world.fetch.gives(13);
    expect(world.band.slice(before)).toEqual([
      "book 12",
      "book 13",
      "snapshot book at 13",
      "book 14",
      "valid book",
    ]);
  });

  it("settles on its snapshot all the same", async () => {
    const world = await startBook();
    world.receives("book", 12);
    await world.fetch.gives(14);
    world.recoveries.unwanted("book");
    world.receives("book", 13, 14);
    world.receives("book", 15);
    expect(world.band.slice(-2)).toEqual(["valid book", "book 15"]);
  });

  it("need not be broken", () => {
    const world = startRecoveries();
    world.recoveries.unwanted("topic");
    expect(world.band).toEqual([]);
  });
});

describe("many streams that break at once", () => {
  const books = ["book a", "book b", "book c", "book d"];

  it("are taken in turn: so many at once, and so far apart", async () => {
    const world = startRecoveries({ concurrent: 2, spacingMs: 250 });
    for (const book of books) world.receives(book, 1);
    expect(world.fetches.map(({ stream }) => stream)).toEqual(["book a"]);
    world.clock.advance(249);
    expect(world.fetches).toHaveLength(1);
    world.clock.advance(1);
    expect(world.fetches.map(({ stream }) => stream)).toEqual(["book a", "book b"]);
    world.clock.advance(5_000);
    expect(world.fetches).toHaveLength(2);
    expect(world.recoveries.statuses().map(({ state }) => state)).toEqual([
      "recovering",
      "recovering",
      "waiting",
      "waiting",
    ]);

    await world.fetches[1]?.gives(0);
    expect(world.fetches.map(({ stream }) => stream)).toEqual(["book a", "book b", "book c"]);
    await world.fetches[0]?.gives(0);
    expect(world.fetches).toHaveLength(3);
    world.clock.advance(250);
    expect(world.fetches.map(({ stream }) => stream)).toEqual(books);
  });

  it("do not disturb those that are whole", () => {
    const world = startRecoveries();
    world.receives("plain", 1);
    world.receives("book", 1);
    world.receives("plain", 2);
    expect(world.band).toEqual(["plain 1", "invalid book (start)", "plain 2"]);
  });

  it("do not disturb each other: one that hangs does not keep the others from being whole", async () => {
    const world = startRecoveries({ concurrent: 2, spacingMs: 0 });
    world.receives("book a", 1);
    world.receives("book b", 1);
    world.clock.advance(0);
    await world.fetches[1]?.gives(0);
    expect(world.band.slice(-3)).toEqual(["snapshot book b at 0", "book b 1", "valid book b"]);
    expect(world.band).not.toContain("valid book a");
  });

  it("leave the queue when the venue starts them over, or nobody wants them", () => {
    const world = startRecoveries({ concurrent: 1, spacingMs: 0 });
    for (const book of books) world.receives(book, 1);
    world.beginsAnew("book b", 1);
    world.recoveries.unwanted("book c");
    const places = world.actor.getSnapshot().context.places;
    expect(places.flatMap((place) => place?.stream ?? [])).toEqual(["book a", "book d"]);
    world.beginsAnew("book a", 1);
    world.clock.advance(0);
    expect(world.fetch.stream).toBe("book d");
  });
});

describe("a desk that is not open yet", () => {
  it("is wanted once, with the first stream that breaks", () => {
    const world = startRecoveries({ isDeskOpen: false });
    world.receives("plain", 1);
    world.loses("plain");
    expect(world.asked).toEqual([]);
    world.receives("book a", 1);
    world.receives("book b", 1);
    expect(world.asked).toEqual(["desk"]);
  });

  it("hears, once it is, of every stream that is still broken, and of no other", () => {
    const world = startRecoveries({ isDeskOpen: false, spacingMs: 0 });
    for (const book of ["book a", "book b", "book c"]) world.receives(book, 1);
    world.beginsAnew("book b", 1);
    world.actor.start();
    world.clock.advance(0);
    expect(world.fetches.map(({ stream }) => stream)).toEqual(["book a", "book c"]);
  });

  it("is wanted anew where the socket that wanted it ended before it came", () => {
    const world = startRecoveries({ isDeskOpen: false });
    world.receives("book", 1);
    world.socketEnds();
    world.receives("book", 2);
    expect(world.asked).toEqual(["desk", "desk"]);
    world.actor.start();
    expect(world.fetches.map(({ stream }) => stream)).toEqual(["book"]);
  });
});

describe("a desk that is over", () => {
  it("ends its fetches, leaves no timer, and is told nothing", async () => {
    const world = startRecoveries();
    world.receives("book", 1);
    world.actor.stop();
    expect(world.fetch.signal.aborted).toBe(true);
    expect(world.clock.armed).toBe(0);
    world.socketEnds();
    world.receives("book", 2);
    await world.fetch.gives(2);
    expect(world.band).toEqual(["invalid book (start)"]);
  });
});
