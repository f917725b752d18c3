import { describe, expect, it } from "vitest";
import type { Loss, VerdictPolicy } from "../../machines/index.ts";
import {
  dropped,
  httpRefusal,
  startConnection,
  type RunningConnection,
  type StartOptions,
} from "./start-connection.ts";

const renewable: VerdictPolicy = { rules: [], credentials: "renewable" };
const tokenServerDown: Loss = { class: "resolver", phase: "resolve", detail: "fetch failed" };
const closed = (closeCode: number): Loss => ({ class: "closed-by-peer", phase: "open", closeCode });
const loginFailed: Loss = { class: "auth", phase: "authenticate", detail: "token expired" };

/** Every refusal of credentials that new ones may mend. */
const refusals: readonly Loss[] = [
  httpRefusal(401),
  httpRefusal(403),
  httpRefusal(407),
  loginFailed,
  { ...loginFailed, refusal: "never" },
  { class: "resolver", phase: "resolve", refusal: "never" },
  ...[1008, 3000, 4001, 4401, 4403].map(closed),
];

function start(options: StartOptions = {}): RunningConnection {
  return startConnection({ verdict: renewable, ...options });
}

/** Runs for `forMs`; each new dial is answered by `answer`. Gives the times and reasons of the dials. */
function play(
  connection: RunningConnection,
  forMs: number,
  answer: () => void,
): { readonly atMs: number; readonly reason: string }[] {
  const { clock, link } = connection;
  const dials: { atMs: number; reason: string }[] = [];
  link.onDial = ({ attempt: { reason } }) => dials.push({ atMs: clock.nowMs(), reason });
  let known = link.sockets.length;
  const endMs = clock.nowMs() + forMs;
  while (clock.nowMs() < endMs) {
    clock.advance(Math.min(100, endMs - clock.nowMs()));
    if (link.sockets.length === known) continue;
    known = link.sockets.length;
    answer();
  }
  return dials;
}

/** The times between dials that asked for new credentials. */
function distances(dials: readonly { readonly atMs: number; readonly reason: string }[]): number[] {
  const calls = dials.filter(({ reason }) => reason === "renewal");
  return calls.slice(1).map(({ atMs }, index) => atMs - (calls[index]?.atMs ?? 0));
}

describe.each(refusals)("credentials that are refused with %o", (refusal) => {
  it("are renewed at once, and nobody is alarmed: a token has expired", () => {
    const connection = start();
    connection.becomesStable();
    connection.socket.ends(refusal);

    expect(connection.announcedWaits()).toEqual([0]);
    connection.clock.advance(0);
    expect(connection.socket.attempt.reason).toBe("renewal");
    connection.becomesStable();
    expect(connection.alerts("credentials-refused")).toEqual([]);
  });

  it("are asked for again and again while the token server is down, and up when it is back", () => {
    const connection = start();
    connection.becomesStable();
    connection.socket.ends(refusal);

    const dials = play(connection, 3_600_000, () => connection.socket.ends(tokenServerDown));

    expect(new Set(dials.map(({ reason }) => reason))).toEqual(new Set(["renewal"]));
    expect(Math.min(...distances(dials))).toBeGreaterThanOrEqual(10_000);
    expect(Math.max(...distances(dials))).toBeLessThanOrEqual(100_100);
    expect(connection.alerts("credentials-refused")).toEqual([
      { kind: "credentials-refused", loss: refusal, rule: expect.any(String) as string },
    ]);
    const healedAtMs = connection.clock.nowMs();
    const [next] = play(connection, 120_000, () => connection.becomesStable());
    expect((next?.atMs ?? Infinity) - healedAtMs).toBeLessThan(100_100);
    expect(next?.reason).toBe("renewal");
  });

  it("that are refused again, new as they are, are asked for at growing distances", () => {
    const connection = start();
    connection.socket.ends(refusal);

    const dials = play(connection, 1_200_000, () => connection.socket.ends(refusal));

    expect(new Set(dials.map(({ reason }) => reason))).toEqual(new Set(["renewal"]));
    const [first = 0, second = 0, third = 0, fourth = 0, ...rest] = distances(dials);
    for (const [ms, floorMs] of [
      [first, 10_000],
      [second, 20_000],
      [third, 40_000],
      [fourth, 80_000],
      ...rest.map((restMs) => [restMs, 97_000] as const),
    ] as const) {
      expect(ms).toBeGreaterThanOrEqual(floorMs);
      expect(ms).toBeLessThanOrEqual(floorMs + 3_100);
    }
    expect(connection.alerts("credentials-refused")).toHaveLength(1);
  });
});

describe("a renewal", () => {
  it("whose attempt never reached the server is due still", () => {
    for (const loss of [
      tokenServerDown,
      dropped,
      { class: "dns-transient", phase: "dns" },
      { class: "handshake-timeout", phase: "upgrade" },
      { class: "auth", phase: "authenticate", refusal: "later" },
      httpRefusal(503),
    ] satisfies Loss[]) {
      const connection = start();
      connection.socket.ends(httpRefusal(401));
      connection.clock.advance(0);
      connection.socket.ends(loss);
      connection.waitsItsTurn();
      expect(connection.socket.attempt.reason).toBe("renewal");

      // The server judges them now for the first time: still good ones.
      connection.comesUp();
      connection.clock.advance(10_000);
      expect(connection.state()).toBe("connected.stable");
    }
  });

  it("that hangs ends with its attempt's deadline, and is asked for again", () => {
    const connection = start();
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);

    connection.clock.advance(10_000);
    expect(connection.heard("attempt.failed").at(-1)?.loss.class).toBe("handshake-timeout");
    connection.waitsItsTurn();

    expect(connection.socket.attempt.reason).toBe("renewal");
  });

  it("is forgiven once its connection is stable: the next expiry is renewed at once", () => {
    const connection = start();
    for (let expiry = 0; expiry < 5; expiry += 1) {
      connection.becomesStable();
      connection.clock.advance(60_000);
      connection.socket.ends(closed(4401));
      expect(connection.announcedWaits().at(-1)).toBe(0);
      connection.clock.advance(0);
      expect(connection.socket.attempt.reason).toBe("renewal");
    }
    expect(connection.alerts("credentials-refused")).toEqual([]);
  });

  it("is forgiven when it is older than `stableAfterMs` and was ready meanwhile", () => {
    const connection = start();
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);
    connection.clock.advance(5_000); // a slow way in
    connection.comesUp();
    connection.clock.advance(6_000);
    expect(connection.state()).toBe("connected.probation");

    connection.socket.ends(closed(4401));

    expect(connection.announcedWaits().at(-1)).toBe(0);
    expect(connection.alerts("credentials-refused")).toEqual([]);
  });

  it("is not forgiven by `ready` alone: who lets everybody in and closes with 4401 is no hot loop", () => {
    const connection = start();
    connection.comesUp();
    connection.socket.ends(closed(4401));

    const dials = play(connection, 600_000, () => {
      connection.comesUp();
      connection.socket.ends(closed(4401));
    });

    expect(Math.min(...distances(dials))).toBeGreaterThanOrEqual(10_000);
    expect(dials.length).toBeLessThan(12);
    expect(connection.alerts("credentials-refused").length).toBeGreaterThan(0);
  });

  it("is never asked for twice in ten seconds, not where tokens live shorter than that", () => {
    const connection = start({ stableAfterMs: 100 });
    connection.becomesStable();
    connection.socket.ends(closed(4401));

    const dials = play(connection, 300_000, () => {
      connection.becomesStable();
      connection.socket.ends(closed(4401));
    });

    expect(new Set(dials.map(({ reason }) => reason))).toEqual(new Set(["renewal"]));
    expect(Math.min(...distances(dials))).toBeGreaterThanOrEqual(10_000);
    expect(dials.length).toBeGreaterThan(20);
  });

  it("of a token that is rotated again at once is ready at the next call", () => {
    const connection = start();
    connection.becomesStable();
    let refusedSoFar = 0;
    connection.socket.ends(httpRefusal(401));

    const [first, second, ...more] = play(connection, 120_000, () => {
      refusedSoFar += 1;
      if (refusedSoFar === 1) connection.socket.ends(httpRefusal(401));
      else connection.becomesStable();
    });

    expect((second?.atMs ?? Infinity) - (first?.atMs ?? 0)).toBeLessThan(13_200);
    expect(more).toEqual([]);
  });

  it("is made by a command too, and a command that comes too soon after one waits", () => {
    const connection = start();
    connection.socket.ends(httpRefusal(401));
    connection.clock.advance(0);
    connection.socket.ends(tokenServerDown);
    connection.clock.advance(4_000);

    connection.actor.send({ type: "connect" });
    expect(connection.heard("command.delayed")).toEqual([
      { type: "command.delayed", command: "connect", retryInMs: 6_000 },
    ]);
    connection.clock.advance(5_999);
    expect(connection.dials).toBe(2);
    connection.clock.advance(1);
    expect(connection.socket.attempt).toEqual({ reason: "renewal", number: 3 });

    connection.socket.ends(tokenServerDown);
    connection.clock.advance(10_000);
    connection.actor.send({ type: "connect" });
    expect(connection.socket.attempt).toEqual({ reason: "renewal", number: 4 });
  });

  it("ends with `maxRetries` all the same, and goes on with `connect`", () => {
    const connection = start({ maxRetries: 2 });
    connection.socket.ends(httpRefusal(401));
    play(connection, 60_000, () => connection.socket.ends(tokenServerDown));
    expect(connection.state()).toBe("failed");

    connection.actor.send({ type: "connect" });

    expect(connection.socket.attempt.reason).toBe("renewal");
  });

  it("leaves a snapshot that is JSON", () => {
    const connection = start();
    connection.socket.ends({ ...loginFailed, refusal: "never" });
    const { renewal } = connection.actor.getSnapshot().context;

    expect(JSON.parse(JSON.stringify(renewal))).toEqual(renewal);
  });
});
