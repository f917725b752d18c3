/**
 * Draws lines in place: over the ones drawn before, without clearing first, so nothing flickers.
 *
 * On the normal screen, not the alternate one: the last table stays in the scrollback.
 */
import type { CommandIo, Output } from "./output.ts";
import { toText, type StyledLine } from "./styled.ts";

const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";
/** Terminals that know it show a frame at once; the others ignore it. */
const BEGIN_FRAME = "\u001B[?2026h";
const END_FRAME = "\u001B[?2026l";
const CLEAR_LINE_REST = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

const CLEAR_ALL = "\u001B[2J\u001B[H";

export class DemoScreen {
  readonly #output: Output;
  readonly #size: CommandIo["stdout"];
  /** Lines drawn last time, which the next frame goes over. */
  #drawn = 0;
  #columns = 0;
  #isOpen = false;

  constructor(output: Output, size: CommandIo["stdout"]) {
    this.#output = output;
    this.#size = size;
  }

  draw(lines: readonly StyledLine[]): void {
    const { columns = 80, rows = 24 } = this.#size;
    const hasColours = this.#size.hasColors?.() ?? false;
    // One row less than there is: a line feed on the last row would scroll the first out of reach.
    const shown = lines.slice(0, Math.max(1, rows - 1));
    const text = shown.map((line) => {
      // The last column is left free: some terminals wrap when it is written.
      return `${toText(line, columns - 1, hasColours)}${CLEAR_LINE_REST}\n`;
    });
    const start = this.#isOpen ? this.#backToStart(columns) : HIDE_CURSOR;
    void this.#output.write(`${BEGIN_FRAME}${start}${text.join("")}${CLEAR_BELOW}${END_FRAME}`);
    this.#drawn = shown.length;
    this.#columns = columns;
    this.#isOpen = true;
  }

  /** Leaves the last frame where it is and gives the cursor back. */
  close(): void {
    if (this.#isOpen) void this.#output.write(SHOW_CURSOR);
    this.#isOpen = false;
  }

  #backToStart(columns: number): string {
    // At another width the old lines have been wrapped anew: there is no telling where they begin.
    return columns === this.#columns ? `\r\u001B[${this.#drawn}A` : CLEAR_ALL;
  }
}
