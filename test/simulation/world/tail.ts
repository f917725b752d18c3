/**
 * The end of a life: no fault any more, so everything must come good, within bounds (L1 to L8).
 *
 * First without help, then on a fresh socket that the user asks for: there every topic must be
 * confirmed, every stream deliver and every send be settled. Then it is closed, and nothing is left.
 */
import type { TopicStatus } from "../../../src/index.ts";
import type { World } from "./world.ts";

/** No fault at the exchange lasts longer, in milliseconds; nor does anything that a clerk holds back. */
const LONGEST_FAULT_MS = 10_000;
/** The longest wait before a topic is asked for again, and the wait for its turn, in milliseconds. */
const LONGEST_REST_MS = 300_000;
/** What a user waits for at most before helping. */
const PATIENCE_MS = 60_000;

export async function heal(world: World): Promise<void> {
  world.heal();
  await world.pass(LONGEST_FAULT_MS);
  if (world.user.isClosed) {
    for (let steps = 0; steps < 6 && world.user.isClosed; steps += 1) {
      await world.perform({ do: "nothing" });
    }
  }
  world.user.drain();
  await world.perform({ do: "nothing" });
  if (isBroken(world)) return;

  await quarantines(world);
  if (isBroken(world)) return;
  await becomesReady(world);
  if (isBroken(world)) return;
  await refusalsHeal(world);
  if (isBroken(world)) return;
  await comesGood(world);
  if (isBroken(world)) return;
  await becomesWhole(world);
  if (isBroken(world)) return;
  await quarantineEnds(world);
  if (isBroken(world)) return;
  await closes(world);
}

/** Topics that kill sockets for ever come to rest, so that all others may live. */
async function quarantines(world: World): Promise<void> {
  const { scene, network } = world;
  const { feed } = world.user;
  const { quarantine } = scene.character.features;
  if (quarantine === null || network.killers.length === 0) return;
  // Another supervisor may want fewer topics: where none is left that could live, none is quarantined.
  if (feed.topics().every(({ topic }) => network.killers.includes(topic))) {
    network.disarm();
    return;
  }
  await world.perform({ do: "reconnect" });
  const isAtRest = () =>
    feed
      .topics()
      .every(({ topic, state }) => state === "quarantined" || !network.killers.includes(topic));
  const { options } = scene.character;
  const roundMs = PATIENCE_MS + options.connectTimeoutMs + options.resubscribe.timeoutMs;
  const losses = network.killers.length * (quarantine.suspectAfter + quarantine.strikes);
  if (!(await until(world, isAtRest, (losses + 1) * roundMs)) && !isBroken(world)) {
    const topics = feed.topics().map(({ topic, state }) => `${topic} ${state}`);
    scene.violate("quarantine", `none for ${network.killers.join()}: ${topics.join(", ")}`);
  }
}

/** L1: by itself, unless it rests in `failed`, waits for very long, or nothing can notice that it is dead. */
async function becomesReady(world: World): Promise<void> {
  const { scene } = world;
  const { options } = scene.character;
  const { feed } = world.user;
  const waitMs = feed.status().retryInMs ?? 0;
  const isHelpless = waitMs > PATIENCE_MS || options.heartbeat === null;
  if (feed.state === "failed" || isHelpless) await world.perform({ do: "reconnect" });
  const heartbeatMs =
    options.heartbeat === null
      ? 0
      : options.heartbeat.intervalMs + 6 * (options.heartbeat.timeoutMs + scene.toleranceMs);
  // One loss that is yet to be noticed, its wait, and a dial; once more, for one that came of age.
  const roundMs =
    heartbeatMs + PATIENCE_MS + options.connectTimeoutMs + options.resubscribe.timeoutMs;
  const isReady = await until(world, () => feed.status().isReady, 2 * roundMs);
  if (!isReady && feed.state !== "failed" && !isBroken(world)) {
    const { retryInMs, phase } = feed.status();
    scene.violate("L1 ready again", `${feed.state} ${phase ?? ""} ${retryInMs ?? ""}`);
  }
}

/** L8: whoever was refused for now, or not answered for long, is asked for again, and confirmed. */
async function refusalsHeal(world: World): Promise<void> {
  const { scene, user } = world;
  const { resubscribe } = scene.character.options;
  const waiting = (): readonly string[] =>
    user.feed
      .topics()
      .filter(
        ({ state }) => state === "refused" || (state === "timed-out" && resubscribe.retries > 0),
      )
      .map(({ topic, state }) => `${topic} ${state}`);
  const boundMs = LONGEST_REST_MS + resubscribe.timeoutMs;
  // A link that is dead one way answers nothing, and not every heartbeat finds it out.
  const isOver = () => waiting().length === 0 || world.network.newest?.isMuteUp !== false;
  if (!(await until(world, isOver, boundMs)) && !isBroken(world)) {
    scene.violate("L8 refusals heal", waiting().join(", "));
  }
}

async function comesGood(world: World): Promise<void> {
  const { scene, user } = world;
  const { feed, oracle } = user;
  const { options, market } = scene.character;
  await world.perform({ do: "reconnect" });
  const { pacing, timeoutMs, requestTimeoutMs } = options.resubscribe;
  const frames = oracle.intents.wanted.length + 2;
  const pacedMs = [pacing, ...options.pacing].reduce(
    (sum, window) => sum + (frames / window.frames + 1) * window.perMs,
    0,
  );
  // Each topic may be on trial for itself.
  const { quarantine } = scene.character.features;
  const suspectedMs =
    quarantine === null
      ? 0
      : oracle.intents.wanted.length * (quarantine.suspectWithinMs + requestTimeoutMs);
  const boundMs =
    options.connectTimeoutMs + timeoutMs + requestTimeoutMs + pacedMs + suspectedMs + 1_000;
  const confirms = () => feed.status().isReady && feed.topics().every(({ state }) => isGood(state));
  if (!(await untilWithHelp(world, confirms, 2 * boundMs)) && !isBroken(world)) {
    const topics = feed.topics().map(({ topic, state }) => `${topic} ${state}`);
    scene.violate("L2 all confirmed", `${feed.state}: ${topics.join(", ")}`);
    return;
  }

  const sendsMs = options.pacing.reduce(
    (sum, { frames: most, perMs }) => sum + (oracle.sends.open / most + 2) * perMs,
    1_000,
  );
  if (!(await until(world, () => oracle.sends.open === 0, 2 * sendsMs)) && !isBroken(world)) {
    scene.violate("L4 outbox empty", `${oracle.sends.open} sends wait`);
  }

  const expected = feed
    .topics()
    .filter(({ topic, state }) => state === "confirmed" && speaks(topic, market))
    .map(({ topic }) => ({ topic, before: oracle.feed.deliveriesOf(topic) }));
  const deliver = () =>
    expected.every(({ topic, before }) => oracle.feed.deliveriesOf(topic) > before);
  const isSilent = scene.character.hasTap && !(await untilWithHelp(world, deliver, 60_000));
  if (isSilent && !isBroken(world)) {
    const silent = expected.filter(
      ({ topic, before }) => oracle.feed.deliveriesOf(topic) <= before,
    );
    scene.violate("L3 streams deliver", silent.map(({ topic }) => topic).join(", "));
  }
}

/** L6: whatever was not whole is recovered, one after the other where the desk says so. */
async function becomesWhole(world: World): Promise<void> {
  const { scene, user } = world;
  const { recovery } = scene.character.features;
  if (recovery === null) return;
  const { concurrent, spacingMs, timeoutMs, bufferMessages } = recovery;
  const { topics } = scene.character;
  const broken = (): readonly string[] =>
    user.feed
      .topics()
      .filter(({ topic, state }) => state === "confirmed" && speaks(topic, scene.character.market))
      .map(({ topic }) => topic)
      .filter((topic) => user.oracle.feed.invalid.includes(topic));
  // A buffer that is too small for what comes while a snapshot is under way may never join one.
  if (bufferMessages < 30) return;
  // A minute between two slow tries, and a host that has answered is asked for one stream after the other.
  const turnsMs = topics.length * (spacingMs + (2 * timeoutMs) / concurrent);
  const { repairs, unreliable } = user.oracle.feed;
  // How often a stream broke whose numbers are not believed is not counted.
  const mayProve = repairs.hasRecurring || unreliable.invalid.length > 0;
  const provesMs = mayProve ? 400_000 : 0;
  const boundMs = 120_000 + turnsMs + provesMs;
  if (!(await untilWithHelp(world, () => broken().length === 0, boundMs)) && !isBroken(world)) {
    scene.violate("L6 streams whole", broken().join(", "));
  }
}

/** L7: whoever is in quarantine is asked for again when that is over. */
async function quarantineEnds(world: World): Promise<void> {
  const { scene, user } = world;
  const { suspects } = user.oracle;
  const { options, topics, features } = scene.character;
  const [first] = user.feed
    .topics()
    .filter(({ state }) => state === "quarantined")
    .map(({ topic }) => ({ topic, untilMs: suspects.quarantineEndsAtMs(topic) }))
    .sort((one, other) => one.untilMs - other.untilMs);
  const leftMs = (first?.untilMs ?? Infinity) - scene.process.nowMs();
  if (first === undefined || leftMs > PATIENCE_MS) return;
  // Others are tried before it, each for itself, and may take a socket with them.
  const { suspectWithinMs = 0 } = features.quarantine ?? {};
  const { requestTimeoutMs, timeoutMs } = options.resubscribe;
  const trialMs = suspectWithinMs + requestTimeoutMs + timeoutMs + options.connectTimeoutMs;
  const boundMs = Math.max(leftMs, 0) + PATIENCE_MS + topics.length * trialMs;
  const isAskedFor = () => suspects.quarantineEndsAtMs(first.topic) !== first.untilMs;
  if (!(await until(world, isAskedFor, boundMs)) && !isBroken(world)) {
    scene.violate("L7 quarantine ends", `${first.topic} is not asked for`);
  }
}

async function closes(world: World): Promise<void> {
  const { scene, user, clock } = world;
  await world.perform({ do: "close" });
  const { closeTimeoutMs } = scene.character.options;
  await world.pass(closeTimeoutMs + scene.toleranceMs);
  await world.perform({ do: "nothing" });
  if (!user.isClosed) scene.violate("L5 closes", `still ${user.feed.state}`);
  const dials = world.network.newest?.id;
  await world.dismiss();
  // Whatever is still on its way comes to nobody.
  await world.pass(LONGEST_FAULT_MS);
  world.check();
  if (world.network.newest?.id !== dials) scene.violate("3 no dial after the end", "dialled");
  scene.log.add(`ends at ${clock.nowMs()}`);
}

/** Waits in strides until it is so; false when it is not by then. */
async function until(world: World, isSo: () => boolean, boundMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= boundMs; waitedMs += 250) {
    if (isSo()) return true;
    if (isBroken(world)) return false;
    await world.perform({ do: "pass", ms: 250 });
  }
  return isSo();
}

/** The same, with a user who reconnects a connection that failed: one without retries fails with its socket's age. */
async function untilWithHelp(world: World, isSo: () => boolean, boundMs: number): Promise<boolean> {
  const { feed } = world.user;
  const startMs = world.scene.process.nowMs();
  for (;;) {
    const leftMs = boundMs - (world.scene.process.nowMs() - startMs);
    const isOver = await until(world, () => feed.state === "failed" || isSo(), leftMs);
    if (!isOver || feed.state !== "failed" || isSo()) return isOver && isSo();
    await world.perform({ do: "reconnect" });
  }
}

/** What rests in quarantine is looked after by the oracle. */
function isGood(state: TopicStatus["state"]): boolean {
  return state === "confirmed" || state === "quarantined";
}

function isBroken(world: World): boolean {
  return world.violations.length > 0;
}

function speaks(topic: string, market: World["scene"]["character"]["market"]): boolean {
  const [symbol = "", kind = ""] = topic.split("@");
  if (!market.symbols.some((name) => name.toLowerCase() === symbol)) return false;
  return (
    kind === "trade" ||
    kind === "depth" ||
    (kind === "bookTicker" && market.bookTickersPerSecond > 0)
  );
}
