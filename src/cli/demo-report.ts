/** What a demo proves in the end, as a line of JSON or a few lines of text. Pure. */
import type { ExchangeLedger } from "../testing/index.ts";
import { proveAccount, type Account } from "./account.ts";
import type { DemoLog } from "./demo-log.ts";
import { kindOf } from "./demo-table.ts";
import { showMs } from "../observe/durations.ts";

/** The result of a demo, as `--json` prints it. Numbers are sequence numbers: see {@link Account}. */
export interface DemoReport {
  /** Every emitted number was delivered once or lies in exactly one reported gap. */
  readonly accounted: boolean;
  /** What the exchange emitted between the first and the last delivered of each stream. */
  readonly emitted: number;
  readonly delivered: number;
  readonly inGaps: number;
  readonly duplicates: number;
  /** Reported gaps. */
  readonly gaps: number;
  /** Messages delivered: trades and depth events. */
  readonly messages: number;
  readonly outages: number;
  /** What began the outages, and what dials met within them, each kind once. */
  readonly outageKinds: readonly string[];
  /** From the last byte before it until ready again. */
  readonly longestOutageMs: number;
  /** How often the wanted topics were sent again, on another socket. */
  readonly replays: number;
  readonly seconds: number;
  readonly seed: number;
  /** Why it is not accounted, a sentence each. */
  readonly problems: readonly string[];
}

/** How the run went, beside what the log holds. */
export interface DemoRun {
  readonly log: DemoLog;
  readonly ledger: ExchangeLedger;
  readonly seed: number;
  readonly elapsedMs: number;
  readonly nowMs: number;
  /** What else went wrong. */
  readonly problems: readonly string[];
}

export function reportDemo({ log, ledger, seed, elapsedMs, nowMs, problems }: DemoRun): DemoReport {
  const account: Account = proveAccount(
    log.streams.map(({ stream, delivered, gaps }) => {
      return { stream, delivered, gaps, emitted: ledger.streams.get(stream)?.runs ?? [] };
    }),
  );
  const losses = log.outages.flatMap((outage) => [outage.cause, ...outage.losses]);
  const downMs = log.outages.map((outage) => outage.durationMs ?? nowMs - outage.sinceMs);
  const dropped = log.overflowed === 0 ? [] : [`${log.overflowed} dropped by our own buffer`];
  const all = [...problems, ...dropped, ...account.problems];
  return {
    accounted: all.length === 0,
    emitted: account.emitted,
    delivered: account.delivered,
    inGaps: account.inGaps,
    duplicates: account.duplicates,
    gaps: account.gaps,
    messages: log.streams.reduce((sum, { messages }) => sum + messages, 0),
    outages: log.outages.length,
    outageKinds: [...new Set(losses.map(kindOf))],
    longestOutageMs: Math.round(Math.max(0, ...downMs)),
    replays: log.replays,
    seconds: Math.round(elapsedMs / 100) / 10,
    seed,
    problems: all,
  };
}

export function reportToLines(report: DemoReport): readonly string[] {
  const { emitted, delivered, inGaps, gaps, duplicates, outages, outageKinds } = report;
  const verdict = report.accounted
    ? "ACCOUNTED: every number emitted was delivered once or reported missing."
    : "NOT ACCOUNTED:";
  return [
    verdict,
    ...report.problems.map((problem) => `  ${problem}`),
    `  emitted ${emitted} = delivered ${delivered} + ${inGaps} in ${gaps} gaps; ${duplicates} duplicates`,
    `  ${outages} outages, the longest ${showMs(report.longestOutageMs)}; ${report.replays} replays of the subscriptions`,
    `  met: ${outageKinds.length === 0 ? "nothing" : outageKinds.join(", ")}`,
    `  ${report.seconds} s, seed ${report.seed}`,
  ];
}
