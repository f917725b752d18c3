import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { FactMessage } from "../../../src/supervisor/channels.ts";
import { everySecond, numberedVenue, startSupervisor } from "../start-supervisor.ts";

const root = resolve(import.meta.dirname, "../../..");
const source = readFileSync(resolve(root, "src/supervisor/facts.ts"), "utf8");
const [, payloads = ""] = /export interface FactPayloads \{([\s\S]*?)\n\}/.exec(source) ?? [];
const factTypes = [...payloads.matchAll(/^ {2}"?([\w.]+)"?: /gm)].map(([, name = ""]) => name);

/** What comes in on `channels`, until the test ends. */
const offs: (() => void)[] = [];
function listen(channels: readonly string[]): { name: string; message: FactMessage }[] {
  const heard: { name: string; message: FactMessage }[] = [];
  for (const name of channels) {
    const listener = (message: unknown) => {
      heard.push({ name, message: message as FactMessage });
    };
    subscribe(name, listener);
    offs.push(() => unsubscribe(name, listener));
  }
  return heard;
}

afterEach(() => {
  for (const off of offs.splice(0)) off();
});

describe("the process's channels", () => {
  const all = factTypes.map((type) => `ws-supervisor:${type}`);

  it("carry every fact once, in order, on the channel of its kind", () => {
    const heard = listen(all);
    const world = startSupervisor(everySecond).comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    world.feed.terminate();
    expect(heard.map(({ message }) => message.fact)).toEqual(world.facts);
    expect(heard.map(({ name }) => name)).toEqual(
      world.facts.map(({ type }) => `ws-supervisor:${type}`),
    );
  });

  it("say whose fact it is", () => {
    const heard = listen(["ws-supervisor:up"]);
    const named = startSupervisor({ name: "quotes" }).comesUp();
    startSupervisor({ target: numberedVenue() }).comesUp();
    startSupervisor().comesUp();
    expect(heard.map(({ message: { name, venue } }) => [name, venue])).toEqual([
      ["quotes", undefined],
      ["numbered", "numbered"],
      ["connection", undefined],
    ]);
    expect(heard[0]?.message.supervisor).toBe(named.feed);
  });

  it("never carry a message", () => {
    const heard = listen([...all, "ws-supervisor:message"]);
    const world = startSupervisor().comesUp();
    const before = heard.length;
    let messages = 0;
    world.feed.on("message", () => {
      messages += 1;
    });
    world.socket.receives("1", "2", "3");
    expect(messages).toBe(3);
    expect(heard.length).toBe(before);
  });

  it("find a subscriber that comes late, on channels nobody heard before", () => {
    const { feed, socket } = startSupervisor();
    const heard = listen(["ws-supervisor:notice", "ws-supervisor:closed"]);
    expect(channel("ws-supervisor:closed").hasSubscribers).toBe(true);
    socket.opens();
    feed.terminate();
    expect(heard.map(({ name }) => name)).toEqual(["ws-supervisor:closed"]);
  });

  it("are left out where there is no Node, and nothing else changes", async () => {
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    vi.resetModules();
    const { broadcast } = await import("../../../src/supervisor/channels.ts");
    vi.unstubAllGlobals();
    const heard = listen(["ws-supervisor:closed"]);
    const { feed } = startSupervisor();
    broadcast(feed, { type: "closed", atMs: 0 });
    expect(heard).toEqual([]);
  });
});
