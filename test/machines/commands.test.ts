import { createActor, setup } from "xstate";
import { describe, expect, it } from "vitest";
import { connectionMachine, type Loss, type VerdictPolicy } from "../../machines/index.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import {
  defaultPolicy,
  dropped,
  FakeLink,
  startConnection,
  type RunningConnection,
} from "./start-connection.ts";

const refusedForGood: Loss = { class: "config", phase: "resolve" };
const everyMinute = { backoff: () => 60_000 } as const;

/** How a test gets to each state in which `reconnect` dials. */
const roads: Record<string, (connection: RunningConnection) => void> = {
  connecting: () => {},
  connected: (connection) => connection.comesUp(),
  reconnecting: (connection) => connection.socket.ends(),
  failed: (connection) => connection.socket.ends(refusedForGood),
};
const states = Object.keys(roads);

/** Uses up the bucket's five tokens. */
function spendAll(connection: RunningConnection): void {
  for (let time = 0; time < 5; time += 1) connection.actor.send({ type: "reconnect" });
}

function stateOf(connection: RunningConnection): string {
  return connection.state().split(".")[0] ?? "";
}

describe.each(states)("commands in %s", (state) => {
  const go = roads[state] ?? (() => {});

  it("dial five times at once, and then wait for a token", () => {
    const connection = startConnection(everyMinute);
    spendAll(connection);
    expect(connection.dials).toBe(6);
    expect(connection.heard("command.delayed")).toEqual([]);
    go(connection);
    expect(stateOf(connection)).toBe(state);
    connection.clock.advance(1_000);

    connection.actor.send({ type: "reconnect" });

    expect(connection.state()).toBe("reconnecting");
    expect(connection.dials).toBe(6);
    expect(connection.link.socketsOpen).toBe(0);
    expect(connection.heard("command.delayed")).toEqual([
      { type: "command.delayed", command: "reconnect", retryInMs: 4_000 },
    ]);
    expect(connection.actor.getSnapshot().context.retryInMs).toBe(4_000);
    connection.clock.advance(3_999);
    expect(connection.dials).toBe(6);
    connection.clock.advance(1);
    expect(connection.dials).toBe(7);
    expect(connection.socket.attempt.reason).toBe("command");
    connection.clock.advance(9_000);
    expect(connection.dials).toBe(7);
  });

  it("that wait are one command, however many are given", () => {
    const connection = startConnection(everyMinute);
    spendAll(connection);
    go(connection);

    for (let time = 0; time < 100; time += 1) {
      connection.actor.send({ type: time % 2 === 0 ? "reconnect" : "connect" });
    }

    expect(connection.heard("command.delayed")).toHaveLength(1);
    connection.clock.advance(5_000);
    expect(connection.dials).toBe(7);
    connection.comesUp();
    connection.clock.advance(3_600_000);
    expect(connection.dials).toBe(7);
  });

  it("that wait give way to close and terminate, which wait for nothing", () => {
    for (const type of ["close", "terminate"] as const) {
      const connection = startConnection(everyMinute);
      spendAll(connection);
      go(connection);
      connection.actor.send({ type: "reconnect" });

      connection.actor.send({ type });

      expect(connection.state()).toBe("closed");
      expect(connection.clock.armed).toBe(0);
      connection.clock.advance(60_000);
      expect(connection.dials).toBe(6);
    }
  });
});

describe("a command", () => {
  it.each(["connect", "reconnect"] as const)(
    "`%s` in every failed attempt's listener is no hot loop",
    (type) => {
      const connection = startConnection();
      connection.link.onDial = () => {
        connection.clock.setTimeout(() => connection.socket.ends(), 5);
      };
      connection.actor.on("attempt.failed", () => connection.actor.send({ type }));
      connection.socket.ends();

      connection.clock.advance(60_000);

      expect(connection.dials).toBeLessThanOrEqual(1 + 5 + 12 + 20);
      expect(connection.dials).toBeGreaterThan(10);
    },
  );

  it("`reconnect` in each listener of `up` and of `command.delayed` is none either", () => {
    const connection = startConnection({ onDial: (socket) => (socket.opens(), socket.settles()) });
    const again = () => connection.actor.send({ type: "reconnect" });
    connection.actor.on("command.delayed", again);
    connection.actor.on("up", again);
    again();

    connection.clock.advance(60_000);

    expect(connection.dials).toBeLessThanOrEqual(2 + 5 + 12);
  });

  it("`connect` in each listener of `failed` is none either", () => {
    const connection = startConnection();
    connection.link.onDial = (socket) => socket.ends(refusedForGood);
    connection.actor.on("failed", () => connection.actor.send({ type: "connect" }));
    connection.socket.ends(refusedForGood);

    connection.clock.advance(60_000);

    expect(connection.dials).toBe(1 + 5 + 12);
  });

  it("that has to wait longer than the next attempt changes nothing, and says so once", () => {
    const connection = startConnection({ backoff: () => 2_000 });
    spendAll(connection);
    connection.socket.ends();
    connection.clock.advance(500);

    connection.actor.send({ type: "connect" });
    connection.actor.send({ type: "connect" });

    expect(connection.heard("command.delayed")).toEqual([
      { type: "command.delayed", command: "connect", retryInMs: 1_500 },
    ]);
    connection.clock.advance(1_500);
    expect(connection.dials).toBe(7);
    expect(connection.socket.attempt.reason).toBe("retry");
    // The token is still to come, and was not taken by that attempt.
    connection.clock.advance(3_000);
    connection.actor.send({ type: "reconnect" });
    expect(connection.dials).toBe(8);
  });

  it("that has nothing to do takes no token", () => {
    const connection = startConnection();
    for (let time = 0; time < 50; time += 1) connection.actor.send({ type: "connect" });
    connection.comesUp();
    for (let time = 0; time < 50; time += 1) connection.actor.send({ type: "connect" });

    spendAll(connection);

    expect(connection.dials).toBe(6);
  });

  it("finds a token again after five seconds, and five of them after 25", () => {
    const connection = startConnection();
    spendAll(connection);
    connection.clock.advance(5_000);
    connection.actor.send({ type: "reconnect" });
    expect(connection.dials).toBe(7);

    connection.comesUp();
    connection.clock.advance(25_000);
    spendAll(connection);
    expect(connection.dials).toBe(12);
    connection.actor.send({ type: "reconnect" });
    expect(connection.dials).toBe(12);
  });

  it("is not the retries' business: these have a budget of their own", () => {
    const connection = startConnection({ backoff: () => 1_000 });
    spendAll(connection);
    connection.socket.ends();

    connection.clock.advance(1_000);

    expect(connection.dials).toBe(7);
  });

  it("that waits in `failed` starts a young outage", () => {
    const connection = startConnection();
    spendAll(connection);
    connection.socket.ends(refusedForGood);

    connection.actor.send({ type: "connect" });

    expect(connection.state()).toBe("reconnecting");
    expect(connection.actor.getSnapshot().context).toMatchObject({ failures: 0, history: [] });
  });

  it("obeys in a chart that embeds the connection", () => {
    const clock = new VirtualClock();
    const link = new FakeLink(clock);
    const owner = setup({ actors: { connection: connectionMachine } }).createMachine({
      invoke: {
        id: "feed",
        src: "connection",
        input: { link, policy: defaultPolicy, seed: 1 },
      },
    });
    const actor = createActor(owner, { clock }).start();
    const { feed } = actor.getSnapshot().children;

    for (let time = 0; time < 50; time += 1) feed?.send({ type: "reconnect" });
    expect(link.sockets).toHaveLength(6);
    clock.advance(5_000);
    expect(link.sockets).toHaveLength(7);
  });
});

describe("a rule that says at once", () => {
  const now: VerdictPolicy = {
    rules: [],
    credentials: "fixed",
    custom: () => ({ action: "now" }),
  };

  it("spends the retry budget, also where a server lets in and closes within a millisecond", () => {
    const connection = startConnection({
      verdict: now,
      retryBudget: { attempts: 3, perMs: 30_000 },
      onDial: (socket) => (socket.opens(), socket.settles(), socket.ends(dropped)),
    });

    connection.clock.advance(60_000);

    expect(connection.dials).toBeLessThanOrEqual(3 + 6);
  });

  it("is no way around it for a planned rotation: a server that always says that it goes away", () => {
    const connection = startConnection({
      retryBudget: { attempts: 3, perMs: 30_000 },
      onDial: (socket) => (socket.opens(), socket.settles(), socket.isExpiring(0)),
    });

    connection.clock.advance(60_000);

    expect(connection.dials).toBeLessThanOrEqual(3 + 6 + 1);
  });
});

describe("an endpoint that was ready once", () => {
  const notFound: Loss = { class: "http-refusal", phase: "upgrade", status: 404 };
  /** Refuses each dial, for `forMs`. */
  const refuseFor = (connection: RunningConnection, forMs: number): void => {
    connection.link.onDial = (socket) => socket.ends(notFound);
    connection.clock.advance(forMs);
  };

  it("is tried for as long as it is gone, at most 100 s apart, with one alert", () => {
    const connection = startConnection();
    connection.comesUp();
    connection.socket.ends();
    refuseFor(connection, 86_400_000);

    expect(connection.state()).toBe("reconnecting");
    expect(
      Math.max(...connection.announcedWaits().map((ms) => ms ?? Infinity)),
    ).toBeLessThanOrEqual(100_000);
    expect(connection.alerts("loss")).toHaveLength(1);
    expect(connection.alerts("failed")).toEqual([]);
  });

  it("is not forgotten by `connect` after `failed`", () => {
    const connection = startConnection({ maxRetries: 5 });
    connection.comesUp();
    connection.socket.ends();
    refuseFor(connection, 3_600_000);
    expect(connection.heard("failed").at(-1)?.rule).toBe("http-wrong-endpoint");

    connection.actor.send({ type: "connect" });
    refuseFor(connection, 130_000);

    expect(connection.state()).toBe("reconnecting");
  });

  it("is given up where `maxRetries` says so, and one that never was ready as ever", () => {
    const never = startConnection();
    never.link.onDial = (socket) => socket.ends(notFound);
    never.socket.ends(notFound);
    never.clock.advance(600_000);
    expect(never.state()).toBe("failed");
    expect(never.dials).toBe(4);
  });
});
