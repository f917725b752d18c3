/**
 * Text for a terminal: the only way for a name, a frame or an error into what the command prints.
 *
 * What comes from outside may forge a line, move the cursor, turn the reading direction or be megabytes long.
 */
import { printable } from "../transport/printable.ts";

/** The longest line for people, in characters; the rest of a longer one is cut. */
export const MAX_LINE_LENGTH = 4_096;

/** The longest name in a line for people, in characters. */
const MAX_NAME_LENGTH = 80;

/** One line: no control, bidi or other invisible character, and cut. */
export function toLine(text: string): string {
  return printable(text, MAX_LINE_LENGTH);
}

/** The name of a stream, a topic or a file within a line. */
export function toName(text: string): string {
  return printable(text, MAX_NAME_LENGTH);
}

/** What a line of JSON may hold as it is, and a terminal may not. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** JSON with the same meaning, in which no character drives a terminal. It is never cut: it would be JSON no more. */
export function toJsonLine(json: string): string {
  return json.replace(UNPRINTABLE, escapeUnits);
}

function escapeUnits(character: string): string {
  let escaped = "";
  for (let index = 0; index < character.length; index += 1) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
