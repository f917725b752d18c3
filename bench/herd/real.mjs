// A herd of real supervisors: the built package on virtual time, each client with a seed of its own.
//
// The transport is the in-memory one of `ws-supervisor/testing`; the server's decision is the same
// gatekeeper's as in the simulation.
import { supervisor, testing } from "../lib/packages.mjs";
import { Gatekeeper, SITUATION } from "./gatekeeper.mjs";
import { EventQueue } from "./queue.mjs";

/** Long enough that every connection is stable, and its past forgiven. */
const BEFORE_MS = 20_000;
const DROP_SPREAD_MS = 5;
const LIMIT_MS = 600_000;

/**
 * A virtual clock on a heap: the package's own walks all its timers at each step, which is fine for a
 * test and quadratic for a herd.
 */
class HeapClock {
  #nowMs = 1_700_000_000_000;
  #queue = new EventQueue();
  #cleared = new WeakSet();

  nowMs() {
    return this.#nowMs;
  }

  setTimeout(callback, delayMs) {
    const timer = { callback };
    this.#queue.push(this.#nowMs + Math.max(delayMs, 0), timer);
    return timer;
  }

  clearTimeout(timer) {
    if (timer !== undefined && timer !== null) this.#cleared.add(timer);
  }

  nextTurn(callback) {
    this.setTimeout(callback, 0);
  }

  /** False when nothing is left to happen. */
  step() {
    if (this.#queue.size === 0) return false;
    const { at, what } = this.#queue.pop();
    this.#nowMs = Math.max(this.#nowMs, at);
    if (!this.#cleared.has(what)) what.callback();
    return true;
  }
}

/**
 * @param {{ seed: number, downSeconds?: number, retryAfter?: boolean, options?: object, perSecond?: number }} situation
 * `options` go to every supervisor.
 */
export async function realHerd(situation) {
  const { seed, downSeconds = 0, retryAfter = false, options = {} } = situation;
  const { clients, perSecond, roundTripSeconds } = { ...SITUATION, ...situation };
  const { createSupervisor } = await supervisor();
  const { createMemoryTransport } = await testing();
  const clock = new HeapClock();
  const gate = new Gatekeeper({ perSecond, downSeconds });
  const dropAtMs = clock.nowMs() + BEFORE_MS;
  let isDropped = false;
  let firstWaitsMs = 0;

  const { transport, sockets } = createMemoryTransport({
    clock,
    onDial: (socket) => {
      if (!isDropped) {
        clock.setTimeout(() => socket.opens(), 0);
        return;
      }
      const at = (clock.nowMs() - dropAtMs) / 1_000;
      const isIn = gate.admit(at);
      const isRefused = !isIn && !gate.isDown(at);
      const turnMs = isRefused && retryAfter ? Math.ceil(gate.turnIn(at)) * 1_000 : undefined;
      clock.setTimeout(() => {
        if (isIn) socket.opens();
        else if (isRefused) socket.refuses(503, turnMs);
        else socket.failsToConnect();
      }, roundTripSeconds * 1_000);
    },
  });
  const feeds = Array.from({ length: clients }, (_, i) => {
    const feed = createSupervisor("ws://herd.test", {
      transport,
      clock,
      heartbeat: null,
      seed: seed * clients + i,
      ...options,
    });
    feed.start();
    let isFirst = true;
    feed.on("down", ({ retryInMs }) => {
      if (isFirst) firstWaitsMs += retryInMs ?? 0;
      isFirst = false;
    });
    feed.on("failed", () => {
      gate.gaveUp += 1;
    });
    return feed;
  });
  const dropped = sockets.slice();
  clock.setTimeout(() => {
    isDropped = true;
    for (const [i, socket] of dropped.entries()) {
      clock.setTimeout(() => socket.drops("ECONNRESET"), (i / clients) * DROP_SPREAD_MS);
    }
  }, BEFORE_MS);

  const endMs = dropAtMs + downSeconds * 1_000 + LIMIT_MS;
  while (gate.accepted.length + gate.gaveUp < clients && clock.nowMs() < endMs && clock.step());
  for (const feed of feeds) feed.terminate();
  return { ...gate.report(clients), firstWaitSeconds: firstWaitsMs / clients / 1_000 };
}
