/** The wire of `@statelyai/inspect` 0.7, against its own receiver and its own inspector. */
import {
  createWebSocketInspector,
  createWebSocketReceiver,
  type StatelyInspectionEvent,
} from "@statelyai/inspect";
import { supervise } from "ws-supervisor";
import { inspect } from "ws-supervisor/inspector";
import { connectionMachine } from "ws-supervisor/machines";
import { createMemoryTransport, VirtualClock } from "ws-supervisor/testing";
import { WebSocketServer } from "ws";
import { describe, expect, it } from "vitest";
import { createActor, createMachine, setup, type AnyStateMachine } from "xstate";
import { everySecond, startSupervisor } from "../../src/start-supervisor.ts";
import { statesOf } from "../../../src/testing/charts/transitions.ts";
import { startInspector } from "../../src/observe/inspector/start-inspector.ts";

/** What a receiver hears, and a way to wait for it. */
function listenTo(server: string) {
  const heard: StatelyInspectionEvent[] = [];
  let wake = (): void => undefined;
  createWebSocketReceiver({ server }).subscribe((event) => {
    heard.push(event);
    wake();
  });
  const hears = async (fits: (event: StatelyInspectionEvent) => boolean) => {
    for (;;) {
      const found = heard.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { heard, hears };
}

const valueOf = (event: StatelyInspectionEvent) =>
  event.type === "@xstate.snapshot" ? (event.snapshot as { value?: unknown }).value : undefined;

describe("a receiver of @statelyai/inspect", () => {
  it("hears our actors, with a definition that is the same machine again", async () => {
    const world = startSupervisor(everySecond);
    const inspector = await inspect(world.feed, { port: 0, clock: world.clock });
    const { hears, heard } = listenTo(inspector.statelyUrl);
    const registered = await hears(({ type }) => type === "@xstate.actor");
    if (registered.type !== "@xstate.actor") throw new Error("unreachable");
    expect(registered.name).toBe("connection");
    const machine: AnyStateMachine = createMachine(
      JSON.parse(registered.definition ?? "") as object,
    );
    const states = statesOf(machine).map(({ id }) => id);
    expect(states).toEqual(statesOf(connectionMachine).map(({ id }) => id));
    const waiting = machine.getStateNodeById("connection.reconnecting");
    expect(waiting.after.map(({ delay }) => delay)).toEqual(["backoff"]);
    world.comesUp();
    await hears((event) => JSON.stringify(valueOf(event)) === '{"connected":"probation"}');
    expect(heard.map(({ type }) => type)).toContain("@xstate.event");
    await inspector.close();
  });
});

describe("a supervisor with the option `inspect`", () => {
  it("tells @statelyai/inspect's own inspector, and its receiver shows the chart", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    server.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        for (const other of server.clients) if (other !== socket) other.send(data.toString());
      });
    });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const url = `ws://127.0.0.1:${port}`;
    const { hears } = listenTo(url);
    await new Promise((resolve) => server.once("connection", resolve));
    const official = createWebSocketInspector({ url });
    const clock = new VirtualClock();
    const { transport, sockets } = createMemoryTransport({ clock });
    const feed = supervise("ws://feed.test", { transport, clock, inspect: official.inspect });
    const registered = await hears(({ type }) => type === "@xstate.actor");
    expect(registered.type === "@xstate.actor" && registered.definition).toContain("reconnecting");
    sockets[0]?.opens();
    await hears((event) => JSON.stringify(valueOf(event)) === '{"connected":"probation"}');
    feed.terminate();
    official.stop();
    for (const client of server.clients) client.terminate();
    server.close();
  });
});

const lampMachine = setup({}).createMachine({
  id: "lamp",
  initial: "off",
  context: { password: "hunter2", note: "hunter2" },
  states: { off: { on: { press: "on" } }, on: { on: { press: "off" } } },
});

describe("a program that is instrumented with @statelyai/inspect", () => {
  it("shows in our page when it points at us, redacted as our own", async () => {
    const { inspector, page } = await startInspector(startSupervisor().feed);
    const official = createWebSocketInspector({ url: inspector.statelyUrl });
    const lamp = createActor(lampMachine, { inspect: official.inspect }).start();
    const { actor } = await page.hears("actor", (message) => message.actor.name === "lamp");
    expect(actor).toMatchObject({ value: "off" });
    expect(page.heard("chart").map(({ chart }) => chart.name)).toContain("lamp");
    lamp.send({ type: "press" });
    const { step } = await page.hears("step", (message) => message.step.event === "press");
    expect(step).toMatchObject({ value: "on", transitions: [{ label: "press" }] });
    official.stop();
    await page.hears("actor", (message) => message.actor.status === "stopped");
    expect(page.frames.filter((frame) => frame.includes("hunter2"))).toEqual([]);
    await inspector.close();
  });
});
