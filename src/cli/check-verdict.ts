/**
 * What an account permits to say. Silence is no all-clear: where nothing was judged, or most of a recording is
 * not the venue's, or its end is missing, that is said and has an exit code of its own. Pure.
 */
import { isMostlyData } from "./detect-venue.ts";
import type { RecordingAccount } from "./recording-check.ts";

/** The exit codes of `check`. */
const JUDGED = 0;
export const NOT_JUDGED = 2;
const JUDGED_IN_PART = 3;

/** Where a recording could not be read any further; undefined at its end. */
export interface ReadingEnd {
  readonly kind: "cut" | "stopped";
  readonly line: number;
  readonly why: string;
}

export interface CheckVerdict {
  readonly exitCode: typeof JUDGED | typeof NOT_JUDGED | typeof JUDGED_IN_PART;
  /** Why it was not judged, or not to its end: a sentence; undefined where it was. */
  readonly why: string | undefined;
}

export function verdictOf(account: RecordingAccount, end: ReadingEnd | undefined): CheckVerdict {
  const notJudged = whyNotJudged(account);
  const cut = end === undefined ? undefined : endToText(end);
  if (notJudged !== undefined) {
    const why = cut === undefined ? notJudged : `${notJudged}; ${cut}`;
    return { exitCode: NOT_JUDGED, why };
  }
  if (cut !== undefined) return { exitCode: JUDGED_IN_PART, why: `judged only in part: ${cut}` };
  return { exitCode: JUDGED, why: undefined };
}

function whyNotJudged(account: RecordingAccount): string | undefined {
  const { venue, messages, control, foreign, invalid, judged, checksums } = account;
  if (messages === 0) return "not judged: it holds no frame";
  const strange = foreign + invalid;
  if (strange > 0 && !isMostlyData(messages - strange - control, control, messages)) {
    return (
      `not judged: of ${show(messages)} frames ${show(strange)} are no data of ${venue}; ` +
      "another venue's, or recorded without what was asked for"
    );
  }
  if (account.isControlMissing && account.gaps > 0) {
    return (
      `not judged: ${venue} numbers answers and heartbeats too, and none is in it; ` +
      "what connect --items and --record write can be judged"
    );
  }
  if (judged + checksums === 0) {
    return "not judged: no two messages of a stream have numbers, and none a checksum, by which a loss would show";
  }
  return undefined;
}

function endToText({ kind, line, why }: ReadingEnd): string {
  return kind === "stopped"
    ? `stopped by a signal after line ${show(line)}`
    : `cut off or damaged after line ${show(line)} (${why}); what followed is not in the file`;
}

function show(count: number): string {
  return count.toLocaleString("en-US");
}
