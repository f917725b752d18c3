/**
 * The real supervisor over sockets in memory, whose server falls mute again and again: how long no data
 * came because of the new socket, where the network takes its time.
 */
import { createSupervisor } from "../../../src/index.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { Dice } from "../world/chance.ts";

const MESSAGES = 40;
const EVERY_MS = 1_000;

/** Gives, for each of so many mutes, the milliseconds from the end of the old socket to ready. */
export async function redials(seed: number, mutes: number): Promise<readonly number[]> {
  const dice = new Dice(seed, "redials");
  const clock = new VirtualClock(0);
  const memory = createMemoryTransport({ clock });
  const feed = createSupervisor("wss://venue.example", {
    transport: memory.transport,
    clock,
    seed,
    topics: ["a"],
    heartbeat: null,
    // The server answers nothing: what was written counts as asked for.
    subscriptions: {
      subscribe: (topics) => ({ op: "subscribe", topics }),
      unsubscribe: (topics) => ({ op: "unsubscribe", topics }),
    },
  });
  const windows: number[] = [];
  let downAtMs = 0;
  feed.on("down", ({ atMs }) => {
    downAtMs = atMs;
  });
  feed.on("up", ({ atMs }) => {
    if (downAtMs > 0) windows.push(atMs - downAtMs);
  });
  feed.start();
  for (let mute = 0; mute <= mutes; mute += 1) {
    await Promise.resolve();
    const socket = memory.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was dialled");
    const roundTripMs = dice.log(2, 300);
    clock.advance(4 * roundTripMs); // TCP, TLS, the upgrade
    socket.opens();
    for (let message = 0; message < MESSAGES; message += 1) {
      clock.advance(EVERY_MS);
      socket.receives(`"${message}"`);
    }
    if (mute === mutes) break;
    // It falls mute: until the watch has dialled the next one.
    const dialled = memory.sockets.length;
    for (let waitedS = 0; memory.sockets.length === dialled && waitedS < 600; waitedS += 1) {
      clock.advance(1_000);
    }
  }
  feed.terminate();
  return windows;
}
