/** Rows 8, 9, 12 and 13: an address that cannot be reached. Rows 10 and 11 need a network of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { serve, upgrades } from "./peer.ts";
import { defer, resolving, startWorld } from "./world.ts";

const NOBODY = "ws://127.0.0.1:1/";
const deafServer = join(import.meta.dirname, "../programs/full-backlog.mjs");

/** A port that answers no SYN: its server's queue is full, and its process stands still. */
async function listenDeaf(): Promise<number> {
  const server = spawn(process.execPath, [deafServer]);
  defer(() => server.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
  const port = Number(line);
  for (let waiting = 0; waiting < 2; waiting += 1) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    defer(() => socket.destroy());
    await once(socket, "connect");
  }
  return port;
}

describe("an address", () => {
  it.each([
    ["one address", NOBODY, {}],
    ["all of them", "ws://feed.test:1/", { lookup: resolving("::1", "127.0.0.1") }],
  ])("row 8: where nobody listens, %s, is dialled again after the backoff", async (_, url, ws) => {
    const world = startWorld(url, { ws });
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "unreachable", phase: "tcp", code: "ECONNREFUSED" });
    expect(world.retryInMs).toBeLessThanOrEqual(3_000);
    world.waitsItsTurn();
    await world.hears("attempt.failed", 2);
    expect(world.heard("failed")).toEqual([]);
  });

  it("row 8: where nobody listens may be another one at the next attempt", async () => {
    const peer = await serve(upgrades);
    const endpoints = [NOBODY, peer.url()];
    const world = startWorld(({ attempt }) => endpoints[attempt - 1] ?? NOBODY);
    await world.hears("attempt.failed");
    world.waitsItsTurn();
    expect(await world.hears("up")).toMatchObject({ attempt: 2 });
  });

  it("row 9: whose SYNs are dropped costs 10 s, not what the kernel would wait", async () => {
    const port = await listenDeaf();
    const world = startWorld(`ws://127.0.0.1:${port}/`);
    world.clock.advance(9_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "tcp" } },
    ]);
    expect(world.retryInMs).toBeLessThanOrEqual(3_000);
  });

  it.each([
    ["an RST", "reset", /^(?:handshake-cut|unreachable)$/], // it may come before connect() is done
    ["a FIN", "end", /^handshake-cut$/],
  ] as const)(
    "row 13: that answers with %s in place of a handshake is dialled again",
    async (_, how, name) => {
      const peer = await serve((connection) => connection[how](), upgrades);
      const world = startWorld(peer);
      const { loss } = await world.hears("attempt.failed");
      expect(loss.class).toMatch(name);
      expect(world.retryInMs).toBeLessThanOrEqual(3_000);
      world.waitsItsTurn();
      await world.hears("up");
    },
  );
});

describe("a machine that is out of something", () => {
  it("row 12: of local addresses waits 5 s at least, and raises an alert", async () => {
    const peer = await serve(upgrades);
    // Nobody's: the kernel refuses to bind to it.
    const world = startWorld(peer, { ws: { localAddress: "192.0.2.1" } });
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "local-resource", code: "EADDRNOTAVAIL" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(5_000);
    expect(world.alerts("loss")).toMatchObject([{ rule: "local-resource" }]);
    expect(peer.accepted).toEqual([]);
  });
});
