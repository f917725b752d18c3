import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { answered, numbered, SupervisorWorld, type Json } from "../src/start-supervisor.ts";

const CYCLES = 10_000;
/** As long again: V8 gives what it took for compiling back late, on Node 22 after some 10,000 cycles. */
const WARM_UP = 12_000;

/** The collector, without a flag on the command line. */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use after what is garbage has gone. */
function heapInUse(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** What could pile up. */
interface Holdings {
  readonly timers: number;
  readonly listeners: number;
  readonly signalListeners: number;
  readonly queues: number;
  readonly outbox: number;
  readonly topics: number;
}

describe("a connection that comes and goes ten thousand times", () => {
  const controller = new AbortController();
  const world = new SupervisorWorld<Json>({
    ...numbered,
    subscriptions: answered,
    topics: ["a", "b"],
    backoff: () => 100,
    retryBudget: { attempts: 1_000_000, perMs: 1 },
    signal: controller.signal,
    outbox: { ttlMs: 60_000 },
  });
  let position = 0;

  /** One socket's life: it opens, is asked, answers, talks, takes a message, and is lost. */
  function cycle(): void {
    world.socket.opens();
    world.confirmsAll();
    position += 2; // one number in two is lost with the socket
    world.receives({ s: "a", n: position }, { s: "b", n: position });
    void world.feed.send("hello");
    world.socket.drops("ECONNRESET");
    void world.feed.send("meanwhile");
    world.memory.sockets.length = 0;
    world.facts.length = 0;
    world.clock.advance(100);
  }

  function holdings(): Holdings {
    const { listeners, queues, outbox, topics } = world.feed.status();
    return {
      timers: world.clock.armed,
      listeners,
      signalListeners: getEventListeners(controller.signal, "abort").length,
      queues: queues.length,
      outbox: outbox.messages,
      topics: topics.wanted,
    };
  }

  it("ends with the heap, the timers and the listeners that it began with", () => {
    world.feed.on("message", () => undefined);
    world.start();
    for (let count = 0; count < WARM_UP; count += 1) cycle();
    const before = holdings();
    const heapBefore = heapInUse();

    for (let count = 0; count < CYCLES; count += 1) cycle();

    const growth = heapInUse() / heapBefore - 1;
    expect(holdings()).toEqual(before);
    expect(growth).toBeLessThan(0.02);

    const { inbound, outbox } = world.feed.status();
    const cycles = WARM_UP + CYCLES;
    expect(inbound).toMatchObject({ delivered: cycles * 2, gaps: (cycles - 1) * 2, late: 0 });
    expect(outbox).toMatchObject({ written: cycles * 2 - 1, unknown: 0, messages: 1 });

    world.feed.terminate();
    expect(world.clock.armed).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });
});
