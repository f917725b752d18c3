/** Who gets in: nobody but a browser of this machine, on our own page, with the token of this start. */
import { connect } from "node:net";
import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { inspect, type Inspector } from "ws-supervisor/inspector";
import { InspectorServer } from "../../../../src/observe/inspector/server.ts";
import { OptionError } from "../../../../src/errors.ts";
import { startSupervisor } from "../../start-supervisor.ts";
import { liveUrl, PageDouble } from "./start-inspector.ts";

let inspector: Inspector;
let port: number;

beforeEach(async () => {
  inspector = await inspect(startSupervisor().feed, { port: 0 });
  port = Number(new URL(inspector.url).port);
});
afterEach(() => inspector.close());

/** The status of a plain request with these headers. */
function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject).end();
  });
}

/** How an upgrade ends: 101, or the status that refuses it. */
function upgradeOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("unexpected-response", (_, response) => {
      socket.terminate();
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", () => undefined);
  });
}

describe("a request", () => {
  it("for another host is refused: a rebound name", async () => {
    expect(await statusOf("/", { host: `rebind.evil:${port}` })).toBe(403);
    expect(await statusOf("/", { host: "127.0.0.1" })).toBe(403);
    expect(await statusOf("/token", { host: `localhost:${port}` })).toBe(401);
  });

  it("from another site's page is refused", async () => {
    expect(await statusOf("/token", { origin: "http://evil.example" })).toBe(403);
    expect(await statusOf("/token", { origin: `https://127.0.0.1:${port}` })).toBe(403);
    expect(await statusOf("/token", { origin: "null" })).toBe(403);
    expect(await statusOf("/token", { "sec-fetch-site": "cross-site" })).toBe(403);
  });

  it("learns whether its token is right, and nothing else", async () => {
    const token = new URLSearchParams(new URL(inspector.url).hash.slice(1)).get("token") ?? "";
    expect(await statusOf("/token", { authorization: `Bearer ${token}` })).toBe(204);
    expect(await statusOf("/token", { authorization: `Bearer ${token}x` })).toBe(401);
    expect(await statusOf("/token", { authorization: `Bearer ${token.slice(1)}` })).toBe(401);
    expect(await statusOf("/token")).toBe(401);
  });

  it("gets headers that let nothing remote in", async () => {
    const { headers } = await fetch(`http://127.0.0.1:${port}/`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https:|\*/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("an upgrade", () => {
  it("needs the token", async () => {
    const url = liveUrl(inspector.url);
    expect(await upgradeOf(url)).toBe(101);
    expect(await upgradeOf(`${url}x`)).toBe(401);
    expect(await upgradeOf(`ws://127.0.0.1:${port}/live`)).toBe(401);
  });

  it("needs our own Host and Origin, whatever its token", async () => {
    const url = liveUrl(inspector.url);
    expect(await upgradeOf(url, { host: "evil.example" })).toBe(403);
    expect(await upgradeOf(url, { origin: "http://evil.example" })).toBe(403);
    expect(await upgradeOf(url, { origin: `http://127.0.0.1:${port}` })).toBe(101);
    expect(await upgradeOf(inspector.statelyUrl, { origin: "http://evil.example" })).toBe(403);
  });

  it("is refused once as many look as may", async () => {
    const one = await inspect(startSupervisor().feed, { port: 0, maxViewers: 1 });
    const page = new PageDouble(liveUrl(one.url));
    await page.hears("hello");
    expect(await upgradeOf(liveUrl(one.url))).toBe(503);
    await one.close();
  });
});

describe("the server", () => {
  it("cannot be reached but from this machine", async () => {
    expect(new URL(inspector.url).hostname).toBe("127.0.0.1");
    const code = await new Promise<string | undefined>((resolve) => {
      // Another address of this machine's loopback network: one bound to all would answer.
      const socket = connect(port, "127.0.0.2");
      socket.on("connect", () => resolve("connected"));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(code).toBe("ECONNREFUSED");
  });

  it("says so when the port that was asked for is taken, and else takes the next", async () => {
    const { feed } = startSupervisor();
    await expect(inspect(feed, { port })).rejects.toThrow(OptionError);
    await expect(inspect(feed, { port })).rejects.toThrow(/port: expected a port that is free/);
    const [first, second] = [await inspect(feed), await inspect(feed)];
    expect(new URL(first.url).port).not.toBe(new URL(second.url).port);
    await first.close();
    await second.close();
  });

  it("has another token at every start", async () => {
    const other = await inspect(startSupervisor().feed, { port: 0 });
    expect(new URL(other.url).hash).not.toBe(new URL(inspector.url).hash);
    await other.close();
  });

  it("drops a viewer for which more waits than may, and serves the others", async () => {
    const megabyte = JSON.stringify("x".repeat(2 ** 20));
    // All in one turn, in which no viewer can read: what a kernel does not take waits here.
    const flood = {
      path: "/flood",
      open: (send: (text: string) => void) => {
        for (let sent = 0; sent < 64; sent += 1) send(megabyte);
        return { receive: () => undefined };
      },
    };
    const quiet = { path: "/quiet", open: () => ({ receive: () => undefined }) };
    const bounds = { port: 0, maxViewers: 8, maxBufferedBytes: 8 * 2 ** 20 };
    const server = new InspectorServer({ ...bounds, dialects: [flood, quiet] });
    await server.listen();
    const url = (path: string) =>
      `ws://127.0.0.1:${server.port}${path}?token=${server.access.token}`;
    const other = new PageDouble(url("/quiet"));
    await other.opened;
    await new PageDouble(url("/flood")).closed;
    expect(server.viewersDropped).toBe(1);
    expect(server.viewers).toBe(1);
    await server.close();
  });

  it("refuses an option that it does not know, and a target that is none", async () => {
    const { feed } = startSupervisor();
    await expect(inspect(feed, { prot: 1 } as object)).rejects.toThrow(/options.prot/);
    await expect(inspect({} as typeof feed)).rejects.toThrow(/a Supervisor or an XState 5 actor/);
    await expect(inspect(feed, { history: Number.NaN })).rejects.toThrow(/history: expected/);
  });
});
