import { describe, expect, it } from "vitest";
import { raiseAlerts, type RaisedAlert } from "ws-supervisor/alerts";
import {
  ConnectionFailedError,
  later,
  never,
  RefusedError,
  type AuthenticationSession,
  type SupervisorOptions,
} from "../../../src/index.ts";
import { promisesSettle, startSupervisor, url, type SupervisorWorld } from "../start-supervisor.ts";

/** What a user's function may throw, and what it says of itself. */
const said = {
  never: new RefusedError("key revoked", never),
  later: new RefusedError("maintenance", later(45_000)),
  "later, without a time": new RefusedError("maintenance", later()),
  "a number of milliseconds": Object.assign(new Error("busy"), { retryAfterMs: 45_000 }),
  "no refusal": new Error("boom"),
  "what is no error": "boom",
} as const;

/** Where a user's function throws it. */
const places: Record<string, (error: unknown) => SupervisorOptions<never>> = {
  authenticate: (error) => ({
    authenticate: () => {
      throw error;
    },
  }),
  "authenticate, later on": (error) => ({ authenticate: () => Promise.reject(error) }),
  headers: (error) => ({
    headers: () => {
      throw error;
    },
  }),
  "headers, later on": (error) => ({ headers: () => Promise.reject(error) }),
  protocols: (error) => ({
    protocols: () => {
      throw error;
    },
  }),
};

async function start(options: object): Promise<SupervisorWorld> {
  const world = startSupervisor({ backoff: () => 1_000, ...options });
  await promisesSettle();
  if (world.dials > 0) world.socket.opens();
  await promisesSettle();
  return world;
}

describe.each(Object.keys(places))("a function for %s", (place) => {
  const giving = (error: unknown) => start(places[place]?.(error) ?? {});
  const lossClass = place.startsWith("auth") ? "auth" : "resolver";

  it.each(["later", "a number of milliseconds"] as const)(
    "that says %s is asked again then, and somebody is told",
    async (which) => {
      const world = await giving(said[which]);

      expect(world.heard("attempt.failed")).toMatchObject([
        {
          loss: { class: lossClass, refusal: "later", retryAfterMs: 45_000 },
          rule: `${lossClass}-later`,
        },
      ]);
      expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(45_000);
      expect(world.feed.status().retryInMs).toBeLessThanOrEqual(48_000);
      expect(world.alerts("loss")).toHaveLength(1);
    },
  );

  it("that says later without a time is asked again after ten seconds", async () => {
    const world = await giving(said["later, without a time"]);

    expect(world.feed.status().retryInMs).toBeGreaterThanOrEqual(10_000);
    expect(world.feed.status().retryInMs).toBeLessThanOrEqual(13_000);
  });

  it("that says never is asked for new credentials, for it can be asked again", async () => {
    const world = await giving(said.never);

    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: lossClass, refusal: "never" }, rule: `${lossClass}-never`, retryInMs: 0 },
    ]);
    expect(world.feed.state).toBe("reconnecting");
  });

  it.each(["no refusal", "what is no error"] as const)(
    "that throws %s is asked again",
    async (which) => {
      const world = await giving(said[which]);

      expect(world.heard("attempt.failed")).toMatchObject([
        { loss: { class: lossClass, detail: "boom" }, rule: lossClass },
      ]);
      expect(world.heard("attempt.failed")[0]?.loss).not.toHaveProperty("refusal");
      expect(world.feed.state).toBe("reconnecting");
    },
  );

  it("that says later for ever, for all of JSON's numbers, leaves a loss that is JSON", async () => {
    const world = await giving(new RefusedError("gone fishing", later(Infinity)));

    const [{ loss } = { loss: undefined }] = world.heard("attempt.failed");
    expect(JSON.parse(JSON.stringify(loss))).toEqual(loss);
    expect(world.feed.status().retryInMs).toBeLessThanOrEqual(3_603_000);
  });
});

describe("the README's token", () => {
  /** A server that takes one token, a token server that may be down, and a cache as in the README. */
  function startToken(close: number | "401") {
    let valid = "t1";
    let cached = "t1";
    let isDown = false;
    const calls: number[] = [];
    const shown: string[] = [];
    const world: SupervisorWorld = startSupervisor({
      headers: ({ reason }) => {
        if (reason === "renewal") {
          calls.push(world.clock.nowMs());
          if (isDown) throw new Error("token server 503");
          cached = valid;
        }
        shown.push(cached);
        return { authorization: cached };
      },
    });
    const told: RaisedAlert[] = [];
    raiseAlerts(world.feed, { sinks: [(alert) => void told.push(alert)], clock: world.clock });
    let seen = 0;
    const serve = (): void => {
      if (world.dials === seen || world.feed.state !== "connecting") return;
      seen = world.dials;
      const isValid = shown.at(-1) === valid;
      if (isValid || close !== "401") world.socket.opens();
      if (isValid) return;
      if (close === "401") world.socket.refuses(401);
      else world.socket.closes(close, "token expired");
    };
    const pass = (forMs: number): void => {
      for (let ms = 0; ms < forMs; ms += 100) {
        world.clock.advance(100);
        serve();
      }
    };
    serve();
    return {
      world,
      calls,
      shown,
      told,
      pass,
      expire: (next: string) => {
        valid = next;
        if (close === "401") world.socket.drops("ECONNRESET");
        else world.socket.closes(close, "token expired");
      },
      down: (is: boolean) => {
        isDown = is;
      },
      distance: () => Math.min(...calls.slice(1).map((atMs, index) => atMs - (calls[index] ?? 0))),
    };
  }

  it.each(["401", 4401, 4403, 4001, 1008, 3000] as const)(
    "that expires with %s is up with the next one, at every expiry",
    (close) => {
      const token = startToken(close);
      for (let number = 2; number <= 6; number += 1) {
        token.pass(60_000);
        expect(token.world.feed.status().isReady).toBe(true);
        token.expire(`t${number}`);
        token.pass(20_000);
        expect(token.world.feed.status().isReady).toBe(true);
        expect(token.shown.at(-1)).toBe(`t${number}`);
      }
      expect(token.calls).toHaveLength(5);
      expect(token.world.alerts("credentials-refused")).toEqual([]);
    },
  );

  it.each(["401", 4401, 1008] as const)(
    "that expires with %s while its server is down for an hour is up within two minutes of the end, each time",
    (close) => {
      const token = startToken(close);
      for (let number = 2; number <= 4; number += 1) {
        token.pass(60_000);
        token.down(true);
        token.expire(`t${number}`);
        token.pass(3_600_000);
        expect(token.world.feed.status().isReady).toBe(false);
        token.down(false);
        token.pass(120_000);
        expect(token.world.feed.status().isReady).toBe(true);
      }
      expect(token.distance()).toBeGreaterThanOrEqual(10_000);
      const about = token.told.filter(({ kind }) => kind === "credentials-refused");
      expect(about.map(({ status }) => status)).toEqual([
        "firing",
        "resolved",
        "firing",
        "resolved",
        "firing",
        "resolved",
      ]);
      expect(about[0]?.text).toMatch(close === "401" ? /HTTP 401/ : new RegExp(`close ${close}`));
    },
  );
});

describe("a login that fails for no known reason", () => {
  const options = {
    authenticate: async ({ receive }: AuthenticationSession) => {
      await receive();
      throw new Error("what?");
    },
  };

  it("is tried for a day, at most 100 s apart, while ready() waits", async () => {
    const world = await start(options);
    let outcome = "pending";
    void world.feed.ready().then(
      () => (outcome = "ready"),
      () => (outcome = "failed"),
    );
    for (let time = 0; time < 50; time += 1) {
      world.socket.receives("no");
      await promisesSettle();
      expect(world.feed.state).toBe("reconnecting");
      expect(world.feed.status().retryInMs).toBeLessThanOrEqual(100_000);
      world.waitsItsTurn();
      await promisesSettle();
      world.socket.opens();
      await promisesSettle();
    }
    expect(outcome).toBe("pending");
    expect(world.alerts("credentials-refused")).toHaveLength(1);
    world.feed.terminate();
  });

  it("ends with `maxRetries` all the same", async () => {
    const world = await start({ ...options, maxRetries: 1 });
    const ready = world.feed.ready().catch((error: unknown) => error);
    for (let time = 0; time < 2; time += 1) {
      world.socket.receives("no");
      await promisesSettle();
      world.waitsItsTurn();
      await promisesSettle();
      world.socket.opens();
      await promisesSettle();
    }
    expect(await ready).toBeInstanceOf(ConnectionFailedError);
  });
});

describe("a command that has to wait", () => {
  it("is told in a fact and in status(), which keep to each other", () => {
    const world = startSupervisor({ target: url });
    for (let time = 0; time < 5; time += 1) world.feed.reconnect();
    world.clock.advance(2_000);

    world.feed.reconnect();

    expect(world.heard("command.delayed")).toMatchObject([
      { command: "reconnect", retryInMs: 3_000 },
    ]);
    const { state, retryInMs, nextAttemptAtMs } = world.feed.status();
    expect([state, retryInMs]).toEqual(["reconnecting", 3_000]);
    expect(nextAttemptAtMs).toBe(world.clock.nowMs() + 3_000);
  });

  it("in a wait that began earlier has a status() that tells the new end", () => {
    const world = startSupervisor({ backoff: () => 60_000 });
    for (let time = 0; time < 5; time += 1) world.feed.reconnect();
    world.socket.drops("ECONNRESET");
    world.clock.advance(1_000);

    world.feed.connect();

    expect(world.feed.status()).toMatchObject({
      retryInMs: 4_000,
      nextAttemptAtMs: world.clock.nowMs() + 4_000,
    });
  });

  it.each(["connect", "reconnect"] as const)(
    "`%s` given by listeners of everything dials 17 times a minute beside the retries, and no more",
    (command) => {
      const world = startSupervisor({ backoff: () => 600_000 });
      for (const type of ["down", "attempt.failed", "state", "command.delayed", "up"] as const) {
        world.feed.on(type, () => world.feed[command]());
      }
      for (let ms = 0; ms < 60_000; ms += 10) {
        if (world.feed.state === "connecting") world.socket.drops("ECONNREFUSED");
        world.clock.advance(10);
      }
      expect(world.dials).toBeLessThanOrEqual(1 + 5 + 12);
      expect(world.dials).toBeGreaterThan(10);
    },
  );
});
