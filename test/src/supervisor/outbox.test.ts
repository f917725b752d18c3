import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultOutbox,
  Outbox,
  type DropReason,
  type OutboxItem,
  type OutboxPolicy,
  type SendFate,
} from "../../../src/supervisor/outbox.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";

/** An outbox, and the fate of each message by its text. */
class RunningOutbox {
  readonly clock = new VirtualClock();
  readonly outbox: Outbox;
  /** `text:fate`, or `text:fate(reason)`, in the order in which they were told. */
  readonly fates: string[] = [];

  constructor(policy: Partial<OutboxPolicy> = {}) {
    this.outbox = new Outbox({ ...defaultOutbox, ...policy }, this.clock, this);
  }

  /** What the outbox reports. */
  readonly reports: string[] = [];

  sendDropped(reason: DropReason, bytes: number, detail?: string): void {
    this.reports.push(`${reason} ${bytes}${detail === undefined ? "" : ` ${detail}`}`);
  }

  sendUnknown(bytes: number): void {
    this.reports.push(`unknown ${bytes}`);
  }

  adds(text: string, ttlMs?: number | null): void {
    void this.outbox.add(text, ttlMs).then((fate) => this.fates.push(`${text}:${spell(fate)}`));
  }

  takes(): OutboxItem {
    const item = this.outbox.take();
    if (item === undefined) throw new Error("nothing waits");
    return item;
  }

  /** Texts that wait, oldest first. Takes them out. */
  takesAll(): unknown[] {
    const taken: unknown[] = [];
    for (let item = this.outbox.take(); item !== undefined; item = this.outbox.take()) {
      taken.push(item.data);
    }
    return taken;
  }

  /** Fates are promises: they are told a little later. */
  async told(): Promise<string[]> {
    await Promise.resolve();
    await Promise.resolve();
    return this.fates;
  }
}

function spell(fate: SendFate): string {
  return fate.fate === "dropped" ? `dropped(${fate.reason})` : fate.fate;
}

describe("a message in the outbox", () => {
  it("is written when the socket has taken it", async () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("a");
    outbox.written(running.takes());
    expect(await running.told()).toEqual(["a:written"]);
    expect(outbox.counts.written).toBe(1);
  });

  it("is unknown when the socket failed with it", async () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("a");
    outbox.written(running.takes(), new Error("EPIPE"));
    expect(await running.told()).toEqual(["a:unknown"]);
    expect(outbox.counts.unknown).toBe(1);
  });

  it("is unknown when the socket died under it, whatever that socket says later", async () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("a");
    const item = running.takes();
    outbox.socketEnded();
    outbox.written(item);
    expect(await running.told()).toEqual(["a:unknown"]);
    expect(outbox.counts).toMatchObject({ written: 0, unknown: 1 });
  });

  it("goes on waiting when a socket dies that was not given it", async () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("a");
    running.adds("b");
    running.takes();
    outbox.socketEnded();
    expect(running.takesAll()).toEqual(["b"]);
    expect(await running.told()).toEqual(["a:unknown"]);
  });

  it.each(["failed", "closed"] as const)("is dropped when the connection %s", async (reason) => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("in flight");
    running.adds("waiting");
    running.takes();
    outbox.clear(reason);
    expect(await running.told()).toEqual(["in flight:unknown", `waiting:dropped(${reason})`]);
    expect(outbox.counts[reason]).toBe(1);
    expect(outbox).toMatchObject({ messages: 0, bytes: 0 });
  });

  it("leaves in the order in which it came", () => {
    const running = new RunningOutbox();
    for (const text of ["a", "b", "c"]) running.adds(text);
    expect(running.takesAll()).toEqual(["a", "b", "c"]);
  });

  it("is given out once", () => {
    const running = new RunningOutbox();
    running.adds("a");
    running.takes();
    running.outbox.socketEnded();
    expect(running.outbox.take()).toBeUndefined();
  });

  it("may be bytes, of which a copy waits: their owner may reuse them", () => {
    const { outbox } = new RunningOutbox();
    const data = Buffer.from("BUY 1");
    void outbox.add(data, undefined);
    data.write("SELL9");
    expect(outbox.bytes).toBe(5);
    expect(String(Buffer.from(outbox.take()?.data ?? ""))).toBe("BUY 1");
  });

  it("may be bytes, which are not copied when they need not wait", () => {
    const { outbox } = new RunningOutbox();
    const data = new Uint8Array([1, 2]);
    let taken: unknown;
    void outbox.add(data, undefined, () => {
      taken = outbox.take()?.data;
    });
    expect(taken).toBe(data);
  });

  it("whose bytes are gone when it has to wait is dropped as invalid", async () => {
    const running = new RunningOutbox();
    const data = new Uint8Array([1, 2]);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    void running.outbox.add(data, undefined).then((fate) => running.fates.push(spell(fate)));
    expect(await running.told()).toEqual(["dropped(invalid)"]);
    expect(running.outbox).toMatchObject({ messages: 0, bytes: 0 });
    expect(running.reports).toEqual([expect.stringMatching(/^invalid 0 .*detached/)]);
  });

  it("that the socket refuses is dropped as invalid, and the next one is given out", async () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("a");
    running.adds("b");
    outbox.refuse(running.takes(), "no such bytes");
    outbox.written(running.takes());
    expect(await running.told()).toEqual(["a:dropped(invalid)", "b:written"]);
    expect(outbox.counts).toMatchObject({ invalid: 1, written: 1 });
    expect(running.reports).toEqual(["invalid 1 no such bytes"]);
  });

  it("that a socket was not open for is the first one of the next", () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    for (const text of ["a", "b", "c"]) running.adds(text);
    outbox.written(running.takes());
    outbox.putBack(running.takes());
    expect(outbox).toMatchObject({ messages: 2, bytes: 2, inFlight: 0 });
    expect(running.takesAll()).toEqual(["b", "c"]);
  });

  it("is seen while a socket has it", () => {
    const running = new RunningOutbox();
    running.adds("a");
    const item = running.takes();
    expect(running.outbox).toMatchObject({ messages: 0, inFlight: 1 });
    running.outbox.written(item);
    expect(running.outbox.inFlight).toBe(0);
  });

  it("counts the bytes of its text, not its characters", () => {
    const running = new RunningOutbox();
    const { outbox } = running;
    running.adds("€");
    expect(outbox.bytes).toBe(3);
  });
});

describe("an outbox that is full", () => {
  it("rejects the new one by default", async () => {
    const running = new RunningOutbox({ messages: 2 });
    for (const text of ["a", "b", "c"]) running.adds(text);
    expect(await running.told()).toEqual(["c:dropped(overflow)"]);
    expect(running.takesAll()).toEqual(["a", "b"]);
    expect(running.outbox.counts.overflow).toBe(1);
  });

  it("gives up the oldest when told to", async () => {
    const running = new RunningOutbox({ messages: 2, overflow: "drop-oldest" });
    for (const text of ["a", "b", "c", "d"]) running.adds(text);
    expect(await running.told()).toEqual(["a:dropped(overflow)", "b:dropped(overflow)"]);
    expect(running.takesAll()).toEqual(["c", "d"]);
  });

  it("gives up the youngest that waits when told to: the new one takes its place", async () => {
    const running = new RunningOutbox({ messages: 2, overflow: "drop-newest" });
    for (const text of ["a", "b", "c", "d"]) running.adds(text);
    expect(await running.told()).toEqual(["b:dropped(overflow)", "c:dropped(overflow)"]);
    expect(running.takesAll()).toEqual(["a", "d"]);
  });

  it("is full by its bytes as well", async () => {
    const running = new RunningOutbox({ bytes: 4 });
    running.adds("aa");
    running.adds("bb");
    running.adds("c");
    expect(await running.told()).toEqual(["c:dropped(overflow)"]);
    expect(running.outbox.bytes).toBe(4);
  });

  it("gives up as many as the new one needs room for", async () => {
    const running = new RunningOutbox({ bytes: 4, overflow: "drop-oldest" });
    for (const text of ["a", "b", "c", "d", "eee"]) running.adds(text);
    expect(await running.told()).toEqual([
      "a:dropped(overflow)",
      "b:dropped(overflow)",
      "c:dropped(overflow)",
    ]);
    expect(running.outbox).toMatchObject({ messages: 2, bytes: 4 });
  });

  it.each(["reject", "drop-oldest", "drop-newest"] as const)(
    "gives up nothing for one that could never fit (%s)",
    async (overflow) => {
      const running = new RunningOutbox({ bytes: 4, overflow });
      running.adds("aa");
      running.adds("bbbbb");
      expect(await running.told()).toEqual(["bbbbb:dropped(too-large)"]);
      expect(running.takesAll()).toEqual(["aa"]);
    },
  );

  it("does not count what a socket has in hand", () => {
    const running = new RunningOutbox({ messages: 1 });
    running.adds("a");
    running.takes();
    running.adds("b");
    expect(running.takesAll()).toEqual(["b"]);
  });

  it("may hold nothing at all", async () => {
    const running = new RunningOutbox({ messages: 0, overflow: "drop-oldest" });
    running.adds("a");
    expect(await running.told()).toEqual(["a:dropped(overflow)"]);
  });
});

describe("a message with a time to live", () => {
  it("expires when that time is over, and not before", async () => {
    const running = new RunningOutbox({ ttlMs: 1_000 });
    running.adds("a");
    running.clock.advance(999);
    expect(await running.told()).toEqual([]);
    running.clock.advance(1);
    expect(await running.told()).toEqual(["a:dropped(expired)"]);
    expect(running.outbox).toMatchObject({ messages: 0, bytes: 0 });
  });

  it("has its own where one is given, and none where `null` is", async () => {
    const running = new RunningOutbox({ ttlMs: 1_000 });
    running.adds("default");
    running.adds("short", 10);
    running.adds("for ever", null);
    running.clock.advance(10);
    expect(await running.told()).toEqual(["short:dropped(expired)"]);
    running.clock.advance(10_000);
    expect(await running.told()).toEqual(["short:dropped(expired)", "default:dropped(expired)"]);
    expect(running.takesAll()).toEqual(["for ever"]);
  });

  it("waits for ever by default", () => {
    const running = new RunningOutbox();
    running.adds("a");
    expect(running.clock.armed).toBe(0);
  });

  it("is not given out when it is over, even where its timer is late", async () => {
    const running = new RunningOutbox({ ttlMs: 1_000 });
    running.adds("a");
    running.adds("b", 5_000);
    running.clock.suspend(1_000);
    expect(running.takesAll()).toEqual(["b"]);
    expect(await running.told()).toEqual(["a:dropped(expired)"]);
    expect(running.clock.armed).toBe(0);
  });

  it("does not expire in a socket's hands", async () => {
    const running = new RunningOutbox({ ttlMs: 1_000 });
    running.adds("a");
    const item = running.takes();
    running.clock.advance(5_000);
    running.outbox.written(item);
    expect(await running.told()).toEqual(["a:written"]);
  });

  it("leaves no timer armed, however it ends", () => {
    for (const end of [
      (running: RunningOutbox) => void running.takesAll(),
      (running: RunningOutbox) => running.clock.advance(1_000),
      (running: RunningOutbox) => running.outbox.clear("closed"),
      (running: RunningOutbox) => running.outbox.clear("failed"),
    ]) {
      const running = new RunningOutbox({ ttlMs: 1_000 });
      running.adds("a");
      running.adds("b", 500);
      expect(running.clock.armed).toBe(1);
      end(running);
      expect(running.clock.armed).toBe(0);
    }
  });

  it("may live longer than a timer can wait", () => {
    const running = new RunningOutbox();
    running.adds("a", 2 ** 31 - 1);
    running.adds("b", 2 ** 31 - 1);
    expect(running.clock.nextDueAtMs).toBe(running.clock.nowMs() + 2 ** 31 - 1);
  });
});

describe("each send", () => {
  /** Anything that may happen to an outbox. */
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ does: fc.constant("add" as const), ttl: fc.nat(300) }) },
      { weight: 4, arbitrary: fc.constant({ does: "take" as const }) },
      { weight: 3, arbitrary: fc.constant({ does: "write" as const }) },
      { weight: 1, arbitrary: fc.constant({ does: "fail" as const }) },
      { weight: 2, arbitrary: fc.constant({ does: "down" as const }) },
      { weight: 2, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.nat(200) }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant("stop" as const), ms: fc.nat(200) }) },
    ),
    { maxLength: 80 },
  );
  const policies = fc.record({
    messages: fc.integer({ min: 1, max: 4 }),
    bytes: fc.integer({ min: 4, max: 16 }),
    overflow: fc.constantFrom("reject" as const, "drop-oldest" as const, "drop-newest" as const),
  });

  it("ends in exactly one fate, and none is given out twice", async () => {
    await fc.assert(
      fc.asyncProperty(policies, steps, async (policy, history) => {
        const clock = new VirtualClock();
        let dropped = 0;
        const outbox = new Outbox({ ...defaultOutbox, ...policy }, clock, {
          sendDropped: () => {
            dropped += 1;
          },
          sendUnknown: () => undefined,
        });
        const fates: SendFate[] = [];
        const givenOut = new Set<OutboxItem>();
        let inHand: OutboxItem[] = [];
        let sends = 0;

        for (const step of history) {
          switch (step.does) {
            case "add":
              sends += 1;
              void outbox
                .add("x".repeat(1 + (sends % 5)), step.ttl === 0 ? null : step.ttl)
                .then((fate) => fates.push(fate));
              break;
            case "take": {
              const item = outbox.take();
              if (item === undefined) break;
              expect(givenOut.has(item)).toBe(false);
              givenOut.add(item);
              inHand.push(item);
              break;
            }
            case "write":
            case "fail": {
              const item = inHand.shift();
              if (item === undefined) break;
              outbox.written(item, step.does === "write" ? undefined : new Error("EPIPE"));
              break;
            }
            case "down":
              outbox.socketEnded();
              for (const item of inHand.splice(0)) outbox.written(item);
              inHand = [];
              break;
            case "wait":
              clock.advance(step.ms);
              break;
            case "stop":
              clock.suspend(step.ms);
              break;
          }
          expect(outbox.messages).toBeLessThanOrEqual(policy.messages);
          expect(outbox.bytes).toBeLessThanOrEqual(policy.bytes);
        }
        outbox.clear("closed");
        await Promise.resolve();
        await Promise.resolve();

        const { counts } = outbox;
        expect(fates).toHaveLength(sends);
        expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(sends);
        expect(fates.filter(({ fate }) => fate === "written")).toHaveLength(counts.written);
        expect(fates.filter(({ fate }) => fate === "unknown")).toHaveLength(counts.unknown);
        expect(dropped).toBe(sends - counts.written - counts.unknown);
        expect(clock.armed).toBe(0);
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
});
