/**
 * The checker: every number that the exchange emitted, against what the client delivered, reported as
 * a gap or counted as overflow; and every connection given up as silent, against the times in which
 * its peer truly was. Pure.
 */
import { proveAccount } from "../../src/cli/account.ts";
import type { NumberRun } from "../../src/testing/index.ts";
import type { Emitted, Spell } from "./exchange-process.ts";
import type { End, LineSeen, StreamSeen } from "./feed-log.ts";
import { HEARTBEAT } from "./feeds.ts";

export interface SoakAccount {
  /** Numbers emitted between the first and the last delivered of their streams. */
  readonly emitted: number;
  readonly delivered: number;
  readonly inGaps: number;
  readonly inOverflows: number;
  readonly gaps: number;
  /** Emitted, and neither delivered nor in a gap nor in an overflow. */
  readonly unaccounted: number;
  readonly duplicates: number;
  readonly problems: readonly string[];
}

export function proveSoak(emitted: readonly Emitted[], seen: readonly StreamSeen[]): SoakAccount {
  const byStream = new Map(seen.map((stream) => [stream.stream, stream]));
  const account = proveAccount(
    emitted.map(({ stream, runs }) => {
      const { delivered = [], gaps = [], overflows = [] } = byStream.get(stream) ?? {};
      // To the proof both are numbers that the consumer was told it does not have.
      return { stream, emitted: runs, delivered, gaps: [...gaps, ...overflows] };
    }),
  );
  const inOverflows = seen.reduce((sum, { overflows }) => sum + sizeOf(overflows), 0);
  const silentStreams = emitted
    .filter(({ stream }) => (byStream.get(stream)?.delivered.length ?? 0) === 0)
    .map(({ stream }) => `${stream}: nothing was ever delivered`);
  return {
    emitted: account.emitted,
    delivered: account.delivered,
    inGaps: account.inGaps - inOverflows,
    inOverflows,
    gaps: seen.reduce((sum, { gaps }) => sum + gaps.length, 0),
    unaccounted: Math.max(0, account.emitted - account.delivered - account.inGaps),
    duplicates: account.duplicates,
    problems: [...account.problems, ...silentStreams],
  };
}

/** How long after a dead time has passed its last victim may be noticed: a loaded machine's turn. */
const SLACK_MS = 500;

/**
 * Connections that were given up as silent and had no reason to be: nothing had kept their peer quiet
 * for as long as the heartbeat waits.
 */
export function falseAlarms(
  lines: readonly LineSeen[],
  spells: readonly Spell[],
): readonly string[] {
  return lines.flatMap(({ ends }, line) =>
    ends
      .filter((end) => end.loss.class === "silent")
      .filter((end) => !spells.some((spell) => explains(spell, line, end)))
      .map((end) => `line ${line}: silent for ${end.loss.silentMs} ms at ${end.atMs}, of no cause`),
  );
}

function explains(spell: Spell, line: number, { atMs, connectedAtMs = 0 }: End): boolean {
  if (spell.line !== undefined && spell.line !== line) return false;
  // A silence strikes who is connected; whoever dials after it is served.
  const struckThis = spell.line === undefined || spell.fromMs >= connectedAtMs - SLACK_MS;
  const isLongEnough =
    Math.min(spell.untilMs, atMs) - spell.fromMs >= HEARTBEAT.timeoutMs - SLACK_MS / 2;
  return struckThis && isLongEnough && spell.fromMs <= atMs && spell.untilMs >= atMs - SLACK_MS;
}

function sizeOf(runs: readonly NumberRun[]): number {
  return runs.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}
