/**
 * The bridge to `@xstate/inspect` 0.8, against its real receiver and the real XState 4, both ways.
 *
 * They live in a fixture of their own, because two majors of XState do not share a tree:
 * `npm ci --prefix test/fixtures/xstate4`.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { inspect, xstate4Bridge } from "ws-supervisor/inspector";
import { describe, expect, it } from "vitest";
import { everySecond, startSupervisor } from "../../src/start-supervisor.ts";

const fixture = resolve(import.meta.dirname, "../../fixtures/xstate4");
const isInstalled = existsSync(resolve(fixture, "node_modules/@xstate/inspect"));
if (!isInstalled) console.warn(`skipped: XState 4 is not installed (npm ci --prefix ${fixture})`);

interface Line {
  readonly type: string;
  readonly sessionId: string;
  readonly [key: string]: unknown;
}

/** The viewer's process, and what it says. */
function startViewer(server: string) {
  const viewer = spawn(process.execPath, ["receive.mjs", server], { cwd: fixture });
  const lines: Line[] = [];
  let wake = (): void => undefined;
  createInterface({ input: viewer.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as Line);
    wake();
  });
  const says = async (fits: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const send = (event: object) => viewer.stdin.write(`${JSON.stringify(event)}\n`);
  return { lines, says, send, stop: () => viewer.kill() };
}

/** An event as XState 4 wraps it before it goes over the wire. */
const asSent = (type: string, origin: string) => ({
  type: "xstate.event",
  event: JSON.stringify({ name: type, data: { type }, $$type: "scxml", type: "external", origin }),
});

describe.skipIf(!isInstalled)("the bridge to @xstate/inspect", () => {
  it("registers a machine that XState 4 takes, follows its states, and brings events back", async () => {
    const world = startSupervisor(everySecond);
    const options = { port: 0, clock: world.clock, commands: true, bridges: [xstate4Bridge] };
    const inspector = await inspect(world.feed, options);
    const viewer = startViewer((inspector.bridgeUrls[0] ?? "").replace("ws://", ""));

    const registered = await viewer.says(({ type }) => type === "service.register");
    expect(registered).toMatchObject({ id: "connection", value: "connecting" });
    expect(registered["states"]).toContain("connection.connected.stable");

    world.comesUp();
    const isUp = ({ type, value }: Line) =>
      type === "service.state" && JSON.stringify(value) === '{"connected":"probation"}';
    expect((await viewer.says(isUp)).sessionId).toBe(registered.sessionId);
    expect(viewer.lines.map(({ event }) => event)).toContain("socket.opened");

    viewer.send(asSent("close", registered.sessionId));
    await viewer.says(({ type, value }) => type === "service.state" && value === "closing");
    expect(world.feed.state).toBe("closing");
    world.feed.terminate();
    await viewer.says(({ type }) => type === "service.stop");
    viewer.stop();
    await inspector.close();
  });

  it("brings nothing back where commands are off", async () => {
    const world = startSupervisor(everySecond);
    world.comesUp();
    const options = { port: 0, clock: world.clock, bridges: [xstate4Bridge] };
    const inspector = await inspect(world.feed, options);
    const viewer = startViewer((inspector.bridgeUrls[0] ?? "").replace("ws://", ""));
    const { sessionId } = await viewer.says(({ type }) => type === "service.register");
    viewer.send(asSent("close", sessionId));
    // Asked for anew: what was sent before has arrived by the time that this is answered.
    const answers = viewer.lines.length;
    viewer.send({ type: "xstate.inspecting" });
    await viewer.says((line) => viewer.lines.indexOf(line) >= answers);
    expect(world.feed.state).toBe("connected");
    viewer.stop();
    await inspector.close();
  });
});
