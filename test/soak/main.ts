/**
 * The soak's conductor: real sockets on this machine's loopback, for minutes, with a fault every few
 * seconds and the supervisor's process stopped now and then; then an overload; then a leak hunt.
 *
 * Three processes: this one decides and checks, one is the exchange, one is under test. Nothing here
 * proves that all is well once; the account of every number and the flat line of memory do.
 */
import { setTimeout as pass } from "node:timers/promises";
import { parseArgs } from "node:util";
import { falseAlarms, proveSoak } from "./account.ts";
import type { ClientMethods } from "./client-process.ts";
import type { ExchangeMethods } from "./exchange-process.ts";
import { judge, toLines, type SoakReport } from "./report.ts";
import { planSoak, STOP_MS, type Blow } from "./schedule.ts";
import { Worker } from "./talk.ts";

/** Half of them through a relay. Four, so that 20,000 a second go on while one is down. */
const RELAYED = [false, true, false, true];
const TRADES_PER_SECOND = 20_000;
const SYMBOLS_PER_LINE = 2;
/** Without faults, at the end: a loss at the very end shows only with the next message. */
const TAIL_MS = 5_000;
const LAST_ARRIVAL_MS = 20_000;
const OVERLOAD_MS = 10_000;
const CYCLES = 300;

type Exchange = Worker<ExchangeMethods>;
type Client = Worker<ClientMethods>;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0 && minutes <= 1_440) || !Number.isSafeInteger(seed)) {
  process.stderr.write("soak: --minutes takes a number above 0, --seed a whole number\n");
  process.exit(2);
}

const exchange: Exchange = new Worker(new URL("exchange-process.js", import.meta.url));
const client: Client = new Worker(new URL("client-process.js", import.meta.url), ["--expose-gc"]);
const startedAtMs = performance.now();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

function say(text: string): void {
  const at = `${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`;
  if (!values.json) process.stdout.write(`${at.padStart(8)}  ${text}\n`);
}

async function soak(): Promise<SoakReport["feeds"]> {
  const lengthMs = minutes * 60_000;
  const plan = planSoak(seed, lengthMs, RELAYED);
  const symbols = RELAYED.map((_, line) =>
    Array.from({ length: SYMBOLS_PER_LINE }, (__, index) => `LINE${line}S${index}`),
  );
  const topics = symbols.map((names) =>
    names.flatMap((name) => [`${name.toLowerCase()}@trade`, `${name.toLowerCase()}@depth@100ms`]),
  );
  const tradesPerSecond = TRADES_PER_SECOND / RELAYED.length / SYMBOLS_PER_LINE;
  const urls: string[] = [];
  for (const [line, names] of symbols.entries()) {
    const market = { symbols: names, tradesPerSecond, bookTickersPerSecond: 0 };
    const limits = { pingIntervalMs: 5_000, pongTimeoutMs: 15_000 };
    const options = { seed: seed + line, market, limits };
    urls.push(await exchange.call("open", options, RELAYED[line] ?? false)); // in order: lines
  }
  await client.call("startFeeds", urls, topics, seed);
  say(`${urls.length} lines, ${plan.strikes.length} faults, 3 stops, ${lengthMs / 1_000} s`);

  const beganAtMs = performance.now();
  const until = (atMs: number): Promise<void> =>
    pass(Math.max(0, beganAtMs + atMs - performance.now()));
  const striking = (async () => {
    for (const { atMs, line, blow } of plan.strikes) {
      await until(atMs);
      await exchange.call("strike", line, blow);
    }
  })();
  for (const atMs of plan.stopsAtMs) {
    await until(atMs);
    say("SIGSTOP of the supervisor");
    client.child.kill("SIGSTOP");
    await pass(STOP_MS);
    client.child.kill("SIGCONT");
  }
  await striking;
  await until(lengthMs);
  say("no more faults");
  await pass(TAIL_MS);
  const late = await lastArrivals(topics.flat());
  const seen = await client.call("endFeeds");
  const emitted = await exchange.call("emitted", topics.flat());
  const spells = await exchange.call("spells");
  await exchange.call("close");
  if (seen === undefined) throw new Error("the feeds never ran");

  const { lines, vitals } = seen;
  const tookSeconds = (performance.now() - beganAtMs) / 1_000;
  const account = proveSoak(
    emitted,
    lines.flatMap(({ streams }) => streams),
  );
  const outagesMs = lines.flatMap((line) => line.outagesMs).sort((one, other) => one - other);
  const quantile = (part: number): number =>
    outagesMs[Math.min(outagesMs.length - 1, Math.floor(outagesMs.length * part))] ?? 0;
  return {
    lines: lines.length,
    emittedPerSecond: Math.round(account.emitted / tookSeconds),
    messages: lines.reduce((sum, line) => sum + line.messages, 0),
    faults: tally(plan.strikes.map(({ blow }): Blow["kind"] => blow.kind)),
    stops: plan.stopsAtMs.length,
    losses: tally(lines.flatMap(({ ends }) => ends.map(({ loss }) => loss.class))),
    outages: lines.reduce((sum, line) => sum + line.downs, 0),
    outageMs: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
    account,
    falseAlarms: falseAlarms(lines, spells),
    oddities: [...late, ...lines.flatMap((line) => line.oddities)],
    vitals,
  };
}

/** Waits until whatever was emitted by now has arrived, or is told to be missing by what came after. */
async function lastArrivals(topics: readonly string[]): Promise<readonly string[]> {
  const owed = await exchange.call("emitted", topics);
  const last = new Map(owed.map(({ stream, runs }) => [stream, runs.at(-1)?.last ?? 0]));
  const giveUpAtMs = performance.now() + LAST_ARRIVAL_MS;
  for (;;) {
    const behind = await client.call("feedsBehind", last);
    if (behind.length === 0) return [];
    if (performance.now() > giveUpAtMs) {
      return behind.map((stream) => `${stream}: emitted before the end, and never arrived`);
    }
    await pass(100);
  }
}

async function overload(): Promise<SoakReport["overload"]> {
  const stream = "flood@trade";
  say(`overload: a flood and a slow consumer, ${OVERLOAD_MS / 1_000} s`);
  await client.call("startOverload", await exchange.call("openFlood", stream), stream);
  await pass(OVERLOAD_MS);
  await exchange.call("calmFlood");
  const seen = await client.call("endOverload");
  const flood = await exchange.call("closeFlood");
  if (seen === undefined || flood === undefined) throw new Error("the overload never ran");
  const account = proveSoak(
    [{ stream, runs: [{ first: 1, last: flood.sent }] }],
    seen.line.streams,
  );
  const { line, ...rest } = seen;
  return { flood, seen: rest, account, oddities: line.oddities };
}

async function cycles(): Promise<SoakReport["cycles"]> {
  say(`leak hunt: ${CYCLES} cycles`);
  const market = { symbols: ["CYCLE"], tradesPerSecond: 500, bookTickersPerSecond: 0 };
  const limits = { inboundPerSecond: 50 };
  const url = await exchange.call("open", { seed, market, limits }, false);
  const hunt = client.call("runCycles", url, ["cycle@trade"], seed, CYCLES);
  const over = new AbortController();
  void hunt.finally(() => over.abort()).catch(() => {});
  const troubles: readonly Blow[] = [
    { kind: "never-answer", durationMs: 80 },
    { kind: "status", status: 503, retryAfterSeconds: 1, durationMs: 80 },
    { kind: "reset" },
    { kind: "refuse", durationMs: 80 },
    { kind: "flap", afterMs: 5, durationMs: 120 },
    { kind: "silence" },
    { kind: "stall", durationMs: 50 },
  ];
  for (let index = 0; !over.signal.aborted; index += 1) {
    await pass(100);
    const trouble = troubles[index % troubles.length];
    if (trouble !== undefined) await exchange.call("strike", 0, trouble);
  }
  const { endedIn, ...seen } = await hunt;
  await exchange.call("close");
  return { ...seen, endedIn: Object.fromEntries(endedIn) };
}

function tally(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

try {
  const feeds = await soak();
  const overloaded = await overload();
  const cycled = await cycles();
  const warnings = await client.call("warnings");
  const node = process.versions.node;
  const found = { seed, minutes, node, feeds, overload: overloaded, cycles: cycled, warnings };
  const report = { ...found, problems: judge(found) };
  const output = values.json ? JSON.stringify(report) : toLines(report).join("\n");
  process.stdout.write(`${output}\n`);
  process.exitCode = report.problems.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`soak: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await Promise.all([exchange.stop(), client.stop()]);
}
