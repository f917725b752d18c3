// What the inspector costs: `npm run bench:inspector` (needs a build).
//
// One life of a connection (dial, open, settle, drop, wait) on virtual time, over and over, in rounds that
// take turns, so that a busy machine slows all alike: never inspected (twice: the spread between equals),
// detached again, attached, attached with a page open. Then 200 connections at one transition a second each.
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { createSupervisor } from "../dist/src/index.js";
import { inspect } from "../dist/src/observe/inspector/index.js";
import { createMemoryTransport, VirtualClock } from "../dist/src/testing/index.js";

const ROUNDS = 15;
const LIVES = 150;
const STEPS_PER_LIFE = 12;

function scene() {
  const clock = new VirtualClock();
  const { transport, sockets } = createMemoryTransport({ clock, strays: false });
  const retryBudget = { attempts: 1e6, perMs: 1_000 };
  const feed = createSupervisor("ws://feed.test", {
    transport,
    clock,
    seed: 1,
    backoff: () => 1_000,
    retryBudget,
  });
  feed.start();
  const live = () => {
    sockets.at(-1).opens();
    clock.advance(10_000);
    sockets.at(-1).drops("ECONNRESET");
    sockets.length = 0;
    clock.advance(1_000);
  };
  return { clock, feed, live };
}

async function openPage(inspector) {
  const { host, hash } = new URL(inspector.url);
  const page = new WebSocket(`ws://${host}/live?${hash.slice(1)}`);
  await once(page, "message");
  return page;
}

const variants = {
  "never inspected": async () => scene(),
  "never inspected, again": async () => scene(),
  "attached and detached": async () => {
    const one = scene();
    const inspector = await inspect(one.feed, { port: 0, clock: one.clock });
    await inspector.close();
    return one;
  },
  attached: async () => {
    const one = scene();
    return { ...one, inspector: await inspect(one.feed, { port: 0, clock: one.clock }) };
  },
  "attached, a page open": async () => {
    const one = scene();
    const inspector = await inspect(one.feed, { port: 0, clock: one.clock });
    return { ...one, inspector, page: await openPage(inspector) };
  },
};

const running = new Map();
for (const [name, start] of Object.entries(variants))
  running.set(name, { ...(await start()), times: [] });
for (let round = -2; round < ROUNDS; round += 1) {
  for (const one of running.values()) {
    const startedAt = performance.now();
    for (let life = 0; life < LIVES; life += 1) one.live();
    if (round >= 0) one.times.push(performance.now() - startedAt);
    await pause(5); // the page reads
  }
}
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const base = median(running.get("never inspected").times);
for (const [name, { times, inspector, page }] of running) {
  const ms = median(times);
  const perLifeUs = (ms / LIVES) * 1_000;
  console.log(
    `${name.padEnd(24)} ${perLifeUs.toFixed(0).padStart(6)} µs a life   ${(ms / base).toFixed(2)}×`,
  );
  page?.terminate();
  await inspector?.close();
}
const extraUs = ((median(running.get("attached").times) - base) / LIVES) * 1_000;
console.log(`attached: ${(extraUs / STEPS_PER_LIFE).toFixed(1)} µs more for each step of an actor`);

/** 200 connections that each take about one transition a second, for five seconds. */
async function fleetCpu(isInspected) {
  const scenes = Array.from({ length: 200 }, scene);
  let inspector;
  let page;
  if (isInspected) {
    inspector = await inspect(scenes[0].feed, { port: 0, clock: scenes[0].clock });
    for (const { feed } of scenes.slice(1)) inspector.attach(feed);
    page = await openPage(inspector);
  }
  const before = process.cpuUsage();
  for (let turn = 0; turn < 50; turn += 1) {
    // A twentieth of them lives a life of a dozen steps: 200 steps a second between them.
    for (let index = turn % 12; index < 200; index += 120) scenes[index].live();
    await pause(100);
  }
  const { user, system } = process.cpuUsage(before);
  const heapMb = process.memoryUsage().heapUsed / 2 ** 20;
  page?.terminate();
  await inspector?.close();
  return { percent: (user + system) / 50_000, heapMb };
}
for (const isInspected of [false, true]) {
  const { percent, heapMb } = await fleetCpu(isInspected);
  const name = isInspected ? "inspected, a page open" : "not inspected";
  console.log(
    `200 connections, ${name}: ${percent.toFixed(1)} % of one core, heap ${heapMb.toFixed(0)} MB`,
  );
}
process.exit(0);
