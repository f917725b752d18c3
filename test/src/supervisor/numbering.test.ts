/** What becomes of numbers that do not simply grow, as a user sees it. */
import { describe, expect, it } from "vitest";
import { numbered as usual, SupervisorWorld, type Json } from "../start-supervisor.ts";
import type { FeedItem } from "../../../src/index.ts";

const numbered = {
  ...usual,
  topics: ["a"],
  sequence: ({ s, n, retold }: Json) => ({
    stream: String(s),
    first: Number(n),
    last: Number(n),
    scope: "stream" as const,
    retold: retold === true,
  }),
};

class NumberedWorld extends SupervisorWorld<Json> {
  readonly seen: unknown[] = [];
  readonly items: string[] = [];

  constructor() {
    super(numbered);
    this.start();
    this.feed.on("message", ({ data }) => this.seen.push(data.n));
  }

  trades(...numbers: readonly number[]): void {
    this.receives(...numbers.map((n) => ({ s: "a", n })));
  }

  reconnects(): void {
    this.socket.drops("ECONNRESET");
    this.waitsItsTurn();
    this.comesUp();
  }

  get counts() {
    return this.feed.status().inbound;
  }
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

describe("a stream that is numbered from the start without a word", () => {
  it("after a reconnect is delivered whole behind one reset, a second late at most", () => {
    const world = new NumberedWorld();
    world.comesUp();
    world.trades(50_000, 50_001);
    world.reconnects();
    for (const n of upTo(1_000)) {
      world.trades(n);
      world.clock.advance(100);
    }
    expect(world.seen).toEqual([50_000, 50_001, ...upTo(1_000)]);
    expect(world.heard("reset")).toHaveLength(1);
    expect(world.counts).toMatchObject({ resets: 1, stale: 0, duplicates: 0, inDoubt: 0 });
  });

  it("after a reconnect, and then quiet, is delivered by the clock alone", () => {
    const world = new NumberedWorld();
    world.comesUp();
    world.trades(50_000);
    world.reconnects();
    world.trades(1, 2, 3);
    expect(world.counts.inDoubt).toBe(3);
    world.clock.advance(1_001);
    expect(world.seen).toEqual([50_000, 1, 2, 3]);
    expect(world.counts.inDoubt).toBe(0);
  });

  it("with one message is told of after a second, and delivered as the owner closes", async () => {
    const world = new NumberedWorld();
    const reader = world.feed.messages();
    world.comesUp();
    world.trades(50_000, 1);
    world.clock.advance(1_001);
    expect(world.heard("in-doubt")).toMatchObject([{ stream: "a", messages: 1 }]);
    const closed = world.feed.close();
    world.socket.answersClose();
    await closed;
    const kinds: FeedItem<Json>["kind"][] = [];
    for await (const item of reader) kinds.push(item.kind);
    expect(kinds).toEqual(["message", "reset", "message"]);
    expect(world.clock.armed).toBe(0);
  });

  it("is not taken for one while nobody reads: what comes next may settle it", () => {
    const world = new NumberedWorld();
    world.comesUp();
    world.trades(50_000);
    world.reconnects();
    const reader = world.feed.messages({
      overflow: "pause",
      highWaterMark: 1,
      pauseBudgetMs: 60_000,
    });
    world.receives({ s: "a", n: 49_999 }, { s: "b", n: 1 }, { s: "b", n: 2 });
    expect(world.counts.inDoubt).toBe(1);
    world.clock.advance(5_000);
    expect(world.heard("reset")).toEqual([]);
    void reader.return?.();
  });
});

describe("what is told again", () => {
  it("on a new socket is dropped, counted, and a fact once in a minute", () => {
    const world = new NumberedWorld();
    world.comesUp();
    world.trades(...upTo(50));
    world.reconnects();
    world.trades(...upTo(50), 51);
    expect(world.seen).toEqual(upTo(51));
    expect(world.counts).toMatchObject({ stale: 49, duplicates: 1, resets: 0 });
    expect(world.heard("message.dropped")).toMatchObject([
      { cause: "stale", stream: "a", position: 1 },
      { cause: "duplicate", stream: "a", position: 50 },
    ]);
    world.clock.advance(60_000);
    world.trades(51);
    expect(world.heard("message.dropped")).toHaveLength(3);
  });

  it("with the venue's mark waits for the first message without it", () => {
    const world = new NumberedWorld();
    world.comesUp();
    world.trades(1_000);
    world.reconnects();
    world.receives({ s: "a", n: 990, retold: true }, { s: "a", n: 991, retold: true });
    world.clock.advance(30_000);
    expect(world.seen).toEqual([1_000]);
    world.trades(1_001);
    expect(world.seen).toEqual([1_000, 1_001]);
    expect(world.heard("reset")).toEqual([]);
  });
});
