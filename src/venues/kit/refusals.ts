/**
 * Sorting a venue's refusals: by the code of an answer, or, where it has none, by words of its text that the
 * venue documents. What no table lists is not known, and asked again after a long wait.
 */
import { later, never, type Refusal } from "../../../machines/refusal.ts";
import { textOf } from "./json.ts";

/** What a venue refuses with, and what that means for the next try. */
export interface RefusalTable {
  /** What rows are found by: the code of an answer, or words that stand in its text. */
  readonly by: "code" | "text";
  /** Where the rows were read. */
  readonly source: string;
  /** ISO date. */
  readonly readOn: string;
  /** Each with what the venue says it means. */
  readonly never: Readonly<Record<string, string>>;
  readonly later: Readonly<Record<string, string>>;
  /** Known, and whether it passes is not. */
  readonly unknown: Readonly<Record<string, string>>;
}

/** Words stand at the beginning; a text of any length must not be walked over once for each row. */
const MOST_CHARS = 500;

/** What a refusal with this code, or this text, means; undefined where that is not known. */
export function refusalBy(table: RefusalTable, said: unknown): Refusal | undefined {
  const text = textOf(said ?? "").slice(0, MOST_CHARS);
  if (isListed(table, table.later, text)) return later();
  return isListed(table, table.never, text) ? never : undefined;
}

function isListed({ by }: RefusalTable, rows: RefusalTable["never"], text: string): boolean {
  if (by === "code") return Object.hasOwn(rows, text);
  const lower = text.toLowerCase();
  return Object.keys(rows).some((words) => lower.includes(words.toLowerCase()));
}
