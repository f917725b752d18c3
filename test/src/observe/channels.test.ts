import { expect, it } from "vitest";
import { followFacts } from "../../../src/observe/channels.ts";
import { everySecond, promisesSettle, startSupervisor } from "../start-supervisor.ts";

it("a reader of facts that throws or rejects is a warning, and the others go on reading", async () => {
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", note);
  const heard: string[] = [];
  const offs = [
    followFacts({
      up: () => {
        throw new Error("not my day");
      },
      down: (() => Promise.reject(new Error("nor mine"))) as () => void,
    }),
    followFacts({ up: ({ type }) => heard.push(type), down: ({ type }) => heard.push(type) }),
  ];
  const world = startSupervisor(everySecond).comesUp();
  world.socket.drops("ECONNRESET");
  world.feed.terminate();
  await promisesSettle();
  await promisesSettle();
  for (const off of offs) off();
  process.off("warning", note);

  expect(heard).toEqual(["up", "down"]);
  expect(warnings).toEqual([
    "a reader of ws-supervisor:up failed: not my day",
    "a reader of ws-supervisor:down failed: nor mine",
  ]);
});
