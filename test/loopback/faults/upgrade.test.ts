/** Rows 18 to 33: an answer that is no upgrade, or no answer, or an end in the middle of it. */
import { describe, expect, it } from "vitest";
import type { AttemptContext } from "../../../src/index.ts";
import { numbered } from "../../src/start-supervisor.ts";
import { close, text } from "../raw-peer.ts";
import { answers, confirmsAll, json, serve, upgrades, upgradesWith, type Play } from "./peer.ts";
import { createGate, settle, startWorld } from "./world.ts";

/** The longest first wait of the default backoff, and the jitter on top of a floor. */
const FIRST_MS = 3_000;
const SPREAD_MS = 3_000;

/** Headers that are asked for at every attempt, with the reasons that were given. */
function renewable() {
  const reasons: string[] = [];
  const headers = ({ reason }: AttemptContext) => {
    reasons.push(reason);
    return { Authorization: `Bearer ${reasons.length}` };
  };
  return { headers, reasons };
}

describe("credentials that the server refuses", () => {
  it.each([401, 403])(
    "row 18: with %i are renewed at once and once, then tried slowly",
    async (status) => {
      const peer = await serve(answers(`${status} X`), answers(`${status} X`), upgrades);
      const { headers, reasons } = renewable();
      const world = startWorld(peer, { headers });
      const { loss, retryInMs } = await world.hears("attempt.failed");
      expect(loss).toMatchObject({ class: "http-refusal", status });
      expect(retryInMs).toBe(0);
      world.waitsItsTurn();
      await world.hears("attempt.failed", 2);
      expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
      world.waitsItsTurn();
      await world.hears("up");
      expect(reasons).toEqual(["first", "renewal", "renewal"]);
      const requests = await Promise.all(peer.accepted.map(({ request }) => request));
      expect(requests.map((request) => /bearer (\d)/i.exec(request)?.[1])).toEqual(["1", "2", "3"]);
    },
  );

  it.each([401, 403])("row 19: with %i fail for good where nothing renews them", async (status) => {
    const peer = await serve(answers(`${status} X`));
    const world = startWorld(peer, { headers: { Authorization: "Bearer 1" } });
    const rule = status === 403 ? "http-forbidden" : "http-auth";
    expect(await world.hears("failed")).toMatchObject({ rule, loss: { status } });
    expect(world.alerts("failed")).toMatchObject([{ cause: "refused" }]);
    world.clock.advance(3_600_000);
    await settle();
    expect(peer.accepted).toHaveLength(1);
  });
});

describe("an upgrade that is refused", () => {
  it.each([400, 404, 410, 426])(
    "row 20: with %i is tried three times more, slowly",
    async (status) => {
      const peer = await serve(answers(`${status} X`));
      const world = startWorld(peer);
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        await world.hears("attempt.failed", attempt);
        expect(world.retryInMs).toBeGreaterThanOrEqual(30_000);
        world.waitsItsTurn();
      }
      expect(await world.hears("failed")).toMatchObject({ loss: { status } });
      expect(peer.accepted).toHaveLength(4);
    },
  );

  it("row 21: with 429 and Retry-After 7 is not tried before 7 s, with jitter on top", async () => {
    const peer = await serve(answers("429 X", "Retry-After: 7"), upgrades);
    const world = startWorld(peer);
    const { loss, rule } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ status: 429, retryAfterMs: 7_000 });
    expect(rule).toBe("http-go-away");
    expect(world.retryInMs).toBeGreaterThanOrEqual(7_000);
    expect(world.retryInMs).toBeLessThanOrEqual(7_000 + SPREAD_MS);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it.each([
    ["42 s later", "23:00:42", 42_000],
    ["in the past", "22:59:59", 0],
    ["in two hours, which is not believed", "+2h", 3_600_000],
  ])("row 22: with 503 and a date %s", async (_, time, floorMs) => {
    const until = time === "+2h" ? "Sat, 01 Jan 2028 01:00:00 GMT" : `Fri, 31 Dec 2027 ${time} GMT`;
    const date = "Date: Fri, 31 Dec 2027 23:00:00 GMT"; // years from our clock: the server's counts
    const peer = await serve(answers("503 X", date, `Retry-After: ${until}`), upgrades);
    const world = startWorld(peer);
    await world.hears("attempt.failed");
    expect(world.retryInMs).toBeGreaterThanOrEqual(floorMs);
    expect(world.retryInMs).toBeLessThanOrEqual(floorMs === 0 ? FIRST_MS : floorMs + SPREAD_MS);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it.each(["-1", "abc", "1e12", "", "NaN", "Infinity", "7, 8", "0x10", "1,5"])(
    "row 23: with a Retry-After of '%s' is as if there were none",
    async (value) => {
      const peer = await serve(answers("429 X", `Retry-After: ${value}`), answers("429 X"));
      const world = startWorld(peer);
      const { loss } = await world.hears("attempt.failed");
      expect(loss.retryAfterMs).toBeUndefined();
      expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
      expect(world.retryInMs).toBeLessThanOrEqual(10_000 + SPREAD_MS);
      world.waitsItsTurn();
      await world.hears("attempt.failed", 2);
      expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
    },
  );

  it.each(["99999999", "1000000000000", "9".repeat(400)])(
    "row 23: with a Retry-After of %s waits an hour at most",
    async (value) => {
      const peer = await serve(answers("429 X", `Retry-After: ${value}`));
      const world = startWorld(peer);
      await world.hears("attempt.failed");
      expect(world.retryInMs).toBeGreaterThanOrEqual(3_600_000);
      expect(world.retryInMs).toBeLessThanOrEqual(3_600_000 + SPREAD_MS);
    },
  );

  it.each([402, 406, 408, 413, 421, 425, 431, 499])(
    "row 24: with %i is tried again slowly, however often, and somebody is told",
    async (status) => {
      const peer = await serve(answers(`${status} X`), answers(`${status} X`), upgrades);
      const world = startWorld(peer);
      for (const attempt of [1, 2]) {
        await world.hears("attempt.failed", attempt);
        expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
        expect(world.retryInMs).toBeLessThanOrEqual(10_000 + SPREAD_MS);
        world.waitsItsTurn();
      }
      expect(await world.hears("up")).toMatchObject({ attempt: 3 });
      expect(world.alerts("loss")).toHaveLength(1);
    },
  );

  it.each([500, 502, 504, 520, 521, 522, 523, 524, 530])(
    "row 24: with %i is tried again after the backoff, however often",
    async (status) => {
      const peer = await serve(answers(`${status} X`), answers(`${status} X`), upgrades);
      const world = startWorld(peer);
      await world.hears("attempt.failed");
      expect(world.retryInMs).toBeLessThanOrEqual(FIRST_MS);
      world.waitsItsTurn();
      await world.hears("attempt.failed", 2);
      world.waitsItsTurn();
      expect(await world.hears("up")).toMatchObject({ attempt: 3 });
    },
  );

  it.each([301, 302, 303, 307, 308])(
    "row 25: with %i fails for good, shows where to, and sends no credentials on",
    async (status) => {
      const elsewhere = await serve(upgrades);
      const location = `${elsewhere.url().replace("//", "//user:secret@")}feed?token=secret`;
      const peer = await serve(answers(`${status} X`, `Location: ${location}`));
      const world = startWorld(peer, { headers: { Authorization: "Bearer secret" } });
      const { loss } = await world.hears("failed");
      expect(loss).toMatchObject({ class: "redirect", status, location: `${elsewhere.url()}feed` });
      await settle();
      expect(elsewhere.accepted).toEqual([]);
      expect(JSON.stringify(world.facts)).not.toContain("secret");
    },
  );

  it.each<[string, Play]>([
    ["a page", answers("200 OK", "Content-Type: text/html")],
    ["nothing like HTTP", (connection) => connection.answer("SSH-2.0-OpenSSH_9.2")],
    [
      "101 without an upgrade",
      (connection) => connection.answer("HTTP/1.1 101 X", "Connection: Upgrade"),
    ],
    [
      "another key's acceptance",
      (connection) =>
        connection.answer(
          "HTTP/1.1 101 X",
          "Upgrade: websocket",
          "Connection: Upgrade",
          "Sec-WebSocket-Accept: AAAA",
        ),
    ],
  ])("row 26: by %s is tried after 10 s, and no more after the third", async (_, play) => {
    const peer = await serve(play);
    const world = startWorld(peer);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      await world.hears("attempt.failed", attempt);
      expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
      world.waitsItsTurn();
    }
    await world.hears("failed");
    expect(peer.accepted).toHaveLength(3);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ["no subprotocol of ours", ["v1"], []],
    ["a subprotocol of its own", ["v1"], ["Sec-WebSocket-Protocol: v9"]],
    ["a subprotocol unasked", [], ["Sec-WebSocket-Protocol: v1"]],
    ["an extension unasked", [], ["Sec-WebSocket-Extensions: permessage-deflate"]],
  ])("row 27: for %s fails for good", async (_, protocols, headers) => {
    const peer = await serve((connection) => connection.upgrade(Buffer.alloc(0), headers));
    const world = startWorld(peer, { protocols });
    expect(await world.hears("failed")).toMatchObject({ loss: { class: "negotiation" } });
  });
});

describe("an upgrade that takes its time", () => {
  it("row 28: byte by byte has 10 s like any other", async () => {
    const peer = await serve(() => {});
    const world = startWorld(peer);
    const connection = await peer.connection(1);
    await connection.request;
    for (const byte of "HTTP/1.1 ") {
      connection.write(byte);
      world.clock.advance(1_000);
      await settle();
      expect(world.feed.state).toBe("connecting");
    }
    world.clock.advance(999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "upgrade" } },
    ]);
    await connection.gone;
  });

  it("row 28: for ever has 10 s like any other", async () => {
    const peer = await serve(() => {}, upgrades);
    const world = startWorld(peer);
    await (
      await peer.connection(1)
    ).request;
    world.clock.advance(10_000);
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "handshake-timeout", phase: "upgrade" });
    world.waitsItsTurn();
    await world.hears("up");
  });

  it("row 28: because of its body is refused by its head: the body is not read", async () => {
    const peer = await serve(
      (connection) => connection.answer("HTTP/1.1 503 X", "Content-Length: 1000000000000"),
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
});

describe("a socket that opens and is gone", () => {
  it.each<[string, Play]>([
    [
      "a FIN",
      async (connection) => {
        await connection.upgrade();
        connection.end();
      },
    ],
    [
      "an RST",
      async (connection) => {
        await connection.upgrade();
        await settle(); // or the 101 would not arrive
        connection.reset();
      },
    ],
  ])("row 29: with %s was never up, and its failures add up", async (_, play) => {
    const peer = await serve(play, play, play, confirmsAll);
    const world = startWorld(peer, { topics: ["a"], ...numbered });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const lost = await world.hears("attempt.failed", attempt);
      expect(lost).toMatchObject({ loss: { class: "dropped", phase: "open" }, failures: attempt });
      world.waitsItsTurn();
    }
    await world.hears("up");
    expect(world.heard("down")).toEqual([]);
    expect(world.heard("up")).toHaveLength(1);
  });

  it("row 29: where nothing is wanted goes up and down, and its waits grow all the same", async () => {
    const peer = await serve(async (connection) => {
      await connection.upgrade();
      connection.end();
    });
    const world = startWorld(peer);
    for (let outage = 1; outage <= 6; outage += 1) {
      await world.hears("down", outage);
      expect(world.feed.status().failures).toBe(outage);
      world.waitsItsTurn();
    }
    expect(world.heard("down").at(-1)?.retryInMs).toBeGreaterThanOrEqual(4_000);
  });

  it("row 30: keeps the frames that came with the 101, before anybody was asked", async () => {
    const peer = await serve(upgradesWith(text("one"), text("two")));
    const world = startWorld(peer);
    expect(await world.receives(2)).toEqual(["one", "two"]);
    expect(world.feed.state).toBe("connected");
  });

  it("row 31: with close 1013 in the packet of the 101 waits 5 s at least", async () => {
    const peer = await serve(async (connection) => {
      await connection.upgrade(close(1013, "overloaded"));
      connection.end();
    });
    const world = startWorld(peer, { topics: ["a"], ...numbered });
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "closed-by-peer", closeCode: 1013, detail: "overloaded" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(5_000);
    expect(world.retryInMs).toBeLessThanOrEqual(30_000);
    expect(world.heard("up")).toEqual([]);
  });
});

describe("close() during an attempt", () => {
  it("row 32: while the URL is resolved", async () => {
    let wasAborted = false;
    const world = startWorld(({ signal }) => {
      signal.addEventListener("abort", () => {
        wasAborted = true;
      });
      return new Promise(() => {});
    });
    await world.feed.close();
    expect(wasAborted).toBe(true);
    expect(world.heard("attempt.failed")).toEqual([]);
    expect(world.clock.armed).toBe(0);
  });

  it("row 32: while the name is looked up, and the answer comes later", async () => {
    const peer = await serve(upgrades);
    const isAsked = createGate();
    let answer = (): void => {};
    const world = startWorld(peer.url("feed.test"), {
      ws: {
        lookup: (_hostname, _options, callback) => {
          answer = () => callback(null, [{ address: "127.0.0.1", family: 4 }]);
          isAsked.open();
        },
      },
    });
    await isAsked.opened;
    await settle(); // the request has its socket by now
    await world.feed.close();
    answer();
    await settle();
    expect(peer.accepted).toHaveLength(0);
    expect(world.heard("attempt.failed")).toEqual([]);
    expect(world.clock.armed).toBe(0);
  });

  it.each([
    ["tls", "wss:"],
    ["the upgrade", "ws:"],
  ])("row 32: while %s is not answered, and the peer sees the end", async (_, scheme) => {
    const peer = await serve(() => {});
    const world = startWorld(peer.url().replace("ws:", scheme));
    const connection = await peer.connection(1);
    await new Promise((resolve) => connection.socket.once("data", resolve));
    await world.feed.close();
    await connection.gone;
    expect(world.feed.state).toBe("closed");
    expect(world.heard("attempt.failed")).toEqual([]);
    expect(world.clock.armed).toBe(0);
  });
});

describe("a provider of tokens", () => {
  it("row 33: that hangs costs an attempt its deadline", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer, {
      headers: ({ attempt }) => (attempt === 1 ? new Promise(() => {}) : { Authorization: "ok" }),
    });
    world.clock.advance(9_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "resolve" } },
    ]);
    world.waitsItsTurn();
    await world.hears("up");
    expect(peer.accepted).toHaveLength(1);
  });

  it("row 33: that throws is asked again after the backoff", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer, {
      headers: ({ attempt }) => {
        if (attempt === 1) throw new Error("the vault is sealed");
        return {};
      },
    });
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({
      class: "resolver",
      phase: "resolve",
      detail: "the vault is sealed",
    });
    expect(world.retryInMs).toBeLessThanOrEqual(FIRST_MS);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it("row 33: that is told 403 itself fails for good, where the user says so", async () => {
    const world = startWorld("ws://127.0.0.1:1/", {
      headers: () => Promise.reject(new Error("the vault says 403")),
      verdict: [
        {
          name: "no-token",
          when: { class: "resolver", detailIncludes: "403" },
          ruling: { action: "refuse" },
        },
      ],
    });
    expect(await world.hears("failed")).toMatchObject({ rule: "no-token" });
  });
});

// Kept for the rows above: a peer that speaks JSON must not be taken for one that refuses.
describe("an upgrade that is granted", () => {
  it("row 30: brings what the server says first, whatever was asked", async () => {
    const peer = await serve(upgradesWith(json({ s: "a", n: 1 })));
    const world = startWorld(peer, { topics: ["a"], ...numbered });
    expect(await world.receives(1)).toEqual([{ s: "a", n: 1 }]);
    expect(world.feed.status().isReady).toBe(false);
  });
});
