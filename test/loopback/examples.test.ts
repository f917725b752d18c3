/** The examples that speak HTTP, with stand-ins on this machine. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { webhook } from "ws-supervisor/alerts";
import { alertPeople } from "../../examples/alerts-to-webhook.ts";
import { serveMetrics } from "../../examples/metrics-server.ts";
import { startSupervisor } from "../src/start-supervisor.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function isListening(server: Server): Promise<string> {
  servers.push(server);
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An incident system that answers `status`, and what it was sent. */
async function startIncidents(status: number) {
  const got: { path: string | undefined; body: unknown }[] = [];
  let wanted = { count: Infinity, resolve: () => undefined as void };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push({ path: request.url, body: JSON.parse(body) });
      response.writeHead(status).end();
      if (got.length >= wanted.count) wanted.resolve();
    });
  });
  const url = await isListening(server.listen(0, "127.0.0.1"));
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      if (got.length >= count) resolve();
      else wanted = { count, resolve };
    });
  return { url, got, until };
}

describe("examples/alerts-to-webhook.ts", () => {
  it("tells the channel of everything, and pages for what is critical", async () => {
    const { url, got, until } = await startIncidents(204);
    const world = startSupervisor({ name: "quotes" }).comesUp();
    const failures: unknown[] = [];
    const urls = { pager: `${url}/pager`, channel: `${url}/channel` };
    alertPeople(world.feed, urls, (error) => failures.push(error));
    world.socket.drops("ECONNRESET");
    await until(1);
    world.waitsItsTurn();
    world.socket.refuses(451);
    await until(3);
    world.feed.terminate();
    await until(5);
    const keys = ["path", "status", "severity", "key"] as const;
    const rows = got.map(({ path, body }): Record<string, unknown> => ({
      path,
      ...(body as object),
    }));
    expect(rows.map((row) => keys.map((key) => row[key]).join(" ")).sort()).toEqual([
      "/channel firing critical quotes/outage",
      "/channel firing warning quotes/outage",
      "/channel resolved critical quotes/outage",
      "/pager firing critical quotes/outage",
      "/pager resolved critical quotes/outage",
    ]);
    expect(failures).toEqual([]);
  });

  it("rejects where the webhook does not take it", async () => {
    const { url } = await startIncidents(500);
    const sink = webhook(url);
    const alert = { text: "x" } as Parameters<typeof sink>[0];
    await expect(sink(alert)).rejects.toThrow("the webhook answered 500");
  });
});

describe("examples/metrics-server.ts", () => {
  it("serves what Prometheus scrapes, and nothing else", async () => {
    const url = await isListening(serveMetrics(0));
    startSupervisor({ name: "quotes" }).comesUp();
    const page = await fetch(`${url}/metrics`);
    expect(page.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    expect(await page.text()).toContain('ws_supervisor_ready{connection="quotes",venue=""} 1');
    expect((await fetch(`${url}/`)).status).toBe(404);
  });
});
