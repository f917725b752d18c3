/** Commands: none without the second switch; with it, what an owner may do. */
import { describe, expect, it } from "vitest";
import { everySecond, startSupervisor } from "../../start-supervisor.ts";
import { startInspector } from "./start-inspector.ts";

async function commanded(commands: boolean) {
  const world = startSupervisor(everySecond);
  world.comesUp();
  const { inspector, page } = await startInspector(world.feed, { clock: world.clock, commands });
  const [connection] = page.actors();
  const command = async (name: string) => {
    const before = page.heard("commanded").length;
    page.say({ type: "command", actor: connection?.key, command: name });
    await page.hears("commanded", () => page.heard("commanded").length > before);
    return page.heard("commanded").at(-1)?.problem;
  };
  return { world, inspector, page, command };
}

describe("commands", () => {
  it("do nothing unless they are switched on", async () => {
    const { world, inspector, command } = await commanded(false);
    expect(await command("drop")).toBe("commands are off");
    expect(world.feed.state).toBe("connected");
    await inspector.close();
  });

  it("drop the socket as a network would, and the supervisor comes back", async () => {
    const { world, inspector, command } = await commanded(true);
    expect(await command("drop")).toBeNull();
    expect(world.feed.state).toBe("reconnecting");
    expect(world.feed.status().lastLoss).toMatchObject({ class: "dropped" });
    expect(world.socketsOpen).toBe(0);
    world.waitsItsTurn();
    world.comesUp();
    expect(world.feed.state).toBe("connected");
    await inspector.close();
  });

  it("reconnect and close", async () => {
    const { world, inspector, command } = await commanded(true);
    expect(await command("reconnect")).toBeNull();
    expect(world.dials).toBe(2);
    expect(await command("close")).toBeNull();
    expect(world.feed.state).toBe("closed");
    await inspector.close();
  });

  it("find no socket to drop while there is none", async () => {
    const { world, inspector, command } = await commanded(true);
    world.socket.drops("ECONNRESET");
    expect(await command("drop")).toBe("there is no socket to drop");
    await inspector.close();
  });
});
