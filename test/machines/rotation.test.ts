/** A connection that its venue would cut is replaced before, at a random moment of the allowed window. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rotationByAge, rotationByNotice } from "../../machines/rotation.ts";
import { startConnection, type RunningConnection } from "./start-connection.ts";

const HOUR_MS = 3_600_000;

function inMs(connection: RunningConnection): number | undefined {
  return connection.actor.getSnapshot().context.rotation?.inMs;
}

function planned(connection: RunningConnection): unknown {
  return connection.heard("down").at(-1)?.loss;
}

describe("the moment of a planned reconnect", () => {
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("lies between 90 % and 98 % of the maximum age", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 86_400_000 }), share, (maxAgeMs, share) => {
        const { inMs, dueAtMs } = rotationByAge(maxAgeMs, share, 5);
        expect(inMs).toBeGreaterThanOrEqual(Math.round(maxAgeMs * 0.9));
        expect(inMs).toBeLessThanOrEqual(Math.round(maxAgeMs * 0.98));
        expect(dueAtMs).toBe(5 + inMs);
      }),
    );
  });

  it("lies within the first 80 % of the time that a notice leaves", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), share, (withinMs, share) => {
        const { inMs } = rotationByNotice(withinMs, share, "", 0);
        expect(inMs).toBeGreaterThanOrEqual(0);
        expect(inMs).toBeLessThanOrEqual(Math.round(withinMs * 0.8));
      }),
    );
  });

  it("reaches both ends of its window", () => {
    expect(rotationByAge(1_000_000, 0, 0).inMs).toBe(900_000);
    expect(rotationByAge(1_000_000, 1 - 1e-9, 0).inMs).toBe(980_000);
    expect(rotationByNotice(1_000_000, 0, "", 0).inMs).toBe(0);
    expect(rotationByNotice(1_000_000, 1 - 1e-9, "", 0).inMs).toBe(800_000);
  });

  it("is something that a timer can hold, whatever a venue says", () => {
    expect(rotationByNotice(NaN, 0.5, "", 0).inMs).toBe(0);
    expect(rotationByNotice(-5, 0.5, "", 0).inMs).toBe(0);
    expect(rotationByNotice(Infinity, 0.5, "", 0).inMs).toBe(2 ** 31 - 1);
  });

  it("differs from seed to seed, and replays from one", () => {
    const waits = [1, 2, 3, 1].map((seed) => {
      const connection = startConnection({ seed, maxAgeMs: HOUR_MS });
      connection.socket.opens();
      return inMs(connection);
    });
    expect(new Set(waits).size).toBe(3);
    expect(waits[3]).toBe(waits[0]);
  });
});

describe("a venue that cuts connections of a certain age", () => {
  it("never gets to: the connection is replaced at the planned moment, and not before", () => {
    const connection = startConnection({ maxAgeMs: HOUR_MS });
    connection.becomesStable();
    const restMs = (inMs(connection) ?? 0) - 10_000;

    connection.clock.advance(restMs - 1);
    expect(connection.state()).toBe("connected.stable");
    expect(connection.dials).toBe(1);
    connection.clock.advance(1);
    expect(connection.state()).toBe("connecting");
    expect(connection.dials).toBe(2);
    expect(connection.link.socketsOpen).toBe(1);
    expect(connection.socket.attempt).toEqual({ reason: "rotation", number: 1 });
    expect(connection.heard("down")).toEqual([
      {
        type: "down",
        loss: { class: "planned", phase: "open", detail: "maximum age" },
        rule: "planned",
        retryInMs: 0,
      },
    ]);
  });

  it("is nobody's failure, and the next socket has a plan of its own", () => {
    const connection = startConnection({ maxAgeMs: HOUR_MS });
    connection.comesUp();
    const firstMs = inMs(connection) ?? 0;
    connection.clock.advance(firstMs);
    expect(connection.actor.getSnapshot().context).toMatchObject({
      failures: 0,
      history: [],
      rotation: null,
    });

    connection.comesUp();
    const secondMs = inMs(connection) ?? 0;
    expect(secondMs).not.toBe(firstMs);
    connection.clock.advance(secondMs);
    expect(connection.dials).toBe(3);
  });

  it("has no plan where it cuts none", () => {
    const connection = startConnection({ maxAgeMs: null });
    connection.becomesStable();

    connection.clock.advance(48 * HOUR_MS);
    expect(connection.dials).toBe(1);
  });
});

describe("a venue that says it goes away", () => {
  it.each([
    ["connected.resubscribing", (connection: RunningConnection) => connection.socket.opens()],
    ["connected.probation", (connection: RunningConnection) => connection.comesUp()],
    ["connected.stable", (connection: RunningConnection) => connection.becomesStable()],
  ])("is left in time, in %s too", (state, road) => {
    const connection = startConnection();
    road(connection);
    connection.socket.isExpiring(8_000, "maintenance");
    expect(connection.state()).toBe(state);

    connection.clock.advance((inMs(connection) ?? NaN) - 1);
    expect(connection.dials).toBe(1);
    connection.clock.advance(1);
    expect(connection.dials).toBe(2);
    expect(connection.actor.getSnapshot().context.lastLoss).toEqual({
      class: "planned",
      phase: "open",
      detail: "maintenance",
    });
  });

  it("is left at once when it leaves no time", () => {
    const connection = startConnection();
    connection.becomesStable();

    connection.socket.isExpiring(0);
    connection.clock.advance(0);
    expect(connection.dials).toBe(2);
  });

  it("is left before the maximum age where that comes later, and not later where it comes first", () => {
    const soon = startConnection({ maxAgeMs: HOUR_MS });
    soon.comesUp();
    soon.socket.isExpiring(60_000, "maintenance");
    expect(inMs(soon)).toBeLessThanOrEqual(48_000);

    const late = startConnection({ maxAgeMs: HOUR_MS });
    late.comesUp();
    const plannedMs = inMs(late);
    late.socket.isExpiring(1_000 * HOUR_MS, "maintenance");
    expect(inMs(late)).toBe(plannedMs);
    late.clock.advance(plannedMs ?? 0);
    expect(planned(late)).toMatchObject({ detail: "maximum age" });
  });

  it("only ever brings the moment forward by saying more", () => {
    const connection = startConnection();
    connection.comesUp();
    connection.socket.isExpiring(60_000, "in a minute");
    const dueAtMs = connection.clock.nowMs() + (inMs(connection) ?? 0);

    connection.socket.isExpiring(3_600_000, "in an hour");
    expect(connection.actor.getSnapshot().context.rotation).toMatchObject({
      dueAtMs,
      detail: "in a minute",
    });
    connection.socket.isExpiring(0, "now");
    connection.clock.advance(0);
    expect(planned(connection)).toMatchObject({ detail: "now" });
    connection.clock.advance(120_000);
    expect(connection.heard("down")).toHaveLength(1);
  });

  it("does not bring it forward by counting down", () => {
    const connection = startConnection();
    connection.comesUp();
    connection.socket.isExpiring(60_000);
    const { rotation } = connection.actor.getSnapshot().context;
    for (let leftMs = 59_000; leftMs > 55_000; leftMs -= 1_000) {
      connection.clock.advance(1_000);
      connection.socket.isExpiring(leftMs);
    }
    expect(connection.actor.getSnapshot().context.rotation).toEqual(rotation);
  });

  it("is not heard while there is no open socket, nor kept for the next one", () => {
    const connection = startConnection();
    connection.socket.isExpiring(10_000);
    connection.comesUp();
    connection.socket.isExpiring(60_000);
    connection.socket.ends();
    connection.waitsItsTurn();
    connection.comesUp();

    connection.clock.advance(120_000);
    expect(connection.dials).toBe(2);
    expect(connection.state()).toBe("connected.stable");
  });

  it("cannot drive a hot loop: without a token in the budget the moment waits for one", () => {
    const connection = startConnection({ retryBudget: { attempts: 2, perMs: 20_000 } });
    connection.comesUp();
    connection.socket.isExpiring(0);
    connection.clock.advance(0);
    expect(connection.dials).toBe(2);

    connection.comesUp();
    connection.socket.isExpiring(0);
    connection.clock.advance(9_999);
    expect(connection.dials).toBe(2);
    expect(connection.state()).toBe("connected.probation");
    connection.clock.advance(1);
    expect(connection.dials).toBe(3);
  });
});
