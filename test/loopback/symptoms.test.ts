/**
 * What users of other clients complain about (peers.md §2), by number: one test each says what ours does.
 * `docs/symptoms.md` is the table for readers.
 */
import { describe, expect, it } from "vitest";
import { binanceSpot } from "../../src/venues/index.ts";
import { startExchange } from "../../src/testing/index.ts";
import { numbered, type Json } from "../src/start-supervisor.ts";
import {
  answers,
  answersRequests,
  confirmsAll,
  json,
  numberOf,
  serve,
  upgrades,
  type Peer,
  type Request,
} from "./faults/peer.ts";
import { defer, LoopClock, settle, startWorld, type World } from "./faults/world.ts";
import { close, frame, OPCODE, text, type RawConnection } from "./raw-peer.ts";

/** Opens, then is gone. */
const drops = async (connection: RawConnection): Promise<void> => {
  await connection.upgrade();
  connection.end();
};

/** How many of the peer's connections are still there. */
async function livingOf(peer: Peer): Promise<number> {
  await settle();
  return peer.accepted.filter(({ socket }) => !socket.destroyed && !socket.readableEnded).length;
}

/** A feed of numbers that is up. */
async function comeUp(peer: Peer): Promise<World<Json>> {
  const world = startWorld<Json>(peer, { topics: ["a"], ...numbered });
  await world.hears("up");
  return world;
}

describe("sockets and their ends", () => {
  it("symptom 1: closing a socket that is still connecting harms nobody", async () => {
    const [one, other] = [await serve(() => {}), await serve(() => {})];
    const atOnce = startWorld(one);
    await atOnce.feed.close();
    const upgrading = startWorld(other);
    await (
      await other.connection(1)
    ).request;
    upgrading.feed.terminate();
    const again = startWorld(one);
    again.feed.reconnect();
    again.feed.reconnect();
    await again.feed.close();
    await settle(); // an error without a listener would have ended the process by now
    const states = [atOnce, upgrading, again].map(({ feed }) => feed.state);
    expect(states).toEqual(["closed", "closed", "closed"]);
  });

  it("symptom 2: the end of a socket is told once, and when it happens", async () => {
    const peer = await serve(
      (connection) => connection.end(), // a handshake that is cut
      async (connection) => connection.upgrade(text("bad", { rsv: 2 })), // and TCP never ends
      drops,
      upgrades,
    );
    const world = startWorld<Json>(peer, { topics: ["a"], ...numbered });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await world.hears("attempt.failed", attempt);
      await settle();
      expect(world.heard("attempt.failed")).toHaveLength(attempt);
      world.waitsItsTurn();
    }
    await world.until(() => world.feed.state === "connected");
    expect(peer.accepted).toHaveLength(4);
  });

  it("symptom 3: a refusal does not leave a socket connecting for ever", async () => {
    const peer = await serve(
      (connection) => connection.answer("HTTP/1.1 503 X", "Content-Length: 1000000"),
      upgrades,
    );
    const world = startWorld(peer);
    expect(await world.hears("attempt.failed")).toMatchObject({ loss: { status: 503 } });
    await (
      await peer.connection(1)
    ).gone;
    world.waitsItsTurn();
    await world.hears("up");
  });

  it("symptom 4: what an old socket still says cannot touch the new one, and none leaks", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    for (let times = 1; times <= 5; times += 1) {
      const old = await peer.connection(times);
      world.feed.reconnect();
      old.write(text("stale"), close(1001));
      old.end();
      await world.hears("up", times + 1);
    }
    (await peer.connection(6)).write(text("fresh"));
    expect(await world.receives(1)).toEqual(["fresh"]);
    expect(world.heard("down")).toHaveLength(5);
    expect(await livingOf(peer)).toBe(1);
  });

  it("symptom 5: an error and a close are one loss, and one dial follows", async () => {
    const peer = await serve(async (connection) => {
      await connection.upgrade(text("bad", { rsv: 2 }));
      connection.write(close(1002));
      connection.end();
    }, upgrades);
    const world = startWorld(peer);
    await world.hears("down");
    world.waitsItsTurn();
    await world.hears("up", 2);
    world.clock.advance(10_000);
    await settle();
    expect(peer.accepted).toHaveLength(2);
  });

  it("symptom 6: after giving up it can be told to go on, however often", async () => {
    const peer = await serve((connection) => connection.reset());
    const world = startWorld(peer, { maxRetries: 1 });
    for (let times = 1; times <= 3; times += 1) {
      await world.hears("attempt.failed", times * 2 - 1);
      world.waitsItsTurn();
      await world.hears("failed", times);
      if (times % 2 === 1) world.feed.connect();
      else world.feed.reconnect();
    }
    await world.hears("attempt.failed", 7);
    expect(peer.accepted).toHaveLength(7);
  });

  it("symptom 7: closed while it waits or connects, it never opens", async () => {
    const refusing = await serve((connection) => connection.reset());
    const waiting = startWorld(refusing);
    await waiting.hears("attempt.failed");
    await waiting.feed.close();
    const slow = await serve(() => {});
    const connecting = startWorld(slow);
    const connection = await slow.connection(1);
    await connection.request;
    await connecting.feed.close();
    await connection.upgrade(); // too late
    for (const { clock } of [waiting, connecting]) clock.advance(3_600_000);
    await settle();
    expect([refusing.accepted.length, slow.accepted.length]).toEqual([1, 1]);
    expect([...waiting.heard("up"), ...connecting.heard("up")]).toEqual([]);
  });
});

describe("dialling again", () => {
  it("symptom 8: a server that accepts and drops sees growing waits, not a hot loop", async () => {
    const peer = await serve(drops);
    const world = startWorld(peer);
    const startedAtMs = world.clock.nowMs();
    for (let outage = 1; world.clock.nowMs() < startedAtMs + 20_000; outage += 1) {
      await world.hears("down", outage);
      world.waitsItsTurn();
    }
    expect(peer.accepted.length).toBeLessThanOrEqual(8); // SignalR 603, Phoenix 478 in 20 s
    expect(world.feed.status().failures).toBeGreaterThanOrEqual(4);
  });

  it("symptom 9: clients that lose their server together come back apart", async () => {
    const peer = await serve(upgrades);
    const clients = Array.from({ length: 60 }, (_, seed) => startWorld(peer, { seed }));
    await Promise.all(clients.map((client) => client.hears("up")));
    for (const { socket } of peer.accepted) socket.resetAndDestroy();
    await Promise.all(clients.map((client) => client.hears("down")));
    const waits = clients.map(({ retryInMs }) => retryInMs);
    expect(busiest(waits, 100)).toBeLessThanOrEqual(8);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(2_000);
  });

  it("symptom 16: it gives up only when told to, and then everybody hears of it", async () => {
    const peer = await serve((connection) => connection.reset());
    const patient = startWorld(peer);
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await patient.hears("attempt.failed", attempt);
      patient.waitsItsTurn();
    }
    expect(patient.heard("failed")).toEqual([]);

    const impatient = startWorld(peer, { maxRetries: 0 });
    const ready = impatient.feed.ready();
    const iterator = impatient.feed.messages();
    await expect(ready).rejects.toMatchObject({ code: "ERR_CONNECTION_FAILED" });
    await expect(iterator.next()).rejects.toMatchObject({ code: "ERR_CONNECTION_FAILED" });
    expect(impatient.alerts("failed")).toMatchObject([{ cause: "retries-exhausted" }]);
    expect(impatient.feed.state).toBe("failed");
  });

  it("symptom 17: the very first dial is tried again like any other", async () => {
    const peer = await serve((connection) => connection.reset(), upgrades);
    const world = startWorld(peer);
    const ready = world.feed.ready();
    await world.hears("attempt.failed");
    world.waitsItsTurn();
    await ready;
  });

  it("symptom 18: refused credentials are renewed once, and not tried for ever", async () => {
    const tokens: string[] = [];
    const peer = await serve(answers("401 X"), upgrades);
    const renewable = startWorld(peer, {
      headers: ({ reason }) => {
        tokens.push(reason);
        return { Authorization: `Bearer ${tokens.length}` };
      },
    });
    await renewable.hears("attempt.failed");
    renewable.waitsItsTurn();
    await renewable.hears("up");
    expect(tokens).toEqual(["first", "renewal"]);
    expect(await (await peer.connection(2)).request).toMatch(/bearer 2/i);

    const strict = await serve(answers("403 X"));
    const fixed = startWorld(strict, { headers: { Authorization: "Bearer 1" } });
    await fixed.hears("failed");
    expect(strict.accepted).toHaveLength(1);
  });

  it("symptom 19: 429 is answered with a wait, the server's own where it says one", async () => {
    const peer = await serve(answers("429 X", "Retry-After: 30"), answers("429 X"), upgrades);
    const world = startWorld(peer);
    await world.hears("attempt.failed");
    expect(world.retryInMs).toBeGreaterThanOrEqual(30_000);
    world.waitsItsTurn();
    await world.hears("attempt.failed", 2);
    expect(world.retryInMs).toBeGreaterThanOrEqual(1_500);
    world.waitsItsTurn();
    await world.hears("up");
  });
});

/** The most of `values` that lie within any `width`. */
function busiest(values: readonly number[], width: number): number {
  return Math.max(
    ...values.map((from) => values.filter((value) => value >= from && value < from + width).length),
  );
}

describe("the heartbeat", () => {
  it("symptom 10: a link that died without a word is noticed, and replaced", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    world.clock.advance(15_000);
    await (await peer.connection(1)).nextFrame(); // the ping that nobody answers
    world.clock.advance(5_000);
    expect(await world.hears("down")).toMatchObject({
      loss: { class: "silent", silentMs: 20_000 },
    });
    world.waitsItsTurn();
    await world.hears("up", 2);
  });

  it("symptom 11: a wake-up is one question, or after minutes one new connection", async () => {
    const peer = await serve(confirmsAll);
    const world = await comeUp(peer);
    world.clock.suspend(60_000);
    world.clock.advance(0);
    const connection = await peer.connection(1);
    connection.write(numberOf("a", 1));
    await world.receives(1);
    world.clock.advance(5_000);
    await settle();
    expect(world.heard("down")).toEqual([]);

    world.clock.suspend(600_000);
    world.clock.advance(0);
    expect(await world.hears("down")).toMatchObject({ loss: { class: "suspended" } });
    world.waitsItsTurn();
    await world.hears("up", 2);
    world.clock.advance(14_000);
    await settle();
    expect(peer.accepted).toHaveLength(2);
    expect(world.heard("down")).toHaveLength(1);
  });

  it("symptom 12: a new socket has a heartbeat of its own, whatever became of the last", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    world.clock.advance(15_000);
    await (await peer.connection(1)).nextFrame();
    world.clock.advance(5_000);
    await world.hears("down");
    world.waitsItsTurn();
    await world.hears("up", 2);

    const second = await peer.connection(2);
    let isAsked = false;
    const question = second.nextFrame().then((asked) => {
      isAsked = true;
      return asked;
    });
    world.clock.advance(14_999);
    await settle();
    expect(isAsked).toBe(false);
    world.clock.advance(1);
    const { opcode, payload } = await question;
    expect(opcode).toBe(OPCODE.ping);
    second.write(frame(OPCODE.pong, payload), text("alive"));
    await world.receives(1);
    world.clock.advance(5_000);
    await settle();
    expect(world.heard("down")).toHaveLength(1);
  });

  it("symptom 13: traffic may delay the question, and never the verdict", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    const connection = await peer.connection(1);
    for (let n = 1; n <= 30; n += 1) {
      world.clock.advance(14_000);
      connection.write(text("tick"));
      await world.receives(n);
    }
    expect(world.heard("down")).toEqual([]);
    world.clock.advance(15_000);
    await connection.nextFrame();
    world.clock.advance(5_000);
    expect(await world.hears("down")).toMatchObject({ loss: { silentMs: 20_000 } });
  });

  it("symptom 14: a loop of ours that was blocked is not the peer's death", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    const connection = await peer.connection(1);
    world.clock.advance(15_000);
    await connection.nextFrame();
    connection.write(text("unread while we were busy"));
    world.clock.suspend(30_000);
    world.clock.advance(0);
    await world.receives(1);
    world.clock.advance(5_000);
    await settle();
    expect(world.heard("down")).toEqual([]);
  });

  it("symptom 15: a quiet market is no dead one: the peer answers, hour after hour", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer);
    await world.hears("up");
    const connection = await peer.connection(1);
    for (let probe = 1; probe <= 20; probe += 1) {
      world.clock.advance(probe === 1 ? 15_000 : 10_000); // 15 s after the last byte
      const { opcode, payload } = await connection.nextFrame();
      expect(opcode).toBe(OPCODE.ping);
      connection.write(frame(OPCODE.pong, payload), frame(OPCODE.ping));
      expect((await connection.nextFrame()).opcode).toBe(OPCODE.pong); // so both have been read
      world.clock.advance(5_000);
      await settle();
    }
    expect(world.heard("down")).toEqual([]);
    expect(world.feed.status().phase).toBe("stable");
  });
});

describe("subscriptions", () => {
  it("symptom 20: a replay is batched and paced, on every socket", async () => {
    const peer = await serve(upgrades);
    const topics = Array.from({ length: 1_000 }, (_, index) => `t${index}`);
    const world = startWorld<Json>(peer, { topics, ...numbered });
    for (let socket = 1; socket <= 2; socket += 1) {
      const connection = await peer.connection(socket);
      let frames = 0;
      const confirm = async (): Promise<void> => {
        const { payload } = await connection.nextFrame();
        const request = JSON.parse(payload.toString()) as Request;
        expect(request.topics).toHaveLength(100);
        frames += 1;
        connection.write(json({ ack: request.id }));
      };
      for (let each = 0; each < 5; each += 1) await confirm();
      const sixth = confirm();
      world.clock.advance(999);
      await settle();
      expect(frames).toBe(5);
      world.clock.advance(1);
      await sixth;
      for (let each = 0; each < 4; each += 1) await confirm();
      await world.hears("up", socket);
      if (socket === 2) break;
      connection.reset();
      await world.hears("down");
      world.waitsItsTurn();
    }
  });

  it("symptom 21: what was given up stays given up, what is wanted is asked for once", async () => {
    const asked: Request[][] = [];
    const peer = await serve((connection) => {
      const requests: Request[] = [];
      asked.push(requests);
      return answersRequests((request) => {
        requests.push(request);
        return { ack: request.id };
      })(connection);
    });
    const world = startWorld<Json>(peer, { topics: ["a", "b"], ...numbered });
    await world.hears("up");
    world.feed.unsubscribe("a");
    world.feed.subscribe(["b", "c"]);
    await world.hears("subscriptions.settled", 2);
    (await peer.connection(1)).reset();
    await world.hears("down");
    world.feed.unsubscribe("c");
    world.waitsItsTurn();
    await world.hears("up", 2);
    expect(asked[0]?.map(({ op, topics }) => `${op} ${topics.join()}`).sort()).toEqual([
      "sub a,b",
      "sub c",
      "unsub a",
    ]);
    expect(asked[1]).toMatchObject([{ op: "sub", topics: ["b"] }]);
  });
});

describe("messages", () => {
  it("symptom 22: what was missed while away is named, of its stream alone, before what follows", async () => {
    const peer = await serve(confirmsAll);
    const world = startWorld<Json>(peer, { topics: ["a", "b"], ...numbered });
    await world.hears("up");
    const items = world.feed.messages();
    (await peer.connection(1)).write(numberOf("a", 1), numberOf("b", 1));
    await world.receives(2);
    (await peer.connection(1)).end();
    await world.hears("down");
    world.waitsItsTurn();
    await world.hears("up", 2);
    (await peer.connection(2)).write(numberOf("b", 2), numberOf("a", 9));
    await world.receives(4);
    const seen: unknown[] = [];
    for (let taken = 0; taken < 5; taken += 1) {
      const { value } = await items.next();
      seen.push(value?.kind === "message" ? `${value.stream} ${value.position}` : value);
    }
    expect(seen).toEqual([
      "a 1",
      "b 1",
      "b 2",
      { kind: "gap", stream: "a", from: 2, to: 8 },
      "a 9",
    ]);
  });

  it("symptom 23: each send says how it ended, and nothing late is sent", async () => {
    const peer = await serve((connection) => connection.reset(), confirmsAll);
    const world = startWorld<Json>(peer, {
      topics: ["a"],
      ...numbered,
      outbox: { messages: 2 },
      authenticate: (session) => session.send("login"),
    });
    await world.hears("attempt.failed");
    const expired = world.feed.send("an old order", { ttlMs: 1 });
    const kept = world.feed.send("a fresh order");
    const refused = world.feed.send("one too many");
    expect(await refused).toEqual({ fate: "dropped", reason: "overflow" });
    world.waitsItsTurn();
    expect(await expired).toEqual({ fate: "dropped", reason: "expired" });
    expect(await kept).toEqual({ fate: "written" });
    await world.hears("up");
    expect(world.feed.status().outbox).toMatchObject({ written: 1, expired: 1, overflow: 1 });

    // In flight when the link dies: nobody knows, and it is not sent again.
    const connection = await peer.connection(2);
    connection.socket.pause();
    const fates = Array.from({ length: 30 }, () =>
      world.feed.send(new Uint8Array(900_000), { ttlMs: null }),
    );
    connection.reset();
    await world.hears("down");
    expect(world.feed.status().outbox.unknown).toBeGreaterThan(0);
    world.feed.terminate();
    expect((await Promise.all(fates)).every(({ fate }) => fate !== undefined)).toBe(true);
  });

  it("symptom 24: a slow consumer and a flapping server cost no memory", async () => {
    const peer = await serve(async (connection) => {
      await connection.upgrade(Buffer.concat(Array.from({ length: 50 }, () => text("x"))));
      connection.end();
    });
    const world = startWorld(peer, { retryBudget: { attempts: 1_000_000, perMs: 1 } });
    const slow = world.feed.messages({ highWaterMark: 20 });
    await world.hears("down");
    const { listeners } = world.feed.status();
    const { armed } = world.clock;
    for (let outage = 2; outage <= 100; outage += 1) {
      world.waitsItsTurn();
      await world.hears("down", outage);
    }
    const status = world.feed.status();
    expect(status.queues).toMatchObject([{ depth: 20, dropped: 100 * 50 - 20 }]);
    expect(status.listeners).toBe(listeners);
    expect(world.clock.armed).toBeLessThanOrEqual(armed);
    expect(await livingOf(peer)).toBe(0);
    await slow.return?.();
    expect(world.feed.status().queues).toEqual([]);
  });

  it("symptom 25: a planned cut costs what it costs, to the number; its successor is supervised", async () => {
    const clock = new LoopClock();
    const exchange = await startExchange({
      clock,
      seed: 3,
      market: { symbols: ["BTCUSDT"], tradesPerSecond: 2, bookTickersPerSecond: 0 },
      limits: { maxAgeMs: 20_000 }, // for its 24 h
    });
    defer(() => exchange.stop());
    const stream = "btcusdt@trade";
    const world = startWorld(binanceSpot({ endpoint: exchange.url }), { topics: [stream], clock });

    for (let life = 1; life <= 3; life += 1) {
      await world.hears("up", life);
      while (exchange.sessions > 0) {
        clock.advance(1_000);
        await world.receives(exchange.ledger.written);
      }
      expect(await world.hears("down", life)).toMatchObject({ loss: { closeCode: 1001 } });
      world.waitsItsTurn();
    }
    const delivered = world.items.map(({ position }) => Number(position));
    const gaps = world.heard("gap").map(({ from, to }) => [Number(from), Number(to)]);
    expect(gaps.length).toBeGreaterThanOrEqual(1); // a short wait may miss nothing
    const account = new Set(delivered);
    for (const [from = 0, to = 0] of gaps) {
      for (let number = from; number <= to; number += 1) {
        expect(account.has(number)).toBe(false);
        account.add(number);
      }
    }
    const [first = 0, last = 0] = [delivered[0], delivered.at(-1)];
    expect(account.size).toBe(last - first + 1); // each once: delivered, or in exactly one gap
    expect(new Set(delivered).size).toBe(delivered.length);
  });
});
