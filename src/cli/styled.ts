/** Lines for a terminal: words with a style, cut to its width before they are coloured. Pure. */

export type Style = "plain" | "strong" | "dim" | "good" | "warning" | "bad";

export interface Word {
  readonly text: string;
  readonly style: Style;
}

export type StyledLine = readonly Word[];

/** SGR codes. All of them are ended by 0. */
const CODES: Readonly<Record<Exclude<Style, "plain">, number>> = {
  strong: 1,
  dim: 2,
  good: 32,
  warning: 33,
  bad: 31,
};

export function word(text: string, style: Style = "plain"): Word {
  return { text, style };
}

/** One line of at most `columns` characters, with colours or without. */
export function toText(line: StyledLine, columns: number, hasColours: boolean): string {
  let room = columns;
  let text = "";
  for (const { text: whole, style } of line) {
    const part = whole.length > room ? `${whole.slice(0, Math.max(room - 1, 0))}…` : whole;
    if (room > 0) text += hasColours ? paint(part, style) : part;
    room -= part.length;
    if (part.length < whole.length) break;
  }
  return text.trimEnd();
}

function paint(text: string, style: Style): string {
  return style === "plain" ? text : `\u001B[${CODES[style]}m${text}\u001B[0m`;
}
