/**
 * The account: what an exchange emitted, against what a client delivered and what it reported missing.
 *
 * Between the first and the last number delivered of a stream every emitted number must have been
 * delivered exactly once, or lie in exactly one reported gap, and nothing else may be in either. What
 * came before the first or after the last is nobody's: a client can't miss what it never began, and a
 * loss at the very end shows only with the next message. Pure: runs of numbers in, a verdict out.
 */

import type { NumberRun } from "../testing/index.ts";

/** One stream's three sides. Runs come in any order. */
export interface StreamSides {
  readonly stream: string;
  /** By the exchange's own ledger. */
  readonly emitted: readonly NumberRun[];
  readonly delivered: readonly NumberRun[];
  readonly gaps: readonly NumberRun[];
}

/** Counts are of sequence numbers: a trade has one, a depth event as many as changes of the book. */
export interface Account {
  /** True when there is no problem. */
  readonly accounted: boolean;
  /** Numbers emitted between the first and the last delivered of their stream. */
  readonly emitted: number;
  /** Numbers delivered, each counted once. */
  readonly delivered: number;
  /** Numbers of reported gaps, each counted once. */
  readonly inGaps: number;
  /** Numbers delivered again. */
  readonly duplicates: number;
  /** Reported gaps. */
  readonly gaps: number;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** Adds up the accounts of all streams. */
export function proveAccount(streams: readonly StreamSides[]): Account {
  const accounts = streams.map(proveStream);
  const sum = (value: (account: Account) => number): number =>
    accounts.reduce((total, account) => total + value(account), 0);
  const problems = accounts.flatMap((account) => account.problems);
  return {
    accounted: problems.length === 0,
    emitted: sum((account) => account.emitted),
    delivered: sum((account) => account.delivered),
    inGaps: sum((account) => account.inGaps),
    duplicates: sum((account) => account.duplicates),
    gaps: sum((account) => account.gaps),
    problems,
  };
}

function proveStream({ stream, emitted, delivered, gaps }: StreamSides): Account {
  const received = unite(delivered);
  const missed = unite(gaps);
  const between = span(received.runs);
  const owed = between === undefined ? [] : intersect(unite(emitted).runs, [between]);
  const explained = unite([...received.runs, ...missed.runs]);

  const problems = [
    complain(received.repeated, "was delivered twice"),
    complain(missed.repeated, "lies in two gaps"),
    complain(explained.repeated, "was delivered and lies in a gap"),
    complain(subtract(owed, explained.runs), "was emitted, and neither delivered nor in a gap"),
    complain(subtract(received.runs, owed), "was delivered and never emitted"),
    complain(subtract(missed.runs, owed), "lies in a gap and was not emitted there"),
  ].flatMap((problem) => (problem === undefined ? [] : [`${stream}: ${problem}`]));
  return {
    accounted: problems.length === 0,
    emitted: size(owed),
    delivered: size(received.runs),
    inGaps: size(missed.runs),
    duplicates: size(received.repeated),
    gaps: gaps.length,
    problems,
  };
}

function complain(runs: readonly NumberRun[], what: string): string | undefined {
  const [first] = runs;
  if (first === undefined) return undefined;
  const range = first.first === first.last ? `${first.first}` : `${first.first} to ${first.last}`;
  const more = runs.length === 1 ? "" : ` (and ${runs.length - 1} more)`;
  return `${range} ${what}${more}`;
}

/** All numbers of `runs`, in order, without overlaps; and those that stood in more than one. */
function unite(runs: readonly NumberRun[]): {
  readonly runs: readonly NumberRun[];
  readonly repeated: readonly NumberRun[];
} {
  const united: { first: number; last: number }[] = [];
  const repeated: NumberRun[] = [];
  for (const { first, last } of [...runs].sort((one, other) => one.first - other.first)) {
    const open = united.at(-1);
    if (open === undefined || first > open.last + 1) {
      united.push({ first, last });
      continue;
    }
    if (first <= open.last) repeated.push({ first, last: Math.min(last, open.last) });
    open.last = Math.max(open.last, last);
  }
  return { runs: united, repeated };
}

function span(runs: readonly NumberRun[]): NumberRun | undefined {
  const [first] = runs;
  const last = runs.at(-1);
  return first === undefined || last === undefined
    ? undefined
    : { first: first.first, last: last.last };
}

/** Numbers in both. Each side in order and without overlaps, as {@link unite} gives them. */
function intersect(one: readonly NumberRun[], other: readonly NumberRun[]): readonly NumberRun[] {
  const common: NumberRun[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [one[i], other[j]];
    if (a === undefined || b === undefined) return common;
    const [first, last] = [Math.max(a.first, b.first), Math.min(a.last, b.last)];
    if (first <= last) common.push({ first, last });
    if (a.last < b.last) i += 1;
    else j += 1;
  }
}

/** Numbers of `runs` that are not in `others`; both in order and without overlaps. */
function subtract(runs: readonly NumberRun[], others: readonly NumberRun[]): readonly NumberRun[] {
  const rest: NumberRun[] = [];
  let j = 0;
  for (const { first, last } of runs) {
    let from = first;
    while ((others[j]?.last ?? Infinity) < from) j += 1;
    for (let k = j; from <= last; k += 1) {
      const other = others[k];
      if (other === undefined || other.first > last) {
        rest.push({ first: from, last });
        break;
      }
      if (other.first > from) rest.push({ first: from, last: other.first - 1 });
      from = other.last + 1;
    }
  }
  return rest;
}

function size(runs: readonly NumberRun[]): number {
  return runs.reduce((total, { first, last }) => total + last - first + 1, 0);
}
