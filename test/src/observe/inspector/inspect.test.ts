/** What the inspector shows of a supervisor and of any actor, whenever it is attached. */
import { afterEach, describe, expect, it } from "vitest";
import { assign, createActor, setup } from "xstate";
import type { Inspector } from "ws-supervisor/inspector";
import {
  everySecond,
  startSupervisor,
  SupervisorWorld,
  numbered,
  type Json,
} from "../../start-supervisor.ts";
import { startInspector } from "./start-inspector.ts";

const inspectors: Inspector[] = [];
afterEach(async () => {
  for (const inspector of inspectors.splice(0)) await inspector.close();
});

async function inspected(options: Parameters<typeof startInspector>[1] = {}) {
  const world = startSupervisor(everySecond);
  const started = await startInspector(world.feed, { clock: world.clock, ...options });
  inspectors.push(started.inspector);
  return { world, ...started };
}

describe("a supervisor that runs already", () => {
  it("shows at once with its chart, its state and the actors below it", async () => {
    const { page } = await inspected({ name: "trades" });
    const [trades, ...below] = page.actors();
    expect(trades).toMatchObject({ name: "trades", value: "connecting", parent: null });
    expect(below.map(({ name }) => name)).toContain("socket");
    expect(below.every(({ parent }) => parent === trades?.key)).toBe(true);
    const [chart] = page.heard("chart");
    expect(chart?.chart.states.map(({ id }) => id)).toContain("connection.connected.probation");
    expect(chart?.chart.transitions).toContainEqual(
      expect.objectContaining({
        source: "connection.reconnecting",
        label: "after backoff",
        targets: ["connection.connecting"],
      }),
    );
  });

  it("tells every step with its cause, its guard and what changed", async () => {
    const { world, page } = await inspected();
    world.comesUp();
    world.socket.drops("ECONNRESET");
    await page.settles();
    const [connection] = page.actors();
    const socket = page.actors().find(({ name }) => name === "socket");
    const ended = page
      .steps()
      .find(({ event, actor }) => event === "socket.ended" && actor === connection?.key);
    expect(ended).toMatchObject({ actor: connection?.key, source: socket?.key });
    expect(ended?.transitions.map(({ label }) => label)).toEqual(["socket.ended", "socket.lost"]);
    expect(ended?.value).toBe("reconnecting");
    expect(ended?.changes).toContainEqual({ path: ["failures"], from: 0, to: 1 });
    expect(ended?.actions).toContain("holdSends");
  });

  it("tells the guard that let a transition through", async () => {
    const { world, page } = await inspected();
    world.socket.refuses(403);
    await page.settles();
    const taken = page.steps().flatMap(({ transitions }) => transitions);
    expect(taken).toContainEqual(
      expect.objectContaining({ label: "socket.lost", guard: "isRefused" }),
    );
  });

  it("knows when every armed delay is due, and which delay brought a transition", async () => {
    const { world, page } = await inspected();
    world.socket.refuses(502);
    await page.settles();
    const lost = page.steps().find(({ value }) => value === "reconnecting");
    const dueAtMs = world.clock.nowMs() + 1_000;
    expect(lost?.armed).toContainEqual({
      id: "xstate.after.backoff.connection.reconnecting",
      label: "backoff",
      delayMs: 1_000,
      dueAtMs,
    });
    expect(lost?.armed.map(({ label }) => label)).toContain("longOutage");
    world.clock.advance(1_000);
    await page.settles();
    const dialled = page.steps().find(({ event }) => event.startsWith("xstate.after.backoff"));
    expect(dialled?.transitions).toEqual([
      expect.objectContaining({ label: "after backoff", delayMs: 1_000 }),
    ]);
  });

  it("gives the history of one actor when it is asked for", async () => {
    const { world, page } = await inspected({ history: 1 });
    world.comesUp();
    world.socket.drops("ECONNRESET");
    const [connection] = page.actors();
    page.say({ type: "history", actor: connection?.key });
    const { steps, dropped } = await page.hears("history");
    expect(steps.length).toBe(1);
    expect(steps.at(-1)?.value).toBe("reconnecting");
    expect(dropped).toBeGreaterThan(0);
  });

  it("shows an outage from its first moment, and its report when it is over", async () => {
    const { world, page } = await inspected();
    world.comesUp();
    world.socket.drops("ECONNRESET");
    await page.settles();
    expect(page.heard("outages").at(-1)?.outages).toEqual([
      expect.objectContaining({ endedAtMs: null, cause: "dropped (ECONNRESET) in phase open" }),
    ]);
    world.waitsItsTurn();
    world.comesUp();
    await page.settles();
    const [outage] = page.heard("outages").at(-1)?.outages ?? [];
    expect(outage?.endedAtMs).toBe(world.clock.nowMs());
    expect(outage?.report).toMatchObject({ durationMs: 1_000, attempts: 1 });
  });

  it("counts in a report what the outage missed, which shows when it is over", async () => {
    const world = startSupervisor<Json>({ ...everySecond, ...numbered });
    const { page, inspector } = await startInspector(world.feed, { clock: world.clock });
    inspectors.push(inspector);
    world.comesUp();
    world.receives({ s: "a", n: 1 });
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    world.receives({ s: "a", n: 5 });
    await page.settles();
    const [outage] = page.heard("outages").at(-1)?.outages ?? [];
    expect(outage?.report).toMatchObject({ missed: { gaps: 1, numbers: 3 } });
  });

  it("tells a page that comes late all that it has missed", async () => {
    const { world, inspector } = await inspected();
    world.comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    const late = await startInspectorPage(inspector);
    expect(late.heard("recent")[0]?.steps.map(({ event }) => event)).toContain("socket.ended");
    expect(late.heard("recent")[0]?.facts.map(({ type }) => type)).toContain("down");
    const [connection] = late.actors();
    const timeline = late.heard("timeline").find(({ actor }) => actor === connection?.key);
    expect(timeline?.spans.map(({ state }) => state)).toEqual([
      "connecting",
      "connected",
      "reconnecting",
      "connecting",
    ]);
  });

  it("shows nothing any more once it is detached, and costs nothing", async () => {
    const { world, page, inspector } = await inspected();
    const other = startSupervisor();
    const detach = inspector.attach(other.feed, { name: "second" });
    await page.hears("actor", ({ actor }) => actor.name === "second");
    detach();
    await page.hears("forgotten");
    other.comesUp();
    world.comesUp();
    await page.settles();
    expect(page.actors().map(({ name }) => name)).not.toContain("second");
    expect(page.steps().every(({ actor }) => page.actors().some(({ key }) => key === actor))).toBe(
      true,
    );
  });
});

describe("a supervisor that does not run yet", () => {
  it("is attached as soon as it does", async () => {
    const world = startSupervisor();
    const idle = new SupervisorWorld();
    const { page, inspector } = await startInspector(world.feed);
    inspectors.push(inspector);
    inspector.attach(idle.feed, { name: "later" });
    idle.start();
    const { actor } = await page.hears("actor", (message) => message.actor.name === "later");
    expect(actor.isConnection).toBe(true);
  });
});

const counterMachine = setup({
  types: {} as { context: { count: number }; events: { type: "add" } },
  actions: { increase: assign({ count: ({ context }) => context.count + 1 }) },
}).createMachine({
  id: "counter",
  context: { count: 0 },
  initial: "counting",
  states: { counting: { on: { add: { actions: "increase" } } } },
});

describe("any actor of XState 5", () => {
  it("shows as well as a supervisor", async () => {
    const actor = createActor(counterMachine).start();
    const { page, inspector } = await startInspector(actor);
    inspectors.push(inspector);
    actor.send({ type: "add" });
    const { step } = await page.hears("step");
    expect(step).toMatchObject({
      event: "add",
      changes: [{ path: ["count"], from: 0, to: 1 }],
    });
    expect(page.actors()).toMatchObject([{ name: "counter", isConnection: false }]);
  });

  it("shows the supervisor that it runs in its chart, and itself above it", async () => {
    const idle = new SupervisorWorld();
    const { connectionMachine } = await import("ws-supervisor/machines");
    const service = setup({ actors: { connection: connectionMachine } }).createMachine({
      id: "service",
      invoke: { id: "feed", src: "connection", input: idle.feed.input },
    });
    const actor = createActor(service, { clock: idle.clock }).start();
    const { page, inspector } = await startInspector(idle.feed, { name: "feed" });
    inspectors.push(inspector);
    const actors = page.actors();
    expect(actors.slice(0, 2).map(({ name, isConnection }) => [name, isConnection])).toEqual([
      ["service", false],
      ["feed", true],
    ]);
    expect(actors[1]?.parent).toBe(actors[0]?.key);
    actor.stop();
  });

  it("shares its chart with every actor that runs an equal one, however it was made", async () => {
    const make = () => createActor(counterMachine.provide({})).start();
    const { page, inspector } = await startInspector(make());
    inspectors.push(inspector);
    inspector.attach(make(), { name: "second" });
    const { actor } = await page.hears("actor", (message) => message.actor.name === "second");
    expect(actor.chart).toBe(page.actors()[0]?.chart);
    expect(page.heard("chart").length).toBe(1);
  });

  it("is forgotten once it has ended and others have ended since", async () => {
    const spawning = setup({ actors: { counter: counterMachine } }).createMachine({
      id: "spawning",
      initial: "one",
      states: {
        one: {
          invoke: { src: "counter", id: "counter" },
          on: { next: { target: "one", reenter: true } },
        },
      },
    });
    const actor = createActor(spawning).start();
    const { page, inspector } = await startInspector(actor, { endedActors: 2 });
    inspectors.push(inspector);
    for (let round = 0; round < 5; round += 1) actor.send({ type: "next" });
    await page.settles();
    expect(page.heard("forgotten").length).toBe(3);
    expect(page.actors().length).toBe(1 + 1 + 2);
  });

  it("is not disturbed by a context that bites whoever looks", async () => {
    const biting = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("bitten");
        },
      },
    );
    const machine = setup({ types: {} as { context: { biting: object } } }).createMachine({
      context: { biting },
      on: { poke: {} },
    });
    const actor = createActor(machine).start();
    const { page, inspector } = await startInspector(actor);
    inspectors.push(inspector);
    actor.send({ type: "poke" });
    const { step } = await page.hears("step");
    expect(step.event).toBe("poke");
    expect(actor.getSnapshot().status).toBe("active");
  });
});

async function startInspectorPage(inspector: Inspector) {
  const { PageDouble, liveUrl } = await import("./start-inspector.ts");
  const page = new PageDouble(liveUrl(inspector.url));
  await page.hears("recent");
  return page;
}
