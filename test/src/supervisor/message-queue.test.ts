import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FeedItem, MessageItem, OverflowItem } from "../../../src/supervisor/items.ts";
import { MessageQueue, type MessagesOptions } from "../../../src/supervisor/message-queue.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** Number `position` of `stream`; its data is the number. */
function message(position: number, stream: string | undefined = "s"): MessageItem<number> {
  return {
    kind: "message",
    data: position,
    raw: Buffer.from(String(position)),
    topic: undefined,
    isSnapshot: false,
    stream,
    first: stream === undefined ? undefined : position,
    position: stream === undefined ? undefined : position,
    receivedAtMs: 0,
  };
}

const gap = (from: number, to: number) => ({ kind: "gap", stream: "s", from, to }) as const;
const reset = { kind: "reset", stream: "s" } as const;

/** A queue, its socket, and what it told the world. */
class RunningQueue {
  readonly clock = new VirtualClock();
  readonly queue: MessageQueue<number>;
  readonly overflows: OverflowItem[] = [];
  readonly failures: unknown[] = [];
  isPaused = false;
  ends = 0;

  constructor(options: MessagesOptions<number> = {}) {
    this.queue = new MessageQueue({
      options,
      clock: this.clock,
      source: {
        pause: () => {
          this.isPaused = true;
        },
        resume: () => {
          this.isPaused = false;
        },
      },
      onOverflow: (overflow) => this.overflows.push(overflow),
      onEnd: () => {
        this.ends += 1;
      },
      onCallbackFailed: (error) => this.failures.push(error),
    });
  }

  /** Numbers `from … to` arrive. */
  takesIn(from: number, to = from, stream?: string): void {
    for (let position = from; position <= to; position += 1) {
      this.queue.push(message(position, stream));
    }
  }

  /** The next `count` items, spelt; `done` where it is over. */
  async gives(count: number): Promise<unknown[]> {
    const given: unknown[] = [];
    for (let index = 0; index < count; index += 1) {
      const { value, done } = await this.queue.next();
      given.push(done === true ? "done" : spell(value));
    }
    return given;
  }

  /** Everything that waits. */
  async givesAll(): Promise<unknown[]> {
    this.queue.end();
    const given: unknown[] = [];
    for await (const item of this.queue) given.push(spell(item));
    return given;
  }
}

/** A message as its number, a mark as its words. */
function spell(item: FeedItem<number>): number | string {
  switch (item.kind) {
    case "message":
      return item.data;
    case "gap":
      return `gap ${item.from}-${item.to}`;
    case "reset":
    case "invalid":
    case "snapshot":
    case "valid":
      return item.kind;
    case "overflow": {
      const ranges = item.streams.map(
        ({ stream, from, to, messages }) => `${stream} ${from}-${to} (${messages})`,
      );
      const resets = item.resets.map((stream) => `reset ${stream}`);
      return [`lost ${item.dropped}`, ...ranges, ...resets].join("; ");
    }
  }
}

describe("a queue with room", () => {
  it("gives what it took in, in order", async () => {
    const running = new RunningQueue();
    running.takesIn(1, 2);
    running.queue.push(gap(3, 4));
    running.takesIn(5);
    expect(await running.gives(4)).toEqual([1, 2, "gap 3-4", 5]);
    expect(running.queue.counts).toMatchObject({ delivered: 4, dropped: 0 });
  });

  it("hands an item straight to whoever waits for it", async () => {
    const running = new RunningQueue();
    const next = running.queue.next();
    running.takesIn(1);
    expect(await next).toMatchObject({ done: false, value: { data: 1 } });
    expect(running.queue.depth).toBe(0);
  });

  it("gives one item to each of several who wait, in the order in which they asked", async () => {
    const running = new RunningQueue();
    const both = Promise.all([running.queue.next(), running.queue.next()]);
    running.takesIn(1, 3);
    expect((await both).map(({ value }) => value)).toMatchObject([{ data: 1 }, { data: 2 }]);
    expect(await running.gives(1)).toEqual([3]);
  });

  it("keeps its order over thousands of items", async () => {
    const running = new RunningQueue({ highWaterMark: 5_000 });
    const given: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      running.takesIn(round * 1_000 + 1, round * 1_000 + 1_000);
      given.push(...(await running.gives(900)));
    }
    given.push(...(await running.gives(500)));
    expect(given).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
  });
});

describe("a queue that drops the oldest", () => {
  it("is full at its high-water mark, and not before", async () => {
    const running = new RunningQueue({ highWaterMark: 3 });
    running.takesIn(1, 3);
    expect(running.queue.counts.dropped).toBe(0);
    running.takesIn(4);
    expect(running.queue.counts.dropped).toBe(1);
    expect(await running.gives(4)).toEqual(["lost 1; s 1-1 (1)", 2, 3, 4]);
  });

  it("holds 1,024 items by default", () => {
    const running = new RunningQueue();
    running.takesIn(1, 1_024);
    expect(running.queue.counts.dropped).toBe(0);
    running.takesIn(1_025);
    expect(running.queue.counts.dropped).toBe(1);
  });

  it("shows all that is missing in one place, with its exact count and range", async () => {
    const running = new RunningQueue({ highWaterMark: 3 });
    running.takesIn(1, 10);
    expect(await running.gives(4)).toEqual(["lost 7; s 1-7 (7)", 8, 9, 10]);
  });

  it("shows a second loss in its own place", async () => {
    const running = new RunningQueue({ highWaterMark: 2 });
    running.takesIn(1, 3);
    expect(await running.gives(2)).toEqual(["lost 1; s 1-1 (1)", 2]);
    running.takesIn(4, 6);
    expect(await running.gives(3)).toEqual(["lost 2; s 3-4 (2)", 5, 6]);
  });

  it("keeps each stream's range apart", async () => {
    const running = new RunningQueue({ highWaterMark: 1 });
    running.queue.push(message(1, "a"));
    running.queue.push(message(70, "b"));
    running.queue.push(message(2, "a"));
    running.queue.push(message(3, "a"));
    expect(await running.gives(2)).toEqual(["lost 3; a 1-2 (2); b 70-70 (1)", 3]);
  });

  it("counts what has no number, without a range", async () => {
    const running = new RunningQueue({ highWaterMark: 1 });
    running.queue.push({ ...message(1), stream: undefined, first: undefined, position: undefined });
    running.takesIn(2);
    expect(await running.gives(2)).toEqual(["lost 1", 2]);
  });

  it("counts a message that covers several numbers with all of them", async () => {
    const running = new RunningQueue({ highWaterMark: 1 });
    running.queue.push({ ...message(15), first: 10 });
    running.queue.push({ ...message(20), first: 16 });
    running.takesIn(21);
    expect(await running.gives(2)).toEqual(["lost 2; s 10-20 (2)", 21]);
  });

  it("lets no gap disappear: its numbers are in the range, and no message is counted for it", async () => {
    const running = new RunningQueue({ highWaterMark: 2 });
    running.takesIn(1);
    running.queue.push(gap(2, 5));
    running.takesIn(6, 7);
    expect(await running.gives(3)).toEqual(["lost 1; s 1-5 (1)", 6, 7]);
    expect(running.queue.counts.dropped).toBe(1);
  });

  it("lets no reset disappear", async () => {
    const running = new RunningQueue({ highWaterMark: 2 });
    running.takesIn(9);
    running.queue.push(reset);
    running.takesIn(1, 2);
    expect(await running.gives(3)).toEqual(["lost 1; s 9-9 (1); reset s", 1, 2]);
  });

  it("tells of a burst once, when its consumer has caught up", async () => {
    const running = new RunningQueue({ highWaterMark: 4 });
    running.takesIn(1, 7);
    expect(await running.gives(2)).toEqual(["lost 3; s 1-3 (3)", 4]);
    expect(running.overflows).toEqual([]);
    expect(await running.gives(1)).toEqual([5]);
    expect(running.overflows).toMatchObject([{ dropped: 3 }]);
    expect(await running.gives(2)).toEqual([6, 7]);
    expect(running.overflows).toHaveLength(1);
  });

  it("tells of a burst without end every 1,000 messages", () => {
    const running = new RunningQueue({ highWaterMark: 1 });
    running.takesIn(1, 1_000);
    expect(running.overflows).toHaveLength(0);
    running.takesIn(1_001);
    expect(running.overflows).toMatchObject([{ dropped: 1_000 }]);
    running.takesIn(1_002, 2_001);
    expect(running.overflows).toMatchObject([{ dropped: 1_000 }, { dropped: 1_000 }]);
  });

  it("tells of the rest when it ends", () => {
    const running = new RunningQueue({ highWaterMark: 1 });
    running.takesIn(1, 3);
    running.queue.end();
    expect(running.overflows).toMatchObject([{ dropped: 2 }]);
  });
});

describe("a queue that drops the newest", () => {
  const options = { highWaterMark: 2, overflow: "drop-newest" } as const;

  it("keeps what it has, and shows the loss behind it", async () => {
    const running = new RunningQueue(options);
    running.takesIn(1, 5);
    expect(await running.gives(3)).toEqual([1, 2, "lost 3; s 3-5 (3)"]);
  });

  it("shows each loss between what came before and what came after", async () => {
    const running = new RunningQueue(options);
    running.takesIn(1, 3);
    expect(await running.gives(1)).toEqual([1]);
    running.takesIn(4, 5);
    expect(await running.gives(1)).toEqual([2]);
    running.takesIn(6);
    expect(await running.givesAll()).toEqual(["lost 1; s 3-3 (1)", 4, "lost 1; s 5-5 (1)", 6]);
  });

  it("keeps a loss in its place while thousands are read before it", async () => {
    const running = new RunningQueue({ ...options, highWaterMark: 3_000 });
    running.takesIn(1, 3_001);
    await running.gives(2_000);
    running.takesIn(3_002);
    const given = await running.givesAll();
    expect(given).toHaveLength(1_002);
    expect(given.slice(-3)).toEqual([3_000, "lost 1; s 3001-3001 (1)", 3_002]);
  });

  it("counts a gap that does not fit, and no message for it", async () => {
    const running = new RunningQueue(options);
    running.takesIn(1, 2);
    running.queue.push(gap(3, 4));
    expect(running.queue.counts.dropped).toBe(0);
    expect(await running.gives(3)).toEqual([1, 2, "lost 0; s 3-4 (0)"]);
  });
});

describe("a queue that conflates", () => {
  const conflate = { overflow: "conflate" } as const;

  it("keeps only the last message of a stream, in the place of the first", async () => {
    const running = new RunningQueue(conflate);
    running.queue.push(message(1, "a"));
    running.queue.push(message(70, "b"));
    running.queue.push(message(2, "a"));
    running.queue.push(message(3, "a"));
    expect(await running.gives(2)).toEqual([3, 70]);
    expect(running.queue.counts).toMatchObject({ conflated: 2, dropped: 0, delivered: 2 });
  });

  it("goes by the user's key where there is one", async () => {
    const running = new RunningQueue({ ...conflate, key: ({ data }) => String(data % 2) });
    running.takesIn(1, 6);
    expect(await running.gives(2)).toEqual([5, 6]);
  });

  it("leaves alone what has no key", async () => {
    const running = new RunningQueue({ ...conflate, key: () => undefined });
    running.takesIn(1, 3);
    expect(await running.gives(3)).toEqual([1, 2, 3]);
  });

  it("takes a new place once the old one was read", async () => {
    const running = new RunningQueue(conflate);
    running.takesIn(1);
    expect(await running.gives(1)).toEqual([1]);
    running.takesIn(2, 3);
    expect(await running.gives(1)).toEqual([3]);
  });

  it("does not conflate over a gap: what follows it stays behind it", async () => {
    const running = new RunningQueue(conflate);
    running.takesIn(1);
    running.queue.push(gap(2, 3));
    running.takesIn(4, 5);
    expect(await running.gives(3)).toEqual([1, "gap 2-3", 5]);
  });

  it("does not conflate over a reset, which would void what is new", async () => {
    const running = new RunningQueue(conflate);
    running.takesIn(9);
    running.queue.push(reset);
    running.takesIn(1);
    expect(await running.gives(3)).toEqual([9, "reset", 1]);
  });

  it.each([
    { kind: "invalid", stream: "s", cause: "gap" },
    { kind: "snapshot", stream: "s", data: 0, position: 1, receivedAtMs: 0 },
    { kind: "valid", stream: "s" },
  ] as const)("does not conflate over a word on its stream: $kind", async (word) => {
    const running = new RunningQueue(conflate);
    running.takesIn(1);
    running.queue.push(word);
    running.takesIn(2);
    expect(await running.gives(3)).toEqual([1, word.kind, 2]);
  });

  it("drops the oldest where there are more keys than room, and shows it", async () => {
    const running = new RunningQueue({ ...conflate, highWaterMark: 2 });
    running.queue.push(message(1, "a"));
    running.queue.push(message(2, "b"));
    running.queue.push(message(3, "c"));
    running.queue.push(message(4, "a"));
    expect(await running.gives(3)).toEqual(["lost 2; a 1-1 (1); b 2-2 (1)", 3, 4]);
  });

  it("keeps each key's place while thousands pass", async () => {
    const running = new RunningQueue({ ...conflate, highWaterMark: 4_000 });
    for (let key = 0; key < 3_000; key += 1) running.queue.push(message(key, `k${key}`));
    await running.gives(2_000);
    for (let key = 0; key < 3_000; key += 1) running.queue.push(message(key + 10_000, `k${key}`));
    const given = await running.givesAll();
    expect(given).toHaveLength(3_000);
    expect(given.slice(0, 1_000)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 12_000),
    );
    expect(given[1_000]).toBe(10_000);
  });

  it("reports a key that throws, and does not conflate that message", async () => {
    const running = new RunningQueue({
      ...conflate,
      key: ({ data }) => {
        if (data === 2) throw new Error("no key");
        return "k";
      },
    });
    running.takesIn(1, 3);
    expect(await running.gives(2)).toEqual([3, 2]);
    expect(running.failures.length).toBeGreaterThan(0);
  });

  it("loses nothing to a key that changes its mind", async () => {
    let calls = 0;
    const running = new RunningQueue({
      ...conflate,
      key: () => {
        calls += 1;
        return calls % 2 === 0 ? undefined : "k";
      },
    });
    const given: unknown[] = [];
    for (let position = 1; position <= 20; position += 1) {
      running.takesIn(position);
      given.push(...(await running.gives(1)));
    }
    expect(given).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });
});

describe("a queue that pauses its socket", () => {
  const pause = { overflow: "pause", highWaterMark: 4, pauseBudgetMs: 1_000 } as const;

  it("does so at its high-water mark, and reads on at half of it", async () => {
    const running = new RunningQueue(pause);
    running.takesIn(1, 4);
    expect(running.isPaused).toBe(false);
    running.takesIn(5);
    expect(running.isPaused).toBe(true);

    expect(await running.gives(2)).toEqual([1, 2]);
    expect(running.isPaused).toBe(true);
    expect(await running.gives(1)).toEqual([3]);
    expect(running.isPaused).toBe(false);
    expect(await running.gives(2)).toEqual([4, 5]);
    expect(running.queue.counts).toMatchObject({ pauses: 1, dropped: 0 });
    expect(running.clock.armed).toBe(0);
  });

  it("takes a whole chunk that was read already, above its mark", async () => {
    const running = new RunningQueue(pause);
    running.takesIn(1, 4 + 32_768);
    expect(running.queue.counts.dropped).toBe(0);
    running.takesIn(4 + 32_769);
    expect(running.queue.counts.dropped).toBe(1);
    expect(await running.gives(2)).toEqual(["lost 1; s 1-1 (1)", 2]);
  });

  it("drops the oldest once its budget is spent, and not before", async () => {
    const running = new RunningQueue(pause);
    running.takesIn(1, 6);
    running.clock.advance(999);
    expect(running.isPaused).toBe(true);
    running.takesIn(7);
    expect(running.queue.counts.dropped).toBe(0);

    running.clock.advance(1);
    expect(running.isPaused).toBe(false);
    running.takesIn(8);
    expect(running.queue.counts.dropped).toBe(4);
    expect(await running.gives(5)).toEqual(["lost 4; s 1-4 (4)", 5, 6, 7, 8]);
  });

  it("has 5 s by default", () => {
    const running = new RunningQueue({ overflow: "pause", highWaterMark: 1 });
    running.takesIn(1, 2);
    running.clock.advance(4_999);
    expect(running.isPaused).toBe(true);
    running.clock.advance(1);
    expect(running.isPaused).toBe(false);
  });

  it("has its budget again only when it has caught up", async () => {
    const running = new RunningQueue(pause);
    running.takesIn(1, 5);
    running.clock.advance(1_000);
    running.takesIn(6, 9);
    expect(running.isPaused).toBe(false);

    await running.gives(3);
    running.takesIn(10, 12);
    expect(running.isPaused).toBe(true);
    expect(running.queue.counts.pauses).toBe(2);
  });

  it.each(["end", "return"] as const)("lets the socket go when it is over (%s)", (way) => {
    const running = new RunningQueue(pause);
    running.takesIn(1, 5);
    if (way === "end") running.queue.end();
    else void running.queue.return();
    expect(running.isPaused).toBe(false);
    expect(running.clock.armed).toBe(0);
  });
});

describe("a queue that is over", () => {
  it("still gives what waits, then is done", async () => {
    const running = new RunningQueue();
    running.takesIn(1, 2);
    running.queue.end();
    running.takesIn(3);
    expect(await running.gives(4)).toEqual([1, 2, "done", "done"]);
    expect(running.ends).toBe(1);
  });

  it("throws its failure once, after what waits", async () => {
    const running = new RunningQueue();
    running.takesIn(1);
    running.queue.end(new Error("refused"));
    expect(await running.gives(1)).toEqual([1]);
    await expect(running.queue.next()).rejects.toThrow("refused");
    expect(await running.gives(1)).toEqual(["done"]);
  });

  it("ends whoever waits", async () => {
    const running = new RunningQueue();
    const waiting = [running.queue.next(), running.queue.next()];
    running.queue.end();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it("throws its failure at the first who waits, and at nobody after", async () => {
    const running = new RunningQueue();
    const [first, second] = [running.queue.next(), running.queue.next()];
    running.queue.end(new Error("refused"));
    await expect(first).rejects.toThrow("refused");
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await running.gives(1)).toEqual(["done"]);
  });

  it("is over once", () => {
    const running = new RunningQueue();
    running.queue.end();
    running.queue.end(new Error("too late"));
    expect(running.ends).toBe(1);
  });

  it("shows a loss at its very end", async () => {
    const running = new RunningQueue({ highWaterMark: 1, overflow: "drop-newest" });
    running.takesIn(1, 2);
    expect(await running.givesAll()).toEqual([1, "lost 1; s 2-2 (1)"]);
  });
});

describe("a loop that breaks", () => {
  it("lets the buffer go", async () => {
    const running = new RunningQueue();
    running.takesIn(1, 5);
    for await (const item of running.queue) {
      expect(spell(item)).toBe(1);
      break;
    }
    expect(running.ends).toBe(1);
    expect(running.queue.depth).toBe(0);
    expect(await running.gives(1)).toEqual(["done"]);
  });

  it("ends whoever waits beside it", async () => {
    const running = new RunningQueue();
    const waiting = running.queue.next();
    expect(await running.queue.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it("is not told of a failure any more", async () => {
    const running = new RunningQueue();
    running.queue.end(new Error("refused"));
    await running.queue.return();
    expect(await running.gives(1)).toEqual(["done"]);
  });
});

describe("a signal", () => {
  it("ends the iterator: what waits is still given", async () => {
    const controller = new AbortController();
    const running = new RunningQueue({ signal: controller.signal });
    running.takesIn(1);
    controller.abort();
    running.takesIn(2);
    expect(await running.gives(2)).toEqual([1, "done"]);
  });

  it("that is aborted already lets nothing in", async () => {
    const running = new RunningQueue({ signal: AbortSignal.abort() });
    running.takesIn(1);
    expect(running.queue.isOver).toBe(true);
    expect(await running.gives(1)).toEqual(["done"]);
  });
});

describe("whatever a consumer does", () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ takes: fc.integer({ min: 1, max: 8 }) }) },
      { weight: 2, arbitrary: fc.record({ gives: fc.integer({ min: 1, max: 6 }) }) },
    ),
    { maxLength: 60 },
  );

  it.each(["drop-oldest", "drop-newest", "pause"] as const)(
    "each number is given or lies in exactly one overflow, in order (%s)",
    async (overflow) => {
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 6 }), async (history, highWaterMark) => {
          const running = new RunningQueue({ highWaterMark, overflow });
          const seen: number[] = [];
          const note = (item: FeedItem<number>) => {
            if (item.kind === "message") seen.push(item.data);
            if (item.kind !== "overflow") return;
            for (const { from, to, messages } of item.streams) {
              expect(messages).toBe(Number(to) - Number(from) + 1);
              for (let id = Number(from); id <= Number(to); id += 1) seen.push(id);
            }
          };
          let last = 0;
          for (const step of history) {
            if ("takes" in step) {
              running.takesIn(last + 1, last + step.takes);
              last += step.takes;
              // Half of the time the budget of a pause is spent.
              if (step.takes % 2 === 0) running.clock.advance(5_000);
            } else {
              for (let count = 0; count < step.gives && running.queue.depth > 0; count += 1) {
                const { value, done } = await running.queue.next();
                if (done !== true) note(value);
              }
            }
            if (overflow !== "pause")
              expect(running.queue.depth).toBeLessThanOrEqual(highWaterMark);
          }
          running.queue.end();
          for await (const item of running.queue) note(item);
          expect(seen).toEqual(Array.from({ length: last }, (_, index) => index + 1));
        }),
        { seed: 20261122, numRuns: 200 },
      );
    },
  );
});
