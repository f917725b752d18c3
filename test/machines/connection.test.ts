import { createActor, setup, type ActorRefFrom, type InspectionEvent } from "xstate";
import { describe, expect, it } from "vitest";
import { connectionMachine, type Loss, type VerdictPolicy } from "../../machines/index.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import {
  defaultPolicy,
  dropped,
  FakeLink,
  httpRefusal,
  startConnection,
  type RunningConnection,
  type StartOptions,
} from "./start-connection.ts";

const refused: Loss = httpRefusal(451);
/** A backoff without chance in it, where chance is not the point. */
const everySecond = { backoff: () => 1_000 } as const;
const renewable: VerdictPolicy = { rules: [], credentials: "renewable" };

/** How a test gets to each state. */
const roads = {
  connecting: () => {},
  "connected.resubscribing": (connection) => connection.socket.opens(),
  "connected.probation": (connection) => connection.comesUp(),
  "connected.stable": (connection) => connection.becomesStable(),
  reconnecting: (connection) => connection.socket.ends(),
  failed: (connection) => connection.socket.ends(refused),
  closing: (connection) => {
    connection.socket.opens();
    connection.actor.send({ type: "close" });
  },
} satisfies Record<string, (connection: RunningConnection) => void>;
type Reachable = keyof typeof roads;
const everywhere = Object.keys(roads) as Reachable[];

function startIn(state: Reachable, options?: StartOptions): RunningConnection {
  const connection = startConnection(options);
  roads[state](connection);
  expect(connection.state()).toBe(state);
  return connection;
}

describe("an attempt that failed as it began, and was over before that was heard", () => {
  it("is not charged to the attempt that a command made meanwhile", () => {
    const connection = startConnection(everySecond);
    const atMs = connection.clock.nowMs();
    connection.actor.send({ type: "reconnect" });
    connection.actor.send({ type: "socket.ended", loss: dropped, atMs, attempt: 1 });
    expect(connection.state()).toBe("connecting");
    connection.actor.send({ type: "socket.ended", loss: dropped, atMs, attempt: 2 });
    expect(connection.state()).toBe("reconnecting");
  });
});

describe("a connection that starts", () => {
  it("attaches its link before anything else, then dials", () => {
    const { link, actor, socket } = startConnection();

    expect(link.calls).toEqual(["attach", "holdSends", "dial"]);
    expect(link.owner).toBe(actor);
    expect(socket.attempt).toEqual({ reason: "first", number: 1 });
  });

  it("opens no desk for its recoveries before one is wanted", () => {
    const connection = startConnection();
    connection.comesUp();
    expect(connection.link.recoveries.calls).toEqual([]);
    expect(Object.keys(connection.actor.getSnapshot().children)).not.toContain("recoveries");
  });

  it("opens one desk for its recoveries, which outlives its sockets and ends with it", () => {
    const connection = startConnection(everySecond);
    connection.comesUp();
    connection.socket.wantsDesk();
    const desk = connection.actor.getSnapshot().children.recoveries;
    connection.socket.ends();
    connection.waitsItsTurn();
    connection.comesUp();
    expect(connection.actor.getSnapshot().children.recoveries).toBe(desk);
    expect(connection.link.recoveries.calls).toEqual(["attach"]);
    expect(desk?.getSnapshot().status).toBe("active");

    connection.actor.send({ type: "terminate" });
    expect(desk?.getSnapshot().status).toBe("stopped");
  });

  it("has nothing to tell of the past", () => {
    const { context } = startConnection().actor.getSnapshot();

    expect(context).toMatchObject({
      attempt: 1,
      phase: "resolve",
      failures: 0,
      isUp: false,
      lastLoss: null,
      lastVerdict: null,
      retryInMs: null,
      isBudgetEmpty: false,
      history: [],
      renewal: { isDue: false, calls: 0 },
      wasReady: false,
    });
  });

  it("replays once the socket is open, is up once that has settled, and is stable in the end", () => {
    const connection = startConnection();
    expect(connection.state()).toBe("connecting");

    connection.socket.opens();
    expect(connection.state()).toBe("connected.resubscribing");
    expect(connection.link.mode).toBe("replaying");
    expect(connection.facts).toEqual([]);

    connection.settles();
    expect(connection.state()).toBe("connected.probation");
    expect(connection.link.mode).toBe("sending");
    expect(connection.facts).toEqual([{ type: "up", attempt: 1 }]);

    connection.clock.advance(9_999);
    expect(connection.state()).toBe("connected.probation");
    connection.clock.advance(1);
    expect(connection.state()).toBe("connected.stable");
    expect(connection.facts).toHaveLength(1);
    expect(connection.count("startSending")).toBe(1);
  });

  it("takes facts that come before `dial` has returned", () => {
    const connection = startConnection({
      onDial: (socket) => {
        socket.opens();
        socket.settles();
      },
    });

    expect(connection.state()).toBe("connected.probation");
  });

  it("ignores a settled replay that nobody waits for", () => {
    const connection = startIn("connected.stable");

    connection.settles();

    expect(connection.state()).toBe("connected.stable");
    expect(connection.heard("up")).toHaveLength(1);
  });

  it("has nothing to do when told to connect while it does", () => {
    for (const state of ["connecting", "connected.resubscribing", "connected.stable"] as const) {
      const connection = startIn(state);

      connection.actor.send({ type: "connect" });

      expect(connection.state()).toBe(state);
      expect(connection.dials).toBe(1);
    }
  });
});

describe("the deadline of an attempt", () => {
  it("covers the whole attempt, however much progress there was", () => {
    const connection = startConnection({ ...everySecond, connectTimeoutMs: 500 });

    for (const phase of ["dns", "tcp", "tls", "upgrade"] as const) {
      connection.clock.advance(100);
      connection.socket.progresses(phase);
    }
    connection.clock.advance(99);
    expect(connection.state()).toBe("connecting");
    connection.clock.advance(1);
    expect(connection.state()).toBe("reconnecting");
    expect(connection.link.socketsOpen).toBe(0);
  });

  it("names the phase that it ran out in", () => {
    const connection = startConnection();
    connection.clock.advance(10_000);
    connection.waitsItsTurn();
    connection.socket.progresses("tls");
    connection.clock.advance(10_000);
    connection.waitsItsTurn();
    connection.clock.advance(10_000);

    expect(connection.heard("attempt.failed").map(({ loss }) => loss)).toEqual([
      { class: "handshake-timeout", phase: "resolve" },
      { class: "handshake-timeout", phase: "tls" },
      { class: "handshake-timeout", phase: "resolve" },
    ]);
  });

  it("is over once the socket is open", () => {
    const connection = startIn("connected.resubscribing", { connectTimeoutMs: 500 });

    connection.clock.advance(1_000);

    expect(connection.state()).toBe("connected.resubscribing");
  });

  it("begins anew with each attempt", () => {
    const connection = startConnection({ connectTimeoutMs: 500 });
    connection.clock.advance(400);
    connection.actor.send({ type: "reconnect" });

    connection.clock.advance(499);
    expect(connection.state()).toBe("connecting");
    connection.clock.advance(1);
    expect(connection.state()).toBe("reconnecting");
  });

  it("ends an attempt that is part of the outage: it counts from the dial", () => {
    const outages: number[] = [];
    const connection = startConnection({
      backoff: ({ outageMs }) => {
        outages.push(outageMs);
        return 1_000;
      },
    });

    connection.clock.advance(21_000);

    expect(outages).toEqual([10_000, 21_000]);
  });
});

describe("the replay of subscriptions", () => {
  it("happens exactly once on each socket, as the connection opens", () => {
    const connection = startConnection(everySecond);
    for (let socket = 1; socket <= 3; socket += 1) {
      connection.becomesStable();
      expect(connection.count("replaySubscriptions")).toBe(socket);
      connection.socket.ends();
      connection.clock.advance(1_000);
      expect(connection.dials).toBe(socket + 1);
    }
  });

  it("is not asked for on a socket that never opened", () => {
    const connection = startConnection(everySecond);

    connection.socket.ends();
    connection.clock.advance(1_000);
    connection.socket.ends();

    expect(connection.count("replaySubscriptions")).toBe(0);
  });

  it("that never settles is abandoned at its deadline, and the connection is up all the same", () => {
    const connection = startIn("connected.resubscribing");

    connection.clock.advance(9_999);
    expect(connection.state()).toBe("connected.resubscribing");
    expect(connection.count("abandonReplay")).toBe(0);
    connection.clock.advance(1);
    expect(connection.state()).toBe("connected.probation");
    expect(connection.link.calls.slice(-2)).toEqual(["abandonReplay", "startSending"]);
    expect(connection.heard("up")).toHaveLength(1);
  });

  it("that settles is not abandoned", () => {
    const connection = startIn("connected.probation");

    connection.clock.advance(60_000);

    expect(connection.count("abandonReplay")).toBe(0);
  });
});

describe("a connection whose socket ends", () => {
  it("waits out the backoff before it dials again", () => {
    const connection = startIn("connected.stable", { backoff: () => 500 });
    connection.socket.ends();
    expect(connection.state()).toBe("reconnecting");

    connection.clock.advance(499);
    expect(connection.state()).toBe("reconnecting");
    connection.clock.advance(1);
    expect(connection.state()).toBe("connecting");
    expect(connection.socket.attempt).toEqual({ reason: "retry", number: 1 });
  });

  it("holds sends from then until it is ready again", () => {
    const connection = startIn("connected.stable", everySecond);

    connection.socket.ends();
    expect(connection.link.mode).toBe("holding");
    connection.clock.advance(1_000);
    expect(connection.link.mode).toBe("holding");
    connection.comesUp();
    expect(connection.link.mode).toBe("sending");
  });

  it("counts its dials until it is up, and then from one", () => {
    const connection = startConnection(everySecond);
    connection.socket.ends();
    connection.clock.advance(1_000);
    connection.socket.ends();
    connection.clock.advance(1_000);
    expect(connection.socket.attempt.number).toBe(3);
    connection.comesUp();
    expect(connection.heard("up")).toEqual([{ type: "up", attempt: 3 }]);

    connection.socket.ends();
    connection.clock.advance(1_000);
    expect(connection.socket.attempt.number).toBe(1);
  });

  it("says `down` once, `attempt.failed` for each dial of the outage, then `up`", () => {
    const connection = startConnection(everySecond);
    connection.comesUp();
    connection.socket.ends();
    connection.clock.advance(1_000);
    connection.socket.ends(httpRefusal(502));
    connection.clock.advance(1_000);
    connection.socket.opens();
    connection.socket.ends(); // open, but not yet ready
    connection.clock.advance(1_000);
    connection.comesUp();
    connection.socket.ends();

    expect(connection.facts).toEqual([
      { type: "up", attempt: 1 },
      { type: "down", loss: dropped, rule: "dropped", retryInMs: 1_000 },
      {
        type: "attempt.failed",
        loss: httpRefusal(502),
        rule: "http-server",
        attempt: 1,
        failures: 2,
        retryInMs: 1_000,
      },
      {
        type: "attempt.failed",
        loss: dropped,
        rule: "dropped",
        attempt: 2,
        failures: 3,
        retryInMs: 1_000,
      },
      { type: "up", attempt: 3 },
      { type: "down", loss: dropped, rule: "dropped", retryInMs: 1_000 },
    ]);
  });

  it("tells the backoff what it may know", () => {
    const told: unknown[] = [];
    const connection = startConnection({
      backoff: ({ failures, previousMs, outageMs, isLongOutage }) => {
        told.push({ failures, previousMs, outageMs, isLongOutage });
        return failures * 1_000;
      },
    });
    connection.becomesStable();
    for (let failure = 0; failure < 3; failure += 1) {
      connection.socket.ends();
      connection.waitsItsTurn();
    }
    connection.becomesStable();
    connection.socket.ends();

    expect(told).toEqual([
      { failures: 1, previousMs: 0, outageMs: 0, isLongOutage: false },
      { failures: 2, previousMs: 1_000, outageMs: 1_000, isLongOutage: false },
      { failures: 3, previousMs: 2_000, outageMs: 3_000, isLongOutage: false },
      { failures: 1, previousMs: 0, outageMs: 0, isLongOutage: false },
    ]);
  });

  it("says what the verdict's table wants said", () => {
    const loss: Loss = { class: "tls-trust", phase: "tls", code: "CERT_HAS_EXPIRED" };
    const connection = startConnection();

    connection.socket.ends(loss);

    expect(connection.alerts("loss")).toEqual([{ kind: "loss", loss, rule: "tls-trust" }]);
  });
});

describe("past failures", () => {
  const growing = { backoff: ({ failures }: { failures: number }) => failures * 1_000 } as const;

  it("are forgiven when stable, not a millisecond sooner", () => {
    for (const [aliveMs, waitMs] of [
      [9_999, 3_000],
      [10_000, 1_000],
    ] as const) {
      const connection = startConnection(growing);
      connection.socket.ends();
      connection.waitsItsTurn();
      connection.socket.ends();
      connection.waitsItsTurn();
      connection.comesUp();

      connection.clock.advance(aliveMs);
      connection.socket.ends();

      expect(connection.announcedWaits()).toEqual([1_000, 2_000, waitMs]);
    }
  });

  it("are not forgiven by an open socket: who accepts and drops sees growing waits", () => {
    const connection = startConnection(growing);
    for (let flap = 0; flap < 5; flap += 1) {
      connection.comesUp();
      connection.clock.advance(40);
      connection.socket.ends();
      connection.waitsItsTurn();
    }

    expect(connection.announcedWaits()).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  it("stay in the history all the same: three in five minutes outlive a success, slowly", () => {
    const loss: Loss = { class: "closed-by-peer", phase: "open", closeCode: 1002 };
    const connection = startConnection(everySecond);
    for (let time = 1; time <= 3; time += 1) {
      connection.becomesStable();
      connection.socket.ends(loss);
      connection.waitsItsTurn();
    }

    const [first, second, third] = connection.announcedWaits();
    expect([first, second]).toEqual([1_000, 1_000]);
    expect(third).toBeGreaterThanOrEqual(30_000);
  });
});

describe("the heartbeat of a connection", () => {
  it("expires, and the socket is dropped without waiting for it to close", () => {
    const connection = startIn("connected.stable", everySecond);
    connection.link.peerFallsSilent();

    connection.clock.advance(19_999);
    expect(connection.state()).toBe("connected.stable");
    expect(connection.link.probes).toBe(1);
    connection.clock.advance(1);
    expect(connection.state()).toBe("reconnecting");
    expect(connection.link.socketsOpen).toBe(0);
    expect(connection.link.closes).toEqual([]);
    expect(connection.heard("down")).toEqual([
      {
        type: "down",
        loss: { class: "silent", phase: "open", silentMs: 20_000 },
        rule: "silent",
        retryInMs: 1_000,
      },
    ]);
  });

  it("begins anew with each socket", () => {
    const connection = startIn("connected.probation", everySecond);
    connection.clock.advance(14_000);
    connection.socket.ends();
    connection.clock.advance(1_000);
    connection.comesUp();
    connection.link.peerFallsSilent();

    connection.clock.advance(19_999);
    expect(connection.state()).toBe("connected.stable");
    connection.clock.advance(1);
    expect(connection.state()).toBe("reconnecting");
  });

  it("never troubles a connection whose peer talks", () => {
    const connection = startIn("connected.stable");

    connection.clock.advance(3_600_000);

    expect(connection.state()).toBe("connected.stable");
    expect(connection.link.probes).toBe(0);
  });

  it("is not there when it is not wanted", () => {
    const connection = startIn("connected.stable", { heartbeat: null });
    connection.link.peerFallsSilent();

    expect(connection.clock.armed).toBe(0);
    connection.clock.advance(3_600_000);
    expect(connection.state()).toBe("connected.stable");
  });
});

describe("maxRetries", () => {
  it.each([0, 1, 3])(
    "%i allows so many dials after the first failure, then `failed`",
    (retries) => {
      const connection = startConnection({ ...everySecond, maxRetries: retries });
      for (let retry = 0; retry < retries; retry += 1) {
        connection.socket.ends();
        expect(connection.state()).toBe("reconnecting");
        connection.clock.advance(1_000);
      }
      connection.socket.ends();

      expect(connection.state()).toBe("failed");
      expect(connection.dials).toBe(retries + 1);
      expect(connection.alerts("failed")).toEqual([
        { kind: "failed", cause: "retries-exhausted", loss: dropped, rule: "dropped" },
      ]);
      expect(connection.heard("failed")).toEqual([
        { type: "failed", loss: dropped, rule: "dropped" },
      ]);
      expect(connection.announcedWaits().at(-1)).toBe(null);
    },
  );

  it("of 0 ends an established connection at its first loss", () => {
    const connection = startIn("connected.stable", { maxRetries: 0 });

    connection.socket.ends();

    expect(connection.state()).toBe("failed");
    expect(connection.facts.map(({ type }) => type)).toEqual(["up", "down", "alert", "failed"]);
  });

  it("is counted anew after a stable connection", () => {
    const connection = startConnection({ ...everySecond, maxRetries: 1 });
    for (let outage = 0; outage < 5; outage += 1) {
      connection.becomesStable();
      connection.socket.ends();
      connection.clock.advance(1_000);
    }

    expect(connection.state()).toBe("connecting");
  });
});

describe("a connection that is refused", () => {
  it.each(["connecting", "connected.resubscribing", "connected.stable"] as const)(
    "fails from %s, at once and with an alert",
    (state) => {
      const connection = startIn(state);

      connection.socket.ends(refused);

      expect(connection.state()).toBe("failed");
      expect(connection.link.socketsOpen).toBe(0);
      expect(connection.link.mode).toBe("holding");
      expect(connection.alerts("failed")).toEqual([
        { kind: "failed", cause: "refused", loss: refused, rule: "http-legal" },
      ]);
      expect(connection.heard("failed")).toHaveLength(1);
      expect(connection.announcedWaits()).toEqual([null]);
    },
  );

  it("rests: nothing is armed and nothing happens any more", () => {
    for (const state of ["connecting", "connected.stable"] as const) {
      const connection = startIn(state);
      connection.socket.ends(refused);
      const heard = connection.facts.length;

      expect(connection.clock.armed).toBe(0);
      connection.clock.advance(86_400_000);
      expect(connection.dials).toBe(1);
      expect(connection.facts).toHaveLength(heard);
    }
  });

  it.each(["connect", "reconnect"] as const)("starts over with a fresh history on `%s`", (type) => {
    const loss: Loss = { class: "closed-by-peer", phase: "open", closeCode: 1002 };
    const connection = startConnection({ backoff: ({ failures }) => failures * 1_000 });
    connection.socket.ends(loss);
    connection.waitsItsTurn();
    connection.socket.ends(loss);
    connection.waitsItsTurn();
    connection.socket.ends(loss);
    expect(connection.state()).toBe("failed");

    connection.actor.send({ type });
    expect(connection.state()).toBe("connecting");
    expect(connection.socket.attempt.reason).toBe("command");
    connection.socket.ends(loss);
    expect(connection.state()).toBe("reconnecting");
    expect(connection.announcedWaits()).toEqual([1_000, 2_000, null, 1_000]);
  });

  it.each(["connect", "reconnect"] as const)("has a young outage after `%s`", (type) => {
    const outages: { outageMs: number; isLongOutage: boolean }[] = [];
    const connection = startConnection({
      backoff: ({ outageMs, isLongOutage }) => {
        outages.push({ outageMs, isLongOutage });
        return 1_000;
      },
    });
    connection.socket.ends(refused);
    connection.clock.advance(3_600_000); // a long rest
    connection.actor.send({ type });
    connection.clock.advance(50);
    connection.socket.ends();

    expect(outages.at(-1)).toEqual({ outageMs: 50, isLongOutage: false });
    connection.socket.opens();
    connection.clock.advance(119_949);
    expect(connection.alerts("long-outage")).toEqual([]);
    connection.clock.advance(1);
    expect(connection.alerts("long-outage")).toHaveLength(1);
  });

  it("may renew credentials again after starting over", () => {
    const connection = startConnection({
      maxRetries: 1,
      verdict: renewable,
    });
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);
    connection.socket.ends(httpRefusal(401));
    expect(connection.state()).toBe("failed");

    connection.actor.send({ type: "connect" });
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);

    expect(connection.socket.attempt.reason).toBe("renewal");
  });
});

describe("reconnect", () => {
  it("drops the attempt that is under way and dials anew, without a failure to anyone's name", () => {
    const connection = startIn("connecting");

    connection.actor.send({ type: "reconnect" });

    expect(connection.state()).toBe("connecting");
    expect(connection.link.calls.slice(-3)).toEqual(["holdSends", "dropSocket", "dial"]);
    expect(connection.link.socketsOpen).toBe(1);
    expect(connection.socket.attempt).toEqual({ reason: "command", number: 2 });
    expect(connection.facts).toEqual([
      {
        type: "attempt.failed",
        loss: { class: "requested", phase: "resolve" },
        rule: "requested",
        attempt: 1,
        failures: 0,
        retryInMs: 0,
      },
    ]);
  });

  it.each(["connected.probation", "connected.stable"] as const)(
    "in %s drops the socket, dials anew at once and says `down`",
    (state) => {
      const connection = startIn(state);

      connection.actor.send({ type: "reconnect" });

      expect(connection.state()).toBe("connecting");
      expect(connection.link.calls.slice(-3)).toEqual(["holdSends", "dropSocket", "dial"]);
      expect(connection.link.socketsOpen).toBe(1);
      expect(connection.socket.attempt).toEqual({ reason: "command", number: 1 });
      expect(connection.heard("down")).toEqual([
        {
          type: "down",
          loss: { class: "requested", phase: "open" },
          rule: "requested",
          retryInMs: 0,
        },
      ]);
      connection.comesUp();
      expect(connection.heard("up")).toHaveLength(2);
    },
  );

  it.each(["connect", "reconnect"] as const)("skips the wait in reconnecting on `%s`", (type) => {
    const connection = startIn("reconnecting", everySecond);
    connection.clock.advance(10);

    connection.actor.send({ type });

    expect(connection.state()).toBe("connecting");
    expect(connection.socket.attempt).toEqual({ reason: "command", number: 2 });
    connection.clock.advance(990);
    expect(connection.dials).toBe(2);
  });

  it("dials even when the budget is empty: the owner may", () => {
    const connection = startIn("reconnecting", { retryBudget: { attempts: 1, perMs: 60_000 } });

    connection.actor.send({ type: "reconnect" });

    expect(connection.state()).toBe("connecting");
  });
});

describe("close", () => {
  it.each(["connecting", "reconnecting", "failed"] as const)(
    "in %s closes at once: there is nobody to shake hands with",
    (state) => {
      const connection = startIn(state);

      connection.actor.send({ type: "close" });

      expect(connection.state()).toBe("closed");
      expect(connection.link.closes).toEqual([]);
      expect(connection.link.socketsOpen).toBe(0);
      expect(connection.heard("closed")).toHaveLength(1);
    },
  );

  it.each(["connected.resubscribing", "connected.probation", "connected.stable"] as const)(
    "in %s shakes hands, and is closed when the socket has ended",
    (state) => {
      const connection = startIn(state);

      connection.actor.send({ type: "close", code: 4001, reason: "done here" });
      expect(connection.state()).toBe("closing");
      expect(connection.link.closes).toEqual([{ code: 4001, reason: "done here" }]);
      expect(connection.link.mode).toBe("holding");
      expect(connection.link.socketsOpen).toBe(1);

      connection.socket.ends({ class: "closed-by-peer", phase: "closing", closeCode: 4001 });
      expect(connection.state()).toBe("closed");
      expect(connection.link.socketsOpen).toBe(0);
      expect(connection.heard("closed")).toEqual([{ type: "closed", lastLoss: null }]);
    },
  );

  it("is a normal closure unless said otherwise", () => {
    const connection = startIn("connected.stable");

    connection.actor.send({ type: "close" });

    expect(connection.link.closes).toEqual([{ code: 1000, reason: "" }]);
  });

  it("waits for its own deadline and no longer", () => {
    const connection = startIn("closing");

    connection.clock.advance(1_999);
    expect(connection.state()).toBe("closing");
    connection.clock.advance(1);
    expect(connection.state()).toBe("closed");
    expect(connection.link.socketsOpen).toBe(0);
  });

  it("is final: later commands and heartbeats change nothing while it closes", () => {
    const connection = startIn("closing");
    connection.link.peerFallsSilent();

    connection.actor.send({ type: "connect" });
    connection.actor.send({ type: "reconnect" });
    connection.actor.send({ type: "close" });

    expect(connection.state()).toBe("closing");
    expect(connection.dials).toBe(1);
    expect(connection.link.closes).toHaveLength(1);
  });

  it("tells the last loss there was, as its fact and as its output", () => {
    const connection = startIn("reconnecting");

    connection.actor.send({ type: "close" });

    expect(connection.heard("closed")).toEqual([{ type: "closed", lastLoss: dropped }]);
    expect(connection.actor.getSnapshot().output).toEqual({ lastLoss: dropped });
    expect(connection.actor.getSnapshot().status).toBe("done");
  });

  it("disarms the long-outage alert: whoever leaves need not be told", () => {
    const connection = startIn("connected.resubscribing", {
      longOutageAfterMs: 5_000,
      closeTimeoutMs: 10_000,
    });

    connection.actor.send({ type: "close" });
    connection.clock.advance(9_999);

    expect(connection.state()).toBe("closing");
    expect(connection.alerts("long-outage")).toEqual([]);
  });
});

describe("terminate", () => {
  it.each(everywhere)("in %s ends at once, without a handshake", (state) => {
    const connection = startIn(state);
    const closes = connection.link.closes.length;

    connection.actor.send({ type: "terminate" });

    expect(connection.state()).toBe("closed");
    expect(connection.link.mode).toBe("holding");
    expect(connection.link.closes).toHaveLength(closes);
    expect(connection.link.socketsOpen).toBe(0);
    expect(connection.heard("closed")).toHaveLength(1);
    expect(connection.clock.armed).toBe(0);
  });
});

describe("a socket", () => {
  it("is dropped exactly once, on whichever way out", () => {
    const waysOut = {
      ended: (connection) => connection.socket.ends(),
      refused: (connection) => connection.socket.ends(refused),
      reconnect: (connection) => connection.actor.send({ type: "reconnect" }),
      terminate: (connection) => connection.actor.send({ type: "terminate" }),
      close: (connection) => {
        connection.actor.send({ type: "close" });
        connection.clock.advance(2_000);
      },
      stop: (connection) => {
        connection.actor.stop();
      },
    } satisfies Record<string, (connection: RunningConnection) => void>;

    for (const state of ["connecting", "connected.resubscribing", "connected.stable"] as const) {
      for (const leave of Object.values(waysOut)) {
        const connection = startIn(state);
        leave(connection);
        expect(connection.count("dropSocket")).toBe(1);
        expect(connection.link.socketsOpen).toBe(connection.dials - 1);
      }
    }
  });

  it("is gone before the next one is dialled", () => {
    const connection = startConnection({ ...everySecond });
    for (let round = 0; round < 3; round += 1) {
      connection.comesUp();
      connection.actor.send({ type: "reconnect" });
      expect(connection.link.socketsOpen).toBe(1);
      connection.socket.ends();
      expect(connection.link.socketsOpen).toBe(0);
      connection.clock.advance(1_000);
    }

    const sockets = connection.link.calls.filter((call) => /^(dial|dropSocket)$/.test(call));
    for (const [at, call] of sockets.entries()) expect(call).toBe(at % 2 ? "dropSocket" : "dial");
  });

  it("that is over is not listened to any more", () => {
    const connection = startConnection(everySecond);
    const old = connection.socket;
    const talks = [
      () => old.isDialled(),
      () => old.progresses("tls"),
      () => old.opens(),
      () => old.settles(),
      () => old.ends(refused),
    ];
    old.ends();

    for (const talk of talks) talk();
    expect(connection.state()).toBe("reconnecting");
    connection.clock.advance(1_000);
    for (const talk of talks) talk();
    expect(connection.state()).toBe("connecting");
    connection.socket.opens();
    for (const talk of talks) talk();
    expect(connection.state()).toBe("connected.resubscribing");
    connection.settles();
    for (const talk of talks) talk();

    expect(connection.state()).toBe("connected.probation");
    expect(connection.heard("attempt.failed")).toHaveLength(1);
    expect(connection.heard("down")).toEqual([]);
  });

  it("cannot blame its successor with what it says while it is dropped", () => {
    const connection = startIn("connected.stable");
    connection.link.onDrop = (socket) => socket.ends(refused);

    connection.actor.send({ type: "reconnect" });

    expect(connection.state()).toBe("connecting");
    expect(connection.link.socketsOpen).toBe(1);
    expect(connection.heard("failed")).toEqual([]);
  });

  it("that ends while it is dialled is a loss like any other", () => {
    const connection = startConnection({ ...everySecond, onDial: (socket) => socket.ends() });

    expect(connection.state()).toBe("reconnecting");
    expect(connection.link.socketsOpen).toBe(0);
    connection.clock.advance(2_000);
    expect(connection.dials).toBe(3);
  });
});

describe("the long-outage alert", () => {
  const alert = { kind: "long-outage", longOutageAfterMs: 120_000 } as const;

  it("comes exactly on passing, from the very first dial, and once", () => {
    const connection = startConnection({ ...everySecond, onDial: (socket) => socket.ends() });

    connection.clock.advance(119_999);
    expect(connection.alerts("long-outage")).toEqual([]);
    connection.clock.advance(1);
    expect(connection.alerts("long-outage")).toEqual([{ ...alert, attempts: 120 }]);
    connection.clock.advance(600_000);
    expect(connection.alerts("long-outage")).toHaveLength(1);
  });

  it("counts from the loss of an established connection, whatever happens in between", () => {
    const connection = startIn("connected.stable", everySecond);
    connection.clock.advance(300_000);
    connection.socket.ends();
    connection.clock.advance(1_000);
    connection.socket.opens(); // and never gets ready
    connection.clock.advance(5_000);
    connection.socket.ends();
    connection.link.onDial = (socket) => socket.ends();

    connection.clock.advance(113_999);
    expect(connection.alerts("long-outage")).toEqual([]);
    connection.clock.advance(1);
    expect(connection.alerts("long-outage")).toHaveLength(1);
  });

  it("comes once per outage", () => {
    const connection = startConnection(everySecond);
    for (let outage = 1; outage <= 3; outage += 1) {
      connection.becomesStable();
      connection.link.onDial = (socket) => socket.ends();
      connection.socket.ends();
      connection.clock.advance(119_999);
      expect(connection.alerts("long-outage")).toHaveLength(outage - 1);
      connection.link.onDial = () => {};
      connection.clock.advance(1_001);
      expect(connection.alerts("long-outage")).toHaveLength(outage);
    }
  });

  it.each(["connected.stable", "failed"] as const)("is disarmed by %s", (state) => {
    const connection = startIn(state);

    connection.clock.advance(600_000);

    expect(connection.alerts("long-outage")).toEqual([]);
  });

  it("makes the waits longer from then on", () => {
    const seen: boolean[] = [];
    const connection = startConnection({
      backoff: ({ isLongOutage }) => {
        seen.push(isLongOutage);
        return 60_000;
      },
      onDial: (socket) => socket.ends(),
    });
    connection.clock.advance(180_000);

    expect(seen).toEqual([false, false, true, true]);
  });
});

describe("the retry budget", () => {
  const dropsAtOnce = {
    backoff: () => 100,
    retryBudget: { attempts: 3, perMs: 30_000 }, // a token every 10 s
    onDial: (socket) => socket.ends(),
  } satisfies StartOptions;

  it("when empty makes the next attempt wait for a token, with an alert, and never fails", () => {
    const connection = startConnection(dropsAtOnce);
    connection.clock.advance(200);
    expect(connection.dials).toBe(3);
    const [first, second, third = 0] = connection.announcedWaits();
    expect([first, second]).toEqual([100, 100]);
    // The third dial was 200 ms after the first. To the millisecond that rounding may add.
    expect(9_800 <= (third ?? 0) && (third ?? 0) <= 9_801).toBe(true);
    expect(connection.alerts("retry-budget-empty")).toEqual([
      { kind: "retry-budget-empty", retryInMs: third },
    ]);

    connection.clock.advance((third ?? 0) - 1);
    expect(connection.dials).toBe(3);
    connection.clock.advance(1);
    expect(connection.dials).toBe(4);
    connection.clock.advance(3_600_000);
    expect(connection.state()).toBe("reconnecting");
    expect(connection.heard("failed")).toEqual([]);
  });

  it("raises its alert once per outage, however often it stays empty", () => {
    const connection = startConnection(dropsAtOnce);

    connection.clock.advance(60_000);

    expect(connection.dials).toBeGreaterThan(5);
    expect(connection.alerts("retry-budget-empty")).toHaveLength(1);
  });

  it("that is empty is no news again when the owner dials all the same", () => {
    const connection = startIn("reconnecting", { retryBudget: { attempts: 1, perMs: 60_000 } });
    connection.actor.send({ type: "reconnect" });
    connection.actor.send({ type: "reconnect" });

    expect(connection.dials).toBe(3);
    expect(connection.alerts("retry-budget-empty")).toHaveLength(1);
  });

  it("never allows more than its rate, not even to a verdict that says at once", () => {
    const connection = startConnection({
      ...dropsAtOnce,
      verdict: { rules: [], credentials: "fixed", custom: () => ({ action: "now" }) },
    });

    connection.clock.advance(600_000);

    expect(connection.dials).toBe(3 + 60);
  });

  it("is not forgiven by success", () => {
    const connection = startConnection({
      ...everySecond,
      stableAfterMs: 1_000,
      retryBudget: { attempts: 3, perMs: 3_600_000 },
    });
    for (let outage = 0; outage < 3; outage += 1) {
      connection.becomesStable();
      connection.socket.ends();
      connection.waitsItsTurn();
    }

    expect(connection.alerts("retry-budget-empty")).toHaveLength(1);
    expect(connection.announcedWaits().at(-1)).toBeGreaterThan(1_000_000);
  });
});

describe("the server's own floor", () => {
  it("is kept, with jitter on top of it and never below", () => {
    const waits = seeds(200).map((seed) => {
      const connection = startConnection({ seed });
      connection.socket.ends(httpRefusal(429, 30_000));
      return connection.announcedWaits()[0] ?? 0;
    });

    expect(Math.min(...waits)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(33_000);
    expect(new Set(waits).size).toBeGreaterThan(150);
  });

  it("gives way to a backoff that is longer", () => {
    const connection = startConnection({ backoff: () => 45_000 });

    connection.socket.ends(httpRefusal(429, 30_000));

    expect(connection.announcedWaits()).toEqual([45_000]);
  });

  it("holds for a renewal of credentials too", () => {
    const connection = startConnection({ verdict: renewable });

    connection.socket.ends(httpRefusal(401, 30_000));

    expect(connection.announcedWaits()[0]).toBeGreaterThanOrEqual(30_000);
    connection.waitsItsTurn();
    expect(connection.socket.attempt.reason).toBe("renewal");
  });

  it("cannot be longer than a timer holds, whoever gave it", () => {
    const connection = startConnection({
      verdict: {
        rules: [{ name: "never", when: {}, ruling: { action: "slow", floorMs: 1e15 } }],
        credentials: "fixed",
      },
    });

    connection.socket.ends();

    expect(connection.announcedWaits()).toEqual([2 ** 31 - 1]);
    connection.clock.advance(2 ** 31 - 2);
    expect(connection.dials).toBe(1);
  });
});

describe("the announced wait", () => {
  it("is the one that is waited out, to the millisecond", () => {
    const losses = [
      dropped,
      httpRefusal(429, 4_000),
      { class: "dns-not-found", phase: "dns" },
      { class: "closed-by-peer", phase: "open", closeCode: 1012 },
    ] as const satisfies Loss[];
    for (const seed of seeds(25)) {
      const connection = startConnection({ seed, retryBudget: { attempts: 4, perMs: 200_000 } });
      for (const loss of [...losses, ...losses]) {
        connection.socket.ends(loss);
        const announced = connection.announcedWaits().at(-1) ?? 0;
        expect(connection.actor.getSnapshot().context.retryInMs).toBe(announced);
        expect(announced).toBeGreaterThan(0);

        connection.clock.advance(announced - 1);
        expect(connection.state()).toBe("reconnecting");
        connection.clock.advance(1);
        expect(connection.state()).toBe("connecting");
      }
    }
  });

  it("is the same for the same seed and the same facts", () => {
    expect(waitsOfABadDay(7)).toEqual(waitsOfABadDay(7));
    expect(waitsOfABadDay(7)).not.toEqual(waitsOfABadDay(8));
  });

  it.each([
    ["the backoff", dropped],
    ["the server's floor", httpRefusal(503, 30_000)],
  ])("is drawn anew for each attempt, out of %s", (_, loss) => {
    const connection = startConnection({
      backoff: { jitter: "equal", baseMs: 1_000, capMs: 1_000 },
      retryBudget: { attempts: 100, perMs: 60_000 },
    });
    for (let failure = 0; failure < 10; failure += 1) {
      connection.socket.ends(loss);
      connection.waitsItsTurn();
    }

    const waits = connection.announcedWaits();
    expect(waits).toHaveLength(10);
    expect(new Set(waits).size).toBe(10);
  });
});

describe("a loss whose rule asks for attention", () => {
  const untrusted: Loss = { class: "tls-trust", phase: "tls", code: "CERT_HAS_EXPIRED" };

  it("raises an alert once per outage, and again in the next", () => {
    const connection = startConnection();
    connection.socket.ends(untrusted);
    connection.waitsItsTurn();
    connection.socket.ends(untrusted);
    expect(connection.alerts("loss")).toEqual([
      { kind: "loss", loss: untrusted, rule: "tls-trust" },
    ]);

    connection.waitsItsTurn();
    connection.comesUp();
    connection.socket.ends(untrusted);
    expect(connection.alerts("loss")).toHaveLength(2);
  });
});

describe("credentials that are refused", () => {
  it("are renewed at once; then slowly, and each slow try asks for new ones", () => {
    const connection = startConnection({ verdict: renewable });

    connection.socket.ends(httpRefusal(401));
    expect(connection.announcedWaits()).toEqual([0]);
    connection.clock.advance(0);
    expect(connection.socket.attempt).toEqual({ reason: "renewal", number: 2 });
    connection.socket.ends(httpRefusal(401));
    expect(connection.announcedWaits()[1]).toBeGreaterThanOrEqual(10_000);
    connection.waitsItsTurn();
    expect(connection.socket.attempt).toEqual({ reason: "renewal", number: 3 });
    expect(connection.actor.getSnapshot().context.lastVerdict?.action).toBe("slow");
  });

  it("are renewed again after the connection was stable, not before", () => {
    const connection = startConnection({ verdict: renewable });
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);
    connection.comesUp();
    connection.socket.ends({ class: "closed-by-peer", phase: "open", closeCode: 3000 });
    expect(connection.announcedWaits().at(-1)).toBeGreaterThanOrEqual(10_000);
    connection.waitsItsTurn();

    connection.becomesStable();
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);

    expect(connection.socket.attempt.reason).toBe("renewal");
  });

  it("are still renewed when the owner asks for a new socket meanwhile", () => {
    const connection = startConnection({ verdict: renewable });
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);

    connection.actor.send({ type: "reconnect" });

    expect(connection.socket.attempt.reason).toBe("renewal");
  });

  it("fail for good where there is nothing to renew", () => {
    const connection = startConnection();

    connection.socket.ends(httpRefusal(401));

    expect(connection.state()).toBe("failed");
  });
});

describe("nothing is left", () => {
  it.each(everywhere)("armed after `terminate` in %s", (state) => {
    const connection = startIn(state);
    connection.actor.send({ type: "terminate" });
    const heard = connection.facts.length;

    expect(connection.clock.armed).toBe(0);
    connection.socket.ends();
    connection.clock.advance(86_400_000);
    expect(connection.facts).toHaveLength(heard);
  });

  it.each(everywhere)("when the actor is stopped in %s", (state) => {
    const connection = startIn(state);
    connection.actor.stop();

    expect(connection.link.socketsOpen).toBe(0);
    expect(connection.clock.armed).toBe(0);
  });

  it("of 2,000 flaps but one connection", () => {
    const connection = startConnection({ backoff: () => 5_000 });
    for (let flap = 0; flap < 2_000; flap += 1) {
      connection.comesUp();
      connection.socket.ends();
      connection.waitsItsTurn();
    }
    const { context, children } = connection.actor.getSnapshot();

    expect(connection.link.socketsOpen).toBe(1);
    expect(connection.clock.armed).toBe(2); // the attempt's deadline and the long outage
    expect(context.history.length).toBe(32);
    expect(Object.keys(children)).toEqual(["socket"]);
  });
});

describe("what a snapshot shows", () => {
  it.each(everywhere)("in %s is neither the link nor anything that it holds private", (state) => {
    const { actor } = startIn(state);

    expect(JSON.stringify(actor.getSnapshot())).not.toContain('"link"');
    // A persisted snapshot is a copy, field by field: only what is #private stays out of it.
    for (const snapshot of [actor.getSnapshot(), actor.getPersistedSnapshot()]) {
      expect(JSON.stringify(snapshot)).not.toMatch(/secret|venue\.example/);
    }
  });

  it("nor do inspectors see it in events and inputs", () => {
    const clock = new VirtualClock();
    const link = new FakeLink(clock);
    const seen: string[] = [];
    const inspect = (event: InspectionEvent) => {
      const { actorRef: _, ...rest } = event;
      if (event.type === "@xstate.event") seen.push(JSON.stringify(event.event));
      if (event.type === "@xstate.snapshot") seen.push(JSON.stringify(event.snapshot));
      if (event.type === "@xstate.microstep") seen.push(JSON.stringify(event.snapshot));
      if (event.type === "@xstate.actor") seen.push(JSON.stringify(rest));
    };
    const input = { link, policy: defaultPolicy, seed: 1 };
    const actor = createActor(connectionMachine, { input, clock, inspect }).start();
    link.sockets[0]?.opens();
    link.sockets[0]?.ends();
    clock.advance(10_000);
    actor.stop();

    expect(seen.length).toBeGreaterThan(10);
    for (const json of seen) expect(json).not.toMatch(/secret|venue\.example|"link"/);
  });

  it("are tags that tell what the state means", () => {
    const tags = Object.fromEntries(
      everywhere.map((state) => [state, [...startIn(state).actor.getSnapshot().tags].toSorted()]),
    );

    expect(tags).toEqual({
      connecting: ["queues"],
      "connected.resubscribing": ["delivers", "queues", "replays"],
      "connected.probation": ["delivers", "ready", "sends"],
      "connected.stable": ["delivers", "ready", "sends"],
      reconnecting: ["queues"],
      failed: [],
      closing: [],
    });
  });

  it("is the new state to whoever hears a fact", () => {
    const connection = startConnection(everySecond);
    const states: string[] = [];
    connection.actor.on("*", ({ type }) => states.push(`${type} in ${connection.state()}`));
    connection.comesUp();
    connection.socket.ends();
    connection.clock.advance(1_000);
    connection.socket.ends(refused);
    connection.actor.send({ type: "close" });

    expect(states).toEqual([
      "up in connected.probation",
      "down in reconnecting",
      "attempt.failed in failed",
      "alert in failed",
      "failed in failed",
      "closed in closed",
    ]);
  });
});

describe("a listener of the connection", () => {
  it("may give commands from within a fact", () => {
    const connection = startConnection();
    connection.actor.on("up", () => connection.actor.send({ type: "reconnect" }));
    connection.comesUp();
    expect(connection.state()).toBe("connecting");
    expect(connection.link.socketsOpen).toBe(1);

    connection.actor.on("attempt.failed", () => connection.actor.send({ type: "terminate" }));
    connection.socket.ends();
    expect(connection.state()).toBe("closed");
    expect(connection.heard("closed")).toHaveLength(1);
    expect(connection.clock.armed).toBe(0);
  });
});

interface OwnerTypes {
  context: { link: FakeLink };
  events: { type: "pause" };
  input: { link: FakeLink };
  children: { feed: "connection" };
}

describe("a connection inside a chart of its owner's", () => {
  const types = {} as OwnerTypes;
  const owner = setup({
    types,
    actors: { connection: connectionMachine },
  }).createMachine({
    id: "owner",
    context: ({ input }) => input,
    initial: "trading",
    states: {
      trading: {
        invoke: {
          src: "connection",
          id: "feed",
          input: ({ context }) => ({ link: context.link, policy: defaultPolicy, seed: 1 }),
          onDone: "over",
        },
        on: { pause: "paused" },
      },
      paused: {},
      over: {},
    },
  });

  type Owner = ActorRefFrom<typeof owner> & { stop(): unknown };

  function startOwner() {
    const clock = new VirtualClock();
    const link = new FakeLink(clock);
    const actor = createActor(owner, { input: { link }, clock }).start();
    return { actor, clock, link, feed: actor.getSnapshot().children.feed };
  }

  it("is done when it is closed", () => {
    const { actor, clock, link } = startOwner();
    link.sockets[0]?.opens();
    link.owner?.send({ type: "close" });
    expect(actor.getSnapshot().value).toBe("trading");

    link.sockets[0]?.ends();

    expect(actor.getSnapshot().value).toBe("over");
    expect(link.socketsOpen).toBe(0);
    expect(clock.armed).toBe(0);
  });

  it("is not done when it has failed: that rests, and shows in its snapshot", () => {
    const { actor, link } = startOwner();

    link.sockets[0]?.ends(refused);

    expect(actor.getSnapshot().value).toBe("trading");
    expect(link.owner?.getSnapshot().value).toBe("failed");
  });

  it("tells its facts to whoever listens to the child itself", () => {
    const { link, feed } = startOwner();
    const heard: string[] = [];
    feed?.on("*", ({ type }) => heard.push(type));

    link.sockets[0]?.opens();
    link.sockets[0]?.settles();

    expect(heard).toEqual(["up"]);
  });

  it.each([
    ["leaves the state that it lives in", (owner: Owner) => owner.send({ type: "pause" })],
    ["is stopped", (owner: Owner) => owner.stop()],
  ])("drops its socket when its owner %s", (_, leave) => {
    for (const isOpen of [false, true]) {
      const { actor, clock, link } = startOwner();
      if (isOpen) link.sockets[0]?.opens();

      leave(actor);

      expect(link.calls.filter((call) => call === "dropSocket")).toHaveLength(1);
      expect(clock.armed).toBe(0);
    }
  });
});

/** The waits that a connection announces over 40 losses, now and then stable in between. */
function waitsOfABadDay(seed: number): (number | null)[] {
  const connection = startConnection({ seed });
  for (let failure = 0; failure < 40; failure += 1) {
    connection.socket.ends(failure % 3 === 0 ? httpRefusal(503, 2_000) : dropped);
    connection.waitsItsTurn();
    if (failure % 7 === 0) connection.becomesStable();
  }
  return connection.announcedWaits();
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, seed) => seed);
}
