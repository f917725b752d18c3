/** The account of a recording, for people and for programs. */
import { rangeToText } from "../observe/facts-to-text.ts";
import { textTable } from "./text-table.ts";
import type { RecordingAccount, StreamCheck } from "./recording-check.ts";

/** One line; positions beyond 2^53 as text. */
export function accountToJson(account: RecordingAccount): string {
  return JSON.stringify(account, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}

const COLUMNS = [
  "messages",
  "pairs",
  "next",
  "gaps",
  "duplicates",
  "stale",
  "resets",
  "alive",
] as const satisfies readonly (keyof StreamCheck)[];

/** Lines for people: what it is, a table of its streams, what is missing. */
export function accountToLines(account: RecordingAccount, isDetected: boolean): readonly string[] {
  return [
    describe(account, isDetected),
    ...(account.streams.length === 0 ? [] : ["", ...table(account), ""]),
    ...findings(account),
  ];
}

function describe(account: RecordingAccount, isDetected: boolean): string {
  const { venue, messages, control, unnumbered } = account;
  const by = isDetected ? "by its frames" : "as you say";
  return (
    `${venue} (${by}): ${show(messages)} messages, of them ${show(control)} that are no data ` +
    `and ${show(unnumbered)} without a number`
  );
}

function table({ streams }: RecordingAccount): readonly string[] {
  const total = COLUMNS.map((name) => streams.reduce((sum, counts) => sum + counts[name], 0));
  const rows = [
    ["stream", ...COLUMNS],
    ...streams.map((counts) => [counts.stream, ...COLUMNS.map((name) => show(counts[name]))]),
    ["total", ...total.map(show)],
  ];
  return textTable(rows, (column) => column > 0);
}

function findings(account: RecordingAccount): readonly string[] {
  const { streams, gaps, invalid, firstInvalid, mismatches, unfollowed } = account;
  const lines = streams.flatMap(({ stream, ranges }) =>
    ranges.map(({ from, to }) => `gap: ${stream} misses ${rangeToText(from, to)}`),
  );
  const more = gaps - lines.length;
  if (more > 0) lines.push(`and ${show(more)} more gaps`);
  if (gaps === 0) lines.push("no gaps");
  if (mismatches > 0) lines.push(`${show(mismatches)} checksums do not hold`);
  if (invalid > 0) lines.push(`${show(invalid)} frames can't be read; the first: ${firstInvalid}`);
  if (unfollowed > 0) lines.push(`${show(unfollowed)} messages of too many streams, not judged`);
  return lines;
}

function show(count: number): string {
  return count.toLocaleString("en-US");
}
