/** The account of a recording, for people and for programs. Pure. */
import { rangeToText } from "../observe/facts-to-text.ts";
import type { NamedBy } from "./detect-venue.ts";
import { NOT_JUDGED, type CheckVerdict } from "./check-verdict.ts";
import { toName } from "./printing.ts";
import type { RecordingAccount } from "./recording-check.ts";
import type { StreamCheck } from "./stream-counts.ts";
import { textTable } from "./text-table.ts";

/** By what the venue was named: by the user, or by the recording itself. */
export type NamedVenueBy = NamedBy | "user";

/** One line; positions beyond 2^53 as text. */
export function accountToJson(account: RecordingAccount, verdict: CheckVerdict): string {
  const { exitCode, why } = verdict;
  const told = { ...account, isJudged: exitCode !== NOT_JUDGED, notJudged: why ?? null };
  return JSON.stringify(told, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}

const COLUMNS = [
  "messages",
  "pairs",
  "judged",
  "next",
  "gaps",
  "duplicates",
  "stale",
  "resets",
  "alive",
] as const satisfies readonly (keyof StreamCheck)[];

/** Lines for people: what it is, a table of its streams, what is missing, what was not judged. */
export function accountToLines(
  account: RecordingAccount,
  verdict: CheckVerdict,
  by: NamedVenueBy,
): readonly string[] {
  const { why } = verdict;
  return [
    describe(account, by),
    ...(account.streams.length === 0 ? [] : ["", ...table(account), ""]),
    ...findings(account, verdict),
    ...(why === undefined ? [] : [why]),
  ];
}

const NAMED_BY: Readonly<Record<NamedVenueBy, string>> = {
  user: "as you say",
  recording: "as it says itself",
  host: "by its host",
  frames: "by its frames",
};

function describe(account: RecordingAccount, by: NamedVenueBy): string {
  const { venue, messages, control, unnumbered } = account;
  return (
    `${venue} (${NAMED_BY[by]}): ${show(messages)} messages, of them ${show(control)} that are no data ` +
    `and ${show(unnumbered)} without a number`
  );
}

function table({ streams }: RecordingAccount): readonly string[] {
  const total = COLUMNS.map((name) => streams.reduce((sum, counts) => sum + counts[name], 0));
  const rows = [
    ["stream", ...COLUMNS],
    ...streams.map((counts) => [
      toName(counts.stream),
      ...COLUMNS.map((name) => show(counts[name])),
    ]),
    ["total", ...total.map(show)],
  ];
  return textTable(rows, (column) => column > 0);
}

function findings(account: RecordingAccount, { exitCode }: CheckVerdict): readonly string[] {
  const { streams, gaps, judged, checksums, messages, control } = account;
  const { invalid, firstInvalid, foreign, mismatches, unfollowed } = account;
  const lines = streams.flatMap(({ stream, ranges }) =>
    account.isControlMissing
      ? []
      : ranges.map(({ from, to }) => `gap: ${toName(stream)} misses ${rangeToText(from, to)}`),
  );
  const more = account.isControlMissing ? 0 : gaps - lines.length;
  if (more > 0) lines.push(`and ${show(more)} more gaps`);
  if (gaps + mismatches === 0 && exitCode !== NOT_JUDGED) {
    lines.push(
      `no gaps in what was judged: ${show(judged)} pairs and ${show(checksums)} checksums`,
    );
  }
  if (mismatches > 0) lines.push(`${show(mismatches)} checksums do not hold`);
  if (invalid > 0) lines.push(`${show(invalid)} frames can't be read; the first: ${firstInvalid}`);
  if (foreign > 0) lines.push(`${show(foreign)} frames are no data of ${account.venue}`);
  if (unfollowed > 0) lines.push(`${show(unfollowed)} messages of too many streams, not judged`);
  const others = messages - control - invalid - foreign - withGaps(account);
  if (others > 0 && exitCode !== NOT_JUDGED) {
    const messagesOf = `${show(others)} message${others === 1 ? "" : "s"}`;
    lines.push(
      `${messagesOf} not judged: no number, or none before it, by which a loss would show`,
    );
  }
  return [...lines, ...toldLines(account)];
}

/** Messages of streams in which a loss would show. */
function withGaps({ streams }: RecordingAccount): number {
  return streams.reduce((sum, { judged, messages }) => (judged > 0 ? sum + messages : sum), 0);
}

/** What a recording of items says of itself. */
function toldLines({ told }: RecordingAccount): readonly string[] {
  if (told === undefined) return [];
  const { kinds, dropped, notWhole } = told;
  const lines: string[] = [];
  const names = Object.entries(kinds).map(([kind, count]) => `${show(count)} ${toName(kind)}`);
  if (names.length > 0) lines.push(`items besides messages: ${names.join(", ")}`);
  if (dropped > 0) lines.push(`${show(dropped)} messages were dropped as it was recorded`);
  for (const stream of notWhole) lines.push(`not whole at the end: ${toName(stream)}`);
  return lines;
}

function show(count: number): string {
  return count.toLocaleString("en-US");
}
