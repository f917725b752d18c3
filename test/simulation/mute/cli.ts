/**
 * `npm run simulation:mute`: seven rhythms, 200 days each, against the rule that finds mute connections;
 * then real mutes in each, and what a new socket costs. `-- --days 200 --seed 1`.
 */
import { parseArgs } from "node:util";
import { figuresOf, median, type RhythmFigures } from "./figures.ts";
import { shapeOf } from "./recorded.ts";
import { rhythms } from "./rhythms.ts";
import { redials } from "./supervised.ts";

/** On the worst day. */
const MOST_SOCKETS = 6;
const MOST_ALERTS = 8;

/** To the alert, counted in bounds, where the market has spent the new sockets and the alerts of a day. */
const MOST_BOUNDS = 25;

const options = {
  days: { type: "string", default: "200" },
  seed: { type: "string", default: "1" },
} as const;

/** Gives the exit code. */
export async function main(args: string[], root: string): Promise<number> {
  const { values } = parseArgs({ args, options });
  const [days, seed] = [Number(values.days), Number(values.seed)];
  print(`${days} days of each rhythm, seed ${seed}; per day: the worst one`);
  print(row("rhythm", "sockets", "alerts", "asked", "mutes", "found after (median, worst)"));
  let isGood = true;
  for (const rhythm of rhythms) {
    const { recording } = rhythm;
    const shape = recording === undefined ? undefined : shapeOf(recording, root);
    const figures = figuresOf(rhythm, shape, { seed, days });
    print(rowOf(figures));
    if (recording !== undefined && shape === undefined) {
      print(`  its recording is absent (../shared/recordings): exponential gaps instead`);
    }
    for (const complaint of complaintsOf(figures)) {
      isGood = false;
      print(`  WRONG: ${complaint}`);
    }
  }
  const windows = await redials(seed, 200);
  const [middle, worst] = [median(windows), Math.max(...windows)];
  print(
    `a new socket: ${Math.round(middle)} ms without data at the median of ${windows.length}, ` +
      `${Math.round(worst)} ms at worst (round trips of 2 to 300 ms; a dial takes four, a replay one)`,
  );
  return isGood ? 0 : 1;
}

/** What breaks the promises of docs/silence.md; nothing in good figures. */
export function complaintsOf({ sockets, alerts, mutes }: RhythmFigures): string[] {
  const complaints: string[] = [];
  if (sockets > MOST_SOCKETS) complaints.push(`${sockets} needless sockets in a day`);
  if (alerts > MOST_ALERTS) complaints.push(`${alerts} alerts in a day`);
  for (const { atMs, toldMs, boundMs, socketMs = Infinity, alertMs = Infinity } of mutes) {
    if (Math.abs(toldMs - boundMs) > 1) {
      complaints.push(`a mute at ${atMs} was told after ${toldMs} ms, not ${boundMs}`);
    }
    const actedMs = Math.min(socketMs, alertMs);
    if (actedMs > MOST_BOUNDS * boundMs) {
      complaints.push(`a mute at ${atMs} had no socket and no alert for ${actedMs} ms`);
    }
  }
  if (mutes.length === 0) complaints.push("no mute was found");
  return complaints;
}

function rowOf({ name, sockets, alerts, asked, mutes }: RhythmFigures): string {
  const told = mutes.map(({ toldMs }) => toldMs / 1_000);
  const alerted = mutes.map(({ alertMs = Infinity }) => alertMs / 1_000);
  const withSocket = mutes.filter(({ socketMs }) => socketMs !== undefined).length;
  const found = `${seconds(median(told))}, ${seconds(Math.max(...told))}`;
  const alert = `alert ${seconds(median(alerted))}, ${seconds(Math.max(...alerted))}`;
  const socket = `${alert}; new socket ${withSocket} of ${mutes.length}`;
  return row(name, sockets, alerts, asked, mutes.length, `${found}; ${socket}`);
}

function seconds(value: number): string {
  return value < 600 ? `${value.toFixed(0)} s` : `${(value / 60).toFixed(0)} min`;
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  const [sockets, alerts, asked, mutes, found] = cells.map(String);
  const counts = [sockets, alerts, asked, mutes].map((cell) => (cell ?? "").padStart(8)).join("");
  return `${name.padEnd(48)}${counts}  ${found}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
