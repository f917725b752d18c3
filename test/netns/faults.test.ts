/** Rows of the fault matrix that take packets to show: routes, dropped SYNs, dead and lossy links. */
import { beforeAll, describe, expect, it } from "vitest";
import { buildPackage } from "../loopback/built-package.ts";
import { lacking, Network, NOWHERE, PORT, SERVER, type Program } from "./network.ts";

const missing = lacking();
if (missing !== undefined) console.warn(`skipped: network namespaces need ${missing}`);

const FEED = `ws://${SERVER}:${PORT}/`;

/** Fast enough for a test, slow enough for a machine under load. */
const quick = {
  backoff: { jitter: "equal", firstMs: 100, baseMs: 100, capMs: 200 },
  connectTimeoutMs: 2_000,
  heartbeat: { intervalMs: 600, timeoutMs: 400 },
};

let dist: string;

beforeAll(() => {
  if (missing === undefined) dist = buildPackage("netns");
}, 60_000);

/** A client of a feed that has brought numbers. */
async function comeUp(options: object = quick) {
  const network = await Network.create();
  const server = await network.serve();
  const client = network.dial(dist, FEED, options);
  await client.says("message", 3);
  return { network, server, client };
}

/** Each number once, in order, or in exactly one gap. */
function accountOf(client: Program): void {
  let last: number | undefined;
  for (const { type, n, from, to } of client.said) {
    if (type === "gap" && from !== undefined && to !== undefined) {
      expect(from).toBe((last ?? 0) + 1);
      last = to;
    } else if (type === "message" && n !== undefined) {
      if (last !== undefined) expect(n).toBe(last + 1);
      last = n;
    }
  }
}

describe.skipIf(missing !== undefined)("a route", () => {
  it.each([
    ["unreachable", ["route", "add", "unreachable", SERVER], "EHOSTUNREACH"],
    ["missing", ["route", "del", "10.78.0.0/24"], "ENETUNREACH"],
    ["down", ["link", "set", "link0", "down"], "ENETUNREACH"],
  ])("row 10: that is %s is tried again after the backoff", async (_, command, code) => {
    const network = await Network.create();
    network.clientIp(...command);
    const client = network.dial(dist, FEED, quick);
    const { loss, retryInMs } = await client.says("attempt.failed");
    expect(loss).toMatchObject({ class: "unreachable", code });
    expect(retryInMs).toBeLessThanOrEqual(100);
    await client.says("attempt.failed", 2);
  });

  it.each([
    ["a black hole", "blackhole", "unreachable", "EINVAL"],
    ["forbidden", "prohibit", "local-resource", "EACCES"],
  ])("row 11: that is %s waits 5 s at least, with an alert", async (_, kind, name, code) => {
    const network = await Network.create();
    network.clientIp("route", "add", kind, SERVER);
    const client = network.dial(dist, FEED, quick);
    const { loss, retryInMs } = await client.says("attempt.failed");
    expect(loss).toMatchObject({ class: name, code });
    expect(retryInMs).toBeGreaterThanOrEqual(5_000);
    await client.says("alert");
  });

  it("row 10: that comes back is taken at once when told so: connect() skips the wait", async () => {
    const network = await Network.create();
    await network.serve();
    network.clientIp("link", "set", "link0", "down");
    const client = network.dial(dist, FEED, {
      ...quick,
      backoff: { baseMs: 3_600_000, capMs: 3_600_000 },
    });
    await client.says("attempt.failed");
    network.clientIp("link", "set", "link0", "up");
    client.tell("connect");
    expect(await client.says("up")).toMatchObject({ attempt: 2 });
  });
});

describe.skipIf(missing !== undefined)("a name", () => {
  it("row 2: that no resolver can be asked for is looked up again", async () => {
    const network = await Network.create();
    const client = network.dial(dist, `ws://feed.invalid:${PORT}/`, quick);
    await client.says("attempt.failed", 2);
    for (const { loss } of client.all("attempt.failed")) {
      expect(loss).toMatchObject({ class: "dns-transient", phase: "dns", code: "EAI_AGAIN" });
    }
  });

  it("row 7: whose first address is dead, behind a slow link, is reached at its second", async () => {
    const network = await Network.create();
    await network.serve();
    await network.link({ delay_ms: 200 }); // 400 ms there and back: more than Node's own 250
    const client = network.dial(dist, `ws://feed.test:${PORT}/`, {
      ...quick,
      connectTimeoutMs: 30_000,
      heartbeat: { intervalMs: 5_000, timeoutMs: 5_000 },
      addresses: [NOWHERE, SERVER],
    });
    expect(await client.says("up")).toMatchObject({ attempt: 1 });
    expect(client.all("attempt.failed")).toEqual([]);
  });

  it("row 7: whose second address is dead is reached at its first, however slow", async () => {
    const network = await Network.create();
    await network.serve();
    await network.link({ delay_ms: 200 });
    const client = network.dial(dist, `ws://feed.test:${PORT}/`, {
      ...quick,
      connectTimeoutMs: 30_000,
      heartbeat: { intervalMs: 5_000, timeoutMs: 5_000 },
      addresses: [SERVER, NOWHERE],
    });
    expect(await client.says("up")).toMatchObject({ attempt: 1 });
  });
});

describe.skipIf(missing !== undefined)("a link", () => {
  it("row 9: that drops SYNs costs an attempt its deadline, not the kernel's", async () => {
    const network = await Network.create();
    const client = network.dial(dist, `ws://${NOWHERE}:${PORT}/`, {
      ...quick,
      connectTimeoutMs: 500,
    });
    await client.says("attempt.failed", 2);
    for (const { loss } of client.all("attempt.failed")) {
      expect(loss).toMatchObject({ class: "handshake-timeout", phase: "tcp" });
    }
  });

  it.each([
    ["both ways", undefined],
    ["on its way to us", "client"],
    ["on its way to them", "server"],
  ] as const)(
    "row 45, row 46, row 47: that is cut %s is noticed, and the account holds when it is back",
    async (_, towards) => {
      const { network, client } = await comeUp();
      const down = client.more("down");
      await network.link({ is_cut: true, ...(towards === undefined ? {} : { towards }) });
      expect(await down).toMatchObject({ loss: { class: "silent" } });
      await client.says("attempt.failed");
      const up = client.more("up");
      await network.link({ is_cut: false });
      await up;
      await client.more("message", 5);
      accountOf(client);
      expect(client.all("gap").length).toBeGreaterThan(0);
    },
  );

  it("row 45: that is cut by our own side is noticed as well", async () => {
    const { network, client } = await comeUp();
    const down = client.more("down");
    network.clientIp("link", "set", "link0", "down");
    await down;
    await client.says("attempt.failed");
    const up = client.more("up");
    network.clientIp("link", "set", "link0", "up");
    await up;
    await client.more("message", 5);
    accountOf(client);
  });

  it("row 48: that goes down and up ten times only holds things up", async () => {
    const heartbeat = { intervalMs: 10_000, timeoutMs: 5_000 };
    const { network, client } = await comeUp({ ...quick, heartbeat });
    await network.flap(10, 100, 100);
    await client.more("message", 20);
    expect(client.all("down")).toEqual([]);
    expect(client.all("gap")).toEqual([]);
    accountOf(client);
  });

  it("row 49: that takes 200 to 400 ms each way is slow and no more", async () => {
    const heartbeat = { intervalMs: 5_000, timeoutMs: 5_000 };
    const { network, client } = await comeUp({ ...quick, heartbeat });
    await network.link({ delay_ms: 300, jitter_ms: 100 });
    await client.more("message", 60);
    expect(client.all("down")).toEqual([]);
    expect(client.all("gap")).toEqual([]);
    accountOf(client);
  });

  it("row 50: that loses 30 % of its packets keeps the order", async () => {
    const heartbeat = { intervalMs: 10_000, timeoutMs: 10_000 };
    const { network, client } = await comeUp({ ...quick, heartbeat });
    await network.link({ loss: 0.3 });
    await client.more("message", 60);
    await network.link({ loss: 0 });
    await client.more("message", 20);
    expect(client.all("down")).toEqual([]);
    expect(client.all("gap")).toEqual([]);
    accountOf(client);
  });
});
