/** Recoveries that succeed and do not last: counted together, told, and asked for ever more slowly. */
import { describe, expect, it } from "vitest";
import { startRecoveries, type RecoveryWorld } from "./recovery-world.ts";

const HOUR_MS = 3_600_000;

/** Lives for `ms`, and lets the venue answer every request of the stream. */
function live(world: RecoveryWorld, ms: number, answers: (world: RecoveryWorld) => void): void {
  let answered = world.asked.length;
  for (let atMs = 0; atMs < ms; atMs += 1_000) {
    world.clock.advance(1_000);
    while (answered < world.asked.length) {
      answered += 1;
      answers(world);
    }
  }
}

/** A book that is begun, and whose sum is wrong from its first message on. */
function startWrong(): RecoveryWorld {
  const world = startRecoveries();
  world.receives("topic", 1);
  world.recoveries.broken("topic", "checksum");
  return world;
}

describe("a checksum that never holds", () => {
  it("is an alert within two minutes, and at most 30 subscriptions in its first hour", () => {
    const world = startWrong();
    live(world, 120_000, () => world.recoveries.refuted("topic"));
    expect(world.failing).toMatchObject([{ stream: "topic", tries: 6 }]);
    live(world, HOUR_MS - 120_000, () => world.recoveries.refuted("topic"));
    expect(world.asked.length).toBeLessThanOrEqual(30);
    expect(world.failing).toHaveLength(1);
    expect(world.band.filter((item) => item.startsWith("valid"))).toEqual([]);
    expect(world.recoveries.statuses()).toMatchObject([{ stream: "topic", state: "failing" }]);
  });

  it("is the same where a snapshot is right and what follows it is not", () => {
    const world = startWrong();
    const answers = (): void => {
      world.beginsAnew("topic", 1);
      world.recoveries.broken("topic", "checksum");
    };
    live(world, 120_000, answers);
    expect(world.failing).toHaveLength(1);
    live(world, HOUR_MS - 120_000, answers);
    expect(world.asked.length).toBeLessThanOrEqual(30);
    expect(world.failing).toHaveLength(1);
    const valid = world.band.filter((item) => item.startsWith("valid")).length;
    expect(valid, "said no more once it is an alert").toBe(6);
  });

  it("is delivered meanwhile, and the stream is valid when it has held for three minutes", () => {
    const world = startWrong();
    live(world, 600_000, () => world.recoveries.refuted("topic"));
    world.receives("topic", 2);
    expect(world.band.at(-1)).toBe("topic 2");

    const asked = world.asked.length;
    while (world.asked.length === asked) world.clock.advance(1_000);
    world.beginsAnew("topic", 1);
    world.receives("topic", 2);
    world.clock.advance(179_999);
    expect(world.band.at(-1)).toBe("topic 2");
    expect(world.recoveries.statuses()).toMatchObject([{ stream: "topic", state: "failing" }]);
    world.clock.advance(1);
    expect(world.band.at(-1)).toBe("valid topic");
    expect(world.recoveries.statuses()).toEqual([]);
    expect(world.recoveries.isIdle).toBe(true);
  });

  it("has to hold for three minutes of sockets, however short each of them is", () => {
    const world = startWrong();
    live(world, 60_000, () => world.recoveries.refuted("topic"));
    world.socketEnds();
    world.socketOpens();
    world.beginsAnew("topic", 1);
    world.clock.advance(100_000);
    for (let socket = 0; socket < 3; socket += 1) {
      world.socketEnds();
      world.clock.advance(HOUR_MS); // proves nothing
      expect(world.clock.armed, "there is nothing to wait for").toBe(0);
      world.socketOpens();
      world.clock.advance(26_666);
    }
    expect(world.band.at(-1)).not.toBe("valid topic");
    world.clock.advance(2);
    expect(world.band.at(-1)).toBe("valid topic");
  });

  it("does not begin its proof again when a socket takes some of a numbered stream along", async () => {
    const world = startRecoveries();
    world.receives("book", 10);
    await world.fetch.gives(10);
    let position = 10;
    for (let times = 0; times < 6; times += 1) {
      const before = world.fetches.length;
      world.receives("book", (position += 2));
      while (world.fetches.length === before) world.clock.advance(250);
      await world.fetch.gives(position);
    }
    expect(world.failing).toHaveLength(1);
    world.clock.advance(100_000);
    world.socketEnds();
    world.socketOpens();
    const before = world.fetches.length;
    world.receives("book", (position += 2));
    world.clock.advance(250);
    expect(world.fetches.length, "fetched at once").toBe(before + 1);
    await world.fetch.gives(position);
    expect(world.band.at(-1)).not.toBe("valid book");
    world.clock.advance(80_000);
    expect(world.band.at(-1)).toBe("valid book");
    expect(world.failing).toHaveLength(1);
  });

  it("counts once for each new socket on which it is wrong from the start", () => {
    const world = startWrong();
    for (let socket = 0; socket < 6; socket += 1) {
      world.socketEnds();
      world.recoveries.refuted("topic");
    }
    world.clock.advance(1_000);
    expect(world.failing).toHaveLength(1);
  });

  it("is forgotten with its topic, which is told", () => {
    const world = startWrong();
    live(world, 60_000, () => world.recoveries.refuted("topic"));
    world.recoveries.unwanted("topic");
    expect(world.abandoned).toEqual(["topic"]);
    expect(world.recoveries.statuses()).toEqual([]);
    expect(world.clock.armed).toBe(0);
  });

  it("is forgotten while it holds for now, too", () => {
    const world = startWrong();
    live(world, 60_000, () => world.recoveries.refuted("topic"));
    world.beginsAnew("topic", 1);
    world.recoveries.unwanted("topic");
    expect(world.abandoned).toEqual(["topic"]);
    world.clock.advance(HOUR_MS);
    expect(world.band).not.toContain("valid topic");
  });
});

describe("a checksum that is wrong for a delta which the last snapshot has", () => {
  it("delivers none that this snapshot has after it, however often that was", async () => {
    const world = startRecoveries();
    world.receives("book", 10);
    await world.fetch.gives(11);
    for (let times = 0; world.failing.length === 0; times += 1) {
      expect(times).toBeLessThan(10);
      const before = world.fetches.length;
      world.recoveries.broken("book", "checksum");
      world.receives("book", 11 + times); // the snapshot has it
      while (world.fetches.length === before) world.clock.advance(250);
      if (world.failing.length === 0) await world.fetch.gives(12 + times);
    }
    expect(world.band.filter((item) => item.startsWith("book "))).toEqual([]);
    world.receives("book", 100);
    expect(world.band.at(-1)).toBe("gap book 17-99");
  });
});

describe("a gap that comes back at once", () => {
  it("is recovered at once twice, then after waits that double, then slowly, with an alert", async () => {
    const world = startRecoveries();
    world.receives("book", 10);
    await world.fetch.gives(10);
    const atMs: number[] = [];
    let position = 10;
    const startMs = world.clock.nowMs();
    while (world.clock.nowMs() - startMs < HOUR_MS) {
      const before = world.fetches.length;
      world.receives("book", (position += 2));
      while (world.fetches.length === before && world.clock.nowMs() - startMs < HOUR_MS) {
        world.clock.advance(250);
      }
      atMs.push(world.clock.nowMs() - startMs);
      await world.fetch.gives((position += 1));
    }
    const waits = atMs.slice(1).map((ms, index) => ms - (atMs[index] ?? 0));
    expect(waits.slice(0, 4).map((ms) => Math.round(ms / 1_000))).toEqual([1, 2, 4, 8]);
    expect(new Set(waits.slice(4, -1))).toEqual(new Set([180_000]));
    expect(atMs.length).toBeLessThanOrEqual(30);
    expect(world.failing).toMatchObject([{ stream: "book" }]);
  });

  it("is recovered at once after ten calm minutes, however often it was before", async () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    for (let time = 0; time < 20; time += 1) {
      world.loses("topic");
      world.clock.advance(250);
      expect(world.asked).toHaveLength(time + 1);
      world.beginsAnew("topic", 1);
      world.clock.advance(600_000);
    }
    expect(world.failing).toEqual([]);
  });

  it("is recovered at once each time where there are minutes in between", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    for (let time = 0; time < 20; time += 1) {
      world.loses("topic");
      world.clock.advance(250);
      expect(world.asked).toHaveLength(time + 1);
      world.beginsAnew("topic", 1);
      world.clock.advance(240_000);
    }
    expect(world.failing).toEqual([]);
  });
});

describe("a gap that a lost socket leaves", () => {
  it("is recovered at once each time, however often the socket is lost", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    for (let time = 0; time < 20; time += 1) {
      world.socketEnds();
      world.loses("topic");
      world.clock.advance(250);
      expect(world.asked).toHaveLength(time + 1);
      world.beginsAnew("topic", 1);
      world.clock.advance(5_000);
    }
    expect(world.failing).toEqual([]);
    expect(world.band.at(-1)).toBe("valid topic");
  });

  it("takes nothing from the count of those that come back on one socket", () => {
    const world = startRecoveries();
    world.receives("topic", 1);
    const answers = (): void => {
      world.beginsAnew("topic", 1);
      world.loses("topic");
    };
    world.loses("topic");
    live(world, 10_000, answers);
    world.socketEnds();
    answers();
    live(world, 110_000, answers);
    expect(world.failing).toMatchObject([{ stream: "topic" }]);
  });
});

describe("a connection whose numbers keep missing", () => {
  it("is replaced a few times a day, with an alert", () => {
    const world = startRecoveries();
    const answers = (): void => {
      world.socketEnds();
      world.receives("wire", 1);
      world.receives("wire", 3);
    };
    world.receives("wire", 1);
    world.receives("wire", 3);
    live(world, 120_000, answers);
    expect(world.failing).toMatchObject([{ stream: "wire" }]);
    live(world, 24 * HOUR_MS - 120_000, answers);
    expect(world.asked.length).toBeLessThanOrEqual(15);
    const before = world.asked.length;
    live(world, 24 * HOUR_MS, answers);
    expect(world.asked.length - before).toBeLessThanOrEqual(4);
  });

  it("is an alert too where sockets are lost in between: their numbers begin with each", () => {
    const world = startRecoveries();
    for (let time = 0; time < 7; time += 1) {
      world.receives("wire", 1);
      world.receives("wire", 3);
      world.socketEnds();
      world.receives("wire", 1);
      world.socketEnds();
    }
    world.clock.advance(1_000);
    expect(world.failing).toMatchObject([{ stream: "wire" }]);
  });
});
