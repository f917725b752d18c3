/** The inspector's page in a real browser: what a person sees through a real outage, and who gets in. */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { supervise, type Supervisor } from "ws-supervisor";
import { inspect, type Inspector } from "ws-supervisor/inspector";
import { startExchange, type RunningExchange } from "ws-supervisor/testing";
import { binanceSpot } from "ws-supervisor/venues";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createActor, setup } from "xstate";
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { launch, missing, openPage, type WatchedPage } from "./browser.ts";

if (missing !== undefined) console.warn(`skipped: ${missing}`);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core has against the page as it is. */
async function violationsOf(page: Page): Promise<readonly string[]> {
  // As a devtools script, so that the page's own policy stays as it is.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: readonly Violation[] }> };
    };
    return (await run.run()).violations;
  });
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

/**
 * That the page dials anew is what tests wait for: its words of a loss may be gone before anybody can
 * look, as how soon it is back is drawn by lot.
 */
function signal(): { readonly fired: Promise<void>; fire(): void } {
  let fire = (): void => undefined;
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}

describe.skipIf(missing !== undefined)("the inspector's page", () => {
  let browser: Browser;
  let exchange: RunningExchange;
  let feed: Supervisor<unknown>;
  let inspector: Inspector;
  let open: WatchedPage[] = [];

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    exchange = await startExchange({ seed: 1, market: { symbols: ["BTCUSDT"] } });
    // A long wait: an outage that lasts as long as somebody looks at it.
    const options = { topics: ["btcusdt@trade"], seed: 1, backoff: () => 600_000 };
    feed = supervise(binanceSpot({ endpoint: exchange.url }), options) as Supervisor<unknown>;
    await feed.ready();
    inspector = await inspect(feed, { port: 0, name: "trades", commands: true });
  });
  afterEach(async () => {
    for (const { page } of open) await page.close();
    open = [];
    await inspector.close();
    await feed.close();
    await exchange.stop();
  });

  async function look(options?: Parameters<typeof openPage>[2]): Promise<WatchedPage> {
    const watched = await openPage(browser, inspector.url, options);
    open.push(watched);
    return watched;
  }

  const lit = (page: Page, state: string) =>
    page.locator(`.state.on[data-state="${state}"]`).waitFor();

  it("draws the chart of a connection that ran already, and lights it through an outage", async () => {
    const { page, errors } = await look();
    await lit(page, "connection.connected");
    await page.getByRole("treeitem", { name: /trades/ }).waitFor();
    await page.getByRole("treeitem", { name: /heartbeat/ }).waitFor();
    expect(await page.locator("svg .state").count()).toBe(10);

    exchange.inject({ kind: "reset" });
    await lit(page, "connection.reconnecting");
    await page
      .locator('.edge.hot[data-edge="connection.connected>connection.reconnecting"]')
      .waitFor();
    await page.getByText("backoff").first().waitFor();
    await page.getByRole("button", { name: /^Outage of trades.*under way/ }).waitFor();
    await page.locator(".fact-down").waitFor();

    feed.reconnect();
    await lit(page, "connection.connected");
    await page.getByRole("button", { name: /^Outage of trades/ }).click();
    const report = page.getByRole("dialog", { name: "Outage report" });
    await report.getByText(/dropped \(ECONNRESET\)/).waitFor();
    await report.getByText("btcusdt@trade").waitFor();
    expect(errors).toEqual([]);
  });

  it("travels to a step of the past, shows what was then, and comes back to now", async () => {
    exchange.inject({ kind: "reset" });
    await new Promise<void>((resolve) => feed.on("down", () => resolve()));
    const { page } = await look();
    await lit(page, "connection.reconnecting");
    feed.reconnect();
    await lit(page, "connection.connected");
    const back = page.getByRole("button", { name: "Step back" });
    while ((await page.locator(".state.on[data-state='connection.reconnecting']").count()) === 0) {
      await back.click();
    }
    await page.getByText("(then)").waitFor();
    await page.locator(".entry.changed", { hasText: "failures" }).waitFor();
    await page.getByRole("button", { name: "Now" }).click();
    await lit(page, "connection.connected");
  });

  it("asks nothing of anybody but this machine, and its console stays clean", async () => {
    const { page, requests, errors } = await look();
    await lit(page, "connection.connected");
    await page.getByRole("button", { name: "Timeline", exact: true }).click();
    await page.getByLabel("Timelines, scrollable").waitFor();
    const hosts = new Set(requests.map((url) => new URL(url).hostname));
    expect([...hosts]).toEqual(["127.0.0.1"]);
    expect(requests.some((url) => url.startsWith("ws://127.0.0.1"))).toBe(true);
    expect(errors).toEqual([]);
  });

  it("says what is wrong where the token is, and shows nothing", async () => {
    const watched = await openPage(browser, `${inspector.url}x`);
    open.push(watched);
    await watched.page.getByText(/token is not valid/).waitFor();
    expect(await watched.page.locator(".state").count()).toBe(0);
  });

  it("lets no page of another site in, whatever its token", async () => {
    const { page } = await look();
    await lit(page, "connection.connected");
    const token = new URL(inspector.url).hash.slice(1);
    const { host } = new URL(inspector.url);
    // Another port is another origin.
    const other = await inspect(feed, { port: 0 });
    const stranger = await openPage(browser, other.url);
    open.push(stranger);
    // Its own policy would stop it too: a stranger has none.
    const page2 = await browser.newPage({ bypassCSP: true });
    await page2.goto(new URL(other.url).origin);
    const ended = await page2.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url);
          socket.addEventListener("open", () => resolve("opened"));
          socket.addEventListener("error", () => resolve("refused"));
        }),
      `ws://${host}/live?${token}`,
    );
    expect(ended).toBe("refused");
    await page2.close();
    await other.close();
  });

  it("drops the socket and closes when it is told to", async () => {
    const { page } = await look();
    await lit(page, "connection.connected");
    await page.getByRole("button", { name: "Drop socket" }).click();
    await lit(page, "connection.reconnecting");
    await page.getByRole("button", { name: "Reconnect" }).click();
    await lit(page, "connection.connected");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("button", { name: "Really close?" }).click();
    await lit(page, "connection.closed");
    expect(feed.state).toBe("closed");
  });

  it("is kept alive by our own supervisor: a socket that is cut is back, and all is told anew", async () => {
    const { page } = await openPage(browser, "about:blank");
    const sockets: WebSocketRoute[] = [];
    const redialled = signal();
    await page.routeWebSocket(/\/live/, (socket) => {
      sockets.push(socket);
      // What happens in the service while the page is away is not told, but seen when it is back.
      if (sockets.length === 2) exchange.inject({ kind: "reset" });
      socket.connectToServer();
      if (sockets.length === 2) redialled.fire();
    });
    await page.goto(inspector.url);
    await lit(page, "connection.connected");
    await sockets[0]?.close({ code: 1011 });
    await redialled.fired;
    await page.locator(".link-live").waitFor();
    await lit(page, "connection.reconnecting");
    expect(sockets.length).toBe(2);
    await page.close();
  });

  it("finds a service that says nothing any more, by a message, and dials anew", async () => {
    const { page } = await openPage(browser, "about:blank");
    await page.clock.install();
    const sockets: WebSocketRoute[] = [];
    let isSilent = false;
    const redialled = signal();
    await page.routeWebSocket(/\/live/, (socket) => {
      const server = socket.connectToServer();
      sockets.push(socket);
      if (sockets.length === 2) return redialled.fire();
      // The first one's service falls silent; its socket stays open.
      socket.onMessage((message) => {
        if (!isSilent) server.send(message);
      });
      server.onMessage((message) => {
        if (!isSilent) socket.send(message);
      });
    });
    await page.goto(inspector.url);
    await lit(page, "connection.connected");
    isSilent = true;
    await page.clock.runFor(9_000);
    await redialled.fired;
    await page.clock.runFor(1_000);
    await page.locator(".link-live").waitFor();
    expect(sockets.length).toBe(2);
    await page.close();
  });

  it("says so when the service has started anew: its token is another", async () => {
    const { page } = await look();
    await lit(page, "connection.connected");
    const { port, hash } = new URL(inspector.url);
    await inspector.close();
    await page.getByText("the service is gone").waitFor();
    inspector = await inspect(feed, { port: Number(port) });
    expect(new URL(inspector.url).hash).not.toBe(hash);
    // Another start has another token: it says so instead of trying for ever.
    await page.getByText(/token is not valid/).waitFor();
  });

  it("finds events and actors by what is searched for", async () => {
    const { page } = await look();
    exchange.inject({ kind: "reset" });
    await lit(page, "connection.reconnecting");
    await page.getByLabel("Search events").fill("socket.ended");
    await page.locator(".log li", { hasText: "socket.ended" }).first().waitFor();
    expect(await page.locator(".log li", { hasText: "dial" }).count()).toBe(0);
    await page.getByLabel("Search actors").fill("nothing like it");
    await page.getByText("No actor fits.").waitFor();
  });

  it("draws whatever somebody calls an actor as text", async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const machine = setup({}).createMachine({
      id: "m",
      initial: "s",
      states: { s: { description: hostile } },
    });
    inspector.attach(createActor(machine).start(), { name: hostile });
    const { page, requests } = await look();
    await page.getByRole("treeitem", { name: hostile }).click();
    await lit(page, "m.s");
    expect(await page.title()).toBe("Inspector");
    expect(await page.locator("img").count()).toBe(0);
    expect(requests.filter((url) => url.endsWith("/x"))).toEqual([]);
  });

  it("can be used by keyboard", async () => {
    const { page } = await look();
    await lit(page, "connection.connected");
    await page.getByRole("treeitem", { name: /trades/ }).focus();
    await page.keyboard.press("ArrowDown");
    const [second] = await page.getByRole("treeitem", { selected: true }).allInnerTexts();
    expect(second).not.toContain("trades");
    await page.keyboard.press("Home");
    await page.getByRole("treeitem", { selected: true, name: /trades/ }).waitFor();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 400]) {
      it(`has nothing that axe-core objects to: ${colorScheme}, ${width} px wide`, async () => {
        const { page } = await look({ colorScheme, width });
        await lit(page, "connection.connected");
        exchange.inject({ kind: "reset" });
        await lit(page, "connection.reconnecting");
        expect(await violationsOf(page)).toEqual([]);
        await page.getByRole("button", { name: "Timeline", exact: true }).click();
        await page.getByRole("button", { name: /^Outage of trades/ }).click();
        await page.getByRole("dialog").waitFor();
        expect(await violationsOf(page)).toEqual([]);
        await page.keyboard.press("Escape");
        if (width > 1_000) return;
        for (const panel of ["Actors", "Details", "Events"]) {
          await page.getByRole("navigation").getByRole("button", { name: panel }).click();
          expect(await violationsOf(page)).toEqual([]);
        }
      });
    }
  }
});
