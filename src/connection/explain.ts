/** Text of an error that may come from outside, made safe to show. */
import { printable } from "../transport/printable.ts";

/** One escaped, bounded phrase: an error's message and code. Never its other fields. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : "";
  return printable(`${error.message}${code}`);
}
