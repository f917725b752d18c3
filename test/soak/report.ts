/** What a soak says in the end: one object, its verdict, and the lines for people. Pure. */
import type { SoakAccount } from "./account.ts";
import type { CyclesSeen } from "./cycles.ts";
import type { FloodReport } from "./flood.ts";
import type { OverloadSeen } from "./overload.ts";
import type { Vitals } from "./vitals.ts";

export interface SoakReport {
  readonly seed: number;
  readonly minutes: number;
  readonly node: string;
  readonly feeds: {
    readonly lines: number;
    /** Emitted by the exchange, and delivered to the consumers. */
    readonly emittedPerSecond: number;
    readonly messages: number;
    readonly faults: Readonly<Record<string, number>>;
    readonly stops: number;
    /** Connections lost and attempts failed, by the class of the loss. */
    readonly losses: Readonly<Record<string, number>>;
    readonly outages: number;
    readonly outageMs: { readonly p50: number; readonly p99: number; readonly max: number };
    readonly account: SoakAccount;
    readonly falseAlarms: readonly string[];
    readonly oddities: readonly string[];
    readonly vitals: Vitals;
  };
  readonly overload: {
    readonly flood: FloodReport;
    readonly seen: Omit<OverloadSeen, "line">;
    readonly account: SoakAccount;
    readonly oddities: readonly string[];
  };
  readonly cycles: Omit<CyclesSeen, "endedIn"> & {
    readonly endedIn: Readonly<Record<string, number>>;
  };
  readonly warnings: readonly string[];
  /** Everything that fails the soak, a sentence each. */
  readonly problems: readonly string[];
}

/**
 * What memory may do. A slope over a short time is mostly noise: what it adds up to over the time it
 * was taken must pass `noise` before it counts.
 */
const BOUNDS = {
  heapMbPerMinute: 1,
  heapNoiseMb: 4,
  rssMbPerMinute: 2,
  rssNoiseMb: 32,
  overloadHeapMb: 64,
  cyclesHeapMb: 2,
} as const;

export function judge(report: Omit<SoakReport, "problems">): readonly string[] {
  const { feeds, overload, cycles, warnings } = report;
  return [
    ...feeds.account.problems,
    ...feeds.falseAlarms.map((alarm) => `false alarm: ${alarm}`),
    ...feeds.oddities,
    ...judgeVitals("feeds", feeds.vitals),
    ...overload.account.problems.map((problem) => `overload: ${problem}`),
    ...overload.oddities.map((oddity) => `overload: ${oddity}`),
    ...judgeOverload(overload),
    ...judgeCycles(cycles),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
}

function judgeVitals(name: string, { start, end, slope }: Vitals): readonly string[] {
  const { overMinutes, heapMbPerMinute, rssMbPerMinute } = slope;
  const grows = (perMinute: number, bound: number, noiseMb: number): boolean =>
    perMinute > bound && perMinute * overMinutes > noiseMb;
  return [
    ...must(end.fds <= start.fds, `${name}: ${start.fds} descriptors before, ${end.fds} after`),
    ...must(end.timers <= start.timers, `${name}: ${end.timers - start.timers} timers left`),
    ...must(end.handles <= start.handles, `${name}: ${end.handles - start.handles} handles left`),
    ...must(
      !grows(heapMbPerMinute, BOUNDS.heapMbPerMinute, BOUNDS.heapNoiseMb),
      `${name}: the heap grows by ${heapMbPerMinute.toFixed(2)} MB a minute`,
    ),
    ...must(
      !grows(rssMbPerMinute, BOUNDS.rssMbPerMinute, BOUNDS.rssNoiseMb),
      `${name}: resident memory grows by ${rssMbPerMinute.toFixed(2)} MB a minute`,
    ),
  ];
}

function judgeOverload({ flood, seen, account }: SoakReport["overload"]): readonly string[] {
  const { received, dropped, reported, inRanges, peakHeapMb } = seen;
  return [
    ...must(dropped > 0, "overload: the consumer kept up, so nothing was proven"),
    ...must(flood.redials === 0, `overload: the line was lost ${flood.redials} times`),
    ...must(
      flood.pings - flood.pongs <= 1,
      `overload: ${flood.pongs} pongs to ${flood.pings} pings`,
    ),
    ...must(received === flood.sent, `overload: ${flood.sent} sent, ${received} received`),
    ...must(
      account.delivered + dropped === received,
      `overload: ${account.delivered} delivered and ${dropped} dropped of ${received}`,
    ),
    ...must(dropped === reported, `overload: ${dropped} dropped, ${reported} reported as facts`),
    ...must(
      dropped === inRanges,
      `overload: ${dropped} dropped, ${inRanges} in the ranges in band`,
    ),
    ...must(
      peakHeapMb <= BOUNDS.overloadHeapMb,
      `overload: the heap grew by ${peakHeapMb.toFixed(1)} MB`,
    ),
    ...judgeVitals("overload", seen.vitals),
  ];
}

function judgeCycles(cycles: SoakReport["cycles"]): readonly string[] {
  const { start, middle, end, signalListeners, ownListeners, unclosed } = cycles;
  const growthMb = end.heapMb - middle.heapMb;
  return [
    ...must(end.fds <= start.fds, `cycles: ${start.fds} descriptors before, ${end.fds} after`),
    ...must(end.timers <= start.timers, `cycles: ${end.timers - start.timers} timers left`),
    ...must(end.handles <= start.handles, `cycles: ${end.handles - start.handles} handles left`),
    ...must(signalListeners === 0, `cycles: ${signalListeners} listeners left on the signal`),
    ...must(ownListeners === 0, `cycles: ${ownListeners} listeners left on supervisors`),
    ...must(unclosed === 0, `cycles: ${unclosed} supervisors not closed after their end`),
    ...must(
      growthMb <= BOUNDS.cyclesHeapMb,
      `cycles: the heap grew by ${growthMb.toFixed(1)} MB in the second half`,
    ),
  ];
}

function must(holds: boolean, problem: string): readonly string[] {
  return holds ? [] : [problem];
}

export function toLines(report: SoakReport): readonly string[] {
  const { seed, minutes, node, feeds, overload, cycles, problems } = report;
  const { account, vitals, outageMs } = feeds;
  const { slope, lagMs, start, end } = vitals;
  const held = ({ fds, handles, timers }: Vitals["start"]): string =>
    `${fds} fds, ${handles} handles, ${timers} timers`;
  return [
    `soak: seed ${seed}, ${minutes} minutes, node ${node}`,
    `messages     ${feeds.messages} delivered over ${feeds.lines} lines; ${feeds.emittedPerSecond} numbers a second emitted`,
    `faults       ${counts(feeds.faults)}; SIGSTOP ${feeds.stops}`,
    `losses       ${counts(feeds.losses)}`,
    `outages      ${feeds.outages}, from last byte to ready p50 ${ms(outageMs.p50)}, p99 ${ms(outageMs.p99)}, longest ${ms(outageMs.max)}`,
    `account      ${account.emitted} emitted = ${account.delivered} delivered + ${account.inGaps} in ${account.gaps} gaps + ${account.inOverflows} overflowed; unaccounted ${account.unaccounted}, duplicates ${account.duplicates}`,
    `false alarms ${feeds.falseAlarms.length}`,
    `memory       heap ${mb(start.heapMb)} → ${mb(end.heapMb)}, rss ${mb(start.rssMb)} → ${mb(end.rssMb)}; over the last ${slope.overMinutes.toFixed(1)} min heap ${signed(slope.heapMbPerMinute)}, rss ${signed(slope.rssMbPerMinute)} MB/min`,
    `held         ${held(start)} → ${held(end)}`,
    `loop, CPU    lag p50 ${ms(lagMs.p50)}, p99 ${ms(lagMs.p99)}, longest ${ms(lagMs.max)}; ${vitals.cpuPercent.toFixed(0)} % of a core`,
    `overload     ${overload.flood.sent} sent = ${overload.account.delivered} delivered + ${overload.seen.dropped} dropped; heap at most +${mb(overload.seen.peakHeapMb)}, rss +${mb(overload.seen.peakRssMb)}; ${overload.flood.pongs} of ${overload.flood.pings} pings answered, slowest ${ms(overload.flood.slowestPongMs)}`,
    `cycles       ${cycles.cycles}, ended in ${counts(cycles.endedIn)}; ${held(cycles.start)} → ${held(cycles.end)}; heap ${mb(cycles.start.heapMb)} → ${mb(cycles.middle.heapMb)} → ${mb(cycles.end.heapMb)}; listeners left ${cycles.signalListeners + cycles.ownListeners}`,
    ...problems.map((problem) => `PROBLEM      ${problem}`),
    problems.length === 0 ? "soak passed" : `soak failed: replay with --seed ${seed}`,
  ];
}

function counts(by: Readonly<Record<string, number>>): string {
  const entries = Object.entries(by).sort(([, one], [, other]) => other - one);
  return entries.map(([name, count]) => `${name} ${count}`).join(", ");
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function mb(value: number): string {
  return `${value.toFixed(1)} MB`;
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : ""}${value.toFixed(2)}`;
}
