/** When `supervise` dials: after the turn that called it, so that no failure comes before its listeners. */
import { describe, expect, it } from "vitest";
import { createActor } from "xstate";
import { connectionMachine } from "../../../machines/index.ts";
import * as browser from "../../../src/browser/index.ts";
import {
  createSupervisor,
  supervise,
  type Supervisor,
  type SupervisorOptions,
  type Target,
} from "../../../src/index.ts";
import { raiseAlerts } from "../../../src/observe/alerts/index.ts";
import { logTo } from "../../../src/observe/logs/index.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { promisesSettle, url } from "../start-supervisor.ts";

type Options = SupervisorOptions<unknown>;

const entries = {
  "the main entry": (target, options) => supervise<unknown>(target, options),
  "the browser's entry": (target, options) =>
    browser.supervise<unknown>(target, { heartbeat: null, ...options } as never),
} satisfies Record<string, (target: Target<unknown>, options: Options) => Supervisor<unknown>>;

const refuse = (message: string) => (): never => {
  throw new Error(message);
};

/** Dials that fail within the dial itself. */
const failures: readonly (readonly [string, Target<unknown>, Options, string])[] = [
  ["a URL function that gives no URL", () => "no url", {}, "failed"],
  ["a URL function that throws", refuse("no token yet"), {}, "reconnecting"],
  ["a URL function that throws, without retries", refuse("gone"), { maxRetries: 0 }, "failed"],
  ["a header that is none", url, { headers: () => ({ a: "x\n" }) }, "failed"],
  ["subprotocols that are none", url, { protocols: () => ["a", "a"] }, "failed"],
  ["a transport that throws", url, { transport: refuse("no WebSocket here") }, "failed"],
  [
    "a transport that fails at once",
    url,
    {
      maxRetries: 0,
      transport: (_, sink) => {
        sink.ended({ class: "unreachable", phase: "tcp" });
        return createMemoryTransport({ clock: new VirtualClock() }).transport(
          { url, protocols: [], headers: {}, clock: new VirtualClock() },
          sink,
        );
      },
    },
    "failed",
  ],
];

describe.each(Object.entries(entries))("`supervise` of %s", (_, start) => {
  /** A connection that was just made. */
  function make(target: Target<unknown> = url, options: Options = {}) {
    const clock = new VirtualClock();
    const memory = createMemoryTransport({ clock });
    const { transport } = memory;
    const feed = start(target, { transport, clock, seed: 1, ...options });
    return { feed, clock, memory };
  }

  it("is connecting from its first line, and has not dialled yet", () => {
    const { feed, clock, memory } = make();
    expect(feed.state).toBe("connecting");
    expect(feed.status()).toMatchObject({
      state: "connecting",
      sinceMs: clock.nowMs(),
      attempt: 0,
      isReady: false,
    });
    expect(memory.sockets).toHaveLength(0);
  });

  it("dials before any promise of the turn's, any timer and any I/O", async () => {
    const { feed, memory } = make();
    await Promise.resolve();
    expect(memory.sockets).toHaveLength(1);
    expect(feed.status().attempt).toBe(1);
  });

  it.each(failures)(
    "tells listeners of the next line of %s",
    async (_name, target, options, state) => {
      const { feed, clock } = make(target, options);
      const heard: string[] = [];
      const logged: string[] = [];
      const raised: string[] = [];
      const log = (_fields: unknown, text: string): void => void logged.push(text);
      feed.on("*", ({ type }) => void heard.push(type));
      logTo(feed, { debug: log, info: log, warn: log, error: log });
      const sinks = [({ kind }: { readonly kind: string }): void => void raised.push(kind)];
      raiseAlerts(feed, { sinks, clock, graceMs: 0 });
      const ready = feed.ready().then(
        () => "ready",
        ({ code }: { readonly code: string }) => code,
      );
      await promisesSettle();
      expect(feed.state).toBe(state);
      expect(heard).toContain("attempt.failed");
      expect(heard.includes("failed")).toBe(state === "failed");
      expect(logged.some((line) => line.includes("attempt.failed"))).toBe(true);
      expect(raised).toContain("outage");
      if (state === "failed") expect(await ready).toBe("ERR_CONNECTION_FAILED");
      feed.terminate();
    },
  );

  it.each(["close", "terminate"] as const)(
    "never dials after %s() in that turn, and settles all promises",
    async (command) => {
      const { feed, clock, memory } = make();
      const heard: unknown[] = [];
      feed.on("*", (fact) => void heard.push(fact));
      const fate = feed.send("hello");
      const next = feed.messages().next();
      const ready = feed.ready();
      const closed = feed[command]();
      await expect(ready).rejects.toMatchObject({ code: "ERR_CONNECTION_CLOSED" });
      await closed;
      expect(await fate).toEqual({ fate: "dropped", reason: "closed" });
      expect(await next).toEqual({ done: true, value: undefined });
      expect(heard).toMatchObject([
        { type: "state", state: "closed", previous: "connecting" },
        { type: "send.dropped", frame: "message", reason: "closed" },
        { type: "closed" },
      ]);
      feed.connect();
      await promisesSettle();
      expect(memory.sockets).toHaveLength(0);
      expect(clock.armed).toBe(0);
    },
  );

  it("never dials where its signal is aborted in that turn", async () => {
    const controller = new AbortController();
    const { feed, memory } = make(url, { signal: controller.signal });
    controller.abort();
    await promisesSettle();
    expect(feed.state).toBe("closed");
    expect(memory.sockets).toHaveLength(0);
  });

  it.each(["connect", "reconnect", "start"] as const)(
    "dials once, as its first attempt, after %s() in that turn",
    async (command) => {
      const { feed, memory } = make();
      const heard: string[] = [];
      feed.on("*", ({ type }) => void heard.push(type));
      feed[command]();
      expect(memory.sockets).toHaveLength(0);
      await promisesSettle();
      expect(memory.sockets).toHaveLength(1);
      expect(feed.status()).toMatchObject({ attempt: 1, failures: 0, lastLoss: null });
      expect(heard).toEqual(["state"]);
    },
  );

  it("is run by a chart that takes its input in that turn, and by no other", async () => {
    const { feed, clock, memory } = make();
    const actor = createActor(connectionMachine, { input: feed.input, clock }).start();
    expect(memory.sockets).toHaveLength(1);
    await promisesSettle();
    expect(memory.sockets).toHaveLength(1);
    expect(feed.actor).toBe(actor);
  });

  it("sends what was wanted and sent in that turn", async () => {
    const { feed, memory } = make();
    feed.subscribe("a");
    const fate = feed.send("hello");
    await promisesSettle();
    memory.sockets[0]?.opens();
    expect(await fate).toEqual({ fate: "written" });
    expect(memory.sockets[0]?.sent.map(({ data }) => data)).toEqual(["a", "hello"]);
  });
});

describe("the other ways to start", () => {
  it.each(["start", "connect"] as const)("%s() dials within the call", (command) => {
    const clock = new VirtualClock();
    const { transport, sockets } = createMemoryTransport({ clock });
    const feed = createSupervisor(url, { transport, clock });
    feed[command]();
    expect(sockets).toHaveLength(1);
  });
});
