/** Many streams of one host: while that fails one asks for all, and who waits has no slot. */
import { describe, expect, it } from "vitest";
import { later, never } from "../../../machines/refusal.ts";
import { RefusedError } from "../../../src/errors.ts";
import { startRecoveries, type RecoveryWorld } from "./recovery-world.ts";

const books = Array.from({ length: 200 }, (_, index) => `book ${index}`);

/** Lives for `ms`; every fetch that was begun ends as `answer` says. */
async function live(
  world: RecoveryWorld,
  ms: number,
  answer: (fetch: RecoveryWorld["fetch"]) => Promise<void> | undefined,
): Promise<void> {
  let answered = world.fetches.length;
  for (let atMs = 0; atMs < ms; atMs += 250) {
    world.clock.advance(250);
    for (; answered < world.fetches.length; answered += 1) await answer(world.fetches[answered]!);
  }
}

describe("a host that fails", () => {
  it("is asked by one stream for two hundred, and all follow when it answers", async () => {
    const world = startRecoveries({ bufferMessages: 100 });
    for (const book of books) world.receives(book, 10);
    await world.fetch.fails();
    await live(world, 600_000, (fetch) => fetch.fails());
    // 1, 2, 4 … seconds, then a minute each.
    expect(world.fetches.length).toBeLessThanOrEqual(16);
    expect(world.failing).toHaveLength(200);
    expect(world.band.filter((item) => item === "book 7 10")).toHaveLength(1);

    await live(world, 120_000, (fetch) => fetch.gives(10));
    expect(world.recoveries.isIdle || world.recoveries.statuses()).toEqual([]);
    expect(world.failing).toHaveLength(200);
  });

  it("is left alone as long as it asks, by all", async () => {
    const world = startRecoveries();
    for (const book of books.slice(0, 20)) world.receives(book, 10);
    await world.fetch.fails(
      Object.assign(new Error("429"), { status: 429, retryAfterMs: 300_000 }),
    );
    world.receives("book new", 1);
    world.clock.advance(299_999);
    expect(world.fetches).toHaveLength(1);
    world.clock.advance(1);
    expect(world.fetches).toHaveLength(2);
  });

  it("is left alone longer where a second stream was told so on its way", async () => {
    const world = startRecoveries({ spacingMs: 0 });
    world.receives("book a", 1);
    world.receives("book b", 1);
    world.clock.advance(0);
    await world.fetches[0]?.fails();
    await world.fetches[1]?.fails(new RefusedError("busy", later(30_000)));
    world.clock.advance(29_999);
    expect(world.fetches).toHaveLength(2);
    world.clock.advance(1);
    expect(world.fetches).toHaveLength(3);
  });

  it("is no trouble of another host", async () => {
    const world = startRecoveries({ hostOf: (stream) => stream.split("/")[1] });
    world.receives("book/a", 1);
    await world.fetch.fails();
    world.receives("book/b", 1);
    world.clock.advance(250);
    expect(world.fetch.stream).toBe("book/b");
  });

  it("answers where it refuses one stream: the others ask at once", async () => {
    const world = startRecoveries();
    for (const book of ["book a", "book b", "book c"]) world.receives(book, 1);
    await world.fetch.fails(Object.assign(new Error("unknown symbol"), { status: 400 }));
    world.clock.advance(250);
    await world.fetch.fails(new RefusedError("never heard of it", never));
    world.clock.advance(250);
    expect(world.fetches.map(({ stream }) => stream)).toEqual(["book a", "book b", "book c"]);
  });

  it("is asked by another stream when the one that was to ask is not wanted any more", async () => {
    const world = startRecoveries();
    world.receives("book a", 1);
    await world.fetch.fails();
    world.receives("book b", 1);
    world.clock.advance(1_000);
    expect(world.fetch.stream).toBe("book b");
    world.recoveries.unwanted("book b");
    world.clock.advance(250);
    expect(world.fetch.stream).toBe("book a");
    expect(world.fetches).toHaveLength(3);
  });
});

describe("streams that cannot be recovered", () => {
  const dead = books.slice(0, 64);

  it.each([
    ["refused for good", () => new RefusedError("no such book", never)],
    ["refused one by one", () => Object.assign(new Error("HTTP 404"), { status: 404 })],
  ])("leave their slots to a healthy one, which is whole at once: %s", async (_, error) => {
    const world = startRecoveries();
    for (const book of dead) world.receives(book, 10);
    await world.fetch.fails(error());
    await live(world, 300_000, (fetch) => fetch.fails(error()));
    world.receives("book healthy", 10);
    world.clock.advance(250);
    expect(world.fetch.stream).toBe("book healthy");
    await world.fetch.gives(10);
    expect(world.band.at(-1)).toBe("valid book healthy");
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    "leave one to it where they hang, as a slot is kept for those that have not tried: %i s later",
    (second) => {
      const world = startRecoveries();
      for (let topic = 0; topic < 64; topic += 1) {
        world.receives(`topic ${topic}`, 1);
        world.loses(`topic ${topic}`);
      }
      world.clock.advance(3_600_000 + second * 1_000);
      world.receives("topic healthy", 1);
      world.loses("topic healthy");
      world.clock.advance(250);
      expect(world.asked.at(-1)).toBe("resubscribe topic healthy");
    },
  );

  it("let a healthy one of their own host ask first", async () => {
    const world = startRecoveries();
    for (const book of dead) world.receives(book, 10);
    world.receives("book healthy", 10);
    await world.fetch.fails();
    await live(world, 2_000, (fetch) =>
      fetch.stream === "book healthy" ? fetch.gives(10) : fetch.fails(),
    );
    expect(world.band).toContain("valid book healthy");
  });
});

describe("a topic that the venue refuses", () => {
  it("ends its recovery until there is something of it", async () => {
    const world = startRecoveries();
    world.receives("book", 10);
    world.recoveries.topicRefused("book");
    expect(world.fetch.signal.aborted).toBe(true);
    world.clock.advance(3_600_000);
    expect(world.fetches).toHaveLength(1);
    expect(world.recoveries.statuses()).toMatchObject([{ stream: "book", state: "waiting" }]);
    world.receives("book", 11);
    await world.fetch.gives(11);
    expect(world.band.slice(-2)).toEqual(["snapshot book at 11", "valid book"]);
  });

  it("need not be broken", () => {
    const world = startRecoveries();
    world.recoveries.topicRefused("book");
    expect(world.band).toEqual([]);
  });
});
