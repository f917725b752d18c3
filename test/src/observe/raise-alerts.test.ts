import { describe, expect, it } from "vitest";
import { later } from "../../../machines/refusal.ts";
import { raiseAlerts, type AlertOptions, type RaisedAlert } from "ws-supervisor/alerts";
import { OptionError } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  promisesSettle,
  startSupervisor,
  type Json,
  type WorldOptions,
} from "../start-supervisor.ts";

const fed = { ...numbered, topics: ["a"], backoff: () => 1_000, name: "quotes" };

/** A connection that is up, and what sinks are told of it, as short lines. */
function watch(given: Partial<AlertOptions> = {}, options: WorldOptions<Json> = {}) {
  const world = startSupervisor<Json>({ ...fed, ...options }).comesUp();
  const told: RaisedAlert[] = [];
  const sinks = [(alert: RaisedAlert) => void told.push(alert)];
  const alerts = raiseAlerts(world.feed, { sinks, clock: world.clock, ...given });
  const lines = () => told.map(({ status, severity, text }) => `${status} ${severity} ${text}`);
  /** The connection drops, and every dial fails for so long; then it comes up. */
  const isAwayFor = (seconds: number) => {
    world.socket.drops("ECONNRESET");
    for (let second = 1; second < seconds; second += 1) {
      world.waitsItsTurn();
      world.socket.drops("ECONNREFUSED");
    }
    world.waitsItsTurn();
    world.comesUp();
  };
  return { world, told, alerts, lines, isAwayFor };
}

describe("an outage", () => {
  it("is told once, and when it is over how long it was and what was missed", () => {
    const { world, lines, isAwayFor, told, alerts } = watch();
    world.receives({ s: "a", n: 1 }, { s: "b", n: 1 });
    isAwayFor(42);
    world.receives({ s: "a", n: 110 }, { s: "b", n: 12 });
    expect(alerts.firing.length).toBe(1);
    world.clock.advance(5_000);
    expect(lines()).toEqual([
      "firing warning quotes: handshake-cut (ECONNREFUSED) in phase upgrade",
      "resolved warning quotes: recovered after 42.00 s, 118 numbers in 2 gaps",
    ]);
    expect(told.map(({ key, kind, count }) => [key, kind, count])).toEqual([
      ["quotes/outage", "outage", 5],
      ["quotes/outage", "outage", 42],
    ]);
    expect(alerts.firing).toEqual([]);
  });

  it("is nobody's business while it is shorter than the grace", () => {
    const { world, lines, isAwayFor } = watch();
    isAwayFor(4);
    world.clock.advance(60_000);
    expect(lines()).toEqual([]);
  });

  it("is told the moment the grace is over, not before", () => {
    const { world, lines } = watch({ graceMs: 500 });
    world.socket.drops("ECONNRESET");
    world.clock.advance(499);
    expect(lines()).toEqual([]);
    world.clock.advance(1);
    expect(lines()).toEqual(["firing warning quotes: dropped (ECONNRESET) in phase open"]);
  });

  it("is told again when it has become graver, at once", () => {
    const { world, lines } = watch({}, { longOutageAfterMs: 20_000 });
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn(); // and nobody answers the dial
    world.clock.advance(19_000);
    expect(lines()).toEqual([
      "firing warning quotes: dropped (ECONNRESET) in phase open",
      expect.stringMatching(/^firing critical quotes: down for more than 20\.00 s/),
    ]);
  });

  it("that is final is critical at once, and stays open", () => {
    const { world, lines, alerts } = watch();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.socket.refuses(451);
    world.clock.advance(3_600_000);
    expect(lines()).toEqual([
      expect.stringMatching(/^firing critical quotes: refused for good: http-refusal \(HTTP 451/),
    ]);
    expect(alerts.firing.map(({ severity }) => severity)).toEqual(["critical"]);
  });

  it("that flaps is one outage until it has been over for a moment", () => {
    const { world, lines, isAwayFor } = watch();
    isAwayFor(6);
    world.clock.advance(4_999);
    isAwayFor(6);
    world.clock.advance(4_999);
    expect(lines().length).toBe(1);
    world.clock.advance(1);
    expect(lines().at(-1)).toBe(
      "resolved warning quotes: recovered after 11.00 s, the last of 2 outages, 17.00 s in all",
    );
    expect(lines().length).toBe(2);
  });

  it("rests for the cool-down: another is not told before, and then only if it lasts", () => {
    const { world, lines, isAwayFor } = watch({ coolDownMs: 100_000 });
    isAwayFor(6);
    world.clock.advance(10_000);
    isAwayFor(20);
    world.clock.advance(10_000);
    expect(lines().length).toBe(2);
    isAwayFor(60);
    expect(lines().length).toBe(3);
    expect(lines()[2]).toMatch(/^firing warning/);
  });

  it("that lasts is told again once per cool-down", () => {
    const { world, told } = watch({ coolDownMs: 10_000 }, { longOutageAfterMs: 1e9 });
    world.socket.drops("ECONNRESET");
    for (let second = 0; second < 30; second += 1) {
      world.waitsItsTurn();
      world.socket.drops("ECONNREFUSED");
    }
    const [first] = told;
    expect(told.map(({ atMs }) => atMs - (first?.atMs ?? 0))).toEqual([0, 10_000, 20_000]);
  });

  it("ends with the connection, saying how, without waiting", () => {
    const { world, lines } = watch({ graceMs: 0 });
    world.socket.drops("ECONNRESET");
    world.feed.terminate();
    expect(lines()).toEqual([
      "firing warning quotes: dropped (ECONNRESET) in phase open",
      "resolved warning quotes: closed by its owner",
    ]);
    expect(world.clock.armed).toBe(0);
  });

  it("stays as grave as it was while dials go on failing", () => {
    const { world, told } = watch({}, { longOutageAfterMs: 10_000 });
    world.socket.drops("ECONNRESET");
    for (let second = 0; second < 20; second += 1) {
      world.waitsItsTurn();
      world.socket.drops("ECONNREFUSED");
    }
    world.comesUp();
    world.waitsItsTurn();
    world.comesUp();
    world.clock.advance(5_000);
    expect(told.map(({ severity }) => severity)).toEqual(["warning", "critical", "critical"]);
    expect(told.at(-1)?.status).toBe("resolved");
  });

  it("has not recovered where it came back before that was told", () => {
    const { world, lines, isAwayFor } = watch({ graceMs: 0 });
    isAwayFor(1);
    world.clock.advance(1_000);
    world.socket.drops("ECONNRESET");
    world.feed.terminate();
    expect(lines().at(-1)).toBe("resolved warning quotes: closed by its owner");
  });

  it("says that it recovered where the connection is closed just after", () => {
    const { world, lines, isAwayFor } = watch({ graceMs: 0 });
    isAwayFor(1);
    world.feed.terminate();
    expect(lines().at(-1)).toBe("resolved warning quotes: recovered after 1.00 s");
    expect(world.clock.armed).toBe(0);
  });
});

describe("several outages that are one alert", () => {
  it("are counted and summed when it is over, with what all of them missed", () => {
    const { world, lines, isAwayFor } = watch();
    world.receives({ s: "a", n: 1 });
    isAwayFor(16);
    world.receives({ s: "a", n: 5 });
    isAwayFor(5);
    world.receives({ s: "a", n: 10 });
    world.clock.advance(5_000);
    expect(lines()).toEqual([
      "firing warning quotes: handshake-cut (ECONNREFUSED) in phase upgrade",
      "resolved warning quotes: recovered after 5.00 s, the last of 2 outages, 21.00 s in all, 7 numbers in 2 gaps",
    ]);
  });
});

describe("troubles that just happen", () => {
  it("are told once, counted, and over when they have not happened for a while", () => {
    const { world, lines } = watch({ quietMs: 60_000 });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 3 });
    world.clock.advance(59_999);
    world.receives({ s: "a", n: 5 });
    world.clock.advance(59_999);
    expect(lines()).toEqual(["firing warning quotes: a 2 never came"]);
    world.clock.advance(1);
    expect(lines()[1]).toBe("resolved warning quotes: has not happened again, 2 times");
  });

  it.each([
    ["message-invalid", (world) => world.socket.receives("{")],
    [
      "callback-failed",
      (world) => {
        world.feed.on("up", () => {
          throw new Error("mine");
        });
        world.feed.reconnect();
        world.comesUp();
      },
    ],
  ] as [string, (world: ReturnType<typeof watch>["world"]) => void][])(
    "are of kind %s too",
    (kind, happens) => {
      const { world, told } = watch();
      happens(world);
      expect(told.map((alert) => alert.kind)).toEqual([kind]);
    },
  );

  it("are a gap's own alert where nobody was told of the outage", () => {
    const { world, lines, isAwayFor } = watch();
    world.receives({ s: "a", n: 1 });
    isAwayFor(2);
    world.receives({ s: "a", n: 9 });
    expect(lines()).toEqual(["firing warning quotes: a 2 to 8 (7 numbers) never came"]);
  });
});

describe("troubles of several topics", () => {
  it("are over when the last of them is", () => {
    const { world, lines, told } = watch(
      { settleMs: 0 },
      { topics: ["a", "b"], resubscribe: { retries: 1, requestTimeoutMs: 1_000 } },
    );
    world.feed.subscribe(["c", "d"]);
    world.clock.advance(1_000);
    expect(told.map(({ kind }) => kind)).toEqual(["subscriptions-timed-out"]);
    expect(lines()[0]).toMatch(/^firing warning quotes: no answer for c, d/);
    world.clock.advance(1_500);
    world.confirmsAll();
    world.clock.advance(10_000);
    world.confirmsAll();
    world.clock.advance(10_000);
    expect(told.map(({ status }) => status)).toEqual(["firing", "resolved"]);
    expect(lines()[1]).toBe("resolved warning quotes: answered");
  });
});

describe("topics that are refused", () => {
  it("for now are one alert, which is over when the last is confirmed, or not wanted", () => {
    const { world, lines, told } = watch({ settleMs: 0 });
    world.feed.subscribe(["c", "d"]);
    world.receives({ ack: 2, error: "busy", refusal: later() });
    expect(lines()).toEqual([
      "firing warning quotes: refused for now: c, d (busy); each is asked for again",
    ]);
    world.clock.advance(3_000);
    world.receives({ ack: 3 }, { ack: 4, error: "busy", refusal: later() });
    world.feed.unsubscribe("d");
    world.clock.advance(1_000);
    expect(told.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "topic-refused firing",
      "topic-refused resolved",
    ]);
  });

  it("for good are one alert, which is over when a later socket confirms them", () => {
    const { world, told } = watch({ settleMs: 0 });
    world.feed.subscribe("c");
    world.receives({ ack: 2, error: "no such topic" });
    world.socket.drops();
    world.waitsItsTurn();
    world.comesUp();
    world.clock.advance(1_000);
    expect(told.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "topic-rejected firing",
      "topic-rejected resolved",
    ]);
  });
});

describe("frames that cannot be sent", () => {
  it("are critical at once, and over when one is written", () => {
    const { world, lines } = watch();
    world.socket.refusesFrame = () => new Error("no such bytes");
    for (let sends = 0; sends < 3; sends += 1) void world.feed.send("x");
    world.socket.refusesFrame = undefined;
    void world.feed.send("x");
    world.clock.advance(5_000);
    expect(lines()).toEqual([
      "firing critical quotes: nothing can be sent: the socket refused 3 frames in a row (no such bytes)",
      "resolved critical quotes: frames are written again",
    ]);
  });
});

describe("a recovery that failed", () => {
  it("is over when the last stream of which it is told is whole again", async () => {
    const down = new Set(["a", "b"]);
    const { world, lines } = watch(
      { settleMs: 0 },
      {
        recovery: {
          fetchSnapshot: (stream) =>
            down.has(stream)
              ? Promise.reject(Object.assign(new Error("HTTP 404"), { status: 404 }))
              : Promise.resolve({ data: {}, position: 20 }),
          bridge: (snapshot, { last }) => (last > snapshot ? "apply" : "drop"),
        },
      },
    );
    world.feed.messages();
    world.receives({ s: "a", n: 1 }, { s: "b", n: 1 });
    const lives = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 0.5) {
        await promisesSettle();
        world.clock.advance(500);
      }
    };
    await lives(600);
    expect(lines()).toEqual([
      expect.stringMatching(/^firing warning quotes: [ab] could not be recovered \(6 tries\)/),
    ]);
    const isMadeWhole = async (stream: string) => {
      down.delete(stream);
      await lives(120);
    };
    const over = "resolved warning quotes: whole again";
    await isMadeWhole("a");
    expect(lines()).not.toContain(over);
    await isMadeWhole("b");
    expect(lines()).toContain(over);
  });
});

describe("sinks", () => {
  it("that throw or reject are counted and reported, and hold up nobody", async () => {
    const failures: unknown[] = [];
    const told: string[] = [];
    const { world, alerts } = watch({
      graceMs: 0,
      sinks: [
        () => {
          throw new Error("down");
        },
        () => Promise.reject(new Error("refused")),
        ({ key }) => void told.push(key),
      ],
      onSinkFailed: (error, { key }) => failures.push([(error as Error).message, key]),
    });
    world.socket.drops("ECONNRESET");
    await promisesSettle();
    expect(told).toEqual(["quotes/outage"]);
    expect(failures).toEqual([
      ["down", "quotes/outage"],
      ["refused", "quotes/outage"],
    ]);
    expect(alerts.sinkFailures).toBe(2);
    expect(world.failedCallbacks()).toEqual([]);
  });

  it("get plain data, in which nothing can forge a line", () => {
    const { world, told } = watch();
    const stream = "a\nFATAL\u001B[2J";
    world.receives({ s: stream, n: 1 }, { s: stream, n: 3 });
    expect(told[0]?.text).toBe("quotes: a\\u{a}FATAL\\u{1b}[2J 2 never came");
    expect(structuredClone(told)).toEqual(told);
  });

  it("are tried again, each alert in its turn, and get every alert in order", async () => {
    let isDown = true;
    const got: string[] = [];
    const failures: unknown[] = [];
    const { world, alerts } = watch({
      graceMs: 0,
      sinks: [
        ({ kind }) => {
          if (isDown) return Promise.reject(new Error("busy"));
          got.push(kind);
          return Promise.resolve();
        },
      ],
      onSinkFailed: (_, { kind }, willRetry) => failures.push([kind, willRetry]),
    });
    world.socket.receives("{");
    world.socket.drops("ECONNRESET");
    await promisesSettle();
    world.clock.advance(999);
    await promisesSettle();
    expect(failures).toEqual([["message-invalid", true]]);
    world.clock.advance(1);
    await promisesSettle();
    expect(failures).toHaveLength(2);
    isDown = false;
    world.clock.advance(2_000);
    await promisesSettle();
    expect(got.slice(0, 2)).toEqual(["message-invalid", "outage"]);
    expect([alerts.sinkFailures, alerts.undelivered]).toEqual([2, 0]);
  });

  it("that fail to the end are given up for that alert, and get the next one", async () => {
    const tries: string[] = [];
    const failures: unknown[] = [];
    const { world, alerts } = watch({
      graceMs: 0,
      sinkAttempts: 2,
      sinks: [
        ({ kind }) => {
          tries.push(kind);
          if (kind !== "outage") throw Object.assign(new Error("no"), { retryable: false });
          throw new Error("busy");
        },
      ],
      onSinkFailed: (_, { kind }, willRetry) => failures.push([kind, willRetry]),
    });
    world.socket.drops("ECONNRESET");
    world.clock.advance(1_000);
    world.comesUp();
    world.socket.receives("{");
    expect(tries).toEqual(["outage", "outage", "message-invalid"]);
    expect(failures).toEqual([
      ["outage", true],
      ["outage", false],
      ["message-invalid", false],
    ]);
    expect(alerts.undelivered).toBe(2);
  });

  it("that never answer hold up their own alerts only, and not for ever", async () => {
    const failures: string[] = [];
    const asked: string[] = [];
    const { world, told } = watch({ graceMs: 0 });
    const alerts = raiseAlerts(world.feed, {
      clock: world.clock,
      graceMs: 0,
      sinkAttempts: 1,
      sinkTimeoutMs: 3_000,
      sinks: [
        ({ kind }) => {
          asked.push(kind);
          return new Promise(() => undefined);
        },
      ],
      onSinkFailed: (error) => failures.push((error as Error).message),
    });
    world.socket.receives("{");
    world.socket.drops("ECONNRESET");
    expect(told).toHaveLength(2);
    expect(asked).toEqual(["message-invalid"]);
    world.clock.advance(3_000);
    await promisesSettle();
    expect(asked.slice(0, 2)).toEqual(["message-invalid", "outage"]);
    expect(failures[0]).toBe("the sink has not answered within 3000 ms");
    expect(alerts.undelivered).toBe(1);
  });

  it("have at most a thousand alerts waiting: the oldest are given up, and counted", () => {
    const { world } = watch();
    const dropped: string[] = [];
    const alerts = raiseAlerts(world.feed, {
      clock: world.clock,
      graceMs: 0,
      coolDownMs: 0,
      sinks: [() => new Promise(() => undefined)],
      onSinkFailed: (error) => dropped.push((error as Error).message),
    });
    for (let times = 0; times < 1_003; times += 1) world.socket.receives("{");
    expect(alerts.undelivered).toBe(2); // one is with the sink
    expect(dropped[0]).toBe("too many alerts wait for this sink");
  });

  it("are told what is over, and awaited, by end()", async () => {
    const got: string[] = [];
    let letGo = (): void => undefined;
    const { world, alerts, isAwayFor } = watch({
      graceMs: 0,
      sinks: [
        ({ status, text }) =>
          new Promise<void>((resolve) => {
            letGo = () => {
              got.push(`${status} ${text}`);
              resolve();
            };
          }),
      ],
    });
    isAwayFor(2);
    let isOver = false;
    const ended = alerts.end().then(() => (isOver = true));
    await promisesSettle();
    expect(isOver).toBe(false);
    letGo();
    await promisesSettle();
    expect(isOver).toBe(false);
    letGo();
    await ended;
    expect(got).toEqual([
      "firing quotes: dropped (ECONNRESET) in phase open",
      "resolved quotes: recovered after 2.00 s",
    ]);
    world.feed.terminate();
    expect(world.clock.armed).toBe(0);
    expect(alerts.end()).toBe(alerts.end());
  });

  it("that do not answer do not hold end() up for ever: what they have not got is reported", async () => {
    const failures: (readonly unknown[])[] = [];
    const { world, alerts } = watch({
      graceMs: 0,
      flushTimeoutMs: 2_000,
      sinks: [() => new Promise(() => undefined), () => Promise.reject(new Error("down"))],
      onSinkFailed: (error, { kind, status }, willRetry) =>
        failures.push([(error as Error).message, kind, status, willRetry]),
    });
    world.socket.drops("ECONNRESET");
    world.feed.terminate();
    await promisesSettle();
    let isOver = false;
    void alerts.end().then(() => (isOver = true));
    await promisesSettle();
    world.clock.advance(1_999);
    await promisesSettle();
    expect(isOver).toBe(false);
    world.clock.advance(1);
    await promisesSettle();
    expect(isOver).toBe(true);
    const late = "not delivered before the end of the watch";
    expect(failures.filter(([message]) => message === late)).toEqual([
      [late, "outage", "firing", false],
      [late, "outage", "resolved", false],
      [late, "outage", "firing", false],
      [late, "outage", "resolved", false],
    ]);
    expect(alerts.undelivered).toBe(4);
    expect(world.clock.armed).toBe(0);
  });

  it("are told nothing after end(), and no timer is left", async () => {
    const { world, alerts, told } = watch();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    world.feed.terminate();
    world.socket.drops();
    await alerts.end();
    expect(told).toEqual([]);
    expect(world.clock.armed).toBe(0);
  });
});

describe("the options of raiseAlerts", () => {
  const sink = (): void => undefined;
  const { feed } = startSupervisor(everySecond);
  it.each([
    [{ sinks: [] }, "sinks: expected an array of one function or more, received an array"],
    [{ sinks: [5] }, "sinks[0]: expected a function, received 5"],
    [{}, "sinks: expected an array"],
    [{ sinks: [sink], graceMs: -1 }, "graceMs: expected milliseconds from 0"],
    [{ sinks: [sink], cooldownMs: 1 }, "cooldownMs: expected a known option, such as coolDownMs"],
    [{ sinks: [sink], onSinkFailed: 1 }, "onSinkFailed: expected a function"],
    [{ sinks: [sink], sinkAttempts: 0 }, "sinkAttempts: expected an integer from 1 to 10"],
    [{ sinks: [sink], sinkTimeoutMs: 0 }, "sinkTimeoutMs: expected milliseconds from 1"],
    [{ sinks: [sink], flushTimeoutMs: -1 }, "flushTimeoutMs: expected milliseconds from 0"],
  ])("are checked: %j", (options, message) => {
    const raise = () => raiseAlerts(feed, options as unknown as AlertOptions);
    expect(raise).toThrow(OptionError);
    expect(raise).toThrow(message);
  });
});
